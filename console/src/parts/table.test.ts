import { expect, it } from 'vitest';
import { type Column, cellValue, csv, nextOrder, readOrder, sorted, writeOrder } from './table';

interface Row {
  name: string;
  size: number;
}
const columns: Column<Row>[] = [
  { title: 'Name', cell: (row) => row.name },
  { title: 'Size', cell: (row) => ({ key: row.size }) as never, value: (row) => row.size },
  { title: 'More', cell: () => ({ key: 'a button' }) as never },
];
const rows = [
  { name: 'api-10', size: 9 },
  { name: 'api-9', size: 10 },
];

it('sorts by what a column is worth, numbers in texts too', () => {
  expect(sorted(rows, columns, readOrder('Name')).map((row) => row.name)).toEqual(['api-9', 'api-10']);
  expect(sorted(rows, columns, readOrder('-Size')).map((row) => row.size)).toEqual([10, 9]);
  expect(sorted(rows, columns, readOrder('Absent'))).toBe(rows);
});

it('turns from up to down to nothing', () => {
  const up = nextOrder(undefined, 'Name');
  const down = nextOrder(up, 'Name');
  expect([writeOrder(up), writeOrder(down), nextOrder(down, 'Name')]).toEqual(['Name', '-Name', undefined]);
  expect(writeOrder(nextOrder(down, 'Size'))).toBe('Size');
});

it('writes texts for a spreadsheet: quoted, no formula, without what is only a button', () => {
  const hostile = [{ name: '=cmd|"x",', size: -1 }];
  expect(csv(hostile, columns)).toBe('Name,Size\r\n"\'=cmd|""x"",",-1\r\n');
  expect(csv([], columns.slice(0, 1))).toBe('Name\r\n');
  expect(cellValue(columns[2] as Column<Row>, hostile[0] as Row)).toBeUndefined();
});
