/** File, line and inlined functions of a place, read from the PDB when asked for; a pack holds names only. */
import type { Rva } from '../base/address.ts';
import { type Found, found, mapFound, missing, thenFound, valueOf } from '../base/found.ts';
import type { ByteSource } from '../bytes/source.ts';
import { parseFileNames, readC13, walkSubsections } from '../formats/pdb/c13.ts';
import { type FunctionIds, readFunctionIds } from '../formats/pdb/ids.ts';
import { type Inlinee, parseInlinees } from '../formats/pdb/inlinees.ts';
import { findInlineSites, type InlineSite } from '../formats/pdb/inlinesites.ts';
import { findLine, type LineOfFile, type LineRun, parseLineRuns } from '../formats/pdb/lines.ts';
import { type PdbModule, readModules } from '../formats/pdb/modules.ts';
import { NATURE_WORDS, readNature } from '../formats/pdb/nature.ts';
import { type PdbTexts, readTexts } from '../formats/pdb/names.ts';
import type { PdbFile } from '../formats/pdb/pdb.ts';
import { listProcedures, type ModuleProcedures } from '../formats/pdb/procedures.ts';
import { type Contributions, type PdbPlaces, readContributions, readPlaces } from '../formats/pdb/sections.ts';
import { throughOmap, upperBound } from './pack/search.ts';
import type { InlinedFunction, SourceLine } from './provider.ts';

/** Line data of modules that is kept, in bytes of the file; a stack touches a few modules. */
const KEPT_BYTES = 32 * 1024 * 1024;

/** Ids name it by a hash of the source file's path, procedures in words. */
const UNNAMED_NAMESPACE = /\?A0x[0-9a-f]{8}(?=::)/g;

/** What a table needs to add lines and inlined functions to its hits. */
export interface LineFinder {
  find(at: Rva): Found<SourceLine>;
  /** Innermost first; empty where nothing is inlined at the place. */
  inlined(at: Rva): readonly InlinedFunction[];
}

/** What is parsed of one module. */
interface ModuleLines {
  readonly bytes: number;
  readonly runs: readonly LineRun[];
  readonly fileNames: ReadonlyMap<number, number>;
  readonly inlinees: ReadonlyMap<number, Inlinee>;
  readonly stream: ByteSource | undefined;
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
  readonly #kept = new Map<number, ModuleLines>();
  #keptBytes = 0;
  #ids: Found<FunctionIds> | undefined;

  constructor(parts: PdbParts) {
    this.#parts = parts;
  }

  find(at: Rva): Found<SourceLine> {
    const place = this.#toSource(at);
    const part = place === undefined ? undefined : this.#moduleOf(place);
    if (place === undefined || part === undefined) return none('no object file gave this place');
    const hit = findLine(this.#linesOf(part).runs, place);
    return hit ? this.#named(hit) : none(this.#whyNone(part));
  }

  inlined(at: Rva): readonly InlinedFunction[] {
    const place = this.#toSource(at);
    const part = place === undefined ? undefined : this.#moduleOf(place);
    if (place === undefined || part === undefined) return [];
    const lines = this.#linesOf(part);
    const module = this.#parts.modules[part];
    if (!lines.stream || !module || lines.inlinees.size === 0) return [];
    lines.procedures ??= listProcedures(lines.stream, module, this.#parts.places.sections);
    const procedure = lines.procedures.list[upperBound(lines.procedures.starts, place) - 1];
    if (!procedure || place >= procedure.end) return [];
    const sites = findInlineSites(lines.stream, procedure, place - procedure.start);
    return sites.map((site) => this.#inlinedAt(site, lines));
  }

  #inlinedAt({ inlinee, range, displacement }: InlineSite, lines: ModuleLines): InlinedFunction {
    this.#ids ??= readFunctionIds(this.#parts.pdb);
    const name = mapFound(
      thenFound(this.#ids, (ids) => ids.nameOf(inlinee)),
      (full) => full.replaceAll(UNNAMED_NAMESPACE, "`anonymous namespace'"),
    );
    const begin = lines.inlinees.get(inlinee);
    const file = lines.fileNames.get(range.checksum ?? begin?.checksum ?? -1);
    const source = begin && file !== undefined ? this.#named({ line: begin.line + range.lineDelta, file }) : none('the PDB does not say where it begins');
    return { name, displacement, source };
  }

  #whyNone(part: number): string {
    const module = this.#parts.modules[part];
    if (!module || module.c13Bytes > 0) return 'the object file has no line for this place';
    return `${module.name} has no lines: ${NATURE_WORDS[readNature(this.#parts.pdb)]}`;
  }

  #toSource(at: Rva): number | undefined {
    const omap = this.#parts.places.omap?.toSource;
    return omap ? throughOmap(omap.from, omap.to, at) : at;
  }

  /** Index of the module that gave the place to the image. */
  #moduleOf(place: number): number | undefined {
    const { starts, ends, modules } = this.#parts.contributions;
    const part = upperBound(starts, place) - 1;
    return part >= 0 && place < (ends[part] ?? 0) ? modules[part] : undefined;
  }

  #named({ line, file }: LineOfFile): Found<SourceLine> {
    const name = this.#parts.texts.at(file);
    return name.ok ? found({ file: name.value, line }) : name;
  }

  #linesOf(index: number): ModuleLines {
    const kept = this.#kept.get(index);
    if (kept) return kept;
    const lines = this.#parse(this.#parts.modules[index]);
    this.#kept.set(index, lines);
    this.#keptBytes += lines.bytes;
    for (const [oldest, { bytes }] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES || oldest === index) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= bytes;
    }
    return lines;
  }

  #parse(module: PdbModule | undefined): ModuleLines {
    const data = module && valueOf(readC13(this.#parts.pdb, module));
    const parts = data ? [...walkSubsections(data)] : [];
    const fileNames = parseFileNames(parts);
    return {
      bytes: data?.length ?? 0,
      runs: parseLineRuns(parts, this.#parts.places.sections, fileNames),
      fileNames,
      inlinees: parseInlinees(parts),
      stream: module?.stream === undefined ? undefined : valueOf(this.#parts.pdb.msf.stream(module.stream)),
    };
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
