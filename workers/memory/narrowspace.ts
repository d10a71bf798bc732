import type { Va } from '../base/address.ts';
import type { Found } from '../base/found.ts';
import { ByteSpace } from './bytespace.ts';
import type { AddressSpace, MemoryRange, ReadResult, Translation } from './space.ts';

/** A 64-bit space as 32-bit code in it sees it: pointers have four bytes. */
export class NarrowSpace extends ByteSpace {
  readonly pointerSize = 4;
  readonly #whole: AddressSpace;

  constructor(whole: AddressSpace) {
    super();
    this.#whole = whole;
  }

  read(at: Va, length: number): ReadResult {
    return this.#whole.read(at, length);
  }
  translate(at: Va): Found<Translation> {
    return this.#whole.translate(at);
  }
  ranges(): readonly MemoryRange[] {
    return this.#whole.ranges();
  }
}
