/**
 * Folders that the person picked: handles where the browser gives them (they can be kept, and asked for again on the next visit),
 * else the list of files that a folder input hands over, which lasts as long as the page.
 */
import { SourceError } from '../../base/problem.ts';
import type { Directories, Directory, DirectoryEntry } from '../../symbols/service/effects.ts';
import { blobBody } from './symbolstore.ts';

/** Files of a folder input; `path` from the picked folder on, with slashes. */
export interface PickedFile {
  readonly path: string;
  readonly file: Blob;
}

const MAX_FILES = 200_000;
/** A folder is listed anew after this time: files are put into it while the page is open. */
const LISTED_MS = 5000;

/** Not in every browser, so not in the types. */
interface Listed extends FileSystemDirectoryHandle {
  queryPermission?(options: { readonly mode: 'read' }): Promise<PermissionState>;
}

class HandleDirectory implements Directory {
  readonly #handle: Listed;
  #listed: { readonly at: number; readonly entries: Promise<ReadonlyMap<string, DirectoryEntry>> } | undefined;

  constructor(handle: Listed) {
    this.#handle = handle;
  }
  entries(): Promise<ReadonlyMap<string, DirectoryEntry>> {
    const now = Date.now();
    if (!this.#listed || now - this.#listed.at > LISTED_MS) this.#listed = { at: now, entries: this.#list() };
    return this.#listed.entries;
  }
  async #list(): Promise<ReadonlyMap<string, DirectoryEntry>> {
    const list = new Map<string, DirectoryEntry>();
    try {
      for await (const [name, handle] of this.#handle.entries()) {
        if (list.size >= MAX_FILES) break;
        list.set(name.toLowerCase(), entryOf(handle));
      }
    } catch (thrown) {
      throw denied(thrown);
    }
    return list;
  }
}

function entryOf(handle: FileSystemDirectoryHandle | FileSystemFileHandle): DirectoryEntry {
  if (handle.kind === 'directory') return { kind: 'directory', directory: new HandleDirectory(handle) };
  return {
    kind: 'file',
    open: async () => {
      try {
        const file = await handle.getFile();
        return blobBody(file, file.name);
      } catch (thrown) {
        throw denied(thrown);
      }
    },
  };
}

function denied(thrown: unknown): unknown {
  return thrown instanceof DOMException ? new SourceError('READ_DENIED', `the browser did not let the folder be read (${thrown.name})`) : thrown;
}

interface Tree {
  readonly files: Map<string, Blob>;
  readonly below: Map<string, Tree>;
}

function treeOf(files: readonly PickedFile[]): Tree {
  const root: Tree = { files: new Map(), below: new Map() };
  for (const { path, file } of files.slice(0, MAX_FILES)) {
    const parts = path.split('/').map((part) => part.toLowerCase());
    let at = root;
    for (const part of parts.slice(0, -1)) {
      const next = at.below.get(part) ?? { files: new Map<string, Blob>(), below: new Map<string, Tree>() };
      at.below.set(part, next);
      at = next;
    }
    at.files.set(parts.at(-1) ?? '', file);
  }
  return root;
}

function directoryOf({ files, below }: Tree): Directory {
  const entries = new Map<string, DirectoryEntry>();
  for (const [name, tree] of below) entries.set(name, { kind: 'directory', directory: directoryOf(tree) });
  for (const [name, file] of files) entries.set(name, { kind: 'file', open: () => Promise.resolve(blobBody(file, name)) });
  return { entries: () => Promise.resolve(entries) };
}

function isHandle(handle: unknown): handle is Listed {
  return typeof FileSystemDirectoryHandle !== 'undefined' && handle instanceof FileSystemDirectoryHandle;
}

function isFileList(handle: unknown): handle is readonly PickedFile[] {
  return Array.isArray(handle) && handle.every((one: Partial<PickedFile> | null) => typeof one?.path === 'string' && one.file instanceof Blob);
}

export const browserDirectories: Directories = {
  open: (handle) => (isHandle(handle) ? new HandleDirectory(handle) : isFileList(handle) ? directoryOf(treeOf(handle)) : undefined),
  allowed: async (handle) => !isHandle(handle) || !handle.queryPermission || (await handle.queryPermission({ mode: 'read' })) === 'granted',
  keepable: isHandle,
};
