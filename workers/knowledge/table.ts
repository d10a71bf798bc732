/** Tables as `scripts/knowledge.ts` writes them: columns of lines. */
import { Defect } from '../base/problem.ts';
import type { TableCredit } from './knowledge.ts';

export interface TableFile {
  readonly table: string;
  readonly source: string;
  readonly date: string;
  readonly licence: string;
  readonly count: number;
  readonly columns: Readonly<Record<string, string>>;
}

export type TableRow = Readonly<Record<string, string>>;

export function creditOf(file: TableFile): TableCredit {
  return { table: file.table, source: file.source, date: file.date, licence: file.licence, count: file.count };
}

/** Rows with the named columns; an empty cell is an empty string. */
export function rowsOf(file: TableFile): TableRow[] {
  const names = Object.keys(file.columns);
  const split = names.map((name) => (file.columns[name] ?? '').split('\n'));
  for (const column of split)
    if (column.length !== file.count) throw new Defect(`table ${file.table}: a column has ${String(column.length)} of ${String(file.count)} rows`);
  return Array.from({ length: file.count }, (_, row) => Object.fromEntries(names.map((name, column) => [name, split[column]?.[row] ?? ''])));
}

/** A map keyed by a hex column; the first row of a code wins. */
export function byCode<T>(file: TableFile, make: (row: TableRow, code: number) => T): ReadonlyMap<number, T> {
  const map = new Map<number, T>();
  for (const row of rowsOf(file)) {
    const code = Number.parseInt(row['code'] ?? '', 16);
    if (Number.isInteger(code) && !map.has(code)) map.set(code, make(row, code));
  }
  return map;
}
