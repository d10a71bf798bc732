/** The symbol worker behind SymbolApi. Pure: its world comes in with the constructor. */
import { refuse, type Reply, reply, SourceError } from '../base/problem.ts';
import type { Effects, FileBody } from '../symbols/service/effects.ts';
import type { Arrival } from '../symbols/service/arrival.ts';
import { needsOf, type Need } from '../symbols/service/needs.ts';
import { type BodyCollector, exportStore, importStore, type OfflineWorld } from '../symbols/service/offline.ts';
import { SymbolService } from '../symbols/service/service.ts';
import type { PickedFolders } from '../symbols/service/folders.ts';
import type { Session } from '../symbols/service/session.ts';
import { foldersOfPath, type PathKind, type SymbolPath } from '../symbols/service/sympath.ts';
import type { PdbWant } from '../symbols/service/want.ts';
import type { FromSymbols, SearchPaths, ToSymbols, WirePort } from '../symbols/wire.ts';
import type {
  AddedFiles,
  CacheView,
  Consent,
  Download,
  ModuleRequest,
  OnDownload,
  PathsView,
  PathView,
  ServerView,
  SymbolApi,
  SymbolFile,
  SourceText,
  SymbolOptions,
} from './symbols.ts';

export interface SymbolWorld {
  readonly effects: Effects;
  openFile(file: SymbolFile): FileBody;
  collect(): BodyCollector;
  quota(): Promise<{ readonly bytes: number | null; readonly available: boolean }>;
  /** A callback over the worker border is given back when it is no longer called. */
  release(callback: OnDownload): void;
}

/** The page as an asker: what it asks for goes to every attached dump. */
const NO_FILES: Session = { status: () => undefined, arrive: () => undefined };

export class SymbolEngine implements SymbolApi {
  readonly #world: SymbolWorld;
  readonly #sessions = new Set<Session>();
  #service: SymbolService;
  #watcher: OnDownload | null = null;

  constructor(world: SymbolWorld) {
    this.#world = world;
    this.#service = this.#make({ proxyBase: null });
  }

  async configure(options: SymbolOptions): Promise<Reply<null>> {
    if (this.#sessions.size > 0) return refuse('DEFECT', 'configured after a dump was attached');
    this.#service = this.#make(options);
    await this.#service.load();
    return reply(null);
  }

  async servers(): Promise<Reply<readonly ServerView[]>> {
    const failure = await this.#service.loadServerList();
    return failure ? refuse(failure.code, failure.detail) : reply(await this.#service.servers());
  }
  async consent(server: string, consent: Consent): Promise<Reply<readonly ServerView[]>> {
    await this.#service.setConsent(server, consent);
    return reply(await this.#service.servers());
  }
  async paths(): Promise<Reply<PathsView>> {
    await this.#service.load();
    const { paths } = this.#service.book;
    return reply({ symbols: this.#viewOf(paths.symbols), images: this.#viewOf(paths.images), sources: this.#viewOf(paths.sources) });
  }
  async setPath(of: PathKind, text: string): Promise<Reply<PathsView>> {
    await this.#service.setPath(of, text);
    return this.paths();
  }
  async pickFolder(path: string, picked: unknown, recursive: boolean): Promise<Reply<PathsView>> {
    await this.#service.load();
    if (!(await this.#folders.pick(path, picked, recursive))) return refuse('READ_DENIED', 'what was picked is no folder');
    return this.#searchAgain();
  }
  async setFolderRecursive(path: string, recursive: boolean): Promise<Reply<PathsView>> {
    await this.#folders.setRecursive(path, recursive);
    return this.#searchAgain();
  }
  async forgetFolder(path: string): Promise<Reply<PathsView>> {
    await this.#folders.forget(path);
    return this.paths();
  }
  async folderHandle(path: string): Promise<Reply<unknown>> {
    return reply(this.#folders.handleOf(path));
  }
  async folderAsked(path: string): Promise<Reply<PathsView>> {
    await this.#folders.askAllowed(path);
    return this.#searchAgain();
  }

  async request(modules: readonly ModuleRequest[], force: boolean): Promise<Reply<readonly Download[]>> {
    const askers = this.#sessions.size === 0 ? [NO_FILES] : [...this.#sessions];
    for (const session of askers) this.#service.request(modules, session, force);
    return reply(this.#service.downloads());
  }
  async downloads(): Promise<Reply<readonly Download[]>> {
    return reply(this.#service.downloads());
  }
  async watch(onDownload: OnDownload | null): Promise<Reply<null>> {
    if (this.#watcher) this.#world.release(this.#watcher);
    this.#watcher = onDownload;
    return reply(null);
  }
  async addFiles(files: readonly SymbolFile[]): Promise<Reply<AddedFiles>> {
    return reply(await this.#service.addFiles(files.map((file) => ({ name: file.name, body: this.#world.openFile(file) }))));
  }
  async addSources(files: readonly SymbolFile[]): Promise<Reply<null>> {
    this.#service.local.sources.add(files.map((file) => ({ name: file.name, body: this.#world.openFile(file) })));
    return reply(null);
  }
  async source(file: string): Promise<Reply<SourceText | null>> {
    await this.#service.load();
    const { book, local } = this.#service;
    return reply((await local.sources.find(file, local.folders.ready(foldersOfPath(book.paths.sources)))) ?? null);
  }
  async cancel(ids: readonly string[] | null): Promise<Reply<null>> {
    this.#service.cancel(ids ?? undefined);
    return reply(null);
  }

  async cached(): Promise<Reply<CacheView>> {
    await this.#service.load();
    const entries = await this.#service.cache.entries();
    const { bytes: quota, available } = await this.#world.quota();
    const bytes = entries.reduce((sum, entry) => sum + entry.sizeBytes + entry.packBytes, 0);
    return reply({ entries, bytes, capBytes: this.#service.cache.capBytes, quota, available });
  }
  async deleteCached(keys: readonly string[] | null): Promise<Reply<CacheView>> {
    await this.#service.deleteCached(keys ?? (await this.#service.cache.entries()).map((entry) => entry.key));
    return this.cached();
  }
  async setPinned(key: string, pinned: boolean): Promise<Reply<CacheView>> {
    await this.#service.cache.setPinned(key, pinned);
    return this.cached();
  }
  async setCap(bytes: number): Promise<Reply<CacheView>> {
    await this.#service.cache.setCap(bytes);
    return this.cached();
  }
  async exportStore(): Promise<Reply<unknown>> {
    return this.#guarded(async () => {
      const made = await exportStore(this.#offline);
      return made.ok ? reply(made.value.handle) : made;
    });
  }
  async importStore(file: SymbolFile): Promise<Reply<AddedFiles>> {
    return this.#guarded(async () => {
      await this.#service.load();
      const added = await importStore(this.#world.openFile(file), this.#offline);
      if (added.ok && added.value.taken.length > 0) this.#service.lookAgain();
      return added;
    });
  }
  async needs(): Promise<Reply<readonly Need[]>> {
    await this.#service.load();
    await this.#service.loadServerList();
    const known = [...this.#sessions].flatMap((session) => session.known ?? []);
    return reply(needsOf(known, this.#service.book.ofPath()));
  }
  async log(): Promise<Reply<readonly string[]>> {
    return reply([...this.#service.noise.lines()]);
  }

  async attach(port: WirePort): Promise<Reply<null>> {
    await this.#service.load();
    attachPort(this.#service, port, this.#sessions);
    return reply(null);
  }

  get #folders(): PickedFolders {
    return this.#service.local.folders;
  }
  get #offline(): OfflineWorld {
    return { effects: this.#world.effects, noise: this.#service.noise, cache: this.#service.cache, collect: () => this.#world.collect() };
  }
  #viewOf(path: SymbolPath): PathView {
    return { ...path, folders: foldersOfPath(path).map((folder) => ({ path: folder, ...this.#folders.stateOf(folder) })) };
  }
  #searchAgain(): Promise<Reply<PathsView>> {
    this.#service.lookAgain();
    return this.paths();
  }
  /** The file that was handed over, or a stored one, may have become unreadable. */
  async #guarded<T>(work: () => Promise<Reply<T>>): Promise<Reply<T>> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SourceError) return refuse(error.code, error.message);
      throw error;
    }
  }

  #make(options: SymbolOptions): SymbolService {
    const service = new SymbolService(this.#world.effects, { proxyBase: options.proxyBase, servers: [] });
    service.onDownload((download) => this.#watcher?.(download));
    return service;
  }
}

/** One analysis worker: hears of what it asked for, and gets the files. */
export function attachPort(service: SymbolService, port: WirePort, sessions: Set<Session>): void {
  const tell = (message: FromSymbols): void => port.postMessage(message);
  const session: Session = {
    status: (download) => tell({ tell: 'download', download }),
    arrive: (arrival, pdbOfImage) => tell(fileMessage(arrival, pdbOfImage)),
  };
  sessions.add(session);
  const endNoise = service.noise.onLines((lines) => tell({ tell: 'noise', lines }));
  const endPath = service.onPath(() => tell({ tell: 'paths', paths: pathsOf(service) }));
  port.onmessage = (event) => {
    const message = event.data as ToSymbols;
    if (message.tell === 'request') service.request(message.modules, session, message.force);
    else if (message.tell === 'set-path') void service.setPath(message.of, message.text);
    else if (message.tell === 'know') session.known = message.modules;
    else {
      endNoise();
      endPath();
      sessions.delete(session);
      service.closeSession(session);
      port.close();
    }
  };
  port.start?.();
  tell({ tell: 'hello', paths: pathsOf(service), noise: service.noise.lines() });
}

function pathsOf({ book: { paths }, local: { folders } }: SymbolService): SearchPaths {
  const named = Object.values(paths).flatMap(foldersOfPath);
  return {
    typed: { symbols: paths.symbols.text, images: paths.images.text, sources: paths.sources.text },
    folders: named.map((path) => ({ path, state: folders.stateOf(path).state })),
  };
}

/** The pack is copied to the other worker: this one keeps its own for the next dump. */
function fileMessage({ want, body, origin, pack }: Arrival, pdbOfImage: PdbWant | null): FromSymbols {
  return { tell: 'file', id: want.id, name: want.names[0] ?? '', origin, handle: body.handle, pack, pdbOfImage: pdbOfImage?.id ?? null };
}
