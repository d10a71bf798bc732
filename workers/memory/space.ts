import type { FileOffset, Pa, Va } from '../base/address.ts';
import type { Found, MissingReason } from '../base/found.ts';

export interface ReadResult {
  /** As many bytes from the start as could be read; `got === bytes.length`. */
  readonly bytes: Uint8Array;
  readonly got: number;
  /** Why the read stopped short; absent when everything was read. */
  readonly missing?: MissingReason;
}

/** Where the bytes at an address come from. */
export interface Translation {
  readonly origin: 'dump' | 'image';
  /** Offset in the dump (origin 'dump') or in the image file (origin 'image'). */
  readonly fileOffset: FileOffset;
  readonly pa?: Pa;
  /** Bytes that follow contiguously from here. */
  readonly contiguous: number;
  /** origin 'image': the module whose file serves the bytes. */
  readonly module?: string;
}

export interface MemoryRange {
  readonly start: Va;
  readonly size: bigint;
  readonly origin: string;
}

/** Virtual memory as a dump holds it. Reads never throw but SourceError; a gap is a reason. */
export interface AddressSpace {
  readonly pointerSize: 4 | 8;
  read(at: Va, length: number): ReadResult;
  u8(at: Va): Found<number>;
  u16(at: Va): Found<number>;
  u32(at: Va): Found<number>;
  u64(at: Va): Found<bigint>;
  pointer(at: Va): Found<Va>;
  translate(at: Va): Found<Translation>;
  /** What is held, sorted by start. Of a paged space the runs found by walking its tables are not listed: empty. */
  ranges(): readonly MemoryRange[];
}

/** Pages of physical memory as a kernel dump holds them. */
export interface PhysicalMemory {
  read(at: Pa, length: number): ReadResult;
  has(at: Pa): boolean;
  /** Pages present in the dump. */
  readonly pageCount: number;
}
