/**
 * The TPI stream: type records by number. The index in the hash stream tells where every few kilobytes a record starts, so that
 * one type is read without the others (llvm.org/docs/PDB/TpiStream.html). Without an index the stream is walked once.
 */
import { type Found, found, missing, notValid, thenFound } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { upperBound } from '../../bytes/bisect.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, readStruct, type RecordOf, viewOf } from '../../bytes/struct.ts';
import { TPI_HEADER } from './layouts.ts';
import type { PdbFile } from './pdb.ts';
import { FIRST_RECORD } from './simpletypes.ts';
import { parseTypeRecord, type TypeIndex, type TypeRecord } from './typerecords.ts';

const STREAM_TPI = 2;
const NO_STREAM = 0xffff;
/** A damaged count is refused: no compiler writes so many types. */
const MAX_TYPES = 1 << 26;
/** Stretches of the stream kept with the places of their records. */
const KEPT_STRETCHES = 64;
/** Largest distance between two places of the index: the writer starts a new one each 8 KiB. */
const MAX_STRETCH = 1 << 20;
const PLACE_SIZE = 8;

export type TpiHeader = RecordOf<typeof TPI_HEADER.fields>;

/** Records from `first` on: where each starts in `bytes`. */
interface Stretch {
  readonly first: TypeIndex;
  readonly bytes: Uint8Array;
  readonly starts: readonly number[];
}

interface Places {
  readonly types: Uint32Array;
  readonly offsets: Uint32Array;
}

export class TypeStream {
  readonly header: TpiHeader;
  readonly hashes: Found<ByteSource>;
  readonly #stream: ByteSource;
  readonly #kept = new Map<number, Stretch>();
  #places: Found<Places> | undefined;

  constructor(header: TpiHeader, stream: ByteSource, hashes: Found<ByteSource>) {
    this.header = header;
    this.#stream = stream;
    this.hashes = hashes;
  }

  /** Types that are records; numbers run from `header.typeIndexBegin`. */
  get count(): number {
    return this.header.typeIndexEnd - this.header.typeIndexBegin;
  }

  record(index: TypeIndex): Found<TypeRecord> {
    return thenFound(this.bytesOf(index), parseTypeRecord);
  }

  /** A record's bytes behind its length. */
  bytesOf(index: TypeIndex): Found<Uint8Array> {
    if (!(index >= this.header.typeIndexBegin && index < this.header.typeIndexEnd)) {
      return notValid('type index', hex(index), `${hex(this.header.typeIndexBegin)} to ${hex(this.header.typeIndexEnd)}`);
    }
    this.#places ??= this.#readPlaces();
    return thenFound(this.#places, (places) => thenFound(this.#stretch(places, index), (stretch) => recordIn(stretch, index)));
  }

  #stretch({ types, offsets }: Places, index: TypeIndex): Found<Stretch> {
    const slot = Math.max(0, upperBound(types, index) - 1);
    const kept = this.#kept.get(slot);
    if (kept) return found(kept);
    const first = types[slot];
    const from = offsets[slot];
    if (first === undefined || from === undefined) return missing({ why: 'stream-absent', stream: 'index of types' });
    const { headerSize, typeRecordBytes } = this.header;
    const end = Math.min(offsets[slot + 1] ?? typeRecordBytes, from + MAX_STRETCH);
    if (end < from) return notValid('index of types', hex(end), `above ${hex(from)}`);
    const bytes = this.#stream.readBlock(headerSize + from, end - from);
    const stretch = { first, bytes, starts: startsOf(bytes) };
    this.#kept.set(slot, stretch);
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size > KEPT_STRETCHES && oldest !== undefined) this.#kept.delete(oldest);
    return found(stretch);
  }

  #readPlaces(): Found<Places> {
    const { indexOffsetBufferOffset: at, indexOffsetBufferLength: length } = this.header;
    const data = thenFound(this.hashes, (stream) => readExactly(stream, at, length));
    if (!data.ok || length < PLACE_SIZE) return this.#walkPlaces();
    const view = viewOf(data.value);
    const count = Math.floor(length / PLACE_SIZE);
    const types = Uint32Array.from({ length: count }, (_, slot) => view.getUint32(slot * PLACE_SIZE, true));
    const offsets = Uint32Array.from({ length: count }, (_, slot) => view.getUint32(slot * PLACE_SIZE + 4, true));
    const rising = types.every((type, slot) => slot === 0 || type > (types[slot - 1] ?? type));
    return rising && types[0] === this.header.typeIndexBegin ? found({ types, offsets }) : this.#walkPlaces();
  }

  /** Every record's length is read, a stretch at a time. */
  #walkPlaces(): Found<Places> {
    const types: number[] = [];
    const offsets: number[] = [];
    let index = this.header.typeIndexBegin;
    let from = 0;
    while (from < this.header.typeRecordBytes) {
      const bytes = this.#stream.readBlock(this.header.headerSize + from, Math.min(MAX_STRETCH, this.header.typeRecordBytes - from));
      const starts = startsOf(bytes);
      const last = starts.at(-1);
      if (last === undefined) break;
      types.push(index);
      offsets.push(from);
      index += starts.length;
      from += last + viewOf(bytes).getUint16(last, true) + 2;
    }
    return found({ types: Uint32Array.from(types), offsets: Uint32Array.from(offsets) });
  }
}

/** Where whole records start. */
function startsOf(bytes: Uint8Array): number[] {
  const view = viewOf(bytes);
  const starts: number[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const next = at + view.getUint16(at, true) + 2;
    if (next < at + 4 || next > bytes.length) break;
    starts.push(at);
    at = next;
  }
  return starts;
}

function recordIn({ first, bytes, starts }: Stretch, index: TypeIndex): Found<Uint8Array> {
  const at = starts[index - first];
  if (at === undefined) return notValid('type record', hex(index), 'a record inside the stream');
  return found(bytes.subarray(at + 2, at + 2 + viewOf(bytes).getUint16(at, true)));
}

/** The TPI stream, or another of its form. Reads the stream's head only. A PDB stripped of types gives an empty stream or none. */
export function openTypes(pdb: PdbFile, number: number = STREAM_TPI): Found<TypeStream> {
  const stream = pdb.msf.stream(number);
  if (!stream.ok) return stream;
  if (stream.value.size === 0) return missing({ why: 'stream-absent', stream: 'TPI' });
  const header = readStruct(TPI_HEADER, stream.value, 0);
  if (!header.ok) return header;
  const { typeIndexBegin, typeIndexEnd, headerSize, typeRecordBytes, hashStreamIndex } = header.value;
  const sane = typeIndexBegin >= FIRST_RECORD && typeIndexEnd >= typeIndexBegin && typeIndexEnd - typeIndexBegin <= MAX_TYPES;
  if (!sane) return notValid('TPI type indices', `${hex(typeIndexBegin)} to ${hex(typeIndexEnd)}`, `from ${hex(FIRST_RECORD)} up`);
  if (headerSize + typeRecordBytes > stream.value.size) return notValid('TPI length', String(headerSize + typeRecordBytes), `at most ${stream.value.size}`);
  const hashes = hashStreamIndex === NO_STREAM ? missing({ why: 'stream-absent', stream: 'TPI hashes' }) : pdb.msf.stream(hashStreamIndex);
  return found(new TypeStream(header.value, stream.value, hashes));
}
