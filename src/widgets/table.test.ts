import { describe, expect, it } from 'vitest';
import { filterRows, leastWidth, moveCell, sortRows, tableText, type Column } from './table.ts';

interface Row {
  readonly name: string;
  readonly size: number;
}
const columns: readonly Column<Row>[] = [
  { key: 'name', label: 'Name', width: '1fr', text: (row) => row.name },
  { key: 'size', label: 'Size', width: '1fr', text: (row) => String(row.size), sort: (row) => row.size },
];
const rows: readonly Row[] = [
  { name: 'b10.sys', size: 9 },
  { name: 'b9.sys', size: 100 },
  { name: 'A.sys', size: 9 },
];

describe('rows of a table', () => {
  it('are filtered by every word, over all columns', () => {
    expect(filterRows(rows, columns, 'sys 9').map((row) => row.name)).toEqual(['b10.sys', 'b9.sys', 'A.sys']);
    expect(filterRows(rows, columns, 'B 100').map((row) => row.name)).toEqual(['b9.sys']);
  });
  it('are sorted by value, numbers in names as numbers, equals in their old order', () => {
    expect(sortRows(rows, columns, { key: 'name', descending: false }).map((row) => row.name)).toEqual(['A.sys', 'b9.sys', 'b10.sys']);
    expect(sortRows(rows, columns, { key: 'size', descending: true }).map((row) => row.name)).toEqual(['b9.sys', 'b10.sys', 'A.sys']);
    expect(sortRows(rows, columns, null)).toBe(rows);
  });
  it('are copied with their heads', () => {
    expect(tableText(rows.slice(0, 1), columns)).toBe('Name\tSize\nb10.sys\t9');
  });
});

describe('the least width of a table', () => {
  it('is the sum of the least widths of its columns', () => {
    expect(leastWidth([{ width: '90px' }, { width: 'minmax(160px, 1fr)' }])).toBe(270);
  });
});

describe('keys in a grid', () => {
  const size = { rows: 50, columns: 3, page: 10 };
  it('move within the bounds and reach the header', () => {
    expect(moveCell('ArrowUp', false, { row: 0, column: 1 }, size)).toEqual({ row: -1, column: 1 });
    expect(moveCell('ArrowDown', false, { row: 49, column: 1 }, size)).toEqual({ row: 49, column: 1 });
    expect(moveCell('PageDown', false, { row: 45, column: 0 }, size)).toEqual({ row: 49, column: 0 });
    expect(moveCell('End', true, { row: 3, column: 0 }, size)).toEqual({ row: 49, column: 2 });
    expect(moveCell('Home', true, { row: 3, column: 2 }, size)).toEqual({ row: 0, column: 0 });
    expect(moveCell('x', false, { row: 3, column: 2 }, size)).toBeNull();
  });
});
