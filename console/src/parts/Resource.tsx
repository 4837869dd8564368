// Things of one kind: their list, the way to make one, to change one and to delete one; as a page, or as a part of one.
import { Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import type { Params } from '../api/client';
import { useTexts } from '../i18n';
import { Confirm } from './Confirm';
import { type Column, DataTable } from './DataTable';
import { Page } from './Page';
import { useSave } from './useSave';

export interface Listed<Row> {
  data: Row[] | undefined;
  error: unknown;
  refetch: () => unknown;
}

export interface Removal<Row> {
  name: (row: Row) => string;
  /** Where its calls are counted: what was called lately is taken away only by its name. */
  called?: (row: Row) => Params<'DescribeTraffic'>;
  /** What follows from it. */
  text: string;
  run: (row: Row) => Promise<unknown>;
  /** Query keys that are stale afterwards. */
  stale: string[];
  /** Instead of Delete. */
  label?: string;
}

interface Props<Row> {
  title: string;
  lead?: string;
  list: Listed<Row>;
  rowKey: (row: Row) => string;
  columns: Column<Row>[];
  searched?: (row: Row) => string;
  empty: string;
  create?: { label: string; form: (close: () => void) => ReactNode };
  /** In place of the button that opens such a dialog: one that leads to a page. */
  createButton?: ReactNode;
  /** The dialog that changes one. */
  edit?: (row: Row, close: () => void) => ReactNode;
  /** What can be neither changed nor deleted. */
  isFixed?: (row: Row) => boolean;
  /** More buttons of a row, before those of change and deletion. */
  actions?: (row: Row) => ReactNode;
  remove?: Removal<Row>;
  /** Between heading and list. */
  children?: ReactNode;
}

export function ResourcePage<Row>(props: Props<Row>) {
  const { button, table, dialogs } = useResource(props, true);
  return (
    <Page title={props.title} lead={props.lead} actions={button}>
      {props.children}
      {table}
      {dialogs}
    </Page>
  );
}

export function ResourceSection<Row>(props: Props<Row>) {
  const { button, table, dialogs } = useResource(props);
  return (
    <Card withBorder>
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start">
          <div>
            <Title order={2} size="h5">
              {props.title}
            </Title>
            {props.lead && (
              <Text size="sm" c="dimmed">
                {props.lead}
              </Text>
            )}
          </div>
          {button}
        </Group>
        {props.children}
        {table}
      </Stack>
      {dialogs}
    </Card>
  );
}

function useResource<Row>(props: Props<Row>, isMain = false) {
  const { t } = useTexts();
  const [creating, setCreating] = useState(false);
  const [editing, setEditing] = useState<Row | null>(null);
  const { create, edit, actions, remove } = props;
  const removal = useRemoval(remove);
  const button = create ? (
    <Button aria-keyshortcuts="c" leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
      {create.label}
    </Button>
  ) : (
    props.createButton
  );
  const columns = [...props.columns];
  if (actions || edit || remove) {
    columns.push({
      title: t('action.more'),
      cell: (row) => (
        <Group gap={4} wrap="nowrap">
          {actions?.(row)}
          {edit && !props.isFixed?.(row) && (
            <Button size="compact-sm" variant="subtle" onClick={() => setEditing(row)}>
              {t('action.edit')}
            </Button>
          )}
          {!props.isFixed?.(row) && removal.button(row)}
        </Group>
      ),
    });
  }
  const table = (
    <DataTable
      caption={props.title}
      isMain={isMain}
      rows={props.list.data}
      error={props.list.error}
      retry={() => void props.list.refetch()}
      rowKey={props.rowKey}
      searched={props.searched}
      columns={columns}
      empty={
        <>
          <Text>{props.empty}</Text>
          {button}
        </>
      }
    />
  );
  const dialogs = (
    <>
      {creating && create?.form(() => setCreating(false))}
      {editing !== null && edit?.(editing, () => setEditing(null))}
      {removal.dialog}
    </>
  );
  return { button, table, dialogs };
}

function useRemoval<Row>(remove: Removal<Row> | undefined) {
  const { t } = useTexts();
  const [removing, setRemoving] = useState<Row | null>(null);
  const save = useSave({
    run: async (row: Row) => remove?.run(row),
    stale: remove?.stale,
    after: () => setRemoving(null),
  });
  const label = remove?.label ?? t('action.delete');
  const button = (row: Row) =>
    remove && (
      <Button size="compact-sm" variant="subtle" color="red" onClick={() => setRemoving(row)}>
        {label}
      </Button>
    );
  const name = removing !== null && remove ? remove.name(removing) : '';
  const dialog = remove && (
    <Confirm
      opened={removing !== null}
      title={remove.label ? `${label}: ${name}` : t('delete.title', { name })}
      text={remove.text}
      action={label}
      called={removing !== null && remove.called ? { name, by: remove.called(removing) } : undefined}
      busy={save.isPending}
      error={save.error}
      close={() => {
        save.reset();
        setRemoving(null);
      }}
      confirm={() => removing !== null && save.mutate(removing)}
    />
  );
  return { button, dialog };
}
