// Who had how much of the calls in the chosen time: by API, or by app.
import { Anchor, Group, Paper, ScrollArea, SegmentedControl, Stack, Table, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../../api/client';
import { useTexts } from '../../i18n';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { type Place, placeParams } from './place';
import { type Period, type Share, shortNumber, utc } from './series';

type By = 'API' | 'APP' | 'GROUP' | 'STAGE' | 'NODE';

interface Props {
  place: Place;
  period: Period;
  change: (changes: Place) => void;
}

export function Shares({ place, period, change }: Props) {
  const { t } = useTexts();
  // Calls of apps are counted over all APIs.
  const all: By[] =
    place.scope === 'app'
      ? ['NODE']
      : place.id || place.stage
        ? ['API', 'STAGE', 'NODE']
        : ['API', 'APP', 'GROUP', 'STAGE', 'NODE'];
  const [wanted, setWanted] = useState<By>('API');
  const by = all.includes(wanted) ? wanted : (all[0] as By);
  const shares = useQuery({
    queryKey: ['traffic', 'shares', place, by, period],
    queryFn: () =>
      call('DescribeTraffic', {
        ...placeParams(place),
        StartTime: utc(period.since),
        EndTime: utc(period.until),
        StepSeconds: 86_400,
        By: by,
      }),
    placeholderData: keepPreviousData,
  });
  const rows = shares.data?.Shares ?? [];
  return (
    <Paper withBorder p="md" component="section">
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h6">
            {t('metrics.shares')}
          </Title>
          {all.length > 1 && (
            <SegmentedControl
              size="xs"
              aria-label={t('metrics.shares')}
              data={all.map((one) => ({ value: one, label: t(`metrics.by.${one}`) }))}
              value={by}
              onChange={(value) => setWanted(value as By)}
            />
          )}
        </Group>
        {shares.error && <ErrorNotice error={shares.error} retry={() => void shares.refetch()} />}
        {rows.length === 0 && !shares.error ? (
          <Text c="dimmed">{t('metrics.nothing')}</Text>
        ) : (
          <Rows rows={rows} by={by} change={change} period={period} />
        )}
      </Stack>
    </Paper>
  );
}

function Rows({ rows, by, change, period }: { rows: Share[]; by: By; change: Props['change']; period: Period }) {
  const { t } = useTexts();
  const titles = ['calls', 'rate', 'refused', 'failed', 'mean', 'p95'] as const;
  return (
    <ScrollArea>
      <Table verticalSpacing="xs" miw={640} aria-label={t('metrics.shares')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t(`metrics.by.${by}`)}</Table.Th>
            {titles.map((title) => (
              <Table.Th key={title} scope="col" ta="right">
                {t(`metrics.column.${title}`)}
              </Table.Th>
            ))}
            <Table.Th scope="col">{t('nav.requests')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={keyOf(row)}>
              <Table.Td>
                <Name row={row} by={by} change={change} />
              </Table.Td>
              {numbersOf(row, period).map((value, index) => (
                <Table.Td key={titles[index]} ta="right">
                  {value}
                </Table.Td>
              ))}
              <Table.Td>
                {by === 'API' || by === 'APP' || by === 'GROUP' ? (
                  <Anchor
                    size="sm"
                    renderRoot={(props) => (
                      <Link
                        {...props}
                        to="/requests"
                        search={{
                          api: by === 'API' ? row.ApiId : undefined,
                          group: by === 'GROUP' ? row.GroupId : undefined,
                          app: by === 'APP' ? String(row.AppId) : undefined,
                          stage: row.StageName || undefined,
                          range: '24h',
                        }}
                      />
                    )}
                  >
                    {t('metrics.see')}
                  </Anchor>
                ) : (
                  '–'
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  );
}

const keyOf = (row: Share) => [row.ApiId, row.StageName, row.AppId, row.GroupId, row.InstanceId, row.Node].join('/');

function numbersOf(row: Share, period: Period): string[] {
  const calls = row.Calls ?? 0;
  const share = (count: number | undefined) => `${((100 * (count ?? 0)) / Math.max(1, calls)).toFixed(1)} %`;
  return [
    shortNumber(calls),
    `${shortNumber(calls / (period.until - period.since))}/s`,
    share(row.Answers4xx),
    share(row.Answers5xx),
    `${shortNumber((row.TotalUs ?? 0) / 1000 / Math.max(1, calls))} ms`,
    row.P95Us === undefined ? '–' : `${shortNumber(row.P95Us / 1000)} ms`,
  ];
}

/** What was refused before its API was known has no name. */
function Name({ row, by, change }: { row: Share; by: By; change: Props['change'] }) {
  const { t } = useTexts();
  const [name, scope, id] =
    by === 'API'
      ? ([row.ApiName ?? row.ApiId, 'api', row.ApiId] as const)
      : by === 'APP'
        ? ([row.AppName ?? row.AppId, 'app', String(row.AppId)] as const)
        : by === 'GROUP'
          ? ([row.GroupName ?? row.GroupId, 'group', row.GroupId] as const)
          : ([by === 'STAGE' ? row.StageName : row.Node, undefined, undefined] as const);
  if (!name) return <Text c="dimmed">{t('metrics.nobody')}</Text>;
  if (!scope) return <Text>{name}</Text>;
  return (
    <>
      <Anchor component="button" type="button" onClick={() => change({ scope, id })}>
        {name}
      </Anchor>
      {by === 'API' && (
        <Text size="xs" c="dimmed">
          {[row.StageName, row.GroupName].filter(Boolean).join(' · ')}
        </Text>
      )}
    </>
  );
}
