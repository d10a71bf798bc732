/**
 * UNWIND_INFO of x64 images, versions 1 and 2 (learn.microsoft.com, "x64 exception handling": struct UNWIND_INFO,
 * struct UNWIND_CODE; version 2 adds UWOP_EPILOG, described in the public .NET runtime's unwinder).
 */
import { type Found, found, missing, notValid } from '../../base/found.ts';

/** General registers by the number that unwind codes use. */
export const GENERAL = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const;

/** RUNTIME_FUNCTION: three RVAs. `unwind` has bit 0 set where it points to another RUNTIME_FUNCTION. */
export interface RuntimeFunction {
  readonly begin: number;
  readonly end: number;
  readonly unwind: number;
}
export const RUNTIME_FUNCTION_SIZE = 12;

/** One operation with its operands, sizes and offsets in bytes. `at` is the offset of the prolog's next instruction. */
export type UnwindCode =
  | { readonly op: 'push'; readonly at: number; readonly register: string }
  | { readonly op: 'alloc'; readonly at: number; readonly size: number }
  | { readonly op: 'set-frame'; readonly at: number }
  | { readonly op: 'save'; readonly at: number; readonly register: string; readonly offset: number }
  | { readonly op: 'save-xmm'; readonly at: number; readonly register: string; readonly offset: number }
  | { readonly op: 'machine-frame'; readonly at: number; readonly errorCode: boolean };

/** Version 2: where the epilogs lie, as distances from the function's end. */
export interface Epilogs {
  readonly size: number;
  readonly fromEnd: readonly number[];
}

export interface UnwindInfo {
  readonly version: number;
  readonly flags: number;
  readonly prologSize: number;
  /** Absent where the function has no frame register. */
  readonly frame?: { readonly register: string; readonly offset: number };
  readonly codes: readonly UnwindCode[];
  readonly epilogs?: Epilogs;
  /** The function entry that goes on with the prolog (UNW_FLAG_CHAININFO). */
  readonly chained?: RuntimeFunction;
  /** RVA of the language-specific handler (UNW_FLAG_EHANDLER, UNW_FLAG_UHANDLER). */
  readonly handler?: number;
}

const UNW_FLAG_EHANDLER = 1;
const UNW_FLAG_UHANDLER = 2;
const UNW_FLAG_CHAININFO = 4;

/** Header, 255 codes padded to an even count, and the chained entry after them. */
export const UNWIND_INFO_MAX = 4 + 256 * 2 + RUNTIME_FUNCTION_SIZE;

export function readRuntimeFunction(view: DataView, at: number): RuntimeFunction {
  return { begin: view.getUint32(at, true), end: view.getUint32(at + 4, true), unwind: view.getUint32(at + 8, true) };
}

/** One slot of the code array: offset in the prolog, operation, operand. */
interface Slot {
  readonly at: number;
  readonly op: number;
  readonly info: number;
}

/** Slots after the first one, as numbers: `word(1)` the next 16 bits, `long(1)` the next 32. */
interface Operands {
  word(index: number): number;
  long(index: number): number;
}

interface Operation {
  /** Slots that the operation takes, itself included. */
  readonly slots: (info: number) => number;
  readonly make: (slot: Slot, operands: Operands) => UnwindCode | undefined;
}
const one = (): number => 1;
const two = (): number => 2;
const three = (): number => 3;
const general = (info: number): string => GENERAL[info & 15] ?? 'rax';

/** By operation number. 6 and 7 of version 1 are old XMM saves that no public toolchain emits; of version 2, epilogs and a spare. */
const OPERATIONS: readonly (Operation | undefined)[] = [
  { slots: one, make: (slot) => ({ op: 'push', at: slot.at, register: general(slot.info) }) },
  {
    slots: (info) => (info === 0 ? 2 : 3),
    make: (slot, operands) => ({ op: 'alloc', at: slot.at, size: slot.info === 0 ? operands.word(1) * 8 : operands.long(1) }),
  },
  { slots: one, make: (slot) => ({ op: 'alloc', at: slot.at, size: slot.info * 8 + 8 }) },
  { slots: one, make: (slot) => ({ op: 'set-frame', at: slot.at }) },
  { slots: two, make: (slot, operands) => ({ op: 'save', at: slot.at, register: general(slot.info), offset: operands.word(1) * 8 }) },
  { slots: three, make: (slot, operands) => ({ op: 'save', at: slot.at, register: general(slot.info), offset: operands.long(1) }) },
  { slots: two, make: () => undefined },
  { slots: three, make: () => undefined },
  { slots: two, make: (slot, operands) => ({ op: 'save-xmm', at: slot.at, register: `xmm${slot.info}`, offset: operands.word(1) * 16 }) },
  { slots: three, make: (slot, operands) => ({ op: 'save-xmm', at: slot.at, register: `xmm${slot.info}`, offset: operands.long(1) }) },
  { slots: one, make: (slot) => ({ op: 'machine-frame', at: slot.at, errorCode: slot.info === 1 }) },
];
const UWOP_EPILOG = 6;

/** Parses what stands at an entry's unwind RVA. `bytes` may be longer than the structure. */
export function parseUnwindInfo(bytes: Uint8Array): Found<UnwindInfo> {
  if (bytes.length < 4) return missing({ why: 'outside-file', at: 0, length: 4, fileSize: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint8(0);
  const version = first & 7;
  const flags = first >> 3;
  if (version !== 1 && version !== 2) return notValid('version of UNWIND_INFO', String(version), '1 or 2');
  const count = view.getUint8(2);
  const codesEnd = 4 + (count + (count & 1)) * 2;
  if (4 + count * 2 > bytes.length) return missing({ why: 'outside-file', at: 4, length: count * 2, fileSize: bytes.length });
  const codes = parseCodes(view, count, version);
  if (!codes.ok) return codes;
  const tail = parseTail(view, flags, codesEnd);
  if (!tail.ok) return tail;
  const frame = view.getUint8(3);
  return found({
    version,
    flags,
    prologSize: view.getUint8(1),
    ...((frame & 15) === 0 ? {} : { frame: { register: general(frame & 15), offset: (frame >> 4) * 16 } }),
    ...codes.value,
    ...tail.value,
  });
}

function parseTail(view: DataView, flags: number, at: number): Found<Pick<UnwindInfo, 'chained' | 'handler'>> {
  if (flags & UNW_FLAG_CHAININFO) {
    if (at + RUNTIME_FUNCTION_SIZE > view.byteLength) return missing({ why: 'outside-file', at, length: RUNTIME_FUNCTION_SIZE, fileSize: view.byteLength });
    return found({ chained: readRuntimeFunction(view, at) });
  }
  const handled = (flags & (UNW_FLAG_EHANDLER | UNW_FLAG_UHANDLER)) !== 0 && at + 4 <= view.byteLength;
  return found(handled ? { handler: view.getUint32(at, true) } : {});
}

function parseCodes(view: DataView, count: number, version: number): Found<Pick<UnwindInfo, 'codes' | 'epilogs'>> {
  const codes: UnwindCode[] = [];
  const epilogSlots: Slot[] = [];
  for (let index = 0; index < count;) {
    const slot = slotAt(view, index);
    const operation = OPERATIONS[slot.op];
    if (!operation) return notValid('unwind operation', String(slot.op), '0 to 10');
    // Entries of the epilog list are one slot each; their number is padded to an even one.
    const epilog = slot.op === UWOP_EPILOG && version === 2;
    const slots = epilog ? 1 : operation.slots(slot.info);
    if (index + slots > count) return notValid('unwind operation', `${slots} slots, ${count - index} left`, 'all of its slots');
    if (epilog) epilogSlots.push(slot);
    const code = operation.make(slot, operandsAt(view, index));
    if (code) codes.push(code);
    index += slots;
  }
  return found({ codes, ...epilogsOf(epilogSlots) });
}

function slotAt(view: DataView, index: number): Slot {
  const second = view.getUint8(5 + index * 2);
  return { at: view.getUint8(4 + index * 2), op: second & 15, info: second >> 4 };
}

function operandsAt(view: DataView, index: number): Operands {
  return {
    word: (slot) => view.getUint16(4 + (index + slot) * 2, true),
    long: (slot) => view.getUint32(4 + (index + slot) * 2, true),
  };
}

/** The first entry holds the epilogs' size and, by bit 0 of its operand, whether one ends the function; the rest are distances, 0 pads. */
function epilogsOf(slots: readonly Slot[]): { epilogs?: Epilogs } {
  const [head, ...rest] = slots;
  if (!head) return {};
  const fromEnd = rest.map((slot) => slot.at | (slot.info << 8)).filter((distance) => distance !== 0);
  return { epilogs: { size: head.at, fromEnd: head.info & 1 ? [head.at, ...fromEnd] : fromEnd } };
}
