/** What can be looked up without a dump: codes, and what a pasted text means. Asked of the open dump's worker, else of one of its own. */
import type { CodeAddress, CodeRow, CodeView, PastedView } from '../../workers/api/analysis.ts';
import type { Reply } from '../../workers/base/problem.ts';
import { Engine, warmUp } from './client.ts';
import { Part } from './part.svelte.ts';
import type { Guide } from './guides.ts';
import { session } from './session.svelte.ts';

type Question<T> = Parameters<typeof Engine.prototype.ask<T>>[0];

class Library {
  readonly codes: Part<readonly CodeRow[]> = new Part(() => this.#ask((api) => api.codes()));
  /** A text too long for the address, from the page where it was typed to the one that explains it. */
  typed = $state('');
  /** Empty until someone looks for one: they are no part of the first load. */
  guides = $state.raw<readonly Guide[]>([]);
  #engine: Engine | undefined;

  code(address: CodeAddress): Part<CodeView> {
    return new Part(() => this.#ask((api) => api.code(address)));
  }
  pasted(text: string): Part<PastedView> {
    return new Part(() => this.#ask((api) => api.pasted(text)));
  }

  /** What the palette searches. */
  async loadIndex(): Promise<void> {
    const { GUIDES } = await import('./guides.ts');
    this.guides = GUIDES;
    await this.codes.load();
  }

  #ask<T>(question: Question<T>): Promise<Reply<T>> {
    if (session.dump) return session.dump.lookUp(question);
    if (!this.#engine) {
      this.#engine = new Engine();
      // The spare was taken: the first dump must not wait for another.
      warmUp();
    }
    return this.#engine.ask(question);
  }
}

export const library = new Library();
