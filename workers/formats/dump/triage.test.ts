import { describe, expect, it } from 'vitest';
import { valueOf } from '../../base/found.ts';
import { ArraySource } from '../../bytes/source.ts';
import { triageOf } from '../../testing/build/scene.ts';
import { driverFault } from '../../testing/build/scenes.ts';
import { readBlobChain } from './blobs.ts';
import { readTriage } from './triage.ts';

const built = triageOf(driverFault(), { style: 'direct' }).bytes;
const view = new DataView(built.buffer, built.byteOffset);
const u32 = (at: number): number => view.getUint32(at, true);
/** A copy of the built dump with some 32-bit words changed. */
function changed(words: Readonly<Record<number, number>>): ArraySource {
  const bytes = built.slice();
  for (const [at, value] of Object.entries(words)) new DataView(bytes.buffer).setUint32(Number(at), value, true);
  return new ArraySource(bytes);
}
const DRIVER_LIST = u32(0x2030);
const LAST_DRIVER = DRIVER_LIST + (u32(0x2034) - 1) * 0x90;

describe('triage dumps: what no real sample shows', () => {
  it('BrokenDriver names a driver, by its entry or by its string', () => {
    const last = driverFault().modules.at(-1)?.name; // the direct writer knows no paths
    for (const offset of [LAST_DRIVER, u32(LAST_DRIVER)]) {
      expect(valueOf(readTriage(changed({ 0x2040: offset })))?.brokenDriver).toEqual({ ok: true, value: last });
    }
    expect(valueOf(readTriage(new ArraySource(built)))?.brokenDriver).toMatchObject({ ok: false, missing: { why: 'not-written-by' } });
    const named = triageOf(driverFault(), { change: (spec) => ({ ...spec, brokenDriver: 'examplenic.sys' }) });
    expect(valueOf(readTriage(new ArraySource(named.bytes)))?.brokenDriver).toEqual({ ok: true, value: 'examplenic.sys' });
    expect(valueOf(readTriage(changed({ 0x2040: 0x2000 })))?.brokenDriver.ok).toBe(false);
    expect(valueOf(readTriage(changed({ 0x2040: 0x7fff_ffff })))?.brokenDriver.ok).toBe(false);
  });

  it('DataPage is memory like the stack', () => {
    const source = changed({ 0x2060: 0x5000, 0x2064: 0xfffff800, 0x2068: 0x3000, 0x206c: 0x1000 });
    expect(valueOf(readTriage(source))?.dataPage).toEqual({ ok: true, value: { va: 0xfffff800_00005000n, fileOffset: 0x3000, size: 0x1000 } });
  });

  it('a bad table is a reason and leaves the others readable', () => {
    const tables = {
      unloaded: { 0x2018: 0xffff_fff0 },
      drivers: { 0x2034: 0x7fff_ffff },
      dataBlocks: { 0x207c: 0x7fff_ffff },
      mmStorage: { 0x2014: built.length - 4 },
    } as const;
    for (const [table, words] of Object.entries(tables)) {
      const triage = valueOf(readTriage(changed(words)));
      const states = Object.fromEntries(Object.keys(tables).map((name) => [name, triage?.[name as keyof typeof tables].ok]));
      expect(states).toEqual({ unloaded: true, drivers: true, dataBlocks: true, mmStorage: true, [table]: false });
    }
  });
});

describe('secondary data', () => {
  const at = u32(0x2004);
  it('ends at a header of another size, and nothing behind it is read', () => {
    const chain = valueOf(readBlobChain(new ArraySource(built), at));
    const stale = new Uint8Array(built.length + 4096).fill(0x41);
    stale.set(built.subarray(0, chain?.end ?? built.length));
    const read = valueOf(readBlobChain(new ArraySource(stale), at));
    expect(read?.blobs).toEqual(chain?.blobs);
    expect([read?.end, read?.ended]).toEqual([chain?.end, 'other-header']);
  });

  it('does not hang on blocks of no size and says where the file ends inside one', () => {
    const bytes = new Uint8Array(16 + 32 * 10_000);
    const write = new DataView(bytes.buffer);
    bytes.set(new TextEncoder().encode('DumpBlob'));
    write.setUint32(8, 16, true);
    for (let block = 16; block < bytes.length; block += 32) write.setUint32(block, 32, true);
    expect(valueOf(readBlobChain(new ArraySource(bytes), 0))).toMatchObject({ ended: 'limit' });
    write.setUint32(16 + 20, 0xffff_ffff, true);
    expect(valueOf(readBlobChain(new ArraySource(bytes), 0))).toMatchObject({ blobs: [{ truncated: true }], end: bytes.length });
  });
});
