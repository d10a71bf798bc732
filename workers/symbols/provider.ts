import type { Rva } from '../base/address.ts';
import type { Found, MissingReason } from '../base/found.ts';
import type { SymbolCode } from '../base/problem.ts';
import type { PdbFile } from '../formats/pdb/pdb.ts';
import type { Module } from '../modules/module.ts';

export interface SourceLine {
  readonly file: string;
  readonly line: number;
}

/** A function whose code was put into its caller's. */
export interface InlinedFunction {
  /** Missing where the symbols do not name it. */
  readonly name: Found<string>;
  /** Bytes behind the start of its code. */
  readonly displacement: number;
  readonly source: Found<SourceLine>;
}

export interface SymbolHit {
  /** Demangled for people: "KeBugCheckEx", "CWorker::Run". */
  readonly name: string;
  readonly displacement: number;
  /** How far the symbol is known to reach; absent where only the next public bounds it. */
  readonly sizeBytes?: number;
  readonly kind: 'procedure' | 'public' | 'export' | 'label' | 'sym-file';
  /** Absent where names come without lines: exports. */
  readonly source?: Found<SourceLine>;
}

export interface NameMatch {
  readonly name: string;
  readonly rva: Rva;
  /** Absent where the source does not tell functions from data. */
  readonly isFunction?: boolean;
}

/** Names of one module. */
export interface SymbolTable {
  readonly count: number;
  /** Where the names come from: a PDB's path, "export table", a .sym file. */
  readonly origin: string;
  readonly kind: 'pdb' | 'exports' | 'sym';
  nearest(at: Rva): Found<SymbolHit>;
  /** The functions inlined at a place, innermost first. Export tables know none. */
  inlined?(at: Rva): readonly InlinedFunction[];
  byName(name: string): Found<Rva>;
  /** Names that match, at most `limit`; `*` and `?` are wildcards. */
  match(pattern: string, limit: number): readonly NameMatch[];
}

export type SymbolStatus =
  | { readonly state: 'not-asked' }
  | { readonly state: 'waiting' | 'downloading'; readonly done?: number; readonly of?: number }
  | { readonly state: 'ready'; readonly origin: string; readonly kind: 'pdb' | 'exports' | 'sym'; readonly count: number }
  | { readonly state: 'failed'; readonly code: SymbolCode; readonly detail: string };

/** Bytes of a module's image file that is at hand (dropped, stored or downloaded), identity checked. */
export interface ImageBytes {
  readonly name: string;
  readonly size: number;
  /** Bytes as they lie in memory, at an RVA; shorter at a section's end. Relocations are not applied. */
  readRva(at: Rva, length: number): Uint8Array;
  /** Why the byte there cannot be read, where it cannot: of the file only some parts may be here. */
  gapAt?(at: Rva): MissingReason | undefined;
  /** True where the section may change at run time: its bytes in the file say nothing of the crash. */
  writable(at: Rva): boolean;
}

/** Synchronous over what is here (design §4). */
export interface SymbolProvider {
  status(module: Module): SymbolStatus;
  table(module: Module): Found<SymbolTable>;
  image(module: Module): Found<ImageBytes>;
  /** The PDB itself, read on demand: types, lines, locals, frame data. */
  pdb(module: Module): Found<PdbFile>;
  /** Rises whenever a table or an image arrives, so that what was derived from them is derived anew. */
  readonly revision: number;
}

/** Pure stand-in for a session without any symbols. */
export const NO_SYMBOLS: SymbolProvider = {
  status: () => ({ state: 'not-asked' }),
  table: (module) => ({ ok: false, missing: { why: 'no-symbols', module: module.name, detail: 'no symbols were loaded' } }),
  image: (module) => ({ ok: false, missing: { why: 'no-symbols', module: module.name, detail: 'the image file is not at hand' } }),
  pdb: (module) => ({ ok: false, missing: { why: 'no-symbols', module: module.name, detail: 'no PDB was loaded' } }),
  revision: 0,
};
