// What the gateway did over time: calls by class, errors, latency and bytes of all, or of one API, group, app or instance.
import { Group, Select, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { call } from '../../api/client';
import { useApis, useApps, useGroups, useInstances } from '../../api/queries';
import { type Key, useTexts } from '../../i18n';
import { ErrorNotice } from '../../parts/ErrorNotice';
import { Page } from '../../parts/Page';
import { useStageOptions } from '../../parts/stages';
import { Chart, type Line } from './Chart';
import { type Place, placeParams, SCOPES, type Scope } from './place';
import { Shares } from './Shares';
import {
  averages,
  type Counted,
  classOf,
  DEFAULT_SPAN,
  isSpan,
  type Measure,
  type Period,
  periodOf,
  rates,
  SPANS,
  shortNumber,
  sumOf,
  timesOf,
  total,
  utc,
} from './series';

const EVERY = 15_000;
const GREEN: [string, string] = ['#0b7d4d', '#4fd29a'];
const GRAY: [string, string] = ['#5c636a', '#b6bcc3'];
const AMBER: [string, string] = ['#a84a0a', '#f5a05a'];
const RED: [string, string] = ['#c92a2a', '#ff8787'];
const BLUE: [string, string] = ['#364fc7', '#91a7ff'];

export function Monitoring() {
  const { t } = useTexts();
  const place = useSearch({ from: '/inside/metrics' });
  const navigate = useNavigate();
  const change = (changes: Place) => void navigate({ to: '/metrics', search: { ...place, ...changes }, replace: true });
  const span = isSpan(place.range) ? place.range : DEFAULT_SPAN;
  const traffic = useQuery({
    queryKey: ['traffic', place],
    queryFn: async () => {
      const period = periodOf(span, Date.now());
      const times = { StartTime: utc(period.since), EndTime: utc(period.until), StepSeconds: period.step };
      return { period, answer: await call('DescribeTraffic', { ...placeParams(place), ...times }), now: Date.now() };
    },
    refetchInterval: EVERY,
    placeholderData: keepPreviousData,
  });
  const shown = traffic.data;
  return (
    <Page title={t('nav.metrics')} lead={t('metrics.lead')}>
      <Where place={place} change={change} />
      {traffic.error && <ErrorNotice error={traffic.error} retry={() => void traffic.refetch()} />}
      {!shown && !traffic.error && <Skeleton height={320} radius="md" aria-label={t('common.loading')} />}
      {shown && (
        <Charts
          points={shown.answer.Points ?? []}
          period={shown.period}
          now={shown.now}
          pick={(at) =>
            void navigate({
              to: '/requests',
              search: {
                api: place.scope === 'api' ? place.id : undefined,
                group: place.scope === 'group' ? place.id : undefined,
                app: place.scope === 'app' ? place.id : undefined,
                stage: place.stage,
                from: localTime(at),
                to: localTime(at + shown.period.step),
              },
            })
          }
        />
      )}
      {shown && <Shares place={place} period={shown.period} change={change} />}
      <Text size="sm" c="dimmed">
        {t('metrics.kept')}
      </Text>
    </Page>
  );
}

/** As an input for a time has it. */
function localTime(seconds: number): string {
  const read = new Date(seconds * 1000);
  return new Date(read.getTime() - read.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function Charts({
  points,
  period,
  now,
  pick,
}: {
  points: Counted[];
  period: Period;
  now: number;
  pick: (at: number) => void;
}) {
  const { t } = useTexts();
  const times = timesOf(period);
  // Of apps, only sums are counted.
  const isPrecise = points.some((point) => point.P50Us !== undefined);
  const rate = (name: string, measure: Measure, colors: [string, string], area = false): Line => ({
    name,
    values: rates(points, period, measure, now),
    colors,
    area,
  });
  const average = (name: string, measure: Measure, colors: [string, string], weight = total): Line => ({
    name,
    values: averages(points, period, measure, weight),
    colors,
  });
  return (
    <>
      <Totals points={points} />
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Chart
          title={t('metrics.calls')}
          unit={t('metrics.perSecond')}
          times={times}
          pick={pick}
          lines={[
            rate('2xx', classOf('Answers2xx'), GREEN, true),
            rate('3xx', classOf('Answers3xx'), GRAY),
            rate('4xx', classOf('Answers4xx'), AMBER),
            rate('5xx', classOf('Answers5xx'), RED),
          ]}
        />
        <Chart
          title={t('metrics.errors')}
          unit="%"
          times={times}
          pick={pick}
          lines={[
            average('4xx', (point) => 100 * (point.Answers4xx ?? 0), AMBER),
            average('5xx', (point) => 100 * (point.Answers5xx ?? 0), RED),
          ]}
        />
        <Chart
          title={t('metrics.latency')}
          unit={isPrecise ? 'ms' : t('metrics.average')}
          times={times}
          pick={pick}
          lines={[
            ...(isPrecise
              ? [
                  average('p50', (point) => ((point.P50Us ?? 0) * total(point)) / 1000, BLUE),
                  average('p95', (point) => ((point.P95Us ?? 0) * total(point)) / 1000, AMBER),
                  average('p99', (point) => ((point.P99Us ?? 0) * total(point)) / 1000, RED),
                ]
              : [average(t('metrics.whole'), (point) => (point.TotalUs ?? 0) / 1000, BLUE)]),
            average(
              isPrecise ? t('metrics.backendMean') : t('metrics.backend'),
              (point) => (point.BackendUs ?? 0) / 1000,
              GREEN,
              (point) => point.BackendCalls ?? 0,
            ),
          ]}
        />
        <Chart
          title={t('metrics.traffic')}
          unit={t('metrics.bytes')}
          times={times}
          pick={pick}
          lines={[
            rate(t('metrics.in'), (point) => point.BytesIn ?? 0, BLUE),
            rate(t('metrics.out'), (point) => point.BytesOut ?? 0, GREEN, true),
          ]}
        />
      </SimpleGrid>
    </>
  );
}

function Totals({ points }: { points: Counted[] }) {
  const { t } = useTexts();
  const calls = sumOf(points, total);
  const bad = sumOf(points, classOf('Answers5xx'));
  const refused = sumOf(points, classOf('Answers4xx'));
  const us = sumOf(points, (point) => point.TotalUs ?? 0);
  const share = (count: number) =>
    calls ? `${((100 * count) / calls).toFixed(count && count < calls ? 2 : 0)} %` : '–';
  const all: Array<[Key, string]> = [
    ['metrics.total', shortNumber(calls)],
    ['metrics.refused', share(refused)],
    ['metrics.failed', share(bad)],
    ['metrics.mean', calls ? `${shortNumber(us / 1000 / calls)} ms` : '–'],
  ];
  return (
    <Group gap="xl" component="dl" m={0}>
      {all.map(([key, value]) => (
        <div key={key}>
          <Text component="dt" size="sm" c="dimmed">
            {t(key)}
          </Text>
          <Text component="dd" m={0} fz={24} fw={700}>
            {value}
          </Text>
        </div>
      ))}
    </Group>
  );
}

function Where({ place, change }: { place: Place; change: (changes: Place) => void }) {
  const { t } = useTexts();
  const scope = place.scope ?? 'all';
  const options = useOptions(scope);
  const stages = useStageOptions();
  return (
    <Stack gap="xs" component="section" aria-label={t('requests.filters')}>
      <Group align="flex-end" gap="sm">
        <Select
          label={t('requests.range')}
          allowDeselect={false}
          w={170}
          data={Object.keys(SPANS).map((span) => ({ value: span, label: t(`range.${span}` as Key) }))}
          value={isSpan(place.range) ? place.range : DEFAULT_SPAN}
          onChange={(range) => change({ range: range ?? undefined })}
        />
        <Select
          label={t('metrics.scope')}
          allowDeselect={false}
          w={170}
          data={SCOPES.map((one) => ({ value: one, label: t(`metrics.scope.${one}`) }))}
          value={scope}
          onChange={(value) =>
            change({ scope: value === 'all' ? undefined : (value as Scope), id: undefined, stage: undefined })
          }
        />
        {scope !== 'all' && (
          <Select
            label={t(`metrics.scope.${scope}`)}
            placeholder={t('metrics.choose')}
            searchable
            w={260}
            data={options}
            value={place.id ?? null}
            onChange={(id) => change({ id: id ?? undefined })}
          />
        )}
        {scope !== 'app' && (
          <Select
            label={t('common.stage')}
            placeholder={t('requests.all')}
            clearable
            clearButtonProps={{ 'aria-label': `${t('common.stage')}: ${t('action.remove')}` }}
            w={150}
            data={stages}
            value={place.stage ?? null}
            onChange={(stage) => change({ stage: stage ?? undefined })}
          />
        )}
      </Group>
    </Stack>
  );
}

function useOptions(scope: Scope): Array<{ value: string; label: string }> {
  const apis = useApis();
  const groups = useGroups();
  const apps = useApps();
  const instances = useInstances();
  if (scope === 'api')
    return (apis.data ?? []).map((api) => ({ value: api.ApiId ?? '', label: `${api.ApiName} (${api.GroupName})` }));
  if (scope === 'group')
    return (groups.data ?? []).map((group) => ({ value: group.GroupId ?? '', label: group.GroupName ?? '' }));
  if (scope === 'app')
    return (apps.data ?? []).map((app) => ({ value: String(app.AppId), label: `${app.AppName} (${app.AppId})` }));
  if (scope === 'instance')
    return (instances.data ?? []).map((one) => ({ value: one.InstanceId ?? '', label: one.InstanceName ?? '' }));
  return [];
}
