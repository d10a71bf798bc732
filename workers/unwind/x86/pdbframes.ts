/** Frame data of the modules whose PDBs are at hand, opened as asked. */
import type { Va } from '../../base/address.ts';
import { type Found, found, mapFound, missing } from '../../base/found.ts';
import { SourceError } from '../../base/problem.ts';
import { type FpoData, type FrameData, FrameTable } from '../../formats/pdb/framedata.ts';
import { readPlaces } from '../../formats/pdb/sections.ts';
import type { ModuleList } from '../../modules/module.ts';
import { throughOmap } from '../../symbols/pack/search.ts';
import type { SymbolProvider } from '../../symbols/provider.ts';

interface ModuleFrames {
  readonly table: FrameTable;
  /** From the image as it is to the image as first linked, which the tables describe. */
  readonly toSource: (at: number) => number | undefined;
}

export interface LaidOut {
  readonly layout: FrameData | FpoData;
  /** Bytes from the start of the piece of code that the layout is of. */
  readonly offset: number;
}

export class PdbFrames {
  readonly #inputs: { readonly modules: ModuleList; readonly symbols: SymbolProvider };
  readonly #byBase = new Map<Va, Found<ModuleFrames>>();

  constructor(inputs: { readonly modules: ModuleList; readonly symbols: SymbolProvider }) {
    this.#inputs = inputs;
  }

  /** found(undefined) where no PDB says anything of that place. A PDB that can no longer be read ends no walk. */
  at(address: Va): Found<LaidOut | undefined> {
    try {
      return this.#read(address);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      return missing({ why: 'not-computed', detail: `the PDB cannot be read: ${error.code}` });
    }
  }

  #read(address: Va): Found<LaidOut | undefined> {
    const place = this.#inputs.modules.find(address);
    if (!place) return found(undefined);
    let frames = this.#byBase.get(place.module.base);
    if (!frames) {
      frames = mapFound(this.#inputs.symbols.pdb(place.module), (pdb) => {
        const places = readPlaces(pdb);
        const omap = places.ok ? places.value.omap?.toSource : undefined;
        return { table: new FrameTable(pdb), toSource: (at: number) => (omap ? throughOmap(omap.from, omap.to, at) : at) };
      });
      this.#byBase.set(place.module.base, frames);
    }
    if (!frames.ok) return frames;
    const at = frames.value.toSource(place.rva);
    if (at === undefined) return found(undefined);
    return mapFound(frames.value.table.over(at), (layout) => layout && { layout, offset: at - layout.start });
  }
}
