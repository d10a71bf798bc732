import type { ByteSource, ReadCounters } from './source.ts';

export const BLOCK_SIZE = 64 * 1024;
const MAX_BLOCKS = 1024; // 64 MiB
const READ_AHEAD_BLOCKS = 4; // 256 KiB on a sequential run

/**
 * A ByteSource in front of another that keeps blocks of 64 KiB, least recently used dropped first (design §3).
 * The last block is kept in a field, since nearly every read hits it.
 */
export class BlockCache implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly counters: ReadCounters = { bytesRead: 0, reads: 0 };
  readonly #source: ByteSource;
  readonly #maxBlocks: number;
  readonly #blocks = new Map<number, Uint8Array>();
  #lastIndex = -1;
  #lastBlock: Uint8Array = new Uint8Array(0);
  #sequentialEnd = -1;

  constructor(source: ByteSource, maxBlocks: number = MAX_BLOCKS) {
    this.#source = source;
    this.#maxBlocks = maxBlocks;
    this.name = source.name;
    this.size = source.size;
  }

  /** Blocks held now, for the heap assertions. */
  get heldBlocks(): number {
    return this.#blocks.size;
  }

  readBlock(offset: number, length: number): Uint8Array {
    const from = Math.max(0, offset);
    const to = Math.min(this.size, offset + length);
    if (!(to > from)) return new Uint8Array(0);
    const first = Math.floor(from / BLOCK_SIZE);
    const last = Math.floor((to - 1) / BLOCK_SIZE);
    if (first === last) {
      const block = this.#block(first);
      return block.subarray(from - first * BLOCK_SIZE, to - first * BLOCK_SIZE);
    }
    return this.#gather(from, to, first, last);
  }

  #gather(from: number, to: number, first: number, last: number): Uint8Array {
    const out = new Uint8Array(to - from);
    let filled = 0;
    for (let index = first; index <= last; index++) {
      const start = index * BLOCK_SIZE;
      const part = this.#block(index).subarray(Math.max(0, from - start), Math.min(BLOCK_SIZE, to - start));
      out.set(part, Math.max(start, from) - from);
      filled += part.length;
    }
    return filled === out.length ? out : out.subarray(0, filled);
  }

  #block(index: number): Uint8Array {
    if (index === this.#lastIndex) return this.#lastBlock;
    let block = this.#blocks.get(index);
    if (block) {
      this.#blocks.delete(index);
      this.#blocks.set(index, block);
    } else {
      block = this.#load(index);
    }
    this.#lastIndex = index;
    this.#lastBlock = block;
    return block;
  }

  #load(index: number): Uint8Array {
    const sequential = index === this.#sequentialEnd;
    const count = sequential ? READ_AHEAD_BLOCKS : 1;
    const bytes = this.#source.readBlock(index * BLOCK_SIZE, count * BLOCK_SIZE);
    this.counters.reads += 1;
    this.counters.bytesRead += bytes.length;
    for (let part = count - 1; part >= 0; part--) {
      // Copied, since one block kept of several would keep the memory of all.
      const slice = count === 1 ? bytes : bytes.slice(part * BLOCK_SIZE, (part + 1) * BLOCK_SIZE);
      if (part === 0 || slice.length > 0) this.#keep(index + part, slice);
    }
    this.#sequentialEnd = index + count;
    return this.#blocks.get(index) ?? new Uint8Array(0);
  }

  #keep(index: number, block: Uint8Array): void {
    this.#blocks.delete(index);
    this.#blocks.set(index, block);
    while (this.#blocks.size > this.#maxBlocks) {
      const oldest = this.#blocks.keys().next().value;
      if (oldest === undefined) return;
      this.#blocks.delete(oldest);
    }
  }
}
