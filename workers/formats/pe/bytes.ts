/** Bytes of a PE image by RVA, whether it lies in a file or in a dump's memory: one parser reads both. */
import type { Rva } from '../../base/address.ts';
import { type Found, found, missing, type MissingReason, notValid } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { type Fields, readStructAt, type RecordOf, type Struct } from '../../bytes/struct.ts';

export interface PeRead {
  /** As many bytes from the start as could be read. The caller must not change them. */
  readonly bytes: Uint8Array;
  /** Why the read stopped short; absent when everything was read. */
  readonly missing?: MissingReason;
}

export interface PeBytes {
  readonly name: string;
  read(at: Rva, length: number): PeRead;
  /** By file offset: only a file has it. Debug data need not be mapped. */
  readFile?(fileOffset: number, length: number): PeRead;
}

/** An image in memory, read through `read`. */
export function peInMemory(name: string, read: (at: Rva, length: number) => PeRead): PeBytes {
  return { name, read };
}

/** `length` bytes or the reason; never fewer. */
export function readPe(image: PeBytes, at: number, length: number): Found<Uint8Array> {
  return whole(inRange(at, length) ? image.read(at as Rva, length) : undefined, at, length);
}

/** As `readPe`, by file offset; a memory image has no such bytes. */
export function readPeFile(image: PeBytes, at: number, length: number): Found<Uint8Array> {
  if (!image.readFile) return missing({ why: 'not-in-dump', space: 'file', at: BigInt(at) });
  return whole(inRange(at, length) ? image.readFile(at, length) : undefined, at, length);
}

function inRange(at: number, length: number): boolean {
  return Number.isSafeInteger(at) && Number.isSafeInteger(length) && at >= 0 && length >= 0 && at + length <= 0x1_0000_0000;
}

function whole(read: PeRead | undefined, at: number, length: number): Found<Uint8Array> {
  if (read && read.bytes.length === length) return found(read.bytes);
  if (read?.missing) return missing(read.missing);
  return notValid('RVA', `${hex(Math.max(0, Math.trunc(at) || 0))} with ${length} bytes`, 'bytes inside the image');
}

export function readPeStruct<F extends Fields>(layout: Struct<F>, image: PeBytes, at: number): Found<RecordOf<F>> {
  const data = readPe(image, at, layout.size);
  return data.ok ? readStructAt(layout, data.value, 0) : data;
}

const CHUNK = 128;

/** Text up to its NUL, UTF-8, at most `limit` bytes. */
export function readPeText(image: PeBytes, at: number, limit: number): Found<string> {
  const parts: Uint8Array[] = [];
  for (let done = 0; done < limit; done += CHUNK) {
    if (!inRange(at + done, CHUNK)) return notValid('text', `RVA ${hex(at)}`, 'an RVA below 4 GiB');
    const { bytes, missing: why } = image.read((at + done) as Rva, Math.min(CHUNK, limit - done));
    const end = bytes.indexOf(0);
    parts.push(end < 0 ? bytes : bytes.subarray(0, end));
    if (end >= 0) return found(decodeText(parts));
    if (why) return missing(why);
    if (bytes.length < CHUNK) break;
  }
  return notValid('text', `no NUL within ${limit} bytes at ${hex(at)}`, 'text that ends');
}

const utf8 = new TextDecoder('utf-8');

function decodeText(parts: readonly Uint8Array[]): string {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return utf8.decode(joined);
}
