/**
 * Archives unpacked to files that the page can open as if they had been dropped. Where the browser has a private file system (OPFS), they
 * are streamed to it, so that size is a matter of the disk; else they are held in memory up to 512 MiB.
 * (https://fs.spec.whatwg.org/#api-filesystemsyncaccesshandle)
 */
import type { OnProgress } from '../../api/analysis.ts';
import { drive } from '../../base/job.ts';
import { type Problem, type Reply, SourceError, refuse, reply } from '../../base/problem.ts';
import { MEMORY_LIMIT } from '../../formats/archive/archive.ts';
import { type PackedDump, findDumps, isArchive } from '../../formats/archive/dumps.ts';
import type { Sink } from '../../formats/archive/stages.ts';
import { FileSource } from './file.ts';
import { lockName } from './lock.ts';

export interface Unpacked {
  /** The file itself where it is no archive. */
  readonly files: readonly File[];
  readonly refused: readonly { readonly path: string; readonly problem: Problem }[];
}

export interface UnpackOptions {
  breathe(): Promise<void>;
  cancelled(): boolean;
  readonly onProgress: OnProgress | undefined;
  /** Names the page's own folder. The page holds the Web Lock `lockName(visit)` as long as it may open what lies there. */
  readonly visit: string;
}

/** A place to write to: `finish` gives the file, `discard` forgets what was written. */
interface Holder {
  readonly sink: Sink;
  readonly limitBytes: number;
  finish(): Promise<File>;
  discard(): Promise<void>;
}

const FOLDER = 'unpacked';
/** Left for everything else that the origin keeps. */
const SPARE_BYTES = 64 * 1024 * 1024;

async function root(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
  } catch (thrown) {
    console.info('No private file system here, archives are unpacked in memory:', thrown);
    return undefined;
  }
}

async function diskHolder(visit: string, name: string, sizeBytes: number): Promise<Holder | undefined> {
  const parent = await (await root())?.getDirectoryHandle(visit, { create: true });
  if (!parent) return undefined;
  const { quota = 0, usage = 0 } = await navigator.storage.estimate();
  const limitBytes = quota - usage - SPARE_BYTES;
  if (sizeBytes > limitBytes) return undefined;
  const unique = `${crypto.randomUUID()}.dmp`;
  const handle = await parent.getFileHandle(unique, { create: true });
  const access = await handle.createSyncAccessHandle();
  let at = 0;
  return {
    limitBytes,
    sink: (chunk) => {
      access.write(chunk as Uint8Array<ArrayBuffer>, { at });
      at += chunk.length;
    },
    async finish() {
      access.flush();
      access.close();
      return new File([await handle.getFile()], name);
    },
    async discard() {
      access.close();
      await parent.removeEntry(unique);
    },
  };
}

function memoryHolder(name: string): Holder {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  return {
    limitBytes: MEMORY_LIMIT,
    sink: (chunk) => void chunks.push(new Uint8Array(chunk)),
    finish: () => Promise.resolve(new File(chunks, name)),
    discard: () => Promise.resolve(),
  };
}

/** Removes what former visits left: folders whose lock nobody holds. */
export async function forgetUnpacked(): Promise<void> {
  const parent = await root();
  if (!parent) return;
  for await (const visit of parent.keys()) {
    await navigator.locks.request(lockName(visit), { ifAvailable: true }, async (lock) => {
      if (lock) await parent.removeEntry(visit, { recursive: true });
    });
  }
}

async function unpackOne(dump: PackedDump, options: UnpackOptions): Promise<Reply<File>> {
  const name = dump.path.split('/').at(-1) ?? dump.path;
  const holder = (await diskHolder(options.visit, name, dump.sizeBytes.ok ? dump.sizeBytes.value : 0)) ?? memoryHolder(name);
  try {
    const driven = await drive(dump.unpack(holder.sink, holder.limitBytes), {
      breathe: () => options.breathe(),
      cancelled: () => options.cancelled(),
      onStep: (step) => {
        if ('progress' in step) options.onProgress?.({ what: `Unpacking ${name}`, done: step.done, of: step.of });
      },
    });
    if (driven.done && driven.value.ok) return reply(await holder.finish());
    await holder.discard();
    return driven.done && !driven.value.ok ? driven.value : refuse('CANCELLED', 'cancelled');
  } catch (thrown) {
    await holder.discard();
    if (thrown instanceof DOMException) return refuse('ARCHIVE_TOO_LARGE', `the browser could not keep ${name} unpacked (${thrown.name})`);
    throw thrown;
  }
}

export async function unpackFile(file: File, options: UnpackOptions): Promise<Reply<Unpacked>> {
  try {
    const source = new FileSource(file, file.name);
    if (!isArchive(source)) return reply({ files: [file], refused: [] });
    const found = await drive(findDumps(source), { breathe: () => options.breathe(), cancelled: () => options.cancelled() });
    if (!found.done) return refuse('CANCELLED', 'cancelled');
    if (!found.value.ok) return found.value;
    const files: File[] = [];
    const refused = [...found.value.value.refused];
    for (const dump of found.value.value.dumps) {
      const unpacked = await unpackOne(dump, options);
      if (unpacked.ok) files.push(unpacked.value);
      else refused.push({ path: dump.path, problem: unpacked.problem });
    }
    const [first] = refused;
    return files.length === 0 && first ? { ok: false, problem: first.problem } : reply({ files, refused });
  } catch (thrown) {
    if (thrown instanceof SourceError) return refuse(thrown.code, thrown.message);
    throw thrown;
  }
}
