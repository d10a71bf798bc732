/**
 * Bytes of a file, read synchronously and as they lie.
 * Implemented over FileReaderSync in a worker, fs.readSync in Node, and an array in tests.
 */
import type { MissingReason } from '../base/found.ts';

export interface ByteSource {
  readonly name: string;
  readonly size: number;
  /**
   * Reads `length` bytes from `offset`; shorter only where the file ends, or where a part of it is not at hand. Throws SourceError
   * alone. The caller must not change the returned bytes.
   */
  readBlock(offset: number, length: number): Uint8Array;
  /** Of a file that is at hand in parts: why the bytes at an offset inside it are not. */
  gapAt?(offset: number): MissingReason | undefined;
}

/** What has been read so far; asserted by tests against the budgets of design §10. */
export interface ReadCounters {
  bytesRead: number;
  reads: number;
}

export class ArraySource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #bytes: Uint8Array;
  constructor(bytes: Uint8Array, name = 'memory') {
    this.name = name;
    this.size = bytes.length;
    this.#bytes = bytes;
  }
  readBlock(offset: number, length: number): Uint8Array {
    if (offset < 0 || offset >= this.size || length <= 0) return new Uint8Array(0);
    return this.#bytes.subarray(offset, Math.min(this.size, offset + length));
  }
}
