/** Code of commands that is a chunk of its own, fetched at its first use: few dumps need it, and the analysis worker is near its size. */
import type { Job } from '../base/job.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';

export class LateCode<W> {
  readonly #what: string;
  readonly #fetch: () => Promise<W>;
  #code: W | undefined;
  #failure: unknown;

  /** @param what names it where it cannot be fetched. */
  constructor(what: string, fetch: () => Promise<W>) {
    this.#what = what;
    this.#fetch = fetch;
  }

  /** For callers that cannot wait, ahead of their first line. */
  async load(): Promise<void> {
    try {
      this.#code ??= await this.#fetch();
    } catch (error) {
      this.#failure = error; // `use` says so, and the next use tries again.
    }
  }

  /** A step that `drive` waits for, then the code. */
  *use(): Job<Reply<W>> {
    if (!this.#code) yield { need: 'code', loading: this.load() };
    return this.#code ? reply(this.#code) : this.#refusal();
  }

  /** A TypeError is what `import` throws where nothing could be fetched (HTML Standard, "fetch a single module script"). */
  #refusal(): Reply<W> {
    const words = this.#failure instanceof Error ? `: ${this.#failure.message}` : '';
    return refuse(this.#failure instanceof TypeError ? 'OFFLINE' : 'DEFECT', `the code of ${this.#what} could not be loaded${words}`);
  }
}
