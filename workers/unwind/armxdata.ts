/**
 * What the .xdata records of ARM64 and ARM share: header, epilog scopes, a string of unwind codes
 * (learn.microsoft.com/cpp/build/arm64-exception-handling and arm-exception-handling, ".xdata records").
 */
import { type Found, found, missing, notValid } from '../base/found.ts';
import { viewOf } from '../bytes/struct.ts';

/** Where the fields of the header and of an epilog scope stand; the function's length counts in `unit` bytes. */
export interface XdataShape {
  readonly unit: 2 | 4;
  readonly epilogCountAt: number;
  readonly codeWordsAt: number;
  readonly startIndexAt: number;
  /** The bit that says that the function's prolog is another record's (ARM only). */
  readonly fragmentBit?: number;
}

export interface Epilog {
  /** Bytes from the function's start. Absent where the epilog ends the function. */
  readonly start?: number;
  /** Its first code: bytes into the string of codes. */
  readonly index: number;
}

/** One unwind code: what it is, where it stands in the string, and how many bytes of instructions it stands for. */
export interface ArmCode {
  readonly at: number;
  readonly instructionBytes: number;
  /** Ends a prolog or an epilog; the instruction that ends an epilog (a return, a jump) has so many bytes. */
  readonly endBytes?: number;
}

export interface UnwindRecord<C extends ArmCode> {
  readonly lengthBytes: number;
  readonly codes: readonly C[];
  readonly epilogs: readonly Epilog[];
  /** The record describes a part of a function whose prolog stands elsewhere. */
  readonly fragment: boolean;
}

export interface Xdata {
  readonly lengthBytes: number;
  readonly epilogs: readonly Epilog[];
  readonly fragment: boolean;
  readonly codes: Uint8Array;
  readonly handler?: number;
}

const HEADER_BYTES = 8;
const FLAG_X = 20;
const FLAG_E = 21;
/** The short header's counts: five bits of epilogs; code words fill the rest of the word. */
const EPILOG_COUNT_BITS = 5;

const bits = (word: number, from: number, count: number): number => (word >>> from) & (2 ** count - 1);

/** Bytes from `at` on, as many as are at hand up to `length`. */
export type ReadBytes = (at: number, length: number) => Uint8Array;

/** Reads the record at RVA `at`. */
export function readXdata(read: ReadBytes, at: number, shape: XdataShape): Found<Xdata> {
  const head = read(at, HEADER_BYTES);
  const cut = (length: number): Found<never> => missing({ why: 'outside-file', at, length, fileSize: at + head.length });
  if (head.length < 4) return cut(4);
  const view = viewOf(head);
  const word = view.getUint32(0, true);
  const version = bits(word, 18, 2);
  if (version !== 0) return notValid('version of .xdata', String(version), '0');
  let epilogCount = bits(word, shape.epilogCountAt, EPILOG_COUNT_BITS);
  let codeWords = bits(word, shape.codeWordsAt, 32 - shape.codeWordsAt);
  let headerBytes = 4;
  if (epilogCount === 0 && codeWords === 0) {
    if (head.length < HEADER_BYTES) return cut(HEADER_BYTES);
    const extended = view.getUint32(4, true);
    epilogCount = bits(extended, 0, 16);
    codeWords = bits(extended, 16, 8);
    headerBytes = HEADER_BYTES;
  }
  const inHeader = bits(word, FLAG_E, 1) === 1;
  const scopes = inHeader ? 0 : epilogCount;
  const handlerBytes = bits(word, FLAG_X, 1) * 4;
  const length = scopes * 4 + codeWords * 4 + handlerBytes;
  const body = read(at + headerBytes, length);
  if (body.length < length) return cut(headerBytes + length);
  const rest = viewOf(body);
  const scope = (index: number): Epilog => {
    const entry = rest.getUint32(index * 4, true);
    return { start: bits(entry, 0, 18) * shape.unit, index: bits(entry, shape.startIndexAt, 32 - shape.startIndexAt) };
  };
  return found({
    lengthBytes: bits(word, 0, 18) * shape.unit,
    epilogs: inHeader ? [{ index: epilogCount }] : Array.from({ length: scopes }, (_, index) => scope(index)),
    fragment: shape.fragmentBit !== undefined && bits(word, shape.fragmentBit, 1) === 1,
    codes: body.subarray(scopes * 4, scopes * 4 + codeWords * 4),
    ...(handlerBytes ? { handler: rest.getUint32(length - 4, true) } : {}),
  });
}

/** Codes from byte `index` of the string up to the one that ends the sequence, that one included. */
function sequence<C extends ArmCode>(codes: readonly C[], index: number): readonly C[] {
  const first = codes.findIndex((code) => code.at >= index);
  if (first < 0) return [];
  const end = codes.findIndex((code, at) => at >= first && code.endBytes !== undefined);
  return codes.slice(first, end < 0 ? undefined : end + 1);
}

const bytesOf = (codes: readonly ArmCode[]): number => codes.reduce((sum, code) => sum + code.instructionBytes, 0);

/** Codes left after `bytes` of instructions, counted from the front. */
function skip<C extends ArmCode>(codes: readonly C[], bytes: number): readonly C[] {
  let left = bytes;
  const first = codes.findIndex((code) => {
    if (left <= 0 || code.endBytes !== undefined) return true;
    left -= code.instructionBytes;
    return false;
  });
  return first < 0 ? [] : codes.slice(first);
}

/**
 * The codes to undo for a place `offset` bytes into the function: in the prolog those whose instructions have run, in an
 * epilog those whose instructions have not, in the body all. Codes behind the prolog's end (end_c) belong to the function
 * that this part was cut from, and follow.
 */
export function codesToUndo<C extends ArmCode>(record: UnwindRecord<C>, offset: number): readonly C[] {
  const prologBytes = record.fragment ? 0 : bytesOf(sequence(record.codes, 0));
  if (offset < prologBytes) return skip(record.codes, prologBytes - offset);
  for (const { start, index } of record.epilogs) {
    const codes = sequence(record.codes, index);
    const bytes = bytesOf(codes) + (codes[codes.length - 1]?.endBytes ?? 0);
    const from = start ?? record.lengthBytes - bytes;
    if (offset >= from && offset < from + bytes)
      return skip(
        record.codes.filter((code) => code.at >= index),
        offset - from,
      );
  }
  return record.codes;
}
