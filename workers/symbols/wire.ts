/**
 * What passes between an analysis worker and the symbol worker over their own MessagePort: symbol bytes never pass the page.
 * `handle` is a file as the world clones it to another worker: a Blob in the browser, an array elsewhere.
 */
import type { Download } from './service/status.ts';
import type { FolderState } from './service/folders.ts';
import type { PathKind } from './service/sympath.ts';
import type { ModuleRequest } from './service/want.ts';

/** The paths as typed, and how the folders that they name stand. */
export interface SearchPaths {
  readonly typed: Readonly<Record<PathKind, string>>;
  readonly folders: readonly { readonly path: string; readonly state: FolderState }[];
}

export type ToSymbols =
  /** The modules of the opened dump, whether they are asked for or not. */
  | { readonly tell: 'know'; readonly modules: readonly ModuleRequest[] }
  | { readonly tell: 'request'; readonly modules: readonly ModuleRequest[]; readonly force: boolean }
  | { readonly tell: 'set-path'; readonly of: PathKind; readonly text: string }
  | { readonly tell: 'close' };

export type FromSymbols =
  | { readonly tell: 'hello'; readonly paths: SearchPaths; readonly noise: readonly string[] }
  | { readonly tell: 'paths'; readonly paths: SearchPaths }
  | { readonly tell: 'noise'; readonly lines: readonly string[] }
  | { readonly tell: 'download'; readonly download: Download }
  | {
      readonly tell: 'file';
      readonly id: string;
      readonly name: string;
      readonly origin: string;
      readonly handle: unknown;
      readonly pack: ArrayBuffer | null;
      /** Of an image: the id under which its PDB arrives, where it names one. */
      readonly pdbOfImage: string | null;
    };

/** The part of MessagePort that is needed. */
export interface WirePort {
  postMessage(message: unknown): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  close(): void;
  start?(): void;
}
