/** Registers and words of the stack. What is not held is not known. */
export class State {
  readonly registers: Map<string, bigint>;
  /** By address, eight bytes each. */
  readonly words: Map<bigint, bigint>;

  constructor(registers: Iterable<readonly [string, bigint]>, words: Iterable<readonly [bigint, bigint]>) {
    this.registers = new Map(registers);
    this.words = new Map(words);
  }

  copy(): State {
    return new State(this.registers, this.words);
  }

  get(name: string): bigint | undefined {
    return this.registers.get(name);
  }

  set(name: string, value: bigint | undefined): void {
    if (value === undefined) this.registers.delete(name);
    else this.registers.set(name, BigInt.asUintN(64, value));
  }

  load(at: bigint | undefined): bigint | undefined {
    return at === undefined ? undefined : this.words.get(BigInt.asUintN(64, at));
  }

  /** An unknown value leaves a word that is no value of the entry's. */
  store(at: bigint | undefined, value: bigint = GARBAGE): void {
    if (at === undefined) return;
    const place = BigInt.asUintN(64, at);
    if (place % 8n === 0n) this.words.set(place, value);
    else this.forget(place, 8);
  }

  /** Overwrites `length` bytes from `at` on by something unknown. */
  forget(at: bigint, length: number): void {
    for (let word = at - (at % 8n); word < at + BigInt(length); word += 8n) this.words.set(word, GARBAGE);
  }
}

const GARBAGE = 0x0bad_0bad_0bad_0badn;

/** What one instruction did: went on, returned, left by a jump, or moved the stack pointer in an unmodelled way. */
export type Stepped = 'next' | 'return' | 'jump' | 'unknown';
