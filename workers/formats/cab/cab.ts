/** The directory of a cabinet: folders (runs of compressed blocks) and the files in them. */
import { type Found, found, missing } from '../../base/found.ts';
import { refuse, type Reply, reply } from '../../base/problem.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readStruct } from '../../bytes/struct.ts';
import { ATTRIB_UTF8, CFFILE, CFFOLDER, CFHEADER, CFRESERVE, FIRST_CONTINUED, FLAG_NEXT, FLAG_PREV, FLAG_RESERVE, MSCF } from './layouts.ts';

const MAX_NAME = 256;
const METHODS = ['none', 'MSZIP', 'Quantum', 'LZX'] as const;
export type CabMethod = (typeof METHODS)[number];

export interface CabFolder {
  readonly dataAt: number;
  readonly blocks: number;
  readonly method: CabMethod | 'unknown';
  /** LZX: the window is 2 to this power. */
  readonly windowBits: number;
}

export interface CabEntry {
  readonly name: string;
  readonly sizeBytes: number;
  /** Where it starts in its folder's bytes. */
  readonly offset: number;
  /** Undefined where it stands partly in another cabinet of a set. */
  readonly folder: CabFolder | undefined;
}

export interface Cab {
  readonly source: ByteSource;
  readonly folders: readonly CabFolder[];
  readonly entries: readonly CabEntry[];
  /** Bytes set aside in every data block's header. */
  readonly dataReserve: number;
}

export function isCab(source: ByteSource): boolean {
  const header = readStruct(CFHEADER, source, 0);
  return header.ok && header.value.signature === MSCF;
}

/** Reads the directory. May throw SourceError. */
export function openCab(source: ByteSource): Reply<Cab> {
  const header = readStruct(CFHEADER, source, 0);
  if (!header.ok) return refuse('BAD_CAB', `the file has ${source.size} bytes, fewer than a cabinet's header`);
  const { signature, flags, cFolders, cFiles, coffFiles, versionMajor } = header.value;
  if (signature !== MSCF) return refuse('BAD_CAB', 'the file does not start with MSCF');
  if (versionMajor !== 1) return refuse('BAD_CAB', `version ${versionMajor} of the format is not known`);
  if (cFolders === 0) return refuse('BAD_CAB', 'the cabinet has no folder');
  const layout = readVariablePart(source, flags);
  if (!layout.ok) return refuse('BAD_CAB', 'the header ends early');
  const folders = readFolders(source, layout.value, cFolders);
  if (!folders.ok) return refuse('BAD_CAB', 'the list of folders ends early');
  const entries = readEntries(source, { at: coffFiles, count: cFiles }, folders.value);
  return entries.ok ? reply({ source, folders: folders.value, entries: entries.value, dataReserve: layout.value.dataReserve }) : entries;
}

interface VariablePart {
  readonly foldersAt: number;
  readonly folderReserve: number;
  readonly dataReserve: number;
}

function readVariablePart(source: ByteSource, flags: number): Found<VariablePart> {
  let at = CFHEADER.size;
  let [folderReserve, dataReserve] = [0, 0];
  if (flags & FLAG_RESERVE) {
    const reserve = readStruct(CFRESERVE, source, at);
    if (!reserve.ok) return reserve;
    at += CFRESERVE.size + reserve.value.cbCFHeader;
    folderReserve = reserve.value.cbCFFolder;
    dataReserve = reserve.value.cbCFData;
  }
  const texts = (flags & FLAG_PREV ? 2 : 0) + (flags & FLAG_NEXT ? 2 : 0);
  for (let text = 0; text < texts; text++) {
    const name = readName(source, at);
    if (!name.ok) return name;
    at += name.value.length + 1;
  }
  return found({ foldersAt: at, folderReserve, dataReserve });
}

function readFolders(source: ByteSource, part: VariablePart, count: number): Found<CabFolder[]> {
  const folders: CabFolder[] = [];
  for (let index = 0; index < count; index++) {
    const folder = readStruct(CFFOLDER, source, part.foldersAt + index * (CFFOLDER.size + part.folderReserve));
    if (!folder.ok) return folder;
    const { coffCabStart, cCFData, typeCompress } = folder.value;
    folders.push({ dataAt: coffCabStart, blocks: cCFData, method: METHODS[typeCompress & 0xf] ?? 'unknown', windowBits: (typeCompress >>> 8) & 0x1f });
  }
  return found(folders);
}

function readEntries(source: ByteSource, list: { at: number; count: number }, folders: readonly CabFolder[]): Reply<CabEntry[]> {
  const entries: CabEntry[] = [];
  let at = list.at;
  for (let index = 0; index < list.count; index++) {
    const file = readStruct(CFFILE, source, at);
    const name = readName(source, at + CFFILE.size);
    if (!file.ok || !name.ok) return refuse('BAD_CAB', `entry ${index} of ${list.count} ends early`);
    const { cbFile, uoffFolderStart, iFolder, attribs } = file.value;
    const folder = folders[iFolder];
    if (!folder && iFolder < FIRST_CONTINUED) return refuse('BAD_CAB', `entry ${index} names folder ${iFolder} of ${folders.length}`);
    entries.push({ name: decodeName(name.value, attribs), sizeBytes: cbFile, offset: uoffFolderStart, folder });
    at += CFFILE.size + name.value.length + 1;
  }
  return reply(entries);
}

function readName(source: ByteSource, at: number): Found<Uint8Array> {
  const bytes = source.readBlock(at, MAX_NAME);
  const end = bytes.indexOf(0);
  return end < 0 ? missing({ why: 'outside-file', at, length: MAX_NAME, fileSize: source.size }) : found(bytes.subarray(0, end));
}

const utf8 = new TextDecoder('utf-8');
const ansi = new TextDecoder('windows-1252');

function decodeName(bytes: Uint8Array, attribs: number): string {
  return (attribs & ATTRIB_UTF8 ? utf8 : ansi).decode(bytes);
}
