/** Physical pages as a kernel dump holds them, found without reading more of the file than the question needs. */
import { type Pa, pa, type Pfn, pfn } from '../base/address.ts';
import type { MissingReason } from '../base/found.ts';
import type { ByteSource } from '../bytes/source.ts';
import { PAGE_SIZE, type PageMap, type PageRun } from '../formats/dump/pages.ts';
import { checkLength, nothingRead, wholeRead } from './bytespace.ts';
import type { PhysicalMemory, ReadResult } from './space.ts';

export const pfnOf = (at: Pa): Pfn => pfn(Math.floor(at / PAGE_SIZE));

/** Reads over pages; a subclass says where a page lies in the file. */
export abstract class PageMemory implements PhysicalMemory {
  readonly pageCount: number;
  readonly #source: ByteSource;

  constructor(source: ByteSource, pageCount: number) {
    this.#source = source;
    this.pageCount = pageCount;
  }

  /** Offset of the page in the file, or undefined where the dump does not hold it. */
  abstract pageOffset(page: Pfn): number | undefined;

  has(at: Pa): boolean {
    const offset = this.fileOffset(at);
    return offset !== undefined && offset < this.#source.size;
  }

  fileOffset(at: Pa): number | undefined {
    if (!Number.isSafeInteger(at) || at < 0) return undefined;
    const page = this.pageOffset(pfnOf(at));
    return page === undefined ? undefined : page + (at % PAGE_SIZE);
  }

  read(at: Pa, length: number): ReadResult {
    const refused = checkLength(length);
    if (refused) return refused;
    const inPage = PAGE_SIZE - (at % PAGE_SIZE);
    return length <= inPage ? this.#readInPage(at, length) : this.#gather(at, length);
  }

  #readInPage(at: Pa, length: number): ReadResult {
    const offset = this.fileOffset(at);
    if (offset === undefined) return nothingRead({ why: 'not-in-dump', space: 'physical', at: Number.isSafeInteger(at) ? BigInt(at) : 0n });
    const bytes = this.#source.readBlock(offset, length);
    if (bytes.length === length) return wholeRead(bytes);
    const reason: MissingReason = { why: 'outside-file', at: offset + bytes.length, length: length - bytes.length, fileSize: this.#source.size };
    return { bytes, got: bytes.length, missing: reason };
  }

  #gather(at: Pa, length: number): ReadResult {
    const out = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const here = pa(at + filled);
      const part = this.#readInPage(here, Math.min(length - filled, PAGE_SIZE - (here % PAGE_SIZE)));
      out.set(part.bytes, filled);
      filled += part.got;
      if (part.missing) return { bytes: out.subarray(0, filled), got: filled, missing: part.missing };
    }
    return wholeRead(out);
  }
}

/** Runs of pages: full dumps and dumps of newer debuggers. */
export class RunMemory extends PageMemory {
  readonly #runs: readonly PageRun[];
  #last: PageRun | undefined;

  constructor(source: ByteSource, runs: readonly PageRun[], pageCount: number) {
    super(source, pageCount);
    this.#runs = [...runs].filter((run) => run.pageCount > 0).sort((a, b) => a.basePage - b.basePage);
  }

  pageOffset(page: Pfn): number | undefined {
    const run = this.#last && holds(this.#last, page) ? this.#last : this.#find(page);
    if (!run) return undefined;
    this.#last = run;
    return run.fileOffset + (page - run.basePage) * PAGE_SIZE;
  }

  #find(page: Pfn): PageRun | undefined {
    let low = 0;
    let high = this.#runs.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const run = this.#runs[middle];
      if (!run) return undefined;
      if (holds(run, page)) return run;
      if (run.basePage > page) high = middle - 1;
      else low = middle + 1;
    }
    return undefined;
  }
}

const holds = (run: PageRun, page: number): boolean => page >= run.basePage && page < run.basePage + run.pageCount;

/** Bytes of bitmap counted at once: half a million pages, 2 GiB of memory. */
const CHUNK = 64 * 1024;
/** Bytes between two remembered counts inside a chunk. */
const LINE = 64;
const LINES = CHUNK / LINE;

const BITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest > 0; rest &= rest - 1) count += 1;
  return count;
});

/**
 * A bit a page; the n-th set bit is the n-th page of the file. Counts of set bits are made on demand, chunk by chunk from the
 * start, and kept: at most the bitmap is read once (2 MiB for 64 GB), and one sixteenth of it held.
 */
export class BitmapMemory extends PageMemory {
  readonly #source: ByteSource;
  readonly #bitmapAt: number;
  readonly #pages: number;
  readonly #firstPage: number;
  /** For each counted chunk: set bits before each of its lines, from the start of the bitmap. */
  readonly #before: Float64Array[] = [];
  #counted = 0;

  constructor(source: ByteSource, map: Extract<PageMap, { how: 'bitmap' }>) {
    super(source, map.pageCount);
    this.#source = source;
    this.#bitmapAt = map.bitmapAt;
    this.#pages = map.pages;
    this.#firstPage = map.firstPage;
  }

  pageOffset(page: Pfn): number | undefined {
    if (page < 0 || page >= this.#pages) return undefined;
    const byte = Math.floor(page / 8);
    const lineStart = byte - (byte % LINE);
    const line = this.#source.readBlock(this.#bitmapAt + lineStart, byte - lineStart + 1);
    const own = line[byte - lineStart];
    if (own === undefined || ((own >> (page % 8)) & 1) === 0) return undefined;
    const before = this.#countBefore(lineStart);
    if (before === undefined) return undefined;
    let rank = before;
    for (let index = 0; index < byte - lineStart; index++) rank += BITS[line[index] ?? 0] ?? 0;
    rank += BITS[own & ((1 << (page % 8)) - 1)] ?? 0;
    return this.#firstPage + rank * PAGE_SIZE;
  }

  #countBefore(lineStart: number): number | undefined {
    const chunk = Math.floor(lineStart / CHUNK);
    while (this.#before.length <= chunk) if (!this.#countChunk()) return undefined;
    return this.#before[chunk]?.[(lineStart % CHUNK) / LINE];
  }

  /** Counts the next chunk; false where the file ends before it. */
  #countChunk(): boolean {
    const data = this.#source.readBlock(this.#bitmapAt + this.#before.length * CHUNK, CHUNK);
    if (data.length === 0) return false;
    const before = new Float64Array(LINES);
    for (let line = 0; line < LINES; line++) {
      before[line] = this.#counted;
      const end = Math.min(data.length, (line + 1) * LINE);
      for (let index = line * LINE; index < end; index++) this.#counted += BITS[data[index] ?? 0] ?? 0;
    }
    this.#before.push(before);
    return true;
  }
}

export function physicalMemory(source: ByteSource, map: PageMap): PageMemory {
  return map.how === 'runs' ? new RunMemory(source, map.runs, map.pageCount) : new BitmapMemory(source, map);
}
