/** The debug directory and the CodeView record that names the PDB. */
import { type Rva, rva } from '../../base/address.ts';
import { type Found, firstFound, found, missing, notValid } from '../../base/found.ts';
import { hex, hexDigits } from '../../base/hex.ts';
import { readStructAt } from '../../bytes/struct.ts';
import { type PeBytes, readPe, readPeFile } from './bytes.ts';
import { findDirectory, type PeHeaders } from './headers.ts';
import { CV_INFO_PDB20, CV_INFO_PDB70, IMAGE_DEBUG_DIRECTORY } from './layouts.ts';

const RSDS = 0x53445352;
const NB10 = 0x3031424e;
const TYPE_CODEVIEW = 2;
const MAX_ENTRIES = 64;
/** The fixed part and a path of 32,767 UTF-16 units in UTF-8 would be larger; nobody writes such. */
const MAX_CODEVIEW = 4096;

export interface DebugEntry {
  readonly type: number;
  readonly timestamp: number;
  readonly sizeBytes: number;
  readonly rva: Rva;
  readonly fileOffset: number;
}

export type CodeView =
  | { readonly kind: 'RSDS'; readonly guid: string; readonly age: number; readonly path: string }
  /** PDB 2.0: a time instead of a GUID. Such PDBs are of before Visual Studio .NET. */
  | { readonly kind: 'NB10'; readonly timestamp: number; readonly age: number; readonly path: string };

/** The part of a Windows path behind its last separator. */
export function fileNameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/')) + 1);
}

/** As a symbol store's folder name spells it: GUID or time, then the age, without dashes. */
export function codeViewKey(record: CodeView): string {
  const age = record.age.toString(16);
  return record.kind === 'RSDS' ? record.guid.replaceAll('-', '').toUpperCase() + age : hexDigits(record.timestamp, 8).toUpperCase() + age;
}

export function readDebugEntries(image: PeBytes, headers: PeHeaders): Found<DebugEntry[]> {
  const directory = findDirectory(headers, 'debug');
  if (!directory) return missing({ why: 'stream-absent', stream: 'debug directory' });
  const count = Math.min(Math.floor(directory.sizeBytes / IMAGE_DEBUG_DIRECTORY.size), MAX_ENTRIES);
  const data = readPe(image, directory.rva, count * IMAGE_DEBUG_DIRECTORY.size);
  if (!data.ok) return data;
  const entries: DebugEntry[] = [];
  for (let index = 0; index < count; index++) {
    const entry = readStructAt(IMAGE_DEBUG_DIRECTORY, data.value, index * IMAGE_DEBUG_DIRECTORY.size);
    if (!entry.ok) return entry;
    const { type, timeDateStamp, sizeOfData, addressOfRawData, pointerToRawData } = entry.value;
    entries.push({ type, timestamp: timeDateStamp, sizeBytes: sizeOfData, rva: rva(addressOfRawData), fileOffset: pointerToRawData });
  }
  return found(entries);
}

/** The first CodeView record that can be read. */
export function readCodeView(image: PeBytes, headers: PeHeaders): Found<CodeView> {
  const all = readCodeViews(image, headers);
  if (!all.ok) return all;
  const first = all.value[0];
  return first ? found(first) : missing({ why: 'stream-absent', stream: 'CodeView record' });
}

/** Every CodeView record: images compiled ahead of time by .NET have one for the IL's PDB and one for the native code's. */
export function readCodeViews(image: PeBytes, headers: PeHeaders): Found<CodeView[]> {
  const entries = readDebugEntries(image, headers);
  if (!entries.ok) return entries;
  const candidates = entries.value.filter((entry) => entry.type === TYPE_CODEVIEW);
  if (candidates.length === 0) return missing({ why: 'stream-absent', stream: 'CodeView record' });
  const records = candidates.map((entry) => readCodeViewEntry(image, entry));
  const good = records.flatMap((record) => (record.ok ? [record.value] : []));
  const bad = records.find((record) => !record.ok);
  return good.length === 0 && bad ? bad : found(good);
}

function readCodeViewEntry(image: PeBytes, entry: DebugEntry): Found<CodeView> {
  const size = Math.min(entry.sizeBytes, MAX_CODEVIEW);
  const attempts: (() => Found<Uint8Array>)[] = [];
  if (entry.rva !== 0) attempts.push(() => readPe(image, entry.rva, size));
  if (image.readFile) attempts.push(() => readPeFile(image, entry.fileOffset, size));
  if (attempts.length === 0) return missing({ why: 'not-in-dump', space: 'file', at: BigInt(entry.fileOffset) });
  return firstFound(attempts.map((attempt) => () => parseCodeViewOf(attempt())));
}

function parseCodeViewOf(data: Found<Uint8Array>): Found<CodeView> {
  return data.ok ? parseCodeView(data.value) : data;
}

/** A CodeView record as it stands in images and in minidumps' module lists. */
export function parseCodeView(data: Uint8Array): Found<CodeView> {
  const old = readStructAt(CV_INFO_PDB20, data, 0);
  if (!old.ok) return notValid('CodeView record', `${data.length} bytes`, 'at least 16 bytes');
  if (old.value.signature === NB10) {
    return found({ kind: 'NB10', timestamp: old.value.timestamp, age: old.value.age, path: textUpToNul(data, CV_INFO_PDB20.size) });
  }
  if (old.value.signature !== RSDS) return notValid('CodeView signature', hex(old.value.signature), 'RSDS or NB10');
  const record = readStructAt(CV_INFO_PDB70, data, 0);
  if (!record.ok) return notValid('RSDS record', `${data.length} bytes`, 'at least 24 bytes');
  return found({ kind: 'RSDS', guid: record.value.guid, age: record.value.age, path: textUpToNul(data, CV_INFO_PDB70.size) });
}

const utf8 = new TextDecoder('utf-8');

function textUpToNul(data: Uint8Array, from: number): string {
  const end = data.indexOf(0, from);
  return utf8.decode(data.subarray(from, end < 0 ? data.length : end));
}
