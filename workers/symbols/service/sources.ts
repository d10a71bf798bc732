/** Source files of the person: dropped ones, and those in the folders of the source path. Found by the end of the path that the PDB names. */
import { SourceError } from '../../base/problem.ts';
import type { Directory, FileBody } from './effects.ts';
import { openBelow, walkBelow } from './folder.ts';

/** Larger files are no text that a person wrote. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_DROPPED = 20_000;

export interface SourceText {
  /** Where it was found: a file's name, or folder and path. */
  readonly origin: string;
  readonly lines: readonly string[];
}

export interface SourceFolder {
  readonly path: string;
  readonly directory: Directory;
  readonly recursive: boolean;
}

export class DroppedSources {
  readonly #files = new Map<string, FileBody>();

  add(files: readonly { readonly name: string; readonly body: FileBody }[]): void {
    for (const { name, body } of files) if (this.#files.size < MAX_DROPPED) this.#files.set(name.toLowerCase(), body);
  }

  /** `file`: a path as the PDB names it. Undefined where it is not at hand. */
  async find(file: string, folders: readonly SourceFolder[]): Promise<SourceText | undefined> {
    const parts = file.split(/[\\/]/).filter((part) => part !== '' && !/^\.+$/.test(part));
    const name = parts.at(-1) ?? '';
    const dropped = this.#files.get(name.toLowerCase());
    if (dropped) return readSource(dropped, name);
    for (const folder of folders) {
      const found = await findInFolder(parts, folder);
      if (found) return found;
    }
    return undefined;
  }
}

async function findInFolder(parts: readonly string[], { path, directory, recursive }: SourceFolder): Promise<SourceText | undefined> {
  try {
    for (let from = 0; from < parts.length; from++) {
      const tail = parts.slice(from);
      const body = await openBelow(directory, tail);
      if (body) return readSource(body, [path, ...tail].join('\\'));
    }
    return recursive ? await findDeeper(parts, path, directory) : undefined;
  } catch (error) {
    // The folder went away or is no longer allowed: the next one is looked into.
    if (error instanceof SourceError) return undefined;
    throw error;
  }
}

/** Of all files of that name the one whose folders agree with the PDB's path for longest. */
async function findDeeper(parts: readonly string[], path: string, directory: Directory): Promise<SourceText | undefined> {
  const wanted = parts.map((part) => part.toLowerCase());
  let best: { readonly shared: number; readonly at: string; open(): Promise<FileBody> } | undefined;
  for await (const file of walkBelow(directory, (name) => name === wanted.at(-1))) {
    const shared = sharedEnd(file.parts, wanted);
    if (!best || shared > best.shared) best = { shared, at: [path, ...file.parts].join('\\'), open: () => file.open() };
  }
  return best && readSource(await best.open(), best.at);
}

function sharedEnd(a: readonly string[], b: readonly string[]): number {
  let shared = 0;
  while (shared < Math.min(a.length, b.length) && a.at(-1 - shared) === b.at(-1 - shared)) shared += 1;
  return shared;
}

function readSource({ source }: FileBody, origin: string): SourceText | undefined {
  if (source.size > MAX_BYTES) return undefined;
  return { origin, lines: textOf(source.readBlock(0, source.size)).split(/\r\n|\r|\n/) };
}

/** UTF-16 where a mark says so, else UTF-8, else the code page in which old sources were written in the West. */
function textOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return new TextDecoder('windows-1252').decode(bytes);
    throw error;
  }
}
