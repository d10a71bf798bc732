import { type Va, va } from '../base/address.ts';
import { type Found, found, missing, type MissingReason, thenFound } from '../base/found.ts';
import { viewOf } from '../bytes/struct.ts';
import type { AddressSpace, MemoryRange, ReadResult, Translation } from './space.ts';

/** One read gives at most this much (design §3: never one slice over 64 MiB). */
export const MAX_READ = 64 * 1024 * 1024;
const NOTHING = new Uint8Array(0);

/** A read that gave nothing, with its reason. */
export function nothingRead(reason: NonNullable<ReadResult['missing']>): ReadResult {
  return { bytes: NOTHING, got: 0, missing: reason };
}

export function wholeRead(bytes: Uint8Array): ReadResult {
  return { bytes, got: bytes.length };
}

/** Refuses lengths that no caller can mean, before anything is allocated for them. */
export function checkLength(length: number): ReadResult | undefined {
  if (Number.isInteger(length) && length >= 0 && length <= MAX_READ) return undefined;
  return nothingRead({ why: 'not-valid', what: 'length of a read', got: String(length), wanted: `0 to ${MAX_READ}` });
}

/** The typed reads of an AddressSpace, on top of `read`. */
export abstract class ByteSpace implements AddressSpace {
  abstract readonly pointerSize: 4 | 8;
  abstract read(at: Va, length: number): ReadResult;
  abstract translate(at: Va): Found<Translation>;
  abstract ranges(): readonly MemoryRange[];

  u8(at: Va): Found<number> {
    return this.#view(at, 1, (view) => view.getUint8(0));
  }
  u16(at: Va): Found<number> {
    return this.#view(at, 2, (view) => view.getUint16(0, true));
  }
  u32(at: Va): Found<number> {
    return this.#view(at, 4, (view) => view.getUint32(0, true));
  }
  u64(at: Va): Found<bigint> {
    return this.#view(at, 8, (view) => view.getBigUint64(0, true));
  }
  pointer(at: Va): Found<Va> {
    return this.pointerSize === 8 ? (this.u64(at) as Found<Va>) : thenFound(this.u32(at), (value) => found(va(BigInt(value))));
  }

  #view<T>(at: Va, size: number, take: (view: DataView) => T): Found<T> {
    const { bytes, got, missing: reason } = this.read(at, size);
    if (got === size) return found(take(viewOf(bytes)));
    return missing(reason ?? { why: 'not-in-dump', space: 'virtual', at });
  }
}

/** `length` bytes of a space, or the reason why not all of them could be read. */
export function readAll(space: AddressSpace, at: Va, length: number): Found<Uint8Array> {
  const { bytes, got, missing: reason } = space.read(at, length);
  return got === length ? found(bytes) : missing(reason ?? { why: 'not-in-dump', space: 'virtual', at });
}

/** A read put together from parts: `next` gives the part that begins behind the bytes had so far, until one stops short. */
export function gatherParts(length: number, next: (filled: number) => ReadResult): ReadResult {
  const parts: Uint8Array[] = [];
  let filled = 0;
  let reason: MissingReason | undefined;
  while (filled < length && !reason) {
    const part = next(filled);
    parts.push(part.bytes);
    filled += part.got;
    reason = part.missing;
  }
  const bytes = new Uint8Array(filled);
  let written = 0;
  for (const part of parts) {
    bytes.set(part, written);
    written += part.length;
  }
  return reason ? { bytes, got: filled, missing: reason } : wholeRead(bytes);
}
