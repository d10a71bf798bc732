/**
 * What the heap found (c0000374): parameter 1 points at HEAP_FAILURE_INFORMATION: Version +0, StructureSize +4, FailureType +8, then
 * HeapAddress and Address as pointers (ntdiff headers, ntdll of 1903, x86 and ARM64).
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import type { Case } from './case.ts';

/** HEAP_FAILURE_TYPE, 0 to 22, in words. */
const KINDS: readonly string[] = [
  'an internal check of the heap',
  'an unknown check of the heap',
  'the heap’s own data',
  'the header of a block',
  'the headers of several blocks',
  'a large block',
  'bytes written behind the end of a block',
  'bytes written before the start of a block',
  'a block that was not in use, freed twice or used after it was freed',
  'a call with an address that is no block of the heap',
  'a block of the wrong kind',
  'a block used after it was freed',
  'a block freed in a heap that it is not of',
  'the lists of free blocks',
  'a link of a list of blocks',
  'the map of small blocks',
  'the map of small blocks',
  'a small block freed twice',
  'a subsegment of the heap',
  'a call without a heap',
  'a request over the allocation limit',
  'a request over the commit limit',
  'a query about an address the heap does not have',
];
const MAX_VERSION = 0xffff;

export interface HeapFailure {
  readonly at: Va;
  readonly kind: number;
  readonly words: string;
  readonly block?: Va;
}

export function readHeapFailure(c: Case): HeapFailure | undefined {
  const { memory, exception } = c.target;
  const [given] = exception?.parameters ?? [];
  if (given === undefined) return undefined;
  const at = va(given);
  const version = memory.u32(at);
  const kind = memory.u32(vaAdd(at, 8));
  const words = kind.ok ? KINDS[kind.value] : undefined;
  if (!version.ok || version.value > MAX_VERSION || !kind.ok || words === undefined) return undefined;
  const block = memory.pointer(vaAdd(at, memory.pointerSize === 8 ? 0x18 : 0x10));
  return { at, kind: kind.value, words, ...(block.ok && block.value !== 0n ? { block: block.value } : {}) };
}
