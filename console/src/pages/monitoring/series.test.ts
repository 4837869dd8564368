// Counts over time, with the steps in which nothing happened.
import { expect, it } from 'vitest';
import { averages, periodOf, rates, shortNumber, timesOf, total, utc } from './series';

const NOW = Date.parse('2026-11-24T12:30:30Z');

it('ends with the step that is running', () => {
  const period = periodOf('1h', NOW);
  expect([utc(period.since), utc(period.until)]).toEqual(['2026-11-24T11:31:00Z', '2026-11-24T12:31:00Z']);
  expect(timesOf(period)).toHaveLength(60);
});

it('has a rate for every step and takes the running one as long as it has run', () => {
  const period = periodOf('1h', NOW);
  const points = [
    { Time: '2026-11-24T12:29:00Z', Calls: 120 },
    { Time: '2026-11-24T12:30:00Z', Calls: 60 },
  ];
  expect(rates(points, period, total, NOW).slice(-3)).toEqual([0, 2, 2]);
});

it('leaves a gap where nothing was called', () => {
  const period = periodOf('6h', NOW);
  const points = [
    { Time: '2026-11-24T12:20:00Z', Calls: 1, TotalUs: 3000 },
    { Time: '2026-11-24T12:21:00Z', Calls: 3, TotalUs: 3000 },
  ];
  expect(averages(points, period, (point) => (point.TotalUs ?? 0) / 1000, total).slice(-4)).toEqual([
    null,
    1.5,
    null,
    null,
  ]);
});

it('writes numbers short', () => {
  expect([0, 0.0123, 0.5, 12.34, 999, 1234, 5_600_000].map(shortNumber)).toEqual([
    '0',
    '0.012',
    '0.5',
    '12.3',
    '999',
    '1.23k',
    '5.6M',
  ]);
});
