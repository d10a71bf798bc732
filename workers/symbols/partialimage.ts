/**
 * An image file of which only some parts are at hand: what unwinding needs, without its code. Kept and handed on as one run of
 * bytes of our own form: the words "FLPART1\0", the file's size, the number of parts, offset and length of each, then their bytes.
 */
import type { MissingReason } from '../base/found.ts';
import type { ByteSource } from '../bytes/source.ts';
import { viewOf } from '../bytes/struct.ts';

const MAGIC = 'FLPART1\0';
const HEAD_BYTES = 24;
const PART_BYTES = 16;
const MAX_PARTS = 64;
/** As of a downloaded file (design §7). */
const MAX_FILE = 1024 * 1024 * 1024;

export interface FileRange {
  readonly offset: number;
  readonly length: number;
}
export interface FilePart {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

interface Held extends FileRange {
  read(within: number, length: number): Uint8Array;
}

/** Reads what there is; shorter also where a part ends, and `gapAt` says why. */
export class PartialSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #parts: readonly Held[];

  constructor(name: string, size: number, parts: readonly Held[]) {
    this.name = name;
    this.size = size;
    this.#parts = parts;
  }

  readBlock(offset: number, length: number): Uint8Array {
    const part = this.#parts.find((held) => offset >= held.offset && offset < held.offset + held.length);
    if (!part || length <= 0) return new Uint8Array(0);
    return part.read(offset - part.offset, Math.min(length, part.offset + part.length - offset));
  }
  has({ offset, length }: FileRange): boolean {
    return this.#parts.some((held) => offset >= held.offset && offset + length <= held.offset + held.length);
  }
  gapAt(offset: number): MissingReason | undefined {
    if (offset >= this.size) return undefined;
    return { why: 'no-symbols', module: this.name, detail: 'of the image only headers and unwind data were fetched; .reload /f fetches it whole' };
  }
}

export function sourceOfParts(name: string, size: number, parts: readonly FilePart[]): PartialSource {
  const held = parts.map(({ offset, bytes }) => ({ offset, length: bytes.length, read: (at: number, length: number) => bytes.subarray(at, at + length) }));
  return new PartialSource(name, size, held);
}

export function writePartialImage(size: number, parts: readonly FilePart[]): Uint8Array {
  const head = HEAD_BYTES + parts.length * PART_BYTES;
  const out = new Uint8Array(head + parts.reduce((sum, { bytes }) => sum + bytes.length, 0));
  const view = viewOf(out);
  for (let index = 0; index < MAGIC.length; index++) out[index] = MAGIC.charCodeAt(index);
  view.setBigUint64(8, BigInt(size), true);
  view.setUint32(16, parts.length, true);
  let at = head;
  for (const [index, { offset, bytes }] of parts.entries()) {
    view.setBigUint64(HEAD_BYTES + index * PART_BYTES, BigInt(offset), true);
    view.setBigUint64(HEAD_BYTES + index * PART_BYTES + 8, BigInt(bytes.length), true);
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}

/** Undefined where the bytes are of another form, or damaged. May throw SourceError. */
export function openPartialImage(source: ByteSource): PartialSource | undefined {
  const head = source.readBlock(0, HEAD_BYTES);
  if (head.length < HEAD_BYTES || ![...MAGIC].every((char, index) => head[index] === char.charCodeAt(0))) return undefined;
  const view = viewOf(head);
  const size = Number(view.getBigUint64(8, true));
  const count = view.getUint32(16, true);
  const table = count <= MAX_PARTS && size <= MAX_FILE ? source.readBlock(HEAD_BYTES, count * PART_BYTES) : undefined;
  if (table?.length !== count * PART_BYTES) return undefined;
  const parts: Held[] = [];
  let start = HEAD_BYTES + count * PART_BYTES;
  for (let index = 0; index < count; index++) {
    const [offset, length] = [0, 8].map((at) => Number(viewOf(table).getBigUint64(index * PART_BYTES + at, true)));
    if (offset === undefined || length === undefined || offset + length > size || start + length > source.size) return undefined;
    const from = start;
    parts.push({ offset, length, read: (within, wanted) => source.readBlock(from + within, wanted) });
    start += length;
  }
  return new PartialSource(source.name, size, parts);
}

/** An image as it may be kept: whole, or some of its parts. */
export function imageSource(source: ByteSource): ByteSource {
  return openPartialImage(source) ?? source;
}
