/**
 * Struct descriptors: one declaration makes the reader, the hex view's labels and docs/formats.
 * Offsets come from the public layout named in `source`.
 */
import { type Found, found, missing } from '../base/found.ts';
import { formatGuid } from '../base/hex.ts';
import type { ByteSource } from './source.ts';

export interface Field<T> {
  readonly offset: number;
  readonly size: number;
  readonly kind: string;
  /** `at` is the start of the field in `view`. */
  read(view: DataView, at: number): T;
}
export type Fields = Readonly<Record<string, Field<unknown>>>;
export type RecordOf<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export interface Struct<F extends Fields> {
  readonly name: string;
  readonly size: number;
  readonly fields: F;
  /** Where the layout stands in public. */
  readonly source: string;
}

export function struct<F extends Fields>(name: string, size: number, source: string, fields: F): Struct<F> {
  return { name, size, fields, source };
}

const field = <T>(offset: number, size: number, kind: string, read: (view: DataView, at: number) => T): Field<T> => ({ offset, size, kind, read });
export const u8 = (offset: number): Field<number> => field(offset, 1, 'u8', (view, at) => view.getUint8(at));
export const u16 = (offset: number): Field<number> => field(offset, 2, 'u16', (view, at) => view.getUint16(at, true));
export const u32 = (offset: number): Field<number> => field(offset, 4, 'u32', (view, at) => view.getUint32(at, true));
export const u64 = (offset: number): Field<bigint> => field(offset, 8, 'u64', (view, at) => view.getBigUint64(at, true));
export const i32 = (offset: number): Field<number> => field(offset, 4, 'i32', (view, at) => view.getInt32(at, true));
export const guid = (offset: number): Field<string> =>
  field(offset, 16, 'guid', (view, at) => formatGuid(new Uint8Array(view.buffer, view.byteOffset + at, 16)));
export const bytes = (offset: number, size: number): Field<Uint8Array> =>
  field(offset, size, 'bytes', (view, at) => new Uint8Array(view.buffer, view.byteOffset + at, size).slice());
/** Latin-1 text up to the first NUL. */
export const chars = (offset: number, size: number): Field<string> =>
  field(offset, size, 'chars', (view, at) => {
    let text = '';
    for (let index = 0; index < size; index++) {
      const code = view.getUint8(at + index);
      if (code === 0) break;
      text += String.fromCharCode(code);
    }
    return text;
  });

export function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

/** Reads a struct out of bytes already at hand. Missing where the bytes end before the struct does. */
export function readStructAt<F extends Fields>(layout: Struct<F>, data: Uint8Array, at: number): Found<RecordOf<F>> {
  if (!Number.isInteger(at) || at < 0 || at + layout.size > data.length) {
    return missing({ why: 'outside-file', at, length: layout.size, fileSize: data.length });
  }
  const view = viewOf(data);
  const record: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(layout.fields)) record[name] = part.read(view, at + part.offset);
  return found(record as RecordOf<F>);
}

/** Reads a struct from a source. May throw SourceError, as every read of a source. */
export function readStruct<F extends Fields>(layout: Struct<F>, source: ByteSource, at: number): Found<RecordOf<F>> {
  const data = readExactly(source, at, layout.size);
  return data.ok ? readStructAt(layout, data.value, 0) : data;
}

/** `length` bytes or a reason; never fewer. Checks offset and length before it asks the source. */
export function readExactly(source: ByteSource, at: number, length: number): Found<Uint8Array> {
  const inside = Number.isSafeInteger(at) && Number.isSafeInteger(length) && at >= 0 && length >= 0 && at + length <= source.size;
  if (!inside) return missing({ why: 'outside-file', at, length, fileSize: source.size });
  const data = source.readBlock(at, length);
  return data.length === length ? found(data) : missing({ why: 'outside-file', at, length, fileSize: at + data.length });
}
