/**
 * Lines and inlined functions of Breakpad's symbol files, read when asked for: one pass finds where the records lie, a question
 * reads those of one function. FILE, FUNC, line, INLINE and INLINE_ORIGIN records:
 * chromium.googlesource.com/breakpad/breakpad/+/HEAD/docs/symbol_files.md.
 */
import type { ByteSource } from '../../bytes/source.ts';
import { parseSymSymbol, spanText, type SymSpan, walkSpans } from './sym.ts';

/** More of one kind are not kept. */
const MAX_RECORDS = 2 ** 21;
/** Records of one function that are read. */
const MAX_BODY = 2 ** 17;
/** Functions are short, and the source in front keeps blocks of this size. */
const WINDOW = 64 * 1024;
const [F, I, L, U, UNDERSCORE] = [0x46, 0x49, 0x4c, 0x55, 0x5f];

/** Where the records lie in the file. */
export interface SymIndex {
  /** Sorted by their starts. */
  readonly starts: Uint32Array;
  readonly ends: Float64Array;
  readonly offsets: Float64Array;
  readonly files: ReadonlyMap<number, number>;
  readonly origins: ReadonlyMap<number, number>;
}

export interface SymLineRecord {
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly file: number;
}

export interface SymInline {
  /** 0 for what is inlined into the function itself. */
  readonly depth: number;
  readonly callLine: number;
  /** Undefined in files of the record's first form, which did not tell it. */
  readonly callFile: number | undefined;
  readonly origin: number;
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
}

export interface SymBody {
  readonly lines: readonly SymLineRecord[];
  readonly inlines: readonly SymInline[];
}

const NUMBERED = /^(?:FILE|INLINE_ORIGIN) (\d{1,10}) (.+)$/;
const LINE = /^([0-9a-fA-F]{1,8}) ([0-9a-fA-F]{1,8}) (\d{1,10}) (\d{1,10})$/;
const INLINE = 'INLINE ';

interface Function {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
}

/** One pass over the file. May throw SourceError. */
export function indexSym(source: ByteSource): SymIndex {
  const functions: Function[] = [];
  const files = new Map<number, number>();
  const origins = new Map<number, number>();
  for (const span of walkSpans(source)) {
    const { bytes, from } = span;
    if (bytes[from] === F && bytes[from + 1] === U) noteFunction(span, functions);
    else if (bytes[from] === F && bytes[from + 2] === L) noteNumbered(span, files);
    else if (bytes[from] === I && bytes[from + 'INLINE'.length] === UNDERSCORE) noteNumbered(span, origins);
  }
  functions.sort((a, b) => a.start - b.start);
  return {
    starts: Uint32Array.from(functions, ({ start }) => start),
    ends: Float64Array.from(functions, ({ end }) => end),
    offsets: Float64Array.from(functions, ({ offset }) => offset),
    files,
    origins,
  };
}

function noteFunction(span: SymSpan, functions: Function[]): void {
  const record = parseSymSymbol(spanText(span));
  if (record?.kind === 'FUNC' && functions.length < MAX_RECORDS) {
    functions.push({ start: record.rva, end: record.rva + record.sizeBytes, offset: span.offset });
  }
}

function noteNumbered(span: SymSpan, records: Map<number, number>): void {
  const number = NUMBERED.exec(spanText(span))?.[1];
  if (number !== undefined && records.size < MAX_RECORDS) records.set(Number(number), span.offset);
}

/** The text of a FILE or INLINE_ORIGIN record. May throw SourceError. */
export function readNumbered(source: ByteSource, offset: number): string | undefined {
  const next = walkSpans(source, offset, WINDOW).next();
  return next.done ? undefined : NUMBERED.exec(spanText(next.value))?.[2];
}

/** The records that follow a FUNC record at `offset`. May throw SourceError. */
export function readBody(source: ByteSource, offset: number): SymBody {
  const lines: SymLineRecord[] = [];
  const inlines: SymInline[] = [];
  let isFirst = true;
  for (const span of walkSpans(source, offset, WINDOW)) {
    if (!isFirst) {
      const text = spanText(span);
      const line = parseLine(text);
      const inline = line ? undefined : parseInline(text);
      if (line) lines.push(line);
      if (inline) inlines.push(inline);
      if ((!line && !inline) || lines.length + inlines.length >= MAX_BODY) break;
    }
    isFirst = false;
  }
  return { lines, inlines };
}

function parseLine(text: string): SymLineRecord | undefined {
  const fields = LINE.exec(text);
  if (!fields) return undefined;
  const start = Number.parseInt(fields[1] ?? '', 16);
  return { start, end: start + Number.parseInt(fields[2] ?? '', 16), line: Number(fields[3]), file: Number(fields[4]) };
}

/** Depth, line and file of the call, origin, then pairs of start and length. The first form had no file: the fields are odd in number. */
function parseInline(text: string): SymInline | undefined {
  const fields = text.startsWith(INLINE) ? text.slice(INLINE.length).trim().split(' ') : [];
  const hasFile = fields.length % 2 === 0;
  const heads = hasFile ? 4 : 3;
  const numbers = fields.map((field, index) => Number.parseInt(field, index < heads ? 10 : 16));
  if (fields.length < heads + 2 || !numbers.every(Number.isSafeInteger)) return undefined;
  const [depth = 0, callLine = 0, callFile] = numbers;
  const addresses = numbers.slice(heads);
  const ranges = addresses.flatMap((start, index) => (index % 2 === 0 ? [{ start, end: start + (addresses[index + 1] ?? 0) }] : []));
  return { depth, callLine, callFile: hasFile ? callFile : undefined, origin: numbers[heads - 1] ?? 0, ranges };
}
