import { expect, test } from 'vitest';
import { crash } from '../../workers/testing/node/madefacts.ts';
import { type CaseRow, unite, uniteMarks } from './caserows.ts';

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

test('a mark that comes twice stays as it first was', () => {
  const mark = (id: string, text: string) => ({ id, text, dump: 'a', atMs: 0, about: 'note' as const });
  expect(uniteMarks([mark('1', 'first'), mark('2', 'other'), mark('1', 'again')]).map(({ text }) => text)).toEqual(['first', 'other']);
});
