/** The analysis of one dump behind AnalysisApi. Effects (files, wasm, time, symbols) are handed in by the entry. */
import { type Va, va, vaAdd } from '../base/address.ts';
import { type Found, missing, valueOf } from '../base/found.ts';
import { type Job, type Step, drive } from '../base/job.ts';
import { hexDigits } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import { Defect, type Problem, type Reply, SourceError, refuse, reply } from '../base/problem.ts';
import { BlockCache } from '../bytes/blockcache.ts';
import { checkFingerprint, type Fingerprint, takeFingerprint } from '../bytes/fingerprint.ts';
import type { ByteSource } from '../bytes/source.ts';
import type { Decoder } from '../code/decoder.ts';
import { completions, describeCommands } from '../commands/help.ts';
import { sourceUrl } from '../formats/pdb/sources.ts';
import { runCommand } from '../commands/run.ts';
import { SPECS } from '../commands/specs.ts';
import type { CommandContext, SymbolControl } from '../commands/spec.ts';
import { evaluate } from '../expr/evaluate.ts';
import { sessionScope } from '../expr/sessionscope.ts';
import type { Knowledge } from '../knowledge/knowledge.ts';
import type { SymbolProvider } from '../symbols/provider.ts';
import { openTarget, readFirst } from '../target/open.ts';
import { findPersonal } from '../target/personal.ts';
import { FRAME_LIMIT, createSession } from '../target/session.ts';
import type { Session, ThreadInfo } from '../target/target.ts';
import { loadLayouts } from '../types/layouts/load.ts';
import type { Stack } from '../unwind/frame.ts';
import { collectFacts } from '../verdict/casebook/collect.ts';
import { judge } from '../verdict/judge.ts';
import type { Verdict } from '../verdict/verdict.ts';
import type { AnalysisApi, CodeAddress, DumpFile, MemoryView, OnProgress } from './analysis.ts';
import { toResult } from './result.ts';
import { verdictView } from './verdictview.ts';
import { factRow, firstFacts, moduleRow, stackView, threadRow } from './views.ts';

export interface EngineParts {
  /** Makes a source of what the page handed over. */
  openSource(file: DumpFile | Uint8Array, name: string): Reply<ByteSource>;
  decoder(): Promise<Decoder>;
  knowledge(): Promise<Knowledge>;
  readonly symbols: SymbolProvider;
  readonly symbolControl: SymbolControl;
  /** Asks for the symbols that a new session needs first; returns when what is at hand has been loaded. */
  prepare(session: Session, cancelled: () => boolean): Promise<void>;
  breathe(): Promise<void>;
  /** Milliseconds, monotonic. */
  now(): number;
  /** SHA-256 of the whole source, or why it was not taken. */
  sha256(source: ByteSource): Promise<Found<string>>;
  readonly version: string;
}

/** A dump of which the first facts have been told. */
interface Begun {
  /** The file itself, to see whether it is still the same. */
  readonly raw: ByteSource;
  readonly fingerprint: Fingerprint;
  readonly source: BlockCache;
  readonly knowledge: Knowledge;
  readonly startedAt: number;
  readonly onProgress: OnProgress | undefined;
}

interface Opened extends Begun {
  readonly session: Session;
  verdict: { readonly revision: number; readonly value: Verdict } | undefined;
}

const MAX_MEMORY_VIEW = 1 << 20;
const CANCELLED = refuse('CANCELLED', 'cancelled');

export class Engine {
  readonly #parts: EngineParts;
  #begun: Begun | undefined;
  #opened: Opened | undefined;
  #pending: Promise<Reply<Opened>> | undefined;
  /** Raised by cancel, close and the next opening; a job ends when it no longer holds the current number. */
  #generation = 0;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  open(file: DumpFile | Uint8Array, name: string, onProgress?: OnProgress): ReturnType<AnalysisApi['open']> {
    return this.#guard(async () => {
      this.#forget();
      const generation = this.#generation;
      const startedAt = this.#parts.now();
      const raw = this.#parts.openSource(file, name);
      if (!raw.ok) return raw;
      const source = new BlockCache(raw.value);
      const first = readFirst(source);
      if (!first.ok) return first;
      const fingerprint = takeFingerprint(source);
      const knowledge = await this.#parts.knowledge();
      if (generation !== this.#generation) return CANCELLED;
      this.#begun = { raw: raw.value, fingerprint, source, knowledge, startedAt, onProgress };
      void this.#whole();
      return reply(firstFacts(first.value, knowledge));
    });
  }

  /** The whole of the dump that was begun; begins anew where it was cancelled before. */
  #whole(): Promise<Reply<Opened>> {
    const begun = this.#begun;
    if (!begun) return Promise.resolve(refuse('NOT_A_DUMP', 'no dump is open'));
    this.#pending ??= this.#guard(() => this.#openWhole(begun)).then((answer) => {
      if (begun !== this.#begun) return CANCELLED;
      if (answer.ok) this.#opened = answer.value;
      else if (answer.problem.code === 'CANCELLED') this.#pending = undefined;
      return answer;
    });
    return this.#pending;
  }

  async #openWhole(begun: Begun): Promise<Reply<Opened>> {
    const generation = this.#generation;
    const cancelled = (): boolean => this.#generation !== generation;
    const decoder = await this.#parts.decoder();
    if (cancelled()) return CANCELLED;
    const target = await this.#drive(openTarget(begun.source), begun.onProgress);
    if (!target.ok) return target;
    if (!target.value.ok) return target.value;
    const layouts = await loadLayouts(target.value.value.arch);
    if (cancelled()) return CANCELLED;
    const session = createSession({ target: target.value.value, symbols: this.#parts.symbols, decoder, knowledge: begun.knowledge, layouts });
    await this.#parts.prepare(session, cancelled);
    return cancelled() ? CANCELLED : reply({ ...begun, session, verdict: undefined });
  }

  verdict(onProgress?: OnProgress): ReturnType<AnalysisApi['verdict']> {
    return this.#with(async (opened) => {
      const verdict = await this.#judge(opened, onProgress);
      return verdict.ok ? reply(verdictView(verdict.value, opened.session)) : verdict;
    });
  }

  facts(): ReturnType<AnalysisApi['facts']> {
    return this.#with(({ session }) => reply(session.target.facts.map(factRow)));
  }

  stack(thread: number | null, onProgress?: OnProgress): ReturnType<AnalysisApi['stack']> {
    return this.#with(async (opened) => {
      const walked = await this.#walk(opened, thread, onProgress);
      return walked.ok ? reply(stackView(walked.value, thread)) : walked;
    });
  }

  sourceUrl(module: string, file: string): ReturnType<AnalysisApi['sourceUrl']> {
    return this.#with(({ session }) => {
      const named = session.target.modules.byName(module);
      const pdb = named && session.symbols.pdb(named);
      return reply((pdb?.ok && valueOf(sourceUrl(pdb.value, file))) || null);
    });
  }

  registers(): ReturnType<AnalysisApi['registers']> {
    return this.#with(({ session }) => reply(Object.entries(session.scope?.registers ?? {}).map(([name, value]) => ({ name, value }))));
  }

  modules(): ReturnType<AnalysisApi['modules']> {
    return this.#with(({ session, knowledge }) => {
      const { modules } = session.target;
      return reply({
        loaded: modules.modules.map((module) => moduleRow(module, session.target, knowledge, session.symbols)),
        unloaded: modules.unloaded.map(({ name, start, end }) => ({ name, start, end })),
      });
    });
  }

  threads(): ReturnType<AnalysisApi['threads']> {
    return this.#with(({ session: { target } }) => {
      const crashed = target.crashThread.ok ? target.crashThread.value : -1;
      return reply(target.threads.map((thread, index) => threadRow(thread, index === crashed)));
    });
  }

  streams(): ReturnType<AnalysisApi['streams']> {
    return this.#with(({ session: { target } }) => reply({ streams: target.streams, blobs: target.blobs }));
  }

  memory(at: Va, length: number): ReturnType<AnalysisApi['memory']> {
    return this.#with(({ session }) => reply(memoryView(session, at, Math.min(Math.max(0, Math.trunc(length)), MAX_MEMORY_VIEW))));
  }

  memoryRanges(): ReturnType<AnalysisApi['memoryRanges']> {
    return this.#with(({ session }) => reply(session.target.memory.ranges().map(({ start, size, origin }) => ({ start, size, origin }))));
  }

  evaluate(expression: string): ReturnType<AnalysisApi['evaluate']> {
    return this.#with(({ session }): Reply<Va> => {
      const value = evaluate(expression, sessionScope(session));
      if (!value.ok) return value;
      return value.value.ok ? reply(va(value.value.value)) : refuse('BAD_ARGUMENT', describeMissing(value.value.missing), { at: 0 });
    });
  }

  run(line: string, onProgress?: OnProgress): ReturnType<AnalysisApi['run']> {
    return this.#with(async (opened) => {
      checkFingerprint(opened.raw, opened.fingerprint);
      const answer = await this.#drive(runCommand(this.#context(opened.session), line), onProgress);
      if (!answer.ok) return answer;
      return answer.value.ok ? reply({ line, nodes: answer.value.value }) : answer.value;
    });
  }

  complete(prefix: string): ReturnType<AnalysisApi['complete']> {
    return this.#with(({ session }) => reply(completions(prefix, session, SPECS)));
  }

  commands(): ReturnType<AnalysisApi['commands']> {
    return this.#with(({ session }) => reply(describeCommands(SPECS, session)));
  }

  result(): ReturnType<AnalysisApi['result']> {
    return this.#with(async (opened) => {
      const stack = await this.#walk(opened, null);
      const verdict = await this.#judge(opened);
      if (!stack.ok) return stack;
      if (!verdict.ok) return verdict;
      const sha256 = await this.#parts.sha256(opened.source);
      const engine = { version: this.#parts.version, millis: Math.round(this.#parts.now() - opened.startedAt) };
      const { session, knowledge } = opened;
      return reply(
        toResult({ file: session.target.source.name, sha256, target: session.target, knowledge, stack: stack.value, verdict: verdict.value, engine }),
      );
    });
  }

  personal(onProgress?: OnProgress): ReturnType<AnalysisApi['personal']> {
    return this.#with(({ raw }) => this.#drive(findPersonal(raw), onProgress));
  }

  code(address: CodeAddress): ReturnType<AnalysisApi['code']> {
    return this.#explain(({ codeView }, knowledge) => {
      const page = codeView(knowledge, address);
      return page ? reply(page) : refuse('BAD_ARGUMENT', `${address.parts[0] ?? ''} is in no public list of codes`, { at: 0 });
    });
  }

  codes(): ReturnType<AnalysisApi['codes']> {
    return this.#explain(({ codeRows }, knowledge) => reply(codeRows(knowledge)));
  }

  pasted(text: string): ReturnType<AnalysisApi['pasted']> {
    return this.#explain(({ pastedView }, knowledge) => reply(pastedView(knowledge, text)));
  }

  /** What needs no dump; its words are loaded at the first question. */
  #explain<T>(work: (explain: typeof import('./explain.ts'), knowledge: Knowledge) => Reply<T>): Promise<Reply<T>> {
    return this.#guard(async () => work(await import('./explain.ts'), await this.#parts.knowledge()));
  }

  summarise(onProgress?: OnProgress): ReturnType<AnalysisApi['summarise']> {
    return this.#with(async (opened) => {
      const verdict = await this.#judge(opened, onProgress);
      return verdict.ok ? reply(collectFacts(opened.session, verdict.value, dumpId(opened))) : verdict;
    });
  }

  cancel(): Promise<void> {
    this.#generation += 1;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#forget();
    return Promise.resolve();
  }

  #forget(): void {
    this.#generation += 1;
    this.#begun = undefined;
    this.#opened = undefined;
    this.#pending = undefined;
  }

  async #judge(opened: Opened, onProgress?: OnProgress): Promise<Reply<Verdict>> {
    checkFingerprint(opened.raw, opened.fingerprint);
    const { revision } = this.#parts.symbols;
    if (opened.verdict?.revision === revision) return reply(opened.verdict.value);
    const judged = await this.#drive(judge(opened.session), onProgress);
    if (judged.ok) opened.verdict = { revision, value: judged.value };
    return judged;
  }

  async #walk({ session, raw, fingerprint }: Opened, thread: number | null, onProgress?: OnProgress): Promise<Reply<Stack>> {
    checkFingerprint(raw, fingerprint);
    if (thread === null) return this.#drive(session.crashStack(), onProgress);
    const chosen = session.target.threads[thread];
    if (!chosen) return refuse('BAD_ARGUMENT', `there is no thread ${thread}`, { at: 0 });
    return this.#drive(walkThread(session, chosen), onProgress);
  }

  #context(session: Session): CommandContext {
    return { session, specs: SPECS, symbolControl: this.#parts.symbolControl };
  }

  /** Waits for the opened dump, then does `work` on it. */
  #with<T>(work: (opened: Opened) => Reply<T> | Promise<Reply<T>>): Promise<Reply<T>> {
    return this.#guard(async () => {
      if (this.#opened) return work(this.#opened);
      const opened = await this.#whole();
      return opened.ok ? work(opened.value) : opened;
    });
  }

  async #drive<T>(job: Job<T>, onProgress?: OnProgress): Promise<Reply<T>> {
    const generation = this.#generation;
    const result = await drive(job, {
      cancelled: () => this.#generation !== generation,
      breathe: () => this.#parts.breathe(),
      onStep: (step) => tell(step, onProgress),
    });
    return result.done ? reply(result.value) : CANCELLED;
  }

  /** The only place where thrown errors become problems. */
  async #guard<T>(work: () => Promise<Reply<T>>): Promise<Reply<T>> {
    try {
      return await work();
    } catch (error) {
      return { ok: false, problem: problemOf(error) };
    }
  }
}

export function createEngine(parts: EngineParts): Engine {
  return new Engine(parts);
}

/** Equal for equal files, whatever their names. */
const dumpId = ({ fingerprint, raw }: Begun): string => `${hexDigits(fingerprint.first, 16)}${hexDigits(fingerprint.last, 16)}-${raw.size.toString(16)}`;

function problemOf(error: unknown): Problem {
  if (error instanceof SourceError) return { code: error.code, detail: error.message };
  if (error instanceof Defect) return { code: 'DEFECT', detail: error.message };
  return { code: 'DEFECT', detail: error instanceof Error ? `${error.name}: ${error.message}` : 'an unknown fault' };
}

function tell(step: Step, onProgress?: OnProgress): void {
  if ('progress' in step) onProgress?.({ what: step.progress, done: step.done, of: step.of });
}

function* walkThread(session: Session, thread: ThreadInfo): Job<Stack> {
  if (!thread.context.ok) return { frames: [], ended: { reason: 'no-memory', detail: describeMissing(thread.context.missing) } };
  const range = thread.stackRange.ok ? thread.stackRange.value : undefined;
  return yield* session.walk(thread.context.value, FRAME_LIMIT, range);
}

/** Bytes one by one with their gaps: each gap is skipped to the next byte that can be read, page by page. */
function memoryView(session: Session, at: Va, length: number): MemoryView {
  const bytes: (number | null)[] = [];
  const gaps: { from: number; to: number; words: string }[] = [];
  while (bytes.length < length) {
    const from = bytes.length;
    const here = vaAdd(at, from);
    const read = session.memory.read(here, length - from);
    for (const byte of read.bytes) bytes.push(byte);
    if (bytes.length >= length) break;
    const gapAt = vaAdd(at, bytes.length);
    const next = nextHeld(session, gapAt);
    const to = Math.min(length, bytes.length + next);
    const reason = read.missing ?? { why: 'not-in-dump' as const, space: 'virtual' as const, at: gapAt };
    gaps.push({ from: bytes.length, to, words: describeMissing(reason) });
    while (bytes.length < to) bytes.push(null);
  }
  return { at, bytes, missing: gaps };
}

/** How far from `at` the next held byte may be: the start of the next range, else the next page. At least 1. */
function nextHeld(session: Session, at: Va): number {
  const toPage = 0x1000 - Number(at & 0xfffn);
  const next = session.memory.ranges().find((range) => range.start > at);
  if (!next) return toPage;
  const distance = next.start - at;
  return distance < BigInt(toPage) ? Number(distance) : toPage;
}

/** For worlds that cannot hash. */
export const notHashed: Found<string> = missing({ why: 'not-computed', detail: 'hashed only up to 64 MiB, or with --hash' });
