/** Names of inlined functions: LF_FUNC_ID and LF_MFUNC_ID of the IPI stream, with their scopes (microsoft-pdb, include/cvinfo.h). */
import { type Found, found, mapFound, missing, notValid, thenFound, valueOf } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, readStruct, viewOf } from '../../bytes/struct.ts';
import { TPI_HEADER } from './layouts.ts';
import type { PdbFile } from './pdb.ts';
import { RecordCursor } from './records.ts';

const STREAM_TPI = 2;
const STREAM_IPI = 4;
/** Records between two entries of the list of offsets; without that list all records before the wanted one are walked. */
const MAX_WALK = 4_000_000;
const NO_STREAM = 0xffff;

/** The records of a TPI or IPI stream by index, read where they lie (llvm.org/docs/PDB/TpiStream.html). */
class TypeRecords {
  readonly #stream: ByteSource;
  readonly #first: number;
  readonly #end: number;
  readonly #recordsAt: number;
  /** Index and offset of some records, sorted. */
  readonly #offsets: Uint32Array;

  constructor(parts: { stream: ByteSource; first: number; end: number; recordsAt: number; offsets: Uint32Array }) {
    this.#stream = parts.stream;
    this.#first = parts.first;
    this.#end = parts.end;
    this.#recordsAt = parts.recordsAt;
    this.#offsets = parts.offsets;
  }

  /** The record's bytes, from its kind on. */
  read(index: number): Found<Uint8Array> {
    if (index < this.#first || index >= this.#end) return notValid('type index', hex(index), `${hex(this.#first)} to ${hex(this.#end)}`);
    let [at, current] = [0, this.#first];
    for (let low = 0, high = this.#offsets.length / 2 - 1; low <= high;) {
      const middle = (low + high) >>> 1;
      if ((this.#offsets[middle * 2] ?? 0) > index) high = middle - 1;
      else [current, at, low] = [this.#offsets[middle * 2] ?? 0, this.#offsets[middle * 2 + 1] ?? 0, middle + 1];
    }
    const cursor = new RecordCursor(this.#stream, this.#recordsAt + at, this.#stream.size);
    for (let walked = 0; cursor.next() && walked < MAX_WALK; walked++, current++) {
      if (current === index) return found(cursor.bytes.slice(cursor.start + 2, cursor.start + cursor.size));
    }
    return missing({ why: 'outside-file', at: this.#recordsAt + at, length: 4, fileSize: this.#stream.size });
  }
}

function openTypeRecords(pdb: PdbFile, index: number): Found<TypeRecords> {
  return thenFound(pdb.msf.stream(index), (stream) =>
    mapFound(readStruct(TPI_HEADER, stream, 0), (header) => {
      const { typeIndexBegin: first, typeIndexEnd: end, headerSize: recordsAt, hashStreamIndex, indexOffsetsAt, indexOffsetsBytes } = header;
      const hashes = hashStreamIndex === NO_STREAM ? undefined : valueOf(pdb.msf.stream(hashStreamIndex));
      const data = hashes && valueOf(readExactly(hashes, indexOffsetsAt, indexOffsetsBytes & ~7));
      const view = viewOf(data ?? new Uint8Array(0));
      const offsets = Uint32Array.from({ length: view.byteLength / 4 }, (_, word) => view.getUint32(word * 4, true));
      return new TypeRecords({ stream, first, end, recordsAt, offsets });
    }),
  );
}

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
  readonly #ids: TypeRecords;
  readonly #types: TypeRecords;
  readonly #kept = new Map<number, Found<string>>();

  constructor(ids: TypeRecords, types: TypeRecords) {
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
    return thenFound((ids ? this.#ids : this.#types).read(index), (record) => {
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
  return thenFound(openTypeRecords(pdb, STREAM_IPI), (ids) => mapFound(openTypeRecords(pdb, STREAM_TPI), (types) => new FunctionIds(ids, types)));
}
