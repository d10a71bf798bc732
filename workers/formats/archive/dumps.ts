/** The dumps of any archive that can be opened, each with the way to unpack it: zip and gzip as streams, cabinets file by file. */
import { type Found, found } from '../../base/found.ts';
import type { Job } from '../../base/job.ts';
import { type Problem, type Reply, refuse, reply } from '../../base/problem.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { type Cab, type CabEntry, openCab } from '../cab/cab.ts';
import { extractEntry } from '../cab/extract.ts';
import { MEMORY_LIMIT, listArchive, unpackDump } from './archive.ts';
import { HEAD_BYTES, archiveKind, dumpSignature } from './kind.ts';
import type { Sink } from './stages.ts';

export interface PackedDump {
  readonly path: string;
  readonly sizeBytes: Found<number>;
  /** Sends the dump's bytes to the sink; `limitBytes` is what the sink can hold. */
  unpack(sink: Sink, limitBytes: number): Job<Reply<{ readonly sizeBytes: number }>>;
}
export interface PackedDumps {
  readonly dumps: readonly PackedDump[];
  readonly refused: readonly { readonly path: string; readonly problem: Problem }[];
}

/** True where the file begins as an archive does, whether it can be opened or not. */
export function isArchive(source: ByteSource): boolean {
  return archiveKind(source.readBlock(0, HEAD_BYTES)) !== undefined;
}

export function* findDumps(source: ByteSource): Job<Reply<PackedDumps>> {
  if (archiveKind(source.readBlock(0, HEAD_BYTES)) === 'cab') return yield* findInCab(source);
  const contents = yield* listArchive(source);
  if (!contents.ok) return contents;
  const { dumps, refused } = contents.value;
  return reply({
    refused,
    dumps: dumps.map((dump) => ({ path: dump.path, sizeBytes: dump.sizeBytes, unpack: (sink, limit) => unpackDump(dump, sink, limit) })),
  });
}

/** Each file of a cabinet is unpacked to see how it begins: a folder is one stream, so there is no cheaper look. */
function* findInCab(source: ByteSource): Job<Reply<PackedDumps>> {
  const cab = openCab(source);
  if (!cab.ok) return refuse('ARCHIVE_BROKEN', cab.problem.detail);
  const dumps: PackedDump[] = [];
  const refused: { path: string; problem: Problem }[] = [];
  for (const entry of cab.value.entries) {
    const bytes = yield* extractEntry(cab.value, entry, MEMORY_LIMIT);
    if (!bytes.ok) refused.push({ path: entry.name, problem: archiveProblem(bytes.problem) });
    else if (dumpSignature(bytes.value)) dumps.push(cabDump(cab.value, entry));
  }
  if (dumps.length > 0) return reply({ dumps, refused });
  const [first] = refused;
  return first ? { ok: false, problem: first.problem } : refuse('ARCHIVE_NO_DUMP', `${cab.value.entries.length} files, and none begins as a dump does`);
}

function cabDump(cab: Cab, entry: CabEntry): PackedDump {
  return {
    path: entry.name,
    sizeBytes: found(entry.sizeBytes),
    *unpack(sink, limitBytes) {
      const bytes = yield* extractEntry(cab, entry, Math.min(limitBytes, MEMORY_LIMIT));
      if (!bytes.ok) return { ok: false, problem: archiveProblem(bytes.problem) };
      sink(bytes.value);
      return reply({ sizeBytes: bytes.value.length });
    },
  };
}

function archiveProblem(problem: Problem): Problem {
  return { code: problem.code === 'TOO_LARGE' ? 'ARCHIVE_TOO_LARGE' : 'ARCHIVE_BROKEN', detail: problem.detail };
}
