/** Types out of a PDB, record by record as they are asked for. */
import { type Found, found, mapFound, type Missing, missing, notValid, thenFound } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import type { Job } from '../base/job.ts';
import { type FieldRecord, parseFieldList } from '../formats/pdb/fieldlist.ts';
import { findGlobals } from '../formats/pdb/globals.ts';
import type { PdbFile } from '../formats/pdb/pdb.ts';
import { readPlaces, rvaOfPlace } from '../formats/pdb/sections.ts';
import { FIRST_RECORD, simpleType } from '../formats/pdb/simpletypes.ts';
import { openTypes, type TypeStream } from '../formats/pdb/tpi.ts';
import { type NamedRecord, TypeNames } from '../formats/pdb/typenames.ts';
import type { TypeIndex } from '../formats/pdb/typerecords.ts';
import type { Enumerator, Field, GlobalName, NamedType, Type, TypeTable } from './type.ts';

/** Modifiers on modifiers, base classes of base classes: no compiler goes so deep, a damaged PDB goes round. */
const MAX_DEPTH = 32;
/** A field list in parts: the widest real ones have some thousand fields. */
const MAX_FIELDS = 1 << 16;

/** A class' field list, and where it lies in the derived class. */
interface Part {
  readonly list: TypeIndex;
  readonly shift: number;
  readonly depth: number;
}

export class PdbTypes implements TypeTable {
  readonly origin: string;
  readonly #types: TypeStream;
  readonly #names: TypeNames;
  readonly #pdb: PdbFile;
  /** Walks over lists ask for the same few types thousands of times. */
  readonly #kept = new Map<TypeIndex, Found<Type>>();
  readonly #byName = new Map<string, Found<NamedType>>();

  constructor(pdb: PdbFile, types: TypeStream, origin: string) {
    this.#pdb = pdb;
    this.#types = types;
    this.#names = new TypeNames(types);
    this.origin = origin;
  }

  find(name: string): Found<NamedType> {
    return keep(this.#byName, name, () => mapFound(this.#names.find(name), ({ record }) => this.#named(record, 0)));
  }

  *names(): Job<readonly string[]> {
    const all = yield* this.#names.all();
    return all.map(({ record }) => record.name);
  }

  *globals(isWanted: (name: string) => boolean, limit: number): Job<readonly GlobalName[]> {
    const records = yield* findGlobals(this.#pdb, isWanted, limit);
    const places = readPlaces(this.#pdb);
    // In an image that was reordered after linking the records tell where the data was before.
    const sections = places.ok && !places.value.omap ? places.value.sections : [];
    return (records.ok ? records.value : []).map(({ name, type, place }) => {
      const rva = place && rvaOfPlace(sections, place.segment, place.offset);
      return { name, type: () => this.type(type), ...(rva === undefined ? {} : { rva }) };
    });
  }

  /** The type of this number, with forward references resolved. */
  type(index: TypeIndex): Found<Type> {
    return keep(this.#kept, index, () => this.#type(index, 0));
  }

  #type(index: TypeIndex, depth: number): Found<Type> {
    if (depth > MAX_DEPTH) return notValid('type', `${depth} modifiers deep`, `at most ${MAX_DEPTH}`);
    if (index < FIRST_RECORD) return simple(index);
    return thenFound(this.#types.record(index), (record): Found<Type> => {
      switch (record.kind) {
        case 'modifier':
          return this.#type(record.of, depth + 1);
        case 'pointer':
          return found({ kind: 'pointer', sizeBytes: record.sizeBytes, to: () => this.type(record.to) });
        case 'array':
          return found({ kind: 'array', sizeBytes: record.sizeBytes, element: () => this.type(record.element) });
        case 'bitfield':
          return mapFound(this.#type(record.of, depth + 1), ({ sizeBytes }) => ({
            kind: 'bits',
            sizeBytes,
            position: record.position,
            bits: record.bits,
          }));
        case 'procedure':
          return found({ kind: 'function', sizeBytes: 0, returns: () => this.type(record.returns) });
        case 'arguments':
        case 'field-list':
        case 'other':
          return notValid('type record', `${hex(index)}, a ${record.kind}`, 'a type that a value can have');
        default:
          return found(this.#resolved(index, record, depth));
      }
    });
  }

  #resolved(index: TypeIndex, record: NamedRecord, depth: number): Type {
    const complete = this.#names.complete({ index, record });
    return complete.ok ? this.#named(complete.value.record, depth) : { kind: 'opaque', name: record.name, sizeBytes: 0 };
  }

  #named(record: NamedRecord, depth: number): NamedType {
    const { name, fieldList } = record;
    if (record.kind === 'enum') {
      const base = this.#type(record.base, depth + 1);
      return { kind: 'enum', name, sizeBytes: base.ok ? base.value.sizeBytes : 0, values: () => mapFound(this.#fieldRecords(fieldList), enumerators) };
    }
    const tag = record.kind === 'structure' ? 'struct' : record.kind;
    let fields: Found<readonly Field[]> | undefined;
    return { kind: 'struct', tag, name, sizeBytes: record.sizeBytes, fields: () => (fields ??= this.#fields(fieldList)) };
  }

  #fields(list: TypeIndex): Found<readonly Field[]> {
    const fields: Field[] = [];
    const problem = this.#gather({ list, shift: 0, depth: 0 }, fields, { left: MAX_FIELDS });
    return problem ?? found(fields);
  }

  /** Base classes' fields stand at the base's place, as in memory. The budget is one for all of them: bases may form a web. */
  #gather({ list, shift, depth }: Part, fields: Field[], budget: { left: number }): Missing | undefined {
    if (depth > MAX_DEPTH) return notValid('base classes', `${depth} deep`, `at most ${MAX_DEPTH}`);
    const records = this.#fieldRecords(list);
    if (!records.ok) return records;
    budget.left -= records.value.length;
    if (budget.left < 0) return notValid('fields', `more than ${MAX_FIELDS}`, 'fewer');
    for (const record of records.value) {
      if (record.kind === 'base') {
        const base = this.#baseList(record.type);
        const problem = base && this.#gather({ list: base, shift: shift + record.offset, depth: depth + 1 }, fields, budget);
        if (problem) return problem;
      } else if (record.kind === 'virtual-table') fields.push(this.#field('__VFN_table', shift, record.type, 'virtual-table'));
      else if (record.kind === 'member' || record.kind === 'static') {
        fields.push(this.#field(record.name, shift + record.offset, record.type, record.kind));
      }
    }
    return undefined;
  }

  #field(name: string, offset: number, type: TypeIndex, role: Field['role']): Field {
    return { name, offset, role, type: () => this.type(type) };
  }

  /** None where the base class is not in this PDB: the derived class' own fields are still true. */
  #baseList(index: TypeIndex): TypeIndex | undefined {
    const record = this.#types.record(index);
    if (!record.ok || !('fieldList' in record.value)) return undefined;
    const complete = this.#names.complete({ index, record: record.value });
    return complete.ok ? complete.value.record.fieldList : undefined;
  }

  /** A list may go on in further records; one that comes back to itself is left at the limit. */
  #fieldRecords(list: TypeIndex): Found<readonly FieldRecord[]> {
    const all: FieldRecord[] = [];
    const seen = new Set<TypeIndex>();
    for (let next: TypeIndex | undefined = list; next !== undefined && next !== 0;) {
      if (seen.has(next) || all.length > MAX_FIELDS) return notValid('field list', 'one that goes on in itself', 'an end');
      seen.add(next);
      const fields: Found<readonly FieldRecord[]> = thenFound(this.#types.record(next), (record) =>
        record.kind === 'field-list' ? parseFieldList(record.bytes) : notValid('field list', record.kind, 'a field list'),
      );
      if (!fields.ok) return fields;
      next = undefined;
      for (const field of fields.value) {
        if (field.kind === 'more') next = field.list;
        else all.push(field);
      }
    }
    return found(all);
  }
}

const MAX_KEPT = 4096;

function keep<K, T>(kept: Map<K, T>, key: K, make: () => T): T {
  const known = kept.get(key);
  if (known !== undefined) return known;
  if (kept.size >= MAX_KEPT) kept.clear();
  const made = make();
  kept.set(key, made);
  return made;
}

function simple(index: TypeIndex): Found<Type> {
  const known = simpleType(index);
  if (!known) return notValid('simple type', hex(index), 'a kind that is known');
  const type: Type = { kind: 'base', ...known.type };
  return found(known.pointerBytes === 0 ? type : { kind: 'pointer', sizeBytes: known.pointerBytes, to: () => found(type) });
}

function enumerators(records: readonly FieldRecord[]): readonly Enumerator[] {
  return records.flatMap((record) => (record.kind === 'enumerate' ? [{ name: record.name, value: record.value }] : []));
}

/** Missing where the PDB has no types: public PDBs of most drivers are stripped of them. */
export function openPdbTypes(pdb: PdbFile, origin: string): Found<PdbTypes> {
  const types = openTypes(pdb);
  if (!types.ok) return types;
  if (types.value.count === 0) return missing({ why: 'stream-absent', stream: 'types: its PDB is stripped of them' });
  return found(new PdbTypes(pdb, types.value, origin));
}
