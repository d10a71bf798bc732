/** What is open: nothing, one dump, or several with the casebook over them. */
import type { ProgressNote } from '../../workers/api/analysis.ts';
import type { Problem } from '../../workers/base/problem.ts';
import type { ProblemText } from '../text/problems.ts';
import { Unpacking } from './archives.ts';
import { warmUp } from './client.ts';
import { Dump } from './dump.svelte.ts';

export interface Failure {
  readonly name: string;
  readonly problem: Problem;
  /** In place of the words of the code, where those would be about something else. */
  readonly text?: ProblemText;
}

/** A view and what its fragment names. */
export interface Shown {
  readonly view: 'verdict' | 'casebook';
  readonly params: Readonly<Record<string, string>>;
}

const NOT_ALLOWED: Problem = { code: 'READ_DENIED', detail: 'the browser was not allowed to open it' };

class Session {
  dump = $state.raw<Dump | null>(null);
  /** All files of this page, by the number that fragments name them by. */
  files = $state.raw<readonly File[]>([]);
  /** True once several were opened together. */
  several = $state(false);
  /** What could not be opened at all: an archive that gave out nothing, the sample where it could not be fetched. */
  failure = $state.raw<Failure | null>(null);
  #unpackNote = $state.raw<ProgressNote | null>(null);
  #unpacking: Unpacking | null = null;

  get progress(): ProgressNote | null {
    return this.#unpackNote ?? this.dump?.progress ?? null;
  }
  async cancel(): Promise<void> {
    if (this.#unpacking) this.#unpacking.stop();
    else await this.dump?.cancel();
  }

  /** Opens what was given, archives unpacked; `refused` names what could not be had. Says what shows it; null where it was cancelled. */
  async take(files: readonly File[], refused: readonly string[] = []): Promise<Shown | null> {
    const { files: dumps, failed: broken } = await this.#unpacked(files);
    const failed = [...broken, ...refused.map((name) => ({ name, problem: NOT_ALLOWED }))];
    this.failure = null;
    const [first] = dumps;
    const [only] = failed;
    if (!first && !only) return null;
    if (!first && only && failed.length === 1) return this.fail(only);
    const from = this.files.length;
    this.files = [...this.files, ...dumps];
    if (first && dumps.length + failed.length === 1) {
      this.open(first);
      return { view: 'verdict', params: from === 0 ? {} : { d: String(from) } };
    }
    this.several = true;
    void import('./casebook.svelte.ts').then(({ casebook }) => casebook.take(dumps, from, failed));
    return { view: 'casebook', params: {} };
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

  fail(failure: Failure): Shown | null {
    if (failure.problem.code === 'CANCELLED') return null;
    this.failure = failure;
    return { view: 'verdict', params: {} };
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
}

export const session = new Session();
