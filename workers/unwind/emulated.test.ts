/**
 * Unwind data against the code that it tells of: at each boundary between two instructions of prolog, body and epilog the caller's
 * registers must come out. A seeded sample; FAULTLINE_EMULATE=all takes every function of every image.
 */
import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { type Found, found, missing } from '../base/found.ts';
import { createDecoder } from '../code/createdecoder.ts';
import { Random } from '../testing/build/random.ts';
import { stepArm64 } from '../testing/emulate/arm64.ts';
import { State } from '../testing/emulate/state.ts';
import { bodyOf, type Code, type Machine, type Piece, prologOf, type Walked } from '../testing/emulate/walk.ts';
import { stepX64 } from '../testing/emulate/x64.ts';
import { hasCorpus } from '../testing/node/corpus.ts';
import { imagesOf } from '../testing/node/readobj.ts';
import { decoderModule } from '../worlds/node/wasm.ts';
import { findArm64Function } from './arm64/function.ts';
import { undoRecord } from './arm64/undo.ts';
import type { Registers } from './frame.ts';
import { ImageCode } from './imagecode.ts';
import { MAX_CHAIN, undoFunction } from './x64/undo.ts';
import type { RuntimeFunction } from './x64/unwindinfo.ts';

const decoder = createDecoder(decoderModule());
const ALL = process.env['FAULTLINE_EMULATE'] === 'all';
const SEED = Number(process.env['FAULTLINE_SEED'] ?? 1);
const SAMPLE = 250;

const SP = 0x7000_0000n;
const BACK = 0x1234_5678_9abcn;
const value = (index: number): bigint => 0xaaaa_0000_0000n + BigInt(index) * 0x1111n;

const wordOf =
  (state: State) =>
  (at: bigint): Found<bigint> => {
    const word = state.words.get(at);
    return word === undefined ? missing({ why: 'not-in-dump', space: 'virtual', at: va(at) }) : found(word);
  };

interface Tally {
  boundaries: number;
  functions: number;
  unmodelled: number;
  unmodelledEpilogs: number;
  readonly differing: string[];
}
const tally = (): Tally => ({ boundaries: 0, functions: 0, unmodelled: 0, unmodelledEpilogs: 0, differing: [] });

/** Compares what was recovered with the entry state. */
function check(sum: Tally, walked: Walked, name: string, { undone, wanted }: { readonly undone: Found<Registers>; readonly wanted: Registers }): void {
  sum.boundaries += 1;
  const text = (registers: Registers): string => JSON.stringify(Object.fromEntries(Object.keys(wanted).map((key) => [key, registers[key]?.toString(16)])));
  const got = undone.ok ? text(undone.value) : JSON.stringify(undone.missing, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString(16) : part));
  if (got !== text(wanted) && !KNOWN[name]) sum.differing.push(`${name} ${walked.where} +${walked.at.toString(16)}: ${got}`);
}

const X64: Machine = { arch: 'x64', sp: 'rsp', step: stepX64 };
const X64_KEPT = ['rbx', 'rbp', 'rsi', 'rdi', 'r12', 'r13', 'r14', 'r15'];
const x64Entry = (): State => new State([['rsp', SP], ...X64_KEPT.map((name, index) => [name, value(index)] as const)], [[SP, BACK]]);
const X64_WANTED: Registers = { rip: BACK, rsp: SP + 8n, ...Object.fromEntries(X64_KEPT.map((name, index) => [name, value(index)])) };

/** Asks at each boundary; gives what the walk gives at its end. */
function drain<T>(walk: Generator<Walked, T>, ask: (walked: Walked) => void): T {
  for (let next = walk.next(); ; next = walk.next()) {
    if (next.done) return next.value;
    ask(next.value);
  }
}

/** The pieces of a chained function, the first one first. */
function chainOf(image: ImageCode, entry: RuntimeFunction, depth = 0): (Piece & { readonly savedBefore: boolean })[] {
  const info = image.info(entry);
  if (!info.ok || depth > MAX_CHAIN) return [];
  const { prologSize: prologBytes, codes } = info.value;
  const piece = {
    begin: entry.begin,
    end: entry.end,
    prologBytes,
    savedBefore: codes.some((one) => one.at === 0),
    ...(info.value.frame ? { frame: info.value.frame.register } : {}),
  };
  return [...(info.value.chained ? chainOf(image, info.value.chained, depth + 1) : []), piece];
}

function emulateX64(image: ImageCode, entry: RuntimeFunction, name: string, sum: Tally): void {
  const code: Code = { decoder, read: (at, length) => image.code(at, length) };
  const pieces = chainOf(image, entry);
  // A chain that never ends (cfi_chained_loop) is refused.
  if (pieces.length > MAX_CHAIN) return;
  const own = pieces[pieces.length - 1];
  const entryState = x64Entry();
  const state = entryState.copy();
  const ask = (walked: Walked): void => {
    const undone = undoFunction(image, entry, walked.at, { registers: Object.fromEntries(walked.state.registers), read: wordOf(walked.state) });
    const registers: Found<Registers> = undone.ok ? found(undone.value.registers) : undone;
    check(sum, walked, name, { undone: registers, wanted: X64_WANTED });
  };
  // What the data says to have happened before the first instruction: saves of another piece of the function, a processor's frame, or
  // (thunks for delayed imports) what happens only later. No code here does it.
  const elsewhere = pieces.some((piece) => piece.savedBefore);
  const ran = !elsewhere && pieces.every((piece) => drain(prologOf(code, X64, piece, state), piece === own ? ask : () => undefined));
  if (!own || !ran) {
    sum.unmodelled += 1;
    return;
  }
  const framed = pieces.find((piece) => piece.frame !== undefined)?.frame;
  sum.unmodelledEpilogs += drain(bodyOf(code, X64, framed === undefined ? own : { ...own, frame: framed }, { entry: entryState, after: state }), ask);
  sum.functions += 1;
}

const ARM64: Machine = { arch: 'arm64', sp: 'sp', step: stepArm64 };
const ARM64_KEPT = [...Array.from({ length: 10 }, (_, index) => `x${19 + index}`), 'fp'];
const arm64Entry = (): State => new State([['sp', SP], ['lr', BACK], ...ARM64_KEPT.map((name, index) => [name, value(index)] as const)], []);
const ARM64_WANTED: Registers = { pc: BACK, sp: SP, ...Object.fromEntries(ARM64_KEPT.map((name, index) => [name, value(index)])) };

function emulateArm64(image: ImageCode, begin: number, name: string, sum: Tally): void {
  const at = findArm64Function(image, begin);
  if (!at.ok || !at.value) return;
  const { record } = at.value;
  const end = record.codes.findIndex((one) => one.endBytes !== undefined);
  const prolog = record.codes.slice(0, end < 0 ? undefined : end);
  // A part whose prolog stands elsewhere: its frame is not made here.
  if (record.fragment || record.codes[end]?.op === 'end-c' || prolog.some((one) => one.op === 'custom')) {
    sum.unmodelled += 1;
    return;
  }
  const frame = prolog.some((one) => one.op === 'set-fp') ? { frame: 'fp' } : {};
  const piece: Piece = { begin, end: begin + record.lengthBytes, prologBytes: prolog.reduce((bytes, one) => bytes + one.instructionBytes, 0), ...frame };
  const code: Code = { decoder, read: (from, length) => image.code(from, length) };
  const entryState = arm64Entry();
  const state = entryState.copy();
  const ask = (walked: Walked): void => {
    const word = wordOf(walked.state);
    const memory = { word, bytes: (): Found<Uint8Array> => missing({ why: 'not-computed' }) };
    const undone = undoRecord(record, walked.at - begin, { registers: Object.fromEntries(walked.state.registers), memory });
    check(sum, walked, name, { undone: undone.ok ? found(undone.value.registers) : undone, wanted: ARM64_WANTED });
  };
  if (!drain(prologOf(code, ARM64, piece, state), ask)) {
    sum.unmodelled += 1;
    return;
  }
  sum.unmodelledEpilogs += drain(bodyOf(code, ARM64, piece, { entry: entryState, after: state }), ask);
  sum.functions += 1;
}

/** Functions whose code does what no unwind data can tell, with the reason. The list may only shrink. */
const KNOWN: Readonly<Record<string, string>> = {
  'pdb/sentry-pdb/self/foo.exe 7eb0': 'memset in assembler keeps rdi in rdx',
  'pdb/sentry-pdb/self/foo.exe 58e80': 'memmove in assembler keeps rdi and rsi in r11 and r8',
  'pe/rizin/seh_change64.exe 1090': 'written by hand: its data does not tell of its sub rsp',
};

/** The whole table, or a sample of it. */
function chosen(count: number, random: Random, share: number): number[] {
  return Array.from({ length: count }, (_, index) => index).filter(() => ALL || random.below(1_000_000) < share * 1_000_000);
}

describe.skipIf(!hasCorpus)(`unwinding from every boundary of real code (seed ${SEED})`, () => {
  it.each(['x64', 'arm64'] as const)('%s', (arch) => {
    const images = imagesOf(arch).map(({ path, file }) => ({ path, image: new ImageCode(file) }));
    const total = images.reduce((sum, { image }) => sum + (image.directory.ok ? image.directory.value.count : 0), 0);
    const random = new Random(SEED);
    const sum = tally();
    for (const { path, image } of images) {
      const { directory } = image;
      if (!directory.ok) continue;
      const { rva, entryBytes, count } = directory.value;
      for (const index of chosen(count, random, SAMPLE / total)) {
        const bytes = image.code(rva + index * entryBytes, 4);
        if (bytes.length < 4) continue;
        const begin = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
        const name = `${path} ${begin.toString(16)}`;
        if (arch === 'arm64') emulateArm64(image, begin, name, sum);
        else {
          const entry = image.lookup(begin);
          if (entry.ok && entry.value) emulateX64(image, entry.value, name, sum);
        }
      }
    }
    console.log(
      `${arch}: ${sum.boundaries} boundaries of ${sum.functions} functions of ${images.length} images, ${sum.differing.length} differ; ${sum.unmodelled} functions and ${sum.unmodelledEpilogs} epilogs not modelled`,
    );
    expect(sum.differing.slice(0, 20)).toEqual([]);
    expect(sum.functions).toBeGreaterThan(SAMPLE / 2);
  });
});
