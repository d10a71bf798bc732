/** Which return address fills a stack whose frames could not be walked: of a recursion it stands there once a turn. */
import { type Va, va } from '../base/address.ts';
import { hex } from '../base/hex.ts';
import { viewOf } from '../bytes/struct.ts';
import { imageOf, isThirdParty } from './actors.ts';
import { type Case, rangeAt } from './case.ts';
import { spOf } from './fault.ts';

export interface Repeated {
  readonly place: string;
  readonly module: string;
  readonly count: number;
  readonly thirdParty: boolean;
}

const MAX_BYTES = 0x20_0000;
/** Fewer can be leftovers. */
const ENOUGH = 32;

/** `from`: where the stack begins, if not at the fault's own stack pointer. */
export function findRepeated(c: Case, from?: Va): Repeated | undefined {
  const { registers } = c.fault;
  const sp = from ?? (registers && spOf(registers, c.target.arch));
  const range = sp === undefined ? undefined : rangeAt(c.target.memory.ranges(), sp);
  if (sp === undefined || !range) return undefined;
  const { bytes, got } = c.target.memory.read(va(sp), Math.min(MAX_BYTES, Number(range.start + range.size - sp)));
  const counts = countWords(bytes.subarray(0, got), c.target.memory.pointerSize);
  for (const [value, count] of [...counts.entries()].sort((a, b) => b[1] - a[1])) {
    if (count < ENOUGH) return undefined;
    const place = c.target.modules.find(va(value));
    if (place && place.rva > 0x1000)
      return { place: `${imageOf(place.module)}+${hex(place.rva)}`, module: imageOf(place.module), count, thirdParty: isThirdParty(place.module, c.session) };
  }
  return undefined;
}

function countWords(bytes: Uint8Array, size: 4 | 8): Map<bigint, number> {
  const view = viewOf(bytes);
  const counts = new Map<bigint, number>();
  for (let at = 0; at + size <= bytes.length; at += size) {
    const value = size === 8 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
    if (value >= 0x1_0000n) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}
