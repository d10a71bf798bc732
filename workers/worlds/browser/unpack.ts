/**
 * Dumps inside an archive, unpacked to the browser's private file system (https://fs.spec.whatwg.org/#api-filesystemsyncaccesshandle),
 * so that their size is a matter of the disk; where there is none, into memory up to the archive reader's limit.
 */
import { drive, type Step } from '../../base/job.ts';
import { type Problem, type Reply, reply, SourceError } from '../../base/problem.ts';
import { MEMORY_LIMIT } from '../../formats/archive/archive.ts';
import { findDumps, type PackedDump } from '../../formats/archive/dumps.ts';
import { FileSource } from './file.ts';

export interface Unpacked {
  readonly dumps: readonly { readonly name: string; readonly file: Blob }[];
  readonly refused: readonly { readonly name: string; readonly problem: Problem }[];
}

export interface UnpackOptions {
  /** Of the page: its folder is removed once no page holds the lock of that name. */
  readonly owner: string;
  readonly breathe: () => Promise<void>;
  readonly onStep: (step: Step) => void;
}

/** Some of the room is left to everything else on the disk. */
const SHARE_OF_QUOTA = 0.8;
const PREFIX = 'unpacked-';
export const lockOf = (owner: string): string => `faultline-${PREFIX}${owner}`;

interface Store {
  readonly limitBytes: number;
  write(chunk: Uint8Array): void;
  finish(): Promise<Blob>;
  discard(): Promise<void>;
}

function memoryStore(): Store {
  let chunks: BlobPart[] = [];
  return {
    limitBytes: MEMORY_LIMIT,
    write: (chunk) => void chunks.push(new Blob([new Uint8Array(chunk)])),
    finish: () => Promise.resolve(new Blob(chunks)),
    discard: () => {
      chunks = [];
      return Promise.resolve();
    },
  };
}

async function diskStore(owner: string, name: string): Promise<Store> {
  const root = await navigator.storage.getDirectory();
  await removeOrphans(root);
  const folder = await root.getDirectoryHandle(PREFIX + owner, { create: true });
  const handle = await folder.getFileHandle(name, { create: true });
  const access = await handle.createSyncAccessHandle();
  access.truncate(0);
  const { quota = 0, usage = 0 } = await navigator.storage.estimate();
  let at = 0;
  return {
    limitBytes: Math.max(0, Math.floor((quota - usage) * SHARE_OF_QUOTA)),
    write: (chunk) => {
      at += access.write(new Uint8Array(chunk), { at });
    },
    finish: () => {
      access.flush();
      access.close();
      return handle.getFile();
    },
    discard: () => {
      access.close();
      return folder.removeEntry(name);
    },
  };
}

/** Folders of pages that are gone: nobody holds their lock. */
async function removeOrphans(root: FileSystemDirectoryHandle): Promise<void> {
  const held = new Set((await navigator.locks.query()).held?.map((lock) => lock.name));
  for await (const name of (root as unknown as { keys(): AsyncIterable<string> }).keys())
    if (name.startsWith(PREFIX) && !held.has(lockOf(name.slice(PREFIX.length)))) await root.removeEntry(name, { recursive: true });
}

async function storeFor(owner: string, name: string): Promise<Store> {
  try {
    return await diskStore(owner, name);
  } catch (thrown) {
    // Private windows and some browsers have no private file system, or refuse it.
    console.info('Unpacking into memory:', thrown);
    return memoryStore();
  }
}

async function unpackOne(dump: PackedDump, options: UnpackOptions): Promise<Reply<Blob>> {
  const store = await storeFor(options.owner, crypto.randomUUID());
  try {
    const driven = await drive(dump.unpack(store.write, store.limitBytes), options);
    if (driven.done && driven.value.ok) return reply(await store.finish());
    await store.discard();
    return driven.done && !driven.value.ok ? driven.value : { ok: false, problem: { code: 'CANCELLED', detail: 'cancelled' } };
  } catch (thrown) {
    await store.discard();
    throw thrown;
  }
}

export async function unpackArchive(file: Blob, name: string, options: UnpackOptions): Promise<Reply<Unpacked>> {
  try {
    const listed = await drive(findDumps(new FileSource(file, name)), options);
    if (!listed.done) return { ok: false, problem: { code: 'CANCELLED', detail: 'cancelled' } };
    if (!listed.value.ok) return listed.value;
    const { dumps, refused } = listed.value.value;
    const alone = dumps.length === 1 && refused.length === 0;
    const made: { name: string; file: Blob }[] = [];
    const failed = refused.map((entry) => ({ name: `${name}!${entry.path}`, problem: entry.problem }));
    for (const dump of dumps) {
      const inside = alone && /\.gz$/i.test(name) ? name.replace(/\.gz$/i, '') : `${name}!${dump.path}`;
      const unpacked = await unpackOne(dump, options);
      if (unpacked.ok) made.push({ name: inside, file: unpacked.value });
      else failed.push({ name: inside, problem: unpacked.problem });
    }
    return reply({ dumps: made, refused: failed });
  } catch (thrown) {
    if (thrown instanceof SourceError) return { ok: false, problem: { code: thrown.code, detail: thrown.message } };
    throw thrown;
  }
}
