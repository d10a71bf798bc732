/** What the page may ask of the symbol worker: plain cloneable data, typed errors (design §4, §5, §7). */
import type { Reply } from '../base/problem.ts';
import type { AddedFiles } from '../symbols/service/dropped.ts';
import type { StoredEntry } from '../symbols/service/effects.ts';
import type { FolderState } from '../symbols/service/folders.ts';
import type { Need } from '../symbols/service/needs.ts';
import type { Consent, ServerView } from '../symbols/service/servers.ts';
import type { SourceText } from '../symbols/service/sources.ts';
import type { Download, DownloadStatus } from '../symbols/service/status.ts';
import type { PathKind, SymbolPath } from '../symbols/service/sympath.ts';
import type { ModuleRequest } from '../symbols/service/want.ts';
import type { WirePort } from '../symbols/wire.ts';

export type {
  AddedFiles,
  Consent,
  Download,
  DownloadStatus,
  FolderState,
  ModuleRequest,
  Need,
  PathKind,
  ServerView,
  SourceText,
  StoredEntry,
  SymbolPath,
  WirePort,
};

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
  /** What is kept at most; the files used longest ago leave first. */
  readonly capBytes: number;
  /** What the browser lets this site store; null where it does not say. */
  readonly quota: number | null;
  /** False where the browser refuses to store anything (a private window): symbols then last as long as the page. */
  readonly available: boolean;
}

export interface FolderView {
  readonly path: string;
  readonly state: FolderState;
  /** Its subfolders are searched too. */
  readonly recursive: boolean;
}
export interface PathView extends SymbolPath {
  /** The folders that the path names. */
  readonly folders: readonly FolderView[];
}
export type PathsView = Readonly<Record<PathKind, PathView>>;

export interface SymbolApi {
  /** First of all; once. */
  configure(options: SymbolOptions): Promise<Reply<null>>;
  /** Asks the page's own host for its list of servers, nobody else. */
  servers(): Promise<Reply<readonly ServerView[]>>;
  consent(server: string, consent: Consent): Promise<Reply<readonly ServerView[]>>;
  paths(): Promise<Reply<PathsView>>;
  /** Problems of single elements stand in the answer; the rest of the path holds. */
  setPath(of: PathKind, text: string): Promise<Reply<PathsView>>;
  /** Gives a folder of a path what the person picked: a directory handle, or files with their paths in the folder. */
  pickFolder(path: string, picked: unknown, recursive: boolean): Promise<Reply<PathsView>>;
  setFolderRecursive(path: string, recursive: boolean): Promise<Reply<PathsView>>;
  forgetFolder(path: string): Promise<Reply<PathsView>>;
  /** The handle of a folder that was picked, so that the page can ask the browser for leave again; null where there is none. */
  folderHandle(path: string): Promise<Reply<unknown>>;
  /** After the browser was asked for leave again. */
  folderAsked(path: string): Promise<Reply<PathsView>>;
  /** On behalf of every attached dump. `force`: also what was missed, cancelled or is another maker's. */
  request(modules: readonly ModuleRequest[], force: boolean): Promise<Reply<readonly Download[]>>;
  downloads(): Promise<Reply<readonly Download[]>>;
  /** Hears of every change of every download until the next call; null ends it. */
  watch(onDownload: OnDownload | null): Promise<Reply<null>>;
  addFiles(files: readonly SymbolFile[]): Promise<Reply<AddedFiles>>;
  /** Source files, known by their names; they last as long as the page. */
  addSources(files: readonly SymbolFile[]): Promise<Reply<null>>;
  /** The text of a source file by the path that a PDB names; null where it is neither dropped nor in a folder of the source path. */
  source(file: string): Promise<Reply<SourceText | null>>;
  /** By id; null: all that have not ended. */
  cancel(ids: readonly string[] | null): Promise<Reply<null>>;
  cached(): Promise<Reply<CacheView>>;
  /** By key; null: everything, pinned or not, misses included. */
  deleteCached(keys: readonly string[] | null): Promise<Reply<CacheView>>;
  /** What is pinned never leaves to make room. */
  setPinned(key: string, pinned: boolean): Promise<Reply<CacheView>>;
  setCap(bytes: number): Promise<Reply<CacheView>>;
  /** All stored files as one zip file in the layout of a symbol store: the world's form of a file. */
  exportStore(): Promise<Reply<unknown>>;
  importStore(file: SymbolFile): Promise<Reply<AddedFiles>>;
  /** What the opened dumps need, at hand or not, with the addresses at the servers of the path. */
  needs(): Promise<Reply<readonly Need[]>>;
  log(): Promise<Reply<readonly string[]>>;
  /** Connects an analysis worker: the other end of the port goes there. */
  attach(port: WirePort): Promise<Reply<null>>;
}
