/** A PDB: its identity, its DBI header and the streams found through it. Everything else is read when asked for. */
import { type Found, found, mapFound, missing, notValid, thenFound } from '../../base/found.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, readStruct, type RecordOf, viewOf } from '../../bytes/struct.ts';
import type { StreamContainer } from '../msf/container.ts';
import { openMsf } from '../msf/msf.ts';
import { MSFZ_MAGIC } from '../msfz/layouts.ts';
import { openMsfz } from '../msfz/msfz.ts';
import { isPortablePdb, readPortablePdbId } from '../portablepdb/portablepdb.ts';
import { DBI_HEADER, DEBUG_STREAM, PDB_INFO } from './layouts.ts';

const STREAM_INFO = 1;
const STREAM_DBI = 3;
const NO_STREAM = 0xffff;

export type PdbInfo = RecordOf<typeof PDB_INFO.fields>;
export type DbiHeader = RecordOf<typeof DBI_HEADER.fields>;

/** Substreams of the DBI stream in the order in which they lie. */
const SUBSTREAMS = [
  'modInfoSize',
  'sectionContributionSize',
  'sectionMapSize',
  'sourceInfoSize',
  'typeServerMapSize',
  'ecSubstreamSize',
  'optionalDbgHeaderSize',
] as const;
export type Substream = (typeof SUBSTREAMS)[number];

export interface Dbi {
  readonly header: DbiHeader;
  readonly stream: ByteSource;
}

export interface PdbFile {
  readonly msf: StreamContainer;
  readonly info: PdbInfo;
  /** Missing in a PDB that holds types only. */
  readonly dbi: Found<Dbi>;
  /** The age that the image's debug record must show: tools that add source information raise the other one. */
  readonly imageAge: number;
}

/** Reads the identity and the DBI header. May throw SourceError. */
export function openPdb(source: ByteSource): Found<PdbFile> {
  const msf = openContainer(source);
  if (!msf.ok) return msf;
  const info = thenFound(msf.value.stream(STREAM_INFO), (stream) => readStruct(PDB_INFO, stream, 0));
  if (!info.ok) return info;
  const dbi = readDbi(msf.value);
  return found({ msf: msf.value, info: info.value, dbi, imageAge: dbi.ok ? dbi.value.header.age : info.value.age });
}

function openContainer(source: ByteSource): Found<StreamContainer> {
  if (isPortablePdb(source)) return portable(source);
  const start = String.fromCharCode(...source.readBlock(0, MSFZ_MAGIC.length));
  return start === MSFZ_MAGIC ? openMsfz(source) : openMsf(source);
}

/** Refused by name: it describes managed code, and no native frame has a name in it. */
function portable(source: ByteSource): Found<never> {
  const id = readPortablePdbId(source);
  return notValid('PDB', `a portable PDB of .NET${id.ok ? ` with the id ${id.value.guid}` : ''}, which names managed code only`, 'one of native code');
}

/** What a compiler writes with /Zi and other PDBs refer to as their type server. */
const TYPES_ONLY = notValid('PDB', 'one of a compiler, which holds types and no symbols', 'one of a linked image');

function readDbi(msf: StreamContainer): Found<Dbi> {
  const stream = msf.stream(STREAM_DBI);
  if (!stream.ok) return TYPES_ONLY;
  if (stream.value.size === 0) return TYPES_ONLY;
  const header = readStruct(DBI_HEADER, stream.value, 0);
  if (!header.ok) return header;
  if (header.value.versionSignature !== -1) return notValid('DBI signature', `${header.value.versionSignature}`, '-1');
  return found({ header: header.value, stream: stream.value });
}

/** Where a substream lies in the DBI stream; cut to the bytes there are. */
export function findSubstream(dbi: Dbi, wanted: Substream): { readonly at: number; readonly end: number } {
  let at = DBI_HEADER.size;
  for (const name of SUBSTREAMS) {
    if (name === wanted) break;
    at += dbi.header[name];
  }
  const limit = dbi.stream.size;
  return { at: Math.min(at, limit), end: Math.min(at + dbi.header[wanted], limit) };
}

/** The stream that the optional debug header names; Missing where it names none. */
export function readDebugStream(pdb: PdbFile, name: keyof typeof DEBUG_STREAM): Found<ByteSource> {
  if (!pdb.dbi.ok) return pdb.dbi;
  const { at, end } = findSubstream(pdb.dbi.value, 'optionalDbgHeaderSize');
  const entryAt = at + DEBUG_STREAM[name] * 2;
  if (entryAt + 2 > end) return missing({ why: 'stream-absent', stream: name });
  const index = mapFound(readExactly(pdb.dbi.value.stream, entryAt, 2), (data) => viewOf(data).getUint16(0, true));
  if (!index.ok) return index;
  return index.value === NO_STREAM ? missing({ why: 'stream-absent', stream: name }) : pdb.msf.stream(index.value);
}

/** Publics and globals: one stream of symbol records. */
export function readSymbolRecords(pdb: PdbFile): Found<ByteSource> {
  if (!pdb.dbi.ok) return pdb.dbi;
  const index = pdb.dbi.value.header.symRecordStream;
  return index === NO_STREAM ? missing({ why: 'stream-absent', stream: 'symbol records' }) : pdb.msf.stream(index);
}
