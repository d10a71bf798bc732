/**
 * A writer for binary files in which a number may be referred to before it is known: write a Label now, mark it later.
 * Own layouts, own writer: nothing is shared with the readers under test.
 */
import { Defect } from '../../base/problem.ts';

/** A number that becomes known later: a file offset, a length, a count. */
export class Label {
  readonly name: string;
  private known: bigint | undefined;

  constructor(name: string) {
    this.name = name;
  }

  set(value: number | bigint): void {
    if (this.known !== undefined) throw new Defect(`label ${this.name} set twice`);
    this.known = BigInt(value);
  }

  get(): bigint {
    if (this.known === undefined) throw new Defect(`label ${this.name} was never set`);
    return this.known;
  }

  get number(): number {
    return Number(this.get());
  }
}

/** A number, a label, or something computed of labels when the file is finished. */
export type Value = number | bigint | Label | (() => number | bigint);

export function valueNow(value: Value): bigint {
  if (value instanceof Label) return value.get();
  return BigInt(typeof value === 'function' ? value() : value);
}

/** Writes the low `width` bytes of `value`, little-endian. */
export function put(bytes: Uint8Array, at: number, width: number, value: number | bigint): void {
  if (at < 0 || at + width > bytes.length) throw new Defect(`write of ${width} bytes at ${at} is outside ${bytes.length} bytes`);
  let rest = BigInt.asUintN(width * 8, BigInt(value));
  for (let index = 0; index < width; index++, rest >>= 8n) bytes[at + index] = Number(rest & 0xffn);
}

/** Reads `width` bytes, little-endian. For builders that look at what they wrote, and for tests by hand. */
export function get(bytes: Uint8Array, at: number, width: number): bigint {
  if (at < 0 || at + width > bytes.length) throw new Defect(`read of ${width} bytes at ${at} is outside ${bytes.length} bytes`);
  let value = 0n;
  for (let index = width - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[at + index] ?? 0);
  return value;
}

export function ascii(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff);
}

export function utf16(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length * 2);
  for (let index = 0; index < text.length; index++) put(bytes, index * 2, 2, text.charCodeAt(index));
  return bytes;
}

/** Sixteen bytes of "00112233-4455-6677-8899-aabbccddeeff" in the mixed order of a Windows GUID. */
export function guidBytes(guid: string): Uint8Array<ArrayBuffer> {
  const digits = guid.replaceAll(/[^0-9a-fA-F]/g, '');
  if (digits.length !== 32) throw new Defect(`not a GUID: ${guid}`);
  const plain = Array.from({ length: 16 }, (_, index) => Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16));
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Uint8Array.from(order, (index) => plain[index] ?? 0);
}

export function alignUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

interface Fixup {
  readonly at: number;
  readonly width: number;
  readonly value: Value;
}

/** Grows as it is written; `finish` fills in the labels. */
export class Binary {
  private bytes = new Uint8Array(1 << 12);
  private readonly fixups: Fixup[] = [];
  private length = 0;

  get size(): number {
    return this.length;
  }

  private room(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
      larger.set(this.bytes);
      this.bytes = larger;
    }
    return at;
  }

  /** Sets the label to the present position. */
  mark(label: Label): this {
    label.set(this.length);
    return this;
  }

  number(width: number, value: Value): this {
    const at = this.room(width);
    if (typeof value === 'number' || typeof value === 'bigint') put(this.bytes, at, width, value);
    else this.fixups.push({ at, width, value });
    return this;
  }
  u8(value: Value): this {
    return this.number(1, value);
  }
  u16(value: Value): this {
    return this.number(2, value);
  }
  u32(value: Value): this {
    return this.number(4, value);
  }
  u64(value: Value): this {
    return this.number(8, value);
  }

  append(part: Uint8Array): this {
    const at = this.room(part.length);
    this.bytes.set(part, at);
    return this;
  }

  zeros(count: number): this {
    this.room(count);
    return this;
  }

  /** Pads with zeros to a multiple of `step`. */
  align(step: number): this {
    return this.zeros(alignUp(this.length, step) - this.length);
  }

  /** Pads with zeros up to an offset. */
  upTo(offset: number): this {
    if (offset < this.length) throw new Defect(`cannot go back from ${this.length} to ${offset}`);
    return this.zeros(offset - this.length);
  }

  /** A record with labels in it, at the present position. */
  record(record: RecordBytes): this {
    const start = this.length;
    this.append(record.bytes);
    for (const late of record.late) this.fixups.push({ ...late, at: late.at + start });
    return this;
  }

  finish(): Uint8Array<ArrayBuffer> {
    for (const { at, width, value } of this.fixups) put(this.bytes, at, width, valueNow(value));
    return this.bytes.slice(0, this.length);
  }
}

/** A layout of ours: field name → [offset, width]. A width over 8 takes bytes. */
export interface Layout<F extends string> {
  readonly name: string;
  readonly size: number;
  readonly fields: Readonly<Record<F, readonly [offset: number, width: number]>>;
}

export interface RecordBytes {
  readonly bytes: Uint8Array;
  readonly late: readonly Fixup[];
}

/** Writes the values of a layout over `filler` (repeated; zeros by default). Labels are resolved when the file is finished. */
export function record<F extends string>(layout: Layout<F>, values: Partial<Record<F, Value | Uint8Array>>, filler?: Uint8Array): RecordBytes {
  const bytes = new Uint8Array(layout.size);
  if (filler) for (let index = 0; index < bytes.length; index++) bytes[index] = filler[index % filler.length] ?? 0;
  const late: Fixup[] = [];
  for (const [name, value] of Object.entries(values) as [F, Value | Uint8Array | undefined][]) {
    if (value === undefined) continue;
    const [at, width] = layout.fields[name];
    if (value instanceof Uint8Array) {
      if (value.length > width) throw new Defect(`${layout.name}.${name} holds ${width} bytes, got ${value.length}`);
      bytes.fill(0, at, at + width);
      bytes.set(value, at);
    } else if (typeof value === 'number' || typeof value === 'bigint') put(bytes, at, width, value);
    else late.push({ at, width, value });
  }
  return { bytes, late };
}

/** The bytes of a record that holds no labels. */
export function recordBytes<F extends string>(layout: Layout<F>, values: Partial<Record<F, number | bigint | Uint8Array>>, filler?: Uint8Array): Uint8Array {
  return record(layout, values, filler).bytes;
}
