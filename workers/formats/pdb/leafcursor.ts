/** Reads the fields of one CodeView type record. Past the record's end it gives zeros and remembers that it was cut. */
import { viewOf } from '../../bytes/struct.ts';

const UTF8 = new TextDecoder('utf-8');
/** Leaves for numbers of more than fifteen bits (microsoft-pdb, include/cvinfo.h, LF_NUMERIC). */
const NUMBERS: Readonly<Record<number, { readonly size: number; readonly read: (view: DataView, at: number) => bigint }>> = {
  0x8000: { size: 1, read: (view, at) => BigInt(view.getInt8(at)) },
  0x8001: { size: 2, read: (view, at) => BigInt(view.getInt16(at, true)) },
  0x8002: { size: 2, read: (view, at) => BigInt(view.getUint16(at, true)) },
  0x8003: { size: 4, read: (view, at) => BigInt(view.getInt32(at, true)) },
  0x8004: { size: 4, read: (view, at) => BigInt(view.getUint32(at, true)) },
  0x8009: { size: 8, read: (view, at) => view.getBigInt64(at, true) },
  0x800a: { size: 8, read: (view, at) => view.getBigUint64(at, true) },
};
const FIRST_NUMERIC = 0x8000;
/** LF_PAD0: bytes from here on fill a field list up to four bytes. */
const FIRST_PAD = 0xf0;

export class LeafCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;
  /** True where a field lies past the end, or a number is of no kind that is known. */
  cut = false;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#at = at;
  }

  get ended(): boolean {
    return this.cut || this.#at >= this.#bytes.length;
  }

  u8(): number {
    const at = this.#take(1);
    return at === undefined ? 0 : this.#view.getUint8(at);
  }
  u16(): number {
    const at = this.#take(2);
    return at === undefined ? 0 : this.#view.getUint16(at, true);
  }
  u32(): number {
    const at = this.#take(4);
    return at === undefined ? 0 : this.#view.getUint32(at, true);
  }

  number(): bigint {
    const leaf = this.u16();
    if (leaf < FIRST_NUMERIC) return BigInt(leaf);
    const kind = NUMBERS[leaf];
    const at = kind && this.#take(kind.size);
    if (kind && at !== undefined) return kind.read(this.#view, at);
    this.cut = true;
    return 0n;
  }

  /** A size or offset: one that no type can have counts as cut. */
  size(): number {
    const value = this.number();
    if (value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    this.cut = true;
    return 0;
  }

  /** Text up to a NUL; in records of the older kinds (`pascal`) behind its length. */
  text(pascal: boolean): string {
    const length = pascal ? this.u8() : this.#bytes.indexOf(0, this.#at) - this.#at;
    const at = length < 0 ? undefined : this.#take(pascal ? length : length + 1);
    if (at === undefined) {
      this.cut = true;
      return '';
    }
    return UTF8.decode(this.#bytes.subarray(at, at + length));
  }

  skipPadding(): void {
    while ((this.#bytes[this.#at] ?? 0) >= FIRST_PAD) this.#at += 1;
  }

  #take(size: number): number | undefined {
    const at = this.#at;
    if (this.cut || at + size > this.#bytes.length) {
      this.cut = true;
      return undefined;
    }
    this.#at += size;
    return at;
  }
}
