import type { BitInput } from './huffman.ts';

/** Bits of LZX: 16-bit little-endian words, each from its highest bit. */
export class LzxBits implements BitInput {
  readonly #bytes: Uint8Array;
  #at = 0;
  #buffer = 0;
  #held = 0;
  /** Words that had to be made up because the input ended; a decoder looks ahead by one, a broken stream by more. */
  overrun = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  #need(count: number): void {
    while (this.#held < count) {
      if (this.#at + 1 >= this.#bytes.length) this.overrun += 1;
      const word = (this.#bytes[this.#at] ?? 0) | ((this.#bytes[this.#at + 1] ?? 0) << 8);
      this.#at += 2;
      this.#buffer |= word << (16 - this.#held);
      this.#held += 16;
    }
  }

  /** 1 to 17 bits. */
  peek(count: number): number {
    this.#need(count);
    return this.#buffer >>> (32 - count);
  }

  skip(count: number): void {
    this.#buffer <<= count;
    this.#held -= count;
  }

  /** 0 to 17 bits. */
  take(count: number): number {
    if (count === 0) return 0;
    const value = this.peek(count);
    this.skip(count);
    return value;
  }

  take32(): number {
    const high = this.take(16);
    return ((high << 16) | this.take(16)) >>> 0;
  }

  /** Ends the bit-wise part: drops 1 to 16 bits up to a word's border. Gives where the bytes go on. */
  toBytes(): number {
    if (this.#held === 0) this.#need(16);
    while (this.#held > 16) {
      this.#held -= 16;
      this.#at -= 2;
    }
    this.#buffer = 0;
    this.#held = 0;
    return this.#at;
  }

  /** Goes on bit-wise at a byte. */
  fromByte(at: number): void {
    this.#at = at;
    this.#buffer = 0;
    this.#held = 0;
  }
}
