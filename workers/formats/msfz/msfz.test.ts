import { deflateSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { valueOf } from '../../base/found.ts';
import { ArraySource } from '../../bytes/source.ts';
import { corpusBytes, hasCorpus } from '../../testing/node/corpus.ts';
import { openMsf } from '../msf/msf.ts';
import { openPdb } from '../pdb/pdb.ts';
import { openMsfz } from './msfz.ts';

/** A zstd frame of one raw block: magic, one segment with a size of one byte, the last block (RFC 8878, sections 3.1.1 and 3.1.1.2). */
function zstdOf(data: Uint8Array): Uint8Array {
  const head = data.length * 8 + 1;
  return Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, data.length, head & 0xff, head >> 8, 0, ...data]);
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const u32 = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >>> 24) & 0xff];
const u64 = (low: number, high = 0): number[] => [...u32(low), ...u32(high)];

interface Plan {
  readonly packed: readonly { readonly compression: number; readonly bytes: Uint8Array; readonly size: number }[];
  readonly directory: readonly number[];
  readonly streams: number;
  readonly raw?: Uint8Array;
}

/** Header, raw bytes at 80, chunks, their table, the directory. */
function made({ packed, directory, streams, raw = new Uint8Array(0) }: Plan): Uint8Array {
  const body = [...raw];
  const table = packed.flatMap(({ compression, bytes, size }) => {
    const at = 80 + body.length;
    body.push(...bytes);
    return [...u64(at), ...u32(compression), ...u32(bytes.length), ...u32(size)];
  });
  const tableAt = 80 + body.length;
  const directoryAt = tableAt + table.length;
  return Uint8Array.from([
    ...text('Microsoft MSFZ Container\r\n\x1aALD\0\0'),
    ...[...u64(0), ...u64(directoryAt), ...u64(tableAt)],
    ...[...u32(streams), ...u32(0), ...u32(directory.length), ...u32(directory.length), ...u32(packed.length), ...u32(table.length)],
    ...[...body, ...table, ...directory],
  ]);
}

const PACKED_BIT = 0x8000_0000;

describe('MSFZ', () => {
  const zstd = text('chunk of zstd, ');
  const deflate = text('chunk of deflate');
  const file = made({
    raw: text('as it is'),
    packed: [
      { compression: 1, bytes: zstdOf(zstd), size: zstd.length },
      { compression: 2, bytes: deflateSync(deflate), size: deflate.length },
    ],
    streams: 4,
    directory: [
      // Nothing; from the middle of one chunk into the next; a raw fragment and a packed one; nil.
      ...u32(0),
      ...[...u32(20), ...u64(6, PACKED_BIT), ...u32(0)],
      ...[...u32(8), ...u64(80), ...u32(5), ...u64(0, PACKED_BIT + 1), ...u32(0)],
      ...u32(0xffff_ffff),
    ],
  });
  const streamText = (bytes: Uint8Array, index: number): string | undefined => {
    const opened = openMsfz(new ArraySource(bytes));
    const stream = opened.ok ? valueOf(opened.value.stream(index)) : undefined;
    return stream && new TextDecoder().decode(stream.readBlock(0, 100));
  };

  it('puts streams together from raw and packed fragments', () => {
    expect([0, 1, 2, 3, 4].map((index) => streamText(file, index))).toEqual(['', 'of zstd, chunk of de', 'as it ischunk', '', undefined]);
    const stream = valueOf(valueOf(openMsfz(new ArraySource(file)))?.stream(2) ?? { ok: false, missing: { why: 'not-computed' } });
    expect(stream?.size).toBe(13);
    expect(new TextDecoder().decode(stream?.readBlock(7, 3))).toBe('sch');
  });

  it('says what is wrong', () => {
    const reason = (change: (bytes: Uint8Array) => void): string => {
      const bytes = file.slice();
      change(bytes);
      const opened = openMsfz(new ArraySource(bytes));
      return opened.ok ? 'opened' : JSON.stringify(opened.missing);
    };
    expect(reason((bytes) => (bytes[32] = 7))).toContain('version 7');
    expect(reason((bytes) => (bytes[60] = 9))).toContain('MSFZ compression');
    expect(reason((bytes) => (bytes[72] = 3))).toContain('MSFZ chunk table');
    expect(reason((bytes) => bytes.fill(0xff, 68, 72))).toContain('MSFZ directory');
    expect(openMsfz(new ArraySource(file.slice(0, file.length - 1))).ok).toBe(false);
    expect(openMsfz(new ArraySource(file.slice(0, 79))).ok).toBe(false);
  });

  it('reads nothing of a chunk that is not as long as it says', () => {
    for (const size of [zstd.length - 1, zstd.length + 1]) {
      const one = made({ packed: [{ compression: 1, bytes: zstdOf(zstd), size }], streams: 1, directory: [...u32(5), ...u64(0, PACKED_BIT), ...u32(0)] });
      expect(streamText(one, 0)).toBe('');
    }
    const two = made({
      packed: [{ compression: 2, bytes: text('no deflate'), size: 5 }],
      streams: 1,
      directory: [...u32(5), ...u64(0, PACKED_BIT), ...u32(0)],
    });
    expect(streamText(two, 0)).toBe('');
  });
});

describe.skipIf(!hasCorpus)('a real MSFZ file', () => {
  const FOLDER = 'symbols/pdb/dotnet-diagnostics/Microsoft.FileFormats.UnitTests/TestBinaries';

  it('has the streams of the PDB that it was made from', () => {
    const packed = openPdb(new ArraySource(corpusBytes(`${FOLDER}/HelloWorld.pdz`)));
    const plain = openMsf(new ArraySource(corpusBytes(`${FOLDER}/HelloWorld.pdb`)));
    if (!packed.ok || !plain.ok) throw new Error('not read');
    const { msf, info } = packed.value;
    expect(msf.streamCount).toBe(plain.value.streamCount);
    for (let index = 1; index < msf.streamCount; index++) {
      const [mine, theirs] = [valueOf(msf.stream(index)), valueOf(plain.value.stream(index))];
      expect(mine?.size).toBe(theirs?.size);
      expect(Buffer.from(mine?.readBlock(0, mine.size) ?? []).equals(Buffer.from(theirs?.readBlock(0, theirs.size) ?? []))).toBe(true);
    }
    // The key of HelloWorld.pdb in identity.json.
    expect(info.guid.replaceAll('-', '').toUpperCase()).toBe('99891B3ED7AE4C3BABFF8A2B4A9B0C43');
  });
});
