/** The symbol worker: one for all dumps. Started with the first dump; asks nobody before the person agreed. */
import * as Comlink from 'comlink';
import type {
  AddedFiles,
  CacheView,
  Consent,
  Download,
  Need,
  PathKind,
  PathsView,
  ServerView,
  SourceText,
  SymbolApi,
  WirePort,
} from '../../workers/api/symbols.ts';
import type { Problem, Reply } from '../../workers/base/problem.ts';
import symbolsUrl from '../../workers/entry/symbols.ts?worker&url';
import { askLeave, listedFiles, pickHandle } from './folders.ts';
import { trustedScript } from './trusted.ts';

type Api = Comlink.Remote<SymbolApi>;

class Symbols {
  servers = $state.raw<readonly ServerView[]>([]);
  /** Why there is no list of servers, or null. */
  noServers = $state<string | null>(null);
  paths = $state.raw<PathsView | null>(null);
  /** By id, in the order they were asked for. */
  downloads = $state.raw<Readonly<Record<string, Download>>>({});
  needs = $state.raw<readonly Need[]>([]);
  cache = $state.raw<CacheView | null>(null);
  added = $state.raw<AddedFiles | null>(null);
  /** Rises with each drop of source files: what was not at hand is looked for again. */
  sourcesAdded = $state(0);
  /** Of the last export or import. */
  problem = $state.raw<Problem | null>(null);

  /** Connects an analysis worker by the port that it made. */
  async attach(port: MessagePort): Promise<void> {
    await (await this.#started()).attach(Comlink.transfer(port, [port]) as unknown as WirePort);
  }

  /** What the view shows; asks only this page's own host. */
  async load(): Promise<void> {
    const api = await this.#started();
    const [servers, paths, cache, downloads, needs] = await Promise.all([api.servers(), api.paths(), api.cached(), api.downloads(), api.needs()]);
    this.#takeServers(servers);
    if (paths.ok) this.paths = paths.value;
    if (cache.ok) this.cache = cache.value;
    if (needs.ok) this.needs = needs.value;
    if (downloads.ok) this.downloads = Object.fromEntries(downloads.value.map((one) => [one.id, one]));
  }
  async consent(server: string, consent: Consent): Promise<void> {
    this.#takeServers(await (await this.#started()).consent(server, consent));
  }
  async setPath(of: PathKind, text: string): Promise<void> {
    await this.#takePaths((api) => api.setPath(of, text));
    await this.load();
  }
  /** Opens the browser's dialog. */
  async pickFolder(path: string): Promise<void> {
    const handle = await pickHandle();
    if (handle) await this.#takePaths((api) => api.pickFolder(path, handle, false));
  }
  /** Of a folder input; lasts as long as the page. */
  async listFolder(path: string, files: readonly File[]): Promise<void> {
    await this.#takePaths((api) => api.pickFolder(path, listedFiles(files), false));
  }
  async askFolderAgain(path: string): Promise<void> {
    const handle = await (await this.#started()).folderHandle(path);
    if (handle.ok) await askLeave(handle.value);
    await this.#takePaths((api) => api.folderAsked(path));
  }
  async setFolderRecursive(path: string, recursive: boolean): Promise<void> {
    await this.#takePaths((api) => api.setFolderRecursive(path, recursive));
  }
  async forgetFolder(path: string): Promise<void> {
    await this.#takePaths((api) => api.forgetFolder(path));
  }
  async cancel(ids: readonly string[] | null): Promise<void> {
    await (await this.#started()).cancel(ids);
  }
  async addFiles(files: readonly File[]): Promise<void> {
    const answer = await (await this.#started()).addFiles(files);
    if (answer.ok) this.added = answer.value;
  }
  async addSources(files: readonly File[]): Promise<void> {
    await (await this.#started()).addSources(files);
    this.sourcesAdded += 1;
  }
  /** Null where it is not at hand. */
  async source(file: string): Promise<SourceText | null> {
    const answer = await (await this.#started()).source(file);
    return answer.ok ? answer.value : null;
  }
  async delete(keys: readonly string[] | null): Promise<void> {
    await this.#takeCache((api) => api.deleteCached(keys));
  }
  async pin(key: string, pinned: boolean): Promise<void> {
    await this.#takeCache((api) => api.setPinned(key, pinned));
  }
  async setCap(bytes: number): Promise<void> {
    await this.#takeCache((api) => api.setCap(bytes));
  }
  /** All stored files as one; null where that failed, with the reason in `problem`. */
  async exportStore(): Promise<Blob | null> {
    const answer = await (await this.#started()).exportStore();
    this.problem = answer.ok ? null : answer.problem;
    return answer.ok && answer.value instanceof Blob ? answer.value : null;
  }
  async importStore(file: File): Promise<void> {
    const api = await this.#started();
    const answer = await api.importStore(file);
    this.problem = answer.ok ? null : answer.problem;
    this.added = answer.ok ? answer.value : null;
    await this.#takeCache(() => api.cached());
  }

  async #takePaths(ask: (api: Api) => Promise<Reply<PathsView>>): Promise<void> {
    const answer = await ask(await this.#started());
    if (answer.ok) this.paths = answer.value;
  }
  async #takeCache(ask: (api: Api) => Promise<Reply<CacheView>>): Promise<void> {
    const answer = await ask(await this.#started());
    if (answer.ok) this.cache = answer.value;
  }
  #takeServers(answer: Reply<readonly ServerView[]>): void {
    this.noServers = answer.ok ? null : answer.problem.detail;
    if (answer.ok) this.servers = answer.value;
  }

  #starting: Promise<Api> | undefined;
  #started(): Promise<Api> {
    this.#starting ??= this.#start();
    return this.#starting;
  }
  async #start(): Promise<Api> {
    const worker = new Worker(trustedScript(symbolsUrl), { type: 'module', name: 'symbols' });
    const api = Comlink.wrap<SymbolApi>(worker);
    const proxyBase = __PROXY_BASE__ === '' ? null : new URL(__PROXY_BASE__, document.baseURI).href.replace(/\/$/, '');
    await api.configure({ proxyBase });
    await api.watch(
      Comlink.proxy((download: Download) => {
        this.downloads = { ...this.downloads, [download.id]: download };
        if (download.status.state === 'done') void this.#takeCache(() => api.cached());
      }),
    );
    return api;
  }
}

export const symbols = new Symbols();
