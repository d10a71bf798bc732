/** Facts of the analysis as pairs of key and value, and the exception that a stop is about. */
import { type Va, va } from '../base/address.ts';
import { valueOf } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import { baseBugCheck } from '../knowledge/bugchecks.ts';
import type { ExceptionInfo, Session } from '../target/target.ts';
import { accessOf } from '../verdict/access.ts';
import { stackOfStop } from '../verdict/stackpointer.ts';
import { dereferenced, problemOf } from '../verdict/userbucket.ts';
import { type Analysis, codeOf, type Group, isUser } from './analysis.ts';
import { attributesOf } from './analyzedetails.ts';
import { BLANK, glossed, labelSpan } from './analyzelabel.ts';
import { buildLab } from './analyzesystem.ts';
import { readExceptionAt } from './records.ts';
import { line } from './spec.ts';

type Pair = readonly [key: string, value: string];

/** The exception that the stop is about: the dump's own, or the record that a bug check's argument points to. */
const RECORD_ARGUMENT: Readonly<Record<number, 1 | 2>> = { 0x7e: 2, 0x8e: 2, 0x139: 2 };
export function exceptionOf(session: Session): { readonly record: ExceptionInfo; readonly at?: Va } | undefined {
  const { bugCheck, exception } = session.target;
  if (isUser(session)) return exception ? { record: exception } : undefined;
  const argument = RECORD_ARGUMENT[codeOf(session)];
  if (!bugCheck || argument === undefined) return undefined;
  const at = va(bugCheck.params[argument]);
  const record = readExceptionAt(session, at);
  return record.ok ? { record: record.value, at } : undefined;
}

const capital = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;

/** AV.*: of an exception, and of 0x50. */
function accessKeys({ session, case: c }: Analysis): readonly Pair[] {
  const exception = exceptionOf(session);
  const kind = exception ? accessOf(exception.record)?.kind : codeOf(session) === 0x50 ? c.fault.access : undefined;
  const pointer = exception ? dereferenced(c) : undefined;
  return [...(pointer === undefined ? [] : [['AV.Dereference', pointer] as const]), ...(kind === undefined ? [] : [['AV.Type', capital(kind)] as const])];
}

/** The exception, where there is one, and where it came about. */
function placeKeys({ session, case: c }: Analysis): readonly Pair[] {
  const exception = exceptionOf(session);
  const ip = exception?.record.address ?? c.fault.ip;
  const place = ip === undefined ? undefined : session.target.modules.find(ip);
  const type = place ? 'Paged' : ip === 0n ? 'Null' : undefined;
  return [
    ...(exception ? [['Failure.Exception.Code', hex(exception.record.code >>> 0)] as const] : []),
    ...(exception?.at === undefined ? [] : [['Failure.Exception.Record', hex(exception.at)] as const]),
    ...(ip === undefined ? [] : [['Failure.Exception.IP.Address', hex(ip)] as const]),
    ...(place ? [['Failure.Exception.IP.Module', place.module.name] as const, ['Failure.Exception.IP.Offset', hex(place.rva)] as const] : []),
    ...(isUser(session) && type !== undefined ? [['Faulting.IP.Type', type] as const] : []),
  ];
}

function failureKeys({ session, verdict, case: c, followUp, waits }: Analysis): readonly Pair[] {
  const source = followUp?.frame.symbol.ok ? followUp.frame.symbol.value.source : undefined;
  return [
    ['Failure.Bucket', verdict.bucket],
    ...(isUser(session) ? [['Failure.ProblemClass.Primary', waits ? 'APPLICATION_HANG' : problemOf(c).name] as const] : []),
    ...(source?.ok ? [['Failure.Source.FilePath', source.value.file] as const] : []),
  ];
}

const FAIL_FAST = 0xc0000409;

/** 0x1A/41792: the frame number that argument 3, the page table entry, would name. */
function frameKey({ target: { bugCheck } }: Session): readonly Pair[] {
  const [sub, , entry] = bugCheck?.params ?? [];
  const own = bugCheck && baseBugCheck(bugCheck.code) === 0x1a && sub === 0x41792n;
  return own && entry !== undefined ? [['MemoryManagement.PFN', (entry >> 12n).toString(16)]] : [];
}

function failFastKeys({ target: { kind, exception }, knowledge }: Session): readonly Pair[] {
  if (kind !== 'user' || exception?.code !== FAIL_FAST) return [];
  const code = Number((exception.parameters[0] ?? 0n) & 0xffff_ffffn);
  const name = knowledge.fastFail(code)?.name.replace(/^FAST_FAIL_/, '');
  return [...(name === undefined ? [] : [['FailFast.Name', name] as const]), ['FailFast.Type', String(code)]];
}

const RUNTIMES: readonly (readonly [image: string, engine: string])[] = [
  ['coreclr.dll', 'CORECLR'],
  ['clr.dll', 'CLR'],
];
/** The .NET of the program, and the program's own version. */
function programKeys({ target: { kind, modules } }: Session): readonly Pair[] {
  if (kind !== 'user') return [];
  const [program] = modules.modules;
  const runtime = RUNTIMES.map(([image, engine]) => ({ module: modules.byName(image), engine })).find(({ module }) => module);
  return [
    ...(runtime ? [['CLR.Engine', runtime.engine] as const] : []),
    ...(runtime?.module?.version.ok ? [['CLR.Version', runtime.module.version.value] as const] : []),
    ...(program?.version.ok ? [['WER.Process.Version', program.version.value] as const] : []),
  ];
}

/** The system's start in a kernel dump, the process' in an application's. */
function startKey({ target: { kind, uptimeSeconds: uptime } }: Session): readonly Pair[] {
  const key = kind === 'user' ? 'Timeline.Process.Start.DeltaSec' : 'Timeline.OS.Boot.DeltaSec';
  return uptime.ok && uptime.value > 0 ? [[key, String(Math.floor(uptime.value))]] : [];
}

/** nt!KiBugCheckData holds code and arguments; small dumps do not have it. */
function bugCheckKeys({ target: { bugCheck, kernelPointers, memory } }: Session): readonly Pair[] {
  if (!bugCheck) return [];
  const at = kernelPointers['KiBugcheckData'];
  const data = at === undefined ? undefined : memory.u32(at);
  return [
    ...(data?.ok && data.value !== 0 ? [['Bugcheck.Code.KiBugCheckData', hex(data.value)] as const] : []),
    ['Bugcheck.Code.LegacyAPI', hex(baseBugCheck(bugCheck.code))],
    ['Bugcheck.Code.TargetModel', hex(bugCheck.code)],
  ];
}

function dumpKeys(session: Session): readonly Pair[] {
  const { dumpType, kind } = session.target;
  const attributes = kind === 'user' ? valueOf(dumpType) : attributesOf(session);
  return [
    ...(kind === 'kernel-triage' ? [['Dump.Attributes.KernelGeneratedTriageDump', '1'] as const] : []),
    ...(attributes === undefined ? [] : [['Dump.Attributes.AsUlong', hex(attributes)] as const]),
  ];
}

function systemKeys(session: Session): readonly Pair[] {
  const lab = buildLab(session);
  const on = stackOfStop(session.target);
  return [
    ...(on === undefined ? [] : [['Stack.Pointer', on] as const]),
    ...(lab ? [['WER.OS.Branch', lab.branch] as const, ['WER.OS.Version', lab.version] as const] : []),
  ];
}

/** Pairs sorted by key, ordinal, as WinDbg prints them. */
export const keyValues: Group = (analysis) => {
  const { session } = analysis;
  const pairs = [...accessKeys(analysis), ...failureKeys(analysis), ...placeKeys(analysis), ...bugCheckKeys(session), ...dumpKeys(session)];
  pairs.push(...frameKey(session), ...failFastKeys(session), ...programKeys(session), ...startKey(session), ...systemKeys(session));
  pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    line(labelSpan('KEY_VALUES_STRING', ' '), '1'),
    BLANK,
    ...pairs.flatMap(([key, value]) => [line(glossed(`    Key  : ${key}`, key)), line(`    Value: ${value}`), BLANK]),
    BLANK,
  ];
};
