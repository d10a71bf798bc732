/** Work in the order of demand, so many at once. */

export class StopSwitch {
  #stopped = false;
  readonly #waiting: (() => void)[] = [];
  get stopped(): boolean {
    return this.#stopped;
  }
  onStop(run: () => void): void {
    if (this.#stopped) run();
    else this.#waiting.push(run);
  }
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const run of this.#waiting.splice(0)) run();
  }
}

interface Entry {
  readonly id: string;
  readonly order: number;
  readonly run: () => Promise<void>;
  demand: number;
}

export class DemandQueue {
  readonly #parallel: number;
  readonly #waiting = new Map<string, Entry>();
  #running = 0;
  #count = 0;

  constructor(parallel: number) {
    this.#parallel = parallel;
  }

  /** `run` must not reject. A second call for what still waits only raises its demand. */
  add(id: string, demand: number, run: () => Promise<void>): void {
    const waiting = this.#waiting.get(id);
    if (waiting) waiting.demand = Math.min(waiting.demand, demand);
    else this.#waiting.set(id, { id, demand, order: this.#count++, run });
    this.#pump();
  }

  /** True where it had not begun. */
  remove(id: string): boolean {
    return this.#waiting.delete(id);
  }

  #pump(): void {
    while (this.#running < this.#parallel) {
      const next = this.#next();
      if (!next) return;
      this.#waiting.delete(next.id);
      this.#running += 1;
      void next.run().finally(() => {
        this.#running -= 1;
        this.#pump();
      });
    }
  }

  #next(): Entry | undefined {
    let best: Entry | undefined;
    for (const entry of this.#waiting.values()) {
      if (!best || entry.demand < best.demand || (entry.demand === best.demand && entry.order < best.order)) best = entry;
    }
    return best;
  }
}
