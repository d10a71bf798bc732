/** Finds dumps in archives by their first bytes and unpacks them. */
import { type Found, found, missing } from '../../base/found.ts';
import type { Job } from '../../base/job.ts';
import { type Problem, type Reply, refuse, reply } from '../../base/problem.ts';
import { ArraySource, type ByteSource } from '../../bytes/source.ts';
import { parseGzipHeader } from './gzip.ts';
import { type ArchiveKind, archiveKind, type DumpSignature, dumpSignature, HEAD_BYTES } from './kind.ts';
import { CheckedStage, GunzipStage, HeadStage, InflateStage, type Sink, SinkStage, type Stage } from './stages.ts';
import { findEntryData, listZip, type ZipEntry } from './zip.ts';

/** Packed bytes and the ways to undo the packing, outermost first. */
interface Packed {
  readonly source: ByteSource;
  readonly offset: number;
  readonly length: number;
  readonly layers: readonly Layer[];
}
type Layer = { readonly by: 'stored' | 'deflate'; readonly crc: number; readonly size: number } | { readonly by: 'gzip' };

export interface DumpInArchive {
  /** Names from the outermost entry inwards, joined by "/". */
  readonly path: string;
  readonly signature: DumpSignature;
  readonly sizeBytes: Found<number>;
  readonly packedBytes: number;
  readonly packed: Packed;
}
export interface ArchiveContents {
  readonly kind: ArchiveKind;
  readonly entries: readonly { readonly path: string; readonly sizeBytes: Found<number>; readonly encrypted: boolean }[];
  readonly dumps: readonly DumpInArchive[];
  /** Entries that could not be looked into. */
  readonly refused: readonly { readonly path: string; readonly problem: Problem }[];
}

/** An archive inside an archive is unpacked to memory to be listed, up to this (design §10). */
export const MEMORY_LIMIT = 512 * 1024 * 1024;
/** So many entries are looked into; the likeliest first. */
const MAX_CANDIDATES = 256;
const READ_BYTES = 256 * 1024;
/** Enough to see what an entry begins with. */
const FIRST_READ_BYTES = 4 * 1024;
const SMALLEST_DUMP = 32;

const METHODS = new Map([
  [1, 'Shrink'],
  [6, 'Implode'],
  [9, 'Deflate64'],
  [12, 'BZIP2'],
  [14, 'LZMA'],
  [93, 'Zstandard'],
  [95, 'XZ'],
  [99, 'AES encryption'],
]);
const REFUSED_KINDS: Readonly<Partial<Record<ArchiveKind, string>>> = {
  '7z': 'a 7-Zip archive (.7z)',
  rar: 'a RAR archive (.rar)',
  cab: 'a cabinet (.cab)',
  xz: 'an XZ file (.xz)',
  zstd: 'a Zstandard file (.zst)',
  bzip2: 'a bzip2 file (.bz2)',
};

function stagesTo(end: Stage, layers: readonly Layer[]): Stage {
  return layers.reduceRight((next: Stage, layer) => {
    if (layer.by === 'gzip') return new GunzipStage(next);
    const checked = new CheckedStage(next, layer.crc, layer.size);
    return layer.by === 'deflate' ? new InflateStage(checked) : checked;
  }, end);
}

/** Sends the packed bytes through their stages; the last of them is `end`. */
function* run(packed: Packed, end: Stage, what: string): Job<Problem | undefined> {
  const first = stagesTo(end, packed.layers);
  for (let done = 0; done < packed.length && !end.done;) {
    yield { progress: what, done, of: packed.length };
    const length = Math.min(done === 0 ? FIRST_READ_BYTES : READ_BYTES, packed.length - done);
    const problem = first.push(packed.source.readBlock(packed.offset + done, length).slice());
    if (problem) return problem;
    done += length;
  }
  // A stage that has seen enough (the first bytes) leaves the others in the middle: nothing to check.
  return end.done ? undefined : first.end();
}

/** Unpacks a dump into `sink`. After an answer that is not ok, what the sink got is to be thrown away. */
export function* unpackDump(dump: DumpInArchive, sink: Sink, limitBytes: number): Job<Reply<{ readonly sizeBytes: number }>> {
  if (dump.sizeBytes.ok && dump.sizeBytes.value > limitBytes) {
    return refuse('ARCHIVE_TOO_LARGE', `the dump has ${dump.sizeBytes.value} bytes unpacked; ${limitBytes} can be held`);
  }
  const end = new SinkStage(sink, limitBytes);
  const problem = yield* run(dump.packed, end, 'Unpacking the dump');
  return problem ? { ok: false, problem } : reply({ sizeBytes: end.bytes });
}

/** Any entry of a zip file, checked by its sum. After an answer that is not ok, what the sink got is to be thrown away. */
export function* unpackZipEntry(source: ByteSource, entry: ZipEntry, sink: Sink, limitBytes: number): Job<Reply<{ readonly sizeBytes: number }>> {
  if (entry.size > limitBytes) return refuse('ARCHIVE_TOO_LARGE', `an entry of ${entry.size} bytes; ${limitBytes} can be held`);
  const packed = packedEntry(source, entry);
  if (!packed.ok) return packed;
  const end = new SinkStage(sink, limitBytes);
  const problem = yield* run(packed.value, end, 'Unpacking');
  return problem ? { ok: false, problem } : reply({ sizeBytes: end.bytes });
}

function* readHead(packed: Packed): Job<Reply<Uint8Array>> {
  const head = new HeadStage(HEAD_BYTES);
  const problem = yield* run(packed, head, 'Looking into the archive');
  return problem ? { ok: false, problem } : reply(head.head);
}

/** A part of a source. */
class PartSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #packed: Packed;
  constructor(packed: Packed, name: string) {
    this.name = name;
    this.size = packed.length;
    this.#packed = packed;
  }
  readBlock(offset: number, length: number): Uint8Array {
    const held = Math.min(length, this.size - offset);
    return offset >= 0 && held > 0 ? this.#packed.source.readBlock(this.#packed.offset + offset, held) : new Uint8Array(0);
  }
}

/** All bytes in memory, to list an archive inside an archive. One that is stored as it is needs no copy. */
function* toMemory(packed: Packed, name: string, findings: Findings): Job<Reply<ByteSource>> {
  if (packed.layers.every((layer) => layer.by === 'stored')) return reply(new PartSource(packed, name));
  const chunks: Uint8Array[] = [];
  const end = new SinkStage((chunk) => chunks.push(chunk), findings.memoryLeft);
  const problem = yield* run(packed, end, 'Unpacking the inner archive');
  findings.memoryLeft -= Math.min(end.bytes, findings.memoryLeft);
  if (problem) return { ok: false, problem };
  const bytes = new Uint8Array(end.bytes);
  let at = 0;
  for (const chunk of chunks.splice(0)) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return reply(new ArraySource(bytes, name));
}

interface Findings {
  readonly dumps: DumpInArchive[];
  readonly refused: { path: string; problem: Problem }[];
  readonly entries: ArchiveContents['entries'][number][];
  /** What inner archives may still take, all together. */
  memoryLeft: number;
}

function packedEntry(source: ByteSource, entry: ZipEntry): Reply<Packed> {
  if (entry.encrypted) return refuse('ARCHIVE_UNSUPPORTED', 'the entry is encrypted; unpack it with its password and open the dump itself');
  if (entry.method !== 0 && entry.method !== 8) {
    return refuse(
      'ARCHIVE_UNSUPPORTED',
      `the entry is packed with ${METHODS.get(entry.method) ?? `method ${entry.method}`}; stored and deflated entries are read`,
    );
  }
  const data = findEntryData(source, entry);
  if (!data.ok) return data;
  const layer: Layer = { by: entry.method === 8 ? 'deflate' : 'stored', crc: entry.crc, size: entry.size };
  return reply({ source, offset: data.value, length: entry.packedSize, layers: [layer] });
}

interface Place {
  readonly path: string;
  readonly size: Found<number>;
  /** How many archives may still be opened inside this one. */
  readonly depth: number;
}

/** Decides by its first bytes what an entry is, and looks inside where it is an archive itself. */
function* lookInto(packed: Packed, place: Place, findings: Findings): Job<void> {
  const head = yield* readHead(packed);
  if (!head.ok) {
    findings.refused.push({ path: place.path, problem: head.problem });
    return;
  }
  const signature = dumpSignature(head.value);
  if (signature) {
    findings.dumps.push({ path: place.path, signature, sizeBytes: place.size, packedBytes: packed.length, packed });
    return;
  }
  const kind = archiveKind(head.value);
  if (!kind || place.depth === 0) return;
  const inner: Place = { ...place, depth: place.depth - 1 };
  if (kind === 'gzip')
    yield* lookInto(
      { ...packed, layers: [...packed.layers, { by: 'gzip' }] },
      { ...inner, path: place.path.replace(/\.gz$/i, ''), size: UNKNOWN_SIZE },
      findings,
    );
  else if (kind === 'zip') yield* lookIntoInnerZip(packed, inner, findings);
  else findings.refused.push({ path: place.path, problem: refusedKind(kind) });
}

const UNKNOWN_SIZE = missing({ why: 'not-computed', detail: 'gzip states the size modulo 4 GiB only' });

function refusedKind(kind: ArchiveKind): Problem {
  return refuse('ARCHIVE_UNSUPPORTED', `${REFUSED_KINDS[kind] ?? `an archive (.${kind})`}: unpack it first and open the dump inside`).problem;
}

function* lookIntoInnerZip(packed: Packed, place: Place, findings: Findings): Job<void> {
  const source = yield* toMemory(packed, place.path, findings);
  const problem = source.ok ? yield* lookIntoZip(source.value, place, findings) : source.problem;
  if (problem) findings.refused.push({ path: place.path, problem });
}

/** Names that dumps and packed dumps have come first, then the largest. */
function byLikelihood(a: ZipEntry, b: ZipEntry): number {
  const rank = (entry: ZipEntry): number => (/\.(dmp|mdmp|hdmp|kdmp)$/i.test(entry.name) ? 0 : /\.(gz|zip)$/i.test(entry.name) ? 1 : 2);
  return rank(a) - rank(b) || b.size - a.size;
}

function* lookIntoZip(source: ByteSource, place: Place, findings: Findings): Job<Problem | undefined> {
  const list = listZip(source);
  if (!list.ok) return list.problem;
  const pathOf = (entry: ZipEntry): string => (place.path === '' ? entry.name : `${place.path}/${entry.name}`);
  const files = list.value.filter((entry) => !entry.name.endsWith('/'));
  for (const entry of files) findings.entries.push({ path: pathOf(entry), sizeBytes: found(entry.size), encrypted: entry.encrypted });
  const candidates = files.filter((entry) => entry.size >= SMALLEST_DUMP).sort(byLikelihood);
  for (const entry of candidates.slice(0, MAX_CANDIDATES)) {
    const packed = packedEntry(source, entry);
    if (packed.ok) yield* lookInto(packed.value, { path: pathOf(entry), size: found(entry.size), depth: place.depth }, findings);
    else findings.refused.push({ path: pathOf(entry), problem: packed.problem });
  }
  return undefined;
}

function* lookIntoGzip(source: ByteSource, findings: Findings): Job<Problem | undefined> {
  const header = parseGzipHeader(source.readBlock(0, 64 * 1024));
  const name = (header.state === 'ok' ? header.name : undefined) ?? source.name.replace(/\.gz$/i, '');
  findings.entries.push({ path: name, sizeBytes: UNKNOWN_SIZE, encrypted: false });
  yield* lookInto({ source, offset: 0, length: source.size, layers: [{ by: 'gzip' }] }, { path: name, size: UNKNOWN_SIZE, depth: 1 }, findings);
  return undefined;
}

/** Why an archive gave no dump: the most telling of what was met. */
function noDump({ entries, refused }: Findings): Problem {
  const encrypted = entries.filter((entry) => entry.encrypted).length;
  if (encrypted > 0) return refuse('ARCHIVE_UNSUPPORTED', `${encrypted} of ${entries.length} entries are encrypted, and none of the others is a dump`).problem;
  const worst = refused.find(({ problem }) => problem.code === 'ARCHIVE_BROKEN') ?? refused[0];
  if (worst) return worst.problem;
  return refuse('ARCHIVE_NO_DUMP', `${entries.length === 1 ? '1 entry' : `${entries.length} entries`}, and none begins as a dump does`).problem;
}

/** Lists an archive and finds the dumps in it, one archive deep. */
export function* listArchive(source: ByteSource): Job<Reply<ArchiveContents>> {
  const kind = archiveKind(source.readBlock(0, HEAD_BYTES));
  if (!kind) return refuse('ARCHIVE_UNSUPPORTED', 'the file begins as no archive that is known');
  if (kind !== 'zip' && kind !== 'gzip') return { ok: false, problem: refusedKind(kind) };
  const findings: Findings = { dumps: [], refused: [], entries: [], memoryLeft: MEMORY_LIMIT };
  const problem =
    kind === 'zip' ? yield* lookIntoZip(source, { path: '', size: found(source.size), depth: 1 }, findings) : yield* lookIntoGzip(source, findings);
  if (problem) return { ok: false, problem };
  if (findings.dumps.length === 0) return { ok: false, problem: noDump(findings) };
  const { dumps, refused, entries } = findings;
  return reply({ kind, dumps, refused, entries });
}
