/**
 * Kernel types as the published tables give them, in one form. A type is a short code: `u4` a number (u, i unsigned or signed,
 * c, C char, w wide character, f float), `v` nothing, `()` a function, `*T` a pointer, `[n]T` an array, `:position.bits.bytes` a
 * bit field, `=NAME` a struct, `#NAME` an enum. A struct inside a struct that has no name of its own is called `OUTER.FIELD`.
 */
export interface FieldRow {
  readonly name: string;
  readonly offset: number;
  readonly type: string;
}
export interface StructRow {
  readonly tag: 'struct' | 'union';
  readonly sizeBytes: number;
  readonly fields: readonly FieldRow[];
}
export type EnumRow = Readonly<Record<string, number>>;

/** All types of one kernel. */
export interface KernelTypes {
  readonly structs: ReadonlyMap<string, StructRow>;
  readonly enums: ReadonlyMap<string, EnumRow>;
}
