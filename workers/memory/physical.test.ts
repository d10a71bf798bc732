import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pa, pfn, va } from '../base/address.ts';
import { BlockCache } from '../bytes/blockcache.ts';
import { ArraySource, type ByteSource } from '../bytes/source.ts';
import { BitmapMemory, RunMemory } from './physical.ts';
import { PagedSpace, PAGING_MODES } from './pagedspace.ts';

const P = 4096;

describe('pages by runs', () => {
  it('lie one run after the other in the file', () => {
    // Two runs, PFN 2-4 and 10-10, at 0x2000: pages 2, 3, 4 and then 10 (kdmp-parser.h explains the same by an example).
    const file = new Uint8Array(0x2000 + 4 * P);
    [2, 3, 4, 10].forEach((page, index) => file.fill(page, 0x2000 + index * P, 0x2000 + (index + 1) * P));
    const runs = [
      { basePage: 10, pageCount: 1, fileOffset: 0x5000 },
      { basePage: 2, pageCount: 3, fileOffset: 0x2000 },
    ];
    const memory = new RunMemory(new ArraySource(file), runs, 4);
    for (const page of [2, 3, 4, 10]) expect(memory.read(pa(page * P + 5), 2).bytes).toEqual(Uint8Array.of(page, page));
    expect(memory.read(pa(3 * P - 1), 2).bytes).toEqual(Uint8Array.of(2, 3));
    expect(memory.read(pa(5 * P - 1), 2)).toEqual({ bytes: Uint8Array.of(4), got: 1, missing: { why: 'not-in-dump', space: 'physical', at: 0x5000n } });
    expect([0, 1, 5, 9, 11].map((page) => memory.has(pa(page * P)))).toEqual([false, false, false, false, false]);
    for (const bad of [-1, 0.5, Number.NaN, 2 ** 60]) expect(memory.read(pa(bad), 4).got).toBe(0);
  });
});

describe('pages by bitmap', () => {
  it('are counted as a naive count does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (bitmap) => {
        const file = new Uint8Array(64 + bitmap.length);
        file.set(bitmap, 64);
        const pages = bitmap.length * 8;
        const memory = new BitmapMemory(new ArraySource(file), { how: 'bitmap', bitmapAt: 64, pages, firstPage: 0x10000, pageCount: pages, end: 0 });
        let rank = 0;
        for (let page = 0; page < pages; page++) {
          const set = (((bitmap[page >> 3] ?? 0) >> (page & 7)) & 1) === 1;
          expect(memory.pageOffset(pfn(page))).toBe(set ? 0x10000 + rank * P : undefined);
          if (set) rank += 1;
        }
        expect(memory.pageOffset(pfn(pages))).toBeUndefined();
      }),
      { seed: 20261122, numRuns: 60 },
    );
  });

  it('read no more than the bitmap up to the page, once', () => {
    const pages = 2 ** 24; // 64 GiB of memory, 2 MiB of bitmap
    const source: ByteSource = { name: 'all set', size: 2 ** 37, readBlock: (_offset, length) => new Uint8Array(length).fill(0xff) };
    const cache = new BlockCache(source);
    const memory = new BitmapMemory(cache, { how: 'bitmap', bitmapAt: 0x2038, pages, firstPage: 0x300000, pageCount: pages, end: 0 });
    expect(memory.pageOffset(pfn(0))).toBe(0x300000);
    expect(cache.counters.bytesRead).toBeLessThanOrEqual(5 * 64 * 1024);
    expect(memory.pageOffset(pfn(pages - 1))).toBe(0x300000 + (pages - 1) * P);
    const once = cache.counters.bytesRead;
    expect(once).toBeLessThanOrEqual(3 * 1024 * 1024);
    for (let page = 0; page < pages; page += 99_991) memory.pageOffset(pfn(page));
    expect(cache.counters.bytesRead).toBe(once);
  });
});

/** A physical memory of `pages` pages from PFN 0, with 64-bit words written by hand. */
function image(pages: number, words: readonly (readonly [at: number, value: bigint])[]): RunMemory {
  const file = new Uint8Array(pages * P);
  const view = new DataView(file.buffer);
  for (const [at, value] of words) view.setBigUint64(at, BigInt.asUintN(64, value), true);
  return new RunMemory(new ArraySource(file), [{ basePage: 0, pageCount: pages, fileOffset: 0 }], pages);
}

describe('page tables of x64', () => {
  // 0xffff800000000000 is PML4 entry 256; the tables are PFN 1 (PML4), 2 (PDPT), 3 (PD), 4 (PT).
  const base = 0xffff_8000_0000_0000n;
  const tables: [number, bigint][] = [
    [1 * P + 256 * 8, 0x2003n],
    [2 * P, 0x3003n],
    [3 * P, 0x4003n],
  ];
  const space = (words: [number, bigint][], pages = 16) => new PagedSpace(image(pages, [...tables, ...words]), 0x1000n, PAGING_MODES['x64-4']);

  it('lead to a page and name the level that stops them', () => {
    const memory = space([
      [4 * P, 0x8000_0000_0000_5063n], // NX, dirty, accessed: PFN 5
      [5 * P + 0x10, 0x1122334455667788n],
    ]);
    expect(memory.u64(va(base + 0x10n))).toEqual({ ok: true, value: 0x1122334455667788n });
    expect(memory.translate(va(base + 0x10n))).toEqual({
      ok: true,
      value: { origin: 'dump', fileOffset: 5 * P + 0x10, pa: 5 * P + 0x10, contiguous: P - 0x10 },
    });
    const reason = (at: bigint) => memory.read(va(at), 1).missing;
    expect(reason(base + 0x1000n)).toEqual({ why: 'not-present', va: base + 0x1000n, level: 'PT' });
    expect(reason(base + 0x20_0000n)).toEqual({ why: 'not-present', va: base + 0x20_0000n, level: 'PD' });
    expect(reason(base + 0x4000_0000n)).toEqual({ why: 'not-present', va: base + 0x4000_0000n, level: 'PDPT' });
    expect(reason(0n)).toEqual({ why: 'not-present', va: 0n, level: 'PML4' });
    expect(reason(0x8000_0000_0000n)?.why).toBe('not-valid');
  });

  it('know large pages of 2 MiB and 1 GiB', () => {
    const memory = space(
      [
        [3 * P + 8, 0x20_0083n], // 2 MiB at PA 0x200000
        [2 * P + 8, 0x83n], // 1 GiB at PA 0
        [0x20_3000, 0xabcdn],
      ],
      0x400,
    );
    expect(memory.u64(va(base + 0x20_0000n + 0x3000n))).toEqual({ ok: true, value: 0xabcdn });
    expect(memory.u64(va(base + 0x4000_0000n + 0x20_3000n))).toEqual({ ok: true, value: 0xabcdn });
  });

  it('read Windows entries of pages that the processor would fault on', () => {
    const memory = space([
      [4 * P + 0 * 8, 0x5880n | 0x800n], // transition, PFN 5
      [4 * P + 1 * 8, (1n << 45n) | 0x5880n], // transition with the high bit of the L1TF mitigation
      [4 * P + 2 * 8, (0x1234n << 32n) | 0x80n], // paging file
      [4 * P + 3 * 8, 0x80n], // a page of zeros, not yet made
      [4 * P + 4 * 8, 0xffff_ffff_0000_0480n], // prototype through the VAD tree
      [4 * P + 5 * 8, ((base + 0x6000n) << 16n) | 0x480n], // prototype entry at base + 0x6000
      [4 * P + 6 * 8, 0x6003n], // … which is valid: PFN 6
      [6 * P, 0x5003n], // the shared entry: PFN 5
      [4 * P + 7 * 8, ((base + 0x6008n) << 16n) | 0x480n],
      [6 * P + 8, 0x4_0000_0c00n | 0x400n], // a shared entry in its file
      [4 * P + 8 * 8, 0x9_9000_3880n], // transition to a page the dump does not hold
      [5 * P, 0x77n],
    ]);
    const at = (page: bigint) => va(base + page * 0x1000n);
    for (const page of [0n, 1n, 5n]) expect(memory.u64(at(page))).toEqual({ ok: true, value: 0x77n });
    expect(memory.read(at(2n), 8).missing?.why).toBe('paged-out');
    expect(memory.read(at(3n), 8).missing).toEqual({ why: 'not-present', va: at(3n), level: 'PT' });
    expect(memory.read(at(4n), 8).missing?.why).toBe('not-present');
    expect(memory.read(at(7n), 8).missing?.why).toBe('paged-out');
    expect(memory.read(at(8n), 8).missing).toEqual({ why: 'not-in-dump', space: 'physical', at: 0x9_9000_3000n, whileTranslating: at(8n) });
  });

  it('end a read at the first gap with what was read', () => {
    const memory = space([[4 * P, 0x5003n]]);
    const { got, missing } = memory.read(va(base + 0xff0n), 0x40);
    expect([got, missing?.why]).toEqual([0x10, 'not-present']);
  });

  it('have a fifth level where the processor was told so', () => {
    // PML5 in PFN 1 entry 256 → PML4 in PFN 2 … page PFN 6.
    const words: [number, bigint][] = [
      [1 * P + 256 * 8, 0x2003n],
      [2 * P, 0x3003n],
      [3 * P, 0x4003n],
      [4 * P, 0x5003n],
      [5 * P, 0x6003n],
      [6 * P, 0x55n],
    ];
    const memory = new PagedSpace(image(8, words), 0x1000n, PAGING_MODES['x64-5']);
    expect(memory.u64(va(0xff00_0000_0000_0000n))).toEqual({ ok: true, value: 0x55n });
  });

  it('cannot be made to loop', () => {
    // A PML4 that points at itself, and a prototype that points at its own page.
    const words: [number, bigint][] = [
      [1 * P + 256 * 8, 0x1003n],
      [1 * P, (0xffff_8000_0000_0000n << 16n) | 0x400n],
    ];
    const memory = new PagedSpace(image(4, words), 0x1000n, PAGING_MODES['x64-4']);
    for (let slot = 0n; slot < 512n; slot++) memory.read(va(0xffff_8000_0000_0000n + (slot << 12n)), 8);
    expect(memory.read(va(0xffff_8000_0000_0000n), 8).got).toBe(0);
  });
});

describe('page tables of x86', () => {
  it('with PAE: directory base on 32 bytes, entries of 64 bits', () => {
    const words: [number, bigint][] = [
      [1 * P + 0x20 + 2 * 8, 0x2001n],
      [2 * P, 0x3003n],
      [3 * P + 8, 0x4003n],
      [4 * P, 0x99n],
    ];
    const memory = new PagedSpace(image(8, words), 0x1020n, PAGING_MODES['x86-pae']);
    expect(memory.u64(va(0x8000_1000n))).toEqual({ ok: true, value: 0x99n });
  });
  it('without PAE: entries of 32 bits', () => {
    const words: [number, bigint][] = [
      [1 * P + 0x200 * 4, 0x2003n],
      [2 * P + 4, 0x0000_0000_4003n],
      [4 * P, 0x66n],
    ];
    const memory = new PagedSpace(image(8, words), 0x1000n, PAGING_MODES.x86);
    expect(memory.u64(va(0x8000_1000n))).toEqual({ ok: true, value: 0x66n });
  });
});
