/** The folders of the symbol, image and source path: which the person has picked, and what lies in them. */
import { SourceError } from '../../base/problem.ts';
import { checkIdentity, unpackBody } from './checked.ts';
import type { Directory, Effects, Failure, FileBody } from './effects.ts';
import { type FolderFile, openBelow, walkCandidates } from './folder.ts';
import type { NoiseLog } from './noise.ts';
import { moreTelling } from './status.ts';
import { readPointer } from './storepath.ts';
import { plainFolder, sameFolder } from './sympath.ts';
import type { Want } from './want.ts';

const NAME = 'folders';
const MAX_POINTER = 64 * 1024;

/** `ask-again`: picked before, and the browser wants the person's word anew. */
export type FolderState = 'not-picked' | 'ready' | 'ask-again';

interface Picked {
  readonly path: string;
  readonly handle: unknown;
  readonly directory: Directory;
  readonly recursive: boolean;
  allowed: boolean;
}

/** What lies in folders: the file, or the failure that says most where none fitted. */
export type LocalFind = { readonly ok: true; readonly body: FileBody; readonly origin: string } | { readonly ok: false; readonly failure: Failure | undefined };

export class PickedFolders {
  readonly #effects: Effects;
  readonly #noise: NoiseLog;
  #picked: Picked[] = [];

  constructor(effects: Effects, noise: NoiseLog) {
    this.#effects = effects;
    this.#noise = noise;
  }

  async load(): Promise<void> {
    const saved = await this.#effects.store.readValue(NAME);
    for (const entry of Array.isArray(saved) ? (saved as unknown[]) : []) {
      if (typeof entry !== 'object' || entry === null || !('path' in entry) || !('handle' in entry) || typeof entry.path !== 'string') continue;
      const directory = this.#effects.directories.open(entry.handle);
      if (!directory) continue;
      const allowed = await this.#effects.directories.allowed(entry.handle);
      this.#picked.push({ path: entry.path, handle: entry.handle, directory, recursive: 'recursive' in entry && entry.recursive === true, allowed });
    }
  }

  stateOf(path: string): { readonly state: FolderState; readonly recursive: boolean } {
    const picked = this.#find(path);
    return { state: picked ? (picked.allowed ? 'ready' : 'ask-again') : 'not-picked', recursive: picked?.recursive ?? false };
  }
  handleOf(path: string): unknown {
    return this.#find(path)?.handle ?? null;
  }

  /** False where the handle is none. */
  async pick(path: string, handle: unknown, recursive: boolean): Promise<boolean> {
    const directory = this.#effects.directories.open(handle);
    if (!directory) return false;
    this.#picked = [...this.#picked.filter((other) => !sameFolder(other.path, path)), { path, handle, directory, recursive, allowed: true }];
    await this.#save();
    return true;
  }
  async setRecursive(path: string, recursive: boolean): Promise<void> {
    this.#picked = this.#picked.map((one) => (sameFolder(one.path, path) ? { ...one, recursive } : one));
    await this.#save();
  }
  async forget(path: string): Promise<void> {
    this.#picked = this.#picked.filter((other) => !sameFolder(other.path, path));
    await this.#save();
  }
  /** After the person was asked: what the browser says now. */
  async askAllowed(path: string): Promise<boolean> {
    const picked = this.#find(path);
    if (picked) picked.allowed = await this.#effects.directories.allowed(picked.handle);
    return picked?.allowed ?? false;
  }

  /** The directories of these folders that can be read now, in their order. */
  ready(paths: readonly string[]): readonly { readonly path: string; readonly directory: Directory; readonly recursive: boolean }[] {
    return paths.flatMap((path) => {
      const picked = this.#find(path);
      return picked?.allowed ? [{ path, directory: picked.directory, recursive: picked.recursive }] : [];
    });
  }

  async find(want: Want, paths: readonly string[], extension: string): Promise<LocalFind> {
    let failure: Failure | undefined;
    for (const folder of this.ready(paths)) {
      try {
        for await (const file of walkCandidates(folder.directory, want, { recursive: folder.recursive, extension })) {
          const got = await this.#take(want, file, folder);
          if (got.ok) return got;
          failure = got.failure ? moreTelling(failure, got.failure) : failure;
        }
      } catch (error) {
        // A folder that went away or is no longer allowed: the rest of the path goes on.
        if (!(error instanceof SourceError)) throw error;
        this.#noise.said(`${folder.path} - ${error.message}`);
      }
    }
    return { ok: false, failure };
  }

  async #take(want: Want, file: FolderFile, folder: { readonly path: string; readonly directory: Directory }): Promise<LocalFind> {
    const at = [folder.path, ...file.parts].join('\\');
    const body = file.shape === 'pointer' ? await this.#follow(await file.open(), folder) : await file.open();
    const failure = body ? undefined : ({ code: 'NOT_ON_SERVER', detail: `${at} points elsewhere` } as const);
    const unpacked = body && (await unpackBody(want, body, this.#effects));
    const fault = failure ?? (unpacked?.ok ? checkIdentity(want, unpacked.body, this.#effects) : unpacked?.failure);
    this.#noise.lookedAt(at, fault ? fault.code : 'OK');
    if (fault || !unpacked?.ok) return { ok: false, failure: fault && { ...fault, detail: `${at}: ${fault.detail}` } };
    return { ok: true, body: unpacked.body, origin: at };
  }

  /** A pointer into the same folder, or into another that was picked. */
  async #follow(pointer: FileBody, folder: { readonly path: string; readonly directory: Directory }): Promise<FileBody | undefined> {
    const text = new TextDecoder('utf-8').decode(pointer.source.readBlock(0, MAX_POINTER));
    for (const { path, directory } of [folder, ...this.#picked.filter(({ allowed }) => allowed)]) {
      const target = readPointer(text, plainFolder(path));
      if (target.to === 'parts') return openBelow(directory, target.parts);
    }
    this.#noise.said(`file.ptr: ${text.slice(0, 300).trim()}`);
    return undefined;
  }

  #find(path: string): Picked | undefined {
    return this.#picked.find((one) => sameFolder(one.path, path));
  }
  async #save(): Promise<void> {
    const kept = this.#picked.filter(({ handle }) => this.#effects.directories.keepable(handle));
    await this.#effects.store.writeValue(
      NAME,
      kept.map(({ path, handle, recursive }) => ({ path, handle, recursive })),
    );
  }
}
