/**
 * Address ranges: `addr`, `addr Lcount`, `addr L?count`, `addr -Lcount`, `addr end`.
 * Syntax: learn.microsoft.com/windows-hardware/drivers/debuggercmds/address-and-address-range-syntax.
 */
import { type Va, va } from '../base/address.ts';
import type { Found } from '../base/found.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { evaluate } from './evaluate.ts';
import type { ExpressionScope } from './scope.ts';

export interface Range {
  readonly start: Va;
  /** Objects of the command's unit; undefined where the line gives no length. */
  readonly count: bigint | undefined;
  /** Inclusive end, where the line gave one instead of a length. */
  readonly end: Va | undefined;
}

const LENGTH = /\s(-?)L(\?)?\s*([^\s].*)$/i;
/** WinDbg refuses longer ranges unless `L?` is written. */
const PLAIN_LIMIT = 0x1000_0000n;

export function evaluateRange(text: string, scope: ExpressionScope): Reply<Found<Range>> {
  const trimmed = text.trim();
  const length = LENGTH.exec(` ${trimmed}`);
  if (length) return withLength(trimmed, length, scope);
  const whole = evaluate(trimmed, scope);
  if (whole.ok) return one(whole.value);
  const cut = lastBlankOutsideBrackets(trimmed);
  if (cut < 0) return whole;
  const start = evaluate(trimmed.slice(0, cut), scope);
  const end = evaluate(trimmed.slice(cut + 1), scope);
  if (!start.ok || !end.ok) return whole;
  if (!start.value.ok) return reply(start.value);
  if (!end.value.ok) return reply(end.value);
  return reply({ ok: true, value: { start: va(start.value.value), count: undefined, end: va(end.value.value) } });
}

function one(value: Found<bigint>): Reply<Found<Range>> {
  return reply(value.ok ? { ok: true, value: { start: va(value.value), count: undefined, end: undefined } } : value);
}

function withLength(text: string, match: RegExpExecArray, scope: ExpressionScope): Reply<Found<Range>> {
  const start = evaluate(text.slice(0, Math.max(0, match.index)), scope);
  if (!start.ok) return start;
  const count = evaluate(match[3] ?? '', scope);
  if (!count.ok) return refuse('BAD_ARGUMENT', `the length is not a number: ${count.problem.detail}`, { at: match.index });
  if (!start.value.ok) return reply(start.value);
  if (!count.value.ok) return reply(count.value);
  if (count.value.value > PLAIN_LIMIT && match[2] === undefined)
    return refuse('BAD_ARGUMENT', 'the range is over 256 MB; write L? if that is meant', { at: match.index });
  const backwards = match[1] === '-';
  const from = backwards ? va(start.value.value - count.value.value) : va(start.value.value);
  return reply({ ok: true, value: { start: from, count: count.value.value, end: undefined } });
}

function lastBlankOutsideBrackets(text: string): number {
  let depth = 0;
  for (let index = text.length - 1; index > 0; index--) {
    const char = text[index] ?? '';
    if (char === ')' || char === ']') depth += 1;
    if (char === '(' || char === '[') depth -= 1;
    if (depth === 0 && char === ' ') return index;
  }
  return -1;
}
