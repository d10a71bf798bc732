/** Facts of the analysis as pairs of key and value, and the exception that a stop is about. */
import { type Va, va } from '../base/address.ts';
import { hex } from '../base/hex.ts';
import { baseBugCheck } from '../knowledge/bugchecks.ts';
import type { ExceptionInfo, Session } from '../target/target.ts';
import { accessOf } from '../verdict/access.ts';
import { attributesOf } from './analyzedetails.ts';
import { BLANK, labelSpan } from './analyzelabel.ts';
import { readExceptionAt } from './records.ts';
import { type OutputNode, line } from './spec.ts';

type Pair = readonly [key: string, value: string];

export const codeOf = ({ target }: Session): number => (target.bugCheck ? baseBugCheck(target.bugCheck.code) : 0);
export const isUser = ({ target }: Session): boolean => target.kind === 'user';

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

function failureKeys(session: Session, bucket: string): readonly Pair[] {
  const exception = exceptionOf(session);
  const access = exception && accessOf(exception.record);
  const place = exception && session.target.modules.find(exception.record.address);
  return [
    ['Failure.Bucket', bucket],
    ...(access ? [['AV.Type', access.kind[0]?.toUpperCase() + access.kind.slice(1)] as const] : []),
    ...(exception
      ? [['Failure.Exception.Code', hex(exception.record.code >>> 0)] as const, ['Failure.Exception.IP.Address', hex(exception.record.address)] as const]
      : []),
    ...(place ? [['Failure.Exception.IP.Module', place.module.name] as const, ['Failure.Exception.IP.Offset', hex(place.rva)] as const] : []),
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

function ownKeys(session: Session): readonly Pair[] {
  const uptime = session.target.uptimeSeconds;
  const started: readonly Pair[] = uptime.ok && uptime.value > 0 ? [['Timeline.OS.Boot.DeltaSec', String(Math.floor(uptime.value))]] : [];
  return [...frameKey(session), ...failFastKeys(session), ...started];
}

/** Pairs sorted by key, ordinal, as WinDbg prints them. */
export function keyValues(session: Session, bucket: string): readonly OutputNode[] {
  const { bugCheck, dumpType, kind } = session.target;
  const pairs = [...failureKeys(session, bucket)];
  if (bugCheck) pairs.push(['Bugcheck.Code.LegacyAPI', hex(baseBugCheck(bugCheck.code))], ['Bugcheck.Code.TargetModel', hex(bugCheck.code)]);
  if (kind === 'kernel-triage') pairs.push(['Dump.Attributes.KernelGeneratedTriageDump', '1']);
  const attributes = attributesOf(session);
  if (attributes !== undefined) pairs.push(['Dump.Attributes.AsUlong', attributes.toString(16)]);
  pairs.push(...ownKeys(session));
  if (kind === 'user' && dumpType.ok) pairs.push(['Dump.Attributes.AsUlong', hex(dumpType.value)]);
  pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    line(labelSpan('KEY_VALUES_STRING', ' '), '1'),
    BLANK,
    ...pairs.flatMap(([key, value]) => [line(`    Key  : ${key}`), line(`    Value: ${value}`), BLANK]),
    BLANK,
  ];
}
