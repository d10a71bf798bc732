import { rvaOf, type Va } from '../base/address.ts';
import type { Module, ModuleList, ModulePlace, UnloadedModule } from './module.ts';

const byBase = (a: Module, b: Module): number => (a.base < b.base ? -1 : a.base > b.base ? 1 : 0);

/**
 * Loaded and unloaded modules. `modules` keeps the dump's order; lookups search a copy sorted by base.
 * Where two modules overlap (a damaged list), the one with the higher base that still holds the address wins.
 */
export class SortedModuleList implements ModuleList {
  readonly modules: readonly Module[];
  readonly unloaded: readonly UnloadedModule[];
  readonly #sorted: readonly Module[];
  /** For each place in `#sorted` the highest end so far, so that a search knows when to stop going down. */
  readonly #highestEnd: readonly bigint[];
  readonly #byName = new Map<string, Module>();

  constructor(modules: readonly Module[], unloaded: readonly UnloadedModule[] = []) {
    this.modules = modules;
    this.unloaded = unloaded;
    this.#sorted = [...modules].sort(byBase);
    const ends: bigint[] = [];
    for (const module of this.#sorted) {
      const end = module.base + BigInt(module.size);
      const before = ends.at(-1) ?? 0n;
      ends.push(end > before ? end : before);
    }
    this.#highestEnd = ends;
    for (const module of modules) {
      for (const name of [module.name, module.imageName]) {
        const key = name.toLowerCase();
        if (!this.#byName.has(key)) this.#byName.set(key, module);
      }
    }
  }

  find(at: Va): ModulePlace | undefined {
    for (let index = this.#lastStartingAtOrBelow(at); index >= 0; index--) {
      if ((this.#highestEnd[index] ?? 0n) <= at) return undefined;
      const module = this.#sorted[index];
      if (!module || at - module.base >= BigInt(module.size)) continue;
      const offset = rvaOf(at, module.base);
      return offset === undefined ? undefined : { module, rva: offset };
    }
    return undefined;
  }

  /** The dump lists the newest first, so the first hit is the last that lay there. */
  findUnloaded(at: Va): UnloadedModule | undefined {
    return this.unloaded.find((module) => at >= module.start && at < module.end);
  }

  byName(name: string): Module | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  #lastStartingAtOrBelow(at: Va): number {
    let low = 0;
    let high = this.#sorted.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const module = this.#sorted[middle];
      if (module && module.base > at) high = middle - 1;
      else low = middle + 1;
    }
    return high;
  }
}
