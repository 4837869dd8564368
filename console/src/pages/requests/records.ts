// Requests as engines recorded them: which are wanted, as the address of the page has it, and one of them in words.
import type { Answer, Params } from '../../api/client';

export type Record = NonNullable<Answer<'DescribeRequestRecords'>['Records']>[number];
export type Decision = NonNullable<Answer<'DescribeRequestDecision'>['Decision']>;

/** What the page's address holds; a link shows the same view again. */
export interface Filters {
  api?: string;
  group?: string;
  stage?: string;
  app?: string;
  class?: string;
  code?: string;
  client?: string;
  slow?: string;
  range?: string;
  from?: string;
  to?: string;
  /** The request whose drawer is open. */
  id?: string;
}

export const FILTERS = [
  'api',
  'group',
  'stage',
  'app',
  'class',
  'code',
  'client',
  'slow',
  'range',
  'from',
  'to',
  'id',
] as const;

const MINUTE = 60_000;
export const RANGES = {
  '15m': 15 * MINUTE,
  '1h': 60 * MINUTE,
  '6h': 6 * 60 * MINUTE,
  '24h': 24 * 60 * MINUTE,
  '7d': 7 * 24 * 60 * MINUTE,
} as const;
export type Range = keyof typeof RANGES;
export const DEFAULT_RANGE: Range = '15m';

const REQUEST_ID = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/i;
export const isRequestId = (text: string) => REQUEST_ID.test(text.trim());

/** Only what the page knows, whatever is in the address. */
export function readFilters(search: { [name: string]: unknown }): Filters {
  const filters: Filters = {};
  for (const name of FILTERS) {
    const value = search[name];
    // The router reads numbers as numbers.
    if (typeof value === 'string' && value !== '') filters[name] = value;
    if (typeof value === 'number') filters[name] = String(value);
  }
  if (filters.range !== undefined && !(filters.range in RANGES)) filters.range = undefined;
  return filters;
}

export function paramsOf(filters: Filters, now: number): Params<'DescribeRequestRecords'> {
  const range = RANGES[(filters.range ?? DEFAULT_RANGE) as Range];
  const start = filters.from ? timeOf(filters.from) : seconds(now - range);
  const least = filters.class ? Number(filters.class.charAt(0)) * 100 : undefined;
  const slow = Number(filters.slow);
  return {
    ApiId: filters.api,
    GroupId: filters.group,
    StageName: filters.stage,
    AppId: filters.app ? Number(filters.app) : undefined,
    ErrorCode: filters.code?.trim().toUpperCase(),
    ClientIp: filters.client?.trim(),
    LeastStatus: least,
    MostStatus: least === undefined ? undefined : least + 99,
    LeastMilliseconds: filters.slow && Number.isInteger(slow) && slow > 0 ? slow : undefined,
    StartTime: start,
    EndTime: filters.to ? timeOf(filters.to) : undefined,
  };
}

const seconds = (milliseconds: number) => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;

/** The reader's own time, as an input has it, for the server; what is no time goes there as it is and is refused. */
function timeOf(local: string): string {
  const read = new Date(local);
  return Number.isNaN(read.getTime()) ? local : seconds(read.getTime());
}

export function clock(text: string | undefined, now = new Date()): string {
  const read = new Date(text ?? '');
  if (Number.isNaN(read.getTime())) return text ?? '';
  const language = typeof document === 'undefined' ? 'en' : document.documentElement.lang || 'en';
  const time = read.toLocaleTimeString(language, { hour12: false });
  if (read.toDateString() === now.toDateString()) return time;
  return `${read.toLocaleDateString(language, { month: 'short', day: 'numeric' })} ${time}`;
}

export const milliseconds = (us: number | undefined) => ((us ?? 0) / 1000).toFixed(1);

export const target = (record: Record) =>
  `${record.Domain ?? ''}${record.Path ?? ''}${record.Query ? `?${record.Query}` : ''}`;

/** "name (id)"; empty without an id. */
export function named(name: string | undefined, id: string | number | undefined): string {
  return id === undefined || id === '' ? '' : `${name ?? ''} (${id})`;
}

export const joined = (...parts: Array<string | undefined>) => parts.filter(Boolean).join(', ');
