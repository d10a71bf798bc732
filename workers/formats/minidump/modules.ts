/** Modules: ModuleListStream with CodeView and version records, UnloadedModuleListStream. */
import { type Found, found, mapFound, missing, notValid, thenFound } from '../../base/found.ts';
import { formatGuid, hexDigits } from '../../base/hex.ts';
import { readExactly, readStructAt, type RecordOf, viewOf } from '../../bytes/struct.ts';
import { findStream, type MinidumpFile, readStream } from './file.ts';
import { MODULE, SIZED_LIST32, UNLOADED_MODULE, VS_FFI_SIGNATURE } from './layouts.ts';
import { type Listed, parseSizedList, readCountedList } from './list.ts';
import { STREAM } from './names.ts';
import { fixedUtf8, readMinidumpString } from './text.ts';

/**
 * The record that names a module's symbols. RSDS: PDB 7.0; NB10: PDB 2.0 (its id is a timestamp);
 * BpEL: an ELF build id, Breakpad's extension.
 */
export type CodeView =
  | { readonly kind: 'RSDS'; readonly guid: string; readonly age: number; readonly file: string }
  | { readonly kind: 'NB10'; readonly timestamp: number; readonly age: number; readonly file: string }
  | { readonly kind: 'BpEL'; readonly buildId: string };

export interface RawModule {
  readonly base: bigint;
  readonly size: number;
  readonly checksum: number;
  readonly timestamp: number;
  readonly name: Found<string>;
  readonly version: Found<{ readonly file: string; readonly product: string; readonly fileFlags: number; readonly fileType: number }>;
  readonly codeView: Found<CodeView>;
  readonly miscSize: number;
}

export interface RawUnloadedModule {
  readonly base: bigint;
  readonly size: number;
  readonly checksum: number;
  readonly timestamp: number;
  readonly name: Found<string>;
}

const RSDS = 0x53445352;
const NB10 = 0x3031424e;
const BPEL = 0x4270454c;
/** Longest record read: a PDB path has at most 32,767 bytes. */
const MAX_CODEVIEW = 33_000;

export function parseCodeView(bytes: Uint8Array): Found<CodeView> {
  if (bytes.length < 4) return notValid('CodeView record', `${bytes.length} bytes`, 'at least 4');
  const view = viewOf(bytes);
  const signature = view.getUint32(0, true);
  if (signature === RSDS && bytes.length >= 24) {
    return found({ kind: 'RSDS', guid: formatGuid(bytes.subarray(4, 20)), age: view.getUint32(20, true), file: fixedUtf8(bytes.subarray(24)) });
  }
  if (signature === NB10 && bytes.length >= 16) {
    return found({ kind: 'NB10', timestamp: view.getUint32(8, true), age: view.getUint32(12, true), file: fixedUtf8(bytes.subarray(16)) });
  }
  if (signature === BPEL) return found({ kind: 'BpEL', buildId: [...bytes.subarray(4)].map((byte) => hexDigits(byte, 2)).join('') });
  return notValid('CodeView record', `signature 0x${hexDigits(signature, 8)}, ${bytes.length} bytes`, 'RSDS, NB10 or an ELF build id');
}

const formatVersion = (ms: number, ls: number): string => `${ms >>> 16}.${ms & 0xffff}.${ls >>> 16}.${ls & 0xffff}`;

function versionOf(raw: RecordOf<typeof MODULE.fields>): RawModule['version'] {
  if (raw.versionSignature !== VS_FFI_SIGNATURE) return notValid('VS_FIXEDFILEINFO', `signature 0x${hexDigits(raw.versionSignature, 8)}`, '0xfeef04bd');
  return found({
    file: formatVersion(raw.fileVersionMS, raw.fileVersionLS),
    product: formatVersion(raw.productVersionMS, raw.productVersionLS),
    fileFlags: raw.fileFlags,
    fileType: raw.fileType,
  });
}

function codeViewOf(file: MinidumpFile, raw: RecordOf<typeof MODULE.fields>): Found<CodeView> {
  if (raw.cvSize === 0) return missing({ why: 'stream-absent', stream: 'CodeView record of this module' });
  return thenFound(readExactly(file.source, raw.cvRva, Math.min(raw.cvSize, MAX_CODEVIEW)), parseCodeView);
}

export function readModules(file: MinidumpFile): Found<Listed<RawModule>> {
  return mapFound(readCountedList(file, STREAM.moduleList, MODULE), (list) => ({
    count: list.count,
    entries: list.entries.map((raw) => ({
      base: raw.baseOfImage,
      size: raw.sizeOfImage,
      checksum: raw.checkSum,
      timestamp: raw.timeDateStamp,
      name: readMinidumpString(file.source, raw.moduleNameRva),
      version: versionOf(raw),
      codeView: codeViewOf(file, raw),
      miscSize: raw.miscSize,
    })),
  }));
}

/** The path of the first module, which is the program itself; reads nothing of the others. */
export function readFirstModuleName(file: MinidumpFile): Found<string> {
  const stream = readStream(file, STREAM.moduleList, 8 + MODULE.size);
  if (!stream.ok) return stream;
  const { bytes } = stream.value;
  const count = bytes.length >= 4 ? viewOf(bytes).getUint32(0, true) : 0;
  if (count === 0) return notValid('module list', 'no entry', 'at least one');
  const padded = findStream(file, STREAM.moduleList)?.size === 8 + count * MODULE.size;
  return thenFound(readStructAt(MODULE, bytes, padded ? 8 : 4), (raw) => readMinidumpString(file.source, raw.moduleNameRva));
}

export function readUnloadedModules(file: MinidumpFile): Found<Listed<RawUnloadedModule>> {
  const stream = readStream(file, STREAM.unloadedModuleList);
  if (!stream.ok) return stream;
  const head = readStructAt(SIZED_LIST32, stream.value.bytes, 0);
  if (!head.ok) return head;
  const { sizeOfHeader, sizeOfEntry, numberOfEntries } = head.value;
  const list = parseSizedList(stream.value, UNLOADED_MODULE, { sizeOfHeader, sizeOfEntry, count: numberOfEntries });
  return mapFound(list, ({ entries, count }) => ({
    count,
    entries: entries.map((raw) => ({
      base: raw.baseOfImage,
      size: raw.sizeOfImage,
      checksum: raw.checkSum,
      timestamp: raw.timeDateStamp,
      name: readMinidumpString(file.source, raw.moduleNameRva),
    })),
  }));
}
