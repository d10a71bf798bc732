/**
 * The pool block that holds an address: _POOL_HEADER in front of it (vergiliusproject.com, x64 7601 to 22631: PreviousSize +0,
 * BlockSize +2, PoolType +3, PoolTag +4; sizes in units of 16 bytes; bit 1 of PoolType is set while the block is in use, bit 0 in
 * paged pool).
 * Where the headers of a page chain from its start (the pool before 10.0.17763), the block is proved; else the nearest header before the
 * address that covers it and has a tag of the public list is the likely one.
 */
import { type Va, va } from '../base/address.ts';
import { type Found, found, missing, type MissingReason } from '../base/found.ts';
import { fourLetters, withoutProtection } from '../base/letters.ts';
import { readStructAt, struct, u32, u8 } from '../bytes/struct.ts';
import type { AddressSpace } from '../memory/space.ts';

/** What a header says. */
export interface ListedBlock {
  /** Of its header. */
  readonly at: Va;
  readonly sizeBytes: number;
  /** Size of the block in front of it. */
  readonly previousBytes: number;
  readonly tag: string;
  readonly allocated: boolean;
  readonly paged: boolean;
}

export interface PoolPage {
  readonly blocks: readonly ListedBlock[];
  readonly chained: boolean;
  /** Why the end of the page could not be read. */
  readonly gap?: MissingReason;
}

export interface PoolBlock extends ListedBlock {
  /** The page's headers chain up to this one. */
  readonly chained: boolean;
  /** The block in front of it, where the chain gives it. */
  readonly before?: { readonly at: Va; readonly tag: string };
}

const POOL_HEADER = struct('POOL_HEADER', 16, 'vergiliusproject.com/kernels/x64, _POOL_HEADER', {
  PreviousSize: u8(0),
  BlockSize: u8(2),
  PoolType: u8(3),
  PoolTag: u32(4),
});
const UNIT = 16;
const PAGE = 0x1000;
const IN_USE = 2;

interface Header {
  readonly previous: number;
  readonly size: number;
  readonly type: number;
  readonly tag: string;
}

function headerAt(bytes: Uint8Array, offset: number): Header | undefined {
  const read = readStructAt(POOL_HEADER, bytes, offset);
  if (!read.ok) return undefined;
  const { PreviousSize, BlockSize, PoolType, PoolTag } = read.value;
  const tag = fourLetters(withoutProtection(PoolTag));
  return tag === undefined || BlockSize === 0 ? undefined : { previous: PreviousSize * UNIT, size: BlockSize * UNIT, type: PoolType, tag };
}

/** `known` says whether a tag stands in the public list. x64 only. */
export function findPoolBlock(memory: AddressSpace, address: bigint, known: (tag: string) => boolean): PoolBlock | undefined {
  if (memory.pointerSize !== 8) return undefined;
  const page = address & ~0xfffn;
  const { bytes } = memory.read(va(page), PAGE);
  const within = Number(address - page);
  return chainTo(bytes, page, within) ?? nearest(memory, address, known);
}

function chainTo(bytes: Uint8Array, page: bigint, within: number): PoolBlock | undefined {
  const chain = chainOf(bytes, page);
  const index = chain.findIndex(({ at, sizeBytes }) => BigInt(within) < at - page + BigInt(sizeBytes));
  const block = chain[index];
  const last = chain[index - 1];
  return block && { ...block, chained: true, ...(last ? { before: { at: last.at, tag: last.tag } } : {}) };
}

/** Blocks from a page's start on, as long as each header agrees with the one before it. */
function chainOf(bytes: Uint8Array, page: bigint): ListedBlock[] {
  const chain: ListedBlock[] = [];
  let at = 0;
  for (;;) {
    const header = headerAt(bytes, at);
    if (!header || at + header.size > PAGE || header.previous !== (chain.at(-1)?.sizeBytes ?? 0)) return chain;
    chain.push(blockOf(header, page + BigInt(at)));
    at += header.size;
  }
}

const blockOf = (header: Header, at: bigint): ListedBlock => ({
  at: va(at),
  sizeBytes: header.size,
  previousBytes: header.previous,
  tag: header.tag,
  allocated: (header.type & IN_USE) !== 0,
  paged: (header.type & 1) !== 0,
});

/**
 * All blocks of a page: `chained` where the headers chain from its start to its end or to a broken one, else those whose tags the
 * public list knows and whose sizes fit. Missing where the page cannot be read.
 */
export function listPoolPage(memory: AddressSpace, page: Va, known: (tag: string) => boolean): Found<PoolPage> {
  if (memory.pointerSize !== 8) return missing({ why: 'unknown-layout', type: '_POOL_HEADER', build: '32-bit kernels' });
  const { bytes, got, missing: gap } = memory.read(page, PAGE);
  if (got < UNIT) return missing(gap ?? { why: 'not-in-dump', space: 'virtual', at: page });
  const chain = chainOf(bytes, page);
  if (chain.length > 1 || chain[0]?.sizeBytes === PAGE) return found({ blocks: chain, chained: true, ...(gap ? { gap } : {}) });
  const blocks: ListedBlock[] = [];
  for (let at = 0; at + UNIT <= got;) {
    const header = headerAt(bytes, at);
    const fits = header !== undefined && at + header.size <= PAGE && known(header.tag);
    if (fits) blocks.push(blockOf(header, page + BigInt(at)));
    at += fits ? header.size : UNIT;
  }
  return found({ blocks, chained: false, ...(gap ? { gap } : {}) });
}

/** The pages need not be whole in a small dump: what is held in front of the address is searched backwards. */
function nearest(memory: AddressSpace, address: bigint, known: (tag: string) => boolean): PoolBlock | undefined {
  const unit = address & ~BigInt(UNIT - 1);
  for (let back = 0; back <= PAGE - UNIT; back += UNIT) {
    const at = unit - BigInt(back);
    const { bytes, got } = memory.read(va(at), UNIT);
    if (got < UNIT) return undefined;
    const header = headerAt(bytes, 0);
    if (header && header.size > back && known(header.tag)) return { ...blockOf(header, at), chained: false };
  }
  return undefined;
}
