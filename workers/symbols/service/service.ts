/**
 * Symbols for everybody who asks: dropped files, then the store, then servers that may be asked (design §7).
 * One object for all sessions of a worker; downloads are shared among them.
 */
import { SourceError, type SymbolCode } from '../../base/problem.ts';
import { type Arrival, arrivalOf } from './arrival.ts';
import { SymbolCache } from './cache.ts';
import { badFile } from './checked.ts';
import { fetchWant } from './download.ts';
import type { AddedFiles } from './dropped.ts';
import type { Effects, Failure, FileBody, PutResult } from './effects.ts';
import { LocalFiles } from './local.ts';
import { Misses } from './misses.ts';
import { NoiseLog } from './noise.ts';
import { DemandQueue, StopSwitch } from './queue.ts';
import { fetchServerList, Tiers } from './serverlist.ts';
import { consentTexts, type Consent, type Expected, mayHold, type Server, ServerBook, type ServerDef, type ServerView } from './servers.ts';
import type { Session } from './session.ts';
import { type Download, type DownloadStatus, isEnded, moreTelling } from './status.ts';
import type { PathKind } from './sympath.ts';
import { firstWants, imageWant, type ModuleRequest, pdbWant, type Want } from './want.ts';

const PARALLEL = 6;
/** Bytes arrive in thousands of pieces; listeners hear of ten a second. */
const PROGRESS_MS = 100;

export interface ServiceOptions {
  /** Where the proxy answers, without a slash at its end; null: servers are asked directly. */
  readonly proxyBase: string | null;
  /** Servers known without asking the proxy for its list. */
  readonly servers: readonly ServerDef[];
}

interface Job {
  readonly want: Want;
  readonly request: ModuleRequest;
  readonly sessions: Set<Session>;
  status: DownloadStatus;
  stop: StopSwitch;
  demand: number;
  force: boolean;
  whole: boolean;
  /** Why what lies in the folders at hand did not do. */
  localFailure?: Failure | undefined;
  arrival?: Arrival;
}

export class SymbolService {
  readonly noise = new NoiseLog();
  readonly book: ServerBook;
  readonly cache: SymbolCache;
  readonly local: LocalFiles;
  readonly #effects: Effects;
  readonly #options: ServiceOptions;
  readonly #misses: Misses;
  readonly #queue = new DemandQueue(PARALLEL);
  readonly #jobs = new Map<string, Job>();
  readonly #listeners = new Set<(download: Download) => void>();
  readonly #pathListeners = new Set<() => void>();
  readonly #tiers: Tiers;
  #ready: Promise<void> | undefined;
  #list: Promise<Failure | undefined> | undefined;

  constructor(effects: Effects, options: ServiceOptions) {
    this.#effects = effects;
    this.#options = options;
    this.cache = new SymbolCache(effects, this.noise, (key) => this.#jobs.get(key)?.arrival !== undefined);
    this.local = new LocalFiles(effects, this.noise, this.cache);
    this.#tiers = new Tiers(effects);
    this.#misses = new Misses(effects.store, effects.clock);
    this.book = new ServerBook(effects.store, options.proxyBase);
    this.book.setListed(options.servers);
  }

  onDownload(listener: (download: Download) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One of the three paths was set, or the leave to read one of their folders has changed. */
  onPath(listener: () => void): () => void {
    this.#pathListeners.add(listener);
    return () => this.#pathListeners.delete(listener);
  }

  downloads(): Download[] {
    return [...this.#jobs.values()].map(describe);
  }

  /** Reads consent, paths, folders and misses once; later calls share the result. */
  load(): Promise<void> {
    this.#ready ??= Promise.all([this.book.load(), this.#misses.load(), this.cache.load(), this.local.folders.load()]).then(() => undefined);
    return this.#ready;
  }

  /** The servers, from the proxy's own list where there is a proxy. Asks only the page's own host. */
  async servers(): Promise<readonly ServerView[]> {
    await this.load();
    await this.loadServerList();
    const open = [...this.#jobs.values()].filter((job) => job.status.state !== 'done');
    return this.book.all().map(({ server, inPath }) => ({
      id: server.id,
      name: server.name,
      host: server.host,
      url: server.url,
      consent: this.book.consentOf(server.id),
      inPath,
      direct: server.direct,
      says: consentTexts(server, expected(open.filter((job) => mayHold(server, job.request.maker)))),
    }));
  }

  /** Undefined when the list is here; else why not. A failure is not remembered. */
  async loadServerList(): Promise<Failure | undefined> {
    if (this.#options.proxyBase === null || !this.#effects.network) return undefined;
    this.#list ??= this.#fetchList(this.#options.proxyBase);
    const failure = await this.#list;
    if (failure) this.#list = undefined;
    return failure;
  }
  async #fetchList(base: string): Promise<Failure | undefined> {
    const answer = await fetchServerList(this.#effects, base);
    if ('failure' in answer) return answer.failure;
    this.book.setListed(answer.list);
    return undefined;
  }

  async setConsent(id: string, consent: Consent): Promise<void> {
    await this.load();
    await this.book.setConsent(id, consent);
    const asked = (job: Job): boolean => job.status.state === 'declined' || isMiss(job.status);
    // Taken back: what runs is judged anew too, so that nothing more is asked there.
    this.#again((job) => job.status.state === 'needs-consent' || (consent === 'given' ? asked(job) : !isEnded(job.status)));
  }

  async setPath(of: PathKind, text: string): Promise<void> {
    await this.load();
    await this.book.setPath(of, text);
    this.lookAgain();
  }

  /** A path, its folders or what is kept has changed: what was not found is looked for anew. */
  lookAgain(): void {
    for (const listener of this.#pathListeners) listener();
    this.#again(({ status }) => status.state === 'needs-consent' || status.state === 'declined' || (status.state === 'failed' && status.code !== 'DEFECT'));
  }

  async addFiles(files: readonly { readonly name: string; readonly body: FileBody }[]): Promise<AddedFiles> {
    const added = await this.local.add(files);
    if (added.taken.length > 0) this.#again((job) => job.status.state !== 'done' && this.local.hasDropped(job.want));
    return added;
  }

  async deleteCached(keys: readonly string[]): Promise<void> {
    await this.cache.delete(keys);
    await this.#misses.clear();
  }

  /** Ids of downloads; none: all that have not ended. */
  cancel(ids: readonly string[] | undefined): void {
    for (const job of this.#jobs.values()) {
      if (isEnded(job.status) || (ids && !ids.includes(job.want.id))) continue;
      job.stop.stop();
      this.#queue.remove(job.want.id);
      this.#set(job, { state: 'cancelled' });
    }
  }

  /** `force`: also what was missed before, what was cancelled and what is plainly another maker's. */
  request(requests: readonly ModuleRequest[], session: Session, force: boolean): void {
    for (const request of requests) for (const want of firstWants(request)) this.#want(want, request, session, force);
  }

  closeSession(session: Session): void {
    for (const job of this.#jobs.values()) {
      job.sessions.delete(session);
      if (job.sessions.size === 0 && !isEnded(job.status)) this.cancel([job.want.id]);
    }
  }

  #want(want: Want, request: ModuleRequest, session: Session, force: boolean): void {
    const job = this.#jobs.get(want.id);
    if (!job) {
      const made: Job = {
        want,
        request,
        sessions: new Set([session]),
        status: { state: 'waiting' },
        stop: new StopSwitch(),
        demand: request.demand,
        force,
        whole: force || request.whole,
      };
      this.#jobs.set(want.id, made);
      this.#start(made);
      return;
    }
    job.sessions.add(session);
    job.demand = Math.min(job.demand, request.demand);
    job.whole ||= force || request.whole;
    job.force ||= force;
    if (job.arrival) this.#hand(job, job.arrival, session);
    else session.status(describe(job));
    if (isEnded(job.status) && isWorthAnother(job, force)) this.#start(job);
  }

  #again(which: (job: Job) => boolean): void {
    for (const job of [...this.#jobs.values()]) if (which(job)) this.#start(job);
  }

  #start(job: Job): void {
    job.stop.stop();
    job.stop = new StopSwitch();
    this.#queue.remove(job.want.id);
    this.#set(job, { state: 'waiting' });
    void this.#guard(job, job.stop, () => this.#locate(job, job.stop));
  }

  /** A fault of ours ends the download too; it is never left hanging. */
  async #guard(job: Job, stop: StopSwitch, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!stop.stopped) this.#set(job, { state: 'failed', code: codeOf(error, job.want), detail: error instanceof Error ? error.message : String(error) });
    }
  }

  /** Whatever needs nobody's consent; else on to the servers. */
  async #locate(job: Job, stop: StopSwitch): Promise<void> {
    await this.load();
    const local = await this.local.find(job.want, job.request, { paths: this.book.paths, whole: job.whole });
    if (stop.stopped) return;
    if (local.ok) {
      this.#finish(job, local.arrival, local.kept);
      return;
    }
    job.localFailure = local.failure;
    this.noise.notInStore(job.want.names[0] ?? '', job.want.key);
    const failure = this.#effects.network ? await this.loadServerList() : undefined;
    if (stop.stopped) return;
    const servers = this.book.ofPath();
    if (servers.length === 0) this.#fail(job, failure ?? { code: 'NOT_ON_SERVER', detail: 'no server in the symbol path, and not among the files at hand' });
    else this.#choose(job, servers, stop);
  }

  #fail(job: Job, failure: Failure): void {
    if (job.want.kind === 'pdb') this.#wantWhole(job.request);
    const told = moreTelling(job.localFailure, failure);
    if (!job.arrival) {
      this.#set(job, { state: 'failed', ...told });
      return;
    }
    // The rest of a partial image could not be had: what is here stays.
    this.noise.said(`${job.want.names[0] ?? ''} whole: ${told.code} ${told.detail}`);
    this.#finish(job, job.arrival, 'stored');
  }

  /** Where there is no PDB, the names of the image's export table do; they are not among the parts that unwinding needs. */
  #wantWhole({ module, imageName, pe }: ModuleRequest): void {
    const image = pe && this.#jobs.get(imageWant(module, imageName, pe).id);
    if (!image || image.whole) return;
    image.whole = true;
    if (image.arrival ? image.arrival.partial : !isEnded(image.status)) this.#start(image);
  }

  #choose(job: Job, servers: readonly Server[], stop: StopSwitch): void {
    if (!this.#effects.network) {
      this.#fail(job, { code: 'NOT_ON_SERVER', detail: 'not among the files at hand, and no server is asked in this session' });
      return;
    }
    const fitting = servers.filter((server) => job.force || mayHold(server, job.request.maker));
    if (fitting.length === 0) {
      this.#set(job, {
        state: 'declined',
        detail: `not asked of ${servers.map((server) => server.host).join(', ')}: it is a module of ${job.request.maker ?? 'another maker'}`,
      });
      return;
    }
    const given = fitting.filter((server) => this.book.consentOf(server.id) === 'given');
    const open = fitting.filter((server) => this.book.consentOf(server.id) === 'not-asked');
    if (given.length > 0) this.#queue.add(job.want.id, job.demand, () => this.#guard(job, stop, () => this.#fetch(job, given, open, stop)));
    else if (open.length > 0) this.#set(job, { state: 'needs-consent', servers: open.map((server) => server.id) });
    else this.#set(job, { state: 'declined', detail: `${fitting.map((server) => server.host).join(', ')}: you chose not to ask` });
  }

  async #fetch(job: Job, servers: readonly Server[], open: readonly Server[], stop: StopSwitch): Promise<void> {
    if (stop.stopped) return;
    await this.#effects.locks.run(`symbols/${job.want.id}`, async () => {
      // Another tab may have fetched it while this one waited for its turn.
      const meanwhile = stop.stopped ? undefined : await this.cache.find(job.want, job.whole);
      if (stop.stopped) return;
      if (meanwhile) this.#finish(job, meanwhile, 'stored');
      else await this.#askServers(job, servers, open, stop);
    });
  }

  async #askServers(job: Job, servers: readonly Server[], open: readonly Server[], stop: StopSwitch): Promise<void> {
    let worst: Failure | undefined;
    for (const server of servers) {
      const missedAt = job.force ? undefined : this.#misses.find(server.id, job.want.id);
      if (missedAt !== undefined) {
        worst = moreTelling(worst, { code: 'NOT_ON_SERVER', detail: `${server.host} did not have it on ${new Date(missedAt).toISOString().slice(0, 10)}` });
        continue;
      }
      const got = await this.#ask(job, server, stop);
      if (stop.stopped || (!got.ok && 'stopped' in got)) return;
      if (got.ok) {
        const kept = await this.cache.keep(got.arrival);
        if (!stop.stopped) this.#finish(job, got.arrival, kept);
        return;
      }
      if (got.failure.code === 'NOT_ON_SERVER') await this.#misses.add(server.id, job.want.id);
      worst = moreTelling(worst, got.failure);
    }
    if (stop.stopped) return;
    if (worst?.code === 'NOT_ON_SERVER' && open.length > 0) this.#set(job, { state: 'needs-consent', servers: open.map((server) => server.id) });
    else this.#fail(job, worst ?? { code: 'NOT_ON_SERVER', detail: 'no server was asked' });
  }

  async #ask(job: Job, server: Server, stop: StopSwitch) {
    this.#set(job, { state: 'downloading', server: server.host, done: 0, of: null });
    let told = this.#effects.clock.now();
    const got = await fetchWant(job.want, server, {
      effects: this.#effects,
      noise: this.noise,
      stop,
      inParts: !job.whole,
      onProgress: (done, of) => {
        const now = this.#effects.clock.now();
        if (stop.stopped || now - told < PROGRESS_MS) return;
        told = now;
        this.#set(job, { state: 'downloading', server: server.host, done, of });
      },
      twoTier: (of) => this.#tiers.isTwoTier(of, stop),
    });
    return got.ok ? { ok: true as const, arrival: await arrivalOf(job.want, got, this.#effects, this.noise) } : got;
  }

  #finish(job: Job, arrival: Arrival, kept: PutResult | 'at-hand'): void {
    job.arrival = arrival;
    const { want } = job;
    this.noise.loaded(
      want.module,
      want.kind === 'image' ? (arrival.partial ? 'image, headers and unwind data' : 'image') : arrival.pack ? 'public symbols' : 'no names',
      arrival.origin,
    );
    const { origin, body, partial } = arrival;
    this.#set(job, { state: 'done', origin, sizeBytes: body.source.size, partial, kept });
    for (const session of job.sessions) this.#hand(job, arrival, session);
  }

  #hand(job: Job, arrival: Arrival, session: Session): void {
    session.status(describe(job));
    if (arrival.want.kind === 'pdb') {
      session.arrive(arrival, null);
      return;
    }
    const named = this.#effects.formats.pdbOfImage(arrival.body.source);
    const pdb = named && pdbWant(job.want.module, named);
    session.arrive(arrival, pdb);
    // A triage dump does not hold the PDB's identity; the image does.
    if (pdb && !job.request.pdb) this.#want(pdb, { ...job.request, pdb: pdb.identity }, session, job.force);
  }

  #set(job: Job, status: DownloadStatus): void {
    job.status = status;
    const download = describe(job);
    for (const listener of this.#listeners) listener(download);
    for (const session of job.sessions) session.status(download);
  }
}

/** How many files would come; an image whose PDB is not known yet brings that along. */
function expected(jobs: readonly Job[]): Expected {
  const filesOf = (of: readonly Job[]): number => of.reduce((sum, { want, request }) => sum + (want.kind === 'image' && !request.pdb ? 2 : 1), 0);
  return { files: filesOf(jobs), kernelFiles: filesOf(jobs.filter((job) => job.request.module === 'nt')) };
}

/** A file that cannot be read is a bad file; whatever else is thrown is a fault of ours. */
function codeOf(error: unknown, want: Want): SymbolCode {
  return error instanceof SourceError ? badFile(want, error.message).code : 'DEFECT';
}

/** Asked for once more: what is there only in part and wanted whole, and what may succeed now. */
function isWorthAnother({ status, arrival, whole }: Job, force: boolean): boolean {
  if (arrival) return arrival.partial && whole;
  return force || status.state === 'cancelled' || (status.state === 'failed' && (status.code === 'OFFLINE' || status.code === 'PROXY'));
}

function isMiss(status: DownloadStatus): boolean {
  return status.state === 'failed' && status.code === 'NOT_ON_SERVER';
}

function describe(job: Job): Download {
  const { want, status } = job;
  return { id: want.id, module: want.module, kind: want.kind, file: want.names[0] ?? '', key: want.key, status };
}
