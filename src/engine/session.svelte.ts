/** What is open: nothing, one dump, or several with a table over them. */
import type { FirstFacts, VerdictView } from '../../workers/api/analysis.ts';
import type { Problem } from '../../workers/base/problem.ts';
import type { Refused } from './archives.svelte.ts';
import { Engine } from './client.ts';
import { Dump } from './dump.svelte.ts';

export interface Entry {
  readonly file: File;
  readonly state: 'waiting' | 'reading' | 'read' | 'failed';
  readonly facts: FirstFacts | null;
  readonly verdict: VerdictView | null;
  readonly problem: Problem | null;
}

class Session {
  dump = $state.raw<Dump | null>(null);
  entries = $state.raw<readonly Entry[]>([]);
  #round = 0;

  /** Opens one file; the former dump's worker ends. */
  open(file: File): Dump {
    if (this.dump?.file === file) return this.dump;
    this.dump?.close();
    const dump = new Dump(file);
    this.dump = dump;
    void dump.facts.load().then(() => {
      if (dump.facts.state.at === 'ready') void dump.verdict.load();
    });
    return dump;
  }

  /** Reads header and verdict of each file in a few workers; the rows fill in place. `refused` are rows that failed before. */
  async list(files: readonly File[], refused: readonly Refused[] = []): Promise<void> {
    const round = ++this.#round;
    const waiting = files.map((file): Entry => ({ file, state: 'waiting', facts: null, verdict: null, problem: null }));
    const failed = refused.map(({ name, problem }): Entry => ({ file: new File([], name), state: 'failed', facts: null, verdict: null, problem }));
    this.entries = [...waiting, ...failed];
    const workers = Math.max(1, Math.min(4, (navigator.hardwareConcurrency || 2) - 1, files.length));
    let next = 0;
    const take = async (): Promise<void> => {
      const engine = new Engine();
      while (next < files.length && round === this.#round) await this.#summarise(engine, next++, round);
      engine.end();
    };
    await Promise.all(Array.from({ length: workers }, take));
  }

  forgetList(): void {
    this.#round += 1;
    this.entries = [];
  }

  async #summarise(engine: Engine, index: number, round: number): Promise<void> {
    const file = this.entries[index]?.file;
    if (!file) return;
    const set = (change: Partial<Entry>): void => {
      if (round === this.#round) this.entries = this.entries.map((entry, at) => (at === index ? { ...entry, ...change } : entry));
    };
    set({ state: 'reading' });
    const facts = await engine.ask((api) => api.open(file, file.name));
    if (!facts.ok) return set({ state: 'failed', problem: facts.problem });
    set({ facts: facts.value });
    const verdict = await engine.ask((api) => api.verdict());
    set(verdict.ok ? { state: 'read', verdict: verdict.value } : { state: 'failed', problem: verdict.problem });
  }
}

export const session = new Session();
