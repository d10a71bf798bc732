import { upperBound } from '../../bytes/bisect.ts';

/** The first of the equal values that `index` is one of. */
export function firstOfEqual(sorted: Uint32Array, index: number): number {
  let at = index;
  while (at > 0 && sorted[at - 1] === sorted[index]) at--;
  return at;
}

/** learn.microsoft.com/windows/win32/api/dbghelp/ns-dbghelp-omap; a target of 0 means that the bytes are gone or new. An empty table changes nothing. */
export function throughOmap(from: Uint32Array, to: Uint32Array, at: number): number | undefined {
  if (from.length === 0) return at;
  const index = upperBound(from, at) - 1;
  const target = to[index] ?? 0;
  return target === 0 ? undefined : target + (at - (from[index] ?? 0));
}
