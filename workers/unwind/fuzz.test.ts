/** Any bytes as unwind data: a result or a reason, soon, whatever stands in them. */
import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { type Found, found, missing } from '../base/found.ts';
import { Random } from '../testing/build/random.ts';
import { readFull as readThumb } from './arm/codes.ts';
import { undoThumb } from './arm/function.ts';
import { expandPacked as expandThumb } from './arm/packed.ts';
import { readFull as readArm64 } from './arm64/codes.ts';
import { expandPacked, parsePacked } from './arm64/packed.ts';
import { undoRecord } from './arm64/undo.ts';
import { DynamicCode } from './x64/dynamic.ts';
import { runProgram } from './x86/program.ts';

const SEED = Number(process.env['FAULTLINE_SEED'] ?? 20261126);
const ROUNDS = 2000;

const word = (at: bigint): Found<bigint> => (at % 40n === 0n ? missing({ why: 'not-in-dump', space: 'virtual', at: va(at) }) : found(at * 3n));
const memory = { word, bytes: (_at: bigint, length: number): Found<Uint8Array> => found(new Uint8Array(length).fill(0x5a)) };

describe(`unwind data of any bytes (seed ${SEED})`, () => {
  it('.xdata and packed words of ARM64 and ARM', () => {
    const random = new Random(SEED);
    const counts = { parsed: 0, undone: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = random.bytes(8 + random.below(64));
      // A header with few codes, so that most of the bytes are read as such; version 0.
      if (round % 2 === 0) bytes.set([random.below(256), 0, random.below(4) << 4, 0x10], 0);
      const read = (at: number, length: number): Uint8Array => bytes.subarray(at, at + length);
      const offset = random.below(0x100) * 4;
      const packed = random.u32();
      for (const record of [readArm64(read, 0), found(expandPacked(parsePacked(packed)))]) {
        counts.parsed += record.ok ? 1 : 0;
        if (record.ok && undoRecord(record.value, offset, { registers: { sp: 0x1_0000n, fp: 0x1_0100n, lr: 1n }, memory }).ok) counts.undone += 1;
      }
      for (const record of [readThumb(read, 0), found(expandThumb(packed))]) {
        counts.parsed += record.ok ? 1 : 0;
        if (record.ok && undoThumb(record.value, offset, { registers: { sp: 0x1_0000n, r11: 0x1_0100n, lr: 1n }, read: word }).ok) counts.undone += 1;
      }
    }
    console.log(`${ROUNDS} rounds: ${counts.parsed} records, ${counts.undone} undone`);
    expect(counts.parsed).toBeGreaterThan(2 * ROUNDS);
    expect(counts.undone).toBeGreaterThan(ROUNDS / 2);
  });
  it('frame data programs', () => {
    const random = new Random(SEED);
    const parts = ['$T0', '$ebp', '$eip', '$esp', '.raSearch', '.cbLocals', '4', '4294967295', '+', '-', '*', '/', '%', '@', '^', '=', '$23', '?', '$'];
    let ran = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const text = Array.from({ length: random.below(24) }, () => parts[random.below(parts.length)]).join(' ');
      const done = runProgram(text, { registers: { eip: 1n, esp: 0x1000n, ebp: 0x1100n }, sizes: { '.raSearch': 0x1080n, '.cbLocals': 8n }, read: word });
      ran += done.ok ? 1 : 0;
    }
    expect(ran).toBeGreaterThan(0);
  });
  it('tables of dynamic functions', () => {
    const random = new Random(SEED);
    const nowhere = { pointerSize: 8, read: () => ({ bytes: new Uint8Array(0), got: 0, missing: { why: 'not-computed' } }) } as never;
    let hits = 0;
    for (let round = 0; round < 500; round++) {
      const functions = Uint8Array.from({ length: random.below(400) }, (_, index) => (index % 4 > 1 ? 0 : random.below(256)));
      const code = new DynamicCode({ minimum: va(0n), maximum: va(0x1_0000n), base: va(0n), functions }, nowhere);
      for (let probe = 0; probe < 16; probe++) hits += code.find(random.below(0x1_0000)) ? 1 : 0;
    }
    expect(hits).toBeGreaterThan(0);
  });
});
