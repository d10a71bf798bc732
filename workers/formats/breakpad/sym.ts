/** Breakpad's symbol files: chromium.googlesource.com/breakpad/breakpad/+/HEAD/docs/symbol_files.md. */
import { type Found, found, notValid } from '../../base/found.ts';
import type { ByteSource } from '../../bytes/source.ts';

const WINDOW = 1024 * 1024;
/** Longer lines are no records. */
const MAX_LINE = 64 * 1024;
const NEWLINE = 10;
const RETURN = 13;

export interface SymModule {
  readonly os: string;
  readonly arch: string;
  /** GUID and age in one, as in a symbol store. */
  readonly id: string;
  readonly name: string;
}

export interface SymSymbol {
  readonly kind: 'FUNC' | 'PUBLIC';
  readonly rva: number;
  /** 0 where the record has none. */
  readonly sizeBytes: number;
  readonly name: string;
}

const utf8 = new TextDecoder('utf-8');

/** A line as it lies: `bytes` from `from` to `end`, `offset` in the file. */
export interface SymSpan {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly end: number;
  readonly offset: number;
}

/** Lines one by one, with a carriage return still at the end. A line longer than allowed is left out. May throw SourceError. */
export function* walkSpans(source: ByteSource, start = 0, window = WINDOW): Generator<SymSpan> {
  let at = start;
  while (at < source.size) {
    const bytes = source.readBlock(at, window);
    if (bytes.length === 0) return;
    const atEnd = at + bytes.length >= source.size;
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      if (end - from <= MAX_LINE) yield { bytes, from, end, offset: at + from };
      from = end + 1;
    }
    if (atEnd && from < bytes.length && bytes.length - from <= MAX_LINE) yield { bytes, from, end: bytes.length, offset: at + from };
    // A window without a line's end is skipped: such a line is too long anyway.
    at += from > 0 && !atEnd ? from : bytes.length;
  }
}

/** Lines one by one, without their ends. */
export function* walkLines(source: ByteSource): Generator<string> {
  for (const span of walkSpans(source)) yield spanText(span);
}

export function spanText({ bytes, from, end }: SymSpan): string {
  return utf8.decode(bytes.subarray(from, bytes[end - 1] === RETURN ? end - 1 : end));
}

const MODULE = /^MODULE (\S+) (\S+) ([0-9A-Fa-f]+) (.+)$/;
const FUNC = /^FUNC (?:m )?([0-9a-fA-F]{1,16}) ([0-9a-fA-F]{1,16}) [0-9a-fA-F]+ (.+)$/;
const PUBLIC = /^PUBLIC (?:m )?([0-9a-fA-F]{1,16}) [0-9a-fA-F]+ (.+)$/;

/** The first line says whose symbols these are. */
export function readSymModule(source: ByteSource): Found<SymModule> {
  const first = walkLines({ ...sourcePart(source), size: Math.min(source.size, MAX_LINE) }).next();
  const match = first.done ? null : MODULE.exec(first.value);
  if (!match) return notValid('symbol file', 'another first line', 'a MODULE record');
  return found({ os: match[1] ?? '', arch: match[2] ?? '', id: match[3] ?? '', name: match[4] ?? '' });
}

function sourcePart(source: ByteSource): ByteSource {
  return { name: source.name, size: source.size, readBlock: (offset, length) => source.readBlock(offset, length) };
}

/** A record that names a place; undefined for every other line. Places beyond 4 GiB are none of a module. */
export function parseSymSymbol(line: string): SymSymbol | undefined {
  const func = FUNC.exec(line);
  if (func) return symbol('FUNC', func[1], { size: func[2], name: func[3] });
  const open = PUBLIC.exec(line);
  return open ? symbol('PUBLIC', open[1], { size: '0', name: open[2] }) : undefined;
}

function symbol(kind: SymSymbol['kind'], at: string | undefined, rest: { size: string | undefined; name: string | undefined }): SymSymbol | undefined {
  const rva = Number.parseInt(at ?? '', 16);
  const sizeBytes = Number.parseInt(rest.size ?? '', 16);
  if (!(rva < 2 ** 32 && rva + sizeBytes <= 2 ** 32) || !rest.name) return undefined;
  return { kind, rva, sizeBytes, name: rest.name };
}
