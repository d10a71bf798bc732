/**
 * A value read from a dump, or the reason why it could not be read.
 * A zero or an empty string never stands for a gap (docs/design: contracts).
 */
import type { Va } from './address.ts';

/** Why a value is missing. Every member is plain data, so it survives `structuredClone`. */
export type MissingReason =
  | { readonly why: 'not-computed'; readonly detail?: string }
  | {
      readonly why: 'not-in-dump';
      readonly space: 'virtual' | 'physical' | 'file';
      readonly at: bigint;
      /** The virtual address that was being translated when the gap was met. */
      readonly whileTranslating?: Va;
    }
  | { readonly why: 'not-present'; readonly va: Va; readonly level: PageLevel }
  | { readonly why: 'paged-out'; readonly va: Va }
  | { readonly why: 'outside-file'; readonly at: number; readonly length: number; readonly fileSize: number }
  | { readonly why: 'stream-absent'; readonly stream: string }
  | { readonly why: 'no-symbols'; readonly module: string; readonly detail: string }
  | { readonly why: 'unknown-layout'; readonly type: string; readonly build: string }
  | { readonly why: 'not-valid'; readonly what: string; readonly got: string; readonly wanted: string }
  | { readonly why: 'not-written-by'; readonly writer: string; readonly what: string }
  /** Several ways were tried; each reason is kept. */
  | { readonly why: 'all-failed'; readonly attempts: readonly MissingReason[] };

export type PageLevel = 'PML5' | 'PML4' | 'PDPT' | 'PD' | 'PT';

export interface Present<T> {
  readonly ok: true;
  readonly value: T;
}
export interface Missing {
  readonly ok: false;
  readonly missing: MissingReason;
}
export type Found<T> = Present<T> | Missing;

export function found<T>(value: T): Present<T> {
  return { ok: true, value };
}

export function missing(reason: MissingReason): Missing {
  return { ok: false, missing: reason };
}

export function notValid(what: string, got: string, wanted: string): Missing {
  return missing({ why: 'not-valid', what, got, wanted });
}

/** Applies `f` to a present value; a missing one keeps its reason. */
export function mapFound<A, B>(a: Found<A>, f: (value: A) => B): Found<B> {
  return a.ok ? found(f(a.value)) : a;
}

/** Chains a second read that may itself be missing. */
export function thenFound<A, B>(a: Found<A>, f: (value: A) => Found<B>): Found<B> {
  return a.ok ? f(a.value) : a;
}

/** The value, or `undefined` for code that has already decided what to do without it. */
export function valueOf<T>(a: Found<T>): T | undefined {
  return a.ok ? a.value : undefined;
}

/** The first attempt that succeeds; else a reason that holds all of theirs. */
export function firstFound<T>(attempts: readonly (() => Found<T>)[]): Found<T> {
  const reasons: MissingReason[] = [];
  for (const attempt of attempts) {
    const result = attempt();
    if (result.ok) return result;
    reasons.push(result.missing);
  }
  return reasons.length === 1 && reasons[0] ? missing(reasons[0]) : missing({ why: 'all-failed', attempts: reasons });
}
