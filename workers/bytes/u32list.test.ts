import { describe, expect, it } from 'vitest';
import { sortColumns, U32List } from './u32list.ts';

const listOf = (values: readonly number[]): U32List => {
  const list = new U32List();
  for (const value of values) list.push(value);
  return list;
};

describe('U32List', () => {
  it('keeps what it was given, however much', () => {
    const values = Array.from({ length: 1000 }, (_, index) => index * 4_294_967);
    expect([...listOf(values).toArray()]).toEqual(values);
    expect(listOf([]).toArray()).toHaveLength(0);
  });
  it('sorts rows by their first column; equal ones stay in order', () => {
    const sorted = sortColumns([listOf([5, 1, 5, 3]), listOf([50, 10, 51, 30])]);
    expect(sorted.map((column) => [...column])).toEqual([
      [1, 3, 5, 5],
      [10, 30, 50, 51],
    ]);
  });
});
