/** The chunks of an MSFZ file: unpacked one by one, they lie one behind the other in a space of their own. */
import { type Found, found, notValid } from '../../base/found.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, viewOf } from '../../bytes/struct.ts';
import { inflate } from './inflate.ts';
import { MSFZ_CHUNK } from './layouts.ts';

/** Writers make chunks of a few megabytes. */
const MAX_CHUNK = 64 * 1024 * 1024;
/** Unpacked bytes that are kept. */
const KEPT_BYTES = 16 * 1024 * 1024;

interface Chunk {
  readonly at: number;
  readonly compression: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
}

export class Chunks {
  readonly #source: ByteSource;
  readonly #chunks: readonly Chunk[];
  /** Where each starts in the unpacked space; one more than chunks. */
  readonly #starts: Float64Array;
  readonly #kept = new Map<number, Uint8Array>();
  #keptBytes = 0;

  constructor(source: ByteSource, chunks: readonly Chunk[]) {
    this.#source = source;
    this.#chunks = chunks;
    this.#starts = new Float64Array(chunks.length + 1);
    for (const [index, chunk] of chunks.entries()) this.#starts[index + 1] = (this.#starts[index] ?? 0) + chunk.sizeBytes;
  }

  /** Place in the unpacked space; undefined where there is no such chunk. */
  placeOf(chunk: number, offset: number): number | undefined {
    const start = chunk < this.#chunks.length ? this.#starts[chunk] : undefined;
    return start === undefined ? undefined : start + offset;
  }

  /** Length of the unpacked space. */
  get size(): number {
    return this.#starts[this.#chunks.length] ?? 0;
  }

  /** Bytes of the unpacked space; fewer where a chunk cannot be unpacked. */
  read(place: number, out: Uint8Array): number {
    let filled = 0;
    for (let index = this.#indexOf(place); filled < out.length; index++) {
      const bytes = this.#unpacked(index);
      if (!bytes.ok) return filled;
      const part = bytes.value.subarray(place + filled - (this.#starts[index] ?? 0)).subarray(0, out.length - filled);
      out.set(part, filled);
      filled += part.length;
    }
    return filled;
  }

  #indexOf(place: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? 0) <= place) low = middle;
      else high = middle;
    }
    return low;
  }

  #unpacked(index: number): Found<Uint8Array> {
    const kept = this.#kept.get(index);
    if (kept) return found(kept);
    const chunk = this.#chunks[index];
    if (!chunk) return notValid('MSFZ chunk', `${index}`, `below ${this.#chunks.length}`);
    const data = readExactly(this.#source, chunk.at, chunk.packedBytes);
    const bytes = data.ok ? inflate(data.value, chunk.compression, chunk.sizeBytes) : data;
    if (!bytes.ok) return bytes;
    this.#kept.set(index, bytes.value);
    this.#keptBytes += bytes.value.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES || oldest === index) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= length;
    }
    return bytes;
  }
}

export function readChunks(source: ByteSource, table: { readonly at: number; readonly count: number }): Found<readonly Chunk[]> {
  const data = readExactly(source, table.at, table.count * MSFZ_CHUNK.size);
  if (!data.ok) return data;
  const view = viewOf(data.value);
  const { fields } = MSFZ_CHUNK;
  const chunks: Chunk[] = [];
  for (let at = 0; at < view.byteLength; at += MSFZ_CHUNK.size) {
    const chunk = {
      at: Number(view.getBigUint64(at, true)),
      compression: view.getUint32(at + fields.compression.offset, true),
      packedBytes: view.getUint32(at + fields.compressedSize.offset, true),
      sizeBytes: view.getUint32(at + fields.uncompressedSize.offset, true),
    };
    if (chunk.sizeBytes > MAX_CHUNK) return notValid('MSFZ chunk', `${chunk.sizeBytes} bytes`, `at most ${MAX_CHUNK}`);
    if (chunk.at + chunk.packedBytes > source.size) return notValid('MSFZ chunk', `bytes up to ${chunk.at + chunk.packedBytes}`, `at most ${source.size}`);
    chunks.push(chunk);
  }
  return found(chunks);
}
