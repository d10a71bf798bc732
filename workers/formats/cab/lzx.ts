/**
 * LZX as cabinets use it: "Microsoft LZX Data Compression Format" (1997) and [MS-PATCH] section 2.
 * Blocks of the stream run over the frames of 32 KiB in which the cabinet stores it; each frame starts on a word.
 */
import { LzxBits } from './bits.ts';
import { HuffmanCode } from './huffman.ts';

const MIN_MATCH = 2;
const LITERALS = 256;
/** Lengths up to this stand in the main code; longer ones have a code of their own. */
const SHORT_LENGTHS = 7;
const LENGTH_SYMBOLS = 249;
const PRETREE_SYMBOLS = 20;
const ALIGNED_SYMBOLS = 8;
const VERBATIM = 1;
const ALIGNED = 2;
const UNCOMPRESSED = 3;

/** Position slots by window size, 2^15 to 2^21. */
const SLOTS: Readonly<Record<number, number>> = { 15: 30, 16: 32, 17: 34, 18: 36, 19: 38, 20: 42, 21: 50 };
const MAX_SLOTS = 50;
const EXTRA_BITS = Uint8Array.from({ length: MAX_SLOTS }, (_, slot) => (slot < 4 ? 0 : Math.min(17, (slot >> 1) - 1)));
const BASE_POSITIONS = new Uint32Array(MAX_SLOTS);
for (let slot = 1; slot < MAX_SLOTS; slot++) BASE_POSITIONS[slot] = (BASE_POSITIONS[slot - 1] ?? 0) + (1 << (EXTRA_BITS[slot - 1] ?? 0));

/** Thrown and caught inside this folder only: the stream is not LZX. */
class LzxError extends Error {}

export class LzxDecoder {
  /** All that was decoded so far, before translation: matches reach back into it. */
  readonly #out: Uint8Array;
  #at = 0;
  readonly #window: number;
  readonly #slots: number;
  readonly #mainLengths: Uint8Array;
  readonly #lengthLengths = new Uint8Array(LENGTH_SYMBOLS);
  readonly #main = new HuffmanCode();
  readonly #lengths = new HuffmanCode();
  readonly #aligned = new HuffmanCode();
  readonly #pretree = new HuffmanCode();
  #recent: [number, number, number] = [1, 1, 1];
  #kind = 0;
  #left = 0;
  /** An uncompressed block of odd length is followed by a byte of padding. */
  #padding = false;
  #started = false;
  #translationSize = 0;
  #bits = new LzxBits(new Uint8Array(0));
  #input: Uint8Array = new Uint8Array(0);

  /** `out` takes the whole folder. */
  constructor(out: Uint8Array, windowBits: number) {
    this.#out = out;
    this.#window = 2 ** windowBits;
    this.#slots = SLOTS[windowBits] ?? 0;
    this.#mainLengths = new Uint8Array(LITERALS + this.#slots * 8);
  }

  /** Decodes a frame of `size` bytes behind the last one. A text says what is wrong with it. */
  decodeFrame(input: Uint8Array, size: number): string | undefined {
    if (this.#slots === 0) return 'the window size is none of LZX';
    if (this.#at + size > this.#out.length) return 'the frames are larger than the folder';
    try {
      this.#decode(input, this.#at + size);
      return this.#bits.overrun > 2 ? 'a block ends early' : undefined;
    } catch (error) {
      if (error instanceof LzxError) return error.message;
      throw error;
    }
  }

  #decode(input: Uint8Array, end: number): void {
    this.#input = input;
    this.#bits = new LzxBits(input);
    if (!this.#started) {
      this.#started = true;
      if (this.#bits.take(1)) this.#translationSize = this.#bits.take32();
    }
    while (this.#at < end) {
      if (this.#left === 0) this.#startBlock();
      const until = Math.min(end, this.#at + this.#left);
      const from = this.#at;
      if (this.#kind === UNCOMPRESSED) this.#copyRaw(until);
      else this.#decodeSymbols(until, end);
      this.#left -= this.#at - from;
      if (this.#left < 0) throw new LzxError('a match reaches over its block');
      if (this.#bits.overrun > 2) throw new LzxError('a block ends early');
    }
  }

  #startBlock(): void {
    if (this.#padding) {
      this.#bits.fromByte(this.#rawAt + 1);
      this.#padding = false;
    }
    this.#kind = this.#bits.take(3);
    const high = this.#bits.take(16);
    this.#left = high * 256 + this.#bits.take(8);
    if (this.#kind === ALIGNED) this.#readAlignedCode();
    if (this.#kind === ALIGNED || this.#kind === VERBATIM) this.#readCodes();
    else if (this.#kind === UNCOMPRESSED) this.#startRaw();
    else throw new LzxError(`block type ${this.#kind} is not known`);
    if (this.#left === 0) throw new LzxError('a block has no bytes');
  }

  #rawAt = 0;

  #startRaw(): void {
    const at = this.#bits.toBytes();
    if (at + 12 > this.#input.length) throw new LzxError('an uncompressed block ends early');
    const view = new DataView(this.#input.buffer, this.#input.byteOffset + at, 12);
    this.#recent = [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(8, true)];
    this.#rawAt = at + 12;
    this.#bits.fromByte(this.#rawAt);
    this.#padding = this.#left % 2 === 1;
  }

  #copyRaw(until: number): void {
    const count = until - this.#at;
    if (this.#rawAt + count > this.#input.length) throw new LzxError('an uncompressed block ends early');
    this.#out.set(this.#input.subarray(this.#rawAt, this.#rawAt + count), this.#at);
    this.#at = until;
    this.#rawAt += count;
    this.#bits.fromByte(this.#rawAt);
  }

  #readAlignedCode(): void {
    const lengths = new Uint8Array(ALIGNED_SYMBOLS);
    for (let index = 0; index < ALIGNED_SYMBOLS; index++) lengths[index] = this.#bits.take(3);
    if (!this.#aligned.build(lengths)) throw new LzxError('the aligned code is too full');
  }

  #readCodes(): void {
    this.#readLengths(this.#mainLengths, 0, LITERALS);
    this.#readLengths(this.#mainLengths, LITERALS, this.#mainLengths.length);
    this.#readLengths(this.#lengthLengths, 0, LENGTH_SYMBOLS);
    if (!this.#main.build(this.#mainLengths) || !this.#lengths.build(this.#lengthLengths)) throw new LzxError('a code is too full');
  }

  /** Lengths are coded as differences to those of the block before, with runs. */
  #readLengths(lengths: Uint8Array, from: number, to: number): void {
    const own = new Uint8Array(PRETREE_SYMBOLS);
    for (let index = 0; index < PRETREE_SYMBOLS; index++) own[index] = this.#bits.take(4);
    if (!this.#pretree.build(own)) throw new LzxError('a pretree is too full');
    for (let at = from; at < to;) {
      const symbol = this.#pretree.read(this.#bits);
      if (symbol < 0 || this.#bits.overrun > 2) throw new LzxError('a pretree holds no such code');
      if (symbol < 17) {
        lengths[at] = ((lengths[at] ?? 0) + 17 - symbol) % 17;
        at += 1;
        continue;
      }
      const run = symbol === 17 ? 4 + this.#bits.take(4) : symbol === 18 ? 20 + this.#bits.take(5) : 4 + this.#bits.take(1);
      const value = symbol === 19 ? this.#repeated(lengths[at] ?? 0) : 0;
      if (at + run > to) throw new LzxError('a run of lengths is too long');
      lengths.fill(value, at, at + run);
      at += run;
    }
  }

  #repeated(before: number): number {
    const symbol = this.#pretree.read(this.#bits);
    if (symbol < 0 || symbol > 16) throw new LzxError('a pretree holds no such code');
    return (before + 17 - symbol) % 17;
  }

  #decodeSymbols(until: number, end: number): void {
    while (this.#at < until) {
      const symbol = this.#main.read(this.#bits);
      if (symbol < 0) throw new LzxError('the main tree holds no such code');
      if (symbol < LITERALS) this.#out[this.#at++] = symbol;
      else this.#copyMatch(symbol - LITERALS, end);
    }
  }

  #copyMatch(header: number, end: number): void {
    let length = header & 7;
    if (length === SHORT_LENGTHS) {
      const more = this.#lengths.read(this.#bits);
      if (more < 0) throw new LzxError('the length tree holds no such code');
      length += more;
    }
    length += MIN_MATCH;
    const distance = this.#distance(header >>> 3);
    if (distance > this.#at || distance > this.#window || distance === 0) throw new LzxError('a match starts before the data');
    if (this.#at + length > end) throw new LzxError('a match reaches over its frame');
    const out = this.#out;
    let to = this.#at;
    for (let from = to - distance, stop = to + length; to < stop;) out[to++] = out[from++] ?? 0;
    this.#at = to;
  }

  /** Slots 0 to 2 name a recent distance, the others give one in parts. */
  #distance(slot: number): number {
    const recent = this.#recent;
    if (slot < 3) {
      const distance = recent[slot] ?? 0;
      recent[slot] = recent[0];
      recent[0] = distance;
      return distance;
    }
    const extra = EXTRA_BITS[slot] ?? 0;
    let distance = (BASE_POSITIONS[slot] ?? 0) - 2;
    if (this.#kind === ALIGNED && extra >= 3) {
      distance += this.#bits.take(extra - 3) * 8;
      const low = this.#aligned.read(this.#bits);
      if (low < 0) throw new LzxError('the aligned tree holds no such code');
      distance += low;
    } else {
      distance += this.#bits.take(extra);
    }
    this.#recent = [distance, recent[0], recent[1]];
    return distance;
  }

  /** Once all is decoded: turns the absolute targets of x86 calls, as the encoder stored them, back into relative ones. */
  translate(): void {
    if (this.#translationSize !== 0) translateCalls(this.#out, this.#translationSize);
  }
}

const FRAME = 32_768;
const MAX_TRANSLATED_FRAMES = 32_768;
const CALL = 0xe8;

function translateCalls(out: Uint8Array, translationSize: number): void {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const size = translationSize | 0;
  const frames = Math.min(Math.ceil(out.length / FRAME), MAX_TRANSLATED_FRAMES);
  for (let frame = 0; frame < frames; frame++) {
    const end = Math.min((frame + 1) * FRAME, out.length) - 10;
    for (let at = frame * FRAME; at < end; at++) {
      if (out[at] !== CALL) continue;
      const target = view.getInt32(at + 1, true);
      if (target >= -at && target < size) view.setInt32(at + 1, target >= 0 ? target - at : target + size, true);
      at += 4;
    }
  }
}
