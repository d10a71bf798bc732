import { describe, expect, it } from 'vitest';
import { driveSync } from '../base/job.ts';
import { ArraySource } from '../bytes/source.ts';
import { openPdb } from '../formats/pdb/pdb.ts';
import { corpusBytes, corpusJson, corpusList, hasCorpus } from '../testing/node/corpus.ts';
import { openPdbTypes, type PdbTypes } from './pdbtypes.ts';
import type { Type } from './type.ts';

/** The JSON tables of the corpus (Volatility's ISF: size, then offset and type a field). */
interface IsfType {
  readonly kind: string;
  readonly name?: string;
  readonly subtype?: IsfType;
  readonly count?: number;
  readonly type?: IsfType;
  readonly bit_position?: number;
  readonly bit_length?: number;
}
interface Isf {
  readonly user_types: Readonly<
    Record<string, { readonly size: number; readonly fields: Readonly<Record<string, { readonly offset: number; readonly type: IsfType }>> }>
  >;
  readonly enums: Readonly<Record<string, { readonly size: number; readonly constants: Readonly<Record<string, number>> }>>;
}

const STORE = 'symbols/types/synth/store/ntkrnlmp.pdb';
const kernels = hasCorpus ? corpusList(STORE) : [];

function openKernel(key: string): PdbTypes {
  const pdb = openPdb(new ArraySource(corpusBytes(`${STORE}/${key}/ntkrnlmp.pdb`), key));
  const types = pdb.ok ? openPdbTypes(pdb.value, key) : pdb;
  if (!types.ok) throw new Error(JSON.stringify(types.missing));
  return types.value;
}

/** A type as text: what kind of thing with what inside, down to names of structs and sizes of simple types. */
function words(type: Type): string {
  switch (type.kind) {
    case 'pointer': {
      const to = type.to();
      return to.ok ? `pointer to ${words(to.value)}` : JSON.stringify(to.missing);
    }
    case 'array': {
      const element = type.element();
      return element.ok ? `${type.sizeBytes / (element.value.sizeBytes || 1)} of ${words(element.value)}` : JSON.stringify(element.missing);
    }
    case 'bits':
      return `bits ${type.position} ${type.bits}`;
    case 'function':
      return 'function';
    case 'base':
      return `base ${type.form} ${type.sizeBytes}`;
    default:
      return type.name;
  }
}

/** Simple types of the tables in our words (their `wchar` and `HRESULT` say nothing of signs). */
const BASE: Readonly<Record<string, string>> = {
  void: 'void 0',
  char: 'char 1',
  'unsigned char': 'char 1',
  wchar: 'char 2',
  short: 'int 2',
  'unsigned short': 'uint 2',
  int: 'int 4',
  long: 'int 4',
  HRESULT: 'int 4',
  'unsigned int': 'uint 4',
  'unsigned long': 'uint 4',
  'long long': 'int 8',
  'unsigned long long': 'uint 8',
  f32: 'float 4',
  double: 'float 8',
};
function isfWords(type: IsfType): string {
  if (type.kind === 'pointer') return `pointer to ${type.subtype ? isfWords(type.subtype) : ''}`;
  if (type.kind === 'array') return `${type.count ?? 0} of ${type.subtype ? isfWords(type.subtype) : ''}`;
  if (type.kind === 'bitfield') return `bits ${type.bit_position ?? 0} ${type.bit_length ?? 0}`;
  if (type.kind === 'base') return `base ${BASE[type.name ?? ''] ?? `of unknown name ${type.name ?? ''}`}`;
  return type.name ?? type.kind;
}

function fieldsOf(types: PdbTypes, name: string): readonly string[] {
  const found = types.find(name);
  const fields = found.ok && found.value.kind === 'struct' ? found.value.fields() : undefined;
  if (!found.ok || !fields?.ok) return [`${name} was not found`];
  const members = fields.value.filter((field) => field.role === 'member');
  return [
    `size ${found.value.sizeBytes}`,
    ...members.map((field) => {
      const type = field.type();
      return `${field.name} at ${field.offset}: ${type.ok ? words(type.value) : JSON.stringify(type.missing)}`;
    }),
  ].sort();
}

/**
 * Where the tables and the PDBs differ: the PDBs, which were made from the tables, hold `void*` for these fields of type `void**`
 * (llvm-pdbutil shows the same). This list may only become shorter.
 */
const KNOWN_DIFFERENCES: readonly string[] = [
  '_FSRTL_ADVANCED_FCB_HEADER.FileContextSupportPointer',
  '_KPRCB.DpcWatchdogProfile',
  '_KPRCB.DpcWatchdogProfileCurrentEmptyCapture',
  '_MI_SYSTEM_INFORMATION.BootRegistryRuns',
  '_MMPAGE_FILE_EXPANSION.ActiveEntry',
  '_PEB.ProcessHeaps',
  '_PEB.ReadOnlyStaticServerData',
  '_SEP_CACHED_HANDLES_ENTRY.Handles',
  '_TEB.TlsExpansionSlots',
  '_VF_TARGET_VERIFIED_DRIVER_DATA.DifPluginData',
];
const VOID_POINTERS = ['pointer to base void 0', 'pointer to pointer to base void 0'];

describe.skipIf(!hasCorpus)('kernel types of the corpus', () => {
  it('are there', () => {
    expect(kernels.length).toBe(3);
  });

  it.each(kernels)('%s: every type equals the published table', (key) => {
    const types = openKernel(key);
    const table = corpusJson<Isf>(`symbols/types/isf_jpcert/ntkrnlmp.pdb/${key.slice(0, 32)}-${key.slice(32)}.json`);
    const different: (readonly [name: string, field: string, table: string])[] = [];
    for (const [name, { size, fields }] of Object.entries(table.user_types)) {
      const wanted = [`size ${size}`, ...Object.entries(fields).map(([field, { offset, type }]) => `${field} at ${offset}: ${isfWords(type)}`)].sort();
      const got = fieldsOf(types, name);
      expect(got.length, name).toBe(wanted.length);
      for (const [at, field] of got.entries()) if (field !== wanted[at]) different.push([name, field, wanted[at] ?? '']);
    }
    expect(different.map(([name, field]) => `${name}.${field.replace(/ at .*/, '')}`)).toEqual(KNOWN_DIFFERENCES);
    for (const [, field, table] of different) expect([field, table].map((text) => text.replace(/^.*: /, ''))).toEqual(VOID_POINTERS);
    expect(Object.keys(table.user_types).length).toBeGreaterThan(1600);
  });

  it.each(kernels)('%s: every enum equals the published table', (key) => {
    const types = openKernel(key);
    const table = corpusJson<Isf>(`symbols/types/isf_jpcert/ntkrnlmp.pdb/${key.slice(0, 32)}-${key.slice(32)}.json`);
    const different: string[] = [];
    for (const [name, { size, constants }] of Object.entries(table.enums)) {
      const type = types.find(name);
      const values = type.ok && type.value.kind === 'enum' ? type.value.values() : undefined;
      const got = values?.ok ? Object.fromEntries(values.value.map((one) => [one.name, Number(one.value)])) : {};
      if (!type.ok || type.value.sizeBytes !== size || JSON.stringify(Object.entries(got).sort()) !== JSON.stringify(Object.entries(constants).sort())) {
        different.push(name);
      }
    }
    expect(different).toEqual([]);
  });

  it.each(kernels)('%s: one type costs a small part of the file', (key) => {
    const bytes = corpusBytes(`${STORE}/${key}/ntkrnlmp.pdb`);
    let read = 0;
    const source = new ArraySource(bytes, key);
    const counting = {
      name: key,
      size: bytes.length,
      readBlock: (offset: number, length: number) => {
        read += length;
        return source.readBlock(offset, length);
      },
    };
    const pdb = openPdb(counting);
    const types = pdb.ok ? openPdbTypes(pdb.value, key) : pdb;
    const process = types.ok ? types.value.find('_EPROCESS') : types;
    const fields = process.ok && process.value.kind === 'struct' ? process.value.fields() : undefined;
    expect(fields?.ok && fields.value.length).toBeGreaterThan(200);
    expect(read).toBeLessThan(bytes.length / 20);
  });

  it('names what it finds', () => {
    const types = openKernel(kernels[0] ?? '');
    const names = driveSync(types.names());
    expect(names).toContain('_EPROCESS');
    expect(types.find('_NO_SUCH_TYPE')).toMatchObject({ ok: false, missing: { why: 'unknown-layout', type: '_NO_SUCH_TYPE' } });
  });
});
