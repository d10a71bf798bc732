/**
 * A file in one folder of a path. A folder is searched as DbgHelp does ("Symbol Paths", Debug Help Library: the folder itself, then
 * `symbols\ext` and `ext` for the extension of the image), then as a symbol store of one or two tiers; never deeper unless asked.
 */
import type { Directory, FileBody } from './effects.ts';
import { ALL_SHAPES, nameIn, placesOf, type Shape } from './storepath.ts';
import type { Want } from './want.ts';

const MAX_DEPTH = 12;
/** Entries looked at below a folder that is searched with its subfolders. */
const MAX_ENTRIES = 200_000;

export interface FolderFile {
  /** From the folder on. */
  readonly parts: readonly string[];
  readonly shape: Shape;
  open(): Promise<FileBody>;
}

async function findFile(root: Directory, parts: readonly string[]): Promise<(() => Promise<FileBody>) | undefined> {
  let directory = root;
  for (const [index, part] of parts.entries()) {
    const entry = (await directory.entries()).get(part.toLowerCase());
    if (!entry) return undefined;
    if (index === parts.length - 1) return entry.kind === 'file' ? () => entry.open() : undefined;
    if (entry.kind !== 'directory') return undefined;
    directory = entry.directory;
  }
  return undefined;
}

/** The file at a path below the folder, where there is one. */
export async function openBelow(root: Directory, parts: readonly string[]): Promise<FileBody | undefined> {
  return (await findFile(root, parts))?.();
}

export interface FolderSearch {
  readonly recursive: boolean;
  /** Of the image, without the dot: "sys". */
  readonly extension: string;
}

/** Where a file of that want may stand, most likely first; each is still to be checked. */
export async function* walkCandidates(root: Directory, want: Want, { recursive, extension }: FolderSearch): AsyncGenerator<FolderFile> {
  const seen = new Set<string>();
  const twoTier = (await root.entries()).has('index2.txt');
  for (const place of [...flatPlaces(want, extension), ...placesOf(want, ALL_SHAPES, false), ...(twoTier ? placesOf(want, ALL_SHAPES, true) : [])]) {
    const open = await findFile(root, place.parts);
    if (!open) continue;
    seen.add(place.parts.join('/').toLowerCase());
    yield { ...place, open };
  }
  if (!recursive) return;
  const names = new Set(shapesOf(want).flatMap((shape) => want.names.map((name) => nameIn(shape, name).toLowerCase())));
  for await (const file of walkBelow(root, (name) => names.has(name))) if (!seen.has(file.parts.join('/'))) yield file;
}

/** A pointer says where in a store; outside one it says nothing. */
function shapesOf(want: Want): readonly Shape[] {
  return want.kind === 'pdb' ? ['plain', 'compressed', 'sym'] : ['plain', 'compressed'];
}

function flatPlaces(want: Want, extension: string): { readonly parts: readonly string[]; readonly shape: Shape }[] {
  const folders = [[], ...(extension === '' ? [] : [['symbols', extension], [extension]])];
  return folders.flatMap((folder) => shapesOf(want).flatMap((shape) => want.names.map((name) => ({ parts: [...folder, nameIn(shape, name)], shape }))));
}

/** Files below a folder whose lower-case name is wanted, nearest first. */
export async function* walkBelow(root: Directory, wanted: (name: string) => boolean): AsyncGenerator<FolderFile> {
  let level: { readonly directory: Directory; readonly parts: readonly string[] }[] = [{ directory: root, parts: [] }];
  let left = MAX_ENTRIES;
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth++) {
    const next: typeof level = [];
    for (const { directory, parts } of level) {
      for (const [name, entry] of await directory.entries()) {
        if (left-- <= 0) return;
        const here = [...parts, name];
        if (entry.kind === 'directory') next.push({ directory: entry.directory, parts: here });
        else if (wanted(name)) yield { parts: here, shape: name.endsWith('_') ? 'compressed' : 'plain', open: () => entry.open() };
      }
    }
    level = next;
  }
}
