/** Drivers held once: a thousand dumps of one PC name the same two hundred. */
import type { DumpFacts, KeptDriver } from '../../workers/verdict/casebook/facts.ts';

export class DriverPool {
  readonly #held = new Map<string, KeptDriver>();

  get size(): number {
    return this.#held.size;
  }
  /** The same facts, with drivers that are equal to held ones replaced by those. */
  share(facts: DumpFacts): DumpFacts {
    return { ...facts, drivers: facts.drivers.map((driver) => this.#one(driver)) };
  }
  clear(): void {
    this.#held.clear();
  }

  #one(driver: KeptDriver): KeptDriver {
    const key = JSON.stringify([driver.name, driver.timestamp, driver.version, driver.maker]);
    const known = this.#held.get(key);
    if (!known) this.#held.set(key, driver);
    return known ?? driver;
  }
}
