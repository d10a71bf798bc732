/** The symbol worker: one for all dumps. Started with the first dump; asks nobody before the person agreed. */
import * as Comlink from 'comlink';
import type { AddedFiles, CacheView, Consent, Download, ServerView, SymbolApi, SymbolPath, WirePort } from '../../workers/api/symbols.ts';
import type { Reply } from '../../workers/base/problem.ts';
import symbolsUrl from '../../workers/entry/symbols.ts?worker&url';
import { trustedScript } from './trusted.ts';

class Symbols {
  servers = $state.raw<readonly ServerView[]>([]);
  /** Why there is no list of servers, or null. */
  noServers = $state<string | null>(null);
  path = $state.raw<SymbolPath | null>(null);
  /** By id, in the order they were asked for. */
  downloads = $state.raw<Readonly<Record<string, Download>>>({});
  cache = $state.raw<CacheView | null>(null);
  added = $state.raw<AddedFiles | null>(null);
  #api: Comlink.Remote<SymbolApi> | undefined;

  /** Connects an analysis worker by the port that it made. */
  async attach(port: MessagePort): Promise<void> {
    await (await this.#started()).attach(Comlink.transfer(port, [port]) as unknown as WirePort);
  }

  /** What the view shows; asks only this page's own host. */
  async load(): Promise<void> {
    const api = await this.#started();
    const [servers, path, cache, downloads] = await Promise.all([api.servers(), api.path(), api.cached(), api.downloads()]);
    this.#takeServers(servers);
    if (path.ok) this.path = path.value;
    if (cache.ok) this.cache = cache.value;
    if (downloads.ok) this.downloads = Object.fromEntries(downloads.value.map((one) => [one.id, one]));
  }
  async consent(server: string, consent: Consent): Promise<void> {
    this.#takeServers(await (await this.#started()).consent(server, consent));
  }
  async setPath(text: string): Promise<void> {
    const answer = await (await this.#started()).setPath(text);
    if (answer.ok) this.path = answer.value;
    await this.load();
  }
  async cancel(ids: readonly string[] | null): Promise<void> {
    await (await this.#started()).cancel(ids);
  }
  async addFiles(files: readonly File[]): Promise<void> {
    const answer = await (await this.#started()).addFiles(files);
    if (answer.ok) this.added = answer.value;
  }
  async deleteAll(): Promise<void> {
    const answer = await (await this.#started()).deleteCached(null);
    if (answer.ok) this.cache = answer.value;
  }

  async #countStored(api: Comlink.Remote<SymbolApi>): Promise<void> {
    const cache = await api.cached();
    if (cache.ok) this.cache = cache.value;
  }
  #takeServers(answer: Reply<readonly ServerView[]>): void {
    this.noServers = answer.ok ? null : answer.problem.detail;
    if (answer.ok) this.servers = answer.value;
  }

  #starting: Promise<Comlink.Remote<SymbolApi>> | undefined;
  #started(): Promise<Comlink.Remote<SymbolApi>> {
    this.#starting ??= this.#start();
    return this.#starting;
  }
  async #start(): Promise<Comlink.Remote<SymbolApi>> {
    const worker = new Worker(trustedScript(symbolsUrl), { type: 'module', name: 'symbols' });
    const api = Comlink.wrap<SymbolApi>(worker);
    const proxyBase = __PROXY_BASE__ === '' ? null : new URL(__PROXY_BASE__, document.baseURI).href.replace(/\/$/, '');
    await api.configure({ proxyBase });
    await api.watch(
      Comlink.proxy((download: Download) => {
        this.downloads = { ...this.downloads, [download.id]: download };
        if (download.status.state === 'done') void this.#countStored(api);
      }),
    );
    return api;
  }
}

export const symbols = new Symbols();
