/**
 * Physical memory with x64 page tables of four levels. Pages are taken from all over the machine's memory, so that a
 * reader that mistakes a page frame number for a place in the file finds something else.
 * Entry bits: Intel SDM volume 3, "4-level paging"; the software forms of an invalid entry: MMPTE_SOFTWARE and
 * MMPTE_TRANSITION of Windows' public symbols.
 */
import { Defect } from '../../base/problem.ts';
import { get, put } from './binary.ts';
import type { PhysicalRun } from './dumpheader.ts';

export const PAGE_SIZE = 0x1000;
const VALID = 1n;
const WRITE = 2n;
const OWNER = 4n;
const ACCESSED = 0x20n;
const DIRTY = 0x40n;
const LARGE = 0x80n;
const NO_EXECUTE = 1n << 63n;

/** Low memory below the video hole, memory from 1 MiB to 3 GiB, the rest above 4 GiB. */
export function physicalRuns(pages: number): PhysicalRun[] {
  const runs: PhysicalRun[] = [];
  let left = pages;
  for (const [basePage, room] of [
    [0x1, 0x9e],
    [0x100, 0xbff00],
    [0x100000, Number.MAX_SAFE_INTEGER],
  ] as const) {
    const pageCount = Math.min(left, room);
    if (pageCount > 0) runs.push({ basePage, pageCount });
    left -= pageCount;
  }
  return runs;
}

export class PhysicalMemoryImage {
  readonly runs: readonly PhysicalRun[];
  readonly pages = new Map<number, Uint8Array>();
  private readonly total: number;
  private taken = 0;

  constructor(pageCount: number) {
    this.runs = physicalRuns(pageCount);
    this.total = pageCount;
  }

  get highestPage(): number {
    const last = this.runs.at(-1);
    return last ? last.basePage + last.pageCount - 1 : 0;
  }

  /** The page frame number of the n-th page of the machine. */
  pageAt(index: number): number {
    let rest = index;
    for (const run of this.runs) {
      if (rest < run.pageCount) return run.basePage + rest;
      rest -= run.pageCount;
    }
    throw new Defect(`the machine has ${this.total} pages, not ${index + 1}`);
  }

  /** The n of a page frame number in run order, or undefined where the machine has no such page. */
  indexOf(pfn: number): number | undefined {
    let before = 0;
    for (const run of this.runs) {
      if (pfn >= run.basePage && pfn < run.basePage + run.pageCount) return before + pfn - run.basePage;
      before += run.pageCount;
    }
    return undefined;
  }

  page(pfn: number): Uint8Array {
    const known = this.pages.get(pfn);
    if (known) return known;
    if (this.indexOf(pfn) === undefined) throw new Defect(`page frame 0x${pfn.toString(16)} is not of this machine`);
    const fresh = new Uint8Array(PAGE_SIZE);
    this.pages.set(pfn, fresh);
    return fresh;
  }

  /** A free page, far from the one given before. */
  take(): number {
    for (;;) {
      const spread = (++this.taken * 0.6180339887498949) % 1;
      const start = Math.floor(spread * this.total);
      for (let step = 0; step < 64; step++) {
        const pfn = this.pageAt((start + step) % this.total);
        if (this.pages.has(pfn)) continue;
        this.page(pfn);
        return pfn;
      }
      if (this.taken > this.total * 2) throw new Defect(`no page left of ${this.total}`);
    }
  }
}

/** One set of page tables. */
export class AddressSpaceImage {
  readonly memory: PhysicalMemoryImage;
  readonly directoryTableBase: bigint;

  constructor(memory: PhysicalMemoryImage, directoryPage: number) {
    this.memory = memory;
    this.directoryTableBase = BigInt(directoryPage) << 12n;
    memory.page(directoryPage);
  }

  /** The kernel half of another space: its top-level entries, as every process has them. */
  shareKernelHalf(of: AddressSpaceImage): this {
    const from = this.memory.page(Number(of.directoryTableBase >> 12n));
    this.memory.page(Number(this.directoryTableBase >> 12n)).set(from.subarray(0x800), 0x800);
    return this;
  }

  /** The entry through which Windows sees its own page tables. */
  selfMap(pteBase: bigint): this {
    const slot = Number((pteBase >> 39n) & 0x1ffn);
    put(this.memory.page(Number(this.directoryTableBase >> 12n)), slot * 8, 8, this.directoryTableBase | VALID | WRITE | ACCESSED | DIRTY | NO_EXECUTE);
    return this;
  }

  /** Table page and index of the entry of `va` at a level: 4 top … 1 page table. Makes what is missing above it. */
  private entry(va: bigint, level: number): { readonly table: Uint8Array; readonly at: number } {
    const user = va < 0x8000_0000_0000n ? OWNER : 0n;
    let table = this.memory.page(Number(this.directoryTableBase >> 12n));
    for (let depth = 4; ; depth--) {
      const at = Number((va >> BigInt(12 + 9 * (depth - 1))) & 0x1ffn) * 8;
      if (depth === level) return { table, at };
      const present = get(table, at, 8);
      const pfn = (present & VALID) !== 0n ? Number((present >> 12n) & 0xf_ffff_ffffn) : this.memory.take();
      if ((present & VALID) === 0n) put(table, at, 8, (BigInt(pfn) << 12n) | VALID | WRITE | ACCESSED | DIRTY | user);
      else if ((present & LARGE) !== 0n) throw new Defect(`0x${va.toString(16)} lies in a large page`);
      table = this.memory.page(pfn);
    }
  }

  /** Maps the page of `va` if nothing is there, and gives its bytes. */
  touch(va: bigint): Uint8Array {
    const large = this.entry(va, 2);
    const directory = get(large.table, large.at, 8);
    if ((directory & (VALID | LARGE)) === (VALID | LARGE)) {
      return this.memory.page(Number((directory >> 12n) & 0xf_ffff_ffffn) + Number((va >> 12n) & 0x1ffn));
    }
    const { table, at } = this.entry(va, 1);
    const present = get(table, at, 8);
    if ((present & VALID) !== 0n) return this.memory.page(Number((present >> 12n) & 0xf_ffff_ffffn));
    const pfn = this.memory.take();
    const user = va < 0x8000_0000_0000n ? OWNER : 0n;
    put(table, at, 8, (BigInt(pfn) << 12n) | VALID | WRITE | ACCESSED | DIRTY | user);
    return this.memory.page(pfn);
  }

  write(va: bigint, bytes: Uint8Array): this {
    for (let done = 0; done < bytes.length;) {
      const at = va + BigInt(done);
      const within = Number(at & 0xfffn);
      const count = Math.min(PAGE_SIZE - within, bytes.length - done);
      this.touch(at).set(bytes.subarray(done, done + count), within);
      done += count;
    }
    return this;
  }

  /** A 2 MiB page of consecutive frames, the first a multiple of 512. */
  mapLarge(va: bigint, firstPage: number): this {
    const { table, at } = this.entry(va, 2);
    put(table, at, 8, (BigInt(firstPage) << 12n) | VALID | WRITE | ACCESSED | DIRTY | LARGE);
    return this;
  }

  /** An entry that is not valid: paged out to a paging file, or in transition with its page still in memory. */
  markInvalid(va: bigint, how: { readonly pageFileOffset: number } | { readonly transitionPage: number }): this {
    const { table, at } = this.entry(va, 1);
    // MMPTE_SOFTWARE: Protection at bit 5, PageFileHigh at bit 32. MMPTE_TRANSITION: Transition is bit 11.
    const value = 'pageFileOffset' in how ? (BigInt(how.pageFileOffset) << 32n) | (4n << 5n) : (BigInt(how.transitionPage) << 12n) | (1n << 11n) | (4n << 5n);
    put(table, at, 8, value);
    return this;
  }
}
