import { describe, expect, it } from 'vitest';
import { rva, type Va, va } from '../base/address.ts';
import { type Found, found, missing } from '../base/found.ts';
import { driveSync } from '../base/job.ts';
import { ArraySource } from '../bytes/source.ts';
import type { Arch } from '../code/decoder.ts';
import { createDecoder } from '../code/createdecoder.ts';
import { ByteSpace } from '../memory/bytespace.ts';
import type { MemoryRange, ReadResult, Translation } from '../memory/space.ts';
import { openPdb } from '../formats/pdb/pdb.ts';
import type { Module, ModuleList } from '../modules/module.ts';
import { imageFromFile } from '../symbols/image.ts';
import { type ImageBytes, NO_SYMBOLS, type SymbolProvider, type SymbolTable } from '../symbols/provider.ts';
import type { Target } from '../target/target.ts';
import { openTarget } from '../target/open.ts';
import { corpusBytes, corpusJson, corpusList, hasCorpus } from '../testing/node/corpus.ts';
import { buildPe, rvaIn } from '../testing/build/pe.ts';
import { decoderModule } from '../worlds/node/wasm.ts';
import { stripPac } from './arm64/undo.ts';
import type { DynamicTable, Frame, Registers, Stack } from './frame.ts';
import { walkStack } from './walk.ts';

const decoder = createDecoder(decoderModule());

/** Images of the corpus by the file name of their module. */
const IMAGES: Readonly<Record<string, string>> = {
  'amdppm.sys': 'symbols/microsoft/store/amdppm.sys/c9c030003b000/amdppm.sys',
  'Wdf01000.sys': 'symbols/microsoft/store/Wdf01000.sys/a9a9d36ed1000/Wdf01000.sys',
  'wcrash.exe': 'user/symbols/wine/wcrash.exe',
  'crash.exe': 'user/symbols/sentry-windows/crash.exe',
};

/** PDBs of the corpus by the file name of their module. */
const PDBS: Readonly<Record<string, string>> = { 'crash.exe': 'user/symbols/sentry-windows/crash.pdb' };

const pdbsAtHand: SymbolProvider['pdb'] = (module) => {
  const path = PDBS[module.imageName];
  return path ? openPdb(new ArraySource(corpusBytes(path), path)) : NO_SYMBOLS.pdb(module);
};

function imagesAtHand(): SymbolProvider {
  const opened = new Map<string, Found<ImageBytes>>();
  const image = (module: Module): Found<ImageBytes> => {
    const path = IMAGES[module.imageName];
    if (!path) return NO_SYMBOLS.image(module);
    const known = opened.get(path) ?? imageFromFile(new ArraySource(corpusBytes(path), module.imageName));
    opened.set(path, known);
    return known;
  };
  return { ...NO_SYMBOLS, image };
}

function open(path: string): Target {
  const target = driveSync(openTarget(new ArraySource(corpusBytes(path), path)));
  if (!target.ok) throw new Error(JSON.stringify(target.problem));
  return target.value;
}

interface Start {
  readonly symbols?: SymbolProvider;
  readonly registers: Registers;
  readonly stackRange?: { readonly low: Va; readonly high: Va };
  readonly limit?: number;
}

function walk(target: Target, { registers, stackRange, limit = 4000, symbols = imagesAtHand() }: Start): Stack {
  const { arch, memory, modules, kind, dynamicTables = [] } = target;
  const kernel = kind.startsWith('kernel');
  return driveSync(walkStack({ arch, registers, memory, modules, symbols, decoder, limit, kernel, dynamicTables, ...(stackRange ? { stackRange } : {}) }));
}

function walkCrash(target: Target, symbols = imagesAtHand()): Stack {
  const thread = target.threads[target.crashThread.ok ? target.crashThread.value : 0];
  if (!target.context.ok) throw new Error('no context');
  const range = thread?.stackRange.ok ? { stackRange: thread.stackRange.value } : {};
  return walk(target, { registers: target.context.value.registers, symbols, ...range });
}

const where = (frame: Frame): string => (frame.place ? `${frame.place.module.imageName}+0x${frame.place.rva.toString(16)}` : `0x${frame.ip.toString(16)}`);
const line = (frame: Frame): string => `0x${frame.sp.toString(16)} ${where(frame)}`;

interface StackOracle {
  frames: [ip: string, sp: string, where: string][];
}

describe.skipIf(!hasCorpus)('kernel stacks against published walks', () => {
  const oracle = hasCorpus ? corpusJson<StackOracle>('kernel/oracle/rizin-x64-7e-amdppm.stack.json').frames : [];
  const lines = oracle.map(([, sp, place]) => `${sp} ${place}`);
  const target = hasCorpus ? open('kernel/rizin-x64-7e-amdppm.dmp') : undefined;

  it('takes amdppm and Wdf01000 down by their unwind data, frame by frame', () => {
    if (!target) return;
    const { frames } = walkCrash(target);
    const known = frames.slice(0, 17);
    expect(known.map(line)).toEqual(lines.slice(8, 25));
    expect(known.map((frame) => frame.trust)).toEqual(['context', ...Array<string>(16).fill('unwind-info')]);
    // Behind them lies nt, whose image is not to be had: every frame of the walk is found, by scanning, with leftovers between.
    const rest = frames.slice(17);
    expect(rest.map(line)).toEqual(expect.arrayContaining(lines.slice(25)));
    expect(rest.every((frame) => frame.trust === 'scan' || frame.trust === 'scan-call-checked')).toBe(true);
    expect(rest.length - lines.slice(25).length).toBeLessThanOrEqual(8);
  });

  it('goes from KeBugCheckEx through the trap frame to what was interrupted', () => {
    if (!target) return;
    const [first] = oracle;
    const registers = { rip: BigInt(first?.[0] ?? 0), rsp: BigInt(first?.[1] ?? 0) };
    const { frames } = walk(target, { registers, stackRange: { low: va(0xffff85042988d000n), high: va(0xffff850429893000n) } });
    const found = frames.map(line);
    expect(lines.filter((one) => !found.includes(one))).toEqual([]);
    const trap = frames.findIndex((frame) => frame.boundary === 'trap-frame');
    expect(frames[trap]).toMatchObject({ trust: 'given', ip: 0xfffff8048b58334cn, sp: 0xffff850429892120n });
    expect(line(frames[trap - 1] as Frame)).toBe('0xffff850429891f90 ntoskrnl.exe+0x4031f5');
    expect(frames[1]).toMatchObject({ ip: 0xfffff8047be0f4e1n, trust: 'scan' });
  });

  it('walks ARM64 by frame records', () => {
    const { frames, ended } = walkCrash(open('kernel/rizin-arm64-1c8.dmp'));
    const expected = corpusJson<StackOracle>('kernel/oracle/rizin-arm64-1c8.stack.json').frames;
    expect(frames.map((frame) => [`0x${frame.ip.toString(16)}`, `0x${frame.sp.toString(16)}`])).toEqual(expected.map(([ip, sp]) => [ip, sp]));
    expect(frames.map((frame) => frame.trust)).toEqual(['context', ...Array<string>(4).fill('frame-pointer')]);
    expect(ended.reason).toBe('end-of-stack');
  });

  it('ends at user mode where a system service was interrupted', () => {
    const { frames, ended } = walkCrash(open('kernel/eolar-4a.dmp'));
    expect(frames[frames.length - 1]).toMatchObject({ trust: 'given', boundary: 'trap-frame', ip: 0x7ffe7350d0c4n, sp: 0x7d488fe9b8n });
    expect(ended.reason).toBe('root');
  });

  it('reads return address and home slots from the stack', () => {
    if (!target) return;
    const { frames } = walkCrash(target);
    const [top, caller] = frames;
    expect(top?.returnAddress).toEqual(found(caller?.ip));
    expect(top?.args.map((arg) => arg.ok)).toEqual([true, true, true, true]);
    expect(top?.args[0]).toEqual(target.memory.u64(va(0xffff850429892150n)));
  });
});

describe.skipIf(!hasCorpus)('every dump of the corpus', () => {
  it.each(['kernel', 'user'])('%s: each thread with registers gives a stack that says why it ended, soon', (folder) => {
    let stacks = 0;
    let slowest = 0;
    for (const name of corpusList(folder).filter((one) => one.endsWith('.dmp'))) {
      const opened = driveSync(openTarget(new ArraySource(corpusBytes(`${folder}/${name}`), name)));
      if (!opened.ok) continue;
      const contexts = [opened.value.context, ...opened.value.threads.slice(0, 8).map((thread) => thread.context)];
      for (const context of contexts) {
        if (!context.ok) continue;
        const start = performance.now();
        const { frames, ended } = walk(opened.value, { registers: context.value.registers, limit: 500 });
        slowest = Math.max(slowest, performance.now() - start);
        if (opened.value.arch !== 'arm') expect([name, frames[0]?.trust]).toEqual([name, 'context']);
        expect(ended.detail).not.toBe('');
        stacks += 1;
      }
    }
    console.log(`${folder}: ${stacks} stacks, slowest ${slowest.toFixed(0)} ms`);
    expect(stacks).toBeGreaterThan(40);
    expect(slowest).toBeLessThan(2000);
  });
});

interface Unwound {
  threads: { thread_id: number; crashed: boolean; frames: { pc?: string; sp?: string; where?: string | null }[] }[];
}

describe.skipIf(!hasCorpus)('Wine dumps against walks with all images', () => {
  it.each(['wine-cpp-0xE06D7363', 'wine-write-normal', 'wine-hang-deadlock', 'wine-stackoverflow'])('%s', (name) => {
    const target = open(`user/${name}.dmp`);
    const expected = corpusJson<Unwound>(`user/expect/${name}.unwound.json`);
    let compared = 0;
    for (const wanted of expected.threads) {
      const index = target.threads.findIndex((thread) => thread.id === wanted.thread_id);
      const thread = target.threads[index];
      const crashed = target.crashThread.ok && target.crashThread.value === index;
      const context = crashed ? target.context : thread?.context;
      if (!thread || !context?.ok) continue;
      const { frames } = walk(target, { registers: context.value.registers, ...(thread.stackRange.ok ? { stackRange: thread.stackRange.value } : {}) });
      const mine = frames.map((frame) => `0x${frame.sp.toString(16)} 0x${frame.ip.toString(16)}`);
      const theirs = wanted.frames.filter((frame) => typeof frame.where === 'string').map((frame) => `${frame.sp} ${frame.pc}`);
      expect(theirs.filter((one) => !mine.includes(one))).toEqual([]);
      // (That walk stops at ___chkstk_ms, which has no unwind data; its last frame lies nowhere and is not compared.)
      // The program's own frames follow each other by unwind data once the first is found, but for frame registers lost in a scan.
      const own = frames.filter((frame) => frame.place?.module.imageName === 'wcrash.exe');
      expect(own.every((frame) => frame.trust !== 'scan')).toBe(true);
      compared += theirs.length;
    }
    expect(compared).toBeGreaterThan(4);
  });
});

describe.skipIf(!hasCorpus)('code made at run time', () => {
  /** Return addresses of a stack that Unity printed as it crashed. */
  const printed = (path: string): Va[] => {
    const [, stack = ''] = new TextDecoder().decode(corpusBytes(path)).split(/OUTPUTTING STACK TRACE|Stack Trace of Crashed Thread/);
    return [...(stack.split(/END OF STACKTRACE|Stacks for Running/)[0] ?? '').matchAll(/^(0x[0-9A-F]{16}) /gim)].map(([, ip]) => va(BigInt(ip ?? 0)));
  };
  it('is walked by the dump’s function tables: Mono’s frames in Unity’s own log (kerman)', () => {
    const { frames } = walkCrash(open('user/kerman-unity-crash.dmp'));
    const wanted = printed('user/expect/kerman-unity-crash.unity-error.log');
    const mine = frames.map(({ ip }) => ip);
    // Each frame of the log, in its order; between them leftovers where no image is at hand.
    let from = 0;
    const found = wanted.map((ip) => (from = mine.indexOf(ip, from) + 1)).filter((at) => at > 0);
    expect([wanted.length, found.length]).toEqual([69, 69]);
    // Mono's frames follow each other without any between: by unwind data once the first of a run is found.
    const generated = frames.filter((frame) => frame.generated);
    expect(generated.map(({ ip }) => ip)).toEqual(wanted.filter((ip) => ip < 0x7ff0_0000_0000n));
    expect(generated.filter(({ trust }) => trust === 'unwind-info').length).toBeGreaterThan(25);
  });
});

describe.skipIf(!hasCorpus)('x86 and other systems', () => {
  it('follows the chain of EBPs (breakpad-minidump2: stackwalk.out)', () => {
    const { frames, ended } = walkCrash(open('user/breakpad-minidump2.dmp'));
    expect(frames.map((frame) => `0x${frame.ip.toString(16)}`)).toEqual(['0x40429e', '0x404200', '0x4053ec', '0x7c816fd7']);
    expect(frames.slice(1).every((frame) => frame.trust === 'frame-pointer')).toBe(true);
    expect(ended.reason).toBe('end-of-stack');
  });
  it('checks calls by the image at hand, then finds the chain again (symbolicator-windows)', () => {
    const { frames } = walkCrash(open('user/symbolicator-windows.dmp'));
    const tail = frames.slice(-4).map((frame) => [`0x${frame.ip.toString(16)}`, frame.trust]);
    expect(tail).toEqual([
      ['0x2a2d97', 'scan-call-checked'],
      ['0x750662c4', 'frame-pointer'],
      ['0x771d0f79', 'frame-pointer'],
      ['0x771d0f44', 'frame-pointer'],
    ]);
    // A published walk without the image takes this word for a return address; the code before it is no call.
    expect(frames.some((frame) => frame.ip === 0x2a28d0n)).toBe(false);
  });
  it.each([
    ['the PDB alone', { ...NO_SYMBOLS, pdb: pdbsAtHand }],
    ['PDB and image', { ...imagesAtHand(), pdb: pdbsAtHand }],
  ])('goes by the frame data of %s (symbolicator-windows: symbolicated.snap)', (_what, symbols) => {
    const { frames } = walkCrash(open('user/symbolicator-windows.dmp'), symbols);
    // The snapshot gives callers by their call: one byte before the return address.
    expect(frames.map((frame) => [`0x${frame.ip.toString(16)}`, frame.trust])).toEqual([
      ['0x2a2a3d', 'context'],
      ['0x2a2d97', 'unwind-info'],
      ['0x750662c4', 'unwind-info'],
      ['0x771d0f79', 'frame-pointer'],
      ['0x771d0f44', 'frame-pointer'],
    ]);
  });
  it('follows the chain of RBPs in code of macOS', () => {
    const { frames } = walkCrash(open('user/rustminidump-pipeline-inlines-macos-segv.dmp'));
    expect(frames.slice(1, 7).map(where)).toEqual([
      'crash-client+0x423e',
      'crash-client+0x6046',
      'crash-client+0x5c0c',
      'crash-client+0x833ee',
      'crash-client+0x4419',
      'libdyld.dylib+0x15f3d',
    ]);
  });
});

/** A space of one run of bytes. */
class RunSpace extends ByteSpace {
  readonly pointerSize: 4 | 8;
  readonly #start: Va;
  readonly #bytes: Uint8Array;
  constructor(start: bigint, bytes: Uint8Array, pointerSize: 4 | 8) {
    super();
    this.#start = va(start);
    this.#bytes = bytes;
    this.pointerSize = pointerSize;
  }
  read(at: Va, length: number): ReadResult {
    const offset = Number(at - this.#start);
    const bytes = offset >= 0 && offset <= this.#bytes.length ? this.#bytes.subarray(offset, offset + length) : new Uint8Array(0);
    if (bytes.length === length) return { bytes, got: length };
    return { bytes, got: bytes.length, missing: { why: 'not-in-dump', space: 'virtual', at: va(at + BigInt(bytes.length)) } };
  }
  translate(at: Va): Found<Translation> {
    return missing({ why: 'not-in-dump', space: 'virtual', at });
  }
  ranges(): readonly MemoryRange[] {
    return [];
  }
}

const MODULE_BASE = 0x10_0000n;
const none = missing({ why: 'not-computed' });
const someModule: Module = {
  name: 'some',
  imageName: 'some.dll',
  path: 'some.dll',
  base: va(MODULE_BASE),
  size: 0x8000,
  checksum: none,
  version: none,
  identity: { pe: none, pdb: none },
  origin: 'test',
};
const modules: ModuleList = {
  modules: [someModule],
  unloaded: [],
  find: (at) => (at >= MODULE_BASE && at < MODULE_BASE + 0x8000n ? { module: someModule, rva: rva(Number(at - MODULE_BASE)) } : undefined),
  findUnloaded: () => undefined,
  byName: () => undefined,
};
const STACK = 0x50_0000n;

interface Given {
  readonly kernel?: boolean;
  readonly symbols?: SymbolProvider;
  readonly dynamicTables?: readonly DynamicTable[];
}

function walkBytes(arch: Arch, bytes: Uint8Array, registers: Registers, { kernel = false, symbols = NO_SYMBOLS, dynamicTables = [] }: Given = {}): Stack {
  const pointerSize = arch === 'x86' || arch === 'arm' ? 4 : 8;
  const memory = new RunSpace(STACK, bytes, pointerSize);
  return driveSync(walkStack({ arch, registers, memory, modules, symbols, decoder, limit: 64, kernel, dynamicTables }));
}

/** Two functions, the second right behind the first. */
const NAMED: readonly (readonly [name: string, from: number, to: number])[] = [
  ['Gives', 0x1000, 0x1040],
  ['Takes', 0x1040, 0x1080],
];
const table: SymbolTable = {
  count: NAMED.length,
  origin: 'test',
  kind: 'pdb',
  nearest: (at) => {
    const row = NAMED.find(([, from, to]) => at >= from && at < to);
    return row ? found({ name: row[0], displacement: at - row[1], sizeBytes: row[2] - row[1], kind: 'procedure' }) : missing({ why: 'not-computed' });
  },
  byName: () => missing({ why: 'not-computed' }),
  match: () => [],
};
const NAMED_SYMBOLS: SymbolProvider = { ...NO_SYMBOLS, table: () => found(table) };

describe('stacks made by hand', () => {
  const words = (...values: bigint[]): Uint8Array => new Uint8Array(BigUint64Array.from(values).buffer);

  it('takes aligned words that point into a module, and no others', () => {
    // Slots 8, 0x18 and 0x28 can hold return addresses; 0x10 cannot, and 0x28 points at the headers.
    const stack = words(1n, MODULE_BASE + 0x1234n, MODULE_BASE + 0x2000n, 0xdeadn, 0n, MODULE_BASE + 0x10n);
    const { frames, ended } = walkBytes('x64', stack, { rip: MODULE_BASE + 0x1000n, rsp: STACK });
    expect(frames.map(line)).toEqual(['0x500000 some.dll+0x1000', '0x500010 some.dll+0x1234']);
    expect(frames.map((frame) => frame.trust)).toEqual(['context', 'scan']);
    expect(ended).toEqual({ reason: 'no-memory', detail: 'the memory at 00000000`00500030 is not in this dump' });
  });
  it('ends where the chain of an x86 stack bites its tail', () => {
    const stack = new Uint8Array(Uint32Array.from([Number(STACK), Number(MODULE_BASE) + 0x1111, 0, 0]).buffer);
    const { frames, ended } = walkBytes('x86', stack, { eip: MODULE_BASE + 0x1000n, esp: STACK, ebp: STACK });
    expect(frames.map((frame) => frame.trust)).toEqual(['context', 'frame-pointer']);
    expect(ended.reason).toBe('no-memory');
  });
  it('names a caller by its call, which may be its last instruction, and what was interrupted by its own address', () => {
    // Chain of EBPs: the return addresses are the first byte of Takes, and the first byte behind it.
    const chain = [Number(STACK) + 8, Number(MODULE_BASE) + 0x1040, Number(STACK) + 16, Number(MODULE_BASE) + 0x1080, 0, 0];
    const start = { eip: MODULE_BASE + 0x1040n, esp: STACK, ebp: STACK };
    const { frames } = walkBytes('x86', new Uint8Array(Uint32Array.from(chain).buffer), start, { symbols: NAMED_SYMBOLS });
    const names = frames.map(({ symbol }) => (symbol.ok ? `${symbol.value.name}+0x${symbol.value.displacement.toString(16)}` : 'none'));
    expect(names).toEqual(['Takes+0x0', 'Gives+0x40', 'Takes+0x40']);
  });
  describe('code made at run time', () => {
    // A function at +100h to +180h; push rbp; mov rbp,rsp; its stack is taken behind the prolog.
    const memory = new Uint8Array(0x600);
    memory.set([0x01, 0x04, 0x02, 0x05, 0x04, 0x03, 0x01, 0x50], 0x200);
    const functions = new Uint8Array(Uint32Array.from([0x100, 0x180, 0x200]).buffer);
    const dynamicTables = [{ minimum: va(STACK), maximum: va(STACK + 0x300n), base: va(STACK), functions }];
    const view = new DataView(memory.buffer);
    const set = (at: number, value: bigint): void => view.setBigUint64(at, value, true);
    set(0x3f8, STACK + 0x140n);
    set(0x440, STACK + 0x480n);
    set(0x448, STACK + 0x150n);
    set(0x480, 0n);
    set(0x488, MODULE_BASE + 0x1234n);
    const rows = (frames: readonly Frame[]): unknown[] => frames.map(({ ip, sp, trust, generated }) => [ip - STACK, sp - STACK, trust, generated ?? false]);

    it('goes by the table from known registers', () => {
      const { frames } = walkBytes('x64', memory, { rip: STACK + 0x140n, rsp: STACK + 0x400n, rbp: STACK + 0x440n }, { dynamicTables });
      expect(rows(frames)).toEqual([
        [0x140n, 0x400n, 'context', true],
        [0x150n, 0x450n, 'unwind-info', true],
        [MODULE_BASE + 0x1234n - STACK, 0x490n, 'unwind-info', false],
      ]);
      expect(frames[1]?.registers['rbp']).toBe(STACK + 0x480n);
    });
    it('finds the frame on the stack where a scan led there', () => {
      const { frames } = walkBytes('x64', memory, { rip: MODULE_BASE + 0x1000n, rsp: STACK + 0x3f0n }, { dynamicTables });
      expect(rows(frames).slice(1)).toEqual([
        [0x140n, 0x400n, 'scan', true],
        [0x150n, 0x450n, 'scan', true],
        [MODULE_BASE + 0x1234n - STACK, 0x490n, 'unwind-info', false],
      ]);
    });
  });
  it('takes down an x64 function that ends in a call', () => {
    const built = buildPe({
      ...{ name: 'some.dll', timestamp: 1 },
      functions: [
        { name: 'A', prologue: { alloc: 0x28 }, body: (code) => code.call('B') },
        { name: 'B' },
        { name: 'C', prologue: { alloc: 0x48 }, body: (code) => code.call('B') },
      ],
    });
    // A call of what never returns: nothing of the function stands behind it.
    const back = rvaIn(built, 'A>B');
    const file = new Uint8Array(built.file);
    const view = new DataView(file.buffer);
    const entry = Array.from({ length: file.length / 4 - 1 }, (_, word) => word * 4).find(
      (at) => view.getUint32(at, true) === rvaIn(built, 'A') && view.getUint32(at + 4, true) > back && view.getUint32(at + 4, true) < back + 0x20,
    );
    view.setUint32((entry ?? -8) + 4, back, true);
    const image = imageFromFile(new ArraySource(file, 'some.dll'));
    const stack = words(MODULE_BASE + BigInt(back), 0n, 0n, 0n, 0n, 0n, MODULE_BASE + BigInt(rvaIn(built, 'C>B')), ...Array<bigint>(16).fill(0n));
    const { frames } = walkBytes(
      'x64',
      stack,
      { rip: MODULE_BASE + BigInt(rvaIn(built, 'B')), rsp: STACK },
      { symbols: { ...NO_SYMBOLS, image: () => image } },
    );
    expect(frames.slice(0, 3).map(({ sp, trust }) => [sp - STACK, trust])).toEqual([
      [0n, 'context'],
      [0x8n, 'unwind-info'],
      [0x38n, 'unwind-info'],
    ]);
  });
  it('says what it cannot do', () => {
    expect(walkBytes('x64', words(0n), {}).frames).toEqual([]);
  });
  it('takes pointer authentication off', () => {
    expect(stripPac(0x0012_8003_f32d_e014n)).toBe(0x0000_8003_f32d_e014n);
    expect(stripPac(0xab80_f803_f32d_e014n | (1n << 55n))).toBe(0xffff_f803_f32d_e014n);
  });
  it('ends on any bytes, within its limit', () => {
    let seed = 4711;
    const random = (): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return seed >>> 8;
    };
    for (let round = 0; round < 300; round++) {
      const stack = new BigUint64Array(128);
      for (let index = 0; index < stack.length; index++) {
        const pick = random() % 4;
        const near = BigInt(random() % 0x8000);
        stack[index] = pick === 0 ? MODULE_BASE + near : pick === 1 ? STACK + (near % 0x400n) : BigInt(random());
      }
      const bytes = new Uint8Array(stack.buffer);
      const sp = STACK + BigInt(random() % 64) * 8n;
      for (const arch of ['x64', 'x86', 'arm64', 'arm'] as const) {
        const ip = MODULE_BASE + 0x1000n;
        const registers = { rip: ip, rsp: sp, rbp: sp, eip: ip, esp: sp, ebp: sp + 8n, pc: ip, sp, fp: sp + 16n, r11: sp + 8n, lr: ip + 4n };
        const { frames, ended } = walkBytes(arch, bytes, registers, { kernel: round % 2 === 0 });
        expect(frames.length).toBeLessThanOrEqual(64);
        expect(ended.detail).not.toBe('');
        frames.reduce((inner, outer) => {
          expect(outer.sp >= inner.sp || outer.boundary !== undefined).toBe(true);
          return outer;
        });
      }
    }
  });
});
