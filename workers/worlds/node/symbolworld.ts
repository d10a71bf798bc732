/**
 * Symbols of the command line: folders in store layout or flat, and one server where the person named it. The same service as in
 * the browser; kept in memory for the run.
 */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SourceError } from '../../base/problem.ts';
import { BlockCache } from '../../bytes/blockcache.ts';
import { ArraySource, type ByteSource } from '../../bytes/source.ts';
import { attachPort } from '../../api/symbolengine.ts';
import { DEMAND, demandsOf } from '../../api/symboldemand.ts';
import { driveSync } from '../../base/job.ts';
import type { Session } from '../../target/target.ts';
import { AttachedSymbols, type Demand, requestOf } from '../../symbols/attached.ts';
import type { Directories, Directory, DirectoryEntry, Effects, FileBody, StoredEntry, StoredFile, SymbolStore } from '../../symbols/service/effects.ts';
import type { BodyCollector } from '../../symbols/service/offline.ts';
import { symbolFormats } from '../../symbols/service/formats.ts';
import { SymbolService } from '../../symbols/service/service.ts';
import { type Download, isEnded } from '../../symbols/service/status.ts';
import { nameIn, type Shape } from '../../symbols/service/storepath.ts';
import { firstWants } from '../../symbols/service/want.ts';
import type { WirePort } from '../../symbols/wire.ts';
import { fetchNetwork } from '../browser/symbolfetch.ts';

const MAX_FILES = 500_000;
const MAX_DEPTH = 6;
const CACHED_BLOCKS = 64;
/** Images that arrive make a better stack, which may name further modules. */
const MAX_ROUNDS = 3;
const SHAPES: readonly Shape[] = ['plain', 'compressed', 'sym'];

/** Opened for each read and closed again: a symbol folder may have more files than a process may hold open. */
class PathSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #path: string;
  constructor(path: string) {
    this.#path = path;
    this.name = basename(path);
    this.size = statSync(path).size;
  }
  readBlock(offset: number, length: number): Uint8Array {
    const wanted = Math.min(length, this.size - offset);
    if (offset < 0 || wanted <= 0) return new Uint8Array(0);
    const bytes = new Uint8Array(wanted);
    try {
      const handle = openSync(this.#path, 'r');
      try {
        return bytes.subarray(0, readSync(handle, bytes, 0, wanted, offset));
      } finally {
        closeSync(handle);
      }
    } catch (error) {
      throw new SourceError('READ_DENIED', error instanceof Error ? error.message : String(error));
    }
  }
}

/** File names below the folders, lower case, with the paths that bear them. Follows the layout of a store as of a flat folder. */
function indexFolders(folders: readonly string[]): Map<string, string[]> {
  const index = new Map<string, string[]>();
  let left = MAX_FILES;
  const walk = (folder: string, depth: number): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (left-- <= 0) return;
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth < MAX_DEPTH) walk(path, depth + 1);
      if (!entry.isFile()) continue;
      const name = entry.name.toLowerCase();
      index.set(name, [...(index.get(name) ?? []), path]);
    }
  };
  for (const folder of folders) walk(folder, 0);
  return index;
}

export class MemoryStore implements SymbolStore {
  readonly #files = new Map<string, { readonly entry: StoredEntry; readonly file: StoredFile }>();
  readonly #values = new Map<string, unknown>();
  async get(key: string): Promise<StoredFile | undefined> {
    return this.#files.get(key)?.file;
  }
  async put(entry: StoredEntry, body: FileBody, pack: ArrayBuffer | null): Promise<'stored'> {
    this.#files.set(entry.key, { entry, file: { body, pack, from: entry.from } });
    return 'stored';
  }
  async list(): Promise<readonly StoredEntry[]> {
    return [...this.#files.values()].map(({ entry }) => entry);
  }
  async setPinned(key: string, pinned: boolean): Promise<void> {
    const stored = this.#files.get(key);
    if (stored) this.#files.set(key, { ...stored, entry: { ...stored.entry, pinned } });
  }
  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#files.delete(key);
  }
  async readValue(name: string): Promise<unknown> {
    return this.#values.get(name);
  }
  async writeValue(name: string, value: unknown): Promise<void> {
    this.#values.set(name, value);
  }
}

/** A handle is a path of this computer. */
const nodeDirectories: Directories = {
  open: (handle) => (typeof handle === 'string' && statSync(handle, { throwIfNoEntry: false })?.isDirectory() ? directoryAt(handle) : undefined),
  allowed: () => Promise.resolve(true),
  keepable: () => true,
};

/** Listed once: nothing is put there during a run. */
function directoryAt(path: string): Directory {
  let listed: ReadonlyMap<string, DirectoryEntry> | undefined;
  return {
    entries: async () =>
      (listed ??= new Map(
        readdirSync(path, { withFileTypes: true }).flatMap((entry): [string, DirectoryEntry][] => {
          const at = join(path, entry.name);
          if (entry.isDirectory()) return [[entry.name.toLowerCase(), { kind: 'directory', directory: directoryAt(at) }]];
          return entry.isFile() ? [[entry.name.toLowerCase(), { kind: 'file', open: () => Promise.resolve(pathBody(at)) }]] : [];
        }),
      )),
  };
}

function pathBody(path: string): FileBody {
  return { source: new BlockCache(new PathSource(path), CACHED_BLOCKS), handle: path };
}

export function bytesBody(bytes: Uint8Array, name: string): FileBody {
  return { source: new ArraySource(bytes, name), handle: bytes };
}

export function collectBytes(): BodyCollector {
  const chunks: Uint8Array[] = [];
  return { add: (chunk) => void chunks.push(chunk), finish: (name) => bytesBody(Buffer.concat(chunks), name) };
}

/** Two ends that hand messages over at once: what has arrived is there when the awaited call returns. */
function linkedPorts(): [WirePort, WirePort] {
  const ends: [WirePort, WirePort] = [
    { onmessage: null, postMessage: (data) => ends[1].onmessage?.({ data }), close: () => undefined },
    { onmessage: null, postMessage: (data) => ends[0].onmessage?.({ data }), close: () => undefined },
  ];
  return ends;
}

export function nodeEffects(online: boolean): Effects {
  const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
  return {
    network: online ? fetchNetwork({ collect: collectBytes, online: () => true }) : null,
    store: new MemoryStore(),
    clock: { now: () => Date.now(), sleep, random: () => Math.random() },
    locks: { run: (_name, task) => task() },
    directories: nodeDirectories,
    bodyOf: bytesBody,
    formats: symbolFormats({ bodyOf: bytesBody, breathe: () => Promise.resolve() }),
  };
}

export interface NodeSymbolOptions {
  readonly folders: readonly string[];
  /** Asked only where given: the flag is the consent. */
  readonly server: string | undefined;
}

export class NodeSymbols {
  readonly provider: AttachedSymbols;
  readonly service: SymbolService;
  readonly #options: NodeSymbolOptions;
  readonly #downloads = new Map<string, Download>();
  readonly #added = new Set<string>();
  #index: Map<string, string[]> | undefined;
  #settled: (() => void) | undefined;
  #ready: Promise<void> | undefined;

  constructor(options: NodeSymbolOptions) {
    this.#options = options;
    const { server } = options;
    this.service = new SymbolService(nodeEffects(server !== undefined), { proxyBase: null, servers: [] });
    this.service.onDownload((download) => {
      this.#downloads.set(download.id, download);
      this.#settled?.();
    });
    const [near, far] = linkedPorts();
    this.provider = new AttachedSymbols({
      openFile: (handle, name) =>
        handle instanceof Uint8Array ? new ArraySource(handle, name) : new BlockCache(new PathSource(String(handle)), CACHED_BLOCKS),
      onChange: () => undefined,
    });
    this.provider.connect(near);
    attachPort(this.service, far, new Set());
  }

  /** All modules from the folders; from the server those of `demands` with a demand below `serverBelow`. */
  async load(demands: readonly Demand[], serverBelow = Number.POSITIVE_INFINITY): Promise<void> {
    await this.#start();
    this.provider.know(demands);
    await this.#addLocal(demands.flatMap((demand) => firstWants(requestOf(demand)).flatMap((want) => want.names)));
    const asked =
      this.#options.server === undefined
        ? demands.filter((demand) => this.#hasLocal(demand))
        : demands.filter((demand) => demand.demand < serverBelow || this.#hasLocal(demand));
    this.provider.ask(asked);
    for (;;) {
      await this.#quiet();
      // An image that has arrived may name a PDB that lies in the folders under a name not known before.
      const more = await this.#addLocal([...this.#downloads.values()].filter(({ status }) => status.state !== 'done').map(({ file }) => file));
      if (more === 0) return;
    }
  }

  /** Of an opened dump: everything that lies in the folders; from the server what its crash's stack and nt need. */
  async prepare(session: Session): Promise<void> {
    await this.load(demandsOf(session, []), DEMAND.stack);
    if (this.#options.server === undefined) return;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const before = this.provider.revision;
      await this.load(demandsOf(session, driveSync(session.crashStack()).frames), DEMAND.rest);
      if (this.provider.revision === before) return;
    }
  }

  #start(): Promise<void> {
    this.#ready ??= (async () => {
      const { server, folders } = this.#options;
      await this.service.load();
      for (const folder of folders) await this.service.local.folders.pick(folder, folder, false);
      await this.service.setPath('symbols', [...folders, ...(server === undefined ? [] : [`srv*${server}`])].join(';'));
      for (const { id } of this.service.book.ofPath()) await this.service.setConsent(id, 'given');
    })();
    return this.#ready;
  }

  #hasLocal(demand: Demand): boolean {
    return firstWants(requestOf(demand)).some((want) => want.names.some((name) => this.#paths(name).length > 0));
  }

  #paths(name: string): readonly string[] {
    this.#index ??= indexFolders(this.#options.folders);
    const index = this.#index;
    return SHAPES.flatMap((shape) => index.get(nameIn(shape, name.toLowerCase())) ?? []);
  }

  /** How many files were taken in anew. */
  async #addLocal(names: readonly string[]): Promise<number> {
    const paths = [...new Set(names.flatMap((name) => this.#paths(name)))].filter((path) => !this.#added.has(path));
    for (const path of paths) this.#added.add(path);
    const files = paths.map((path) => ({ name: basename(path), body: pathBody(path) }));
    const added = await this.service.addFiles(files);
    return added.taken.length;
  }

  /** Until every download has ended. */
  async #quiet(): Promise<void> {
    while (this.service.downloads().some(({ status }) => !isEnded(status) && status.state !== 'needs-consent')) {
      await new Promise<void>((done) => (this.#settled = done));
      this.#settled = undefined;
    }
  }
}
