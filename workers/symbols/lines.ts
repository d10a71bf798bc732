/** File, line and inlined functions of a place, read from the PDB when asked for; a pack holds names only. */
import type { Rva } from '../base/address.ts';
import { type Found, found, mapFound, missing, thenFound } from '../base/found.ts';
import { type C13Index, indexC13, readFileName } from '../formats/pdb/c13.ts';
import { type FunctionIds, readFunctionIds } from '../formats/pdb/ids.ts';
import { type Inlinee, readInlinees } from '../formats/pdb/inlinees.ts';
import { findInlineSites, type InlineSite } from '../formats/pdb/inlinesites.ts';
import { findLine, type LineOfFile } from '../formats/pdb/lines.ts';
import { type PdbModule, readModules } from '../formats/pdb/modules.ts';
import { NATURE_WORDS, readNature } from '../formats/pdb/nature.ts';
import { type PdbTexts, readTexts } from '../formats/pdb/names.ts';
import type { PdbFile } from '../formats/pdb/pdb.ts';
import { findProcedure, listProcedures, type ModuleProcedures } from '../formats/pdb/procedures.ts';
import { type Contributions, type PdbPlaces, readContributions, readPlaces } from '../formats/pdb/sections.ts';
import { throughOmap } from './pack/search.ts';
import { upperBound } from '../bytes/bisect.ts';
import type { InlinedFunction, SourceLine } from './provider.ts';

/** Modules whose tables are kept; a stack touches a few, a listing of a large program hundreds. */
const KEPT_MODULES = 1024;

/** Ids name it by a hash of the source file's path, procedures in words. */
const UNNAMED_NAMESPACE = /\?A0x[0-9a-f]{8}(?=::)/g;

/** What a table needs to add lines and inlined functions to its hits. */
export interface LineFinder {
  find(at: Rva): Found<SourceLine>;
  /** Innermost first; empty where nothing is inlined at the place. */
  inlined(at: Rva): readonly InlinedFunction[];
}

/** What is known of one module. */
interface ModuleIndex {
  readonly module: PdbModule | undefined;
  readonly c13: Found<C13Index>;
  inlinees?: ReadonlyMap<number, Inlinee>;
  procedures?: ModuleProcedures;
}

interface PdbParts {
  readonly pdb: PdbFile;
  readonly places: PdbPlaces;
  readonly contributions: Contributions;
  readonly modules: readonly PdbModule[];
  readonly texts: PdbTexts;
}

export class PdbLines implements LineFinder {
  readonly #parts: PdbParts;
  readonly #kept = new Map<number, ModuleIndex>();
  #ids: Found<FunctionIds> | undefined;

  constructor(parts: PdbParts) {
    this.#parts = parts;
  }

  find(at: Rva): Found<SourceLine> {
    const place = this.#toSource(at);
    const module = place === undefined ? undefined : this.#moduleOf(place);
    if (place === undefined || !module) return none('no object file gave this place');
    if (!module.c13.ok) return none(this.#whyNone(module));
    return thenFound(findLine(module.c13.value, place), (line) => this.#named(line));
  }

  inlined(at: Rva): readonly InlinedFunction[] {
    const place = this.#toSource(at);
    const index = place === undefined ? undefined : this.#moduleOf(place);
    if (place === undefined || !index?.module || !index.c13.ok || index.c13.value.inlinees.length === 0) return [];
    const { stream } = index.c13.value;
    index.procedures ??= listProcedures(stream, index.module, this.#parts.places.sections);
    const procedure = findProcedure(index.procedures, place);
    return procedure ? findInlineSites(stream, procedure, place - procedure.start).map((site) => this.#inlinedAt(site, index)) : [];
  }

  #inlinedAt({ inlinee, range, displacement }: InlineSite, index: ModuleIndex): InlinedFunction {
    this.#ids ??= readFunctionIds(this.#parts.pdb);
    const name = mapFound(
      thenFound(this.#ids, (ids) => ids.nameOf(inlinee)),
      (full) => full.replaceAll(UNNAMED_NAMESPACE, "`anonymous namespace'"),
    );
    const source = thenFound(index.c13, (c13) => {
      index.inlinees ??= readInlinees(c13);
      const begin = index.inlinees.get(inlinee);
      if (!begin) return none('the PDB does not say where it begins');
      return thenFound(readFileName(c13, range.checksum ?? begin.checksum), (file) => this.#named({ line: begin.line + range.lineDelta, file }));
    });
    return { name, displacement, source };
  }

  #whyNone({ module }: ModuleIndex): string {
    return `${module?.name ?? 'the object file'} has no lines: ${NATURE_WORDS[readNature(this.#parts.pdb)]}`;
  }

  #toSource(at: Rva): number | undefined {
    const omap = this.#parts.places.omap?.toSource;
    return omap ? throughOmap(omap.from, omap.to, at) : at;
  }

  /** The module that gave the place to the image. */
  #moduleOf(place: number): ModuleIndex | undefined {
    const { starts, ends, modules } = this.#parts.contributions;
    const part = upperBound(starts, place) - 1;
    return part >= 0 && place < (ends[part] ?? 0) ? this.#index(modules[part] ?? 0) : undefined;
  }

  #named({ line, file }: LineOfFile): Found<SourceLine> {
    const name = this.#parts.texts.at(file);
    return name.ok ? found({ file: name.value, line }) : name;
  }

  #index(number: number): ModuleIndex {
    const kept = this.#kept.get(number);
    if (kept) return kept;
    const module = this.#parts.modules[number];
    const c13 = module ? indexC13(this.#parts.pdb, module, this.#parts.places.sections) : missing({ why: 'stream-absent', stream: `module ${number}` });
    const index: ModuleIndex = { module, c13 };
    this.#kept.set(number, index);
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size > KEPT_MODULES && oldest !== undefined) this.#kept.delete(oldest);
    return index;
  }
}

const none = (detail: string): Found<SourceLine> => missing({ why: 'no-symbols', module: 'source lines', detail });

/** Missing where the PDB was made without lines. May throw SourceError. */
export function openLines(pdb: PdbFile): Found<PdbLines> {
  const places = readPlaces(pdb);
  if (!places.ok) return places;
  const contributions = readContributions(pdb, places.value.sections);
  if (!contributions.ok) return contributions;
  const modules = readModules(pdb);
  if (!modules.ok) return modules;
  const texts = readTexts(pdb);
  if (!texts.ok) return texts;
  return found(new PdbLines({ pdb, places: places.value, contributions: contributions.value, modules: modules.value, texts: texts.value }));
}
