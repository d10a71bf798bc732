import type { Problem, Reply } from '../../workers/base/problem.ts';

export type PartState<T> =
  { readonly at: 'idle' } | { readonly at: 'busy' } | { readonly at: 'ready'; readonly value: T } | { readonly at: 'failed'; readonly problem: Problem };

/** One answer of the engine, asked for once, when a view first needs it. */
export class Part<T> {
  state = $state.raw<PartState<T>>({ at: 'idle' });
  readonly #ask: () => Promise<Reply<T>>;
  #asked: Promise<void> | undefined;
  #generation = 0;

  constructor(ask: () => Promise<Reply<T>>) {
    this.#ask = ask;
  }

  get value(): T | null {
    return this.state.at === 'ready' ? this.state.value : null;
  }

  load(): Promise<void> {
    this.#asked ??= this.#run();
    return this.#asked;
  }

  /** Asks again; what is shown stays until the new answer is there, so that rows do not vanish. */
  refresh(): Promise<void> {
    this.#asked = this.#run();
    return this.#asked;
  }

  async #run(): Promise<void> {
    const generation = ++this.#generation;
    if (this.state.at !== 'ready') this.state = { at: 'busy' };
    const answer = await this.#ask();
    if (generation !== this.#generation) return;
    this.state = answer.ok ? { at: 'ready', value: answer.value } : { at: 'failed', problem: answer.problem };
    if (!answer.ok && answer.problem.code === 'CANCELLED') this.#asked = undefined;
  }
}
