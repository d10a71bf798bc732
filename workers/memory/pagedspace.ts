/**
 * Virtual memory through page tables. Formats: Intel SDM vol. 3, chapter 4 (4-level, 5-level, PAE and 32-bit paging).
 * Entries that are not valid are read as Windows' software entries (MMPTE_TRANSITION, MMPTE_PROTOTYPE, MMPTE_SOFTWARE of the
 * public type tables): a page in transition is still in memory, a prototype leads to the entry that shares the page.
 */
import { fileOffset, isCanonical, type Pa, pa, type Va, va } from '../base/address.ts';
import { type Found, found, missing, type MissingReason, notValid, type PageLevel } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import { viewOf } from '../bytes/struct.ts';
import { ByteSpace, checkLength, gatherParts, nothingRead } from './bytespace.ts';
import type { PageMemory } from './physical.ts';
import type { MemoryRange, ReadResult, Translation } from './space.ts';

interface Level {
  readonly name: PageLevel;
  readonly shift: number;
  readonly bits: number;
  /** True where bit 7 makes the entry a large page. */
  readonly large: boolean;
}

export interface PagingMode {
  readonly name: 'x64-4' | 'x64-5' | 'x86-pae' | 'x86';
  readonly pointerSize: 4 | 8;
  readonly entrySize: 4 | 8;
  readonly levels: readonly Level[];
  /** Bits of the directory base that are address. */
  readonly baseMask: bigint;
}

const level = (name: PageLevel, shift: number, bits: number, large = false): Level => ({ name, shift, bits, large });
const FOUR: readonly Level[] = [level('PML4', 39, 9), level('PDPT', 30, 9, true), level('PD', 21, 9, true), level('PT', 12, 9)];
const PAGE_MASK = 0x000f_ffff_ffff_f000n;

export const PAGING_MODES: Readonly<Record<PagingMode['name'], PagingMode>> = {
  'x64-4': { name: 'x64-4', pointerSize: 8, entrySize: 8, levels: FOUR, baseMask: PAGE_MASK },
  'x64-5': { name: 'x64-5', pointerSize: 8, entrySize: 8, levels: [level('PML5', 48, 9), ...FOUR], baseMask: PAGE_MASK },
  'x86-pae': {
    name: 'x86-pae',
    pointerSize: 4,
    entrySize: 8,
    levels: [level('PDPT', 30, 2), level('PD', 21, 9, true), level('PT', 12, 9)],
    baseMask: 0xffff_ffe0n,
  },
  x86: { name: 'x86', pointerSize: 4, entrySize: 4, levels: [level('PD', 22, 10, true), level('PT', 12, 10)], baseMask: 0xffff_f000n },
};

const VALID = 1n;
const LARGE = 0x80n;
const PROTOTYPE = 0x400n;
const TRANSITION = 0x800n;
/**
 * Kernels with the mitigation against L1 terminal faults set a high bit in entries that are not valid, so that the processor
 * finds no memory there; bit 45 in the kernels seen (KDDEBUGGER_DATA64.L1tfHighPhysicalBitIndex names it).
 */
const UNSWIZZLE = ~(1n << 45n);
/** MMPTE_PROTOTYPE whose address is this leads through the process' VAD tree: no entry to read. */
const PROTOTYPE_IN_VAD = 0xffff_ffff_0000n;
const MAX_CACHED_PAGES = 8192;
const PAGE = 4096;

export class PagedSpace extends ByteSpace {
  readonly pointerSize: 4 | 8;
  readonly mode: PagingMode;
  readonly directoryTableBase: bigint;
  readonly #physical: PageMemory;
  readonly #pages = new Map<bigint, Found<Pa>>();

  constructor(physical: PageMemory, directoryTableBase: bigint, mode: PagingMode) {
    super();
    this.#physical = physical;
    this.directoryTableBase = directoryTableBase;
    this.mode = mode;
    this.pointerSize = mode.pointerSize;
  }

  /** The address in physical memory, or the level at which the walk ended and why. */
  physicalAddress(at: Va): Found<Pa> {
    const mapped = this.#page(at);
    return mapped.ok ? found(pa(mapped.value + Number(at & 0xfffn))) : mapped;
  }

  translate(at: Va): Found<Translation> {
    const where = this.physicalAddress(at);
    if (!where.ok) return where;
    const offset = this.#physical.fileOffset(where.value);
    if (offset === undefined) return missing({ why: 'not-in-dump', space: 'physical', at: BigInt(where.value), whileTranslating: at });
    return found({ origin: 'dump', fileOffset: fileOffset(offset), pa: where.value, contiguous: PAGE - (where.value % PAGE) });
  }

  read(at: Va, length: number): ReadResult {
    const refused = checkLength(length);
    if (refused) return refused;
    const inPage = PAGE - Number(at & 0xfffn);
    return length <= inPage ? this.#readInPage(at, length) : this.#gather(at, length);
  }

  ranges(): readonly MemoryRange[] {
    return [];
  }

  #readInPage(at: Va, length: number): ReadResult {
    const where = this.physicalAddress(at);
    if (!where.ok) return nothingRead(where.missing);
    const result = this.#physical.read(where.value, length);
    if (result.missing?.why !== 'not-in-dump') return result;
    return { ...result, missing: { ...result.missing, whileTranslating: at } };
  }

  #gather(at: Va, length: number): ReadResult {
    return gatherParts(length, (filled) => {
      const here = va(at + BigInt(filled));
      if (here < at) return nothingRead({ why: 'not-in-dump', space: 'virtual', at: here });
      return this.#readInPage(here, Math.min(length - filled, PAGE - Number(here & 0xfffn)));
    });
  }

  #page(at: Va): Found<Pa> {
    const key = at >> 12n;
    const known = this.#pages.get(key);
    if (known) return known.ok ? known : missing(sameReasonAt(known.missing, at));
    const walked = this.#checkAddress(at) ?? this.#walk(at, true);
    if (this.#pages.size >= MAX_CACHED_PAGES) this.#pages.clear();
    this.#pages.set(key, walked);
    return walked;
  }

  #checkAddress(at: Va): Found<never> | undefined {
    if (this.pointerSize === 4) return at <= 0xffff_ffffn ? undefined : notValid('virtual address', hex(at), 'a 32-bit address');
    return isCanonical(at, this.mode.levels.length === 5 ? 57 : 48) ? undefined : notValid('virtual address', hex(at), 'a canonical address');
  }

  /** `soft` false: only what the processor itself would follow, for the tables that Windows' own entries point into. */
  #walk(at: Va, soft: boolean): Found<Pa> {
    let table = this.directoryTableBase & this.mode.baseMask;
    for (const step of this.mode.levels) {
      const index = (at >> BigInt(step.shift)) & ((1n << BigInt(step.bits)) - 1n);
      const entry = this.#entry(table + index * BigInt(this.mode.entrySize), at);
      if (!entry.ok) return entry;
      const valid = (entry.value & VALID) !== 0n;
      if (valid && step.large && (entry.value & LARGE) !== 0n) return found(inLargePage(entry.value, at, step));
      const next = valid ? found(entry.value & PAGE_MASK) : soft ? this.#softEntry(entry.value, at, step) : notPresent(at, step);
      if (!next.ok) return next;
      table = next.value;
    }
    return found(pa(Number(table)));
  }

  #entry(at: bigint, whileTranslating: Va): Found<bigint> {
    const { bytes, got, missing: reason } = this.#physical.read(pa(Number(at)), this.mode.entrySize);
    if (got === this.mode.entrySize) return found(got === 8 ? viewOf(bytes).getBigUint64(0, true) : BigInt(viewOf(bytes).getUint32(0, true)));
    return missing(reason?.why === 'outside-file' ? reason : { why: 'not-in-dump', space: 'physical', at, whileTranslating });
  }

  /** An entry the processor would fault on: Windows may still know the page. */
  #softEntry(entry: bigint, at: Va, step: Level): Found<bigint> {
    const absent = notPresent(at, step);
    if (entry === 0n || this.mode.entrySize === 4) return absent;
    if ((entry & (PROTOTYPE | TRANSITION)) === TRANSITION) return this.#transition(entry, at);
    if (step.shift !== 12) return absent;
    if ((entry & PROTOTYPE) !== 0n) return this.#prototype(entry, at);
    // MMPTE_SOFTWARE: bits 32 up are the page's place in the paging file; zero means a page of zeros not yet made.
    return (entry & UNSWIZZLE) >> 32n === 0n ? absent : missing({ why: 'paged-out', va: at });
  }

  #transition(entry: bigint, at: Va): Found<bigint> {
    const tries = [entry & PAGE_MASK, entry & UNSWIZZLE & PAGE_MASK];
    const held = tries.find((page) => this.#physical.has(pa(Number(page))));
    if (held !== undefined) return found(held);
    return missing({ why: 'not-in-dump', space: 'physical', at: entry & UNSWIZZLE & PAGE_MASK, whileTranslating: at });
  }

  /** The shared entry stands in kernel memory; a prototype behind a prototype means that the page is in its file. */
  #prototype(entry: bigint, at: Va): Found<bigint> {
    const address = entry >> 16n;
    if (this.pointerSize === 4 || address === PROTOTYPE_IN_VAD) return missing({ why: 'not-present', va: at, level: 'PT' });
    const shared = va(BigInt.asUintN(64, BigInt.asIntN(48, address)));
    if (shared >> 12n === at >> 12n) return missing({ why: 'not-present', va: at, level: 'PT' });
    const target = this.#sharedEntry(shared);
    if (!target.ok) return missing({ why: 'paged-out', va: at });
    if ((target.value & VALID) !== 0n) return found(target.value & PAGE_MASK);
    if ((target.value & (PROTOTYPE | TRANSITION)) === TRANSITION) return this.#transition(target.value, at);
    return missing(target.value === 0n ? { why: 'not-present', va: at, level: 'PT' } : { why: 'paged-out', va: at });
  }

  /** Prototype entries stand in pool that is mapped by valid entries; nothing else is followed, so that no loop can arise. */
  #sharedEntry(at: Va): Found<bigint> {
    const page = this.#walk(at, false);
    return page.ok ? this.#entry(BigInt(page.value) + (at & 0xfffn), at) : page;
  }
}

/** A reason kept for a page, told for another address of it. */
function sameReasonAt(reason: MissingReason, at: Va): MissingReason {
  if (reason.why === 'not-present' || reason.why === 'paged-out') return { ...reason, va: at };
  return reason.why === 'not-in-dump' && reason.whileTranslating !== undefined ? { ...reason, whileTranslating: at } : reason;
}

const notPresent = (at: Va, step: Level): Found<never> => missing({ why: 'not-present', va: at, level: step.name });

/** The 4 KiB page of a large page that holds `at`. */
function inLargePage(entry: bigint, at: Va, step: Level): Pa {
  const within = (1n << BigInt(step.shift)) - 1n;
  return pa(Number((entry & PAGE_MASK & ~within) + (at & within & ~0xfffn)));
}
