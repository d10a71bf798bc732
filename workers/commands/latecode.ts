/** Code of commands that is a chunk of its own, fetched at its first use: few dumps need it, and the analysis worker is near its size. */
import type { Job } from '../base/job.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';

export class LateCode<W> {
  readonly #what: string;
  readonly #fetch: () => Promise<W>;
  #code: W | undefined;

  /** @param what names it where it cannot be fetched. */
  constructor(what: string, fetch: () => Promise<W>) {
    this.#what = what;
    this.#fetch = fetch;
  }

  /** For callers that cannot wait, ahead of their first line. */
  async load(): Promise<void> {
    try {
      this.#code ??= await this.#fetch();
    } catch {
      // `use` says so, and the next use tries again.
    }
  }

  /** A step that `drive` waits for, then the code. */
  *use(): Job<Reply<W>> {
    if (!this.#code) yield { need: 'code', loading: this.load() };
    return this.#code ? reply(this.#code) : refuse('BAD_ARGUMENT', `the code of ${this.#what} could not be loaded`, { at: 0 });
  }
}
