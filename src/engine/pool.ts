/** Many dumps read by a few workers: each gives the facts of a dump and forgets it before the next. */
import { refuse, type Reply } from '../../workers/base/problem.ts';
import type { DumpFacts } from '../../workers/verdict/casebook/facts.ts';
import { Engine } from './client.ts';

const MOST_WORKERS = 4;
/** A dump that takes longer than this is passed over, so that one cannot hold up the rest. */
const PATIENCE_MS = 60_000;

export interface PoolJob {
  readonly files: readonly File[];
  /** By the place of the file; `undefined` when its reading begins. */
  readonly told: (index: number, answer: Reply<DumpFacts> | undefined) => void;
}

export class Pool {
  readonly #engines = new Set<Engine>();
  #stopped = false;

  async run({ files, told }: PoolJob): Promise<void> {
    const workers = Math.max(1, Math.min(MOST_WORKERS, (navigator.hardwareConcurrency || 2) - 1, files.length));
    let next = 0;
    const work = async (): Promise<void> => {
      let engine = this.#start();
      while (next < files.length && !this.#stopped) {
        const index = next++;
        told(index, undefined);
        const answer = await this.#summarise(engine, files[index] as File);
        if (this.#stopped) break;
        told(index, answer);
        // A worker that broke, or that was ended for its slowness, is replaced: the next dump is not at fault.
        if (!answer.ok && (answer.problem.code === 'DEFECT' || answer.problem.code === 'CANCELLED')) {
          this.#end(engine);
          engine = this.#start();
        }
      }
      this.#end(engine);
    };
    await Promise.all(Array.from({ length: workers }, work));
  }

  stop(): void {
    this.#stopped = true;
    for (const engine of [...this.#engines]) this.#end(engine);
  }

  async #summarise(engine: Engine, file: File): Promise<Reply<DumpFacts>> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<Reply<never>>((settle) => {
      timer = setTimeout(() => settle(refuse('CANCELLED', `it took longer than ${PATIENCE_MS / 1000} seconds`)), PATIENCE_MS);
    });
    const read = async (): Promise<Reply<DumpFacts>> => {
      const opened = await engine.ask((api) => api.open(file, file.name));
      return opened.ok ? engine.ask((api) => api.summarise()) : opened;
    };
    const answer = await Promise.race([read(), late]);
    clearTimeout(timer);
    return answer;
  }

  #start(): Engine {
    const engine = new Engine();
    this.#engines.add(engine);
    return engine;
  }
  #end(engine: Engine): void {
    this.#engines.delete(engine);
    engine.end();
  }
}
