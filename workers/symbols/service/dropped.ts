/** Files that the person dropped and folders that were picked: known by what stands in them, not by their names. */
import type { Problem } from '../../base/problem.ts';
import { SourceError } from '../../base/problem.ts';
import type { FileBody, SymbolFormats } from './effects.ts';
import { sniff } from './sniff.ts';
import type { Want } from './want.ts';

const MAX_FILES = 20_000;
/** Unpacked in memory, so bounded below the cap of a download. */
const MAX_CAB = 256 * 1024 * 1024;

export interface AddedFiles {
  readonly taken: readonly { readonly name: string; readonly kind: 'pdb' | 'image'; readonly key: string }[];
  readonly ignored: readonly { readonly name: string; readonly problem: Problem }[];
}

interface Held {
  readonly name: string;
  readonly body: FileBody;
}
type Sorted = { readonly kind: 'pdb' | 'image'; readonly keys: readonly string[]; readonly body: FileBody } | Problem;

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
      const sorted = await this.#sort(file.body);
      if ('code' in sorted) {
        ignored.push({ name: file.name, problem: sorted });
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

  find(want: Want): Held | undefined {
    const key = want.key.toLowerCase();
    if (want.kind === 'pdb') return this.#pdbs.get(key);
    const all = this.#images.get(key) ?? [];
    const named = all.find((held) => want.names.some((name) => name.toLowerCase() === held.name.toLowerCase()));
    // A renamed copy is still the image: time and size agree. A time of zero says too little for that.
    return named ?? (all.length === 1 && want.identity.timestamp !== 0 ? all[0] : undefined);
  }

  #keep(kind: 'pdb' | 'image', key: string, held: Held): void {
    if (kind === 'pdb') this.#pdbs.set(key, held);
    else this.#images.set(key, [...(this.#images.get(key) ?? []), held]);
  }

  async #sort(body: FileBody): Promise<Sorted> {
    try {
      const kind = sniff(body.source.readBlock(0, 64));
      return kind === 'cab' ? await this.#unpack(body) : this.#identify(body, kind);
    } catch (error) {
      if (error instanceof SourceError) return { code: error.code, detail: error.message };
      throw error;
    }
  }

  async #unpack(body: FileBody): Promise<Sorted> {
    if (body.source.size > MAX_CAB) return { code: 'TOO_LARGE', detail: `a cabinet of ${body.source.size} bytes` };
    const unpacked = await this.#formats.unpackCab(body.source);
    if (!unpacked.ok) return unpacked.problem;
    return this.#identify(unpacked.value, sniff(unpacked.value.source.readBlock(0, 64)));
  }

  #identify(body: FileBody, kind: ReturnType<typeof sniff>): Sorted {
    if (kind === 'msf' || kind === 'pe') {
      const keys = kind === 'msf' ? this.#formats.keysOfPdb(body.source) : this.#formats.keysOfImage(body.source);
      if (!keys.ok) return keys.problem;
      return { kind: kind === 'msf' ? 'pdb' : 'image', keys: keys.value.map((key) => key.toLowerCase()), body };
    }
    return { code: 'BAD_PDB', detail: `not a PDB, image or cabinet of one: ${kind}` };
  }
}
