/** Unwind codes of ARM, Thumb-2 code (learn.microsoft.com/cpp/build/arm-exception-handling, "Unwind codes"). */
import { type Found, found, notValid } from '../../base/found.ts';
import { type ArmCode, readXdata, type ReadBytes, type UnwindRecord, type XdataShape } from '../armxdata.ts';

export type Operation =
  | { readonly op: 'alloc'; readonly size: number }
  /** General registers by bit, 14 LR; the lowest lies at sp. */
  | { readonly op: 'pop'; readonly mask: number }
  | { readonly op: 'pop-vectors'; readonly first: number; readonly last: number }
  | { readonly op: 'mov-sp'; readonly register: number }
  /** ldr lr,[sp],#size */
  | { readonly op: 'load-lr'; readonly size: number }
  | { readonly op: 'nop' | 'end' };

export type ThumbCode = ArmCode & Operation;
export type ThumbRecord = UnwindRecord<ThumbCode>;

export const LR = 14;
const lrBit = (set: boolean): number => (set ? 1 << LR : 0);
/** A run of registers from `first` to `last`. */
export const registerRun = (first: number, last: number): number => ((1 << (last + 1)) - 1) & ~((1 << first) - 1);

interface Row {
  /** Last first byte of the range that this row begins. */
  readonly upTo: number;
  readonly bytes: number;
  /** Bytes of the instruction. */
  readonly size: 0 | 2 | 4;
  /** Bytes of the instruction that ends an epilog, where this ends one. */
  readonly endBytes?: 0 | 2 | 4;
  /** `code` is the whole code, most significant byte first. */
  readonly make: (code: number) => Operation | undefined;
}

const alloc =
  (bits: number) =>
  (code: number): Operation => ({ op: 'alloc', size: (code % 2 ** bits) * 4 });
const one = (operation: Operation) => (): Operation => operation;
const reserved = (): undefined => undefined;

const ROWS: readonly Row[] = [
  { upTo: 0x7f, bytes: 1, size: 2, make: alloc(7) },
  { upTo: 0xbf, bytes: 2, size: 4, make: (code) => ({ op: 'pop', mask: (code & 0x1fff) | lrBit((code & 0x2000) !== 0) }) },
  { upTo: 0xcf, bytes: 1, size: 2, make: (code) => ({ op: 'mov-sp', register: code & 15 }) },
  { upTo: 0xd7, bytes: 1, size: 2, make: (code) => ({ op: 'pop', mask: registerRun(4, 4 + (code & 3)) | lrBit((code & 4) !== 0) }) },
  { upTo: 0xdf, bytes: 1, size: 4, make: (code) => ({ op: 'pop', mask: registerRun(4, 8 + (code & 3)) | lrBit((code & 4) !== 0) }) },
  { upTo: 0xe7, bytes: 1, size: 4, make: (code) => ({ op: 'pop-vectors', first: 8, last: 8 + (code & 7) }) },
  { upTo: 0xeb, bytes: 2, size: 4, make: alloc(10) },
  { upTo: 0xed, bytes: 2, size: 2, make: (code) => ({ op: 'pop', mask: (code & 0xff) | lrBit((code & 0x100) !== 0) }) },
  // Frames of the kernel: their layout is not public.
  { upTo: 0xee, bytes: 2, size: 2, make: reserved },
  { upTo: 0xef, bytes: 2, size: 4, make: (code) => ((code & 0xf0) === 0 ? { op: 'load-lr', size: (code & 15) * 4 } : undefined) },
  { upTo: 0xf4, bytes: 1, size: 0, make: reserved },
  { upTo: 0xf5, bytes: 2, size: 4, make: (code) => ({ op: 'pop-vectors', first: (code >> 4) & 15, last: code & 15 }) },
  { upTo: 0xf6, bytes: 2, size: 4, make: (code) => ({ op: 'pop-vectors', first: 16 + ((code >> 4) & 15), last: 16 + (code & 15) }) },
  { upTo: 0xf7, bytes: 3, size: 2, make: alloc(16) },
  { upTo: 0xf8, bytes: 4, size: 2, make: alloc(24) },
  { upTo: 0xf9, bytes: 3, size: 4, make: alloc(16) },
  { upTo: 0xfa, bytes: 4, size: 4, make: alloc(24) },
  { upTo: 0xfb, bytes: 1, size: 2, make: one({ op: 'nop' }) },
  { upTo: 0xfc, bytes: 1, size: 4, make: one({ op: 'nop' }) },
  { upTo: 0xfd, bytes: 1, size: 0, endBytes: 2, make: one({ op: 'end' }) },
  { upTo: 0xfe, bytes: 1, size: 0, endBytes: 4, make: one({ op: 'end' }) },
  { upTo: 0xff, bytes: 1, size: 0, endBytes: 0, make: one({ op: 'end' }) },
];

/** The codes of a string; it may hold several sequences, and padding behind the last one's end. */
export function parseCodes(bytes: Uint8Array): Found<ThumbCode[]> {
  const codes: ThumbCode[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0;
    const row = ROWS.find((candidate) => first <= candidate.upTo);
    const whole = row ? bytes.subarray(at, at + row.bytes) : bytes.subarray(at, at);
    if (!row || whole.length < row.bytes) break;
    const operation = row.make(whole.reduce((sum, byte) => sum * 256 + byte, 0));
    if (!operation) return notValid('ARM unwind code', `0x${first.toString(16)}`, 'one that is public');
    codes.push({ ...operation, at, instructionBytes: row.size, ...(row.endBytes === undefined ? {} : { endBytes: row.endBytes }) });
    at += row.bytes;
  }
  return found(codes);
}

const SHAPE: XdataShape = { unit: 2, epilogCountAt: 23, codeWordsAt: 28, startIndexAt: 24, fragmentBit: 22 };

export function readFull(read: ReadBytes, at: number): Found<ThumbRecord> {
  const xdata = readXdata(read, at, SHAPE);
  if (!xdata.ok) return xdata;
  const codes = parseCodes(xdata.value.codes);
  return codes.ok ? found({ ...xdata.value, codes: codes.value }) : codes;
}
