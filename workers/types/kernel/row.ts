/** A row of a table in memory: how large, and where its numbers lie. The layout may come of a PDB, which may say anything. */
import { va } from '../../base/address.ts';
import { type Found, found, notValid } from '../../base/found.ts';
import type { TypedMemory } from '../typedview.ts';
import type { StructType } from '../type.ts';

const MIN_ROW = 4;
const MAX_ROW = 0x1000;

export interface RowField {
  readonly offset: number;
  /** Eight bytes; else four. */
  readonly wide: boolean;
}
export interface Row<F extends string = string> {
  readonly type: StructType;
  readonly size: number;
  readonly fields: Readonly<Record<F, RowField>>;
}

/** Missing unless the row has a size to step by and every field, of four or eight bytes, lies inside. */
export function rowOf<F extends string>(kernel: TypedMemory, name: string, wanted: readonly F[]): Found<Row<F>> {
  const model = kernel.view(name, va(0n));
  if (!model.ok) return model;
  const { type } = model.value;
  const size = type.sizeBytes;
  if (!(size >= MIN_ROW && size <= MAX_ROW)) return notValid(`size of ${name}`, String(size), `between ${MIN_ROW} and ${MAX_ROW}`);
  const fields: [F, RowField][] = [];
  for (const field of wanted) {
    const place = model.value.place(field);
    if (!place.ok) return place;
    const [offset, width] = [Number(place.value.at), place.value.type.sizeBytes];
    if ((width !== 4 && width !== 8) || offset + width > size)
      return notValid(`${name}.${field}`, `${width} bytes at ${offset}`, `four or eight within ${size}`);
    fields.push([field, { offset, wide: width === 8 }]);
  }
  return found({ type, size, fields: Object.fromEntries(fields) as Record<F, RowField> });
}

/** Of a row that was read whole. */
export const rowUint = (view: DataView, at: number, { offset, wide }: RowField): bigint =>
  wide ? view.getBigUint64(at + offset, true) : BigInt(view.getUint32(at + offset, true));
