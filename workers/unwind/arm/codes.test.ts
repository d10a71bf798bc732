import { describe, expect, it } from 'vitest';
import { va } from '../../base/address.ts';
import { found, missing } from '../../base/found.ts';
import { hasCorpus } from '../../testing/node/corpus.ts';
import { functionTexts, unwoundImages } from '../../testing/node/readobj.ts';
import { ImageCode } from '../imagecode.ts';
import { LR, parseCodes, type ThumbCode, type ThumbRecord } from './codes.ts';
import { findThumbFunction, undoThumb } from './function.ts';

/** "{r4-r7, r11, lr}" */
function listed(mask: number): string {
  const runs: string[] = [];
  for (let from = 0; from <= 12; from++) {
    if ((mask & (1 << from)) === 0) continue;
    let to = from;
    while (to < 12 && (mask & (1 << (to + 1))) !== 0) to += 1;
    runs.push(from === to ? `r${from}` : `r${from}-r${to}`);
    from = to;
  }
  return `{${[...runs, ...(mask & (1 << LR) ? ['lr'] : [])].join(', ')}}`;
}

/** A code as llvm-readobj prints it in a prolog; nothing for what it does not print. */
function printed(code: ThumbCode): string[] {
  switch (code.op) {
    case 'alloc':
      return [`sub sp, #${code.size}`];
    case 'pop':
      return [`push ${listed(code.mask)}`];
    case 'pop-vectors':
      return [`vpush {d${code.first}${code.last > code.first ? `-d${code.last}` : ''}}`];
    case 'mov-sp':
      return [`mov r${code.register}, sp`];
    case 'load-lr':
      return [`str lr, [sp, #-${code.size}]!`];
    case 'nop':
      return code.instructionBytes === 4 ? ['nop.w'] : ['nop'];
    case 'end':
      return code.endBytes ? [code.endBytes === 4 ? 'b.w <target>' : 'bx <reg>'] : [];
  }
}

/** How that tool spells the same thing in prologs, epilogs, full and packed data. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/^(v?)pop/, '$1push'],
  [/^push\.w/, 'push'],
  [/\bpc\b/, 'lr'],
  [/^(add|sub)(\.w)? sp, (sp, )?/, 'sub sp, '],
  [/^mov sp, (r\d+)/, 'mov $1, sp'],
  [/^ldr(?:\.w)? lr, \[sp\], #(\d+)/, 'str lr, [sp, #-$1]!'],
];
const product = (text: string): string => text.replace(/\((\d+) \* 4\)/, (_all, words: string) => String(Number(words) * 4));
const spelled = (line: string): string => SPELLINGS.reduce((sum, [from, to]) => sum.replace(from, to), product(line.replace(/^.*;/, '').trim()));

const codesOf = (block: string | undefined): string[] =>
  (block ?? '')
    .split('\n')
    .map(spelled)
    .filter((line) => line !== '');

function upToEnd(codes: readonly ThumbCode[]): string[] {
  const end = codes.findIndex((code) => code.op === 'end');
  return (end < 0 ? codes : codes.slice(0, end + 1)).flatMap(printed);
}

const epilogOf = ({ codes }: ThumbRecord, index = 0): string[] => upToEnd(codes.filter((code) => code.at >= index));

describe.skipIf(!hasCorpus)('unwind data of real ARM images, against llvm-readobj', () => {
  it('equals function by function', () => {
    let [functions, files] = [0, 0];
    const images = unwoundImages('thumb');
    for (const { path, text, file } of images) {
      const image = new ImageCode(file);
      // The tool goes on to the end of the section, the table to the directory's size.
      const blocks = functionTexts(text).slice(0, image.directory.ok ? image.directory.value.count : 0);
      const begins = blocks.map((block) => Number(BigInt(/Function: .*?(0x[0-9A-F]+)\)?\n/.exec(block)?.[1] ?? 0) - file.headers.imageBase) & ~1);
      // One image was linked without sorting its table, in which Windows would find as little.
      if (begins.some((begin, index) => begin < (begins[index - 1] ?? 0))) continue;
      files += 1;
      for (const [row, block] of blocks.entries()) {
        const at = begins[row] ?? 0;
        const found = findThumbFunction(image, at);
        if (!found.ok || !found.value) throw new Error(`${path}: nothing at ${at.toString(16)}: ${JSON.stringify(found)}`);
        const { begin, record } = found.value;
        const packed = block.includes('StackAdjustment');
        const length = Number(/FunctionLength: (\d+)/.exec(block)?.[1]);
        // In packed data the setting of r11 is no code.
        const prolog = codesOf(/Prologue \[\n([^\]]*)\]/.exec(block)?.[1]).map((line) =>
          packed ? line.replace(/^mov r11.*/, 'nop').replace(/^add\.w r11.*/, 'nop.w') : line,
        );
        expect([path, begin, record.lengthBytes, ...upToEnd(record.codes)]).toEqual([path, at, length, ...prolog]);
        const epilog = /Epilogue \[\n((?:.*[^\s\]].*\n)*)\s*\]/.exec(block)?.[1];
        if (epilog !== undefined) expect([path, at, ...epilogOf(record, record.epilogs[0]?.index)]).toEqual([path, at, ...codesOf(epilog).map((line) => line)]);
        for (const [index, [, start, opcodes]] of [...block.matchAll(/StartOffset: (\d+)[\s\S]*?Opcodes \[\n([\s\S]*?)\n\s*\]/g)].entries()) {
          const mine = record.epilogs[index];
          expect(mine?.start).toBe(Number(start) * 2);
          expect(epilogOf(record, mine?.index)).toEqual(codesOf(opcodes));
        }
        functions += 1;
      }
    }
    console.log(`unwind data: ${functions} ARM functions of ${files} images equal`);
    expect(functions).toBeGreaterThan(3000);
  });
});

describe('undoing a Thumb function', () => {
  // push {r4-r5, r11, lr}; sub sp, #8: codes 02, a8 30, ff.
  const codes = parseCodes(Uint8Array.of(0x02, 0xa8, 0x30, 0xff));
  const stack: Readonly<Record<string, bigint>> = { '264': 4n, '268': 5n, '272': 0x300n, '276': 0x401235n };
  const read = (at: bigint) =>
    stack[at.toString()] === undefined ? missing({ why: 'not-in-dump', space: 'virtual', at: va(at) }) : found(stack[at.toString()] ?? 0n);
  const record = { lengthBytes: 64, codes: codes.ok ? codes.value : [], epilogs: [{ index: 0 }], fragment: false };
  it.each([
    [0, 280n, { lr: 0x401235n }],
    [4, 264n, {}],
    [32, 256n, {}],
    [58, 256n, {}],
    [60, 264n, {}],
  ])('at +%s', (offset, sp, more) => {
    const undone = undoThumb(record, offset, { registers: { sp, ...more }, read });
    expect(undone.ok && [undone.value['pc'], undone.value['sp']]).toEqual([0x401234n, 280n]);
    if (offset > 0) expect(undone.ok && [undone.value['r4'], undone.value['r5'], undone.value['r11']]).toEqual([4n, 5n, 0x300n]);
  });
});
