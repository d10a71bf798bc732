/** Names of inlined functions: LF_FUNC_ID and LF_MFUNC_ID of the IPI stream, with their scopes (microsoft-pdb, include/cvinfo.h). */
import { type Found, found, mapFound, notValid, thenFound } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { viewOf } from '../../bytes/struct.ts';
import type { PdbFile } from './pdb.ts';
import { openTypes, type TypeStream } from './tpi.ts';

/** How a kind of record leads to its name; offsets count from the record's kind. */
interface NameLayout {
  readonly nameAt: number;
  /** How many numbers of variable length stand before the name: its size, in the second form its count of members too. */
  readonly numbers?: 1 | 2;
  /** Where the enclosing scope stands, and in which stream. */
  readonly scope?: { readonly at: number; readonly ids: boolean };
}

const LAYOUTS: Readonly<Record<number, NameLayout>> = {
  0x1601: { nameAt: 10, scope: { at: 2, ids: true } },
  0x1602: { nameAt: 10, scope: { at: 2, ids: false } },
  0x1605: { nameAt: 6 },
  0x1504: { nameAt: 18, numbers: 1 },
  0x1505: { nameAt: 18, numbers: 1 },
  0x1519: { nameAt: 18, numbers: 1 },
  0x1506: { nameAt: 10, numbers: 1 },
  0x1507: { nameAt: 14 },
  // Since Visual Studio 2019: properties of 32 bits, the count behind the type indices.
  0x1608: { nameAt: 18, numbers: 2 },
  0x1609: { nameAt: 18, numbers: 2 },
};

/** Numeric leaves below 0x8000 are the number itself; these are followed by one. */
const NUMERIC_BYTES: Readonly<Record<number, number>> = { 0x8000: 1, 0x8001: 2, 0x8002: 2, 0x8003: 4, 0x8004: 4, 0x8009: 8, 0x800a: 8 };
const MAX_SCOPES = 16;

const utf8 = new TextDecoder('utf-8');

export class FunctionIds {
  readonly #ids: TypeStream;
  readonly #types: TypeStream;
  readonly #kept = new Map<number, Found<string>>();

  constructor(ids: TypeStream, types: TypeStream) {
    this.#ids = ids;
    this.#types = types;
  }

  /** The qualified name of a function by its index in the IPI stream: "std::vector<int>::push_back". */
  nameOf(index: number): Found<string> {
    let name = this.#kept.get(index);
    if (!name) {
      name = this.#read(index, true, 0);
      this.#kept.set(index, name);
    }
    return name;
  }

  #read(index: number, ids: boolean, depth: number): Found<string> {
    return thenFound((ids ? this.#ids : this.#types).bytesOf(index), (record) => {
      const view = viewOf(record);
      const kind = view.getUint16(0, true);
      const layout = LAYOUTS[kind];
      if (!layout || record.length <= layout.nameAt) return notValid('record of an inlined function', hex(kind), 'one with a name');
      let from = layout.nameAt;
      for (let number = 0; number < (layout.numbers ?? 0) && from + 2 <= record.length; number++) {
        from += 2 + (NUMERIC_BYTES[view.getUint16(from, true)] ?? 0);
      }
      const end = record.indexOf(0, from);
      const name = utf8.decode(record.subarray(from, end < 0 ? record.length : end));
      const scope = layout.scope && view.getUint32(layout.scope.at, true);
      if (!layout.scope || !scope || depth >= MAX_SCOPES) return found(name);
      const outer = this.#read(scope, layout.scope.ids, depth + 1);
      return found(outer.ok ? `${outer.value}::${name}` : name);
    });
  }
}

/** Missing in PDBs of before 2012, which have no IPI stream. */
export function readFunctionIds(pdb: PdbFile): Found<FunctionIds> {
  return thenFound(openTypes(pdb, 'IPI'), (ids) => mapFound(openTypes(pdb), (types) => new FunctionIds(ids, types)));
}
