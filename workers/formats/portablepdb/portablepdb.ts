/**
 * Portable PDBs: metadata of .NET with a stream "#Pdb" (github.com/dotnet/runtime, docs/design/specs/PortablePdb-Metadata.md;
 * the metadata root: ECMA-335, II.24.2.1).
 */
import { type Found, missing, notValid } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { chars, guid, readStruct, struct, u16, u32 } from '../../bytes/struct.ts';

const METADATA_ROOT = struct('METADATAROOT', 16, 'ECMA-335, II.24.2.1', { signature: u32(0), versionBytes: u32(12) });
const STREAM_COUNT = struct('METADATAROOT (end)', 4, 'ECMA-335, II.24.2.1', { flags: u16(0), streams: u16(2) });
const STREAM_HEADER = struct('STREAMHEADER', 8, 'ECMA-335, II.24.2.2', { offset: u32(0), sizeBytes: u32(4) });
const PDB_STREAM = struct('#Pdb', 20, 'PortablePdb-Metadata.md', { guid: guid(0), stamp: u32(16) });
/** Padded to four bytes. */
const STREAM_NAME = struct('STREAMHEADER (name)', 8, 'ECMA-335, II.24.2.2', { name: chars(0, 8) });

const BSJB = 0x424a_5342;
const MAX_VERSION = 256;
const MAX_STREAMS = 16;

export interface PortablePdbId {
  readonly guid: string;
  /** The image's debug record shows it in place of a time. */
  readonly stamp: number;
}

export function isPortablePdb(source: ByteSource): boolean {
  const root = readStruct(METADATA_ROOT, source, 0);
  return root.ok && root.value.signature === BSJB;
}

/** The id by which an image names its portable PDB. May throw SourceError. */
export function readPortablePdbId(source: ByteSource): Found<PortablePdbId> {
  const root = readStruct(METADATA_ROOT, source, 0);
  if (!root.ok) return root;
  if (root.value.signature !== BSJB) return notValid('metadata signature', hex(root.value.signature), hex(BSJB));
  if (root.value.versionBytes > MAX_VERSION) return notValid('metadata version', `${root.value.versionBytes} bytes`, `at most ${MAX_VERSION}`);
  let at = METADATA_ROOT.size + root.value.versionBytes;
  const count = readStruct(STREAM_COUNT, source, at);
  if (!count.ok) return count;
  at += STREAM_COUNT.size;
  for (let index = 0; index < Math.min(count.value.streams, MAX_STREAMS); index++) {
    const header = readStruct(STREAM_HEADER, source, at);
    const named = readStruct(STREAM_NAME, source, at + STREAM_HEADER.size);
    if (!header.ok) return header;
    if (!named.ok) return named;
    if (named.value.name === '#Pdb') return readStruct(PDB_STREAM, source, header.value.offset);
    at += STREAM_HEADER.size + (Math.floor(named.value.name.length / 4) + 1) * 4;
  }
  return missing({ why: 'stream-absent', stream: '#Pdb' });
}
