import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { ArraySource } from '../bytes/source.ts';
import { MAX_READ } from './bytespace.ts';
import { SparseSpace, type SparseRange } from './sparsespace.ts';

const file = Uint8Array.from({ length: 4096 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);
const source = new ArraySource(file);
const range = (start: bigint, size: number, offset: number): SparseRange => ({ start: va(start), size, fileOffset: offset, origin: 'test' });

describe('SparseSpace', () => {
  it('reads the same bytes as a map of single addresses, whatever the order and overlaps', () => {
    // Pieces of one consistent memory (file offset = address - 0x1000), so that overlapping ranges agree, as in real dumps.
    const piece = fc.tuple(fc.integer({ min: 0, max: 4000 }), fc.integer({ min: 1, max: 96 })).map(([at, size]) => range(0x1000n + BigInt(at), size, at));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), fc.integer({ min: 0, max: 4200 }), fc.integer({ min: 0, max: 300 }), (ranges, at, length) => {
        const held = new Set<number>();
        for (const one of ranges) for (let index = 0; index < one.size; index++) if (one.fileOffset + index < file.length) held.add(one.fileOffset + index);
        const space = new SparseSpace(source, ranges);
        const { bytes, got, missing } = space.read(va(0x1000n + BigInt(at)), length);
        let expected = 0;
        while (expected < length && held.has(at + expected)) expected += 1;
        expect(got).toBe(expected);
        expect(bytes).toEqual(file.slice(at, at + expected));
        expect(missing === undefined).toBe(expected === length);
        expect(space.translate(va(0x1000n + BigInt(at))).ok).toBe(held.has(at));
      }),
      { seed: 20261122, numRuns: 400 },
    );
  });

  it('lists its ranges once, however often it is asked', () => {
    const space = new SparseSpace(new ArraySource(new Uint8Array(16)), [{ start: va(0x1000n), size: 16, fileOffset: 0, origin: 'test' }]);
    expect(space.ranges()).toBe(space.ranges());
  });
  it('says where the gap is, and where the file ends', () => {
    const space = new SparseSpace(source, [range(0x5000n, 0x100, 0), range(0x6000n, 0x100, 4090)]);
    expect(space.u64(va(0x50fcn))).toEqual({ ok: false, missing: { why: 'not-in-dump', space: 'virtual', at: 0x5100n } });
    expect(space.u64(va(0x6000n))).toEqual({ ok: false, missing: { why: 'outside-file', at: 4096, length: 2, fileSize: 4096 } });
    expect(space.translate(va(0x6006n))).toEqual({ ok: false, missing: { why: 'outside-file', at: 4096, length: 1, fileSize: 4096 } });
  });

  it('reaches the top of the address space and does not wrap', () => {
    const space = new SparseSpace(source, [range(0xffff_ffff_ffff_fff8n, 64, 0), range(0n, 16, 8)]);
    expect(space.read(va(0xffff_ffff_ffff_fff8n), 16).got).toBe(8);
    expect(space.byteCount).toBe(24n);
  });

  it('reads pointers of the target size', () => {
    const data = new ArraySource(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]));
    expect(new SparseSpace(data, [range(0x10n, 8, 0)], 4).pointer(va(0x10n))).toEqual({ ok: true, value: 0x04030201n });
    expect(new SparseSpace(data, [range(0x10n, 8, 0)]).pointer(va(0x10n))).toEqual({ ok: true, value: 0x0807060504030201n });
  });

  it('refuses lengths and ranges that make no sense', () => {
    const space = new SparseSpace(source, [range(0x1000n, -5, 0), range(0x1000n, Number.NaN, 0), range(0x1000n, 8, -1), range(0x2000n, 2 ** 52, 0)]);
    expect(space.ranges()).toHaveLength(1);
    for (const length of [-1, 0.5, Number.POSITIVE_INFINITY, MAX_READ + 1]) expect(space.read(va(0x2000n), length).missing?.why).toBe('not-valid');
    expect(space.translate(va(0x2000n))).toEqual({ ok: true, value: { origin: 'dump', fileOffset: 0, contiguous: 4096 } });
  });
});
