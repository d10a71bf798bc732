/** Types a module: out of its PDB; for the kernel also the layouts kept for its build. */
import { type Found, firstFound, missing, thenFound } from '../base/found.ts';
import type { Module } from '../modules/module.ts';
import type { SymbolProvider } from '../symbols/provider.ts';
import type { LayoutFile } from './layouts/layoutfile.ts';
import { kernelLayoutTypes } from './layouts/layouttypes.ts';
import { openPdbTypes } from './pdbtypes.ts';
import type { TypeTable } from './type.ts';

export interface ModuleTypesParts {
  readonly symbols: SymbolProvider;
  readonly build: Found<number>;
  readonly layouts: Found<LayoutFile>;
}

export class ModuleTypes {
  readonly #parts: ModuleTypesParts;
  readonly #tables = new Map<string, Found<TypeTable>>();
  #revision = -1;

  constructor(parts: ModuleTypesParts) {
    this.#parts = parts;
  }

  of(module: Module): Found<TypeTable> {
    const { symbols } = this.#parts;
    if (this.#revision !== symbols.revision) this.#tables.clear();
    this.#revision = symbols.revision;
    const key = `${module.base}`;
    const table = this.#tables.get(key) ?? this.#open(module);
    this.#tables.set(key, table);
    return table;
  }

  #open(module: Module): Found<TypeTable> {
    const { symbols, build, layouts } = this.#parts;
    const own = thenFound(symbols.pdb(module), (pdb) => openPdbTypes(pdb, `the PDB of ${module.name}`));
    if (own.ok || module.name !== 'nt') return own;
    return firstFound<TypeTable>([() => own, () => thenFound(layouts, (file) => thenFound(build, (known) => kernelLayoutTypes(file, known, own.missing)))]);
  }
}

/** Where nobody loaded them. */
export const NO_LAYOUTS: Found<LayoutFile> = missing({ why: 'not-computed', detail: 'the kept layouts were not loaded' });
