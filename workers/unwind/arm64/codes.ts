/**
 * Unwind codes of ARM64 (learn.microsoft.com/cpp/build/arm64-exception-handling, "Unwind codes"; offsets of save_any_reg as in
 * the public .NET runtime's unwinder).
 */
import { type Found, found, notValid } from '../../base/found.ts';
import { type ArmCode, readXdata, type ReadBytes, type UnwindRecord, type XdataShape } from '../armxdata.ts';

/** General, 64-bit and 128-bit vector registers. */
type Bank = 'x' | 'd' | 'q';

export type Operation =
  | { readonly op: 'alloc'; readonly size: number }
  /** `count` registers of a bank from `first` on, `offset` bytes above sp; a push first moves sp down by `push`. */
  | { readonly op: 'save'; readonly bank: Bank; readonly first: number; readonly count: number; readonly offset: number; readonly push: number }
  /** One register and LR, side by side. */
  | { readonly op: 'save-lrpair'; readonly first: number; readonly offset: number }
  | { readonly op: 'save-next' }
  | { readonly op: 'set-fp'; readonly offset: number }
  | { readonly op: 'nop' | 'pac-sign-lr' | 'end' | 'end-c' }
  | { readonly op: 'custom'; readonly frame: 'trap-frame' | 'machine-frame' | 'context' | 'clear-unwound-to-call' };

export type Arm64Code = ArmCode & Operation;
export type Arm64Record = UnwindRecord<Arm64Code>;

export const alloc = (size: number): Operation => ({ op: 'alloc', size });
export interface Saved {
  readonly bank?: Bank;
  readonly first: number;
  readonly count?: number;
}
export const saveAt = ({ bank = 'x', first, count = 1 }: Saved, offset: number): Operation => ({ op: 'save', bank, first, count, offset, push: 0 });
export const savePush = ({ bank = 'x', first, count = 1 }: Saved, push: number): Operation => ({ op: 'save', bank, first, count, offset: 0, push });
const custom = (frame: Extract<Operation, { op: 'custom' }>['frame']): Operation => ({ op: 'custom', frame });

export const X19 = 19;
export const FP = 29;
export const D8 = 8;

interface Row {
  /** Last first byte of the range that this row begins. */
  readonly upTo: number;
  readonly bytes: number;
  readonly instructions?: 0;
  /** `code` is the whole code, most significant byte first; undefined where it says nothing that is defined. */
  readonly make: (code: number) => Operation | undefined;
}

const low6 = (code: number): number => (code & 0x3f) * 8;
const low5 = (code: number): number => (code & 0x1f) * 8;
const reserved = (): undefined => undefined;
const one = (operation: Operation) => (): Operation => operation;

const ROWS: readonly Row[] = [
  { upTo: 0x1f, bytes: 1, make: (code) => alloc((code & 0x1f) * 16) },
  { upTo: 0x3f, bytes: 1, make: (code) => savePush({ first: X19, count: 2 }, low5(code)) },
  { upTo: 0x7f, bytes: 1, make: (code) => saveAt({ first: FP, count: 2 }, low6(code)) },
  { upTo: 0xbf, bytes: 1, make: (code) => savePush({ first: FP, count: 2 }, low6(code) + 8) },
  { upTo: 0xc7, bytes: 2, make: (code) => alloc((code & 0x7ff) * 16) },
  { upTo: 0xcb, bytes: 2, make: (code) => saveAt({ first: X19 + ((code >> 6) & 15), count: 2 }, low6(code)) },
  { upTo: 0xcf, bytes: 2, make: (code) => savePush({ first: X19 + ((code >> 6) & 15), count: 2 }, low6(code) + 8) },
  { upTo: 0xd3, bytes: 2, make: (code) => saveAt({ first: X19 + ((code >> 6) & 15) }, low6(code)) },
  { upTo: 0xd5, bytes: 2, make: (code) => savePush({ first: X19 + ((code >> 5) & 15) }, low5(code) + 8) },
  { upTo: 0xd7, bytes: 2, make: (code) => ({ op: 'save-lrpair', first: X19 + 2 * ((code >> 6) & 7), offset: low6(code) }) },
  { upTo: 0xd9, bytes: 2, make: (code) => saveAt({ bank: 'd', first: D8 + ((code >> 6) & 7), count: 2 }, low6(code)) },
  { upTo: 0xdb, bytes: 2, make: (code) => savePush({ bank: 'd', first: D8 + ((code >> 6) & 7), count: 2 }, low6(code) + 8) },
  { upTo: 0xdd, bytes: 2, make: (code) => saveAt({ bank: 'd', first: D8 + ((code >> 6) & 7) }, low6(code)) },
  { upTo: 0xde, bytes: 2, make: (code) => savePush({ bank: 'd', first: D8 + ((code >> 5) & 7) }, low5(code) + 8) },
  // alloc_z: a stack frame in units of the vector length, which no dump of Windows tells.
  { upTo: 0xdf, bytes: 2, make: reserved },
  { upTo: 0xe0, bytes: 4, make: (code) => alloc((code & 0xff_ffff) * 16) },
  { upTo: 0xe1, bytes: 1, make: one({ op: 'set-fp', offset: 0 }) },
  { upTo: 0xe2, bytes: 2, make: (code) => ({ op: 'set-fp', offset: (code & 0xff) * 8 }) },
  { upTo: 0xe3, bytes: 1, make: one({ op: 'nop' }) },
  { upTo: 0xe4, bytes: 1, instructions: 0, make: one({ op: 'end' }) },
  { upTo: 0xe5, bytes: 1, instructions: 0, make: one({ op: 'end-c' }) },
  { upTo: 0xe6, bytes: 1, make: one({ op: 'save-next' }) },
  { upTo: 0xe7, bytes: 3, make: saveAnyRegister },
  { upTo: 0xe8, bytes: 1, instructions: 0, make: one(custom('trap-frame')) },
  { upTo: 0xe9, bytes: 1, instructions: 0, make: one(custom('machine-frame')) },
  { upTo: 0xea, bytes: 1, instructions: 0, make: one(custom('context')) },
  { upTo: 0xeb, bytes: 1, instructions: 0, make: reserved },
  { upTo: 0xec, bytes: 1, instructions: 0, make: one(custom('clear-unwound-to-call')) },
  { upTo: 0xf7, bytes: 1, instructions: 0, make: reserved },
  { upTo: 0xf8, bytes: 2, make: one({ op: 'nop' }) },
  { upTo: 0xf9, bytes: 3, make: one({ op: 'nop' }) },
  { upTo: 0xfa, bytes: 4, make: one({ op: 'nop' }) },
  { upTo: 0xfb, bytes: 5, make: one({ op: 'nop' }) },
  { upTo: 0xfc, bytes: 1, make: one({ op: 'pac-sign-lr' }) },
  { upTo: 0xff, bytes: 1, make: one({ op: 'nop' }) },
];

const BANKS: readonly (Bank | undefined)[] = ['x', 'd', 'q', undefined];

/** 11100111'0pxrrrrr'ffoooooo: p pair, x with write-back, r register, f bank, o offset in 8 or 16 bytes. */
function saveAnyRegister(code: number): Operation | undefined {
  const bank = BANKS[(code >> 6) & 3];
  if (!bank || code & 0x8000) return undefined;
  const pair = (code >> 14) & 1;
  const push = (code >> 13) & 1;
  const saved = { bank, first: (code >> 8) & 0x1f, count: 1 + pair };
  const units = (code & 0x3f) + push;
  const offset = units * (push || pair || bank === 'q' ? 16 : 8);
  return push ? savePush(saved, offset) : saveAt(saved, offset);
}

export const INSTRUCTION = 4;
/** Longest string of codes: 255 words. */
const MAX_CODE_BYTES = 255 * 4;

export const isEnd = (operation: Operation): boolean => operation.op === 'end' || operation.op === 'end-c';

export function codeOf(operation: Operation, at: number, instructions = 1): Arm64Code {
  return { ...operation, at, instructionBytes: instructions * INSTRUCTION, ...(isEnd(operation) ? { endBytes: INSTRUCTION } : {}) };
}

/** The codes of a string; it may hold several sequences, and zeros as padding behind the last one's end. */
export function parseCodes(bytes: Uint8Array): Found<Arm64Code[]> {
  const codes: Arm64Code[] = [];
  for (let at = 0; at < Math.min(bytes.length, MAX_CODE_BYTES);) {
    const first = bytes[at] ?? 0;
    const row = ROWS.find((one) => first <= one.upTo);
    if (!row) break;
    const whole = bytes.subarray(at, at + row.bytes);
    // The last sequence may end without a code that says so, in the middle of what would be one.
    if (whole.length < row.bytes) break;
    const operation = row.make(whole.reduce((sum, byte) => sum * 256 + byte, 0));
    if (!operation) return notValid('ARM64 unwind code', `0x${first.toString(16)}`, 'one that is public');
    codes.push(codeOf(operation, at, row.instructions));
    at += row.bytes;
  }
  return found(codes);
}

const SHAPE: XdataShape = { unit: 4, epilogCountAt: 22, codeWordsAt: 27, startIndexAt: 22 };

export function readFull(read: ReadBytes, at: number): Found<Arm64Record> {
  const xdata = readXdata(read, at, SHAPE);
  if (!xdata.ok) return xdata;
  const codes = parseCodes(xdata.value.codes);
  return codes.ok ? found({ ...xdata.value, codes: codes.value }) : codes;
}
