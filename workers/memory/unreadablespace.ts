import type { Va } from '../base/address.ts';
import { type Found, type Missing, type MissingReason, missing } from '../base/found.ts';
import { ByteSpace, nothingRead } from './bytespace.ts';
import type { MemoryRange, ReadResult, Translation } from './space.ts';

/** Memory that cannot be read at all, and why: every read gives that reason. */
export class UnreadableSpace extends ByteSpace {
  readonly pointerSize: 4 | 8;
  readonly #reason: MissingReason;

  constructor(gap: Missing, pointerSize: 4 | 8 = 8) {
    super();
    this.#reason = gap.missing;
    this.pointerSize = pointerSize;
  }
  read(_at: Va, _length: number): ReadResult {
    return nothingRead(this.#reason);
  }
  translate(_at: Va): Found<Translation> {
    return missing(this.#reason);
  }
  ranges(): readonly MemoryRange[] {
    return [];
  }
}
