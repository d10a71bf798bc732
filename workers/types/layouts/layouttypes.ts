/** A TypeTable over the kept layouts of one kernel. */
import { type Found, found, mapFound, missing, type MissingReason, notValid } from '../../base/found.ts';
import type { Job } from '../../base/job.ts';
import type { ArrayType, BaseType, EnumType, Field, GlobalName, NamedType, OpaqueType, StructType, Type, TypeTable } from '../type.ts';
import type { CompactStruct, LayoutFile } from './layoutfile.ts';

const base = (name: string, form: BaseType['form'], sizeBytes: number): BaseType => ({ kind: 'base', name, form, sizeBytes });
const BASES: Readonly<Record<string, BaseType>> = {
  v: base('void', 'void', 0),
  c1: base('char', 'char', 1),
  C1: base('unsigned char', 'char', 1),
  w2: base('wchar_t', 'char', 2),
  i2: base('short', 'int', 2),
  u2: base('unsigned short', 'uint', 2),
  i4: base('long', 'int', 4),
  u4: base('unsigned long', 'uint', 4),
  i8: base('__int64', 'int', 8),
  u8: base('unsigned __int64', 'uint', 8),
  f4: base('float', 'float', 4),
  f8: base('double', 'float', 8),
};
/** Enums of the kernel are as wide as an int. */
const ENUM_BYTES = 4;

/** A struct inside a struct is kept as OUTER.FIELD and has no name of its own. */
const shownName = (name: string): string => (name.includes('.') ? `<unnamed-type-${name.slice(name.lastIndexOf('.') + 1)}>` : name);

export class LayoutTypes implements TypeTable {
  readonly origin: string;
  readonly instead: MissingReason;
  readonly #file: LayoutFile;
  readonly #build: number;
  /** Walks over lists ask for the same few structs thousands of times. */
  readonly #structs = new Map<string, StructType>();

  /** `build`: index in the file's list. */
  constructor(file: LayoutFile, build: number, instead: MissingReason) {
    this.#file = file;
    this.#build = build;
    this.instead = instead;
    this.origin = originOf(file, build);
  }

  find(name: string): Found<NamedType> {
    const type = this.#struct(name) ?? this.#enum(name);
    return type ? found(type) : missing({ why: 'unknown-layout', type: name, build: this.origin });
  }

  *names(): Job<readonly string[]> {
    const { structs, enums } = this.#file;
    return [
      ...Object.keys(structs).filter((name) => !name.includes('.') && this.#variant(name)),
      ...Object.keys(enums).filter((name) => this.#enum(name)),
    ].sort();
  }

  *globals(): Job<readonly GlobalName[]> {
    return [];
  }

  #variant(name: string): CompactStruct | undefined {
    return Object.hasOwn(this.#file.structs, name) ? this.#file.structs[name]?.find(({ builds }) => builds.includes(this.#build)) : undefined;
  }

  #struct(name: string): StructType | undefined {
    const kept = this.#structs.get(name);
    const variant = kept ? undefined : this.#variant(name);
    if (!variant) return kept;
    let fields: readonly Field[] | undefined;
    const type: StructType = {
      kind: 'struct',
      tag: variant.union ? 'union' : 'struct',
      name: shownName(name),
      sizeBytes: variant.size,
      fields: () => found((fields ??= this.#fields(variant.fields))),
    };
    this.#structs.set(name, type);
    return type;
  }

  #enum(name: string): EnumType | undefined {
    const values = Object.hasOwn(this.#file.enums, name) ? this.#file.enums[name]?.find(({ builds }) => builds.includes(this.#build))?.values : undefined;
    if (values === undefined) return undefined;
    const rows = values.split(';').map((row) => row.split('='));
    return {
      kind: 'enum',
      name,
      sizeBytes: ENUM_BYTES,
      values: () => found(rows.map(([key = '', value = '0']) => ({ name: key, value: BigInt(value) }))),
    };
  }

  #fields(text: string): readonly Field[] {
    let offset = 0;
    return text.split(';').map((row) => {
      const [name = '', code = '', step = '0'] = row.split(' ');
      offset += Number.parseInt(step, 16);
      return { name, offset, role: 'member', type: () => this.#type(code) };
    });
  }

  #type(code: string): Found<Type> {
    const known = BASES[code];
    if (known) return found(known);
    const rest = code.slice(1);
    switch (code[0]) {
      case '*':
        return found({ kind: 'pointer', sizeBytes: this.#file.pointerSize, to: () => this.#type(rest) });
      case '=':
        return found(this.#struct(rest) ?? opaque(rest));
      case '#':
        return found(this.#enum(rest) ?? { kind: 'enum', name: rest, sizeBytes: ENUM_BYTES, values: () => found([]) });
      case '(':
        return found({ kind: 'function', sizeBytes: 0, returns: () => found(base('void', 'void', 0)) });
      case '[':
        return this.#array(Number.parseInt(rest, 10), rest.slice(rest.indexOf(']') + 1));
      case ':': {
        const [position = 0, bits = 0, sizeBytes = 0] = rest.split('.').map(Number);
        return found({ kind: 'bits', sizeBytes, position, bits });
      }
      default:
        return notValid('code of a type', code, 'a code that is known');
    }
  }

  #array(count: number, code: string): Found<ArrayType> {
    return mapFound(this.#type(code), (element) => ({ kind: 'array', sizeBytes: count * element.sizeBytes, element: () => found(element) }));
  }
}

const opaque = (name: string): OpaqueType => ({ kind: 'opaque', name, sizeBytes: 0 });

/** "kept layouts of x64 build 19041 to 19045 (10.0.19041.3448 and 6 others agree)" */
function originOf({ arch, builds }: LayoutFile, build: number): string {
  const row = builds[build];
  if (!row) return '';
  const [first = '', ...others] = row.of;
  const agree = others.length === 0 ? '' : ` and ${others.length} other${others.length === 1 ? ' agrees' : 's agree'}`;
  return `kept layouts of ${arch} build ${row.from}${row.to > row.from ? ` to ${row.to}` : ''} (${first}${agree})`;
}

/** Types of the kernel of this build, never those of a build nearby. `instead` says why its PDB is not used. */
export function kernelLayoutTypes(file: LayoutFile, build: number, instead: MissingReason): Found<TypeTable> {
  const index = file.builds.findIndex(({ from, to }) => build >= from && build <= to);
  return index < 0 ? missing({ why: 'unknown-layout', type: 'kernel types', build: `${file.arch} ${build}` }) : found(new LayoutTypes(file, index, instead));
}
