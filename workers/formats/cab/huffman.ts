/** Canonical Huffman codes of at most 16 bits, as LZX uses them: shorter codes first, among equals by symbol. */

const FAST_BITS = 11;
export const MAX_CODE_BITS = 16;

/** What a code needs of its bit stream. */
export interface BitInput {
  /** The next `count` bits without taking them. */
  peek(count: number): number;
  skip(count: number): void;
}

export class HuffmanCode {
  /** symbol × 32 + length for codes of up to FAST_BITS; 0 where the code is longer or none. */
  readonly #fast = new Uint32Array(1 << FAST_BITS);
  /** For each length: the first code after the last of this length, left-aligned to 16 bits, and what leads from code to rank. */
  readonly #limits = new Uint32Array(MAX_CODE_BITS + 2);
  readonly #firstCodes = new Uint32Array(MAX_CODE_BITS + 2);
  readonly #firstRanks = new Uint32Array(MAX_CODE_BITS + 2);
  #symbols = new Uint16Array(0);

  /** False where the lengths make more codes than there are. */
  build(lengths: Uint8Array): boolean {
    const counts = new Uint32Array(MAX_CODE_BITS + 1);
    for (const length of lengths) if (length > 0) counts[length] = (counts[length] ?? 0) + 1;
    let code = 0;
    let rank = 0;
    const next = new Uint32Array(MAX_CODE_BITS + 2);
    for (let length = 1; length <= MAX_CODE_BITS; length++) {
      const count = counts[length] ?? 0;
      this.#firstCodes[length] = code;
      this.#firstRanks[length] = rank;
      next[length] = rank;
      code += count;
      rank += count;
      if (code > 1 << length) return false;
      this.#limits[length] = code << (MAX_CODE_BITS - length);
      code <<= 1;
    }
    this.#symbols = new Uint16Array(rank);
    for (const [symbol, length] of lengths.entries()) {
      if (length === 0) continue;
      const at = next[length] ?? 0;
      this.#symbols[at] = symbol;
      next[length] = at + 1;
    }
    this.#fill();
    return true;
  }

  #fill(): void {
    this.#fast.fill(0);
    for (let length = 1; length <= FAST_BITS; length++) {
      const first = this.#firstCodes[length] ?? 0;
      const count = ((this.#limits[length] ?? 0) >>> (MAX_CODE_BITS - length)) - first;
      const spread = 1 << (FAST_BITS - length);
      for (let index = 0; index < count; index++) {
        const symbol = this.#symbols[(this.#firstRanks[length] ?? 0) + index] ?? 0;
        const from = (first + index) * spread;
        this.#fast.fill(symbol * 32 + length, from, from + spread);
      }
    }
  }

  /** The next symbol, or -1 where the bits are no code. */
  read(input: BitInput): number {
    const bits = input.peek(MAX_CODE_BITS);
    const fast = this.#fast[bits >>> (MAX_CODE_BITS - FAST_BITS)] ?? 0;
    if (fast !== 0) {
      input.skip(fast & 31);
      return fast >>> 5;
    }
    for (let length = FAST_BITS + 1; length <= MAX_CODE_BITS; length++) {
      if (bits >= (this.#limits[length] ?? 0)) continue;
      input.skip(length);
      return this.#symbols[(this.#firstRanks[length] ?? 0) + (bits >>> (MAX_CODE_BITS - length)) - (this.#firstCodes[length] ?? 0)] ?? -1;
    }
    return -1;
  }
}
