/** Arguments that many commands take. */
import { type Va, va } from '../base/address.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { evaluate } from '../expr/evaluate.ts';
import { evaluateRange } from '../expr/range.ts';
import { sessionScope } from '../expr/sessionscope.ts';
import type { Session } from '../target/target.ts';

/** An expression that must have a value. */
export function valueOf(session: Session, text: string): Reply<bigint> {
  const value = evaluate(text, sessionScope(session));
  if (!value.ok) return value;
  return value.value.ok ? reply(value.value.value) : refuse('BAD_ARGUMENT', describeMissing(value.value.missing), { at: 0 });
}

export function addressOf(session: Session, text: string): Reply<Va> {
  const value = valueOf(session, text);
  return value.ok ? reply(va(session.memory.pointerSize === 4 ? value.value & 0xffff_ffffn : value.value)) : value;
}

export interface UnitRange {
  readonly start: Va;
  readonly count: number;
}

export interface RangeDefaults {
  /** Where the range starts when the line gives none. */
  readonly start: Va | undefined;
  readonly count: number;
  readonly unitBytes: number;
  /** Longest range that is answered. */
  readonly limit: number;
}

/** A range in a command's units: `addr`, `addr Ln`, `addr end`. */
export function rangeOf(session: Session, text: string, defaults: RangeDefaults): Reply<UnitRange> {
  if (text.trim() === '')
    return defaults.start === undefined ? refuse('BAD_ARGUMENT', 'an address is wanted', { at: 0 }) : reply({ start: defaults.start, count: defaults.count });
  const range = evaluateRange(text, sessionScope(session));
  if (!range.ok) return range;
  if (!range.value.ok) return refuse('BAD_ARGUMENT', describeMissing(range.value.missing), { at: 0 });
  const { start, count, end } = range.value.value;
  const wanted = count ?? (end === undefined ? BigInt(defaults.count) : end < start ? -1n : (end - start) / BigInt(defaults.unitBytes) + 1n);
  if (wanted < 0n) return refuse('BAD_ARGUMENT', 'the range ends before it begins', { at: 0 });
  if (wanted > BigInt(defaults.limit)) return refuse('BAD_ARGUMENT', `at most ${defaults.limit} entries are shown at once`, { at: 0 });
  return reply({ start, count: Number(wanted) });
}
