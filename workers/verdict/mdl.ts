/**
 * A memory descriptor list as it lies in memory: _MDL of x64 and ARM64 (wdm.h; vergiliusproject.com agrees from 7601 to 22631), Size +8,
 * MdlFlags +0xA, StartVa +0x20, ByteCount +0x28, ByteOffset +0x2C, page frame numbers from 0x30 on.
 */
import { va } from '../base/address.ts';
import { readStructAt, struct, u16, u32, u64 } from '../bytes/struct.ts';
import type { AddressSpace } from '../memory/space.ts';

const MDL = struct('_MDL', 0x30, 'wdm.h, _MDL', { Size: u16(8), MdlFlags: u16(0xa), StartVa: u64(0x20), ByteCount: u32(0x28), ByteOffset: u32(0x2c) });
const HEADER = 0x30;
const PAGE = 0x1000;
/** MDL_PAGES_LOCKED (wdm.h). */
const PAGES_LOCKED = 2;

export interface Mdl {
  /** The fields agree with each other: room for the pages that the buffer spans, a start on a page, an offset within one. */
  readonly sound: boolean;
  readonly locked: boolean;
}

/** Undefined where the dump does not hold it. */
export function readMdl(memory: AddressSpace, at: bigint): Mdl | undefined {
  if (memory.pointerSize !== 8) return undefined;
  const { bytes } = memory.read(va(at), HEADER);
  const read = readStructAt(MDL, bytes, 0);
  if (!read.ok) return undefined;
  const { Size, MdlFlags, StartVa, ByteCount, ByteOffset } = read.value;
  const pages = Math.ceil((ByteOffset + ByteCount) / PAGE);
  const sound = Size % 8 === 0 && Size >= HEADER + 8 * pages && StartVa % BigInt(PAGE) === 0n && ByteOffset < PAGE;
  return { sound, locked: (MdlFlags & PAGES_LOCKED) !== 0 };
}
