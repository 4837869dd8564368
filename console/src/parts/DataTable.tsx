// A list: loading, failed, empty and full each look as they should; rows are shown a page at a time.
import { Checkbox, Group, Pagination, Paper, ScrollArea, Skeleton, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTexts } from '../i18n';
import { ErrorNotice } from './ErrorNotice';

const PAGE = 25;

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ReactNode;
}

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
  /** A box before each row; the keys of those that are ticked. */
  selection?: Selection<Row>;
  /** How many there are, when `rows` is one page that the server has chosen. */
  total?: number;
}

export function DataTable<Row>(props: Props<Row>) {
  const { t } = useTexts();
  const [page, setPage] = useState(1);
  const [wanted, setWanted] = useState('');
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
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  const shown = found.slice((Math.min(page, pages) - 1) * PAGE, Math.min(page, pages) * PAGE);
  return (
    <Stack gap="sm">
      {searched && props.rows.length > 5 && (
        <TextInput
          leftSection={<IconSearch size={16} />}
          placeholder={t('action.search')}
          aria-label={t('action.search')}
          value={wanted}
          onChange={(event) => {
            setWanted(event.currentTarget.value);
            setPage(1);
          }}
          maw={320}
        />
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
                {props.columns.map((column) => (
                  <Table.Th key={column.title} scope="col">
                    {column.title}
                  </Table.Th>
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
                  {props.columns.map((column) => (
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
            {t('common.page', { page: Math.min(page, pages), pages })}
          </Text>
          <Pagination total={pages} value={Math.min(page, pages)} onChange={setPage} size="sm" />
        </Group>
      )}
    </Stack>
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
