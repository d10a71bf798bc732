/** What the service needs of its world. Implemented over fetch and IndexedDB in the browser, fs in Node, arrays in tests. */
import type { Found } from '../../base/found.ts';
import type { Reply, SymbolCode } from '../../base/problem.ts';
import type { ByteSource } from '../../bytes/source.ts';
import type { PdbIdentity, PeIdentity } from '../../modules/module.ts';

/** A file of any size. `handle` is the world's own form of it (a Blob, an array), which can be cloned to another worker. */
export interface FileBody {
  readonly source: ByteSource;
  readonly handle: unknown;
}

/** Set once, asked often. Made by the service; a world may react to it at once by `onStop`. */
export interface StopSignal {
  readonly stopped: boolean;
  onStop(run: () => void): void;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface GetOptions {
  /** Only these bytes, where the server can. */
  readonly range?: ByteRange;
  readonly maxBytes: number;
  readonly stop: StopSignal;
  onProgress(done: number, of: number | null): void;
  /** Sees the first bytes as they arrive; false ends the download there. */
  accept(first: Uint8Array): boolean;
}

export type FetchResult =
  /** `proxyCode` is X-Symbol-Proxy, null where the answer does not come from our proxy. `first` holds the first bytes, also of a refused body. */
  | {
      readonly ended: 'answer';
      readonly status: number;
      readonly proxyCode: string | null;
      readonly body: FileBody | null;
      readonly first: Uint8Array;
      /** Of an answer that is a part: where it stands, and the size of the whole. */ readonly range?: { readonly offset: number; readonly total: number };
    }
  | { readonly ended: 'unreachable' | 'cut' | 'timeout' | 'too-large' | 'stopped'; readonly detail: string };

export interface Network {
  get(url: string, options: GetOptions): Promise<FetchResult>;
  /** False where the device says that it has no network; true proves nothing. */
  online(): boolean;
}

export interface StoredFile {
  readonly body: FileBody;
  /** Names of a PDB, ready to use; null where none was built. */
  readonly pack: ArrayBuffer | null;
  /** Whence it came when it was stored. */
  readonly from: string;
}
export interface StoredEntry {
  readonly key: string;
  /** Never deleted to make room. */
  readonly pinned?: boolean;
  readonly name: string;
  readonly sizeBytes: number;
  readonly packBytes: number;
  readonly storedAtMs: number;
  readonly usedAtMs: number;
  readonly from: string;
}
export type PutResult = 'stored' | 'quota' | 'unavailable';

export interface SymbolStore {
  get(key: string): Promise<StoredFile | undefined>;
  put(entry: StoredEntry, body: FileBody, pack: ArrayBuffer | null): Promise<PutResult>;
  list(): Promise<readonly StoredEntry[]>;
  /** Nothing where the file is gone meanwhile. */
  setPinned(key: string, pinned: boolean): Promise<void>;
  delete(keys: readonly string[]): Promise<void>;
  /** Small values: consent, symbol path, misses. */
  readValue(name: string): Promise<unknown>;
  writeValue(name: string, value: unknown): Promise<void>;
}

/** A folder of the person's disk, listed when it is looked into; by names in lower case. May reject where it is gone or no longer allowed. */
export interface Directory {
  entries(): Promise<ReadonlyMap<string, DirectoryEntry>>;
}
export type DirectoryEntry = { readonly kind: 'file'; open(): Promise<FileBody> } | { readonly kind: 'directory'; readonly directory: Directory };

/** Folders as the world hands them out. A `handle` can be kept in the store where it says so. */
export interface Directories {
  open(handle: unknown): Directory | undefined;
  /** False where the person has to be asked anew, after a restart of the browser. */
  allowed(handle: unknown): Promise<boolean>;
  keepable(handle: unknown): boolean;
}

export interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
  /** In [0, 1): spreads retries. */
  random(): number;
}

/** One holder of a name at a time, over all tabs. */
export interface Locks {
  run<T>(name: string, task: () => Promise<T>): Promise<T>;
}

/** File formats, as the service needs them (formats.ts). A problem's code is one of SymbolCode's. May throw SourceError, as every read. */
export interface SymbolFormats {
  /** The file in a cabinet, as a body of its own. */
  unpackCab(source: ByteSource): Promise<Reply<FileBody>>;
  checkPdb(source: ByteSource, wanted: PdbIdentity): Reply<unknown>;
  checkImage(source: ByteSource, wanted: PeIdentity): Reply<unknown>;
  /** Of a Breakpad symbol file, which stands in for a PDB. */
  checkSym(source: ByteSource, wanted: PdbIdentity): Reply<unknown>;
  /** Store keys under which a dropped PDB may be asked for. */
  keysOfPdb(source: ByteSource): Reply<readonly string[]>;
  keysOfSym(source: ByteSource): Reply<readonly string[]>;
  keysOfImage(source: ByteSource): Reply<readonly string[]>;
  /** The PDB that an image names in its debug directory. */
  pdbOfImage(source: ByteSource): PdbIdentity | null;
  /** True for an image of which only some parts are at hand. */
  isPartial(source: ByteSource): boolean;
  /** True for a pack that this engine wrote. */
  isPack(pack: ArrayBuffer): boolean;
  buildPack(source: ByteSource): Promise<Found<ArrayBuffer>>;
}

export interface Effects {
  readonly network: Network | null;
  readonly store: SymbolStore;
  readonly clock: Clock;
  readonly locks: Locks;
  readonly directories: Directories;
  bodyOf(bytes: Uint8Array, name: string): FileBody;
  readonly formats: SymbolFormats;
}

export interface Failure {
  readonly code: SymbolCode;
  readonly detail: string;
}
