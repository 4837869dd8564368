// Counts over time as a chart shows them: a value for each step, also for those without calls.
import type { Answer } from '../../api/client';

export type Traffic = Answer<'DescribeTraffic'>;
export type Counted = NonNullable<Traffic['Points']>[number];
export type Share = NonNullable<Traffic['Shares']>[number];

const HOUR = 3600;
const DAY = 24 * HOUR;

/** How long each range is, in seconds, and how long the steps of its points are. */
export const SPANS = {
  '1h': { seconds: HOUR, step: 60 },
  '6h': { seconds: 6 * HOUR, step: 300 },
  '24h': { seconds: DAY, step: 900 },
  '7d': { seconds: 7 * DAY, step: HOUR },
  '30d': { seconds: 30 * DAY, step: 6 * HOUR },
} as const;
export type Span = keyof typeof SPANS;
export const DEFAULT_SPAN: Span = '1h';

export const isSpan = (text: string | undefined): text is Span => text !== undefined && text in SPANS;

export interface Period {
  since: number;
  until: number;
  step: number;
}

/** Whole steps up to the one that is running, in Unix seconds. */
export function periodOf(span: Span, now: number): Period {
  const { seconds, step } = SPANS[span];
  const until = Math.floor(now / 1000 / step) * step + step;
  return { since: until - seconds, until, step };
}

export const utc = (seconds: number) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;

const CLASSES = ['Answers2xx', 'Answers3xx', 'Answers4xx', 'Answers5xx'] as const;
export type Measure = (point: Counted) => number;

export const classOf =
  (name: (typeof CLASSES)[number]): Measure =>
  (point) =>
    point[name] ?? 0;
export const total: Measure = (point) => point.Calls ?? 0;

export function timesOf(period: Period): number[] {
  const count = Math.max(0, Math.round((period.until - period.since) / period.step));
  return Array.from({ length: count }, (_, index) => period.since + index * period.step);
}

/** Of this age a step is known: engines send what they count every five seconds. */
const KNOWN_AFTER = 15;

/** By the second; a step without a point had none, and one that is running is as long as it has run. */
export function rates(points: Counted[], period: Period, measure: Measure, now: number): Array<number | null> {
  const found = byTime(points, period);
  return timesOf(period).map((at) => {
    const length = Math.min(period.step, now / 1000 - at);
    if (length < KNOWN_AFTER) return null;
    return sumOf(found.get(at) ?? [], measure) / length;
  });
}

/** What there is of `measure` for each one of `weight`; null where there was none, so that a line has a gap. */
export function averages(points: Counted[], period: Period, measure: Measure, weight: Measure): Array<number | null> {
  const found = byTime(points, period);
  return timesOf(period).map((at) => {
    const here = found.get(at) ?? [];
    const all = sumOf(here, weight);
    return all === 0 ? null : sumOf(here, measure) / all;
  });
}

/** An hour that is longer than a step counts for the step in which it begins. */
function byTime(points: Counted[], period: Period): Map<number, Counted[]> {
  const found = new Map<number, Counted[]>();
  for (const point of points) {
    const at = Date.parse(point.Time ?? '') / 1000;
    const step = period.since + Math.floor((at - period.since) / period.step) * period.step;
    found.set(step, [...(found.get(step) ?? []), point]);
  }
  return found;
}

/** Three digits at most, and a letter for thousands. */
export function shortNumber(value: number): string {
  const [size, letter] =
    value >= 1e9 ? [1e9, 'G'] : value >= 1e6 ? [1e6, 'M'] : value >= 1e3 ? [1e3, 'k'] : ([1, ''] as const);
  const scaled = value / size;
  const digits = scaled === 0 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : scaled >= 0.1 ? 2 : 3;
  return `${Number(scaled.toFixed(digits))}${letter}`;
}

export function sumOf(points: Counted[], measure: Measure): number {
  return points.reduce((sum, point) => sum + measure(point), 0);
}
