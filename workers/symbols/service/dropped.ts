/** Files that the person dropped and folders that were picked: known by what stands in them, not by their names. */
import type { Problem } from '../../base/problem.ts';
import type { FileBody, SymbolFormats } from './effects.ts';
import type { LocalFind } from './folders.ts';
import { identify } from './identify.ts';
import type { Want } from './want.ts';

const MAX_FILES = 20_000;

export interface AddedFiles {
  readonly taken: readonly { readonly name: string; readonly kind: 'pdb' | 'image'; readonly key: string }[];
  readonly ignored: readonly { readonly name: string; readonly problem: Problem }[];
}

interface Held {
  readonly name: string;
  readonly body: FileBody;
}

export class DroppedFiles {
  readonly #formats: SymbolFormats;
  readonly #pdbs = new Map<string, Held>();
  readonly #images = new Map<string, Held[]>();

  constructor(formats: SymbolFormats) {
    this.#formats = formats;
  }

  get count(): number {
    return this.#pdbs.size + this.#images.size;
  }

  /** `breathe` lets other work in between. */
  async add(files: readonly Held[], breathe: () => Promise<void>): Promise<AddedFiles> {
    const taken: AddedFiles['taken'][number][] = [];
    const ignored: AddedFiles['ignored'][number][] = [];
    for (const [index, file] of files.slice(0, MAX_FILES).entries()) {
      if (index % 32 === 31) await breathe();
      const sorted = await identify(file.body, this.#formats);
      if ('code' in sorted) {
        ignored.push({ name: file.name, problem: sorted });
        continue;
      }
      if (this.#formats.isPartial(sorted.body.source)) {
        ignored.push({ name: file.name, problem: { code: 'BAD_PE', detail: 'only parts of an image; it can be imported' } });
        continue;
      }
      for (const key of sorted.keys) this.#keep(sorted.kind, key, { name: file.name, body: sorted.body });
      taken.push({ name: file.name, kind: sorted.kind, key: sorted.keys[0] ?? '' });
    }
    for (const file of files.slice(MAX_FILES)) {
      ignored.push({ name: file.name, problem: { code: 'TOO_LARGE', detail: `more than ${MAX_FILES} files at once` } });
    }
    return { taken, ignored };
  }

  find(want: Want): LocalFind {
    const key = want.key.toLowerCase();
    const all = want.kind === 'pdb' ? [this.#pdbs.get(key) ?? []].flat() : (this.#images.get(key) ?? []);
    const named = all.find((held) => want.kind === 'pdb' || want.names.some((name) => name.toLowerCase() === held.name.toLowerCase()));
    // A renamed copy is still the image: time and size agree. A time of zero says too little for that.
    const only = all.length === 1 && want.kind === 'image' && want.identity.timestamp !== 0 ? all[0] : undefined;
    const held = named ?? only;
    if (held) return { ok: true, body: held.body, origin: held.name };
    if (all.length < 2) return { ok: false, failure: undefined };
    const names = all.map(({ name }) => name).join(', ');
    return {
      ok: false,
      failure: { code: 'MISMATCH', detail: `${all.length} images bear the identity ${want.key} (${names}), none under the name ${want.names[0]}` },
    };
  }

  #keep(kind: 'pdb' | 'image', key: string, held: Held): void {
    if (kind === 'pdb') this.#pdbs.set(key, held);
    else this.#images.set(key, [...(this.#images.get(key) ?? []).filter((other) => other.name !== held.name), held]);
  }
}
