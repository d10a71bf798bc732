/** What a path of the command line holds: a dump, or an archive with dumps in it, which are unpacked to a temporary folder. */
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { driveSync } from '../../workers/base/job.ts';
import { type Problem, type Reply, SourceError, refuse } from '../../workers/base/problem.ts';
import type { ByteSource } from '../../workers/bytes/source.ts';
import { type PackedDump, findDumps, isArchive } from '../../workers/formats/archive/dumps.ts';
import { FileSource } from '../../workers/worlds/node/filesource.ts';

export interface Input {
  /** As it is printed: the path, with the name inside an archive behind an exclamation mark. */
  readonly name: string;
  readonly source: ByteSource | undefined;
  readonly problem: Problem | undefined;
  close(): void;
}

/** The name inside the archive without its folders, and without what a file system may refuse. */
function plainName(path: string): string {
  const name = (path.split(/[/\\]/).at(-1) ?? '').replaceAll(/[^\w.() -]/g, '_');
  return /^\.*$/.test(name) ? 'dump' : name.slice(-120);
}

/** Left free on the disk for everything else. */
const SPARE_BYTES = 256 * 1024 * 1024;

/** What may be unpacked beside `folder`: the size is a matter of the disk and not of memory. */
function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return Math.max(0, bavail * bsize - SPARE_BYTES);
}

function unpackTo(target: string, dump: PackedDump, limitBytes: number): Reply<unknown> {
  const handle = openSync(target, 'w');
  try {
    return driveSync(dump.unpack((chunk) => void writeSync(handle, chunk), limitBytes));
  } catch (error) {
    if (isSystemError(error)) return refuse('ARCHIVE_TOO_LARGE', `it could not be unpacked (${error.code})`);
    throw error;
  } finally {
    closeSync(handle);
  }
}
const isSystemError = (error: unknown): error is Error & { readonly code: string } => error instanceof Error && 'code' in error && 'syscall' in error;

export const failedInput = (name: string, problem: Problem): Input => ({ name, source: undefined, problem, close: () => undefined });

export function* openInputs(path: string): Generator<Input> {
  let file: FileSource;
  try {
    file = new FileSource(path);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    yield failedInput(path, { code: error.code, detail: error.message });
    return;
  }
  if (!isArchive(file)) {
    yield { name: path, source: file, problem: undefined, close: () => file.close() };
    return;
  }
  try {
    yield* openArchive(path, file);
  } finally {
    file.close();
  }
}

function* openArchive(path: string, file: FileSource): Generator<Input> {
  const contents = driveSync(findDumps(file));
  if (!contents.ok) {
    yield failedInput(path, contents.problem);
    return;
  }
  const { dumps, refused } = contents.value;
  for (const dump of dumps) yield unpacked(dumps.length === 1 && refused.length === 0 ? path : `${path}!${dump.path}`, dump);
  for (const entry of refused) yield failedInput(`${path}!${entry.path}`, entry.problem);
}

function unpacked(name: string, dump: PackedDump): Input {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-'));
  const target = join(folder, plainName(dump.path));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const result = unpackTo(target, dump, freeBytes(folder));
  if (!result.ok) {
    remove();
    return failedInput(name, result.problem);
  }
  const source = new FileSource(target);
  const close = (): void => {
    source.close();
    remove();
  };
  return { name, source, problem: undefined, close };
}
