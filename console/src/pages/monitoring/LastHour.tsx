// The calls of the last hour in one line: a small picture, the numbers in words, and the way to more of both.
import { Anchor, Group, Paper, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { call } from '../../api/client';
import { useTexts } from '../../i18n';
import { classOf, periodOf, rates, shortNumber, sumOf, total, utc } from './series';

const EVERY = 30_000;
const WIDTH = 240;
const HEIGHT = 36;

/** Of one API, or of everything. */
export function LastHour({ apiId }: { apiId?: string }) {
  const { t } = useTexts();
  const traffic = useQuery({
    queryKey: ['traffic', 'hour', apiId ?? ''],
    queryFn: async () => {
      const now = Date.now();
      const period = periodOf('1h', now);
      const times = { StartTime: utc(period.since), EndTime: utc(period.until) };
      return { period, now, points: (await call('DescribeTraffic', { ApiId: apiId, ...times })).Points ?? [] };
    },
    refetchInterval: EVERY,
  });
  // It is beside the point of the page: without it, the page is whole.
  if (!traffic.data) return null;
  const { points, period, now } = traffic.data;
  const calls = sumOf(points, total);
  const us = sumOf(points, (point) => point.TotalUs ?? 0);
  const failed = sumOf(points, classOf('Answers5xx'));
  const said = t('metrics.hourText', {
    calls: shortNumber(calls),
    failed: shortNumber(failed),
    ms: calls ? shortNumber(us / 1000 / calls) : '0',
  });
  return (
    <Paper withBorder px="md" py="xs" component="section" aria-label={t('metrics.hour')}>
      <Group justify="space-between" gap="md">
        <div>
          <Text size="sm" fw={600}>
            {t('metrics.hour')}
          </Text>
          <Text size="sm" c="dimmed">
            {said}
          </Text>
        </div>
        <Group gap="md">
          <Spark values={rates(points, period, total, now)} bad={rates(points, period, classOf('Answers5xx'), now)} />
          <Anchor
            size="sm"
            renderRoot={(props) => (
              <Link {...props} to="/metrics" search={apiId ? { scope: 'api' as const, id: apiId } : {}} />
            )}
          >
            {t('metrics.more')}
          </Anchor>
        </Group>
      </Group>
    </Paper>
  );
}

/** The words beside it say the same, so readers of the screen are not told twice. */
function Spark({ values, bad }: { values: Array<number | null>; bad: Array<number | null> }) {
  const most = Math.max(...values.map((value) => value ?? 0), 0.001);
  const line = (numbers: Array<number | null>) =>
    numbers
      .filter((value) => value !== null)
      .map(
        (value, index) =>
          `${(index * WIDTH) / Math.max(1, numbers.length - 1)},${HEIGHT - (value / most) * (HEIGHT - 3) - 1}`,
      )
      .join(' ');
  return (
    <svg width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden className="spark">
      <polyline points={line(values)} className="spark-calls" />
      {bad.some(Boolean) && <polyline points={line(bad)} className="spark-bad" />}
    </svg>
  );
}
