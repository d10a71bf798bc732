/** Headers of a PE image: "PE Format", sections 2 to 4 (learn.microsoft.com/windows/win32/debug/pe-format). */
import { type Rva, rva } from '../../base/address.ts';
import { type Found, found, notValid } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { readStructAt, type RecordOf } from '../../bytes/struct.ts';
import { type PeBytes, readPe, readPeStruct } from './bytes.ts';
import {
  IMAGE_DATA_DIRECTORY,
  IMAGE_DOS_HEADER,
  IMAGE_NT_HEADERS_START,
  IMAGE_OPTIONAL_HEADER32,
  IMAGE_OPTIONAL_HEADER64,
  IMAGE_SECTION_HEADER,
} from './layouts.ts';

const MZ = 0x5a4d;
const PE00 = 0x4550;
const PE32 = 0x10b;
const PE32_PLUS = 0x20b;
const MAX_DIRECTORIES = 16;

/** IMAGE_FILE_MACHINE_* that Windows of today or yesterday ran on. */
const MACHINES: Readonly<Record<number, 'x86' | 'x64' | 'arm64' | 'arm'>> = { 0x14c: 'x86', 0x8664: 'x64', 0xaa64: 'arm64', 0x1c4: 'arm', 0x1c2: 'arm' };

/** Index of each data directory. */
export const DIRECTORY = {
  export: 0,
  import: 1,
  resource: 2,
  exception: 3,
  security: 4,
  baseReloc: 5,
  debug: 6,
  tls: 9,
  loadConfig: 10,
  iat: 12,
  clr: 14,
} as const;
export type DirectoryName = keyof typeof DIRECTORY;

export interface DataDirectory {
  readonly rva: Rva;
  readonly sizeBytes: number;
}

export interface PeSection {
  readonly name: string;
  readonly rva: Rva;
  readonly virtualSize: number;
  readonly rawOffset: number;
  readonly rawSize: number;
  readonly characteristics: number;
}
const SCN_CNT_CODE = 0x20;
const SCN_MEM_EXECUTE = 0x2000_0000;

export function isCode(section: PeSection): boolean {
  return (section.characteristics & (SCN_CNT_CODE | SCN_MEM_EXECUTE)) !== 0;
}

export interface PeHeaders {
  /** IMAGE_FILE_HEADER.Machine as it stands. */
  readonly machine: number;
  /** Its name where it is one of ours. */
  readonly arch: 'x86' | 'x64' | 'arm64' | 'arm' | undefined;
  readonly is64: boolean;
  readonly timestamp: number;
  readonly characteristics: number;
  readonly sizeOfImage: number;
  readonly sizeOfHeaders: number;
  readonly checkSum: number;
  readonly imageBase: bigint;
  readonly entryPoint: Rva;
  readonly sectionAlignment: number;
  readonly fileAlignment: number;
  readonly subsystem: number;
  readonly dllCharacteristics: number;
  readonly directories: readonly DataDirectory[];
  readonly sections: readonly PeSection[];
}

/** The directory, or undefined where the image has none. */
export function findDirectory(headers: PeHeaders, name: DirectoryName): DataDirectory | undefined {
  const entry = headers.directories[DIRECTORY[name]];
  return entry && entry.rva !== 0 && entry.sizeBytes !== 0 ? entry : undefined;
}

/** The section whose memory holds `at`. */
export function findSection(headers: PeHeaders, at: Rva): PeSection | undefined {
  return headers.sections.find((section) => at >= section.rva && at - section.rva < Math.max(section.virtualSize, section.rawSize));
}

/** Reads the headers at RVA 0; they lie alike in a file and in memory. */
export function readPeHeaders(image: PeBytes): Found<PeHeaders> {
  const dos = readPeStruct(IMAGE_DOS_HEADER, image, 0);
  if (!dos.ok) return dos;
  if (dos.value.e_magic !== MZ) return notValid('DOS signature', hex(dos.value.e_magic), 'MZ');
  const ntAt = dos.value.e_lfanew;
  const nt = readPeStruct(IMAGE_NT_HEADERS_START, image, ntAt);
  if (!nt.ok) return nt;
  if (nt.value.signature !== PE00) return notValid('PE signature', hex(nt.value.signature), 'PE');
  const optionalAt = ntAt + IMAGE_NT_HEADERS_START.size;
  const optional = readPe(image, optionalAt, nt.value.sizeOfOptionalHeader);
  if (!optional.ok) return optional;
  const header = parseOptionalHeader(optional.value);
  if (!header.ok) return header;
  const sections = readSections(image, optionalAt + nt.value.sizeOfOptionalHeader, nt.value.numberOfSections);
  if (!sections.ok) return sections;
  return found({
    machine: nt.value.machine,
    arch: MACHINES[nt.value.machine],
    timestamp: nt.value.timeDateStamp,
    characteristics: nt.value.characteristics,
    ...header.value,
    sections: sections.value,
  });
}

type OptionalHeader = Omit<PeHeaders, 'machine' | 'arch' | 'timestamp' | 'characteristics' | 'sections'>;

function parseOptionalHeader(data: Uint8Array): Found<OptionalHeader> {
  const narrow = readStructAt(IMAGE_OPTIONAL_HEADER32, data, 0);
  if (!narrow.ok) return notValid('optional header', `${data.length} bytes`, 'at least 96 bytes');
  const magic = narrow.value.magic;
  if (magic !== PE32 && magic !== PE32_PLUS) return notValid('optional header magic', hex(magic), '0x10b or 0x20b');
  const wide = magic === PE32_PLUS;
  const read: Found<RecordOf<typeof IMAGE_OPTIONAL_HEADER32.fields> | RecordOf<typeof IMAGE_OPTIONAL_HEADER64.fields>> = wide
    ? readStructAt(IMAGE_OPTIONAL_HEADER64, data, 0)
    : narrow;
  if (!read.ok) return notValid('optional header', `${data.length} bytes`, 'at least 112 bytes');
  const record = read.value;
  return found({
    is64: wide,
    sizeOfImage: record.sizeOfImage,
    sizeOfHeaders: record.sizeOfHeaders,
    checkSum: record.checkSum,
    imageBase: BigInt(record.imageBase),
    entryPoint: rva(record.addressOfEntryPoint),
    sectionAlignment: record.sectionAlignment,
    fileAlignment: record.fileAlignment,
    subsystem: record.subsystem,
    dllCharacteristics: record.dllCharacteristics,
    directories: parseDirectories(data, wide ? IMAGE_OPTIONAL_HEADER64.size : IMAGE_OPTIONAL_HEADER32.size, record.numberOfRvaAndSizes),
  });
}

/** NumberOfRvaAndSizes may promise more than SizeOfOptionalHeader holds; only what is there counts. */
function parseDirectories(data: Uint8Array, at: number, promised: number): DataDirectory[] {
  const directories: DataDirectory[] = [];
  for (let index = 0; index < Math.min(promised, MAX_DIRECTORIES); index++) {
    const entry = readStructAt(IMAGE_DATA_DIRECTORY, data, at + index * IMAGE_DATA_DIRECTORY.size);
    if (!entry.ok) break;
    directories.push({ rva: rva(entry.value.virtualAddress), sizeBytes: entry.value.size });
  }
  return directories;
}

function readSections(image: PeBytes, at: number, count: number): Found<PeSection[]> {
  const data = readPe(image, at, count * IMAGE_SECTION_HEADER.size);
  if (!data.ok) return data;
  const sections: PeSection[] = [];
  for (let index = 0; index < count; index++) {
    const header = readStructAt(IMAGE_SECTION_HEADER, data.value, index * IMAGE_SECTION_HEADER.size);
    if (!header.ok) return header;
    sections.push({
      name: header.value.name,
      rva: rva(header.value.virtualAddress),
      virtualSize: header.value.virtualSize,
      rawOffset: header.value.pointerToRawData,
      rawSize: header.value.sizeOfRawData,
      characteristics: header.value.characteristics,
    });
  }
  return found(sections);
}
