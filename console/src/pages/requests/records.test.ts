// What is wanted, from the address to the call.
import { expect, it } from 'vitest';
import { paramsOf, readFilters } from './records';

const NOW = Date.parse('2026-11-24T12:00:00.000Z');

it('asks for the last quarter of an hour when nothing is said', () => {
  expect(paramsOf({}, NOW)).toEqual({ StartTime: '2026-11-24T11:45:00Z' });
});

it('takes what it knows from an address and leaves the rest', () => {
  const search = { api: 'a1', app: 20190001, class: '4xx', range: 'for ever', other: 'x', slow: 'soon', stage: '' };
  const filters = readFilters(search);
  expect(filters).toEqual({ api: 'a1', app: '20190001', class: '4xx', slow: 'soon' });
  expect(paramsOf({ ...filters, code: ' a403is ' }, NOW)).toMatchObject({
    ApiId: 'a1',
    AppId: 20190001,
    LeastStatus: 400,
    MostStatus: 499,
    ErrorCode: 'A403IS',
    LeastMilliseconds: undefined,
  });
});

it('sends two times of its own instead of a range', () => {
  const params = paramsOf({ from: '2026-11-24T10:00:00Z', to: '2026-11-24T11:00:00Z', range: '1h' }, NOW);
  expect([params.StartTime, params.EndTime]).toEqual(['2026-11-24T10:00:00Z', '2026-11-24T11:00:00Z']);
});
