/** The analysis worker's side of the symbol worker: a provider over what has arrived, synchronous, and the asking for more. */
import { type Found, found, missing, thenFound, valueOf } from '../base/found.ts';
import { refuse, type Reply, reply, SourceError } from '../base/problem.ts';
import { BlockCache } from '../bytes/blockcache.ts';
import type { ByteSource } from '../bytes/source.ts';
import { openPdb, type PdbFile } from '../formats/pdb/pdb.ts';
import { openPeFile, type PeFile } from '../formats/pe/file.ts';
import type { Module } from '../modules/module.ts';
import { exportSymbols } from './exports.ts';
import { imageFromPe } from './image.ts';
import { openLines } from './lines.ts';
import { imageSource } from './partialimage.ts';
import { readPack } from './pack/layout.ts';
import { PackTable } from './pack/table.ts';
import { openSymLines } from './symlines.ts';
import type { ImageBytes, SymbolProvider, SymbolStatus, SymbolTable } from './provider.ts';
import type { FolderState } from './service/folders.ts';
import type { Download } from './service/status.ts';
import { parseSymbolPath, type PathKind, sameFolder } from './service/sympath.ts';
import { idsOf, type ModuleRequest } from './service/want.ts';
import type { FromSymbols, SearchPaths, ToSymbols, WirePort } from './wire.ts';

const MAX_LINES = 2000;
const NO_PATHS: SearchPaths = { typed: { symbols: '', images: '', sources: '' }, folders: [] };

export interface AttachedWorld {
  /** Where it is there from the start; else `connect` brings it. */
  readonly port?: WirePort;
  /** A file as it came over the port, to be read synchronously. */
  openFile(handle: unknown, name: string): ByteSource;
  /** Something arrived or changed its state: views may be drawn anew. */
  onChange(what: { readonly id: string; readonly arrived: boolean }): void;
}

interface Here {
  readonly source: ByteSource;
  readonly origin: string;
  readonly pack: ArrayBuffer | null;
  readonly pdbOfImage: string | null;
  table?: Found<SymbolTable>;
  file?: Found<PeFile>;
  pdb?: Found<PdbFile>;
}

/** Blocks of 64 KiB that are kept of each PDB: a question touches a few places, and dozens of PDBs may be open. */
const PDB_BLOCKS = 64;

/** May throw SourceError. */
function pdbOf(here: Here): Found<PdbFile> {
  return (here.pdb ??= openPdb(new BlockCache(here.source, PDB_BLOCKS)));
}

export interface Demand {
  readonly module: Module;
  readonly demand: number;
  readonly maker: string | null;
  readonly image: boolean;
  readonly whole: boolean;
}

export function requestOf({ module, demand, maker, image, whole }: Demand): ModuleRequest {
  const { identity, imageName, name } = module;
  return { module: name, imageName, pe: valueOf(identity.pe) ?? null, pdb: valueOf(identity.pdb) ?? null, demand, maker, image, whole };
}

/** Also the SymbolControl of the console commands. */
export class AttachedSymbols implements SymbolProvider {
  readonly #world: AttachedWorld;
  readonly #here = new Map<string, Here>();
  readonly #downloads = new Map<string, Download>();
  readonly #log: string[] = [];
  readonly #unsent: ToSymbols[] = [];
  #port: WirePort | undefined;
  #known: readonly Demand[] = [];
  #paths: SearchPaths = NO_PATHS;
  #greeted = false;
  #noisy = false;
  #revision = 0;

  constructor(world: AttachedWorld) {
    this.#world = world;
    if (world.port) this.connect(world.port);
  }

  /** The symbol worker's end may come late or never; what was asked for until then is asked now. */
  connect(port: WirePort): void {
    this.#port?.close();
    this.#port = port;
    port.onmessage = (event) => this.#receive(event.data as FromSymbols);
    port.start?.();
    for (const message of this.#unsent.splice(0)) port.postMessage(message);
  }

  /** The modules of the opened dump, so that they can be asked for by name. */
  know(demands: readonly Demand[]): void {
    this.#known = demands;
    this.#tell({ tell: 'know', modules: demands.map(requestOf) });
  }
  /** Asks for these; answers arrive later. */
  ask(demands: readonly Demand[], force = false): void {
    this.#tell({ tell: 'request', modules: demands.map(requestOf), force });
  }
  close(): void {
    this.#tell({ tell: 'close' });
    if (!this.#port) return;
    this.#port.onmessage = null;
    this.#port.close();
    this.#port = undefined;
  }

  get revision(): number {
    return this.#revision;
  }

  status(module: Module): SymbolStatus {
    const { pdb, image } = this.#idsOf(module);
    const table = this.table(module);
    if (table.ok) return { state: 'ready', origin: table.value.origin, kind: table.value.kind, count: table.value.count };
    const download = (pdb === null ? undefined : this.#downloads.get(pdb)) ?? (image === null ? undefined : this.#downloads.get(image));
    return download ? statusOf(download) : { state: 'not-asked' };
  }

  table(module: Module): Found<SymbolTable> {
    const { pdb, image } = this.#idsOf(module);
    const ofPdb = this.#guarded(module, () => this.#pdbTable(pdb));
    if (ofPdb?.ok) return ofPdb;
    const ofImage = this.#guarded(module, () => this.#exports(image));
    return ofImage?.ok ? ofImage : (ofPdb ?? ofImage ?? this.#none(module, this.#failure(pdb) ?? 'no symbols have arrived'));
  }

  image(module: Module): Found<ImageBytes> {
    const { image } = this.#idsOf(module);
    const file = this.#guarded(module, () => this.#peFile(image));
    return file ? thenFound(file, (pe) => found(imageFromPe(pe))) : this.#none(module, 'the image file is not at hand');
  }

  pdb(module: Module): Found<PdbFile> {
    const { pdb } = this.#idsOf(module);
    const here = pdb === null ? undefined : this.#here.get(pdb);
    if (!here) return this.#none(module, this.#failure(pdb) ?? 'its PDB has not arrived');
    return this.#guarded(module, () => pdbOf(here)) ?? this.#none(module, 'its PDB cannot be read');
  }

  /** Why a file did not arrive, where that is known. */
  #failure(id: string | null): string | undefined {
    const download = id === null ? undefined : this.#downloads.get(id);
    const status = download && statusOf(download);
    return status?.state === 'failed' ? `${status.code}: ${status.detail}` : undefined;
  }

  /** True once the symbol worker has said its first word. */
  get greeted(): boolean {
    return this.#greeted;
  }
  path(of: PathKind): string {
    return this.#paths.typed[of];
  }
  setPath(of: PathKind, path: string): Reply<string> {
    const [problem] = parseSymbolPath(path).problems;
    if (problem) return refuse('BAD_ARGUMENT', `${problem.text}: ${problem.why}`, { at: problem.at });
    this.#paths = { ...this.#paths, typed: { ...this.#paths.typed, [of]: path } };
    this.#tell({ tell: 'set-path', of, text: path });
    return reply(path);
  }
  folderState(path: string): FolderState {
    return this.#paths.folders.find((folder) => sameFolder(folder.path, path))?.state ?? 'not-picked';
  }
  noisy(): boolean {
    return this.#noisy;
  }
  setNoisy(on: boolean): void {
    this.#noisy = on;
  }
  log(): readonly string[] {
    return this.#log;
  }
  /** By WinDbg name; none: all modules. */
  request(modules: readonly string[], force: boolean): void {
    const wanted = modules.map((name) => name.toLowerCase());
    this.ask(wanted.length === 0 ? this.#known : this.#known.filter(({ module }) => wanted.includes(module.name.toLowerCase())), force);
  }

  #tell(message: ToSymbols): void {
    if (this.#port) this.#port.postMessage(message);
    else if (message.tell !== 'close') this.#unsent.push(message);
  }

  #receive(message: FromSymbols): void {
    if (message.tell === 'download') {
      this.#downloads.set(message.download.id, message.download);
      this.#world.onChange({ id: message.download.id, arrived: false });
    } else if (message.tell === 'file') {
      const { id, name, origin, handle, pack, pdbOfImage } = message;
      this.#revision += 1;
      this.#here.set(id, { source: imageSource(this.#world.openFile(handle, name)), origin, pack, pdbOfImage });
      this.#world.onChange({ id, arrived: true });
    } else if (message.tell === 'noise') {
      this.#note(message.lines);
    } else {
      this.#paths = message.paths;
      this.#greeted = true;
      if (message.tell === 'hello') this.#note(message.noise);
    }
  }

  #note(lines: readonly string[]): void {
    this.#log.push(...lines);
    if (this.#log.length > MAX_LINES) this.#log.splice(0, this.#log.length - MAX_LINES);
  }

  /** A triage dump does not name the PDB; the image that has arrived does. */
  #idsOf(module: Module): { readonly pdb: string | null; readonly image: string | null } {
    const ids = idsOf(requestOf({ module, demand: 0, maker: null, image: false, whole: false }));
    const named = ids.image === null ? undefined : this.#here.get(ids.image)?.pdbOfImage;
    return { image: ids.image, pdb: ids.pdb ?? named ?? null };
  }

  #pdbTable(id: string | null): Found<SymbolTable> | undefined {
    const here = id === null ? undefined : this.#here.get(id);
    if (!here?.pack) return undefined;
    here.table ??= thenFound(readPack(here.pack), (pack) =>
      found(new PackTable(pack, () => (pack.texts.kind === 'sym' ? openSymLines(here.source) : thenFound(pdbOf(here), openLines)))),
    );
    return here.table;
  }
  #peFile(id: string | null): Found<PeFile> | undefined {
    const here = id === null ? undefined : this.#here.get(id);
    if (!here) return undefined;
    here.file ??= openPeFile(here.source);
    return here.file;
  }
  #exports(id: string | null): Found<SymbolTable> | undefined {
    const here = id === null ? undefined : this.#here.get(id);
    const file = this.#peFile(id);
    if (!here || !file) return undefined;
    here.table ??= thenFound(file, (pe) => exportSymbols(pe, pe.headers));
    return here.table;
  }

  #guarded<T>(module: Module, run: () => Found<T> | undefined): Found<T> | undefined {
    try {
      return run();
    } catch (error) {
      if (error instanceof SourceError) return this.#none(module, error.message);
      throw error;
    }
  }
  #none(module: Module, detail: string): ReturnType<typeof missing> {
    return missing({ why: 'no-symbols', module: module.name, detail });
  }
}

function statusOf({ status }: Download): SymbolStatus {
  switch (status.state) {
    case 'needs-consent':
      return { state: 'not-asked' };
    case 'waiting':
      return { state: 'waiting' };
    case 'downloading':
      return { state: 'downloading', done: status.done, ...(status.of === null ? {} : { of: status.of }) };
    case 'done':
      return { state: 'failed', code: 'BAD_PDB', detail: `${status.origin} holds no names` };
    case 'failed':
      return { state: 'failed', code: status.code, detail: status.detail };
    case 'cancelled':
      return { state: 'failed', code: 'CANCELLED', detail: 'cancelled' };
    case 'declined':
      return { state: 'failed', code: 'DECLINED', detail: status.detail };
  }
}
