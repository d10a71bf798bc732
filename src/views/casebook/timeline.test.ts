import { expect, test } from 'vitest';
import { slots, spanOf } from './timeline.ts';

const at = (...times: readonly number[]) => times.map((atMs) => ({ item: String(atMs), atMs }));

test('the first stands in the first column, the last in the last, equal ones together', () => {
  const span = spanOf([100, 300, 200]);
  expect(span).toEqual({ fromMs: 100, toMs: 300 });
  expect(slots(at(300, 100, 101, 200), { fromMs: 100, toMs: 300 }, 11).map((slot) => [slot.at, slot.items.map(({ item }) => item)])).toEqual([
    [0, ['100', '101']],
    [5, ['200']],
    [10, ['300']],
  ]);
});
test('one time, one column, no time', () => {
  expect(slots(at(7, 7), { fromMs: 7, toMs: 7 }, 1).map((slot) => [slot.at, slot.items.length])).toEqual([[0, 2]]);
  expect(spanOf([])).toBeNull();
});
