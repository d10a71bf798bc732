import { describe, expect, it } from 'vitest';
import { ArraySource } from './source.ts';
import { chars, guid, readExactly, readStruct, struct, u16, u32, u64 } from './struct.ts';

const SAMPLE = struct('SAMPLE', 32, 'made for this test', { a: u16(0), b: u32(4), c: u64(8), id: guid(16) });

describe('struct descriptors', () => {
  it('read little-endian fields at their offsets', () => {
    const bytes = Uint8Array.from([
      1, 2, 0, 0, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1, 0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
    ]);
    const read = readStruct(SAMPLE, new ArraySource(bytes), 0);
    expect(read).toEqual({ ok: true, value: { a: 0x201, b: 0x01020304, c: 0x0102030405060708n, id: '00112233-4455-6677-8899-aabbccddeeff' } });
  });

  it('say where the file ended instead of inventing zeros', () => {
    expect(readStruct(SAMPLE, new ArraySource(new Uint8Array(31)), 0)).toEqual({
      ok: false,
      missing: { why: 'outside-file', at: 0, length: 32, fileSize: 31 },
    });
  });

  it('refuse offsets and lengths that no file has', () => {
    const source = new ArraySource(new Uint8Array(8));
    for (const at of [-1, Number.NaN, 2 ** 60, 0.5]) expect(readExactly(source, at, 1).ok).toBe(false);
    expect(readExactly(source, 0, Number.POSITIVE_INFINITY).ok).toBe(false);
  });

  it('cut text at its NUL', () => {
    const text = struct('T', 4, 'made for this test', { name: chars(0, 4) });
    expect(readStruct(text, new ArraySource(Uint8Array.from([65, 66, 0, 67])), 0)).toEqual({ ok: true, value: { name: 'AB' } });
  });
});
