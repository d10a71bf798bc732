/**
 * The type of a thrown C++ object: exception parameter 2 is the ThrowInfo, parameter 3 in 64-bit programs the image that its offsets
 * count from. ThrowInfo.pCatchableTypeArray (+0xc) → CatchableTypeArray {count, types} → CatchableType {pType +4, mdisp +8} →
 * TypeDescriptor, whose decorated name stands behind two pointers (the runtime's ehdata.h; Microsoft's ".?AV…@@" for classes, ".?AU…@@"
 * for structs). A std::exception holds its text as a pointer behind the table of its virtual functions (vcruntime_exception.h).
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import type { AddressSpace } from '../memory/space.ts';
import type { Case } from './case.ts';

const NAME_LENGTH = 256;
const TEXT_LENGTH = 512;
const MAX_TYPES = 16;
const STD_EXCEPTION = 'std::exception';
/** library/panic_unwind/src/seh.rs of Rust: the name in its own TypeDescriptor. */
export const RUST_PANIC = 'rust_panic';

export interface Thrown {
  /** The most derived type. */
  readonly type: string;
  /** Where its name lies. */
  readonly at: Va;
  /** The text of a std::exception. */
  readonly message?: { readonly text: string; readonly at: Va };
}

interface CaughtAs {
  readonly type: string;
  readonly at: Va;
  /** Of the base within the object, where it can be read. */
  readonly displacement?: number;
}

export function readThrown(c: Case): Thrown | undefined {
  const { memory } = c.session;
  const [, object, info, given] = c.target.exception?.parameters ?? [];
  const base = memory.pointerSize === 8 ? given : 0n;
  if (info === undefined || info === 0n || base === undefined) return undefined;
  const types = catchableTypes(memory, info, base);
  const [first] = types;
  if (!first) return undefined;
  const standard = types.find((one) => one.type === STD_EXCEPTION);
  const within = standard?.displacement;
  const message = within !== undefined && object !== undefined ? textOf(memory, va(object + BigInt(within))) : undefined;
  return { type: first.type, at: first.at, ...(message ? { message } : {}) };
}

function catchableTypes(memory: AddressSpace, info: bigint, base: bigint): CaughtAs[] {
  const at = (offset: bigint): Va | undefined => {
    const next = memory.u32(va(offset));
    return next.ok && next.value !== 0 ? va(base + BigInt(next.value)) : undefined;
  };
  const array = at(info + 0xcn);
  const count = array === undefined ? undefined : memory.u32(array);
  if (array === undefined) return [];
  // There is always one, the type itself.
  const indices = Array.from({ length: count?.ok ? Math.min(count.value, MAX_TYPES) : 1 }, (_, index) => index);
  return indices.flatMap((index): CaughtAs[] => {
    const one = at(array + BigInt(4 + 4 * index));
    const descriptor = one === undefined ? undefined : at(one + 4n);
    const displacement = one === undefined ? undefined : memory.u32(va(one + 8n));
    if (descriptor === undefined) return [];
    const name = vaAdd(descriptor, 2 * memory.pointerSize);
    const { bytes, got } = memory.read(name, NAME_LENGTH);
    const type = undecorated(bytes.subarray(0, got));
    return type === undefined ? [] : [{ type, at: name, ...(displacement?.ok ? { displacement: displacement.value } : {}) }];
  });
}

function textOf(memory: AddressSpace, exception: Va): Thrown['message'] {
  const pointer = memory.pointer(vaAdd(exception, memory.pointerSize));
  if (!pointer.ok || pointer.value === 0n) return undefined;
  const { bytes, got } = memory.read(pointer.value, TEXT_LENGTH);
  const end = bytes.subarray(0, got).indexOf(0);
  const text = end > 0 ? new TextDecoder('utf-8').decode(bytes.subarray(0, end)) : '';
  // Any control character but tab and line ends: the pointer led elsewhere.
  return text === '' || Array.from(text).some(isControl) ? undefined : { text, at: pointer.value };
}

function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (code < 0x20 && code !== 9 && code !== 10 && code !== 13) || code === 0xfffd;
}

/** ".?AVbad_alloc@std@@" → "std::bad_alloc"; templates and other forms stay as they are written. */
export function undecorated(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0);
  if (end < 5) return undefined;
  const text = String.fromCharCode(...bytes.subarray(0, end));
  if (text === RUST_PANIC) return text;
  if (!/^\.[\x21-\x7e]+$/.test(text)) return undefined;
  const simple = /^\.\?A[VUW]\d?((?:[A-Za-z_]\w*@)+)@$/.exec(text);
  return simple?.[1] === undefined ? text : simple[1].slice(0, -1).split('@').reverse().join('::');
}
