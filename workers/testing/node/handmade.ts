/**
 * Small sessions drawn by hand, so that the lines of a published WinDbg text come out with its own values.
 * Memory is bytes at addresses, names are given per address as the text prints them; nothing is parsed from a file.
 */
import { type Rva, rva, va } from '../../base/address.ts';
import { type Found, found, missing, notValid } from '../../base/found.ts';
import { driveSync } from '../../base/job.ts';
import type { Reply } from '../../base/problem.ts';
import { ArraySource } from '../../bytes/source.ts';
import type { Arch } from '../../code/decoder.ts';
import { createDecoder } from '../../code/createdecoder.ts';
import { loadKnowledge } from '../../knowledge/load.ts';
import { SparseSpace } from '../../memory/sparsespace.ts';
import type { Module, UnloadedModule } from '../../modules/module.ts';
import { SortedModuleList } from '../../modules/modulelist.ts';
import type { SymbolHit, SymbolProvider, SymbolTable } from '../../symbols/provider.ts';
import type { Context, Session, Target, ThreadInfo } from '../../target/target.ts';
import { loadLayouts } from '../../types/layouts/load.ts';
import { ModuleTypes } from '../../types/moduletypes.ts';
import type { Frame, Stack } from '../../unwind/frame.ts';
import { decoderModule } from '../../worlds/node/wasm.ts';
import { loadLateCode } from '../../commands/lateparts.ts';
import { runCommand } from '../../commands/run.ts';
import { type CommandContext, type OutputNode, type SymbolControl, formatNodes } from '../../commands/spec.ts';
import { SPECS } from '../../commands/specs.ts';

const never = missing({ why: 'not-computed', detail: 'this hand-made dump does not tell it' });
const knowledge = await loadKnowledge();
const decoder = createDecoder(decoderModule());
const layouts = await loadLayouts('x64');
await loadLateCode();

/** "fffff806`697f8304" or "0x…" as a number. */
export const at = (text: string): bigint => BigInt(`0x${text.replace(/^0x/, '').replaceAll('`', '')}`);
const bytesOf = (hex: string): number[] => (hex.replaceAll(/[\s-]/g, '').match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));

export interface MadeModule {
  readonly name: string;
  readonly base: string;
  readonly end: string;
  readonly imageName?: string;
  readonly path?: string;
  readonly pe?: { readonly timestamp: number; readonly checksum: number };
  /** File name of its PDB. */
  readonly pdb?: string;
  readonly version?: string;
  /** What `lm` shows of its symbols; a table is there too where `names` names it. */
  readonly symbols?: { readonly kind: 'pdb' | 'exports' | 'sym'; readonly origin: string };
  readonly failed?: boolean;
}

export interface MadeThread {
  readonly id: number;
  readonly teb: string;
  readonly suspend: number;
  readonly name?: string;
  readonly registers?: Readonly<Record<string, bigint>>;
  readonly frames?: readonly Frame[];
}

export interface Made {
  readonly arch?: Arch;
  readonly modules?: readonly MadeModule[];
  readonly unloaded?: readonly UnloadedModule[];
  /** Address → bytes in hex, blanks and the dash of `db` allowed. */
  readonly memory?: Readonly<Record<string, string>>;
  /** "fffff801`16aad110" → "nt!ExFreePoolWithTag" or "nt!Name+0x14". */
  readonly names?: Readonly<Record<string, string>>;
  readonly context?: Partial<Context> & { readonly registers: Readonly<Record<string, bigint>> };
  readonly frames?: readonly Frame[];
  readonly ended?: Stack['ended'];
  readonly threads?: readonly MadeThread[];
  readonly target?: Partial<Target>;
  readonly control?: Partial<SymbolControl>;
}

class MadeTable implements SymbolTable {
  readonly count: number;
  readonly origin: string;
  readonly kind: 'pdb' | 'exports' | 'sym';
  readonly #rows: readonly { readonly name: string; readonly rva: number }[];
  constructor(rows: readonly { readonly name: string; readonly rva: number }[], parts: { readonly origin: string; readonly kind: 'pdb' | 'exports' | 'sym' }) {
    this.#rows = [...rows].sort((a, b) => a.rva - b.rva);
    this.count = rows.length;
    this.origin = parts.origin;
    this.kind = parts.kind;
  }
  nearest(place: Rva): Found<SymbolHit> {
    const row = this.#rows.findLast((one) => one.rva <= place);
    return row ? found({ name: row.name, displacement: place - row.rva, kind: 'procedure' }) : notValid('address', String(place), 'one behind a symbol');
  }
  byName(name: string): Found<Rva> {
    const row = this.#rows.find((one) => one.name === name);
    return row ? found(rva(row.rva)) : notValid('name', name, 'a symbol');
  }
  match(pattern: string, limit: number): readonly { readonly name: string; readonly rva: Rva }[] {
    const wanted = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i');
    return this.#rows
      .filter(({ name }) => wanted.test(name))
      .slice(0, limit)
      .map((one) => ({ name: one.name, rva: rva(one.rva) }));
  }
}

function moduleOf(made: MadeModule): Module {
  const base = va(at(made.base));
  const size = Number(at(made.end) - base);
  return {
    name: made.name,
    imageName: made.imageName ?? `${made.name}.sys`,
    path: made.path ?? made.imageName ?? `${made.name}.sys`,
    base,
    size,
    checksum: made.pe ? found(made.pe.checksum) : never,
    version: made.version === undefined ? never : found(made.version),
    identity: {
      pe: made.pe ? found({ timestamp: made.pe.timestamp, sizeOfImage: size }) : never,
      pdb: made.pdb === undefined ? never : found({ file: made.pdb, guid: '0', age: 1 }),
    },
    origin: 'drawn by hand',
  };
}

function tablesOf(made: Made, modules: readonly Module[]): ReadonlyMap<string, MadeTable> {
  const rows = new Map<string, { name: string; rva: number }[]>();
  for (const [where, text] of Object.entries(made.names ?? {})) {
    const parts = /^(.*?)!(.*?)(?:\+0x([0-9a-f]+))?$/.exec(text);
    const module = modules.find((one) => one.name === parts?.[1]);
    if (!parts || !module) throw new Error(`no module for ${text}`);
    const list = rows.get(module.name) ?? [];
    list.push({ name: parts[2] ?? '', rva: Number(at(where) - module.base) - Number.parseInt(parts[3] ?? '0', 16) });
    rows.set(module.name, list);
  }
  return new Map(
    [...rows].map(([name, list]) => [
      name,
      new MadeTable(list, made.modules?.find((one) => one.name === name)?.symbols ?? { kind: 'pdb', origin: `${name}.pdb` }),
    ]),
  );
}

function providerOf(made: Made, modules: readonly Module[]): SymbolProvider {
  const tables = tablesOf(made, modules);
  const drawn = (module: Module) => made.modules?.find((one) => one.name === module.name);
  return {
    revision: 0,
    status: (module) => {
      const parts = drawn(module);
      if (parts?.failed) return { state: 'failed', code: 'NOT_ON_SERVER', detail: 'no server has it' };
      return parts?.symbols ? { state: 'ready', ...parts.symbols, count: 1 } : { state: 'not-asked' };
    },
    table: (module) => {
      const table = tables.get(module.name);
      return table ? found(table) : missing({ why: 'no-symbols', module: module.name, detail: 'no symbols were loaded' });
    },
    image: (module) => missing({ why: 'no-symbols', module: module.name, detail: 'the image file is not at hand' }),
    pdb: (module) => missing({ why: 'no-symbols', module: module.name, detail: 'no PDB was loaded' }),
  };
}

function memoryOf(made: Made, pointerSize: 4 | 8): SparseSpace {
  const all: number[] = [];
  const ranges = Object.entries(made.memory ?? {}).map(([where, hex]) => {
    const bytes = bytesOf(hex);
    const fileOffset = all.length;
    all.push(...bytes);
    return { start: va(at(where)), size: bytes.length, fileOffset, origin: 'drawn' };
  });
  return new SparseSpace(new ArraySource(new Uint8Array(all), 'drawn'), ranges, pointerSize);
}

const ROOT: Stack['ended'] = { reason: 'root', detail: 'the stack ends' };

/** One frame as `kv` prints it: stack pointer, return address, arguments; `ip` is the address that the name stands for. */
export function frame(sp: string, ret: string, ip: string, more: { readonly args?: readonly string[] } & Partial<Omit<Frame, 'args'>> = {}): Frame {
  const { args, ...rest } = more;
  return {
    ip: va(at(ip)),
    sp: va(at(sp)),
    trust: 'unwind-info',
    symbol: never,
    returnAddress: found(va(at(ret))),
    registers: {},
    ...rest,
    args: (args ?? []).map((value) => found(at(value))),
  };
}

function threadOf(made: MadeThread, index: number): ThreadInfo {
  return {
    id: made.id,
    index,
    name: made.name === undefined ? never : found(made.name),
    teb: found(va(at(made.teb))),
    suspendCount: found(made.suspend),
    context: made.registers ? found({ source: 'thread', registers: made.registers, unknown: [] }) : never,
    stackRange: never,
  };
}

export interface Console {
  readonly session: Session;
  readonly context: CommandContext;
  answer(line: string): Reply<readonly OutputNode[]>;
  /** The lines of an answer; throws where the command refuses. */
  run(line: string): readonly string[];
}

/** A console over a session, whatever opened it. */
export function consoleOf(session: Session, control: Partial<SymbolControl> = {}): Console {
  const paths = { symbols: 'srv*', images: '', sources: '' };
  let noisy = false;
  const symbolControl: SymbolControl = {
    path: (of) => paths[of],
    setPath: (of, wanted) => ({ ok: true, value: (paths[of] = wanted) }),
    folderState: () => 'not-picked',
    noisy: () => noisy,
    setNoisy: (on) => void (noisy = on),
    log: () => [],
    request: () => undefined,
    ...control,
  };
  const context = { session, specs: SPECS, symbolControl };
  const answer = (line: string): Reply<readonly OutputNode[]> => driveSync(runCommand(context, line));
  return {
    session,
    context,
    answer,
    run: (line) => {
      const result = answer(line);
      if (!result.ok) throw new Error(`${line}: ${result.problem.code} ${result.problem.detail}`);
      return formatNodes(result.value).split('\n');
    },
  };
}

export function handmade(made: Made): Console {
  const arch = made.arch ?? 'x64';
  const pointerSize = arch === 'x64' || arch === 'arm64' ? 8 : 4;
  const modules = (made.modules ?? []).map(moduleOf);
  const list = new SortedModuleList(modules, made.unloaded ?? []);
  const memory = memoryOf(made, pointerSize);
  const threads = (made.threads ?? []).map(threadOf);
  const context: Found<Context> = made.context ? found({ source: 'header', unknown: [], ...made.context }) : never;
  const target: Target = {
    source: new ArraySource(new Uint8Array(0), 'drawn.dmp'),
    counters: { bytesRead: 0, reads: 0 } as never,
    kind: 'kernel-triage',
    live: found(false),
    dumpType: found(4),
    writer: never,
    arch,
    os: { family: 'Windows', build: never, name: never, productType: never, processors: never },
    crashTime: never,
    uptimeSeconds: never,
    bugCheck: null,
    exception: null,
    context,
    headerContext: context,
    memory,
    modules: list,
    threads,
    crashThread: threads.length > 0 ? found(0) : never,
    process: { name: never, id: never },
    processor: never,
    streams: [],
    blobs: [],
    facts: [],
    oddities: [],
    kernelPointers: {},
    ...made.target,
  };
  const placed = (frames: readonly Frame[]): readonly Frame[] => frames.map((one) => placedFrame(one, list, symbols));
  const symbols = providerOf(made, modules);
  const stackOf = (frames: readonly Frame[] | undefined): Stack => ({ frames: placed(frames ?? []), ended: made.ended ?? ROOT });
  const session: Session = {
    target,
    symbols,
    decoder,
    knowledge,
    types: new ModuleTypes({ symbols, arch: target.arch, build: target.os.build, layouts }),
    memory,
    scope: context.ok ? context.value : undefined,
    scopeFrame: 0,
    *crashStack() {
      return stackOf(made.frames);
    },
    *walk(from) {
      const index = threads.findIndex((thread) => thread.context.ok && thread.context.value.registers === from.registers);
      return stackOf(index < 0 ? made.frames : made.threads?.[index]?.frames);
    },
  };
  return consoleOf(session, made.control);
}

function placedFrame(one: Frame, modules: SortedModuleList, symbols: SymbolProvider): Frame {
  const place = modules.find(one.ip);
  const table = place && symbols.table(place.module);
  return { ...one, ...(place ? { place } : {}), symbol: !one.symbol.ok && place && table?.ok ? table.value.nearest(place.rva) : one.symbol };
}

/** What a command shows, or why it does not; without the line that says whose layouts were used. */
export function shownLines(session: Session, command: string): string[] {
  const answer = consoleOf(session).answer(command);
  const text = answer.ok ? formatNodes(answer.value) : `${answer.problem.code}: ${answer.problem.detail}`;
  return text.split('\n').filter((row) => !row.startsWith('kept layouts of'));
}
