import { describe, expect, it } from 'vitest';
import { va, type Va } from '../../base/address.ts';
import { type Found, found, missing } from '../../base/found.ts';
import { runProgram } from './program.ts';

const WORDS: Readonly<Record<string, bigint>> = { '256': 0x200n, '260': 0x401234n, '252': 7n, '232': 0x77n };
const read = (at: Va): Found<bigint> => {
  const word = WORDS[at.toString()];
  return word === undefined ? missing({ why: 'not-in-dump', space: 'virtual', at }) : found(word);
};
const run = (text: string, sizes: Readonly<Record<string, bigint>> = {}): ReturnType<typeof runProgram> =>
  runProgram(text, { registers: { eip: 0x401000n, esp: 0xf0n, ebp: 0x100n }, sizes, read });

describe('frame data programs', () => {
  it('finds the caller of a function with a frame pointer, and a register by its number', () => {
    // ebp = 100h: [104h] return address, [100h] caller's ebp; 20 is ebx, at 100h - 24.
    expect(run('$T0 $ebp = $eip $T0 4 + ^ = $ebp $T0 ^ = $esp $T0 8 + =  $20 $T0 24 - ^ = ')).toEqual(
      found({ T0: 0x100n, eip: 0x401234n, ebp: 0x200n, esp: 0x108n, ebx: 0x77n }),
    );
  });
  it('knows the sizes of the frame, and tokens that touch', () => {
    expect(run('$T0 $ebp 0 + =$eip $T0 4 + ^ =$P $T0 4 + .cbParams + =', { '.cbParams': 12n })).toEqual(found({ T0: 0x100n, eip: 0x401234n, P: 0x110n }));
  });
  it('aligns, multiplies, divides, and wraps at 32 bits', () => {
    expect(run('$T0 $esp 4 - 16 @ = $T1 7 3 * 2 / 4 % = $T2 0 1 - =')).toEqual(found({ T0: 0xe0n, T1: 2n, T2: 0xffff_ffffn }));
  });
  it.each([
    ['', '0 tokens'],
    ['$eip =', 'nothing'],
    ['4 4 =', '4'],
    ['$T0 1 0 / =', '/ by 0'],
    ['4 +', 'too few operands'],
    ['$T0 .cbLocals =', 'not known here'],
    ['1 '.repeat(65), 'more than 64 operands'],
    ['1 '.repeat(513), '513 tokens'],
  ])('%s is refused: %s', (text, why) => {
    const done = run(text);
    expect(done.ok ? '' : JSON.stringify(done.missing)).toContain(why);
  });
  it('gives the reason of memory that is not there', () => {
    expect(run('$eip 9 ^ =')).toEqual(missing({ why: 'not-in-dump', space: 'virtual', at: va(9n) }));
  });
});
