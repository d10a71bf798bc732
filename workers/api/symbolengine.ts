/** The symbol worker behind SymbolApi. Pure: its world comes in with the constructor. */
import { refuse, type Reply, reply } from '../base/problem.ts';
import type { Effects, FileBody, StoredEntry } from '../symbols/service/effects.ts';
import { type Arrival, SymbolService } from '../symbols/service/service.ts';
import type { Session } from '../symbols/service/session.ts';
import type { PdbWant } from '../symbols/service/want.ts';
import type { FromSymbols, ToSymbols, WirePort } from '../symbols/wire.ts';
import type {
  AddedFiles,
  CacheView,
  Consent,
  Download,
  ModuleRequest,
  OnDownload,
  ServerView,
  SymbolApi,
  SymbolFile,
  SymbolOptions,
  SymbolPath,
} from './symbols.ts';

export interface SymbolWorld {
  readonly effects: Effects;
  openFile(file: SymbolFile): FileBody;
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
  async path(): Promise<Reply<SymbolPath>> {
    await this.#service.load();
    return reply(this.#service.book.path);
  }
  async setPath(text: string): Promise<Reply<SymbolPath>> {
    return reply(await this.#service.setPath(text));
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
  async cancel(ids: readonly string[] | null): Promise<Reply<null>> {
    this.#service.cancel(ids ?? undefined);
    return reply(null);
  }

  async cached(): Promise<Reply<CacheView>> {
    const entries = await this.#service.cached();
    const { bytes: quota, available } = await this.#world.quota();
    return reply({ entries, bytes: entries.reduce((sum, entry) => sum + entry.sizeBytes + entry.packBytes, 0), quota, available });
  }
  async deleteCached(keys: readonly string[] | null): Promise<Reply<CacheView>> {
    const all: readonly StoredEntry[] = keys === null ? await this.#service.cached() : [];
    await this.#service.deleteCached(keys ?? all.map((entry) => entry.key));
    return this.cached();
  }
  async log(): Promise<Reply<readonly string[]>> {
    return reply([...this.#service.noise.lines()]);
  }

  async attach(port: WirePort): Promise<Reply<null>> {
    await this.#service.load();
    attachPort(this.#service, port, this.#sessions);
    return reply(null);
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
  const endPath = service.onPath((path) => tell({ tell: 'path', path: path.text }));
  port.onmessage = (event) => {
    const message = event.data as ToSymbols;
    if (message.tell === 'request') service.request(message.modules, session, message.force);
    else if (message.tell === 'set-path') void service.setPath(message.text);
    else {
      endNoise();
      endPath();
      sessions.delete(session);
      service.closeSession(session);
      port.close();
    }
  };
  port.start?.();
  tell({ tell: 'hello', path: service.book.path.text, noise: service.noise.lines() });
}

/** The pack is copied to the other worker: this one keeps its own for the next dump. */
function fileMessage({ want, body, origin, pack }: Arrival, pdbOfImage: PdbWant | null): FromSymbols {
  return { tell: 'file', id: want.id, name: want.names[0] ?? '', origin, handle: body.handle, pack, pdbOfImage: pdbOfImage?.id ?? null };
}
