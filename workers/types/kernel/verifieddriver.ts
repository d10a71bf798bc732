/**
 * What Driver Verifier keeps of a driver whose pool it tracks: VF_TARGET_VERIFIED_DRIVER_DATA with its counts, and the list of pages
 * that hold a VI_POOL_ENTRY for each block taken and not given back (public type tables of the kernel; every slot of a page but the
 * first, which is VI_POOL_PAGE_HEADER, is an entry or free).
 */
import { isKernelHalf, type Va, va, vaAdd } from '../../base/address.ts';
import { type Found, found, missing, type MissingReason, notValid, thenFound } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { fourLettersShown, withoutProtection } from '../../base/letters.ts';
import { readAll } from '../../memory/bytespace.ts';
import type { TypedMemory, TypedView } from '../typedview.ts';
import { type Row, rowOf } from './row.ts';

export interface VerifiedBlock {
  readonly at: Va;
  readonly bytes: bigint;
  readonly tag: string;
  readonly caller: Va;
}

export interface VerifiedBlocks {
  readonly blocks: readonly VerifiedBlock[];
  readonly ended?: MissingReason;
}

const counts = (driver: TypedView): Found<bigint> =>
  thenFound(driver.uint('CurrentPagedPoolAllocations'), (paged) =>
    thenFound(driver.uint('CurrentNonPagedPoolAllocations'), (nonPaged) => found(paged + nonPaged)),
  );

/**
 * The structure behind argument 3 of 0xC4 with argument 1 = 0x62: the data itself, or what points at it. Only one whose counts add up to
 * the number of blocks that argument 4 tells is believed.
 */
export function verifiedDriverAt(kernel: TypedMemory, at: Va, blocks: bigint): Found<TypedView> {
  const direct = kernel.view('_VF_TARGET_VERIFIED_DRIVER_DATA', at);
  const behind = thenFound(kernel.view('_VF_TARGET_DRIVER', at), (target) => target.follow('VerifiedData', '_VF_TARGET_VERIFIED_DRIVER_DATA'));
  const isIt = (view: Found<TypedView>): boolean => {
    const sum = thenFound(view, counts);
    return sum.ok && sum.value === blocks && blocks > 0n;
  };
  const right = [direct, behind].find(isIt);
  if (right) return right;
  const read = thenFound(direct, counts);
  return read.ok ? notValid('the number of blocks at argument 3', String(read.value), `the ${blocks} of argument 4`) : read;
}

const PAGE = 0x1000;
const MAX_PAGES = 256;
const MAX_BLOCKS = 2048;

/** SLIST_HEADER of 64 bits: the next entry in all but the low four bits of its second half (winnt.h); 32 bits: a pointer in front. */
function firstPage(driver: TypedView): Found<Va> {
  const wide = driver.memory.space.pointerSize === 8;
  return thenFound(driver.address('PoolPageHeaders'), (at) =>
    wide ? thenFound(driver.memory.space.u64(vaAdd(at, 8)), (word) => found(va(word & ~0xfn))) : driver.memory.space.pointer(at),
  );
}

export function verifiedBlocks(driver: TypedView): VerifiedBlocks {
  const { memory } = driver;
  const entry = rowOf(memory, '_VI_POOL_ENTRY_INUSE', ['VirtualAddress', 'CallingAddress', 'NumberOfBytes', 'Tag']);
  if (!entry.ok) return { blocks: [], ended: entry.missing };
  const blocks: VerifiedBlock[] = [];
  const seen = new Set<Va>();
  let page = firstPage(driver);
  while (page.ok && page.value !== 0n) {
    const at: Va = page.value;
    if (seen.has(at) || seen.size >= MAX_PAGES)
      return { blocks, ended: { why: 'not-valid', what: 'PoolPageHeaders', got: `a loop at ${hex(at)}`, wanted: 'an end' } };
    seen.add(at);
    const held = readAll(memory.space, at, PAGE);
    if (!held.ok) return { blocks, ended: held.missing };
    for (const block of blocksOf(memory, at, entry.value)) {
      if (blocks.length >= MAX_BLOCKS) return { blocks, ended: { why: 'not-computed', detail: `only the first ${blocks.length} are shown` } };
      blocks.push(block);
    }
    page = memory.space.pointer(at);
  }
  return page.ok ? { blocks } : { blocks, ended: page.missing };
}

function* blocksOf(memory: TypedMemory, page: Va, { type, size }: Row): Generator<VerifiedBlock> {
  for (let offset = size; offset + size <= PAGE; offset += size) {
    const block = readEntry(memory.viewAs(type, vaAdd(page, offset)));
    if (block.ok) yield block.value;
  }
}

/** A free slot holds the number or the address of the next free one, and no address of a block. */
function readEntry(entry: TypedView): Found<VerifiedBlock> {
  const [at, caller, bytes, tag] = [entry.pointer('VirtualAddress'), entry.pointer('CallingAddress'), entry.uint('NumberOfBytes'), entry.uint('Tag')];
  if (!at.ok || !caller.ok || !bytes.ok || !tag.ok) return missing({ why: 'not-computed' });
  const isBlock = isKernelAddress(entry, at.value) && isKernelAddress(entry, caller.value) && bytes.value > 0n && (at.value & 7n) === 0n;
  return isBlock
    ? found({ at: at.value, bytes: bytes.value, tag: fourLettersShown(withoutProtection(tag.value)), caller: caller.value })
    : missing({ why: 'not-computed' });
}

const isKernelAddress = ({ memory }: TypedView, at: Va): boolean => (memory.space.pointerSize === 8 ? isKernelHalf(at) : at >= 0x8000_0000n);
