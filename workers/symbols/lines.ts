/** File and line of a place, read from the PDB when asked for; a pack holds names only. */
import type { Rva } from '../base/address.ts';
import { type Found, found, missing, valueOf } from '../base/found.ts';
import { findLine, type ModuleLines, parseModuleLines, readC13 } from '../formats/pdb/lines.ts';
import { type PdbModule, readModules } from '../formats/pdb/modules.ts';
import { type PdbTexts, readTexts } from '../formats/pdb/names.ts';
import type { PdbFile } from '../formats/pdb/pdb.ts';
import { type Contributions, type PdbPlaces, readContributions, readPlaces } from '../formats/pdb/sections.ts';
import { throughOmap, upperBound } from './pack/search.ts';

/** Modules whose lines are kept; a stack touches a few. */
const KEPT_MODULES = 16;

export interface SourceLine {
  readonly file: string;
  readonly line: number;
}

/** What a table needs to add lines to its hits. */
export interface LineFinder {
  find(at: Rva): Found<SourceLine>;
}

export class PdbLines implements LineFinder {
  readonly #pdb: PdbFile;
  readonly #places: PdbPlaces;
  readonly #contributions: Contributions;
  readonly #modules: readonly PdbModule[];
  readonly #texts: PdbTexts;
  readonly #kept = new Map<number, ModuleLines>();

  constructor(parts: { pdb: PdbFile; places: PdbPlaces; contributions: Contributions; modules: readonly PdbModule[]; texts: PdbTexts }) {
    this.#pdb = parts.pdb;
    this.#places = parts.places;
    this.#contributions = parts.contributions;
    this.#modules = parts.modules;
    this.#texts = parts.texts;
  }

  find(at: Rva): Found<SourceLine> {
    const omap = this.#places.omap?.toSource;
    const place = omap ? throughOmap(omap.from, omap.to, at) : at;
    const part = place === undefined ? -1 : upperBound(this.#contributions.starts, place) - 1;
    if (place === undefined || part < 0 || place >= (this.#contributions.ends[part] ?? 0)) return this.#none('no object file gave this place');
    const lines = this.#linesOf(this.#contributions.modules[part] ?? 0);
    const hit = lines && findLine(lines, place);
    if (!hit) return this.#none('the object file has no line for it');
    const file = this.#texts.at(hit.file);
    return file.ok ? found({ file: file.value, line: hit.line }) : file;
  }

  #none(detail: string): Found<SourceLine> {
    return missing({ why: 'no-symbols', module: 'source lines', detail });
  }

  #linesOf(index: number): ModuleLines | undefined {
    const kept = this.#kept.get(index);
    if (kept) return kept;
    const module = this.#modules[index];
    const data = module && valueOf(readC13(this.#pdb, module));
    const lines = data ? parseModuleLines(data, this.#places.sections) : { runs: [], fileNames: new Map<number, number>() };
    this.#kept.set(index, lines);
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size > KEPT_MODULES && oldest !== undefined) this.#kept.delete(oldest);
    return lines;
  }
}

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
