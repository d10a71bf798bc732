/** What is open: nothing, one dump, or several with a table over them. */
import type { FirstFacts, ProgressNote, VerdictView } from '../../workers/api/analysis.ts';
import type { Problem } from '../../workers/base/problem.ts';
import type { ProblemText } from '../text/problems.ts';
import { Unpacking } from './archives.ts';
import { Engine, warmUp } from './client.ts';
import { Dump } from './dump.svelte.ts';

export interface Entry {
  readonly name: string;
  /** Null where an archive did not give it out. */
  readonly file: File | null;
  readonly state: 'waiting' | 'reading' | 'read' | 'failed';
  readonly facts: FirstFacts | null;
  readonly verdict: VerdictView | null;
  readonly problem: Problem | null;
}

export interface Failure {
  readonly name: string;
  readonly problem: Problem;
  /** In place of the words of the code, where those would be about something else. */
  readonly text?: ProblemText;
}

const waiting = (file: File): Entry => ({ name: file.name, file, state: 'waiting', facts: null, verdict: null, problem: null });

const NOT_ALLOWED: Problem = { code: 'READ_DENIED', detail: 'the browser was not allowed to open it' };

class Session {
  dump = $state.raw<Dump | null>(null);
  entries = $state.raw<readonly Entry[]>([]);
  /** What could not be opened at all: an archive that gave out nothing, the sample where it could not be fetched. */
  failure = $state.raw<Failure | null>(null);
  #unpackNote = $state.raw<ProgressNote | null>(null);
  #unpacking: Unpacking | null = null;
  #round = 0;

  get progress(): ProgressNote | null {
    return this.#unpackNote ?? this.dump?.progress ?? null;
  }
  async cancel(): Promise<void> {
    if (this.#unpacking) this.#unpacking.stop();
    else await this.dump?.cancel();
  }

  /** Opens what was given, archives unpacked; `refused` names what could not be had. Says which view shows it; null where it was cancelled. */
  async take(files: readonly File[], refused: readonly string[] = []): Promise<'verdict' | 'list' | null> {
    const { files: dumps, failed: broken } = await this.#unpacked(files);
    const failed = [...broken, ...refused.map((name) => ({ name, problem: NOT_ALLOWED }))];
    this.failure = null;
    const [first] = dumps;
    if (first && dumps.length + failed.length === 1) {
      this.#forget();
      this.open(first);
      return 'verdict';
    }
    const [only] = failed;
    if (!first && !only) return null;
    if (!first && only && failed.length === 1) return this.fail(only);
    this.entries = [
      ...dumps.map(waiting),
      ...failed.map(({ name, problem }): Entry => ({ name, file: null, state: 'failed', facts: null, verdict: null, problem })),
    ];
    void this.#summariseAll();
    return 'list';
  }

  /** Opens one file; the former dump's worker ends. */
  open(file: File): Dump {
    this.failure = null;
    if (this.dump?.file === file) return this.dump;
    this.dump?.close();
    const dump = new Dump(file);
    this.dump = dump;
    void dump.facts.load().then(() => {
      // The next spare starts when the dump at hand is read, so as not to slow it down.
      if (dump.facts.state.at === 'ready') void dump.verdict.load().then(warmUp);
    });
    return dump;
  }

  fail(failure: Failure): 'verdict' | null {
    if (failure.problem.code === 'CANCELLED') return null;
    this.#forget();
    this.failure = failure;
    return 'verdict';
  }
  #forget(): void {
    this.#round += 1;
    this.entries = [];
  }

  async #unpacked(files: readonly File[]): ReturnType<Unpacking['take']> {
    if (!(await Unpacking.needed(files))) return { files, failed: [] };
    const unpacking = new Unpacking();
    this.#unpacking = unpacking;
    const taken = await unpacking.take(files, (note) => (this.#unpackNote = note));
    this.#unpacking = null;
    this.#unpackNote = null;
    return taken;
  }

  /** Reads header and verdict of each file in a few workers; the rows fill in place. */
  async #summariseAll(): Promise<void> {
    const round = ++this.#round;
    const count = this.entries.length;
    const workers = Math.max(1, Math.min(4, (navigator.hardwareConcurrency || 2) - 1, count));
    let next = 0;
    const take = async (): Promise<void> => {
      const engine = new Engine();
      while (next < count && round === this.#round) await this.#summarise(engine, next++, round);
      engine.end();
    };
    await Promise.all(Array.from({ length: workers }, take));
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
