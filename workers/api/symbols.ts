/** What the page may ask of the symbol worker: plain cloneable data, typed errors (design §4, §5, §7). */
import type { Reply } from '../base/problem.ts';
import type { AddedFiles } from '../symbols/service/dropped.ts';
import type { StoredEntry } from '../symbols/service/effects.ts';
import type { Consent, ServerView } from '../symbols/service/servers.ts';
import type { Download, DownloadStatus } from '../symbols/service/status.ts';
import type { SymbolPath } from '../symbols/service/sympath.ts';
import type { ModuleRequest } from '../symbols/service/want.ts';
import type { WirePort } from '../symbols/wire.ts';

export type { AddedFiles, Consent, Download, DownloadStatus, ModuleRequest, ServerView, StoredEntry, SymbolPath, WirePort };

export interface SymbolOptions {
  /** Address of the proxy without a slash at its end, "https://crash.example/symbols"; null where the site has none. */
  readonly proxyBase: string | null;
}

/** A `File` of the page: its name; its bytes are read in the worker. */
export interface SymbolFile {
  readonly name: string;
  readonly size: number;
}

export type OnDownload = (download: Download) => void;

export interface CacheView {
  readonly entries: readonly StoredEntry[];
  readonly bytes: number;
  /** What the browser lets this site store; null where it does not say. */
  readonly quota: number | null;
  /** False where the browser refuses to store anything (a private window): symbols then last as long as the page. */
  readonly available: boolean;
}

export interface SymbolApi {
  /** First of all; once. */
  configure(options: SymbolOptions): Promise<Reply<null>>;
  /** Asks the page's own host for its list of servers, nobody else. */
  servers(): Promise<Reply<readonly ServerView[]>>;
  consent(server: string, consent: Consent): Promise<Reply<readonly ServerView[]>>;
  path(): Promise<Reply<SymbolPath>>;
  /** Problems of single elements stand in the answer; the rest of the path holds. */
  setPath(text: string): Promise<Reply<SymbolPath>>;
  /** On behalf of every attached dump. `force`: also what was missed, cancelled or is another maker's. */
  request(modules: readonly ModuleRequest[], force: boolean): Promise<Reply<readonly Download[]>>;
  downloads(): Promise<Reply<readonly Download[]>>;
  /** Hears of every change of every download until the next call; null ends it. */
  watch(onDownload: OnDownload | null): Promise<Reply<null>>;
  addFiles(files: readonly SymbolFile[]): Promise<Reply<AddedFiles>>;
  /** By id; null: all that have not ended. */
  cancel(ids: readonly string[] | null): Promise<Reply<null>>;
  cached(): Promise<Reply<CacheView>>;
  /** By key; null: everything, misses included. */
  deleteCached(keys: readonly string[] | null): Promise<Reply<CacheView>>;
  log(): Promise<Reply<readonly string[]>>;
  /** Connects an analysis worker: the other end of the port goes there. */
  attach(port: WirePort): Promise<Reply<null>>;
}
