/**
 * Symbols in IndexedDB: the file as a Blob (as a buffer where the browser refuses Blobs there), the pack beside it, both listed by
 * an entry that is written last, so that a half-written file is never found.
 */
import { clear, createStore, delMany, get, set, type UseStore, values } from 'idb-keyval';
import { BlockCache } from '../../bytes/blockcache.ts';
import type { FileBody, PutResult, StoredEntry, StoredFile, SymbolStore } from '../../symbols/service/effects.ts';
import { PACK_VERSION } from '../../symbols/pack/layout.ts';
import { FileSource } from './file.ts';

/** A buffer of a larger file would have to be held in memory whole. */
const MAX_BUFFER = 256 * 1024 * 1024;

/** 4 MiB a file: a PDB is read in small steps, many of them near each other. */
const CACHED_BLOCKS = 64;

interface Databases {
  readonly entries: UseStore;
  readonly files: UseStore;
  readonly packs: UseStore;
  readonly values: UseStore;
}

export function blobBody(blob: Blob, name: string): FileBody {
  return { source: new BlockCache(new FileSource(blob, name), CACHED_BLOCKS), handle: blob };
}

/** Packs of other engine versions are never found: their key says so. */
function packKey(key: string): string {
  return `${PACK_VERSION}/${key}`;
}

/** Every browser names a full disk QuotaExceededError; Firefox also aborts the transaction with it as the cause. */
function whyNotStored(thrown: unknown): PutResult {
  const name = thrown instanceof Error || thrown instanceof DOMException ? thrown.name : '';
  return name === 'QuotaExceededError' || name === 'AbortError' || name === 'NS_ERROR_FILE_NO_DEVICE_SPACE' ? 'quota' : 'unavailable';
}

export class BrowserSymbolStore implements SymbolStore {
  readonly #databases: Databases | undefined;
  /** What stands in for a store that the browser denies: small values only, gone with the page. */
  readonly #memory = new Map<string, unknown>();
  #available = true;

  constructor() {
    this.#databases = openDatabases();
    this.#available = this.#databases !== undefined;
  }

  get available(): boolean {
    return this.#available;
  }

  async get(key: string): Promise<StoredFile | undefined> {
    return this.#try(undefined, async (db) => {
      const entry = await get<StoredEntry>(key, db.entries);
      if (!entry) return undefined;
      const [file, pack] = await Promise.all([get<Blob | ArrayBuffer>(key, db.files), get<ArrayBuffer>(packKey(key), db.packs)]);
      if (!file) {
        await this.delete([key]);
        return undefined;
      }
      await set(key, { ...entry, usedAtMs: Date.now() }, db.entries);
      return { body: blobBody(file instanceof Blob ? file : new Blob([file]), entry.name), pack: pack ?? null, from: entry.from };
    });
  }

  async put(entry: StoredEntry, body: FileBody, pack: ArrayBuffer | null): Promise<PutResult> {
    const db = this.#databases;
    if (!db || !(body.handle instanceof Blob)) return 'unavailable';
    try {
      await putFile(entry.key, body.handle, db.files);
      if (pack) await set(packKey(entry.key), pack, db.packs);
      await set(entry.key, entry, db.entries);
      return 'stored';
    } catch (thrown) {
      await this.delete([entry.key]);
      return whyNotStored(thrown);
    }
  }

  async list(): Promise<readonly StoredEntry[]> {
    return this.#try([], (db) => values<StoredEntry>(db.entries));
  }

  async setPinned(key: string, pinned: boolean): Promise<void> {
    await this.#try(undefined, async (db) => {
      const entry = await get<StoredEntry>(key, db.entries);
      if (entry) await set(key, { ...entry, pinned }, db.entries);
    });
  }

  async delete(keys: readonly string[]): Promise<void> {
    await this.#try(undefined, async (db) => {
      await delMany([...keys], db.entries);
      await Promise.all([delMany([...keys], db.files), delMany(keys.map(packKey), db.packs)]);
    });
  }

  /** Everything at once, packs of former versions too. */
  async clear(): Promise<void> {
    await this.#try(undefined, async (db) => {
      await clear(db.entries);
      await Promise.all([clear(db.files), clear(db.packs)]);
    });
  }

  async readValue(name: string): Promise<unknown> {
    if (this.#memory.has(name)) return this.#memory.get(name);
    return this.#try(undefined, (db) => get<unknown>(name, db.values));
  }
  async writeValue(name: string, value: unknown): Promise<void> {
    this.#memory.set(name, value);
    await this.#try(undefined, (db) => set(name, value, db.values));
  }

  /** A private window or a blocked site has no database: then nothing is stored, and everything else goes on. */
  async #try<T>(otherwise: T, run: (db: Databases) => Promise<T>): Promise<T> {
    if (!this.#databases) return otherwise;
    try {
      return await run(this.#databases);
    } catch (thrown) {
      if (!(thrown instanceof DOMException)) throw thrown;
      this.#available = false;
      return otherwise;
    }
  }
}

/** WebKit refuses Blobs in some kinds of windows, under changing names of error; a buffer goes in everywhere. */
async function putFile(key: string, blob: Blob, store: UseStore): Promise<void> {
  try {
    await set(key, blob, store);
  } catch (thrown) {
    const full = thrown instanceof DOMException && thrown.name === 'QuotaExceededError';
    if (full || blob.size > MAX_BUFFER) throw thrown;
    await set(key, await blob.arrayBuffer(), store);
  }
}

function openDatabases(): Databases | undefined {
  if (typeof indexedDB === 'undefined') return undefined;
  // idb-keyval keeps one object store a database.
  const open = (name: string): UseStore => createStore(`faultline-symbols-${name}`, 'keyval');
  return { entries: open('entries'), files: open('files'), packs: open('packs'), values: open('values') };
}
