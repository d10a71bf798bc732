/**
 * What each pool tag holds: POOL_TRACKER_TABLE rows (public type tables of the kernel: Key, and for each of both pools how often blocks
 * were taken and given back and the bytes held). Every processor counts in a table of its own, so what one takes another may give
 * back: only the sum over all tables says what is held.
 */
import type { Va } from '../../base/address.ts';
import { type Found, found, type MissingReason } from '../../base/found.ts';
import type { Job } from '../../base/job.ts';
import { fourLettersShown, withoutProtection } from '../../base/letters.ts';
import type { TypedMemory } from '../typedview.ts';
import { rowOf, rowUint } from './row.ts';

export interface PoolUse {
  allocs: bigint;
  frees: bigint;
  bytes: bigint;
}
export interface TagUse {
  /** Four characters; what cannot be printed is a dot. */
  readonly tag: string;
  readonly nonPaged: PoolUse;
  readonly paged: PoolUse;
}
export interface TagSum {
  readonly tags: readonly TagUse[];
  /** Tables, or ends of tables, that could not be read. */
  readonly gaps: readonly MissingReason[];
}

const FIELDS = ['NonPagedAllocs', 'NonPagedFrees', 'NonPagedBytes', 'PagedAllocs', 'PagedFrees', 'PagedBytes'] as const;
type Counts = readonly bigint[];

/** A system has some thousands; a damaged table would name millions. */
const MAX_TAGS = 65_536;
const tooMany: MissingReason = { why: 'not-valid', what: 'the number of tags', got: `more than ${MAX_TAGS}`, wanted: 'that of a pool' };

/** `tables` of `rows` rows each; the caller has checked both. */
export function* sumPoolTags(kernel: TypedMemory, tables: readonly Va[], rows: number): Job<Found<TagSum>> {
  const row = rowOf(kernel, '_POOL_TRACKER_TABLE', FIELDS);
  if (!row.ok) return row;
  const { size, fields } = row.value;
  const sums = new Map<number, Counts>();
  const gaps: MissingReason[] = [];
  for (const [done, table] of tables.entries()) {
    const { bytes, got, missing: gap } = kernel.space.read(table, rows * size);
    if (gap) gaps.push(gap);
    const view = new DataView(bytes.buffer, bytes.byteOffset, got);
    for (let at = 0; at + size <= got; at += size) {
      const key = view.getUint32(at, true);
      if (key === 0) continue;
      if (sums.size >= MAX_TAGS && !sums.has(key)) return found({ tags: usesOf(sums), gaps: [...gaps, tooMany] });
      const before = sums.get(key);
      sums.set(
        key,
        FIELDS.map((field, index) => (before?.[index] ?? 0n) + BigInt.asIntN(64, rowUint(view, at, fields[field]))),
      );
    }
    yield { progress: 'Reading pool tags', done: done + 1, of: tables.length };
  }
  return found({ tags: usesOf(sums), gaps });
}

function usesOf(sums: ReadonlyMap<number, Counts>): TagUse[] {
  return [...sums].map(([key, [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n, f = 0n]]) => ({
    tag: fourLettersShown(withoutProtection(key)),
    nonPaged: { allocs: a, frees: b, bytes: c },
    paged: { allocs: d, frees: e, bytes: f },
  }));
}
