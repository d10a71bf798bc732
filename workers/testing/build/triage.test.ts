/** Triage dumps by hand: offsets counted from rizin's dmp_specs.h and from the order real files of both writers have. */
import { describe, expect, it } from 'vitest';
import { ascii, get, utf16 } from './binary.ts';
import { triageOf } from './scene.ts';
import { driverFault } from './scenes.ts';

const scene = driverFault();
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

describe.each(['extracted', 'direct'] as const)('%s', (style) => {
  const { bytes } = triageOf(scene, { style });
  const u = (at: number, width = 4): number => Number(get(bytes, at, width));
  const field = {
    ...{ sizeOfDump: u(0x2004), valid: u(0x2008), mm: u(0x2014), unloaded: u(0x2018), prcb: u(0x201c), process: u(0x2020), thread: u(0x2024) },
    ...{ stack: u(0x2028), stackSize: u(0x202c), drivers: u(0x2030), driverCount: u(0x2034), strings: u(0x2038), stringsSize: u(0x203c) },
    ...{ options: u(0x2044), kdbg: u(0x2070), kdbgSize: u(0x2074), blocks: u(0x2078), blockCount: u(0x207c) },
  };

  it('has its parts one after the other, in the order of its writer', () => {
    expect(text(bytes.subarray(0, 8))).toBe('PAGEDU64');
    expect(u(0xf98)).toBe(4);
    expect(field.mm).toBe(0x2080);
    expect([u(0x2080), u(0x2084)]).toEqual([1, 0x50]);
    const unloadedSize = style === 'extracted' ? 8 + 6 * 56 : 8 + 50 * 56;
    const afterMm = style === 'extracted' ? field.unloaded : field.prcb;
    expect(afterMm).toBe(0x20d0);
    if (style === 'extracted') expect(field.prcb).toBe(field.unloaded + unloadedSize);
    expect(field.process).toBe(field.prcb + 0xaf00);
    expect(field.thread).toBe(field.process + 0xa40);
    expect(field.stack).toBe(field.thread + 0x898);
    expect(field.kdbg).toBe(field.stack + field.stackSize);
    expect(field.drivers).toBe(field.kdbg + 0x380 + (style === 'direct' ? unloadedSize : 0));
    expect(field.strings).toBe(field.drivers + 0x90 * field.driverCount);
    expect(field.blocks).toBe(field.strings + field.stringsSize);
    expect(field.options).toBe(style === 'extracted' ? 0xffffffff : 0x41);
  });

  it('ends in TRGD, and the blobs begin there', () => {
    expect(field.valid).toBe(field.sizeOfDump - 4);
    expect(text(bytes.subarray(field.valid, field.valid + 4))).toBe('TRGD');
    if (style === 'direct') expect(field.sizeOfDump % 0x200).toBe(0);
    expect(text(bytes.subarray(field.sizeOfDump, field.sizeOfDump + 8))).toBe('DumpBlob');
    let at = field.sizeOfDump + 16;
    let count = 0;
    for (; at + 0x20 <= bytes.length && u(at) === 0x20; count++) at += 0x20 + u(at + 0x14) + u(at + 0x18) + u(at + 0x1c);
    expect([at, count]).toEqual([bytes.length, scene.blobs.length]);
    expect(u(0xfa0, 8)).toBe(bytes.length);
  });

  it('names its drivers, and keeps the filler where nothing was set', () => {
    const name = u(field.drivers);
    const expected = style === 'extracted' ? String.raw`\SystemRoot\system32\ntoskrnl.exe` : 'ntoskrnl.exe';
    expect(u(name)).toBe(expected.length);
    expect(bytes.subarray(name + 4, name + 4 + expected.length * 2)).toEqual(utf16(expected));
    expect(get(bytes, field.drivers + 0x38, 8)).toBe(scene.modules[0]?.base);
    expect(text(bytes.subarray(0xfb0, 0xfb4))).toBe('PAGE');
  });

  it('holds the stack from its lowest address, and its blocks', () => {
    expect(get(bytes, 0x2048, 8)).toBe(scene.stack.address);
    expect(get(bytes, 0x348 + 0x98, 8)).toBe(scene.stack.address);
    expect(bytes.subarray(field.stack, field.stack + field.stackSize)).toEqual(scene.stack.bytes);
    for (let index = 0; index < field.blockCount; index++) {
      const [offset, size] = [u(field.blocks + index * 16 + 8), u(field.blocks + index * 16 + 12)];
      expect(offset + size).toBeLessThanOrEqual(field.valid);
    }
  });
});

describe('what real files of the corpus lack', () => {
  it('a broken driver, a data page, a stale tail', () => {
    const tail = ascii('tail of another file');
    const { bytes, places } = triageOf(scene, {
      style: 'direct',
      change: (spec) => ({
        ...spec,
        brokenDriver: 'examplenic.sys',
        dataPage: { address: 0xffffe08100001000n, bytes: new Uint8Array(0x1000).fill(7) },
        staleTail: tail,
      }),
    });
    const u = (at: number, width = 4): number => Number(get(bytes, at, width));
    expect(bytes.subarray(u(0x2040) + 4, u(0x2040) + 4 + 28)).toEqual(utf16('examplenic.sys'));
    expect([get(bytes, 0x2060, 8), u(0x206c), bytes[u(0x2068)]]).toEqual([0xffffe08100001000n, 0x1000, 7]);
    expect(bytes.subarray(places['BlobsEnd'] ?? 0)).toEqual(tail);
    expect(u(0xfa0, 8)).toBe(bytes.length);
  });
});
