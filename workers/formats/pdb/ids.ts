/** Names of inlined functions: LF_FUNC_ID and LF_MFUNC_ID of the IPI stream, with their scopes (microsoft-pdb, include/cvinfo.h). */
import { type Found, found, mapFound, notValid, thenFound } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { viewOf } from '../../bytes/struct.ts';
import type { PdbFile } from './pdb.ts';
import { openTypes, type TypeStream } from './tpi.ts';

const STREAM_IPI = 4;
const MAX_SCOPES = 16;

/** How a kind of record leads to its name; offsets count from the record's kind. */
interface IdLayout {
  readonly nameAt: number;
  /** Where the number of the enclosing scope stands, and in which stream it counts. */
  readonly scope?: { readonly at: number; readonly in: 'ids' | 'types' };
}

const LAYOUTS: Readonly<Record<number, IdLayout>> = {
  0x1601: { nameAt: 10, scope: { at: 2, in: 'ids' } },
  0x1602: { nameAt: 10, scope: { at: 2, in: 'types' } },
  0x1605: { nameAt: 6 },
};

const utf8 = new TextDecoder('utf-8');

export class FunctionIds {
  readonly #ids: TypeStream;
  readonly #types: TypeStream;
  readonly #kept = new Map<number, Found<string>>();

  constructor(ids: TypeStream, types: TypeStream) {
    this.#ids = ids;
    this.#types = types;
  }

  /** The qualified name of a function by its number in the IPI stream: "std::vector<int>::push_back". */
  nameOf(index: number): Found<string> {
    let name = this.#kept.get(index);
    if (!name) {
      name = this.#read(index, 0);
      this.#kept.set(index, name);
    }
    return name;
  }

  #read(index: number, depth: number): Found<string> {
    return thenFound(this.#ids.bytesOf(index), (record) => {
      const view = viewOf(record);
      const kind = view.getUint16(0, true);
      const layout = LAYOUTS[kind];
      if (!layout || record.length <= layout.nameAt) return notValid('record of an inlined function', hex(kind), 'one with a name');
      const end = record.indexOf(0, layout.nameAt);
      const name = utf8.decode(record.subarray(layout.nameAt, end < 0 ? record.length : end));
      const scope = layout.scope && view.getUint32(layout.scope.at, true);
      if (!layout.scope || !scope || depth >= MAX_SCOPES) return found(name);
      const outer = layout.scope.in === 'ids' ? this.#read(scope, depth + 1) : this.#className(scope);
      return found(outer.ok ? `${outer.value}::${name}` : name);
    });
  }

  #className(index: number): Found<string> {
    return thenFound(this.#types.record(index), (record) => ('name' in record ? found(record.name) : notValid('scope of a function', record.kind, 'a class')));
  }
}

/** Missing in PDBs of before 2012, which have no IPI stream. */
export function readFunctionIds(pdb: PdbFile): Found<FunctionIds> {
  return thenFound(openTypes(pdb, STREAM_IPI), (ids) => mapFound(openTypes(pdb), (types) => new FunctionIds(ids, types)));
}
