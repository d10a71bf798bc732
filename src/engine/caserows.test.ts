import { expect, test } from 'vitest';
import { crash } from '../../workers/testing/node/madefacts.ts';
import { type CaseRow, unite } from './caserows.ts';

const row = (key: number, file: number | null, id: string | null, more: Partial<CaseRow> = {}): CaseRow => ({
  ...{ key, file, name: `row${String(key)}`, state: 'read', problem: null },
  facts: id === null ? null : crash({ id }),
  ...more,
});

test('a dump read again is one row, with the newest facts and the file that is at hand', () => {
  const rows = [row(1, 0, 'a'), row(2, null, 'b'), row(3, 1, 'b'), row(4, null, 'a'), row(5, null, null, { state: 'failed' })];
  expect(unite(rows).map(({ key, file }) => [key, file])).toEqual([
    [4, 0],
    [3, 1],
    [5, null],
  ]);
});
