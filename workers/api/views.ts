/** Rows for the page out of a target: plain cloneable data, gaps with their words. */
import { type Found, mapFound, missing, valueOf } from '../base/found.ts';
import { describeMissing } from '../base/missingwords.ts';
import { hex } from '../base/hex.ts';
import type { Va } from '../base/address.ts';
import type { Knowledge } from '../knowledge/knowledge.ts';
import { isLinkDate } from '../modules/linkdate.ts';
import type { Module } from '../modules/module.ts';
import type { SymbolProvider, SymbolStatus } from '../symbols/provider.ts';
import type { ExceptionInfo, Fact, FirstTarget, Target, ThreadInfo } from '../target/target.ts';
import type { Stack } from '../unwind/frame.ts';
import { listRows, sourceOf, type StackRow } from '../unwind/inlined.ts';
import { exceptionName } from '../verdict/signals.ts';
import { accessOf } from '../verdict/access.ts';
import type { FactRow, FirstFacts, FrameRow, ModuleRow, Shown, StackView, ThreadRow } from './analysis.ts';

export function shown<T>(value: Found<T>): Shown<T> {
  return value.ok ? value : { ok: false, missing: value.missing, words: describeMissing(value.missing) };
}

const KIND_WORDS: Readonly<Record<string, string>> = {
  'kernel-triage': 'small kernel dump',
  'kernel-full': 'complete memory dump',
  'kernel-summary': 'kernel memory dump (summary)',
  'kernel-bitmap-full': 'complete memory dump (bitmap)',
  'kernel-bitmap': 'kernel memory dump',
  'kernel-other': 'kernel dump of a rare type',
  user: 'application dump',
  log: 'log',
  unknown: 'unknown',
};

type Coverage = FirstFacts['coverage'];
const COVERAGE: Readonly<Record<string, Coverage>> = {
  triage: [
    { part: 'context', held: 'full', words: 'registers of the processor that stopped' },
    { part: 'stack', held: 'some', words: 'the stack of one thread' },
    { part: 'modules', held: 'full', words: 'the list of drivers' },
    { part: 'kernel-memory', held: 'some', words: 'a few blocks around what the registers point to' },
    { part: 'user-memory', held: 'none', words: 'no memory of applications' },
  ],
  kernel: [
    { part: 'context', held: 'full', words: 'registers of every processor' },
    { part: 'stack', held: 'full', words: 'the kernel stacks that were in memory' },
    { part: 'modules', held: 'full', words: 'the list of drivers and their code' },
    { part: 'kernel-memory', held: 'full', words: 'kernel memory that was in RAM' },
    { part: 'user-memory', held: 'none', words: 'no memory of applications' },
  ],
  full: [
    { part: 'context', held: 'full', words: 'registers of every processor' },
    { part: 'stack', held: 'full', words: 'the stacks that were in memory' },
    { part: 'modules', held: 'full', words: 'the list of drivers and their code' },
    { part: 'kernel-memory', held: 'full', words: 'everything that was in RAM' },
    { part: 'user-memory', held: 'full', words: 'everything that was in RAM' },
  ],
  user: [
    { part: 'context', held: 'full', words: 'registers of the threads' },
    { part: 'stack', held: 'full', words: 'the stacks that the writer chose' },
    { part: 'modules', held: 'full', words: 'the list of modules' },
    { part: 'kernel-memory', held: 'none', words: 'no kernel memory: this is one process' },
    { part: 'user-memory', held: 'some', words: 'the ranges that the writer chose' },
  ],
};
const OTHER = 'not known: Microsoft describes no dump of this type';
const RARE: Coverage = (['context', 'stack', 'modules', 'kernel-memory', 'user-memory'] as const).map((part) => ({ part, held: 'unknown', words: OTHER }));
const COVERAGE_OF: Readonly<Record<string, keyof typeof COVERAGE>> = {
  'kernel-triage': 'triage',
  'kernel-full': 'full',
  'kernel-bitmap-full': 'full',
  'kernel-bitmap': 'kernel',
  'kernel-summary': 'kernel',
  user: 'user',
};

export function firstFacts(first: FirstTarget, knowledge: Knowledge, oddities: readonly string[] = []): FirstFacts {
  const bugCheck = first.bugCheck && { ...first.bugCheck, ...bugCheckWords(first.bugCheck.code, knowledge) };
  return {
    fileName: first.source.name,
    sizeBytes: first.source.size,
    kind: first.kind,
    kindWords: KIND_WORDS[first.kind] ?? first.kind,
    live: shown(first.live),
    writer: shown(first.writer),
    arch: first.arch,
    os: shown(first.os.name),
    crashTimeMs: shown(first.crashTime),
    uptimeSeconds: shown(first.uptimeSeconds),
    bugCheck,
    exception: first.exception && { ...first.exception, ...exceptionWords(first.exception, exceptionName(first, knowledge)) },
    pointerSize: first.arch === 'x86' || first.arch === 'arm' ? 4 : 8,
    coverage: COVERAGE[COVERAGE_OF[first.kind] ?? ''] ?? (first.kind === 'kernel-other' ? RARE : []),
    oddities,
  };
}

function exceptionWords(exception: ExceptionInfo, name: string | undefined): { name: string; access: string | null; accessAddress: bigint | null } {
  const access = accessOf(exception);
  return { name: name ?? hex(exception.code), access: access?.kind ?? null, accessAddress: access?.address ?? null };
}

function bugCheckWords(code: number, knowledge: Knowledge): { name: string; gist: string } {
  const entry = knowledge.bugCheck(code);
  return { name: entry?.name ?? `bug check ${hex(code)}`, gist: entry?.gist ?? 'This code is in no public list.' };
}

export function factRow(fact: Fact): FactRow {
  return { group: fact.group, name: fact.name, value: shown(fact.value) };
}

/** Register names in their order of trying: the first that the context holds is the instruction or stack pointer. */
const IP = ['rip', 'eip', 'pc'];
const SP = ['rsp', 'esp', 'sp'];

export function threadRow(thread: ThreadInfo, crashed: boolean): ThreadRow {
  const pointer = (names: readonly string[]): Shown<Va> => {
    if (!thread.context.ok) return shown(thread.context);
    const { registers } = thread.context.value;
    const name = names.find((candidate) => registers[candidate] !== undefined);
    const value = name === undefined ? undefined : registers[name];
    return value === undefined ? shown(missing({ why: 'not-computed', detail: 'the context holds no such register' })) : { ok: true, value: value as Va };
  };
  return {
    index: thread.index,
    id: thread.id,
    name: shown(thread.name),
    ip: pointer(IP),
    sp: pointer(SP),
    teb: shown(thread.teb),
    suspendCount: shown(thread.suspendCount),
    crashed,
  };
}

export function describeStatus(status: SymbolStatus): string {
  switch (status.state) {
    case 'not-asked':
      return 'not asked';
    case 'waiting':
      return 'waiting';
    case 'downloading':
      return `downloading ${status.done ?? 0}${status.of ? ` of ${status.of}` : ''} bytes`;
    case 'ready':
      return `${status.count} names from ${status.origin}`;
    case 'failed':
      return `${status.code}: ${status.detail}`;
  }
}

export function moduleRow(module: Module, target: Target, knowledge: Knowledge, symbols: SymbolProvider): ModuleRow {
  const timestamp = mapFound(module.identity.pe, (identity) => identity.timestamp);
  const driver = knowledge.driver(module.imageName);
  const application = target.kind === 'user' ? knowledge.userModule(module.imageName) : undefined;
  return {
    name: module.name,
    imageName: module.imageName,
    path: module.path,
    base: module.base,
    size: module.size,
    timestamp: shown(timestamp),
    timestampIsDate: timestamp.ok && isLinkDate(timestamp.value, valueOf(target.crashTime)),
    checksum: shown(module.checksum),
    version: shown(module.version),
    pdb: shown(mapFound(module.identity.pdb, (pdb) => `${pdb.file} {${pdb.guid}} ${pdb.age}`)),
    owner: driver?.vendor ?? application?.vendor ?? null,
    listedVulnerable: driver?.vulnerable ?? false,
    symbols: describeStatus(symbols.status(module)),
  };
}

function frameRow(row: StackRow, index: number): FrameRow {
  const { frame, inlined } = row;
  const named = inlined ? mapFound(inlined.name, (name) => ({ name, displacement: inlined.displacement })) : frame.symbol;
  return {
    index,
    ip: frame.ip,
    sp: frame.sp,
    trust: frame.trust,
    module: frame.place?.module.name ?? null,
    moduleOffset: frame.place ? BigInt(frame.place.rva) : null,
    symbol: shown(mapFound(named, ({ name, displacement }) => ({ name, displacement }))),
    source: valueOf(sourceOf(row)) ?? null,
    boundary: inlined ? null : (frame.boundary ?? null),
    inlined: inlined !== undefined,
  };
}

export function stackView(stack: Stack, thread: number | null): StackView {
  return { thread, frames: listRows(stack.frames).map(frameRow), ended: stack.ended.detail };
}
