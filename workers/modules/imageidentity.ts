/**
 * The identity of an image from its headers in memory: what a symbol server is asked for.
 * Layouts: Microsoft PE format (learn.microsoft.com/windows/win32/debug/pe-format); RSDS as LLVM's docs and CVINFO_PDB70 say.
 */
import { type Va, vaAdd } from '../base/address.ts';
import { type Found, found, missing, notValid, thenFound } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import { chars, guid, readStructAt, type RecordOf, type Fields, type Struct, struct, u16, u32 } from '../bytes/struct.ts';
import { readAll } from '../memory/bytespace.ts';
import type { AddressSpace } from '../memory/space.ts';
import type { PdbIdentity, PeIdentity } from './module.ts';

const PE = 'Microsoft PE format';
const IMAGE_DOS_HEADER = struct('IMAGE_DOS_HEADER', 0x40, PE, { e_magic: u16(0), e_lfanew: u32(0x3c) });
const IMAGE_NT_HEADERS = struct('IMAGE_NT_HEADERS', 0x60, PE, {
  Signature: u32(0),
  Machine: u16(4),
  TimeDateStamp: u32(8),
  SizeOfOptionalHeader: u16(0x14),
  Magic: u16(0x18),
  AddressOfEntryPoint: u32(0x28),
  SizeOfImage: u32(0x50),
  CheckSum: u32(0x58),
});
const IMAGE_DATA_DIRECTORY = struct('IMAGE_DATA_DIRECTORY', 8, PE, { VirtualAddress: u32(0), Size: u32(4) });
const IMAGE_DEBUG_DIRECTORY = struct('IMAGE_DEBUG_DIRECTORY', 28, PE, {
  Type: u32(12),
  SizeOfData: u32(16),
  AddressOfRawData: u32(20),
});
const CV_INFO_PDB70 = struct('CV_INFO_PDB70', 24, 'llvm.org/docs/PDB; CVINFO_PDB70', { CvSignature: chars(0, 4), Signature: guid(4), Age: u32(20) });

const MZ = 0x5a4d;
const PE_SIGNATURE = 0x4550;
const PE32_PLUS = 0x20b;
const DEBUG_DIRECTORY = 6;
const IMAGE_DEBUG_TYPE_CODEVIEW = 2;
/** The linker writes three to six entries; the bound keeps a damaged size from being walked. */
const MAX_DEBUG_ENTRIES = 32;
const MAX_PDB_PATH = 1024;
/** Headers of a real image stand in its first page. */
const MAX_LFANEW = 0x1000;

export interface ImageHeaders {
  readonly machine: number;
  readonly pe: PeIdentity;
  readonly checksum: number;
  readonly entryPoint: number;
  readonly headersAt: Va;
  readonly pointerSize: 4 | 8;
}

function readAt<F extends Fields>(layout: Struct<F>, space: AddressSpace, at: Va): Found<RecordOf<F>> {
  return thenFound(readAll(space, at, layout.size), (data) => readStructAt(layout, data, 0));
}

export function readImageHeaders(space: AddressSpace, base: Va): Found<ImageHeaders> {
  const dos = readAt(IMAGE_DOS_HEADER, space, base);
  if (!dos.ok) return dos;
  if (dos.value.e_magic !== MZ) return notValid('image header', hex(dos.value.e_magic), 'MZ');
  if (dos.value.e_lfanew > MAX_LFANEW) return notValid('e_lfanew', hex(dos.value.e_lfanew), `at most ${hex(MAX_LFANEW)}`);
  const headersAt = vaAdd(base, dos.value.e_lfanew);
  const headers = readAt(IMAGE_NT_HEADERS, space, headersAt);
  if (!headers.ok) return headers;
  const { Signature, Machine, TimeDateStamp, SizeOfImage, CheckSum, Magic, AddressOfEntryPoint } = headers.value;
  if (Signature !== PE_SIGNATURE) return notValid('image header', hex(Signature), 'PE');
  const pe = { timestamp: TimeDateStamp, sizeOfImage: SizeOfImage };
  return found({ machine: Machine, pe, checksum: CheckSum, entryPoint: AddressOfEntryPoint, headersAt, pointerSize: Magic === PE32_PLUS ? 8 : 4 });
}

/** GUID and age of the PDB, from the RSDS record that the debug directory of the image in memory points at. */
export function readPdbIdentity(space: AddressSpace, base: Va): Found<PdbIdentity> {
  const headers = readImageHeaders(space, base);
  if (!headers.ok) return headers;
  const directories = headers.value.pointerSize === 8 ? 0x88 : 0x78;
  const directory = readAt(IMAGE_DATA_DIRECTORY, space, vaAdd(headers.value.headersAt, directories + DEBUG_DIRECTORY * 8));
  if (!directory.ok) return directory;
  const { VirtualAddress, Size } = directory.value;
  const count = Math.min(MAX_DEBUG_ENTRIES, Math.floor(Size / IMAGE_DEBUG_DIRECTORY.size));
  for (let index = 0; index < count; index++) {
    const entry = readAt(IMAGE_DEBUG_DIRECTORY, space, vaAdd(base, VirtualAddress + index * IMAGE_DEBUG_DIRECTORY.size));
    if (!entry.ok) return entry;
    if (entry.value.Type === IMAGE_DEBUG_TYPE_CODEVIEW) return readRsds(space, vaAdd(base, entry.value.AddressOfRawData), entry.value.SizeOfData);
  }
  return missing({ why: 'not-valid', what: 'debug directory', got: `${count} entries`, wanted: 'a CodeView entry' });
}

function readRsds(space: AddressSpace, at: Va, size: number): Found<PdbIdentity> {
  const record = readAt(CV_INFO_PDB70, space, at);
  if (!record.ok) return record;
  if (record.value.CvSignature !== 'RSDS') return notValid('CodeView record', record.value.CvSignature, 'RSDS');
  const { bytes } = space.read(vaAdd(at, CV_INFO_PDB70.size), Math.min(MAX_PDB_PATH, Math.max(0, size - CV_INFO_PDB70.size)));
  const end = bytes.indexOf(0);
  if (end <= 0) return notValid('PDB path', 'no text', 'a path that ends with NUL');
  const path = new TextDecoder('utf-8').decode(bytes.subarray(0, end));
  const file = path.slice(Math.max(path.lastIndexOf('\\'), path.lastIndexOf('/')) + 1);
  return found({ file, guid: record.value.Signature, age: record.value.Age });
}
