import { describe, expect, it } from 'vitest';
import { filetimeOf, hexRows, numberAt } from './rows.ts';
import { ScrollSpace } from './scrollspace.ts';

describe('rows of memory', () => {
  const bytes = [0x41, 0x42, null, 0x7f, 1, 2, 3, 4];
  it('group bytes by unit, little end first, and show gaps', () => {
    expect(hexRows(0n, bytes, { perRow: 8, unit: 1, big: false })[0]?.units.map((unit) => unit.text)).toEqual(['41', '42', '··', '7f', '01', '02', '03', '04']);
    expect(hexRows(0n, bytes, { perRow: 8, unit: 4, big: false })[0]?.units.map((unit) => unit.text)).toEqual(['7f··4241', '04030201']);
    expect(hexRows(0n, bytes, { perRow: 8, unit: 4, big: true })[0]?.units.map((unit) => unit.text)).toEqual(['4142··7f', '01020304']);
    expect(hexRows(0n, bytes, { perRow: 8, unit: 1, big: false })[0]?.text).toBe('AB·.....');
  });
  it('mark where a page begins', () => {
    expect(
      hexRows(
        0xff8n,
        Array.from({ length: 24 }, () => 0),
        { perRow: 8, unit: 1, big: false },
      ).map((row) => row.pageStart),
    ).toEqual([false, true, false]);
  });
  it('read numbers only where no byte is missing', () => {
    expect(numberAt(bytes, 4, 4)).toBe(0x04030201n);
    expect(numberAt(bytes, 4, 4, true)).toBe(0x01020304n);
    expect(numberAt(bytes, 0, 4)).toBeNull();
    expect(numberAt(bytes, 6, 4)).toBeNull();
  });
  it('read a FILETIME only where it is one', () => {
    // 116444736000000000 is 1970-01-01 in 100 ns since 1601; + 1.6e9 s is 2020-09-13 12:26:40.
    expect(filetimeOf(116_444_736_000_000_000n + 16_000_000_000_000_000n)).toBe('2020-09-13 12:26:40');
    expect(filetimeOf(5n)).toBeNull();
  });
});

describe('the scroll space', () => {
  const space = new ScrollSpace([
    { start: 0xffff_0000n, size: 0x1000n },
    { start: 0x1000n, size: 0x20n },
    { start: 0x5000n, size: 0n },
  ]);
  it('lays the ranges end to end', () => {
    expect(space.size).toBe(0x1020n);
    expect(space.positionOf(0x1010n)).toBe(0x10n);
    expect(space.positionOf(0x9000n)).toBe(0x20n);
    expect(space.positionOf(0xffff_0008n)).toBe(0x28n);
    expect(space.positionOf(0n)).toBe(0n);
    expect(space.addressAt(0x1fn)).toBe(0x101fn);
    expect(space.addressAt(0x20n)).toBe(0xffff_0000n);
    expect(space.addressAt(99_999n)).toBe(0xffff_0fffn);
    expect([space.first, space.last]).toEqual([0x1000n, 0xffff_0fffn]);
  });
  it('knows the neighbours', () => {
    expect(space.neighbour(0x1004n, 1)).toBe(0xffff_0000n);
    expect(space.neighbour(0x1004n, -1)).toBe(0x1000n);
    expect(space.neighbour(0x1000n, -1)).toBeNull();
    expect(space.neighbour(0xffff_0000n, -1)).toBe(0x1000n);
    expect(space.neighbour(0xffff_0010n, 1)).toBeNull();
    expect(new ScrollSpace([]).first).toBeNull();
  });
});
