/**
 * The pool block that holds an address: _POOL_HEADER in front of it (vergiliusproject.com, x64 7601 to 22631: PreviousSize +0,
 * BlockSize +2, PoolType +3, PoolTag +4; sizes in units of 16 bytes; bit 1 of PoolType is set while the block is in use).
 * Where the headers of a page chain from its start (the pool before 10.0.17763), the block is proved; else the nearest header before the
 * address that covers it and has a tag of the public list is the likely one.
 */
import { type Va, va } from '../base/address.ts';
import { readStructAt, struct, u32, u8 } from '../bytes/struct.ts';
import type { AddressSpace } from '../memory/space.ts';

export interface PoolBlock {
  /** Of its header. */
  readonly at: Va;
  readonly sizeBytes: number;
  readonly tag: string;
  readonly allocated: boolean;
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

/** Four characters; bit 31 marks a protected block and is no part of the tag. Undefined where one is not printable. */
function tagOf(value: number): string | undefined {
  let tag = '';
  for (const shift of [0, 8, 16, 24]) {
    const code = (value >>> shift) & (shift === 24 ? 0x7f : 0xff);
    if (code < 0x20 || code > 0x7e) return undefined;
    tag += String.fromCharCode(code);
  }
  return tag;
}

function headerAt(bytes: Uint8Array, offset: number): Header | undefined {
  const read = readStructAt(POOL_HEADER, bytes, offset);
  if (!read.ok) return undefined;
  const { PreviousSize, BlockSize, PoolType, PoolTag } = read.value;
  const tag = tagOf(PoolTag);
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
  let at = 0;
  let last: { readonly at: Va; readonly tag: string; readonly size: number } | undefined;
  for (;;) {
    const header = headerAt(bytes, at);
    if (!header || at + header.size > PAGE || header.previous !== (last?.size ?? 0)) return undefined;
    if (within < at + header.size) {
      const before = last && { at: last.at, tag: last.tag };
      return { ...blockOf(header, page + BigInt(at)), chained: true, ...(before ? { before } : {}) };
    }
    last = { at: va(page + BigInt(at)), tag: header.tag, size: header.size };
    at += header.size;
  }
}

const blockOf = (header: Header, at: bigint): Omit<PoolBlock, 'chained'> => ({
  at: va(at),
  sizeBytes: header.size,
  tag: header.tag,
  allocated: (header.type & IN_USE) !== 0,
});

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
