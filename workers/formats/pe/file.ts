/** A PE image in a file, read as the loader would map it. Relocations are not applied. */
import type { Rva } from '../../base/address.ts';
import { type Found, found, notValid } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import type { ByteSource } from '../../bytes/source.ts';
import type { PeBytes, PeRead } from './bytes.ts';
import { type PeHeaders, readPeHeaders } from './headers.ts';

const PAGE = 0x1000;
const SECTOR = 0x200;
/** No caller needs more in one piece; a larger wish comes from a broken size field. */
const MAX_READ = 64 * 1024 * 1024;

/** A run of the image: `rawSize` bytes from the file, zeros up to `size`. */
interface Mapping {
  readonly start: number;
  readonly size: number;
  readonly rawOffset: number;
  readonly rawSize: number;
}

export class PeFile implements PeBytes {
  readonly name: string;
  readonly headers: PeHeaders;
  readonly #source: ByteSource;
  readonly #map: readonly Mapping[];

  constructor(source: ByteSource, headers: PeHeaders) {
    this.name = source.name;
    this.headers = headers;
    this.#source = source;
    this.#map = mappings(headers);
  }

  /** Shorter at the end of the section (or the headers) in which it starts. */
  read(at: Rva, length: number): PeRead {
    const mapping = findMapping(this.#map, at);
    if (!mapping) return { bytes: new Uint8Array(0), missing: outside(at, this.headers).missing };
    const within = at - mapping.start;
    const wanted = Math.min(length, mapping.size - within, MAX_READ);
    const fromFile = Math.max(0, Math.min(wanted, mapping.rawSize - within));
    const raw = fromFile > 0 ? this.readFile(mapping.rawOffset + within, fromFile) : { bytes: new Uint8Array(0) };
    if (raw.bytes.length < fromFile) return raw;
    const bytes = wanted > fromFile ? zeroExtended(raw.bytes, wanted) : raw.bytes;
    return wanted === length ? { bytes } : { bytes, missing: outside(at + wanted, this.headers).missing };
  }

  readFile(fileOffset: number, length: number): PeRead {
    return readRaw(this.#source, fileOffset, length);
  }
}

function readRaw(source: ByteSource, at: number, length: number): PeRead {
  const bytes = source.readBlock(at, length);
  if (bytes.length === length) return { bytes };
  return { bytes, missing: source.gapAt?.(at + bytes.length) ?? { why: 'outside-file', at, length, fileSize: source.size } };
}

/** Reads the headers of a PE file. A reason where it is none. May throw SourceError. */
export function openPeFile(source: ByteSource): Found<PeFile> {
  const raw: PeBytes = { name: source.name, read: (at, length) => readRaw(source, at, length) };
  const headers = readPeHeaders(raw);
  return headers.ok ? found(new PeFile(source, headers.value)) : headers;
}

function outside(at: number, headers: PeHeaders): ReturnType<typeof notValid> {
  return notValid('RVA', hex(at), `inside a section (image of ${hex(headers.sizeOfImage)} bytes)`);
}

function zeroExtended(bytes: Uint8Array, size: number): Uint8Array {
  const extended = new Uint8Array(size);
  extended.set(bytes);
  return extended;
}

/** The loader rounds raw pointers down to a sector and sizes up to a page; images with small alignment are mapped flat. */
function mappings(headers: PeHeaders): Mapping[] {
  const flat = headers.sectionAlignment < PAGE;
  const list: Mapping[] = [{ start: 0, size: headers.sizeOfHeaders, rawOffset: 0, rawSize: headers.sizeOfHeaders }];
  for (const section of headers.sections) {
    const size = section.virtualSize || section.rawSize;
    const extent = flat ? Math.max(size, section.rawSize) : Math.ceil(size / PAGE) * PAGE;
    const rawOffset = flat ? section.rawOffset : section.rawOffset - (section.rawOffset % SECTOR);
    const rawSize = section.rawOffset === 0 ? 0 : Math.min(section.rawSize, extent);
    list.push({ start: section.rva, size: extent, rawOffset, rawSize });
  }
  return list.sort((a, b) => a.start - b.start);
}

/** The last run that starts at or below `at` and reaches over it. */
function findMapping(map: readonly Mapping[], at: number): Mapping | undefined {
  let low = 0;
  let high = map.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((map[middle]?.start ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  const mapping = map[low - 1];
  return mapping && at - mapping.start < mapping.size ? mapping : undefined;
}
