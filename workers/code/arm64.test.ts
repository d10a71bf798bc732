import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { type Va, va } from '../base/address.ts';
import { ArraySource } from '../bytes/source.ts';
import { openPeFile } from '../formats/pe/file.ts';
import { isCode } from '../formats/pe/headers.ts';
import { corpusBytes, hasCorpus } from '../testing/node/corpus.ts';
import { decodeArm64 } from './arm64.ts';
import type { Instruction } from './decoder.ts';

const bytesOf = (word: number): Uint8Array => new Uint8Array(Uint32Array.of(word).buffer);
function decode(word: number, at = 0xfffff803f32de010n): Instruction {
  const result = decodeArm64(bytesOf(word), va(at));
  if (!result.ok) throw new Error(JSON.stringify(result.missing));
  return result.value;
}
const line = (one: Instruction): string => (one.operands === '' ? one.mnemonic : `${one.mnemonic.padEnd(11)} ${one.operands}`);

/** Lines as dumpbin, cl and WinDbg print them in public listings. */
const PRINTED: readonly [word: number, printed: string][] = [
  [0xd10103ff, 'sub         sp,sp,#0x40'],
  [0xa9008be1, 'stp         x1,x2,[sp,#8]'],
  [0xa90193e3, 'stp         x3,x4,[sp,#0x18]'],
  [0xf9001fe7, 'str         x7,[sp,#0x38]'],
  [0xa9bd7bfd, 'stp         fp,lr,[sp,#-0x30]!'],
  [0x910003fd, 'mov         fp,sp'],
  [0x9100e3e8, 'add         x8,sp,#0x38'],
  [0xf9400fe1, 'ldr         x1,[sp,#0x18]'],
  [0x2a0003e0, 'mov         w0,w0'],
  [0xb90013e0, 'str         w0,[sp,#0x10]'],
  [0xd2800008, 'mov         x8,#0'],
  [0xa8c37bfd, 'ldp         fp,lr,[sp],#0x30'],
  [0x910103ff, 'add         sp,sp,#0x40'],
  [0xd65f03c0, 'ret'],
  [0xd503201f, 'nop'],
  [0xd63f0220, 'blr         xip1'],
  [0xd63f01e0, 'blr         x15'],
  [0xa9426bf9, 'ldp         x25,x26,[sp,#0x20]'],
  [0xd503237f, 'pacibsp'],
];

describe('spelling of A64 instructions', () => {
  it.each(PRINTED)('%s', (word, printed) => expect(line(decode(word))).toBe(printed));
  it('writes targets as addresses', () => {
    expect(line(decode(0x94000001))).toBe('bl          fffff803`f32de014');
    expect(line(decode(0x54ffffe0))).toBe('beq         fffff803`f32de00c');
    expect(line(decode(0x90000008))).toBe('adrp        x8,fffff803`f32de000');
  });
});

describe('what an A64 instruction is and touches', () => {
  it.each([
    [0x94000001, 'call'],
    [0xd63f0220, 'indirect-call'],
    [0xd73f0928, 'indirect-call'],
    [0x14000002, 'jump'],
    [0xd61f0220, 'indirect-jump'],
    [0xb4000040, 'conditional-jump'],
    [0x36000040, 'conditional-jump'],
    [0xd65f03c0, 'return'],
    [0xd65f0fff, 'return'],
    [0xd4200000, 'interrupt'],
    [0xf9001fe7, 'next'],
  ])('%s is %s', (word, flow) => expect(decode(word).flow).toBe(flow));
  it('gives memory, registers read and written', () => {
    expect(decode(0xa9bd7bfd)).toMatchObject({
      memory: [{ base: 'sp', displacement: -0x30n, sizeBytes: 16, access: 'write' }],
      reads: ['fp', 'lr', 'sp'],
      writes: ['sp'],
    });
    expect(decode(0xa8c37bfd)).toMatchObject({ memory: [{ base: 'sp', displacement: 0n, access: 'read' }], reads: ['sp'], writes: ['fp', 'lr', 'sp'] });
    expect(decode(0xf8697908)).toMatchObject({
      operands: 'x8,[x8,x9,lsl #3]',
      memory: [{ base: 'x8', index: 'x9', scale: 8, sizeBytes: 8, access: 'read' }],
      writes: ['x8'],
    });
    expect(decode(0x58000183, 0x1000n)).toMatchObject({ memory: [{ absolute: 0x1030n, sizeBytes: 8, access: 'read' }], writes: ['x3'] });
    expect(decode(0x94000001)).toMatchObject({ writes: ['lr'], reads: [] });
  });
  it('answers with a reason for short bytes, odd addresses and what is not decoded', () => {
    expect(decodeArm64(Uint8Array.of(1, 2), va(0n))).toMatchObject({ ok: false, missing: { why: 'not-valid' } });
    expect(decodeArm64(bytesOf(0xd65f03c0), va(2n))).toMatchObject({ ok: false, missing: { why: 'not-valid' } });
    expect(decodeArm64(bytesOf(0x4ea31c62), va(0n))).toMatchObject({ ok: false, missing: { why: 'not-computed' } });
  });
});

interface Other {
  Capstone: new (arch: number, mode: number) => { disasm(bytes: Uint8Array, at: number): { mnemonic: string; op_str: string }[]; close(): void };
  ARCH_ARM64: number;
}
const require = createRequire(import.meta.url);

const IMAGES = [
  'symbols/pe/radare2/pe-arm64-windows-desktop.exe',
  'symbols/pe/rizin/hello_world_arm/hello_world_arm64_ZiZoO2.exe',
  'symbols/pdb/node-pty/prebuilds/win32-arm64/conpty_console_list.node',
  'symbols/pdb/seh_tests/ARM64/xcpt4.exe',
];

/** Capstone's spelling in ours. */
function normal(mnemonic: string, operands: string): string {
  const number = (_all: string, sign: string, digits: string): string => `${sign}${BigInt(digits)}`;
  const text = operands
    .toLowerCase()
    .replaceAll(' ', '')
    .replace(/([0-9a-f]{8})`([0-9a-f]{8})/g, '0x$1$2')
    .replace(/(#-?|\b)(0x[0-9a-f]+|\d+)\b/g, number)
    .replaceAll('#', '')
    .replace(/\bxip0\b/g, 'x16')
    .replace(/\bxip1\b/g, 'x17')
    .replace(/\bxpr\b/g, 'x18')
    .replace(/\bfp\b/g, 'x29')
    .replace(/\blr\b/g, 'x30');
  return `${mnemonic.replace('.', '')} ${text}`.trim();
}

/** The same number signed or not, and 32 bits written as 64. */
const unsigned = (text: string): string =>
  text
    .replace(/-?\b\d{19,20}\b/g, (digits) => BigInt.asIntN(64, BigInt(digits)).toString())
    .replace(
      /^(\S+ ([wx])\d+,)(-?\d+)$/,
      (_all, start: string, size: string, digits: string) => start + BigInt.asUintN(size === 'w' ? 32 : 64, BigInt(digits)).toString(),
    );

describe.skipIf(!hasCorpus)('code of real ARM64 images, against Capstone', () => {
  it('equals wherever it decodes, and decodes nearly all', async () => {
    const load = require('@alexaltea/capstone-js') as (options: object) => Promise<Other>;
    const other = await load({});
    const engine = new other.Capstone(other.ARCH_ARM64, 0);
    const counts = { words: 0, decoded: 0, equal: 0 };
    const differing = new Map<string, string>();
    for (const path of IMAGES) {
      const file = openPeFile(new ArraySource(corpusBytes(path), path));
      if (!file.ok) throw new Error(path);
      for (const section of file.value.headers.sections.filter(isCode)) {
        const { bytes } = file.value.read(section.rva, section.virtualSize);
        for (let at = 0; at + 4 <= bytes.length; at += 4) {
          const word = bytes.slice(at, at + 4);
          const place = section.rva + at;
          const [theirs] = disassemble(engine, word, place);
          if (!theirs) continue;
          counts.words += 1;
          const mine = decodeArm64(word, BigInt(place) as Va);
          if (!mine.ok) continue;
          counts.decoded += 1;
          const ours = unsigned(normal(mine.value.mnemonic, mine.value.operands));
          const wanted = unsigned(normal(theirs.mnemonic, theirs.op_str));
          if (ours === wanted || isTaste(ours, wanted)) counts.equal += 1;
          else differing.set(theirs.mnemonic, `${ours} | ${wanted}`);
        }
      }
    }
    engine.close();
    console.log(`A64: ${counts.words} instructions, ${counts.decoded} decoded, ${counts.equal} equal`);
    expect([...differing.values()]).toEqual([]);
    expect(counts.decoded / counts.words).toBeGreaterThan(0.97);
  });
});

function disassemble(engine: InstanceType<Other['Capstone']>, word: Uint8Array, at: number): { mnemonic: string; op_str: string }[] {
  try {
    return engine.disasm(word, at);
  } catch {
    return []; // Capstone throws where the word is no instruction: data among the code.
  }
}

/** Differences of taste: commas before shifts, and system registers that we write by number. */
function isTaste(ours: string, wanted: string): boolean {
  const bare = (text: string): string => text.replace(/[,\s]/g, '');
  return bare(ours) === bare(wanted) || (/^(mrs|msr) /.test(ours) && /s[23]_\d_c\d+_c\d+_\d/.test(ours));
}
