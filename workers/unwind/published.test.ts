/**
 * Stacks of the corpus against walks that others published of the same dumps: how many of their frames stand in ours, in order, and
 * why the others do not. The numbers may only get better.
 */
import { describe, expect, it } from 'vitest';
import { driveSync } from '../base/job.ts';
import type { Found } from '../base/found.ts';
import { ArraySource } from '../bytes/source.ts';
import { openPdb } from '../formats/pdb/pdb.ts';
import { loadKnowledge } from '../knowledge/load.ts';
import { createDecoder } from '../code/createdecoder.ts';
import type { Module } from '../modules/module.ts';
import { imageFromFile } from '../symbols/image.ts';
import { NO_SYMBOLS, type SymbolProvider } from '../symbols/provider.ts';
import { openTarget } from '../target/open.ts';
import { createSession } from '../target/session.ts';
import type { Session } from '../target/target.ts';
import { corpusBytes, hasCorpus } from '../testing/node/corpus.ts';
import type { Stack } from './frame.ts';
import { decoderModule } from '../worlds/node/wasm.ts';

const knowledge = await loadKnowledge();
const decoder = createDecoder(decoderModule());

/** Files of the corpus that belong to modules of its dumps, by the module's file name. */
const IMAGES: Readonly<Record<string, string>> = {
  'amdppm.sys': 'symbols/microsoft/store/amdppm.sys/c9c030003b000/amdppm.sys',
  'Wdf01000.sys': 'symbols/microsoft/store/Wdf01000.sys/a9a9d36ed1000/Wdf01000.sys',
  'wcrash.exe': 'user/symbols/wine/wcrash.exe',
};
const PDBS: Readonly<Record<string, string>> = { 'crash.exe': 'user/symbols/sentry-windows/crash.pdb' };

function atHand<T>(
  paths: Readonly<Record<string, string>>,
  otherwise: (module: Module) => Found<T>,
  open: (source: ArraySource) => Found<T>,
): (module: Module) => Found<T> {
  const opened = new Map<string, Found<T>>();
  return (module) => {
    const path = paths[module.imageName];
    if (!path) return otherwise(module);
    const known = opened.get(path) ?? open(new ArraySource(corpusBytes(path), module.imageName));
    opened.set(path, known);
    return known;
  };
}

const symbols: SymbolProvider = { ...NO_SYMBOLS, image: atHand(IMAGES, NO_SYMBOLS.image, imageFromFile), pdb: atHand(PDBS, NO_SYMBOLS.pdb, openPdb) };

function open(path: string): Session {
  const target = driveSync(openTarget(new ArraySource(corpusBytes(path), path)));
  if (!target.ok) throw new Error(path);
  return createSession({ target: target.value, symbols, decoder, knowledge });
}

/** The thread whose stack is compared: by its id, or the one that crashed. */
type Stacks = ReadonlyMap<number | 'crash', readonly bigint[]>;
const text = (path: string): string => new TextDecoder().decode(corpusBytes(path));
const addresses = (part: string, pattern: RegExp): bigint[] => [...part.matchAll(pattern)].map(([, address]) => BigInt(address ?? 0));

const READERS: Readonly<Record<string, (path: string) => Stacks>> = {
  /** Sentry's snapshots: instruction_addr of each frame, by thread. */
  sentry: (path) =>
    new Map(
      text(path)
        .split(/^\s*- ?thread_id: |^thread_id: /m)
        .slice(1)
        .map((part) => [Number.parseInt(part, 10), addresses(part.split(/^modules:/m)[0] ?? '', /instruction_addr: "(0x[0-9a-f]+)"/g)]),
    ),
  /** minidump-stackwalk, Breakpad's and Rust's: the instruction pointer of each frame; the thread that crashed comes first. */
  stackwalk: (path) => new Map([['crash', addresses(text(path).split(/^Thread \d+/m)[1] ?? '', /\b(?:rip|eip|pc) = (0x[0-9a-f]+)/g)]]),
  /** Unity's own log. */
  unity: (path) => {
    const stack =
      text(path)
        .split(/OUTPUTTING STACK TRACE|Stack Trace of Crashed Thread/)
        .at(-1) ?? '';
    return new Map([['crash', addresses(stack.split(/END OF STACKTRACE|Stacks for Running/)[0] ?? '', /^(0x[0-9A-F]{16}) /gim)]]);
  },
  unwound: (path) => {
    const { threads } = JSON.parse(text(path)) as { threads: { thread_id: number; frames: { pc?: string; where?: string | null }[] }[] };
    return new Map(threads.map(({ thread_id, frames }) => [thread_id, frames.flatMap(({ pc, where }) => (pc && where ? [BigInt(pc)] : []))]));
  },
  published: (path) => new Map([['crash', (JSON.parse(text(path)) as { frames: [string][] }).frames.map(([ip]) => BigInt(ip))]]),
};

interface Row {
  readonly dump: string;
  readonly as: keyof typeof READERS;
  readonly from: string;
  readonly equal: number;
  readonly different: number;
  /** Why theirs has frames that ours has not. */
  readonly why?: string;
}
const ROWS: readonly Row[] = [
  {
    dump: 'kernel/rizin-x64-7e-amdppm.dmp',
    as: 'published',
    from: 'kernel/oracle/rizin-x64-7e-amdppm.stack.json',
    equal: 28,
    different: 8,
    why: 'theirs begins in KeBugCheckEx, by registers that the dump does not hold; walked from those all 36 are found (walk.test.ts)',
  },
  { dump: 'kernel/rizin-arm64-1c8.dmp', as: 'published', from: 'kernel/oracle/rizin-arm64-1c8.stack.json', equal: 5, different: 0 },
  {
    dump: 'user/wine-cpp-0xE06D7363.dmp',
    as: 'unwound',
    from: 'user/expect/wine-cpp-0xE06D7363.unwound.json',
    equal: 15,
    different: 10,
    why: 'Wine gives the thread that wrote the dump a copy of the crash’s registers, so that thread has none of its own',
  },
  {
    dump: 'user/wine-write-normal.dmp',
    as: 'unwound',
    from: 'user/expect/wine-write-normal.unwound.json',
    equal: 14,
    different: 9,
    why: 'Wine gives the thread that wrote the dump a copy of the crash’s registers, so that thread has none of its own',
  },
  { dump: 'user/wine-hang-deadlock.dmp', as: 'unwound', from: 'user/expect/wine-hang-deadlock.unwound.json', equal: 21, different: 0 },
  {
    dump: 'user/wine-stackoverflow.dmp',
    as: 'unwound',
    from: 'user/expect/wine-stackoverflow.unwound.json',
    equal: 6,
    different: 1,
    why: 'Wine gives the thread that wrote the dump a copy of the crash’s registers, so that thread has none of its own',
  },
  { dump: 'user/kerman-unity-crash.dmp', as: 'unity', from: 'user/expect/kerman-unity-crash.unity-error.log', equal: 69, different: 0 },
  { dump: 'user/ksp-vanilla-crash.dmp', as: 'unity', from: 'user/expect/ksp-vanilla-crash.unity-stack.txt', equal: 14, different: 0 },
  { dump: 'user/gallipoli-unity-crash.dmp', as: 'unity', from: 'user/expect/gallipoli-unity-crash.unity-stack.txt', equal: 11, different: 0 },
  { dump: 'user/symbolicator-windows.dmp', as: 'sentry', from: 'user/expect/symbolicator-windows.symbolicated.snap', equal: 14, different: 0 },
  {
    dump: 'user/symbolicator-linux.dmp',
    as: 'sentry',
    from: 'user/expect/symbolicator-linux.symbolicated.snap',
    equal: 5,
    different: 10,
    why: 'DWARF is not read: both are scans; theirs takes words at any place of the stack, ours those that can be a return address',
  },
  {
    dump: 'user/symbolicator-macos.dmp',
    as: 'sentry',
    from: 'user/expect/symbolicator-macos.symbolicated.snap',
    equal: 2,
    different: 2,
    why: 'both are scans; theirs takes words at any place of the stack, ours those that can be a return address; and theirs has its last frame twice',
  },
  {
    dump: 'user/symbolicator-macos-no-fp.dmp',
    as: 'sentry',
    from: 'user/expect/symbolicator-macos-no-fp.broken_cfi.snap',
    equal: 6,
    different: 4,
    why: 'no image is at hand: both are scans, of different words',
  },
  { dump: 'user/breakpad-minidump2.dmp', as: 'stackwalk', from: 'user/expect/breakpad-minidump2.stackwalk.out', equal: 4, different: 0 },
  {
    dump: 'user/rustminidump-linux-mini.dmp',
    as: 'stackwalk',
    from: 'user/expect/rustminidump-linux-mini.linux_human.snap',
    equal: 5,
    different: 10,
    why: 'as symbolicator-linux, which is the same crash',
  },
  {
    dump: 'user/rustminidump-pipeline-inlines-macos-segv.dmp',
    as: 'stackwalk',
    from: 'user/expect/rustminidump-pipeline-inlines-macos-segv.macos_inlines_human.snap',
    equal: 7,
    different: 1,
    why: 'theirs has its last frame twice',
  },
];

/** Our frames of a thread. */
function frames(session: Session, thread: number | 'crash'): bigint[] {
  const { threads, crashThread } = session.target;
  const crash = crashThread.ok ? threads[crashThread.value] : undefined;
  const own = thread === 'crash' ? crash : threads.find((one) => one.id === thread);
  const ips = (stack: Stack): bigint[] => stack.frames.map(({ ip }) => ip);
  if (own === crash) return ips(driveSync(session.crashStack()));
  return own?.context.ok ? ips(driveSync(session.walk(own.context.value, 5000, own.stackRange.ok ? own.stackRange.value : undefined))) : [];
}

/** Others give a caller by its call: up to four bytes before the return address. */
const isSame = (theirs: bigint, ours: bigint): boolean => ours >= theirs && ours - theirs <= 4n;

/** How many of their frames stand in ours, in their order. */
function countEqual(theirs: readonly bigint[], ours: readonly bigint[]): number {
  let from = 0;
  return theirs.filter((ip) => {
    const at = ours.findIndex((own, index) => index >= from && isSame(ip, own));
    if (at >= 0) from = at + 1;
    return at >= 0;
  }).length;
}

describe.skipIf(!hasCorpus)('stacks against published walks', () => {
  it.each(ROWS)('$dump ($from)', ({ dump, as, from, equal, different, why }) => {
    const session = open(dump);
    const read = READERS[as];
    const stacks = read ? read(from) : new Map<number, bigint[]>();
    const sum = { equal: 0, different: 0 };
    for (const [thread, theirs] of stacks) {
      const same = countEqual(theirs, frames(session, thread));
      sum.equal += same;
      sum.different += theirs.length - same;
    }
    if (different > 0) expect(why).toMatch(/\w+/);
    expect(sum).toEqual({ equal, different });
  });
});
