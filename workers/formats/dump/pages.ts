/**
 * Where the physical pages of a full, bitmap or live dump lie. Three ways: runs in the header (type 1), a bitmap behind it
 * (SDMP / FDMP), a list of ranges behind it (RDMP). Layouts: kdmp-parser's src/lib/kdmp-parser-structs.h and kdmp-parser.h.
 */
import { type Found, found, missing, notValid, thenFound } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, readStruct, viewOf } from '../../bytes/struct.ts';
import { headerSize, type KernelHeader } from './header.ts';
import { BMP_HEADER64, PAGES_HEADER_AT_64, RDMP_HEADER64 } from './layout.ts';

export const PAGE_SIZE = 4096;

/** Pages that follow one another in memory and in the file. */
export interface PageRun {
  readonly basePage: number;
  readonly pageCount: number;
  readonly fileOffset: number;
}

export type PageMap =
  | { readonly how: 'runs'; readonly runs: readonly PageRun[]; readonly pageCount: number; readonly end: number }
  | { readonly how: 'bitmap'; readonly bitmapAt: number; readonly pages: number; readonly firstPage: number; readonly pageCount: number; readonly end: number };

/** 2^40 pages are 4 PiB: past what a page table entry can name. */
const MAX_PAGES = 2n ** 40n;
/** Ranges of an RDMP dump: a mebi of them is 16 MiB of list. */
const MAX_RANGES = 2 ** 20;

function runsInOrder(runs: readonly { readonly basePage: number; readonly pageCount: number }[], first: number): PageMap {
  const list: PageRun[] = [];
  let at = first;
  let pageCount = 0;
  for (const run of runs) {
    list.push({ ...run, fileOffset: at });
    at += run.pageCount * PAGE_SIZE;
    pageCount += run.pageCount;
  }
  return { how: 'runs', runs: list, pageCount, end: at };
}

export function readPageMap(source: ByteSource, header: KernelHeader): Found<PageMap> {
  const first = headerSize(header.bits === 64 ? 'PAGEDU64' : 'PAGEDUMP');
  if (header.bits === 64) {
    const behind = readBehindHeader(source);
    if (behind) return behind;
  }
  const type = header.dumpType;
  if (!type.ok) return type;
  if (type.value !== 1) return missing({ why: 'unknown-layout', type: 'pages of a kernel dump', build: `dump type ${hex(type.value)}` });
  return thenFound(header.physicalMemory, (block) => found(runsInOrder(block.runs, first)));
}

/** A header of pages at 0x2000, or undefined where page data starts there (type 1) or nothing is known. */
function readBehindHeader(source: ByteSource): Found<PageMap> | undefined {
  const mark = readExactly(source, PAGES_HEADER_AT_64, 12);
  if (!mark.ok) return undefined;
  const text = String.fromCharCode(...mark.value);
  if (/^[SF]DMPDUMP/.test(text)) return readBitmapHeader(source);
  return text.slice(4, 12) === 'RDMPDUMP' ? readRangeHeader(source) : undefined;
}

function readBitmapHeader(source: ByteSource): Found<PageMap> {
  return thenFound(readStruct(BMP_HEADER64, source, PAGES_HEADER_AT_64), ({ FirstPage, TotalPresentPages, Pages }) => {
    const bitmapAt = PAGES_HEADER_AT_64 + BMP_HEADER64.size;
    if (Pages > MAX_PAGES || TotalPresentPages > Pages)
      return notValid('pages of the bitmap', `${TotalPresentPages} of ${Pages}`, 'no more present than there are');
    const bitmapEnd = bitmapAt + Math.ceil(Number(Pages) / 8);
    if (FirstPage < BigInt(bitmapEnd) || FirstPage > BigInt(Number.MAX_SAFE_INTEGER)) {
      return notValid('FirstPage of the bitmap header', hex(FirstPage), `behind the bitmap, from ${hex(bitmapEnd)}`);
    }
    const firstPage = Number(FirstPage);
    const pageCount = Number(TotalPresentPages);
    return found({ how: 'bitmap', bitmapAt, pages: Number(Pages), firstPage, pageCount, end: firstPage + pageCount * PAGE_SIZE });
  });
}

const RANGE_SIZE = 16;

function readRangeHeader(source: ByteSource): Found<PageMap> {
  return thenFound(readStruct(RDMP_HEADER64, source, PAGES_HEADER_AT_64), ({ FirstPageOffset }) => {
    const listAt = PAGES_HEADER_AT_64 + RDMP_HEADER64.size;
    const first = Number(FirstPageOffset);
    const room = Math.floor((first - listAt) / RANGE_SIZE);
    if (room < 0 || room > MAX_RANGES) return notValid('FirstPageOffset', hex(FirstPageOffset), `room for at most ${MAX_RANGES} ranges`);
    return thenFound(readExactly(source, listAt, room * RANGE_SIZE), (data) => parseRanges(data, room, first));
  });
}

/** { PFN u64, number of pages u64 }, ended by PFN 0. */
function parseRanges(data: Uint8Array, room: number, first: number): Found<PageMap> {
  const view = viewOf(data);
  const runs: { basePage: number; pageCount: number }[] = [];
  for (let index = 0; index < room; index++) {
    const base = view.getBigUint64(index * RANGE_SIZE, true);
    const count = view.getBigUint64(index * RANGE_SIZE + 8, true);
    if (base === 0n) break;
    if (base + count > MAX_PAGES) return notValid('range of pages', `${base} + ${count}`, `below ${MAX_PAGES}`);
    runs.push({ basePage: Number(base), pageCount: Number(count) });
  }
  return found(runsInOrder(runs, first));
}
