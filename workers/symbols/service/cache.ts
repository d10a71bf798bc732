/**
 * The files kept on this computer: checked again when they are read, at most so many bytes, the ones used longest ago leaving
 * first. What is pinned stays, and what is in use.
 */
import { type Arrival, arrivalOf } from './arrival.ts';
import { checkIdentity } from './checked.ts';
import type { Effects, PutResult, StoredEntry } from './effects.ts';
import type { NoiseLog } from './noise.ts';
import { storedIds, type Want } from './want.ts';

const CAP = 'cap';
/** A full set of names for one Windows is about 2 GB with its images. */
const DEFAULT_CAP = 4 * 1024 ** 3;
const MIN_CAP = 64 * 1024 ** 2;

const bytesOf = (entry: StoredEntry): number => entry.sizeBytes + entry.packBytes;

export class SymbolCache {
  readonly #effects: Effects;
  readonly #noise: NoiseLog;
  readonly #inUse: (key: string) => boolean;
  #capBytes = DEFAULT_CAP;

  constructor(effects: Effects, noise: NoiseLog, inUse: (key: string) => boolean) {
    this.#effects = effects;
    this.#noise = noise;
    this.#inUse = inUse;
  }

  async load(): Promise<void> {
    const saved = await this.#effects.store.readValue(CAP);
    if (typeof saved === 'number' && saved >= MIN_CAP) this.#capBytes = saved;
  }

  get capBytes(): number {
    return this.#capBytes;
  }
  /** What is over it leaves at once. */
  async setCap(bytes: number): Promise<void> {
    this.#capBytes = Math.max(MIN_CAP, Math.trunc(bytes));
    await this.#effects.store.writeValue(CAP, this.#capBytes);
    await this.#shrink('');
  }

  entries(): Promise<readonly StoredEntry[]> {
    return this.#effects.store.list();
  }
  setPinned(key: string, pinned: boolean): Promise<void> {
    return this.#effects.store.setPinned(key, pinned);
  }
  delete(keys: readonly string[]): Promise<void> {
    return this.#effects.store.delete(keys);
  }

  /** `whole`: a partial image does not do. */
  async find(want: Want, whole: boolean): Promise<Arrival | undefined> {
    for (const id of storedIds(want)) {
      const arrival = await this.#read(want, id);
      if (arrival && !(whole && arrival.partial)) return arrival;
    }
    return undefined;
  }

  async #read(want: Want, id: string): Promise<Arrival | undefined> {
    const stored = await this.#effects.store.get(id);
    if (!stored) return undefined;
    if (checkIdentity(want, stored.body, this.#effects)) {
      // Half-written or damaged: fetched anew.
      await this.#effects.store.delete([id]);
      return undefined;
    }
    const { body, pack, from: origin } = stored;
    if (pack && this.#effects.formats.isPack(pack)) return { want, body, pack, origin, partial: false };
    const arrival = await arrivalOf(want, { body, origin }, this.#effects, this.#noise);
    if (arrival.pack) await this.keep(arrival);
    return arrival;
  }

  /** Where the browser gives no more room, the files used longest ago make some, once. */
  async keep({ want, body, pack, origin }: Arrival): Promise<PutResult> {
    const { store, clock } = this.#effects;
    const now = clock.now();
    const sizes = { sizeBytes: body.source.size, packBytes: pack?.byteLength ?? 0 };
    const pinned = (await store.list()).some((old) => old.key === want.id && old.pinned);
    const entry: StoredEntry = {
      key: want.id,
      name: want.names[0] ?? want.id,
      ...sizes,
      storedAtMs: now,
      usedAtMs: now,
      from: origin,
      ...(pinned && { pinned }),
    };
    if (bytesOf(entry) > this.#capBytes) return 'quota';
    let result = await store.put(entry, body, pack);
    if (result === 'quota' && (await this.#makeRoom(entry))) result = await store.put(entry, body, pack);
    if (result === 'stored') await this.#shrink(entry.key);
    return result;
  }

  async #makeRoom(entry: StoredEntry): Promise<boolean> {
    const { keys, freed } = await this.#oldest(bytesOf(entry), entry.key);
    if (freed < bytesOf(entry)) return false;
    await this.#drop(keys);
    return true;
  }

  /** Down to the cap, as far as what may leave allows. */
  async #shrink(newest: string): Promise<void> {
    const total = (await this.entries()).reduce((sum, entry) => sum + bytesOf(entry), 0);
    const { keys } = await this.#oldest(total - this.#capBytes, newest);
    if (keys.length > 0) await this.#drop(keys);
  }

  async #drop(keys: readonly string[]): Promise<void> {
    await this.#effects.store.delete(keys);
    this.#noise.said(`${keys.length} files used longest ago were deleted to make room`);
  }

  /** The files that leave to free so many bytes, or all that may leave. */
  async #oldest(bytes: number, newest: string): Promise<{ readonly keys: readonly string[]; readonly freed: number }> {
    const free = (await this.entries()).filter((entry) => !entry.pinned && entry.key !== newest && !this.#inUse(entry.key));
    const keys: string[] = [];
    let freed = 0;
    for (const entry of free.sort((a, b) => a.usedAtMs - b.usedAtMs)) {
      if (freed >= bytes) break;
      keys.push(entry.key);
      freed += bytesOf(entry);
    }
    return { keys, freed };
  }
}
