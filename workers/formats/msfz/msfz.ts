/** Opens an MSFZ file: header, list of streams, table of chunks. Chunks are unpacked when a stream is read. */
import { type Found, found, missing, notValid, thenFound } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, readStruct, type RecordOf, viewOf } from '../../bytes/struct.ts';
import type { StreamContainer } from '../msf/container.ts';
import { Chunks, readChunks } from './chunks.ts';
import { inflate } from './inflate.ts';
import { MSFZ_CHUNK, MSFZ_HEADER } from './layouts.ts';

const MAX_DIRECTORY = 64 * 1024 * 1024;
const NIL_STREAM = 0xffff_ffff;
const FRAGMENT_BYTES = 12;
const COMPRESSED = 1n << 63n;
const OFFSET_MASK = (1n << 48n) - 1n;

/** A run of a stream's bytes, in the file as it is or in the space of the unpacked chunks. */
interface Fragment {
  /** In the stream. */
  readonly start: number;
  readonly sizeBytes: number;
  readonly place: number;
  readonly packed: boolean;
}

class MsfzStream implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #fragments: readonly Fragment[];
  readonly #source: ByteSource;
  readonly #chunks: Chunks;

  constructor(name: string, fragments: readonly Fragment[], from: { readonly source: ByteSource; readonly chunks: Chunks }) {
    this.name = name;
    this.#fragments = fragments;
    this.#source = from.source;
    this.#chunks = from.chunks;
    const last = fragments.at(-1);
    this.size = last ? last.start + last.sizeBytes : 0;
  }

  /** Shorter where the stream ends or a chunk of it cannot be unpacked. */
  readBlock(offset: number, length: number): Uint8Array {
    const from = Math.max(0, offset);
    const to = Math.min(this.size, offset + length);
    if (!(to > from)) return new Uint8Array(0);
    const out = new Uint8Array(to - from);
    let filled = 0;
    for (const fragment of this.#fragments) {
      const skip = from + filled - fragment.start;
      if (skip >= fragment.sizeBytes) continue;
      if (filled === out.length) break;
      const part = out.subarray(filled, filled + fragment.sizeBytes - skip);
      const got = this.#read(fragment, skip, part);
      filled += got;
      if (got < part.length) return out.subarray(0, filled);
    }
    return out;
  }

  #read(fragment: Fragment, skip: number, out: Uint8Array): number {
    if (fragment.packed) return this.#chunks.read(fragment.place + skip, out);
    const bytes = this.#source.readBlock(fragment.place + skip, out.length);
    out.set(bytes);
    return bytes.length;
  }
}

class MsfzFile implements StreamContainer {
  readonly streamCount: number;
  /** Everything that the tables name lies inside the file: that is checked when it is opened. */
  readonly declaredSize: number;
  readonly #streams: readonly (readonly Fragment[])[];
  readonly #from: { readonly source: ByteSource; readonly chunks: Chunks };

  constructor(source: ByteSource, chunks: Chunks, streams: readonly (readonly Fragment[])[]) {
    this.#from = { source, chunks };
    this.#streams = streams;
    this.streamCount = streams.length;
    this.declaredSize = source.size;
  }

  stream(index: number): Found<ByteSource> {
    const fragments = this.#streams[index];
    return fragments ? found(new MsfzStream(`stream ${index}`, fragments, this.#from)) : missing({ why: 'stream-absent', stream: `MSFZ stream ${index}` });
  }
}

/** Opens the container. May throw SourceError. */
export function openMsfz(source: ByteSource): Found<StreamContainer> {
  const header = readStruct(MSFZ_HEADER, source, 0);
  if (!header.ok) return header;
  const { version, numChunks, chunkTableSize, chunkTableOffset } = header.value;
  if (version !== 0n) return missing({ why: 'unknown-layout', type: 'MSFZ', build: `version ${version}` });
  if (chunkTableSize !== numChunks * MSFZ_CHUNK.size) return notValid('MSFZ chunk table', `${chunkTableSize} bytes`, `${numChunks * MSFZ_CHUNK.size}`);
  return thenFound(readChunks(source, { at: Number(chunkTableOffset), count: numChunks }), (table) => {
    const chunks = new Chunks(source, table);
    return thenFound(readDirectory(source, header.value), (directory) =>
      thenFound(parseStreams(directory, header.value.numStreams, { source, chunks }), (streams) => found(new MsfzFile(source, chunks, streams))),
    );
  });
}

function readDirectory(source: ByteSource, header: RecordOf<typeof MSFZ_HEADER.fields>): Found<Uint8Array> {
  const { streamDirSizeUncompressed: size, streamDirSizeCompressed: packed, streamDirCompression, numStreams } = header;
  if (size > MAX_DIRECTORY || numStreams * 4 > size) return notValid('MSFZ directory', `${size} bytes for ${numStreams} streams`, `at most ${MAX_DIRECTORY}`);
  return thenFound(readExactly(source, Number(header.streamDirOffset), packed), (data) => inflate(data, streamDirCompression, size));
}

function parseStreams(directory: Uint8Array, count: number, from: { readonly source: ByteSource; readonly chunks: Chunks }): Found<(readonly Fragment[])[]> {
  const view = viewOf(directory);
  const streams: (readonly Fragment[])[] = [];
  let at = 0;
  while (streams.length < count) {
    const fragments: Fragment[] = [];
    for (let start = 0; ;) {
      if (at + 4 > view.byteLength) return notValid('MSFZ directory', `${streams.length} streams`, `${count}`);
      const sizeBytes = view.getUint32(at, true);
      at += 4;
      if (sizeBytes === 0 || (sizeBytes === NIL_STREAM && fragments.length === 0)) break;
      if (at + FRAGMENT_BYTES - 4 > view.byteLength) return notValid('MSFZ directory', 'a fragment that ends early', `${count} streams`);
      const place = placeOf(view.getBigUint64(at, true), sizeBytes, from);
      if (!place.ok) return place;
      at += FRAGMENT_BYTES - 4;
      fragments.push({ start, sizeBytes, ...place.value });
      start += sizeBytes;
    }
    streams.push(fragments);
  }
  return found(streams);
}

function placeOf(
  location: bigint,
  sizeBytes: number,
  { source, chunks }: { readonly source: ByteSource; readonly chunks: Chunks },
): Found<{ readonly place: number; readonly packed: boolean }> {
  const packed = (location & COMPRESSED) !== 0n;
  const place = packed ? chunks.placeOf(Number((location >> 32n) & 0x7fff_ffffn), Number(location & 0xffff_ffffn)) : Number(location & OFFSET_MASK);
  const end = packed ? chunks.size : source.size;
  if (place === undefined || place + sizeBytes > end) return notValid('MSFZ fragment', `${sizeBytes} bytes at ${hex(location)}`, `inside ${end} bytes`);
  return found({ place, packed });
}
