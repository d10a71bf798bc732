/** Files as they were dropped, with archives replaced by the dumps in them. */
import type { ProgressNote } from '../../workers/api/analysis.ts';
import type { Problem } from '../../workers/base/problem.ts';
import { lockName } from '../../workers/worlds/browser/lock.ts';
import { Engine, progressPort } from './client.ts';

export interface Refused {
  readonly name: string;
  readonly problem: Problem;
}
export interface Expanded {
  readonly files: readonly File[];
  readonly refused: readonly Refused[];
}

/** Archives by their names: only these are worth a worker before anything is opened. What they are, their bytes tell the worker. */
const ARCHIVISH = /\.(zip|gz|cab|7z|rar|xz|zst|bz2)$/i;

class Archives {
  progress = $state.raw<ProgressNote | null>(null);
  #visit: string | undefined;
  #engine: Engine | undefined;

  async expand(files: readonly File[]): Promise<Expanded> {
    if (!files.some((file) => ARCHIVISH.test(file.name))) return { files, refused: [] };
    const found: File[] = [];
    const refused: Refused[] = [];
    const engine = new Engine();
    this.#engine = engine;
    const visit = this.#hold(engine);
    for (const file of files) {
      if (!ARCHIVISH.test(file.name)) {
        found.push(file);
        continue;
      }
      this.progress = { what: file.name, done: 0, of: null };
      const note = progressPort((said) => (this.progress = said));
      const answer = await engine.ask((api) => api.unpack(file, visit, note));
      if (!answer.ok) refused.push({ name: file.name, problem: answer.problem });
      else {
        found.push(...answer.value.files);
        refused.push(...answer.value.refused.map(({ path, problem }) => ({ name: `${file.name}: ${path}`, problem })));
      }
    }
    this.progress = null;
    this.#engine = undefined;
    engine.end();
    return { files: found, refused };
  }

  async cancel(): Promise<void> {
    await this.#engine?.cancel();
  }

  /** Holds this visit's folder for as long as the page lives, and has the worker remove those of visits that have ended. */
  #hold(engine: Engine): string {
    if (this.#visit !== undefined) return this.#visit;
    const visit = crypto.randomUUID();
    this.#visit = visit;
    void navigator.locks.request(lockName(visit), () => new Promise(() => undefined));
    void engine.forgetUnpacked();
    return visit;
  }
}

export const archives = new Archives();
