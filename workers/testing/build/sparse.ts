/** A large file told in few bytes: what is not listed is zero. */
import { Defect } from '../../base/problem.ts';

export interface SparsePlan {
  readonly size: number;
  readonly parts: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

/** The whole file in memory; for plans of a size that fits there. */
export function flatten(plan: SparsePlan, limit = 256 * 1024 * 1024): Uint8Array {
  if (plan.size > limit) throw new Defect(`a plan of ${plan.size} bytes is written as a sparse file, not held in memory`);
  const bytes = new Uint8Array(plan.size);
  for (const part of plan.parts) bytes.set(part.bytes, part.offset);
  return bytes;
}

/** A range of the planned file, as a sparse file would read. */
export function readPlan(plan: SparsePlan, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, Math.min(length, plan.size - offset)));
  for (const part of plan.parts) {
    const from = Math.max(offset, part.offset);
    const to = Math.min(offset + bytes.length, part.offset + part.bytes.length);
    if (from < to) bytes.set(part.bytes.subarray(from - part.offset, to - part.offset), from - offset);
  }
  return bytes;
}
