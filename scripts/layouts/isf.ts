/** Tables of github.com/JPCERTCC/Windows-Symbol-Tables: Volatility's ISF, JSON made from Microsoft's public PDBs. */
import type { FieldRow, KernelTypes, StructRow } from './model.ts';

interface IsfType {
  readonly kind: string;
  readonly name?: string;
  readonly count?: number;
  readonly subtype?: IsfType;
  readonly type?: IsfType;
  readonly bit_position?: number;
  readonly bit_length?: number;
}
interface IsfStruct {
  readonly kind: string;
  readonly size: number;
  readonly fields: Readonly<Record<string, { readonly offset: number; readonly type: IsfType }>>;
}
export interface Isf {
  readonly user_types: Readonly<Record<string, IsfStruct>>;
  readonly enums: Readonly<Record<string, { readonly constants: Readonly<Record<string, number>> }>>;
}

const BASE: Readonly<Record<string, string>> = {
  void: 'v',
  char: 'c1',
  'unsigned char': 'C1',
  wchar: 'w2',
  short: 'i2',
  'unsigned short': 'u2',
  int: 'i4',
  long: 'i4',
  HRESULT: 'i4',
  'unsigned int': 'u4',
  'unsigned long': 'u4',
  'long long': 'i8',
  'unsigned long long': 'u8',
  f32: 'f4',
  double: 'f8',
};
const UNNAMED = /^__anonymous_|unnamed/;

export function typesOfIsf(table: Isf): KernelTypes {
  const structs = new Map<string, StructRow>();
  const aggregate = (type: IsfType, path: string): string => (UNNAMED.test(type.name ?? '') ? inner(type.name ?? '', path) : `=${type.name ?? ''}`);
  const codes: Readonly<Record<string, (type: IsfType, path: string) => string>> = {
    pointer: (type, path) => `*${code(type.subtype, path)}`,
    array: (type, path) => `[${type.count ?? 0}]${code(type.subtype, path)}`,
    bitfield: (type, path) => `:${type.bit_position ?? 0}.${type.bit_length ?? 0}.${Number(/\d/.exec(code(type.type, path))?.[0] ?? 4)}`,
    base: (type) => BASE[type.name ?? ''] ?? `?${type.name ?? ''}`,
    enum: (type) => (UNNAMED.test(type.name ?? '') ? 'i4' : `#${type.name ?? ''}`),
    struct: aggregate,
    union: aggregate,
    class: aggregate,
    function: () => '()',
  };
  const code = (type: IsfType | undefined, path: string): string => (type && codes[type.kind]?.(type, path)) ?? `?${type?.kind ?? 'nothing'}`;
  /** A struct without a name is known by its place; a pointer to one leads nowhere that anything is read. */
  const inner = (name: string, path: string): string => {
    const row = table.user_types[name];
    if (row && !structs.has(path)) add(path, row);
    return `=${path}`;
  };
  const add = (name: string, { kind, size, fields }: IsfStruct): void => {
    const rows = Object.entries(fields).map(([field, { offset, type }]): FieldRow => ({ name: field, offset, type: code(type, `${name}.${field}`) }));
    structs.set(name, { tag: kind === 'union' ? 'union' : 'struct', sizeBytes: size, fields: rows });
  };
  for (const [name, row] of Object.entries(table.user_types)) if (!UNNAMED.test(name)) add(name, row);
  const enums = new Map(Object.entries(table.enums).map(([name, { constants }]) => [name, constants]));
  return { structs, enums };
}
