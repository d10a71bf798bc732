/**
 * The type of a thrown C++ object: exception parameter 2 is the ThrowInfo, parameter 3 in 64-bit programs the image that its offsets
 * count from. ThrowInfo.pCatchableTypeArray (+0xc) → CatchableTypeArray {count, types} → CatchableType.pType (+4) → TypeDescriptor,
 * whose decorated name stands behind two pointers (the runtime's ehdata.h; Microsoft's ".?AV…@@" for classes, ".?AU…@@" for structs).
 */
import { type Va, va } from '../base/address.ts';
import type { Case } from './case.ts';

const NAME_LENGTH = 256;

export function readThrownType(c: Case): { readonly type: string; readonly at: Va } | undefined {
  const { memory } = c.session;
  const [, , info, given] = c.target.exception?.parameters ?? [];
  if (info === undefined || info === 0n) return undefined;
  const wide = memory.pointerSize === 8;
  const base = wide ? given : 0n;
  if (base === undefined) return undefined;
  let at = info;
  for (const offset of [0xcn, 4n, 4n]) {
    const next = memory.u32(va(at + offset));
    if (!next.ok || next.value === 0) return undefined;
    at = base + BigInt(next.value);
  }
  const name = va(at + BigInt(2 * memory.pointerSize));
  const { bytes, got } = memory.read(name, NAME_LENGTH);
  const type = undecorated(bytes.subarray(0, got));
  return type === undefined ? undefined : { type, at: name };
}

/** ".?AVbad_alloc@std@@" → "std::bad_alloc"; templates and other forms stay as they are written. */
export function undecorated(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0);
  if (end < 5) return undefined;
  const text = String.fromCharCode(...bytes.subarray(0, end));
  if (!/^\.[\x21-\x7e]+$/.test(text)) return undefined;
  const simple = /^\.\?A[VUW]\d?((?:[A-Za-z_]\w*@)+)@$/.exec(text);
  return simple?.[1] === undefined ? text : simple[1].slice(0, -1).split('@').reverse().join('::');
}
