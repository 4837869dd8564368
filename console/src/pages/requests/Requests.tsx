// The request explorer: what engines recorded, newest first; filters and the open request are in the page's address.
import { Alert, Button, Group, Paper, ScrollArea, Skeleton, Stack, Table, Text, TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconPlayerPause, IconPlayerPlay, IconRefresh, IconSearch } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../../api/client';
import { useTexts } from '../../i18n';
import { Copy } from '../../parts/CopyText';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { Page } from '../../parts/Page';
import { StatusBadge } from '../../parts/StatusBadge';
import { FilterBar } from './FilterBar';
import { RecordDrawer } from './RecordDrawer';
import { clock, type Filters, isRequestId, milliseconds, paramsOf, type Record } from './records';

const SIZE = 50;
const EVERY = 2_000;
const OPENER = 'data-record';

export function Requests() {
  const { t } = useTexts();
  const filters = useSearch({ from: '/inside/requests' });
  const navigate = useNavigate();
  const [live, setLive] = useState(false);
  const { id, ...wanted } = filters;
  const change = (changes: Filters) =>
    void navigate({ to: '/requests', search: { ...filters, ...changes }, replace: !('id' in changes) });
  const records = useRecords(wanted, live);
  const rows = (records.data?.pages ?? []).flatMap((page) => page.Records ?? []);
  const last = records.data?.pages.at(-1);
  useRowKeys();
  return (
    <Page
      title={t('nav.requests')}
      lead={t('requests.lead')}
      actions={
        <>
          <Button
            variant={live ? 'filled' : 'default'}
            aria-pressed={live}
            leftSection={live ? <IconPlayerPause size={16} /> : <IconPlayerPlay size={16} />}
            onClick={() => setLive(!live)}
          >
            {t(live ? 'requests.pause' : 'requests.live')}
          </Button>
          <Button
            variant="default"
            leftSection={<IconRefresh size={16} />}
            loading={records.isFetching && !live}
            onClick={() => void records.refetch()}
          >
            {t('requests.refresh')}
          </Button>
        </>
      }
    >
      <FindById find={(found) => change({ id: found })} />
      <FilterBar filters={wanted} change={change} />
      <Troubles silent={last?.SilentNodes ?? []} problems={last?.Problems ?? []} />
      {records.error && <ErrorNotice error={records.error} retry={() => void records.refetch()} />}
      {!records.data && !records.error && <Skeleton height={240} radius="md" aria-label={t('common.loading')} />}
      {records.data && rows.length === 0 && (
        <Empty filters={wanted} clear={() => void navigate({ to: '/requests', search: {} })} change={change} />
      )}
      {rows.length > 0 && <Rows rows={rows} open={(found) => change({ id: found })} />}
      <Group justify="space-between" align="flex-start">
        <Text size="sm" c="dimmed" maw={720}>
          {last?.LookedBackTo ? `${t('requests.lookedBackTo', { time: clock(last.LookedBackTo) })} ` : ''}
          {t('requests.kept')}
        </Text>
        {records.hasNextPage && (
          <Button
            variant="default"
            loading={records.isFetchingNextPage}
            onClick={() => {
              // Rows that move under the reader's eyes are worse than rows that are a moment old.
              setLive(false);
              void records.fetchNextPage();
            }}
          >
            {t('requests.older')}
          </Button>
        )}
      </Group>
      {id && <RecordDrawer id={id} close={() => change({ id: undefined })} />}
    </Page>
  );
}

function useRecords(wanted: Filters, live: boolean) {
  return useInfiniteQuery({
    queryKey: ['requests', wanted],
    queryFn: ({ pageParam }) =>
      call('DescribeRequestRecords', {
        ...paramsOf(wanted, Date.now()),
        PageSize: SIZE,
        NextToken: pageParam || undefined,
      }),
    initialPageParam: '',
    getNextPageParam: (page) => page.NextToken || undefined,
    refetchInterval: (query) => (live && (query.state.data?.pages.length ?? 0) < 2 ? EVERY : false),
    staleTime: 0,
  });
}

/** j and k go from row to row. */
function useRowKeys() {
  const go = (step: number) => {
    const all = [...document.querySelectorAll<HTMLElement>(`[${OPENER}]`)];
    const at = all.indexOf(document.activeElement as HTMLElement);
    all[Math.min(all.length - 1, Math.max(0, at + step))]?.focus();
  };
  useHotkeys([
    ['j', () => go(1)],
    ['k', () => go(-1)],
  ]);
}

function FindById({ find }: { find: (id: string) => void }) {
  const { t } = useTexts();
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setWrong(!isRequestId(typed));
        if (isRequestId(typed)) find(typed.trim().toUpperCase());
      }}
    >
      <Group align="flex-end" gap="xs">
        <TextInput
          label={t('requests.id')}
          description={t('requests.idHint')}
          error={wrong ? t('requests.idWrong') : undefined}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setWrong(false);
          }}
          w={{ base: '100%', xs: 420 }}
          inputWrapperOrder={['label', 'description', 'input', 'error']}
        />
        <Button type="submit" variant="default" leftSection={<IconSearch size={16} />}>
          {t('requests.find')}
        </Button>
      </Group>
    </form>
  );
}

function Troubles({ silent, problems }: { silent: string[]; problems: string[] }) {
  const { t } = useTexts();
  if (silent.length + problems.length === 0) return null;
  return (
    <Alert color="yellow" role="status">
      {silent.length > 0 && <Text size="sm">{t('requests.silent', { nodes: silent.join(', ') })}</Text>}
      {problems.map((problem) => (
        <Text size="sm" key={problem}>
          {problem}
        </Text>
      ))}
    </Alert>
  );
}

function Empty({
  filters,
  clear,
  change,
}: {
  filters: Filters;
  clear: () => void;
  change: (changes: Filters) => void;
}) {
  const { t } = useTexts();
  const { range, from, to, ...others } = filters;
  return (
    <Paper withBorder p="xl" radius="md">
      <Stack align="center" ta="center">
        <Text>{t('requests.none')}</Text>
        <Group>
          {(range !== '7d' || from || to) && (
            <Button variant="default" onClick={() => change({ range: '7d', from: undefined, to: undefined })}>
              {t('requests.widest')}
            </Button>
          )}
          {Object.values(others).some(Boolean) && (
            <Button variant="default" onClick={clear}>
              {t('requests.clear')}
            </Button>
          )}
        </Group>
      </Stack>
    </Paper>
  );
}

function Rows({ rows, open }: { rows: Record[]; open: (id: string) => void }) {
  const { t } = useTexts();
  const titles = ['time', 'status', 'request', 'api', 'app', 'took', 'id'] as const;
  return (
    <Paper withBorder radius="md">
      <ScrollArea>
        <Table verticalSpacing="xs" horizontalSpacing="md" highlightOnHover miw={880} className="records">
          <Table.Caption>
            {t('nav.requests')} · {t('requests.shown', { count: rows.length })}
          </Table.Caption>
          <Table.Thead>
            <Table.Tr>
              {titles.map((title) => (
                <Table.Th key={title} scope="col">
                  {t(`requests.column.${title}`)}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Row key={row.RequestId} row={row} open={open} />
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
    </Paper>
  );
}

function Row({ row, open }: { row: Record; open: (id: string) => void }) {
  const { t } = useTexts();
  const show = () => open(row.RequestId ?? '');
  return (
    <Table.Tr onClick={show} style={{ cursor: 'pointer' }}>
      <Table.Td style={{ whiteSpace: 'nowrap' }}>
        <Button
          size="compact-sm"
          variant="subtle"
          px={4}
          {...{ [OPENER]: '' }}
          aria-label={t('requests.open', { method: row.Method ?? '', path: row.Path ?? '', time: clock(row.Time) })}
          onClick={(event) => {
            event.stopPropagation();
            show();
          }}
        >
          {clock(row.Time)}
        </Button>
      </Table.Td>
      <Table.Td>
        <StatusBadge status={row.Status ?? 0} /> {row.ErrorCode && <Text span>{row.ErrorCode}</Text>}
      </Table.Td>
      <Table.Td maw={320}>
        <Text truncate title={`${row.Path}${row.Query ? `?${row.Query}` : ''}`}>
          <b>{row.Method}</b> {row.Path}
          {row.Query ? `?${row.Query}` : ''}
        </Text>
        <Text size="xs" c="dimmed" truncate>
          {row.Domain}
        </Text>
      </Table.Td>
      <Table.Td maw={180}>
        <Text truncate>{row.ApiName || '–'}</Text>
        <Text size="xs" c="dimmed" truncate>
          {[row.Stage, row.GroupName].filter(Boolean).join(' · ')}
        </Text>
      </Table.Td>
      <Table.Td maw={140}>
        <Text truncate>{row.AppName || '–'}</Text>
        <Text size="xs" c="dimmed" truncate>
          {row.ClientIp}
        </Text>
      </Table.Td>
      <Table.Td style={{ whiteSpace: 'nowrap', textAlign: 'right' }}>{milliseconds(row.TotalUs)} ms</Table.Td>
      <Table.Td style={{ whiteSpace: 'nowrap' }} onClick={(event) => event.stopPropagation()}>
        <Group gap={2} wrap="nowrap">
          <Text size="xs" ff="monospace">
            {row.RequestId?.slice(0, 8)}…
          </Text>
          <Copy value={row.RequestId ?? ''} />
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}
