// A list: loading, failed, empty and full each look as they should; rows are shown a page at a time, in the order one asks for.
import {
  Checkbox,
  Group,
  Pagination,
  Paper,
  ScrollArea,
  Skeleton,
  Stack,
  Table,
  Text,
  TextInput,
  UnstyledButton,
} from '@mantine/core';
import { IconArrowDown, IconArrowsSort, IconArrowUp, IconSearch } from '@tabler/icons-react';
import { type ReactNode, useDeferredValue } from 'react';
import { useTexts } from '../i18n';
import { ErrorNotice } from './ErrorNotice';
import { TableTools, useHidden } from './TableTools';
import { type Column, cellValue, idOf, nextOrder, type Order, readOrder, sorted, writeOrder } from './table';
import { useListState } from './useListState';

export type { Column } from './table';

const PAGE = 25;

export interface Selection<Row> {
  keys: ReadonlySet<string>;
  set: (keys: ReadonlySet<string>) => void;
  name: (row: Row) => string;
}

interface Props<Row> {
  caption: string;
  rows: Row[] | undefined;
  error?: unknown;
  retry?: () => void;
  rowKey: (row: Row) => string;
  columns: Column<Row>[];
  empty: ReactNode;
  /** What the search field looks into; without it there is no such field. */
  searched?: (row: Row) => string;
  /** Beside the search field. */
  filters?: ReactNode;
  /** A box before each row; the keys of those that are ticked. */
  selection?: Selection<Row>;
  /** The list that its page is about: search, order and page are in the URL. */
  isMain?: boolean;
  /** How many there are, when `rows` is one page that the server has chosen. */
  total?: number;
}

export function DataTable<Row>(props: Props<Row>) {
  const { t } = useTexts();
  const [state, change] = useListState(props.isMain === true);
  const [hidden, setHidden] = useHidden(props.caption);
  const wanted = useDeferredValue(state.q ?? '');
  if (props.error) return <ErrorNotice error={props.error} retry={props.retry} />;
  if (!props.rows) return <Skeleton height={160} radius="md" aria-label={t('common.loading')} />;
  if (props.rows.length === 0) {
    return (
      <Paper withBorder p="xl" radius="md">
        <Stack align="center" gap="md" ta="center">
          {props.empty}
        </Stack>
      </Paper>
    );
  }
  const { searched } = props;
  const needle = wanted.trim().toLowerCase();
  const found =
    searched && needle ? props.rows.filter((row) => searched(row).toLowerCase().includes(needle)) : props.rows;
  const columns = props.columns.filter((column) => !hidden.includes(column.title));
  // One page that the server has chosen is in the server's order.
  const order = props.total === undefined ? readOrder(state.sort) : undefined;
  const ordered = sorted(found, columns, order);
  const pages = Math.max(1, Math.ceil(ordered.length / PAGE));
  const page = Math.min(state.page ?? 1, pages);
  const shown = ordered.slice((page - 1) * PAGE, page * PAGE);
  const isLong = props.rows.length > 5 || props.filters !== undefined;
  return (
    <Stack gap="sm">
      {isLong && (
        <Group justify="space-between">
          <Group gap="sm">
            {searched && (
              <TextInput
                leftSection={<IconSearch size={16} />}
                placeholder={t('action.search')}
                aria-label={t('action.search')}
                aria-keyshortcuts="/"
                value={state.q ?? ''}
                onChange={(event) => change({ q: event.currentTarget.value || undefined, page: undefined })}
                w={320}
              />
            )}
            {props.filters}
          </Group>
          <TableTools
            caption={props.caption}
            columns={props.columns}
            rows={ordered}
            hidden={hidden}
            setHidden={setHidden}
          />
        </Group>
      )}
      <Paper withBorder radius="md">
        <ScrollArea>
          <Table verticalSpacing="sm" horizontalSpacing="md" highlightOnHover miw={640}>
            <Table.Caption>
              {props.caption} · {t('common.rows', { count: props.total ?? found.length })}
            </Table.Caption>
            <Table.Thead>
              <Table.Tr>
                {props.selection && (
                  <Table.Th w={40}>
                    <SelectAll selection={props.selection} keys={shown.map(props.rowKey)} />
                  </Table.Th>
                )}
                {columns.map((column) => (
                  <Heading
                    key={column.title}
                    column={column}
                    order={order}
                    isSortable={
                      isLong && props.total === undefined && shown.some((row) => cellValue(column, row) !== undefined)
                    }
                    sort={() => change({ sort: writeOrder(nextOrder(order, idOf(column))), page: undefined }, true)}
                  />
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {shown.map((row) => (
                <Table.Tr key={props.rowKey(row)}>
                  {props.selection && (
                    <Table.Td>
                      <SelectOne selection={props.selection} row={row} rowKey={props.rowKey(row)} />
                    </Table.Td>
                  )}
                  {columns.map((column) => (
                    <Table.Td key={column.title}>{column.cell(row)}</Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollArea>
      </Paper>
      {pages > 1 && (
        <Group justify="space-between">
          <Text size="sm" c="dimmed">
            {t('common.page', { page, pages })}
          </Text>
          <Pagination
            total={pages}
            value={page}
            onChange={(next) => change({ page: next > 1 ? next : undefined }, true)}
            size="sm"
            getControlProps={(control) => ({ 'aria-label': t(`table.${control}`) })}
            getItemProps={(item) => ({ 'aria-label': t('table.page', { page: item }) })}
          />
        </Group>
      )}
    </Stack>
  );
}

interface HeadingProps<Row> {
  column: Column<Row>;
  order: Order | undefined;
  isSortable: boolean;
  sort: () => void;
}

function Heading<Row>({ column, order, isSortable, sort }: HeadingProps<Row>) {
  const mine = order?.id === idOf(column) ? order : undefined;
  if (!isSortable) return <Table.Th scope="col">{column.title}</Table.Th>;
  const Icon = !mine ? IconArrowsSort : mine.isDown ? IconArrowDown : IconArrowUp;
  return (
    <Table.Th scope="col" aria-sort={mine ? (mine.isDown ? 'descending' : 'ascending') : 'none'}>
      <UnstyledButton className="sort" onClick={sort} data-active={mine !== undefined || undefined}>
        {column.title}
        <Icon size={14} aria-hidden />
      </UnstyledButton>
    </Table.Th>
  );
}

function SelectAll<Row>({ selection, keys }: { selection: Selection<Row>; keys: string[] }) {
  const { t } = useTexts();
  const chosen = keys.filter((key) => selection.keys.has(key)).length;
  const isAll = chosen > 0 && chosen === keys.length;
  return (
    <Checkbox
      aria-label={t('bulk.all')}
      checked={isAll}
      indeterminate={chosen > 0 && !isAll}
      onChange={() => {
        const rest = [...selection.keys].filter((key) => !keys.includes(key));
        selection.set(new Set(isAll ? rest : [...rest, ...keys]));
      }}
    />
  );
}

function SelectOne<Row>({ selection, row, rowKey }: { selection: Selection<Row>; row: Row; rowKey: string }) {
  const { t } = useTexts();
  return (
    <Checkbox
      aria-label={t('bulk.select', { name: selection.name(row) })}
      checked={selection.keys.has(rowKey)}
      onChange={(event) => {
        const next = new Set(selection.keys);
        if (event.currentTarget.checked) next.add(rowKey);
        else next.delete(rowKey);
        selection.set(next);
      }}
    />
  );
}
