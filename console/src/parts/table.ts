// What a list does with its rows without drawing them: order, search, the text of a cell, a file of comma-separated values.
import type { ReactNode } from 'react';

export interface Column<Row> {
  title: string;
  /** What it is called in a link, whatever the language; its title when left out. */
  id?: string;
  cell: (row: Row) => ReactNode;
  /** What it is sorted and exported by; a cell that is a text or a number needs none. */
  value?: (row: Row) => string | number | undefined;
}

/** Undefined for a cell that is more than a text, and has no value. */
export function cellValue<Row>(column: Column<Row>, row: Row): string | number | undefined {
  if (column.value) return column.value(row) ?? '';
  const shown = column.cell(row);
  if (typeof shown === 'string' || typeof shown === 'number') return shown;
  return shown === undefined || shown === null ? '' : undefined;
}

export const idOf = <Row>(column: Column<Row>): string => column.id ?? column.title;

export interface Order {
  id: string;
  isDown: boolean;
}

/** Written `Name`, or `-Name` for the other way round. */
export const readOrder = (text: string | undefined): Order | undefined =>
  text ? { id: text.replace(/^-/, ''), isDown: text.startsWith('-') } : undefined;

export const writeOrder = (order: Order | undefined): string | undefined =>
  order && `${order.isDown ? '-' : ''}${order.id}`;

/** First up, then down, then as it came. */
export function nextOrder(order: Order | undefined, id: string): Order | undefined {
  if (order?.id !== id) return { id, isDown: false };
  return order.isDown ? undefined : { id, isDown: true };
}

export function sorted<Row>(rows: Row[], columns: Column<Row>[], order: Order | undefined): Row[] {
  const column = columns.find((one) => idOf(one) === order?.id);
  if (!order || !column) return rows;
  const compare = new Intl.Collator(undefined, { numeric: true }).compare;
  const keyed = rows.map((row) => [cellValue(column, row) ?? '', row] as const);
  keyed.sort(([a], [b]) => (typeof a === 'number' && typeof b === 'number' ? a - b : compare(String(a), String(b))));
  if (order.isDown) keyed.reverse();
  return keyed.map(([, row]) => row);
}

/** As RFC 4180 has it. What a spreadsheet would take for a formula is a text. */
export function csv<Row>(rows: Row[], columns: Column<Row>[]): string {
  const first = rows[0];
  const plain = columns.filter((column) => first === undefined || cellValue(column, first) !== undefined);
  const quoted = (value: string | number | undefined) => {
    const text = String(value ?? '');
    const safe = typeof value !== 'number' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = [plain.map((column) => quoted(column.title))];
  for (const row of rows) lines.push(plain.map((column) => quoted(cellValue(column, row))));
  return lines.map((cells) => `${cells.join(',')}\r\n`).join('');
}
