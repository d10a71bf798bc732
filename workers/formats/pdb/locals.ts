/**
 * Parameters and local variables of a procedure, and where each lives at one instruction (microsoft-pdb, include/cvinfo.h: REGREL32,
 * BPRELSYM32, REGSYM, LOCALSYM and the DEFRANGESYM kinds; llvm/DebugInfo/CodeView/SymbolRecord.h).
 */
import { upperBound } from '../../bytes/bisect.ts';
import { type Found, found, missing, thenFound } from '../../base/found.ts';
import { LeafCursor } from './leafcursor.ts';
import { readModules, type PdbModule } from './modules.ts';
import type { PdbFile } from './pdb.ts';
import { findProcedure, listProcedures } from './procedures.ts';
import { RecordCursor } from './records.ts';
import { type Contributions, type PdbSection, readContributions, readPlaces, rvaOfPlace } from './sections.ts';
import type { TypeIndex } from './typerecords.ts';

/** Registers by their CodeView numbers. */
export type LocalPlace =
  | { readonly kind: 'register'; readonly register: number }
  | { readonly kind: 'memory'; readonly register: number; readonly offset: number }
  /** Counted from the register that the procedure keeps its frame in. */
  | { readonly kind: 'frame'; readonly offset: number }
  /** The value is split over several places. */
  | { readonly kind: 'parts' }
  /** The compiler keeps the value nowhere at this instruction. */
  | { readonly kind: 'gone' };

export interface LocalVariable {
  readonly name: string;
  readonly type: TypeIndex;
  readonly isParameter: boolean;
  readonly place: LocalPlace;
}

/** How a procedure addresses its frame: 0 none, 1 stack pointer, 2 frame pointer, 3 the base pointer of an aligned frame. */
export interface LocalScope {
  readonly variables: readonly LocalVariable[];
  readonly localBase: number;
  readonly parameterBase: number;
}

const MAX_VARIABLES = 4096;
const S_FRAMEPROC = 0x1012;
const S_BLOCK32 = 0x1103;
const S_LOCAL = 0x113e;
const S_INLINESITE = 0x114d;
const S_INLINESITE2 = 0x115d;
const FRAMEPROC_FLAGS_AT = 22;
const IS_PARAMETER = 1;

/** A record behind its kind. */
type Take = (cursor: LeafCursor) => LocalVariable;

const stackRelative: Take = (cursor) => {
  const offset = cursor.u32() | 0;
  const type = cursor.u32();
  const register = cursor.u16();
  return { type, name: cursor.text(false), isParameter: false, place: { kind: 'memory', register, offset } };
};
const frameRelative: Take = (cursor) => {
  const offset = cursor.u32() | 0;
  const type = cursor.u32();
  // A frame pointer's own side: parameters lie above it.
  return { type, name: cursor.text(false), isParameter: offset > 0, place: { kind: 'frame', offset } };
};
const inRegister: Take = (cursor) => {
  const type = cursor.u32();
  const register = cursor.u16();
  return { type, name: cursor.text(false), isParameter: false, place: { kind: 'register', register } };
};
/** Where it lives is told by the records behind. */
const anywhere: Take = (cursor) => {
  const type = cursor.u32();
  const flags = cursor.u16();
  return { type, name: cursor.text(false), isParameter: (flags & IS_PARAMETER) !== 0, place: { kind: 'gone' } };
};
const VARIABLES: Readonly<Record<number, Take>> = { 0x1106: inRegister, 0x110b: frameRelative, 0x1111: stackRelative, [S_LOCAL]: anywhere };

/** A range's place; undefined where the range does not hold the instruction. */
type TakeRange = (cursor: LeafCursor, holds: (cursor: LeafCursor) => boolean) => LocalPlace | undefined;

const RANGES: Readonly<Record<number, TakeRange>> = {
  0x1141: (cursor, holds) => {
    const register = cursor.u16();
    cursor.u16();
    return holds(cursor) ? { kind: 'register', register } : undefined;
  },
  0x1142: (cursor, holds) => {
    const offset = cursor.u32() | 0;
    return holds(cursor) ? { kind: 'frame', offset } : undefined;
  },
  0x1143: (cursor, holds) => {
    cursor.u32();
    cursor.u32();
    return holds(cursor) ? { kind: 'parts' } : undefined;
  },
  0x1144: (cursor) => ({ kind: 'frame', offset: cursor.u32() | 0 }),
  0x1145: (cursor, holds) => {
    const register = cursor.u16();
    const isPart = (cursor.u16() & ~1) !== 0;
    const offset = cursor.u32() | 0;
    if (!holds(cursor)) return undefined;
    return isPart ? { kind: 'parts' } : { kind: 'memory', register, offset };
  },
};

/** Finds the procedure around a place; keeps what it takes to find the next one. */
export class LocalFinder {
  readonly #pdb: PdbFile;
  readonly #sections: readonly PdbSection[];
  readonly #contributions: Contributions;
  readonly #modules: readonly PdbModule[];

  constructor(
    pdb: PdbFile,
    parts: { readonly sections: readonly PdbSection[]; readonly contributions: Contributions; readonly modules: readonly PdbModule[] },
  ) {
    this.#pdb = pdb;
    this.#sections = parts.sections;
    this.#contributions = parts.contributions;
    this.#modules = parts.modules;
  }

  /** Variables of the procedure around `rva`, as they live at that instruction. Missing where no private symbols tell. */
  find(rva: number): Found<LocalScope> {
    const { starts, ends, modules } = this.#contributions;
    const at = Math.max(0, upperBound(starts, rva) - 1);
    const module = rva < (ends[at] ?? 0) ? this.#modules[modules[at] ?? 0] : undefined;
    const stream = module?.stream === undefined ? undefined : this.#pdb.msf.stream(module.stream);
    if (!module || !stream?.ok) return missing({ why: 'stream-absent', stream: 'private symbols of this code' });
    const procedure = findProcedure(listProcedures(stream.value, module, this.#sections), rva);
    if (!procedure) return missing({ why: 'stream-absent', stream: 'private symbols of this procedure' });
    return found(this.#walk(new RecordCursor(stream.value, procedure.at, procedure.scopeEnd), rva));
  }

  #walk(cursor: RecordCursor, rva: number): LocalScope {
    const variables: LocalVariable[] = [];
    let flags = 0;
    while (cursor.next() && variables.length < MAX_VARIABLES) {
      const leaf = new LeafCursor(cursor.bytes.subarray(cursor.start, cursor.start + cursor.size), 4);
      const take = VARIABLES[cursor.kind];
      const range = RANGES[cursor.kind];
      if (take) {
        const variable = take(leaf);
        if (!leaf.cut) variables.push(variable);
      } else if (range)
        this.#place(
          variables,
          range(leaf, (behind) => this.#holds(behind, rva)),
        );
      else if (cursor.kind === S_FRAMEPROC) flags = frameFlags(leaf);
      else this.#skip(cursor, leaf, rva);
    }
    return { variables, localBase: (flags >>> 14) & 3, parameterBase: (flags >>> 16) & 3 };
  }

  /** Several ranges may hold the instruction; the first is taken. */
  #place(variables: LocalVariable[], place: LocalPlace | undefined): void {
    const last = variables.at(-1);
    if (last?.place.kind === 'gone' && place) variables[variables.length - 1] = { ...last, place };
  }

  /** LocalVariableAddrRange: offset, section, length, then gaps inside it. */
  #holds(cursor: LeafCursor, rva: number): boolean {
    const offset = cursor.u32();
    const section = cursor.u16();
    const length = cursor.u16();
    const start = rvaOfPlace(this.#sections, section, offset);
    if (cursor.cut || start === undefined || rva < start || rva >= start + length) return false;
    while (!cursor.ended) {
      const gap = start + cursor.u16();
      const size = cursor.u16();
      if (!cursor.cut && rva >= gap && rva < gap + size) return false;
    }
    return true;
  }

  /** Blocks that do not hold the instruction, and inlined functions, whose variables are not this procedure's. */
  #skip(cursor: RecordCursor, leaf: LeafCursor, rva: number): void {
    if (cursor.kind !== S_BLOCK32 && cursor.kind !== S_INLINESITE && cursor.kind !== S_INLINESITE2) return;
    leaf.u32();
    const end = leaf.u32();
    if (cursor.kind === S_BLOCK32) {
      const length = leaf.u32();
      const start = rvaOfPlace(this.#sections, ...placeOf(leaf));
      if (start !== undefined && rva >= start && rva < start + length) return;
    }
    cursor.skipTo(end);
  }
}

/** Offset, then section. */
function placeOf(leaf: LeafCursor): [section: number, offset: number] {
  const offset = leaf.u32();
  return [leaf.u16(), offset];
}

function frameFlags(leaf: LeafCursor): number {
  for (let at = 0; at < FRAMEPROC_FLAGS_AT; at += 2) leaf.u16();
  return leaf.u32();
}

export function openLocals(pdb: PdbFile): Found<LocalFinder> {
  return thenFound(readPlaces(pdb), ({ sections }) =>
    thenFound(readContributions(pdb, sections), (contributions) =>
      thenFound(readModules(pdb), (modules) => found(new LocalFinder(pdb, { sections, contributions, modules }))),
    ),
  );
}
