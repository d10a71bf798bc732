/**
 * Full and bitmap dumps of a physical memory image, as sparse plans.
 * Full: pages run by run from 0x2000. Bitmap: a summary header at 0x2000 ("SDMP" kernel pages, "FDMP" all pages) and a
 * bit for every page frame, then the pages whose bit is set. Layout: 0vercl0k/kdmp-parser, kdmp-parser-structs.h.
 */
import { Defect } from '../../base/problem.ts';
import { Binary, ascii, put } from './binary.ts';
import { type HeaderSpec, type PhysicalRun, dumpHeader64 } from './dumpheader.ts';
import { PAGE_SIZE, type PhysicalMemoryImage } from './physical.ts';
import type { SparsePlan } from './sparse.ts';

export type KernelDumpKind = 'full' | 'bitmap-full' | 'bitmap-kernel' | 'live';
const HEADER = 0x2000;
const BITMAP = 0x2038;

const KINDS: Readonly<Record<KernelDumpKind, { readonly dumpType: number; readonly attributes: number; readonly signature?: string }>> = {
  full: { dumpType: 1, attributes: 0 },
  'bitmap-full': { dumpType: 5, attributes: 0, signature: 'FDMP' },
  'bitmap-kernel': { dumpType: 6, attributes: 0, signature: 'SDMP' },
  // LiveDumpGeneratedDump
  live: { dumpType: 6, attributes: 0x10, signature: 'SDMP' },
};

/** Where pages go in the file. */
interface Placement {
  readonly size: number;
  readonly head: Uint8Array;
  /** File offset of a page frame; undefined where the dump does not hold it. */
  offsetOf(pfn: number): number | undefined;
}

/** How many pages a machine has whose dump of this kind is about `sizeBytes` long. */
export function pagesForSize(kind: KernelDumpKind, sizeBytes: number): number {
  const pages = Math.floor((sizeBytes - HEADER) / PAGE_SIZE);
  if (kind === 'full') return pages;
  // A bit a page; the hole below 4 GiB has bits too.
  return Math.floor((sizeBytes - BITMAP - 2 * PAGE_SIZE - (pages > 0xc0000 ? 0x8000 : 0x100)) / (PAGE_SIZE + 1 / 8));
}

function placeFull(memory: PhysicalMemoryImage): Placement {
  const pages = memory.runs.reduce((sum, run) => sum + run.pageCount, 0);
  const offsetOf = (pfn: number): number | undefined => {
    const index = memory.indexOf(pfn);
    return index === undefined ? undefined : HEADER + index * PAGE_SIZE;
  };
  return { size: HEADER + pages * PAGE_SIZE, head: new Uint8Array(), offsetOf };
}

/** A set of pages as sorted, disjoint runs. */
export function runsOf(pages: Iterable<number>): PhysicalRun[] {
  const sorted = [...new Set(pages)].sort((a, b) => a - b);
  const runs: { basePage: number; pageCount: number }[] = [];
  for (const pfn of sorted) {
    const last = runs.at(-1);
    if (last && last.basePage + last.pageCount === pfn) last.pageCount++;
    else runs.push({ basePage: pfn, pageCount: 1 });
  }
  return runs;
}

/** `present`: sorted, disjoint. */
function placeBitmap(signature: string, present: readonly PhysicalRun[], bits: number): Placement {
  const bitmap = new Uint8Array(Math.ceil(bits / 8));
  let count = 0;
  const starts: { readonly basePage: number; readonly pageCount: number; readonly before: number }[] = [];
  for (const run of present) {
    starts.push({ ...run, before: count });
    count += run.pageCount;
    setBits(bitmap, run);
  }
  const firstPage = Math.ceil((BITMAP + bitmap.length) / PAGE_SIZE) * PAGE_SIZE;
  const head = new Binary()
    .append(ascii(`${signature}DUMP`))
    .zeros(24)
    .u64(firstPage)
    .u64(count)
    .u64(bits)
    .append(bitmap)
    .finish();
  const offsetOf = (pfn: number): number | undefined => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle]?.basePage ?? 0) <= pfn) low = middle;
      else high = middle - 1;
    }
    const run = starts[low];
    if (!run || pfn < run.basePage || pfn >= run.basePage + run.pageCount) return undefined;
    return firstPage + (run.before + pfn - run.basePage) * PAGE_SIZE;
  };
  return { size: firstPage + count * PAGE_SIZE, head, offsetOf };
}

function setBits(bitmap: Uint8Array, run: PhysicalRun): void {
  let pfn = run.basePage;
  const end = run.basePage + run.pageCount;
  while (pfn < end && pfn % 8 !== 0) setBit(bitmap, pfn++);
  const wholeEnd = end - (end % 8);
  if (wholeEnd > pfn) {
    bitmap.fill(0xff, pfn / 8, wholeEnd / 8);
    pfn = wholeEnd;
  }
  while (pfn < end) setBit(bitmap, pfn++);
}

function setBit(bitmap: Uint8Array, pfn: number): void {
  const at = pfn >> 3;
  bitmap[at] = (bitmap[at] ?? 0) | (1 << (pfn & 7));
}

/** Kernel pages: what is used, and groups of 128 other pages in every 1,024 until the wanted count is there. */
function kernelPages(memory: PhysicalMemoryImage, wanted: number): PhysicalRun[] {
  const used = new Set(memory.pages.keys());
  const groups: PhysicalRun[] = [];
  let count = used.size;
  for (const run of memory.runs) {
    for (let pfn = run.basePage; count < wanted && pfn < run.basePage + run.pageCount; pfn += 1024) {
      const pageCount = Math.min(128, run.basePage + run.pageCount - pfn, wanted - count);
      groups.push({ basePage: pfn, pageCount });
      count += pageCount;
    }
  }
  return mergeRuns([...groups, ...runsOf(used)]);
}

function mergeRuns(runs: readonly PhysicalRun[]): PhysicalRun[] {
  const merged: { basePage: number; pageCount: number }[] = [];
  for (const run of [...runs].sort((a, b) => a.basePage - b.basePage)) {
    const last = merged.at(-1);
    if (last && run.basePage <= last.basePage + last.pageCount) last.pageCount = Math.max(last.pageCount, run.basePage + run.pageCount - last.basePage);
    else merged.push({ ...run });
  }
  return merged;
}

export interface KernelDumpSpec {
  readonly kind: KernelDumpKind;
  readonly header: HeaderSpec;
  readonly memory: PhysicalMemoryImage;
  /** 'bitmap-kernel' and 'live': about this long; by default only the pages that hold something. */
  readonly sizeBytes?: number;
  /** Pages that are left out of a bitmap although they are in use: for gaps met while translating. */
  readonly leaveOut?: readonly number[];
  /** Secondary data after the last page. */
  readonly blobs?: Uint8Array;
  /** This many pages, spread over the file, say "PFN:…" where nothing else stands. */
  readonly marks?: number;
}

function placementOf(spec: KernelDumpSpec): Placement {
  const { kind, memory } = spec;
  const { signature } = KINDS[kind];
  if (signature === undefined) return placeFull(memory);
  const wanted = spec.sizeBytes === undefined ? 0 : Math.floor((spec.sizeBytes - BITMAP - memory.highestPage / 8) / PAGE_SIZE);
  const present = kind === 'bitmap-full' ? [...memory.runs] : kernelPages(memory, wanted);
  const without = new Set(spec.leaveOut);
  const kept = without.size === 0 ? present : present.flatMap((run) => split(run, without));
  return placeBitmap(signature, kept, memory.highestPage + 1);
}

function split(run: PhysicalRun, without: ReadonlySet<number>): PhysicalRun[] {
  const inside = [...without].filter((pfn) => pfn >= run.basePage && pfn < run.basePage + run.pageCount).sort((a, b) => a - b);
  const parts: PhysicalRun[] = [];
  let from = run.basePage;
  for (const pfn of inside) {
    if (pfn > from) parts.push({ basePage: from, pageCount: pfn - from });
    from = pfn + 1;
  }
  const end = run.basePage + run.pageCount;
  return end > from ? [...parts, { basePage: from, pageCount: end - from }] : parts;
}

export interface BuiltKernelDump extends SparsePlan {
  /** Marked pages: frame number and what the file says there. */
  readonly marked: readonly { readonly pfn: number; readonly offset: number; readonly text: string }[];
  offsetOf(pfn: number): number | undefined;
}

function markPages(spec: KernelDumpSpec, placement: Placement): BuiltKernelDump['marked'] {
  const marked: { pfn: number; offset: number; text: string }[] = [];
  const total = spec.memory.runs.reduce((sum, run) => sum + run.pageCount, 0);
  const wanted = spec.marks ?? 0;
  for (let index = 0; index < wanted; index++) {
    const pfn = spec.memory.pageAt(Math.floor(((total - 1) * (index + 1)) / wanted));
    const offset = placement.offsetOf(pfn);
    if (offset === undefined || spec.memory.pages.has(pfn) || marked.some((mark) => mark.pfn === pfn)) continue;
    marked.push({ pfn, offset, text: `PFN:${pfn.toString(16).padStart(16, '0')}` });
  }
  return marked;
}

export function buildKernelDump(spec: KernelDumpSpec): BuiltKernelDump {
  const { dumpType, attributes } = KINDS[spec.kind];
  const placement = placementOf(spec);
  const size = placement.size + (spec.blobs?.length ?? 0);
  const header = dumpHeader64({
    ...spec.header,
    runs: spec.memory.runs,
    fields: {
      DumpType: dumpType,
      Attributes: attributes,
      RequiredDumpSpace: BigInt(size),
      BootId: 7,
      WriterStatus: 0,
      SecondaryDataState: 0,
      ...spec.header.fields,
    },
  });
  const headerBytes = new Binary().record(header).finish();
  const parts: { offset: number; bytes: Uint8Array }[] = [{ offset: 0, bytes: headerBytes }];
  if (placement.head.length > 0) parts.push({ offset: HEADER, bytes: placement.head });
  const without = new Set(spec.leaveOut);
  for (const [pfn, bytes] of spec.memory.pages) {
    const offset = placement.offsetOf(pfn);
    if (offset !== undefined) parts.push({ offset, bytes });
    else if (!without.has(pfn)) throw new Defect(`page frame 0x${pfn.toString(16)} has no place in the file`);
  }
  const marked = markPages(spec, placement);
  for (const mark of marked) parts.push({ offset: mark.offset, bytes: ascii(mark.text) });
  if (spec.blobs) parts.push({ offset: placement.size, bytes: spec.blobs });
  parts.sort((a, b) => a.offset - b.offset);
  return { size, parts, marked, offsetOf: (pfn) => placement.offsetOf(pfn) };
}

/** UNICODE_STRING64 with its buffer's address. */
export function unicodeString(text: string, buffer: bigint): Uint8Array {
  const bytes = new Uint8Array(16);
  put(bytes, 0, 2, text.length * 2);
  put(bytes, 2, 2, text.length * 2 + 2);
  put(bytes, 8, 8, buffer);
  return bytes;
}
