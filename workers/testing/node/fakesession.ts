/** Sessions made by hand for tests of rules: a module list, a few bytes of memory, a given stack. */
import { va } from '../../base/address.ts';
import { found, missing, type Missing } from '../../base/found.ts';
import type { Job } from '../../base/job.ts';
import { ArraySource } from '../../bytes/source.ts';
import { createDecoder } from '../../code/createdecoder.ts';
import { loadKnowledge } from '../../knowledge/load.ts';
import { SparseSpace } from '../../memory/sparsespace.ts';
import type { Module, UnloadedModule } from '../../modules/module.ts';
import { SortedModuleList } from '../../modules/modulelist.ts';
import { type ImageBytes, NO_SYMBOLS, type SymbolProvider } from '../../symbols/provider.ts';
import type { BlobInfo, Context, ContextSource, ExceptionInfo, Session, Target, ThreadInfo } from '../../target/target.ts';
import { loadLayouts } from '../../types/layouts/load.ts';
import { ModuleTypes } from '../../types/moduletypes.ts';
import type { Frame, Registers, Stack, Trust } from '../../unwind/frame.ts';
import { decoderModule } from '../../worlds/node/wasm.ts';

const knowledge = await loadKnowledge();
const decoder = createDecoder(decoderModule());
const layouts = await loadLayouts('x64');
const ABSENT: Missing = missing({ why: 'not-computed' });

/** "nvlddmkm.sys+0x1000", by which trust, under which name ("Name" or "Name+0x2c"), at which stack pointer. */
export type FakeFrame = readonly [place: string, trust?: Trust, symbol?: string | undefined, sp?: bigint];

export interface Fake {
  readonly code?: number;
  readonly params?: readonly (bigint | string)[];
  /** File names; each gets 31 MiB from BASE on, in order. Without a path, in user mode with the path given. */
  readonly modules?: readonly string[];
  readonly unloaded?: readonly { readonly name: string; readonly start: bigint; readonly end: bigint }[];
  readonly frames?: readonly FakeFrame[];
  /** Index of the frame that a trap interrupted. */
  readonly interrupted?: number;
  readonly registers?: Registers;
  readonly source?: ContextSource;
  /** Those of the dump's header, where a test tells them apart. */
  readonly headerRegisters?: Registers;
  readonly unknown?: readonly string[];
  /** Bytes by address or place, as hex text. */
  readonly memory?: Readonly<Record<string, string>>;
  /** Image bytes from RVA 0 of a module, as hex text. */
  readonly image?: { readonly module: string; readonly hex: string };
  readonly exception?: { readonly code: number; readonly parameters?: readonly bigint[]; readonly address?: string | bigint };
  readonly user?: boolean;
  readonly family?: Target['os']['family'];
  readonly build?: number;
  /** Link times of modules by file name, in seconds since 1970. */
  readonly linked?: Readonly<Record<string, number>>;
  readonly process?: string;
  readonly processObject?: bigint;
  readonly uptime?: number;
  readonly live?: boolean;
  readonly kernelPointers?: Readonly<Record<string, bigint>>;
  readonly kernelOffsets?: Readonly<Record<string, number>>;
  /** Secondary data by GUID: name and content as hex text. */
  readonly blobs?: Readonly<Record<string, readonly [name: string, hex: string]>>;
  readonly facts?: readonly { readonly name: string; readonly value: string }[];
  readonly stack?: { readonly low: bigint; readonly high: bigint };
  /** Threads by id, each with its registers. */
  readonly threads?: Readonly<Record<number, Registers>>;
}

const BASE = 0xfffff800_10000000n;
const USER_BASE = 0x7ff6_0000_0000n;
const SIZE = 0x1f0_0000;
export const GAP = 0x200_0000n;

function makeModules(fake: Fake): Module[] {
  const base = fake.user ? USER_BASE : BASE;
  return (fake.modules ?? ['ntoskrnl.exe']).map((path, index): Module => {
    const imageName = path.replace(/^.*[\\/]/, '');
    const linked = fake.linked?.[imageName];
    return {
      name: /^ntoskrnl/i.test(imageName) ? 'nt' : imageName.replace(/\.[a-z]+$/i, ''),
      imageName,
      path,
      base: va(base + BigInt(index) * GAP),
      size: SIZE,
      checksum: ABSENT,
      version: ABSENT,
      identity: { pe: linked === undefined ? ABSENT : found({ timestamp: linked, sizeOfImage: SIZE }), pdb: ABSENT },
      origin: 'test',
    };
  });
}

const fromHex = (hex: string): Uint8Array => Uint8Array.from(hex.replace(/\s/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

function makeMemory(fake: Fake, at: (place: string) => bigint): SparseSpace {
  const parts = Object.entries(fake.memory ?? {}).map(([place, hex]) => ({ start: at(place), bytes: fromHex(hex) }));
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.bytes.length, 0));
  let offset = 0;
  const ranges = parts.map(({ start, bytes }) => {
    all.set(bytes, offset);
    offset += bytes.length;
    return { start: va(start), size: bytes.length, fileOffset: offset - bytes.length, origin: 'test' };
  });
  return new SparseSpace(new ArraySource(all), ranges);
}

function makeSymbols(fake: Fake): SymbolProvider {
  const { image } = fake;
  if (!image) return NO_SYMBOLS;
  const bytes = fromHex(image.hex);
  const held: ImageBytes = { name: image.module, size: bytes.length, readRva: (rva, length) => bytes.subarray(rva, rva + length), writable: () => false };
  return { ...NO_SYMBOLS, image: (module) => (module.imageName === image.module ? found(held) : NO_SYMBOLS.image(module)) };
}

function makeThreads(fake: Fake): ThreadInfo[] {
  const given: readonly (readonly [id: string, registers: Registers | undefined])[] = fake.threads
    ? Object.entries(fake.threads)
    : fake.stack
      ? [['1', undefined]]
      : [];
  return given.map(([id, registers], index) => ({
    id: Number(id),
    index,
    name: ABSENT,
    teb: ABSENT,
    suspendCount: ABSENT,
    context: registers ? found({ source: 'thread', registers, unknown: [] }) : ABSENT,
    stackRange: fake.stack ? found({ low: va(fake.stack.low), high: va(fake.stack.high) }) : ABSENT,
  }));
}

function symbolOf(place: string, symbol: string | undefined): Frame['symbol'] {
  if (symbol === undefined) return missing({ why: 'no-symbols', module: place, detail: 'none' });
  const [, name = symbol, displacement = '0x10'] = /^(.*)\+(0x[0-9a-f]+)$/.exec(symbol) ?? [];
  return found({ name, displacement: Number(displacement), kind: 'public' });
}

export function fakeSession(fake: Fake): Session {
  const modules = makeModules(fake);
  const unloaded: UnloadedModule[] = (fake.unloaded ?? []).map((one) => ({ name: one.name, start: va(one.start), end: va(one.end) }));
  const list = new SortedModuleList(modules, unloaded);
  /** "name+0x10", or a number. */
  const at = (place: string): bigint => {
    const [name = '', offset = '0'] = place.split('+');
    const module = modules.find((one) => one.imageName === name);
    return module ? module.base + BigInt(offset) : BigInt(place);
  };
  const value = (one: bigint | string | undefined): bigint => (typeof one === 'string' ? at(one) : (one ?? 0n));
  const memory = makeMemory(fake, at);
  const context: Context = { source: fake.source ?? 'header', registers: fake.registers ?? {}, unknown: fake.unknown ?? [], at: va(0xfffff900_00001000n) };
  const given = fake.exception;
  const exception: ExceptionInfo | null = given
    ? { code: given.code, flags: 0, address: va(value(given.address)), parameters: given.parameters ?? [], nested: va(0n) }
    : null;
  const [p1, p2, p3, p4] = fake.params ?? [];
  const frames = (fake.frames ?? []).map(([place, trust = 'unwind-info', symbol, sp = 0n], index): Frame => {
    const ip = va(at(place));
    const where = list.find(ip);
    return {
      ip,
      sp: va(sp),
      trust,
      ...(where ? { place: where } : {}),
      ...(index === fake.interrupted ? { boundary: 'trap-frame' as const } : {}),
      symbol: symbolOf(place, symbol),
      returnAddress: ABSENT,
      args: [],
      registers: {},
    };
  });
  const blobBytes = fromHex(
    Object.values(fake.blobs ?? {})
      .map(([, hex]) => hex)
      .join(''),
  );
  let blobAt = 0;
  const blobs = Object.entries(fake.blobs ?? {}).map(([guid, [name, hex]]): BlobInfo => {
    const size = hex.replace(/\s/g, '').length / 2;
    blobAt += size;
    return { guid, name, size, fileOffset: blobAt - size, private: false };
  });
  const stack: Stack = { frames, ended: { reason: 'end-of-stack', detail: 'the test ends here' } };
  const target = {
    source: new ArraySource(blobBytes),
    counters: { bytesRead: 0, reads: 0 },
    kind: fake.user ? 'user' : 'kernel-triage',
    live: found(fake.live ?? false),
    dumpType: found(4),
    writer: found('test'),
    arch: 'x64',
    os: { family: fake.family ?? 'Windows', build: found(fake.build ?? 19041), name: ABSENT, productType: ABSENT, processors: found(8) },
    crashTime: found(1_700_000_000_000),
    uptimeSeconds: found(fake.uptime ?? 5000),
    bugCheck: fake.code === undefined ? null : { code: fake.code, params: [value(p1), value(p2), value(p3), value(p4)] },
    exception,
    context: fake.registers ? found(context) : ABSENT,
    headerContext: fake.headerRegisters ? found({ source: 'header', registers: fake.headerRegisters, unknown: [] }) : ABSENT,
    memory,
    modules: list,
    threads: makeThreads(fake),
    crashThread: fake.stack ? found(0) : ABSENT,
    process: {
      name: fake.process === undefined ? ABSENT : found(fake.process),
      id: ABSENT,
      ...(fake.processObject === undefined ? {} : { object: va(fake.processObject) }),
    },
    processor: found(0),
    streams: [],
    blobs,
    facts: (fake.facts ?? []).map((fact) => ({ group: 'test', name: fact.name, value: found(fact.value), privacy: 'public' as const })),
    oddities: [],
    kernelPointers: Object.fromEntries(Object.entries(fake.kernelPointers ?? {}).map(([name, at]) => [name, va(at)])),
    ...(fake.kernelOffsets ? { kernelOffsets: fake.kernelOffsets } : {}),
  } satisfies Target;
  const symbols = makeSymbols(fake);
  return {
    target,
    symbols,
    types: new ModuleTypes({ symbols, arch: target.arch, build: target.os.build, layouts }),
    decoder,
    knowledge,
    memory,
    scope: undefined,
    scopeFrame: 0,
    *crashStack(): Job<Stack> {
      return stack;
    },
    *walk(): Job<Stack> {
      return stack;
    },
  };
}

/** Eight bytes, little end first. */
export const qword = (value: bigint): string => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
};
