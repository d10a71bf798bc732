/** Types a module: out of its PDB; for the kernel also the layouts kept for its build. */
import { type Found, firstFound, missing, type MissingReason, thenFound } from '../base/found.ts';
import type { Module } from '../modules/module.ts';
import type { SymbolProvider } from '../symbols/provider.ts';
import type { LayoutFile } from './layouts/layoutfile.ts';
import { kernelLayoutTypes } from './layouts/layouttypes.ts';
import { openPdbTypes } from './pdbtypes.ts';
import type { TypeTable } from './type.ts';

export interface ModuleTypesParts {
  readonly symbols: SymbolProvider;
  readonly arch: string;
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
    const own = thenFound(this.#parts.symbols.pdb(module), (pdb) => openPdbTypes(pdb, `the PDB of ${module.name}`));
    if (own.ok || module.name !== 'nt') return own;
    return firstFound<TypeTable>([() => own, () => this.#kept(own.missing)]);
  }

  /** The layouts kept for this very processor and build. */
  #kept(instead: MissingReason): Found<TypeTable> {
    const { arch, build, layouts } = this.#parts;
    return thenFound(layouts, (file) =>
      thenFound(build, (known) =>
        file.arch === arch ? kernelLayoutTypes(file, known, instead) : missing({ why: 'unknown-layout', type: 'kernel types', build: `${arch} ${known}` }),
      ),
    );
  }
}

/** Where nobody loaded them. */
export const NO_LAYOUTS: Found<LayoutFile> = missing({ why: 'not-computed', detail: 'the kept layouts were not loaded' });
