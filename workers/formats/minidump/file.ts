/** Header and stream directory. */
import { type Found, missing } from '../../base/found.ts';
import { type Reply, refuse, reply } from '../../base/problem.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, readStructAt, type RecordOf } from '../../bytes/struct.ts';
import { DIRECTORY, HEADER } from './layouts.ts';
import { STREAM, streamName } from './names.ts';

export interface MinidumpStream {
  readonly type: number;
  readonly name: string;
  readonly size: number;
  readonly rva: number;
  /** False where the file ends before the stream does. */
  readonly inside: boolean;
}

export interface MinidumpFile {
  readonly source: ByteSource;
  readonly header: RecordOf<typeof HEADER.fields>;
  /** Every used entry, in the order of the directory. */
  readonly streams: readonly MinidumpStream[];
  readonly unusedEntries: number;
  readonly oddities: readonly string[];
}

/** Real writers make under 30 entries; a thousand leaves room for odd ones and bounds a hostile count. */
const MAX_STREAMS = 1024;
/** No stream but a full memory list is longer; bytes over this are left unread. */
const MAX_STREAM_BYTES = 16 * 1024 * 1024;

function checkStart(source: ByteSource): Reply<RecordOf<typeof HEADER.fields>> {
  if (source.size === 0) return refuse('EMPTY', 'the file has no bytes');
  const head = source.readBlock(0, HEADER.size);
  if (head.every((byte) => byte === 0)) return refuse('ALL_ZERO', `the first ${head.length} bytes are zero`);
  const signed = [0x4d, 0x44, 0x4d, 0x50].every((byte, index) => head[index] === byte);
  if (!signed) return refuse('NOT_A_DUMP', 'the file does not begin with MDMP');
  const header = readStructAt(HEADER, head, 0);
  if (!header.ok) return refuse('TRUNCATED', `${source.size} bytes, and the minidump header alone has ${HEADER.size}`);
  return reply(header.value);
}

function readDirectory(source: ByteSource, at: number, count: number): { streams: MinidumpStream[]; unused: number; read: number } {
  const held = at < source.size ? Math.floor((source.size - at) / DIRECTORY.size) : 0;
  const read = Math.min(count, held, MAX_STREAMS);
  const bytes = source.readBlock(at, read * DIRECTORY.size);
  const streams: MinidumpStream[] = [];
  let unused = 0;
  for (let index = 0; index < read; index++) {
    const entry = readStructAt(DIRECTORY, bytes, index * DIRECTORY.size);
    if (!entry.ok) break;
    const { streamType, dataSize, rva } = entry.value;
    if (streamType === STREAM.unused) unused += 1;
    else streams.push({ type: streamType, name: streamName(streamType), size: dataSize, rva, inside: rva + dataSize <= source.size });
  }
  return { streams, unused, read };
}

/** Reads the header and the directory; a directory that is cut keeps the entries that are there. */
export function readMinidump(source: ByteSource): Reply<MinidumpFile> {
  const header = checkStart(source);
  if (!header.ok) return header;
  const { numberOfStreams, streamDirectoryRva } = header.value;
  const { streams, unused, read } = readDirectory(source, streamDirectoryRva, numberOfStreams);
  if (read === 0) {
    if (numberOfStreams === 0) return refuse('UNSUPPORTED_KIND', 'the minidump lists no streams');
    return refuse('TRUNCATED', `the stream directory should stand at 0x${streamDirectoryRva.toString(16)}, and the file ends at 0x${source.size.toString(16)}`);
  }
  const oddities: string[] = [];
  if (read < numberOfStreams) oddities.push(`the header counts ${numberOfStreams} streams; ${read} directory entries could be read`);
  const cut = streams.filter((stream) => !stream.inside);
  if (cut.length > 0) oddities.push(`the file ends before ${cut.length === 1 ? '1 stream does' : `${cut.length} streams do`}: ${listNames(cut)}`);
  return reply({ source, header: header.value, streams, unusedEntries: unused, oddities });
}

function listNames(streams: readonly MinidumpStream[]): string {
  const names = [...new Set(streams.map((stream) => stream.name))];
  return names.length > 6 ? `${names.slice(0, 6).join(', ')} and ${names.length - 6} more` : names.join(', ');
}

/** The first stream of a type that begins inside the file. */
export function findStream(file: MinidumpFile, type: number): MinidumpStream | undefined {
  return file.streams.find((stream) => stream.type === type && stream.rva < file.source.size);
}

export interface StreamBytes {
  readonly bytes: Uint8Array;
  readonly rva: number;
  /** True where the directory promised more than the file holds. */
  readonly cut: boolean;
}

/** The bytes of a stream, as many as the file holds, at most `limit`. */
export function readStream(file: MinidumpFile, type: number, limit = MAX_STREAM_BYTES): Found<StreamBytes> {
  const stream = findStream(file, type);
  if (!stream) return missing({ why: 'stream-absent', stream: streamName(type) });
  const held = Math.min(stream.size, file.source.size - stream.rva, limit);
  const bytes = readExactly(file.source, stream.rva, held);
  if (!bytes.ok) return bytes;
  return { ok: true, value: { bytes: bytes.value, rva: stream.rva, cut: held < stream.size } };
}
