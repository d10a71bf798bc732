/** Makes the data of workers/types/layouts out of the tables: what all revisions of a build agree on, each layout once. */
import type { CompactStruct, LayoutBuild, LayoutFile } from '../../workers/types/layouts/layoutfile.ts';
import type { FieldRow, KernelTypes, StructRow } from './model.ts';
import type { BuildSource, LayoutArch, Table } from './sources.ts';
import { WANTED } from './wanted.ts';

const SOURCES = [
  'github.com/JPCERTCC/Windows-Symbol-Tables: tables made from the public PDBs of Microsoft',
  'vergiliusproject.com: headers made from the public PDBs of Microsoft',
  'github.com/Rickebo/ntoskrnlib: offsets of Windows 11 24H2',
];

/** Names of structs by value and of enums in a type's code. */
const structIn = (type: string): string | undefined => /^(?:\[\d+\])*=(.+)$/.exec(type)?.[1];
const enumIn = (type: string): string | undefined => /^(?:\[\d+\])*#(.+)$/.exec(type)?.[1];

function closure(types: KernelTypes): ReadonlySet<string> {
  const seen = new Set<string>();
  const waiting = [...WANTED];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const row = types.structs.get(name);
    if (!row || seen.has(name)) continue;
    seen.add(name);
    for (const field of row.fields) waiting.push(structIn(field.type) ?? '');
  }
  return seen;
}

/** By place: the tables give fields in different orders. */
function inOrder(fields: readonly FieldRow[]): FieldRow[] {
  const position = (type: string): number => (type.startsWith(':') ? Number(type.slice(1, type.indexOf('.'))) : -1);
  return [...fields].sort((a, b) => a.offset - b.offset || position(a.type) - position(b.type) || (a.name < b.name ? -1 : 1));
}

/** Functions are told apart from nothing by one of the two kinds of table alone. */
export const sameType = (a: string, b: string): boolean => a === b || a.replace('()', 'v') === b.replace('()', 'v');

/** From 19041 on the headers give KPRCB as the driver kit declares it: its start alone, which says nothing of the rest. */
export const isShortened = (name: string, { sizeBytes }: StructRow): boolean => name === '_KPRCB' && sizeBytes === 0x700;

/** Fields that every revision has at the same place. */
export function agreed(name: string, row: StructRow, others: readonly KernelTypes[]): readonly FieldRow[] {
  return row.fields.filter((field) =>
    others.every((types) => {
      const other = types.structs.get(name);
      return (
        other === undefined ||
        isShortened(name, other) ||
        other.fields.some((one) => one.name === field.name && one.offset === field.offset && sameType(one.type, field.type))
      );
    }),
  );
}

/** "Pcb =_KPROCESS;ProcessLock =_EX_PUSH_LOCK 438": name, type, and in hex how far behind the field before; absent where at the same place. */
function fieldText(fields: readonly FieldRow[]): string {
  let at = 0;
  return inOrder(fields)
    .map(({ name, offset, type }) => {
      const step = offset - at;
      at = offset;
      return step === 0 ? `${name} ${type}` : `${name} ${type} ${step.toString(16)}`;
    })
    .join(';');
}

function buildRow(source: BuildSource, tables: readonly Table[]): LayoutBuild {
  return { from: source.from, to: source.to, of: tables.map(({ version }) => version) };
}

/** Adds `build` to the variant with this text, or a new variant. */
function addVariant<T extends { builds: number[] }>(variants: T[], build: number, variant: Omit<T, 'builds'>): void {
  const key = JSON.stringify(variant);
  const same = variants.find(({ builds: _, ...rest }) => JSON.stringify(rest) === key);
  if (same) same.builds.push(build);
  else variants.push({ ...variant, builds: [build] } as unknown as T);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] };

export function compactLayouts(arch: LayoutArch, kernels: readonly { readonly source: BuildSource; readonly tables: readonly Table[] }[]): LayoutFile {
  const structs: Record<string, Mutable<CompactStruct>[]> = {};
  const enums: Record<string, { builds: number[]; values: string }[]> = {};
  for (const [build, { tables }] of kernels.entries()) {
    const [base, ...others] = tables.map(({ types }) => types);
    if (!base) continue;
    for (const name of closure(base)) {
      const row = base.structs.get(name);
      if (!row) continue;
      const fields = agreed(name, row, others);
      addVariant((structs[name] ??= []), build, { size: row.sizeBytes, ...(row.tag === 'union' ? { union: true as const } : {}), fields: fieldText(fields) });
      for (const field of fields) {
        const used = enumIn(field.type);
        const values = used === undefined ? undefined : base.enums.get(used);
        if (used === undefined || !values) continue;
        const text = Object.entries(values)
          .sort((a, b) => a[1] - b[1])
          .map(([key, value]) => `${key}=${value}`)
          .join(';');
        const variants = (enums[used] ??= []);
        if (!variants.some(({ builds }) => builds.includes(build))) addVariant(variants, build, { values: text });
      }
    }
  }
  return { arch, pointerSize: arch === 'x86' ? 4 : 8, sources: SOURCES, builds: kernels.map(({ source, tables }) => buildRow(source, tables)), structs, enums };
}
