/** The symbol service in a browser worker: fetch, IndexedDB, Web Locks, Blobs. */
import type { SymbolFile } from '../../api/symbols.ts';
import type { SymbolWorld } from '../../api/symbolengine.ts';
import type { FileBody, Locks } from '../../symbols/service/effects.ts';
import type { BodyCollector } from '../../symbols/service/offline.ts';
import { symbolFormats } from '../../symbols/service/formats.ts';
import { browserDirectories } from './directories.ts';
import { fetchNetwork } from './symbolfetch.ts';
import { blobBody, BrowserSymbolStore } from './symbolstore.ts';

/** Chunks are joined into Blobs of this size, which browsers keep on disk rather than in the worker's heap. */
const SPILL_BYTES = 8 * 1024 * 1024;

function collectBlob(): BodyCollector {
  const parts: Blob[] = [];
  let chunks: Uint8Array<ArrayBuffer>[] = [];
  let held = 0;
  const spill = (): void => {
    parts.push(new Blob(chunks));
    chunks = [];
    held = 0;
  };
  return {
    add: (chunk) => {
      chunks.push(chunk);
      held += chunk.length;
      if (held >= SPILL_BYTES) spill();
    },
    finish: (name) => {
      spill();
      return blobBody(new Blob(parts), name);
    },
  };
}

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Two tabs that want the same file: one downloads, the other then finds it in the store. */
const locks: Locks = {
  run: (name, task) => ('locks' in navigator ? navigator.locks.request(name, task) : task()),
};

async function quota(store: BrowserSymbolStore): ReturnType<SymbolWorld['quota']> {
  const estimate = await navigator.storage?.estimate?.().catch(() => undefined);
  return { bytes: estimate?.quota ?? null, available: store.available };
}

export function browserSymbolWorld(release: SymbolWorld['release']): SymbolWorld {
  const store = new BrowserSymbolStore();
  const network = fetchNetwork({ collect: collectBlob, online: () => navigator.onLine });
  const bodyOf = (bytes: Uint8Array, name: string): FileBody => blobBody(new Blob([bytes.slice()]), name);
  const formats = symbolFormats({ bodyOf, breathe: () => sleep(0) });
  const clock = { now: () => Date.now(), sleep, random: () => Math.random() };
  return {
    effects: { network, store, clock, locks, formats, directories: browserDirectories, bodyOf },
    openFile: (file: SymbolFile) => {
      if (!(file instanceof Blob)) throw new TypeError('a File was expected');
      return blobBody(file, file.name);
    },
    collect: collectBlob,
    quota: () => quota(store),
    release,
  };
}
