/**
 * Memory as a scroll space: the ranges of the dump laid end to end, since 2^64 bytes fit no scrollbar.
 * Positions are 0 … size; addresses between ranges map to the start of the next one.
 */
export interface Span {
  readonly start: bigint;
  readonly size: bigint;
}

export class ScrollSpace {
  readonly ranges: readonly Span[];
  readonly #before: readonly bigint[];
  readonly size: bigint;

  constructor(ranges: readonly Span[]) {
    this.ranges = ranges.filter((range) => range.size > 0n).sort((a, b) => (a.start < b.start ? -1 : 1));
    let sum = 0n;
    this.#before = this.ranges.map((range) => {
      const before = sum;
      sum += range.size;
      return before;
    });
    this.size = sum;
  }

  /** Index of the last range that starts at or before the address; −1 where there is none. */
  #at(address: bigint): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const range = this.ranges[middle];
      if (range && range.start <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  positionOf(address: bigint): bigint {
    const index = this.#at(address);
    const range = this.ranges[index];
    if (!range) return 0n;
    const inside = address - range.start;
    return (this.#before[index] ?? 0n) + (inside > range.size ? range.size : inside);
  }

  addressAt(position: bigint): bigint {
    const wanted = position < 0n ? 0n : position >= this.size ? this.size - 1n : position;
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#before[middle] ?? 0n) <= wanted) low = middle + 1;
      else high = middle;
    }
    const range = this.ranges[low - 1];
    return range ? range.start + (wanted - (this.#before[low - 1] ?? 0n)) : 0n;
  }

  /** Start of the next range after the address, or of the one before the range that the address is in. */
  neighbour(address: bigint, direction: 1 | -1): bigint | null {
    const index = this.#at(address);
    if (direction === 1) return this.ranges[index + 1]?.start ?? null;
    const here = this.ranges[index];
    return (here && here.start < address ? here.start : this.ranges[index - 1]?.start) ?? null;
  }

  get first(): bigint | null {
    return this.ranges[0]?.start ?? null;
  }
  get last(): bigint | null {
    const range = this.ranges.at(-1);
    return range ? range.start + range.size - 1n : null;
  }
}
