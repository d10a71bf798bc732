/**
 * Stowed exceptions (c000027b): parameter 1 is an array of pointers to STOWED_EXCEPTION_INFORMATION, parameter 2 their number
 * (learn.microsoft.com/windows/win32/wer/stowed-exception-information-v2): Size +0, Signature +4 ('SE01', 'SE02'), ResultCode +8,
 * ExceptionForm (2 bits) and ThreadId +0xc, then for form 1 ExceptionAddress, StackTraceWordSize, StackTraceWords, StackTrace;
 * for form 2 ErrorText.
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import { viewOf } from '../bytes/struct.ts';
import type { AddressSpace } from '../memory/space.ts';
import type { Case } from './case.ts';

export interface StowedException {
  readonly at: Va;
  readonly result: number;
  /** Form 1. */
  readonly address?: Va;
  readonly stack: readonly Va[];
  /** Form 2. */
  readonly text?: string;
}

const SE01 = 0x53453031;
const SE02 = 0x53453032;
const HAS_STACK = 1;
const HAS_TEXT = 2;
const MAX_FRAMES = 64;
const TEXT_BYTES = 1024;

/** The first one: the others are the same error on its way. */
export function readStowed(c: Case): StowedException | undefined {
  const { exception, memory } = c.target;
  const [array, count] = exception?.parameters ?? [];
  if (array === undefined || count === undefined || count === 0n) return undefined;
  const first = memory.pointer(va(array));
  return first.ok ? readOne(memory, first.value) : undefined;
}

function readOne(memory: AddressSpace, at: Va): StowedException | undefined {
  const [signature, result, form] = [4, 8, 12].map((offset) => memory.u32(vaAdd(at, offset)));
  if (!signature?.ok || !result?.ok || !form?.ok || (signature.value !== SE01 && signature.value !== SE02)) return undefined;
  const body = vaAdd(at, 16);
  const pointer = memory.pointer(body);
  const common = { at, result: result.value, stack: [] };
  if (!pointer.ok) return common;
  const kind = form.value & 3;
  if (kind === HAS_TEXT) return { ...common, ...textAt(memory, pointer.value) };
  return kind === HAS_STACK ? { ...common, address: pointer.value, stack: stackAt(memory, vaAdd(body, memory.pointerSize)) } : common;
}

function textAt(memory: AddressSpace, at: Va): { readonly text?: string } {
  const { bytes, got } = memory.read(at, TEXT_BYTES);
  const text = new TextDecoder('utf-16le').decode(bytes.subarray(0, got & ~1)).split('\0')[0] ?? '';
  return text === '' ? {} : { text };
}

/** StackTraceWordSize, StackTraceWords, StackTrace. */
function stackAt(memory: AddressSpace, at: Va): Va[] {
  const size = memory.u32(at);
  const words = memory.u32(vaAdd(at, 4));
  const from = memory.pointer(vaAdd(at, 8));
  if (!size.ok || size.value !== memory.pointerSize || !words.ok || !from.ok) return [];
  const { bytes, got } = memory.read(from.value, Math.min(words.value, MAX_FRAMES) * size.value);
  const view = viewOf(bytes);
  const count = Math.floor(got / size.value);
  return Array.from({ length: count }, (_, index) => va(size.value === 8 ? view.getBigUint64(index * 8, true) : BigInt(view.getUint32(index * 4, true))));
}
