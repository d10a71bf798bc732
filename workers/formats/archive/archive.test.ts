/** Archives made here by Node's zlib and by hand (PKWARE APPNOTE, RFC 1952); nothing of the parsers is used to make them. */
import { crc32 as nodeCrc, deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { driveSync, type Step } from '../../base/job.ts';
import { ArraySource } from '../../bytes/source.ts';
import { type ArchiveContents, listArchive, unpackDump } from './archive.ts';
import { crc32 } from './crc32.ts';
import { Inflater } from './inflater.ts';
import { archiveKind } from './kind.ts';

interface FileIn {
  readonly name: string;
  readonly data: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  readonly zip64?: boolean;
  readonly crc?: number;
  readonly size?: number;
}

const le = (value: number | bigint, size: number): Buffer => {
  const out = Buffer.alloc(size);
  if (size === 8) out.writeBigUInt64LE(BigInt(value));
  else out.writeUIntLE(Number(value), 0, size);
  return out;
};
/** CRC bit by bit, as RFC 1952 defines it. */
function slowCrc(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function zipOf(files: readonly FileIn[], options: { readonly prefix?: Uint8Array; readonly zip64End?: boolean; readonly comment?: string } = {}): Uint8Array {
  const prefix = Buffer.from(options.prefix ?? new Uint8Array());
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const file of files) {
    const method = file.method ?? 8;
    const packed = method === 8 ? deflateRawSync(file.data) : Buffer.from(file.data);
    const name = Buffer.from(file.name);
    const crc = file.crc ?? slowCrc(file.data);
    const size = file.size ?? file.data.length;
    const flags = (file.flags ?? 0) | 0x800;
    const localExtra = Buffer.from([0x99, 0x99, 2, 0, 1, 2]);
    const local = Buffer.concat([
      le(0x04034b50, 4),
      le(20, 2),
      le(flags, 2),
      le(method, 2),
      le(0, 4),
      le(crc, 4),
      le(packed.length, 4),
      le(size, 4),
      le(name.length, 2),
      le(localExtra.length, 2),
      name,
      localExtra,
      packed,
    ]);
    const extra = file.zip64 ? Buffer.concat([le(1, 2), le(24, 2), le(size, 8), le(packed.length, 8), le(at, 8)]) : Buffer.alloc(0);
    const big = 0xffffffff;
    central.push(
      Buffer.concat([
        ...[le(0x02014b50, 4), le(20, 2), le(20, 2), le(flags, 2), le(method, 2), le(0, 4), le(crc, 4)],
        ...[
          le(file.zip64 ? big : packed.length, 4),
          le(file.zip64 ? big : size, 4),
          le(name.length, 2),
          le(extra.length, 2),
          le(0, 2),
          le(0, 2),
          le(0, 2),
          le(0, 4),
        ],
        ...[le(file.zip64 ? big : at, 4), name, extra],
      ]),
    );
    parts.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(central);
  const comment = Buffer.from(options.comment ?? '');
  const end64 = Buffer.concat([
    le(0x06064b50, 4),
    le(44, 8),
    le(45, 2),
    le(45, 2),
    le(0, 4),
    le(0, 4),
    le(files.length, 8),
    le(files.length, 8),
    le(directory.length, 8),
    le(at, 8),
  ]);
  const locator = Buffer.concat([le(0x07064b50, 4), le(0, 4), le(prefix.length + at + directory.length, 8), le(1, 4)]);
  const full = options.zip64End === true;
  const end = Buffer.concat([
    ...[le(0x06054b50, 4), le(0, 2), le(0, 2), le(full ? 0xffff : files.length, 2), le(full ? 0xffff : files.length, 2)],
    ...[le(full ? 0xffffffff : directory.length, 4), le(full ? 0xffffffff : at, 4), le(comment.length, 2), comment],
  ]);
  return new Uint8Array(Buffer.concat([prefix, ...parts, directory, ...(full ? [end64, locator] : []), end]));
}

function sample(length: number, signature = 'MDMP'): Uint8Array {
  const data = new Uint8Array(length);
  let state = 12345;
  for (let index = 0; index < length; index++) {
    state = (state * 1103515245 + 12345) >>> 0;
    data[index] = index % 7 === 0 ? state >>> 24 : index & 0xff;
  }
  data.set(new TextEncoder().encode(signature));
  return data;
}

const list = (bytes: Uint8Array, name = 'a.zip') => driveSync(listArchive(new ArraySource(bytes, name)));
function contents(bytes: Uint8Array, name?: string): ArchiveContents {
  const result = list(bytes, name);
  if (!result.ok) throw new Error(`${result.problem.code}: ${result.problem.detail}`);
  return result.value;
}
function unpack(bytes: Uint8Array, limit = 2 ** 30, index = 0) {
  const dump = contents(bytes).dumps[index];
  if (!dump) throw new Error('no dump');
  const chunks: Uint8Array[] = [];
  const result = driveSync(unpackDump(dump, (chunk) => chunks.push(chunk), limit));
  return { result, data: Buffer.concat(chunks) };
}
const codeOf = (bytes: Uint8Array): string => {
  const result = list(bytes);
  return result.ok ? 'ok' : result.problem.code;
};

describe('CRC-32', () => {
  it('is the one of RFC 1952', () => {
    const data = sample(5000);
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(crc32(data.subarray(100), crc32(data.subarray(0, 100)))).toBe(slowCrc(data));
    if (typeof nodeCrc === 'function') expect(crc32(data)).toBe(nodeCrc(data));
  });
});

describe('Inflater', () => {
  it('tells how many bytes its stream takes, whatever the pieces', () => {
    const data = sample(70_000);
    for (const level of [0, 1, 9]) {
      const packed = deflateRawSync(data, { level });
      const bytes = Buffer.concat([packed, Buffer.from('behind the end')]);
      for (const piece of [13, 1000, bytes.length]) {
        const inflater = new Inflater();
        const out: Uint8Array[] = [];
        let used = 0;
        for (let at = 0; at < bytes.length && !inflater.ended; at += piece) {
          const result = inflater.push(new Uint8Array(bytes.subarray(at, at + piece)), (chunk) => out.push(chunk) > 0);
          expect(result.ok).toBe(true);
          if (result.ok) used = at + result.used;
        }
        expect([inflater.ended, used]).toEqual([true, packed.length]);
        expect(Buffer.concat(out).equals(Buffer.from(data))).toBe(true);
      }
    }
  });
});

describe('zip', () => {
  const dump = sample(300_000);

  it.each([
    ['deflated', zipOf([{ name: 'x.dmp', data: dump }])],
    ['stored', zipOf([{ name: 'x.dmp', data: dump, method: 0 }])],
    ['Zip64 entry', zipOf([{ name: 'x.dmp', data: dump, zip64: true }])],
    ['Zip64 end', zipOf([{ name: 'x.dmp', data: dump, zip64: true }], { zip64End: true })],
    ['behind a self-extractor', zipOf([{ name: 'x.dmp', data: dump }], { prefix: new Uint8Array([0x50, 0x4b, 3, 4, ...sample(1000, 'MZ')]) })],
    ['with a comment', zipOf([{ name: 'x.dmp', data: dump }], { comment: 'made by hand' })],
  ])('%s: finds the dump and unpacks it', (_, bytes) => {
    const { kind, dumps, entries } = contents(bytes);
    expect([kind, entries.length, dumps[0]?.path, dumps[0]?.signature]).toEqual(['zip', 1, 'x.dmp', 'MDMP']);
    expect(dumps[0]?.sizeBytes).toEqual({ ok: true, value: dump.length });
    const { result, data } = unpack(bytes);
    expect(result).toEqual({ ok: true, value: { sizeBytes: dump.length } });
    expect(data.equals(Buffer.from(dump))).toBe(true);
  });

  it('goes by the first bytes, not by the name', () => {
    const bytes = zipOf([
      { name: 'folder/', data: new Uint8Array() },
      { name: 'fake.dmp', data: sample(4000, 'TEXT') },
      { name: 'crash.bin', data: sample(4000, 'PAGEDU64') },
      { name: 'notes.txt', data: sample(9000, 'hello') },
    ]);
    expect(contents(bytes).dumps.map(({ path, signature }) => [path, signature])).toEqual([['crash.bin', 'PAGEDU64']]);
    expect(codeOf(zipOf([{ name: 'fake.dmp', data: sample(4000, 'TEXT') }]))).toBe('ARCHIVE_NO_DUMP');
    expect(codeOf(zipOf([]))).toBe('ARCHIVE_NO_DUMP');
  });

  it('reads the directory and the first bytes, not the file', () => {
    const big = sample(8_000_000);
    const bytes = zipOf([{ name: 'x.dmp', data: big, method: 0 }]);
    const inner = new ArraySource(bytes);
    let read = 0;
    const counting = { name: 'a.zip', size: inner.size, readBlock: (at: number, length: number) => ((read += length), inner.readBlock(at, length)) };
    expect(driveSync(listArchive(counting)).ok).toBe(true);
    expect(read).toBeLessThan(100_000);
  });

  it('names encrypted entries and methods it cannot undo', () => {
    const locked = list(zipOf([{ name: 'x.dmp', data: dump, flags: 1 }]));
    expect(locked).toMatchObject({ ok: false, problem: { code: 'ARCHIVE_UNSUPPORTED' } });
    expect(!locked.ok && locked.problem.detail).toContain('encrypted');
    const both = contents(
      zipOf([
        { name: 'x.dmp', data: dump, flags: 1 },
        { name: 'y.dmp', data: dump },
      ]),
    );
    expect(both.dumps.map(({ path }) => path)).toEqual(['y.dmp']);
    expect(both.refused.map(({ path, problem }) => [path, problem.code])).toEqual([['x.dmp', 'ARCHIVE_UNSUPPORTED']]);
    const lzma = list(zipOf([{ name: 'x.dmp', data: dump, method: 14 }]));
    expect(!lzma.ok && lzma.problem.detail).toContain('LZMA');
  });

  it('checks CRC and size', () => {
    expect(unpack(zipOf([{ name: 'x.dmp', data: dump, crc: 1 }])).result).toMatchObject({ ok: false, problem: { code: 'ARCHIVE_BROKEN' } });
    expect(unpack(zipOf([{ name: 'x.dmp', data: dump, size: dump.length - 1 }])).result).toMatchObject({ ok: false, problem: { code: 'ARCHIVE_BROKEN' } });
    expect(unpack(zipOf([{ name: 'x.dmp', data: dump, size: dump.length + 1 }])).result).toMatchObject({ ok: false, problem: { code: 'ARCHIVE_BROKEN' } });
  });

  it('stops a bomb at the limit', () => {
    const bomb = new Uint8Array(24 * 1024 * 1024);
    bomb.set(new TextEncoder().encode('MDMP'));
    const bytes = zipOf([{ name: 'x.dmp', data: bomb, crc: 0 }]);
    const { result, data } = unpack(bytes, 1_000_000);
    expect(result).toMatchObject({ ok: false, problem: { code: 'ARCHIVE_TOO_LARGE' } });
    expect(data.length).toBe(0);
    expect(codeOf(zipOf([{ name: 'x.dmp', data: bomb, crc: 0, size: 1000 }]))).toBe('ARCHIVE_BROKEN');
    const packed = unpack(new Uint8Array(gzipSync(bomb)), 1_000_000);
    expect(packed.result).toMatchObject({ ok: false, problem: { code: 'ARCHIVE_TOO_LARGE' } });
    expect(packed.data.length).toBeLessThanOrEqual(1_000_000);
  });

  it('looks one archive deep', () => {
    const inner = zipOf([{ name: 'deep.dmp', data: dump }]);
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['logs/x.dmp', zipOf([{ name: 'logs/x.dmp.gz', data: new Uint8Array(gzipSync(dump)) }])],
      ['inner.zip/deep.dmp', zipOf([{ name: 'inner.zip', data: inner }])],
      ['inner.zip/deep.dmp', zipOf([{ name: 'inner.zip', data: inner, method: 0 }])],
    ];
    for (const [path, bytes] of cases) {
      expect(contents(bytes).dumps.map((one) => one.path)).toEqual([path]);
      expect(unpack(bytes).data.equals(Buffer.from(dump))).toBe(true);
    }
    expect(codeOf(zipOf([{ name: 'outer.zip', data: zipOf([{ name: 'inner.zip', data: inner }]) }]))).toBe('ARCHIVE_NO_DUMP');
  });
});

describe('gzip', () => {
  const dump = sample(300_000, 'PAGEDU64');

  it('unpacks one and several members, with padding behind them', () => {
    const [half, rest] = [dump.subarray(0, 100_000), dump.subarray(100_000)];
    for (const bytes of [gzipSync(dump), Buffer.concat([gzipSync(half), gzipSync(rest)]), Buffer.concat([gzipSync(half), gzipSync(rest), Buffer.alloc(512)])]) {
      expect(contents(new Uint8Array(bytes), 'MEMORY.DMP.gz').dumps.map(({ path, signature }) => [path, signature])).toEqual([['MEMORY.DMP', 'PAGEDU64']]);
      const { result, data } = unpack(new Uint8Array(bytes));
      expect(result).toEqual({ ok: true, value: { sizeBytes: dump.length } });
      expect(data.equals(Buffer.from(dump))).toBe(true);
    }
  });

  it('takes the name that the header holds', () => {
    const plain = gzipSync(dump);
    const named = Buffer.concat([plain.subarray(0, 3), Buffer.from([8]), plain.subarray(4, 10), Buffer.from('crash.dmp\0'), plain.subarray(10)]);
    expect(contents(new Uint8Array(named), 'a.gz').dumps[0]?.path).toBe('crash.dmp');
    expect(unpack(new Uint8Array(named)).data.equals(Buffer.from(dump))).toBe(true);
  });

  it('checks the trailer and says where the file is cut', () => {
    const bytes = new Uint8Array(gzipSync(dump));
    const wrong = bytes.slice();
    wrong[wrong.length - 5] = (wrong[wrong.length - 5] ?? 0) ^ 1;
    expect(unpack(wrong).result).toMatchObject({ ok: false, problem: { code: 'ARCHIVE_BROKEN' } });
    for (const cut of [bytes.length - 1, bytes.length - 8, bytes.length >> 1])
      expect(unpack(bytes.slice(0, cut)).result).toMatchObject({ ok: false, problem: { code: 'ARCHIVE_BROKEN' } });
  });

  it('reports progress with its object', () => {
    const dumpFound = contents(new Uint8Array(gzipSync(sample(3_000_000)))).dumps[0];
    if (!dumpFound) throw new Error('no dump');
    const steps: Step[] = [];
    const job = unpackDump(dumpFound, () => undefined, 2 ** 30);
    for (let next = job.next(); !next.done; next = job.next()) steps.push(next.value);
    expect(steps.length).toBeGreaterThan(2);
    expect(steps.every((step) => 'progress' in step && step.of === dumpFound.packedBytes)).toBe(true);
  });
});

describe('other archives', () => {
  it.each([
    ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4], '.7z'],
    ['rar', [0x52, 0x61, 0x72, 0x21, 0x1a, 7, 1, 0], '.rar'],
    ['cab', [0x4d, 0x53, 0x43, 0x46, 0, 0, 0, 0, 1], '.cab'],
  ])('%s is named', (kind, head, word) => {
    const bytes = Uint8Array.from([...head, ...new Array<number>(100).fill(0)]);
    expect(archiveKind(bytes)).toBe(kind);
    const result = list(bytes);
    expect(result).toMatchObject({ ok: false, problem: { code: 'ARCHIVE_UNSUPPORTED' } });
    expect(!result.ok && result.problem.detail).toContain(word);
  });
});

describe('damage', () => {
  it('gives only known codes, whatever is cut or changed', () => {
    const dump = sample(3000);
    const whole = zipOf([
      { name: 'x.dmp', data: dump },
      { name: 'y.dmp.gz', data: new Uint8Array(gzipSync(dump)) },
      { name: 'z.zip', data: zipOf([{ name: 'deep.dmp', data: dump }]) },
    ]);
    const known = new Set(['ok', 'ARCHIVE_BROKEN', 'ARCHIVE_UNSUPPORTED', 'ARCHIVE_NO_DUMP', 'ARCHIVE_TOO_LARGE']);
    const tryAll = (bytes: Uint8Array): void => {
      const result = list(bytes);
      expect(known).toContain(result.ok ? 'ok' : result.problem.code);
      for (const one of result.ok ? result.value.dumps : []) {
        const unpacked = driveSync(unpackDump(one, () => undefined, 1_000_000));
        expect(known).toContain(unpacked.ok ? 'ok' : unpacked.problem.code);
      }
    };
    let state = 20261122;
    const random = (below: number): number => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0), Math.floor((state / 2 ** 32) * below));
    for (const base of [whole, new Uint8Array(gzipSync(dump))]) {
      for (let cut = 0; cut < 64; cut++) tryAll(base.slice(0, Math.floor((base.length * cut) / 64)));
      for (let round = 0; round < 300; round++) {
        const bytes = base.slice();
        for (let change = 0; change <= round % 5; change++) bytes[random(bytes.length)] = random(256);
        tryAll(bytes);
      }
    }
  });
});
