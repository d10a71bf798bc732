import { fileOffset, type Va, va } from '../base/address.ts';
import { type Found, found, missing, type MissingReason } from '../base/found.ts';
import type { ByteSource } from '../bytes/source.ts';
import { ByteSpace, checkLength, gatherParts, nothingRead, wholeRead } from './bytespace.ts';
import type { MemoryRange, ReadResult, Translation } from './space.ts';

/** Bytes of virtual memory that lie in the file one after the other. */
export interface SparseRange {
  readonly start: Va;
  readonly size: number;
  readonly fileOffset: number;
  /** What wrote it: "stack", "data block", "Memory64List" … */
  readonly origin: string;
}

interface Disjoint {
  readonly starts: BigUint64Array;
  /** Inclusive ends, so that a range may reach the top of the address space. */
  readonly lasts: BigUint64Array;
  readonly offsets: Float64Array;
}

const TOP = 0xffff_ffff_ffff_ffffn;
const usable = (range: SparseRange): boolean =>
  Number.isSafeInteger(range.size) && range.size > 0 && Number.isSafeInteger(range.fileOffset) && range.fileOffset >= 0;

function byStart(a: SparseRange, b: SparseRange): number {
  if (a.start !== b.start) return a.start < b.start ? -1 : 1;
  return b.size - a.size;
}

/**
 * Sorts ranges and cuts overlaps away: where two hold the same address, the one that starts lower keeps it.
 * Real dumps hold duplicates, overlaps and unsorted lists (triage data blocks, Wine's memory list).
 */
function makeDisjoint(sorted: readonly SparseRange[]): Disjoint {
  const starts = new BigUint64Array(sorted.length);
  const lasts = new BigUint64Array(sorted.length);
  const offsets = new Float64Array(sorted.length);
  let count = 0;
  for (const range of sorted) {
    const end = range.start + BigInt(range.size) - 1n;
    const last = end > TOP ? TOP : end;
    const covered = count > 0 ? (lasts[count - 1] ?? 0n) : -1n;
    if (last <= covered) continue;
    const start = range.start > covered ? range.start : ((covered + 1n) as Va);
    starts[count] = start;
    lasts[count] = last;
    offsets[count] = range.fileOffset + Number(start - range.start);
    count += 1;
  }
  return { starts: starts.slice(0, count), lasts: lasts.slice(0, count), offsets: offsets.slice(0, count) };
}

/** Virtual memory made of pieces of the file: triage dumps and user minidumps. Lookups by binary search. */
export class SparseSpace extends ByteSpace {
  readonly pointerSize: 4 | 8;
  readonly #source: ByteSource;
  readonly #sorted: readonly SparseRange[];
  readonly #parts: Disjoint;
  #last = 0;

  #ranges: readonly MemoryRange[] | undefined;

  constructor(source: ByteSource, ranges: Iterable<SparseRange>, pointerSize: 4 | 8 = 8) {
    super();
    this.pointerSize = pointerSize;
    this.#source = source;
    this.#sorted = [...ranges].filter(usable).sort(byStart);
    this.#parts = makeDisjoint(this.#sorted);
  }

  /** Bytes held, each address counted once. */
  get byteCount(): bigint {
    let total = 0n;
    for (let index = 0; index < this.#parts.starts.length; index++) {
      total += (this.#parts.lasts[index] ?? 0n) - (this.#parts.starts[index] ?? 0n) + 1n;
    }
    return total;
  }

  read(at: Va, length: number): ReadResult {
    const refused = checkLength(length);
    if (refused) return refused;
    const index = this.#find(at);
    if (index < 0) return length === 0 ? wholeRead(new Uint8Array(0)) : nothingRead(this.#gap(at));
    const held = this.#heldFrom(index, at);
    if (held >= length) return this.#readPart(index, at, length);
    return this.#gather(at, length);
  }

  translate(at: Va): Found<Translation> {
    const index = this.#find(at);
    if (index < 0) return missing(this.#gap(at));
    const offset = this.#offsetIn(index, at);
    if (offset >= this.#source.size) return missing({ why: 'outside-file', at: offset, length: 1, fileSize: this.#source.size });
    const contiguous = Math.min(this.#heldFrom(index, at), this.#source.size - offset);
    return found({ origin: 'dump', fileOffset: fileOffset(offset), contiguous });
  }

  /** Every range as the file lists it, sorted; overlaps are listed too. */
  ranges(): readonly MemoryRange[] {
    // Asked for again and again, by every command's needs: dumps with hundreds of thousands of ranges exist.
    this.#ranges ??= this.#sorted.map((range) => ({ start: range.start, size: BigInt(range.size), origin: range.origin }));
    return this.#ranges;
  }

  #gather(at: Va, length: number): ReadResult {
    return gatherParts(length, (filled) => {
      const here = va(at + BigInt(filled));
      const index = here < at ? -1 : this.#find(here);
      if (index < 0) return nothingRead(this.#gap(here));
      return this.#readPart(index, here, Math.min(length - filled, this.#heldFrom(index, here)));
    });
  }

  #readPart(index: number, at: Va, length: number): ReadResult {
    const offset = this.#offsetIn(index, at);
    const bytes = this.#source.readBlock(offset, length);
    if (bytes.length === length) return wholeRead(bytes);
    return {
      bytes,
      got: bytes.length,
      missing: { why: 'outside-file', at: offset + bytes.length, length: length - bytes.length, fileSize: this.#source.size },
    };
  }

  #offsetIn(index: number, at: Va): number {
    return (this.#parts.offsets[index] ?? 0) + Number(at - (this.#parts.starts[index] ?? 0n));
  }

  #heldFrom(index: number, at: Va): number {
    return Number((this.#parts.lasts[index] ?? 0n) - at) + 1;
  }

  #gap(at: Va): MissingReason {
    return { why: 'not-in-dump', space: 'virtual', at };
  }

  #holds(index: number, at: Va): boolean {
    const start = this.#parts.starts[index];
    const last = this.#parts.lasts[index];
    return start !== undefined && last !== undefined && at >= start && at <= last;
  }

  /** Index of the part that holds `at`, or -1. The part of the last hit is tried first. */
  #find(at: Va): number {
    if (this.#holds(this.#last, at)) return this.#last;
    let low = 0;
    let high = this.#parts.starts.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if ((this.#parts.starts[middle] ?? 0n) > at) high = middle - 1;
      else low = middle + 1;
    }
    if (!this.#holds(high, at)) return -1;
    this.#last = high;
    return high;
  }
}
