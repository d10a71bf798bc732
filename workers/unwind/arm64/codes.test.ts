import { describe, expect, it } from 'vitest';
import { hasCorpus } from '../../testing/node/corpus.ts';
import { functionTexts, unwoundImages } from '../../testing/node/readobj.ts';
import { ImageCode } from '../imagecode.ts';
import { type Arm64Code, parseCodes } from './codes.ts';
import { findArm64Function } from './function.ts';
import { expandPacked, parsePacked } from './packed.ts';

const name = (bank: string, index: number): string => (bank === 'x' && index === 29 ? 'fp' : bank === 'x' && index === 30 ? 'lr' : `${bank}${index}`);

/** A code as llvm-readobj prints it in a prolog. */
function printed(code: Arm64Code): string {
  switch (code.op) {
    case 'alloc':
      return `sub sp, #${code.size}`;
    case 'save': {
      const registers = Array.from({ length: code.count }, (_, index) => name(code.bank, code.first + index)).join(', ');
      return `${code.count === 2 ? 'stp' : 'str'} ${registers}, ${code.push ? `[sp, #-${code.push}]!` : `[sp, #${code.offset}]`}`;
    }
    case 'save-lrpair':
      return `stp x${code.first}, lr, [sp, #${code.offset}]`;
    case 'set-fp':
      return code.offset ? `add fp, sp, #${code.offset}` : 'mov fp, sp';
    case 'save-next':
      return 'save next';
    case 'pac-sign-lr':
      return 'pacibsp';
    case 'end-c':
      return 'end_c';
    case 'custom':
      return code.frame.replaceAll('-', ' ');
    default:
      return code.op;
  }
}

/** The two ways in which that tool spells the same thing, for prologs and epilogs, as one. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/\bx29\b/g, 'fp'],
  [/\bx30\b/g, 'lr'],
  [/^ld([pr])/, 'st$1'],
  [/\[sp\], #(\d+)/, '[sp, #-$1]!'],
  [/\[sp\]/, '[sp, #0]'],
  [/^(add|sub) sp, (sp, )?/, 'sub sp, '],
  [/^mov sp, fp/, 'mov fp, sp'],
  [/^autibsp/, 'pacibsp'],
  [/^restore next/, 'save next'],
];
const spelled = (text: string): string => SPELLINGS.reduce((sum, [from, to]) => sum.replace(from, to), text.trim());

interface Expected {
  readonly begin: bigint;
  readonly lengthBytes: number;
  readonly fragment: boolean;
  readonly prolog: string[];
  readonly epilogs: { start: number; codes: string[] }[];
}

const codesOf = (block: string | undefined): string[] =>
  (block ?? '')
    .split('\n')
    .map((line) => spelled(line.replace(/^.*;/, '')))
    .filter((line) => line !== '');

function parseExpected(block: string): Expected {
  const epilogs = [...block.matchAll(/StartOffset: (\d+)[\s\S]*?Opcodes \[\n([\s\S]*?)\n\s*\]/g)];
  return {
    begin: BigInt(/Function: .*?(0x[0-9A-F]+)\)?\n/.exec(block)?.[1] ?? 0),
    lengthBytes: Number(/FunctionLength: (\d+)/.exec(block)?.[1]),
    fragment: /Fragment: Yes/.test(block),
    prolog: codesOf(/Prologue \[\n([\s\S]*?)\n\s*\]/.exec(block)?.[1]),
    epilogs: epilogs.map(([, start, codes]) => ({ start: Number(start) * 4, codes: codesOf(codes) })),
  };
}

function upToEnd(codes: readonly Arm64Code[]): string[] {
  const end = codes.findIndex((code) => code.op === 'end');
  return (end < 0 ? codes : codes.slice(0, end + 1)).map(printed);
}

describe.skipIf(!hasCorpus)('unwind data of real ARM64 images, against llvm-readobj', () => {
  it('equals function by function', () => {
    let functions = 0;
    const images = unwoundImages('aarch64');
    for (const { path, text, file } of images) {
      const image = new ImageCode(file);
      const { imageBase } = file.headers;
      for (const wanted of functionTexts(text)
        .filter((block) => block.includes('Function:'))
        .map(parseExpected)) {
        const at = Number(wanted.begin - imageBase);
        const found = findArm64Function(image, at);
        if (!found.ok || !found.value) throw new Error(`${path}: nothing at ${at.toString(16)}: ${JSON.stringify(found)}`);
        const { begin, record } = found.value;
        expect([path, begin, record.lengthBytes, upToEnd(record.codes)]).toEqual([path, at, wanted.lengthBytes, wanted.prolog]);
        for (const [index, epilog] of wanted.epilogs.entries()) {
          const mine = record.epilogs[index];
          expect(mine?.start).toBe(epilog.start);
          expect(upToEnd(record.codes.filter((code) => code.at >= (mine?.index ?? 0)))).toEqual(epilog.codes);
        }
        functions += 1;
      }
    }
    console.log(`unwind data: ${functions} ARM64 functions of ${images.length} images equal`);
    expect(functions).toBeGreaterThan(2500);
  });
});

describe('ARM64 unwind codes', () => {
  const text = (...bytes: number[]): string[] => {
    const codes = parseCodes(Uint8Array.from(bytes));
    if (!codes.ok) throw new Error(JSON.stringify(codes.missing));
    return codes.value.map(printed);
  };
  // Bytes as LLVM's assembler makes them from .seh_save_any_reg and its kin, texts as llvm-readobj prints those.
  it.each([
    [[0xe7, 0x00, 0x02], 'str x0, [sp, #16]'],
    [[0xe7, 0x40, 0x02], 'stp x0, x1, [sp, #32]'],
    [[0xe7, 0x20, 0x02], 'str x0, [sp, #-48]!'],
    [[0xe7, 0x5d, 0x01], 'stp fp, lr, [sp, #16]'],
    [[0xe7, 0x01, 0x42], 'str d1, [sp, #16]'],
    [[0xe7, 0x03, 0x82], 'str q3, [sp, #32]'],
  ])('save_any_reg %s', (bytes, wanted) => expect(text(...bytes)).toEqual([wanted]));
  it('refuses what is not public', () => {
    for (const bytes of [[0xe7, 0x80, 0], [0xe7, 0, 0xc0], [0xdf, 1], [0xeb], [0xed], [0xf0]]) {
      expect(parseCodes(Uint8Array.from(bytes))).toMatchObject({ ok: false, missing: { why: 'not-valid' } });
    }
  });
  it('expands the longest packed form as the table of the documentation has it', () => {
    // Flag 1, length 64, RegF 7, RegI 10, H, CR 2, FrameSize 8000.
    const word = (1 | (16 << 2) | (7 << 13) | (10 << 16) | (1 << 20) | (2 << 21) | ((8000 / 16) << 23)) >>> 0;
    const { codes, epilogs } = expandPacked(parsePacked(word));
    // 80 bytes of x19-x28, 64 of d8-d15, 64 of homes: 208; 7792 bytes of locals.
    const saves = ['stp x19, x20, [sp, #-208]!', ...[21, 23, 25, 27].map((x, index) => `stp x${x}, x${x + 1}, [sp, #${16 + index * 16}]`)];
    const vectors = [8, 10, 12, 14].map((d, index) => `stp d${d}, d${d + 1}, [sp, #${80 + index * 16}]`);
    const locals = ['sub sp, #4080', 'sub sp, #3712', 'stp fp, lr, [sp, #0]'];
    const homes = ['nop', 'nop', 'nop', 'nop'];
    expect(codes.slice(0, epilogs[0]?.index).map(printed)).toEqual([...['pacibsp', ...saves, ...vectors, ...homes, ...locals, 'mov fp, sp'].reverse(), 'end']);
    expect(codes.slice(epilogs[0]?.index).map(printed)).toEqual([...['pacibsp', ...saves, ...vectors, ...locals].reverse(), 'end']);
  });
});
