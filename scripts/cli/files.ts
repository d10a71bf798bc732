/** Files and folders of the command line as a flat list; folders are searched for files that begin as dumps or archives do. */
import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Problem, type Reply, refuse, reply } from '../../workers/base/problem.ts';

const MAX_DEPTH = 8;
/** First bytes of what is worth opening in a folder: kernel and user dumps, zip, gzip, cab. */
const SIGNATURES = [
  [0x50, 0x41, 0x47, 0x45],
  [0x4d, 0x44, 0x4d, 0x50],
  [0x50, 0x4b, 0x03, 0x04],
  [0x1f, 0x8b],
  [0x4d, 0x53, 0x43, 0x46],
];

/** A file that is called a dump is spoken of even when it holds nothing. */
const CALLED_DUMP = /\.([mh]?dmp)(\.gz)?$/i;

function looksLikeDump(path: string): boolean {
  if (CALLED_DUMP.test(path)) return true;
  const head = new Uint8Array(4);
  try {
    const handle = openSync(path, 'r');
    try {
      readSync(handle, head, 0, 4, 0);
    } finally {
      closeSync(handle);
    }
  } catch {
    return true; // named as unreadable when it is opened
  }
  return SIGNATURES.some((signature) => signature.every((byte, index) => head[index] === byte));
}

export interface ListedFile {
  readonly path: string;
  /** True where the person named the file itself, or the file calls itself a dump. */
  readonly named: boolean;
  /** A folder that the system refuses to list. */
  readonly problem?: Problem;
}

/** Explicit files always; of folders those that look like dumps, in the order of their names. */
export function* listFiles(paths: readonly string[], depth = 0): Generator<ListedFile> {
  for (const path of paths) {
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
    if (!isFolder) {
      if (depth === 0 || looksLikeDump(path)) yield { path, named: depth === 0 || CALLED_DUMP.test(path) };
      continue;
    }
    if (depth >= MAX_DEPTH) continue;
    const inside = listFolder(path);
    if (inside.ok) yield* listFiles(inside.value, depth + 1);
    else yield { path, named: true, problem: inside.problem };
  }
}

function listFolder(path: string): Reply<readonly string[]> {
  try {
    const entries = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile() || entry.isDirectory());
    return reply(entries.map((entry) => join(path, entry.name)).sort());
  } catch (error) {
    return refuse(
      'READ_DENIED',
      `the system refuses to list this folder (${error instanceof Error && 'code' in error ? String(error.code) : 'no reason given'})`,
    );
  }
}
