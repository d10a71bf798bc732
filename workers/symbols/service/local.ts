/** Whatever needs nobody's consent, in this order: dropped files, folders that were picked, the store. */
import { type Arrival, arrivalOf } from './arrival.ts';
import type { SymbolCache } from './cache.ts';
import { type AddedFiles, DroppedFiles } from './dropped.ts';
import type { Effects, Failure, FileBody, PutResult } from './effects.ts';
import { PickedFolders } from './folders.ts';
import type { NoiseLog } from './noise.ts';
import { DroppedSources } from './sources.ts';
import { moreTelling } from './status.ts';
import { foldersOfPath, type PathKind, type SymbolPath } from './sympath.ts';
import type { ModuleRequest, Want } from './want.ts';

/** For a PDB the image path comes after the symbol path, and the other way round. */
const SEARCHED: Readonly<Record<Want['kind'], readonly PathKind[]>> = { pdb: ['symbols', 'images'], image: ['images', 'symbols'] };

export interface LocalSearch {
  readonly paths: Readonly<Record<PathKind, SymbolPath>>;
  /** Of an image all its bytes are wanted. */
  readonly whole: boolean;
}

export type LocalAnswer =
  { readonly ok: true; readonly arrival: Arrival; readonly kept: PutResult | 'at-hand' } | { readonly ok: false; readonly failure: Failure | undefined };

export class LocalFiles {
  readonly folders: PickedFolders;
  readonly sources = new DroppedSources();
  readonly #effects: Effects;
  readonly #noise: NoiseLog;
  readonly #cache: SymbolCache;
  readonly #dropped: DroppedFiles;

  constructor(effects: Effects, noise: NoiseLog, cache: SymbolCache) {
    this.#effects = effects;
    this.#noise = noise;
    this.#cache = cache;
    this.#dropped = new DroppedFiles(effects.formats);
    this.folders = new PickedFolders(effects, noise);
  }

  add(files: readonly { readonly name: string; readonly body: FileBody }[]): Promise<AddedFiles> {
    return this.#dropped.add(files, () => this.#effects.clock.sleep(0));
  }
  hasDropped(want: Want): boolean {
    return this.#dropped.find(want).ok;
  }

  async find(want: Want, request: ModuleRequest, { paths, whole }: LocalSearch): Promise<LocalAnswer> {
    const dropped = this.#dropped.find(want);
    const folders = SEARCHED[want.kind].flatMap((of) => foldersOfPath(paths[of]));
    const extension = /\.(\w{1,8})$/.exec(request.imageName)?.[1]?.toLowerCase() ?? '';
    const local = dropped.ok ? dropped : await this.folders.find(want, folders, extension);
    if (local.ok) return { ok: true, arrival: await arrivalOf(want, local, this.#effects, this.#noise), kept: 'at-hand' };
    const stored = await this.#cache.find(want, whole);
    if (stored) return { ok: true, arrival: stored, kept: 'stored' };
    const failures = [dropped.ok ? undefined : dropped.failure, local.failure].flatMap((failure) => failure ?? []);
    return { ok: false, failure: failures.reduce<Failure | undefined>(moreTelling, undefined) };
  }
}
