/** A list of 32-bit numbers that grows: a tenth of the memory of an array of objects, and nothing for the collector to walk. */
export class U32List {
  #words = new Uint32Array(64);
  length = 0;

  push(value: number): void {
    if (this.length === this.#words.length) {
      const larger = new Uint32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[this.length++] = value;
  }

  /** The numbers, in an array of their own length. */
  toArray(): Uint32Array {
    return this.#words.slice(0, this.length);
  }
}

/** Columns of one table, put in the order of the first; rows of equal value keep their order. */
export function sortColumns(columns: readonly U32List[]): readonly Uint32Array[] {
  const arrays = columns.map((column) => column.toArray());
  const [keys = new Uint32Array(0)] = arrays;
  if (keys.every((key, row) => row === 0 || (keys[row - 1] ?? 0) <= key)) return arrays;
  const order = Uint32Array.from(keys.keys()).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
  return arrays.map((array) => order.map((row) => array[row] ?? 0));
}
