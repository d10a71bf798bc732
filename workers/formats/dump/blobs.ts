/**
 * Secondary data of a kernel dump: "DumpBlob", then blocks { HeaderSize 0x20, GUID, DataSize, PrePad, PostPad }, data, padding.
 * The chain ends with the file or with a header of another size. What lies behind it can be stale disk content of other files:
 * its offset is told, its bytes are never read.
 */
import { type Found, found, notValid, thenFound } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, readStruct } from '../../bytes/struct.ts';
import { DUMP_BLOB_FILE_HEADER, DUMP_BLOB_HEADER } from './layout.ts';

export interface DumpBlob {
  /** Lower case with dashes. */
  readonly guid: string;
  readonly headerOffset: number;
  readonly dataOffset: number;
  readonly dataSize: number;
  readonly prePad: number;
  readonly postPad: number;
  /** True where the file ends inside the data. */
  readonly truncated: boolean;
}

export interface BlobChain {
  readonly at: number;
  /** NtBuildNumber: 0xF0000000 | build. */
  readonly buildNumber: number;
  readonly blobs: readonly DumpBlob[];
  /** Offset behind the last block. */
  readonly end: number;
  readonly ended: 'file-end' | 'other-header' | 'limit';
}

/** A real dump holds tens; the limit bounds what a hostile file can make us list. */
const MAX_BLOBS = 4096;

export function readBlobChain(source: ByteSource, at: number): Found<BlobChain> {
  return thenFound(readStruct(DUMP_BLOB_FILE_HEADER, source, at), (header) => {
    if (header.Signature !== 'DumpBlob') return notValid('secondary data', hex(at), 'DumpBlob');
    if (header.HeaderSize !== DUMP_BLOB_FILE_HEADER.size) return notValid('DumpBlob header size', String(header.HeaderSize), '16');
    return found({ at, buildNumber: header.BuildNumber, ...walk(source, at + DUMP_BLOB_FILE_HEADER.size) });
  });
}

function walk(source: ByteSource, first: number): Pick<BlobChain, 'blobs' | 'end' | 'ended'> {
  const blobs: DumpBlob[] = [];
  let at = first;
  while (blobs.length < MAX_BLOBS) {
    const header = readStruct(DUMP_BLOB_HEADER, source, at);
    if (!header.ok) return { blobs, end: at, ended: 'file-end' };
    const { HeaderSize, Tag, DataSize, PrePad, PostPad } = header.value;
    if (HeaderSize !== DUMP_BLOB_HEADER.size) return { blobs, end: at, ended: 'other-header' };
    const dataOffset = at + HeaderSize + PrePad;
    const truncated = dataOffset + DataSize > source.size;
    blobs.push({ guid: Tag, headerOffset: at, dataOffset, dataSize: DataSize, prePad: PrePad, postPad: PostPad, truncated });
    if (truncated) return { blobs, end: source.size, ended: 'file-end' };
    at = dataOffset + DataSize + PostPad;
  }
  return { blobs, end: at, ended: 'limit' };
}

/** The data of a block, never past its own size. */
export function readBlob(source: ByteSource, blob: DumpBlob): Found<Uint8Array> {
  return readExactly(source, blob.dataOffset, blob.dataSize);
}
