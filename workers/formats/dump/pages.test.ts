import { describe, expect, it } from 'vitest';
import { valueOf } from '../../base/found.ts';
import { ArraySource } from '../../bytes/source.ts';
import { readKernelHeader } from './header.ts';
import { readPageMap } from './pages.ts';

/** A header filled with 'PAGE', as Windows starts it; then fields by hand. */
function dump(type: number, size: number, write: (view: DataView, bytes: Uint8Array) => void): ArraySource {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < 0x2000; at += 4) bytes.set([0x50, 0x41, 0x47, 0x45], at);
  bytes.set(new TextEncoder().encode('PAGEDU64'));
  const view = new DataView(bytes.buffer);
  view.setUint32(0x30, 0x8664, true);
  view.setUint32(0xf98, type, true);
  write(view, bytes);
  return new ArraySource(bytes);
}
const mapOf = (source: ArraySource) => {
  const header = valueOf(readKernelHeader(source));
  return header ? readPageMap(source, header) : undefined;
};
const text = (bytes: Uint8Array, at: number, words: string): void => bytes.set(new TextEncoder().encode(words), at);

describe('where pages lie', () => {
  it('type 1 without a memory block says so', () => {
    expect(mapOf(dump(1, 0x3000, () => undefined))).toMatchObject({ ok: false, missing: { why: 'not-written-by' } });
  });

  it.each([5, 6, 7, 2])('a bitmap behind a header of type %i', (type) => {
    const map = mapOf(
      dump(type, 0x6000, (view, bytes) => {
        text(bytes, 0x2000, 'SDMPDUMP');
        view.setBigUint64(0x2020, 0x3000n, true);
        view.setBigUint64(0x2028, 3n, true);
        view.setBigUint64(0x2030, 16n, true);
      }),
    );
    expect(map).toEqual({ ok: true, value: { how: 'bitmap', bitmapAt: 0x2038, pages: 16, firstPage: 0x3000, pageCount: 3, end: 0x6000 } });
  });

  it('a bitmap that would reach into its pages is refused', () => {
    const bad = (first: bigint, present: bigint, pages: bigint) =>
      mapOf(
        dump(6, 0x6000, (view, bytes) => {
          text(bytes, 0x2000, 'FDMPDUMP');
          view.setBigUint64(0x2020, first, true);
          view.setBigUint64(0x2028, present, true);
          view.setBigUint64(0x2030, pages, true);
        }),
      );
    for (const map of [bad(0x3000n, 3n, 2n ** 20n), bad(0x3000n, 17n, 16n), bad(2n ** 63n, 1n, 16n), bad(0x3000n, 1n, 2n ** 60n)]) expect(map?.ok).toBe(false);
  });

  it.each([8, 9, 0xa])('ranges behind a header of type %i', (type) => {
    // kdmp-parser.h: { PFN, pages } from 0x2030, ended by PFN 0; pages from FirstPageOffset, in the order of the ranges.
    const map = mapOf(
      dump(type, 0x8000, (view, bytes) => {
        view.setUint32(0x2000, 0x40, true);
        text(bytes, 0x2004, 'RDMPDUMP');
        view.setBigUint64(0x2010, 0xfe0n, true);
        view.setBigUint64(0x2018, 0x3000n, true);
        [
          [0x10n, 2n],
          [0x100n, 3n],
          [0n, 0n],
        ].forEach(([base = 0n, count = 0n], index) => {
          view.setBigUint64(0x2030 + index * 16, base, true);
          view.setBigUint64(0x2038 + index * 16, count, true);
        });
      }),
    );
    expect(map).toEqual({
      ok: true,
      value: {
        how: 'runs',
        runs: [
          { basePage: 0x10, pageCount: 2, fileOffset: 0x3000 },
          { basePage: 0x100, pageCount: 3, fileOffset: 0x5000 },
        ],
        pageCount: 5,
        end: 0x8000,
      },
    });
  });

  it('a type without a known layout is a reason', () => {
    expect(mapOf(dump(3, 0x3000, () => undefined))).toMatchObject({ ok: false, missing: { why: 'unknown-layout' } });
  });
});

describe('the header', () => {
  it('never shows its filler as a value', () => {
    const header = valueOf(readKernelHeader(dump(1, 0x2000, () => undefined)));
    const {
      bits: _bits,
      machine: _machine,
      arch,
      majorVersion: _major,
      bugCheckCode: _code,
      bugCheckParameters: _parameters,
      dumpType,
      ...rest
    } = header ?? ({} as never);
    expect([arch.ok, dumpType.ok]).toEqual([true, true]);
    for (const [name, value] of Object.entries(rest)) expect([name, (value as { readonly ok?: unknown } | undefined)?.ok]).toEqual([name, false]);
  });
});
