/**
 * Dumps of 5 and 64 GB, written as sparse files by a tool outside the repository (FAULTLINE_SPARSEDUMP, by default
 * ../../shared/tools/sparsedump/sparsedump.mjs): opening them reads what the budgets of the design allow, and no more.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { driveSync } from '../base/job.ts';
import { BlockCache } from '../bytes/blockcache.ts';
import type { ByteSource } from '../bytes/source.ts';
import { openTarget, readFirst } from './open.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const places = [
  process.env['FAULTLINE_SPARSEDUMP'],
  join(root, '../shared/tools/sparsedump/sparsedump.mjs'),
  join(root, '../../shared/tools/sparsedump/sparsedump.mjs'),
];
const tool = places.find((place): place is string => place !== undefined && existsSync(place));
if (!tool) console.warn('SKIPPED: no sparsedump tool; dumps of 5 and 64 GB are not opened');

class FileSource implements ByteSource {
  readonly name = 'sparse';
  readonly size: number;
  readonly #fd: number;
  constructor(fd: number) {
    this.#fd = fd;
    this.size = fstatSync(fd).size;
  }
  readBlock(offset: number, length: number): Uint8Array {
    const buffer = new Uint8Array(Math.max(0, Math.min(length, this.size - offset)));
    return buffer.subarray(0, buffer.length === 0 ? 0 : readSync(this.#fd, buffer, 0, buffer.length, offset));
  }
}

interface Made {
  readonly pages: number;
  readonly size: number;
  readonly lastMark: { readonly pa: string; readonly off: number };
}

const MIB = 1024 * 1024;
const KINDS = { full64: 'kernel-full', bmp64: 'kernel-bitmap-full', bmpkernel64: 'kernel-bitmap' } as const;
const SIZES = ['5G', '64G'] as const;

describe.skipIf(!tool)('large dumps', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'faultline-sparse-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(SIZES.flatMap((size) => (Object.keys(KINDS) as (keyof typeof KINDS)[]).map((kind) => [kind, size] as const)))('%s of %s', (kind, size) => {
    const file = join(folder, `${kind}-${size}.dmp`);
    const made = JSON.parse(execFileSync(process.execPath, [tool ?? '', kind, file, size], { encoding: 'utf8' })) as Made;
    const fd = openSync(file, 'r');
    try {
      const cache = new BlockCache(new FileSource(fd));
      const first = readFirst(cache);
      expect(first).toMatchObject({ ok: true, value: { kind: KINDS[kind], arch: 'x64', bugCheck: { code: 0xd1 }, live: { ok: true, value: false } } });
      expect(cache.counters.bytesRead).toBeLessThanOrEqual(2 * MIB);

      const opened = driveSync(openTarget(cache));
      if (!opened.ok) throw new Error(opened.problem.detail);
      const target = opened.value;
      expect(target.physical?.pageCount).toBe(made.pages);
      expect(target.oddities).toEqual([]);
      expect(target.modules.modules).toEqual([]);
      const afterOpening = cache.counters.bytesRead;
      expect(afterOpening).toBeLessThanOrEqual(2 * MIB);

      // Everything physical is mapped from 0xffff800000000000 by pages of 1 GiB; marked pages hold their own number.
      const text = (at: bigint, length: number) => new TextDecoder().decode(target.memory.read(va(0xffff_8000_0000_0000n + at), length).bytes);
      const mark = BigInt(made.lastMark.pa);
      expect(text(mark, 20)).toBe(`PFN:${(mark >> 12n).toString(16).padStart(16, '0')}`);
      expect(target.memory.translate(va(0xffff_8000_0000_0000n + mark))).toMatchObject({ ok: true, value: { fileOffset: made.lastMark.off } });
      expect([...target.memory.read(va(0xffff_8000_0000_3000n), 4).bytes]).toEqual([0x48, 0x8b, 0x01, 0xc3]);
      expect(target.memory.read(va(0xffff_8000_0000_0000n), 8).missing?.why).toBe(kind === 'full64' ? 'not-in-dump' : undefined);
      expect(cache.counters.bytesRead).toBeLessThanOrEqual(8 * MIB);
    } finally {
      closeSync(fd);
      rmSync(file, { force: true });
    }
  });
});
