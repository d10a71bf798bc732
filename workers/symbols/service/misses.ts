/** What a server did not have, for seven days: makers publish late, so not for ever. */
import type { Clock, SymbolStore } from './effects.ts';

const KEEP_MS = 7 * 24 * 60 * 60 * 1000;
const MAX_ENTRIES = 5000;
const NAME = 'misses';

export class Misses {
  readonly #store: SymbolStore;
  readonly #clock: Clock;
  #at = new Map<string, number>();

  constructor(store: SymbolStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async load(): Promise<void> {
    const saved = await this.#store.readValue(NAME);
    if (!Array.isArray(saved)) return;
    for (const entry of saved.slice(-MAX_ENTRIES)) {
      if (Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number') this.#at.set(entry[0], entry[1]);
    }
  }

  /** When it was last missed, while that still counts. */
  find(server: string, want: string): number | undefined {
    const at = this.#at.get(`${server} ${want}`);
    const now = this.#clock.now();
    return at !== undefined && at <= now && now - at < KEEP_MS ? at : undefined;
  }

  async add(server: string, want: string): Promise<void> {
    const now = this.#clock.now();
    this.#at.delete(`${server} ${want}`);
    this.#at.set(`${server} ${want}`, now);
    const live = [...this.#at].filter(([, at]) => now - at < KEEP_MS).slice(-MAX_ENTRIES);
    this.#at = new Map(live);
    await this.#store.writeValue(NAME, live);
  }

  async clear(): Promise<void> {
    this.#at.clear();
    await this.#store.writeValue(NAME, []);
  }
}
