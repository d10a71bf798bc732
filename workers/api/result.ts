/**
 * One dump as the record of docs/result.schema.json: what `--json` prints and the page exports.
 * Numbers that are addresses or codes are lower-case hex strings; a gap is `{missing, detail}`; a thing that does not exist is null.
 */
import { type Found, type MissingReason, found, mapFound, missing, thenFound } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import type { Problem } from '../base/problem.ts';
import type { Knowledge } from '../knowledge/knowledge.ts';
import { exceptionName } from '../verdict/signals.ts';
import { say } from '../verdict/words.ts';
import type { Module } from '../modules/module.ts';
import type { Context, ExceptionInfo, Target, ThreadInfo } from '../target/target.ts';
import type { Stack } from '../unwind/frame.ts';
import { listRows, sourceOf, type StackRow } from '../unwind/inlined.ts';
import type { Text, Verdict } from '../verdict/verdict.ts';
import { accessOf } from '../verdict/access.ts';
import type { ResultRecord } from './analysis.ts';

export interface ResultParts {
  readonly file: string;
  readonly sha256: Found<string>;
  readonly target: Target;
  readonly knowledge: Knowledge;
  readonly stack: Stack;
  readonly verdict: Verdict;
  readonly engine: { readonly version: string; readonly millis: number };
}

interface Gap {
  readonly missing: MissingReason['why'];
  readonly detail: string;
}
const gap = (reason: MissingReason): Gap => ({ missing: reason.why, detail: describeMissing(reason) });
const shown = <T>(value: Found<T>): T | Gap => (value.ok ? value.value : gap(value.missing));
const shownHex = (value: Found<bigint | number>): string | Gap => shown(mapFound(value, hex));
const words = (text: Text): string => say(text).owner;
const isoTime = (ms: number): string => new Date(ms).toISOString();

/** A dump that was opened. */
export function toResult(parts: ResultParts): ResultRecord {
  const { target } = parts;
  return {
    file: parts.file,
    sizeBytes: target.source.size,
    sha256: shown(parts.sha256),
    kind: target.kind,
    live: shown(target.live),
    dumpType: shown(target.dumpType),
    writer: shown(target.writer),
    arch: target.arch,
    os: {
      family: target.os.family,
      build: shown(target.os.build),
      name: shown(target.os.name),
      productType: shown(target.os.productType),
      processors: shown(target.os.processors),
    },
    crashTime: shown(mapFound(target.crashTime, isoTime)),
    uptimeSeconds: shown(target.uptimeSeconds),
    bugcheck: bugCheckRecord(target, parts.knowledge),
    exception: target.exception && exceptionRecord(target.exception, exceptionName(target, parts.knowledge)),
    context: shown(mapFound(target.context, registersRecord)),
    contextSource: shown(mapFound(target.context, (context) => context.source)),
    headerContext: target.kind === 'user' ? null : shown(mapFound(target.headerContext, registersRecord)),
    modules: target.modules.modules.map(moduleRecord),
    unloadedModules: target.modules.unloaded.map((module) => ({ name: module.name, base: hex(module.start), end: hex(module.end) })),
    threads: target.threads.map(threadRecord),
    memory: memoryRecord(target),
    streams: target.streams.map(({ type, name, size, decoded }) => ({ type, name, size, decoded })),
    blobs: target.blobs.map(({ guid, name, size }) => ({ guid, name, size })),
    process: { name: shown(target.process.name), id: shown(target.process.id) },
    processor: shown(target.processor),
    stack: listRows(parts.stack.frames).map(frameRecord),
    verdict: verdictRecord(parts.verdict),
    problems: target.oddities.map((message) => ({ code: 'ODDITY', message })),
    engine: { version: parts.engine.version, bytesRead: target.counters.bytesRead, reads: target.counters.reads, millis: parts.engine.millis },
  };
}

/** A file that could not be opened: the same fields, with the reason in each place. */
export function toFailedResult(file: string, sizeBytes: number, problem: Problem, engine: { version: string; millis: number }): ResultRecord {
  const absent: Gap = { missing: 'not-computed', detail: problem.detail };
  const fields = [
    'sha256',
    'live',
    'dumpType',
    'writer',
    'arch',
    'os',
    'crashTime',
    'uptimeSeconds',
    'bugcheck',
    'exception',
    'context',
    'contextSource',
    'headerContext',
  ];
  const lists = ['modules', 'unloadedModules', 'threads', 'memory', 'streams', 'blobs', 'process', 'processor', 'stack', 'verdict'];
  return {
    file,
    sizeBytes,
    kind: 'unknown',
    ...Object.fromEntries([...fields, ...lists].map((name) => [name, absent])),
    problems: [{ code: problem.code, message: problem.detail }],
    engine: { version: engine.version, bytesRead: 0, reads: 0, millis: engine.millis },
  };
}

function bugCheckRecord(target: Target, knowledge: Knowledge): unknown {
  if (!target.bugCheck) return null;
  const { code, params } = target.bugCheck;
  const name = knowledge.bugCheck(code)?.name;
  return { code: hex(code), name: name ?? gap({ why: 'not-computed', detail: `${hex(code)} is in no public list of bug checks` }), params: params.map(hex) };
}

function exceptionRecord(exception: ExceptionInfo, name: string | undefined): unknown {
  const access = accessOf(exception);
  return {
    code: hex(exception.code),
    name: name ?? gap({ why: 'not-computed', detail: `${hex(exception.code)} is in no public list of exception codes` }),
    flags: hex(exception.flags),
    address: hex(exception.address),
    parameters: exception.parameters.map(hex),
    threadId: exception.threadId ?? null,
    access: access?.kind ?? null,
    accessAddress: access ? hex(access.address) : null,
  };
}

function registersRecord(context: Context): Record<string, string> {
  return Object.fromEntries(Object.entries(context.registers).map(([name, value]) => [name, hex(value)]));
}

/** Null where the dump says that the module names none; a gap where nothing is known of it. */
function pdbRecord(pdb: Module['identity']['pdb']): unknown {
  return !pdb.ok && pdb.missing.why === 'stream-absent' ? null : shown(pdb);
}

function moduleRecord(module: Module): unknown {
  const { pe, pdb } = module.identity;
  return {
    name: module.imageName,
    path: module.path,
    base: hex(module.base),
    size: hex(module.size),
    timestamp: shownHex(mapFound(pe, (identity) => identity.timestamp)),
    checksum: shownHex(module.checksum),
    version: shown(module.version),
    pdb: pdbRecord(pdb),
  };
}

function threadRecord(thread: ThreadInfo): unknown {
  const pointer = (names: readonly string[]) =>
    shownHex(
      thenFound(thread.context, ({ registers }) => {
        const name = names.find((one) => registers[one] !== undefined);
        const value = name === undefined ? undefined : registers[name];
        return value === undefined ? missing({ why: 'not-computed', detail: `the saved registers do not hold ${names.join(', ')}` }) : found(value);
      }),
    );
  return {
    id: thread.id,
    name: shown(thread.name),
    teb: shownHex(thread.teb),
    ip: pointer(['rip', 'eip', 'pc']),
    sp: pointer(['rsp', 'esp', 'sp']),
    suspended: shown(thread.suspendCount),
  };
}

function memoryRecord(target: Target): unknown {
  const ranges = target.memory.ranges();
  if (ranges.length === 0 && target.physical) {
    const detail = 'the dump holds physical pages; which addresses they stand at is found one by one';
    return { ranges: gap({ why: 'not-computed', detail }), bytes: target.physical.pageCount * 4096 };
  }
  return { ranges: ranges.length, bytes: Number(ranges.reduce((sum, range) => sum + range.size, 0n)) };
}

function frameRecord(row: StackRow): unknown {
  const { frame, inlined } = row;
  const hit: Found<{ readonly name: string; readonly displacement: number }> = inlined
    ? mapFound(inlined.name, (name) => ({ name, displacement: inlined.displacement }))
    : frame.symbol;
  const source = sourceOf(row);
  const none = (detail: string): Gap => ({ missing: 'not-computed', detail });
  return {
    ip: hex(frame.ip),
    sp: hex(frame.sp),
    trust: frame.trust,
    module: frame.place?.module.imageName ?? none('the address lies in no module'),
    symbol: shown(mapFound(hit, (symbol) => symbol.name)),
    displacement: hit.ok ? hit.value.displacement : frame.place ? frame.place.rva : none('the address lies in no module'),
    file: shown(mapFound(source, ({ file }) => file)),
    line: shown(mapFound(source, ({ line }) => line)),
    inlined: inlined !== undefined,
  };
}

function verdictRecord(verdict: Verdict): unknown {
  return {
    headline: words(verdict.headline),
    explanation: verdict.explanation.map(words).join(' '),
    sureness: verdict.sureness,
    cause: verdict.cause,
    place: verdict.place
      ? {
          module: verdict.place.module,
          offset: hex(verdict.place.offset),
          symbol: verdict.place.symbol ?? gap({ why: 'no-symbols', module: verdict.place.module, detail: 'none loaded' }),
        }
      : null,
    culprit: verdict.culprit ? { module: verdict.culprit.module ?? null, part: verdict.culprit.part ?? null } : null,
    detector: verdict.detector ?? null,
    victim: verdict.victim ?? null,
    bucket: verdict.bucket,
    signature: verdict.signature,
    evidence: verdict.evidence.map((item) => ({ id: item.id, text: say(item.says).helper, weighs: item.weighs, how: item.how, command: item.command })),
    against: verdict.against.map(words),
    rivals: verdict.rivals.map((rival) => ({ module: rival.module ?? null, part: rival.part ?? null, why: words(rival.why) })),
    wouldSettle: verdict.wouldSettle.map(words),
    steps: verdict.steps.map((step) => (step.copy ? `${words(step.says)} ${step.copy}` : words(step.says))),
    rule: verdict.rule,
  };
}
