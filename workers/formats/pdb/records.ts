/** Walks CodeView symbol records: a length, a kind, fields, a name (microsoft-pdb, include/cvinfo.h; llvm.org/docs/PDB/CodeViewSymbols.html). */
import type { ByteSource } from '../../bytes/source.ts';
import { viewOf } from '../../bytes/struct.ts';
import { DATASYM32, LABELSYM32, PROCSYM32, PUBSYM32, SEPCODESYM, THUNKSYM32 } from './layouts.ts';

const WINDOW = 256 * 1024;
/** A record's length field has 16 bits and does not count itself. */
const MAX_RECORD = 0xffff + 2;

export class RecordCursor {
  /** The record's place in the stream. */
  at: number;
  kind = 0;
  /** Bytes of the record, its length field included. */
  size = 0;
  view: DataView = new DataView(new ArrayBuffer(0));
  bytes: Uint8Array = new Uint8Array(0);
  /** Where the record starts in `view` and `bytes`. */
  start = 0;
  /** True where the walk ended at a record that cannot be one. */
  broken = false;
  readonly #stream: ByteSource;
  readonly #end: number;
  #next: number;
  #windowAt = 0;

  constructor(stream: ByteSource, from: number, end: number) {
    this.#stream = stream;
    this.#end = Math.min(end, stream.size);
    this.#next = from;
    this.at = from;
  }

  /** Moves to the next record. False at the end. */
  next(): boolean {
    this.at = this.#next;
    if (this.at + 4 > this.#end) return false;
    this.start = this.at - this.#windowAt;
    if (this.start < 0 || this.start + MAX_RECORD > this.bytes.length) this.#load();
    if (this.start + 4 > this.bytes.length) return this.#stop();
    this.size = this.view.getUint16(this.start, true) + 2;
    this.kind = this.view.getUint16(this.start + 2, true);
    if (this.size < 4 || this.at + this.size > this.#end || this.start + this.size > this.bytes.length) return this.#stop();
    this.#next = this.at + this.size;
    return true;
  }

  /** Goes on behind `at`, where the walker knows that nothing of interest lies between; never backwards. */
  skipTo(at: number): void {
    if (at >= this.#next && at <= this.#end) this.#next = at;
  }

  #load(): void {
    if (this.#windowAt + this.bytes.length >= this.#end && this.start >= 0 && this.start < this.bytes.length) return;
    this.#windowAt = this.at;
    this.bytes = this.#stream.readBlock(this.at, Math.min(WINDOW, this.#end - this.at));
    this.view = viewOf(this.bytes);
    this.start = 0;
  }

  #stop(): false {
    this.broken = true;
    this.#next = this.#end;
    return false;
  }
}

export interface NamedPlace {
  readonly segment: number;
  readonly offset: number;
  /** Absent where the record has no length. */
  readonly length?: number;
  readonly isFunction: boolean;
  /** Name's bytes in the cursor's `bytes`. */
  readonly nameAt: number;
  readonly nameEnd: number;
}

type Layout = 'public' | 'procedure' | 'thunk' | 'label' | 'data';

/** `pascal`: names of the older kinds start with their length instead of ending with a NUL. */
const KINDS: Readonly<Record<number, { layout: Layout; pascal?: true }>> = {
  0x110e: { layout: 'public' },
  0x1009: { layout: 'public', pascal: true },
  0x1110: { layout: 'procedure' },
  0x110f: { layout: 'procedure' },
  0x1147: { layout: 'procedure' },
  0x1146: { layout: 'procedure' },
  0x1155: { layout: 'procedure' },
  0x1156: { layout: 'procedure' },
  0x100b: { layout: 'procedure', pascal: true },
  0x100a: { layout: 'procedure', pascal: true },
  0x1102: { layout: 'thunk' },
  0x0206: { layout: 'thunk', pascal: true },
  0x1105: { layout: 'label' },
  0x0209: { layout: 'label', pascal: true },
  0x110c: { layout: 'data' },
  0x110d: { layout: 'data' },
  0x1007: { layout: 'data', pascal: true },
  0x1008: { layout: 'data', pascal: true },
};

const FIXED = { public: PUBSYM32, procedure: PROCSYM32, thunk: THUNKSYM32, label: LABELSYM32, data: DATASYM32 } as const;
const PUBLIC_IS_FUNCTION = 2;
const PUBLIC_IS_CODE = 1;

export function layoutOf(kind: number): Layout | undefined {
  return KINDS[kind]?.layout;
}

/** Place and name of the record the cursor stands at; undefined where it is of no kind that has both, or too short. */
export function parseNamedPlace(cursor: RecordCursor): NamedPlace | undefined {
  const known = KINDS[cursor.kind];
  if (!known) return undefined;
  const fixed = FIXED[known.layout];
  if (cursor.size <= fixed.size) return undefined;
  const { view, start } = cursor;
  const name = nameRange(cursor, start + fixed.size, known.pascal === true);
  return {
    segment: view.getUint16(start + fixed.fields.segment.offset, true),
    offset: view.getUint32(start + fixed.fields.offset.offset, true),
    ...lengthOf(known.layout, view, start),
    isFunction: known.layout === 'public' ? isFunctionPublic(view, start) : known.layout !== 'data',
    nameAt: name.from,
    nameEnd: name.to,
  };
}

function isFunctionPublic(view: DataView, start: number): boolean {
  return (view.getUint32(start + PUBSYM32.fields.flags.offset, true) & (PUBLIC_IS_FUNCTION | PUBLIC_IS_CODE)) !== 0;
}

function lengthOf(layout: Layout, view: DataView, start: number): { length?: number } {
  if (layout === 'procedure') return { length: view.getUint32(start + PROCSYM32.fields.length.offset, true) };
  if (layout === 'thunk') return { length: view.getUint16(start + THUNKSYM32.fields.length.offset, true) };
  return {};
}

function nameRange(cursor: RecordCursor, from: number, pascal: boolean): { from: number; to: number } {
  const end = cursor.start + cursor.size;
  if (pascal) return { from: from + 1, to: Math.min(from + 1 + (cursor.bytes[from] ?? 0), end) };
  const nul = cursor.bytes.indexOf(0, from);
  return { from, to: nul < 0 || nul > end ? end : nul };
}

/** Where a part of a procedure lies that was put elsewhere (S_SEPCODE), and where the procedure starts. */
export interface SeparatedCode {
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
  readonly parentSegment: number;
  readonly parentOffset: number;
}

const S_SEPCODE = 0x1132;

export function parseSeparatedCode({ kind, size, view, start }: RecordCursor): SeparatedCode | undefined {
  if (kind !== S_SEPCODE || size < SEPCODESYM.size) return undefined;
  const { fields } = SEPCODESYM;
  return {
    segment: view.getUint16(start + fields.segment.offset, true),
    offset: view.getUint32(start + fields.offset.offset, true),
    length: view.getUint32(start + fields.length.offset, true),
    parentSegment: view.getUint16(start + fields.parentSegment.offset, true),
    parentOffset: view.getUint32(start + fields.parentOffset.offset, true),
  };
}

/** Where the procedure's or thunk's S_END stands, so that its locals need not be looked at. */
export function endOfScope(cursor: RecordCursor): number | undefined {
  const layout = layoutOf(cursor.kind);
  if (layout !== 'procedure' && layout !== 'thunk') return undefined;
  const at = cursor.start + FIXED[layout].fields.end.offset;
  return at + 4 <= cursor.start + cursor.size ? cursor.view.getUint32(at, true) : undefined;
}
