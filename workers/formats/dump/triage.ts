/** TRIAGE_DUMP64 and every table it points at. Each table stands for itself: a bad one is a reason, the others are still read. */
import { type Found, found, type MissingReason, missing, notValid } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, readStruct, readStructAt, type RecordOf, viewOf } from '../../bytes/struct.ts';
import { DUMP_DRIVER_ENTRY64, DUMP_MM_STORAGE64, DUMP_UNLOADED_DRIVERS64, TRIAGE_AT_64, TRIAGE_DATA_BLOCK, TRIAGE_DUMP64 } from './layout.ts';

export type TriageHeader = RecordOf<typeof TRIAGE_DUMP64.fields>;
export type MmStorage = RecordOf<typeof DUMP_MM_STORAGE64.fields>;

export interface TriageDriver {
  readonly fileOffset: number;
  readonly name: Found<string>;
  readonly base: bigint;
  readonly entryPoint: bigint;
  readonly size: number;
  readonly flags: number;
  readonly loadCount: number;
  readonly checkSum: number;
  readonly timeDateStamp: number;
}

export interface TriageUnloaded {
  readonly name: string;
  /** Length of the whole name in bytes; more than 24 means that `name` is cut. */
  readonly nameLength: number;
  readonly start: bigint;
  readonly end: bigint;
}

/** A run of virtual memory in the file. */
export interface TriageBlock {
  readonly va: bigint;
  readonly fileOffset: number;
  readonly size: number;
}

export interface TriagePart {
  readonly fileOffset: number;
  readonly size: number;
}

export interface TriageDump {
  readonly header: TriageHeader;
  /** The mark at ValidOffset; without it the file was not written to its end. */
  readonly valid: Found<true>;
  readonly style: 'extracted' | 'direct' | 'unknown';
  readonly mmStorage: Found<MmStorage>;
  readonly unloaded: Found<readonly TriageUnloaded[]>;
  readonly drivers: Found<readonly TriageDriver[]>;
  readonly brokenDriver: Found<string>;
  readonly stack: Found<TriageBlock>;
  readonly dataPage: Found<TriageBlock>;
  readonly dataBlocks: Found<readonly TriageBlock[]>;
  readonly prcb: Found<TriagePart>;
  readonly process: Found<TriagePart>;
  readonly thread: Found<TriagePart>;
  readonly debuggerData: Found<TriagePart>;
}

/** MAXIMUM_... bounds of ours: nine times and twenty-five times what the largest real dump holds. */
const MAX_UNLOADED = 1024;
const MAX_NAME_UNITS = 32_767;
/** Twelve WCHARs. */
export const UNLOADED_NAME_BYTES = 24;

const absent = (what: string): { readonly ok: false; readonly missing: MissingReason } =>
  missing({ why: 'not-written-by', writer: 'the writer of this triage dump', what });

export function readTriage(source: ByteSource): Found<TriageDump> {
  const read = readStruct(TRIAGE_DUMP64, source, TRIAGE_AT_64);
  if (!read.ok) return read;
  const header = read.value;
  return found({
    header,
    valid: readValidMark(source, header),
    style: styleOf(header),
    mmStorage: header.MmOffset === 0 ? absent('DUMP_MM_STORAGE') : readStruct(DUMP_MM_STORAGE64, source, header.MmOffset),
    unloaded: readUnloaded(source, header),
    drivers: readDrivers(source, header),
    brokenDriver: readBrokenDriver(source, header),
    stack: blockAt(source, header.TopOfStack, header.CallStackOffset, header.SizeOfCallStack),
    dataPage: blockAt(source, header.DataPageAddress, header.DataPageOffset, header.DataPageSize),
    dataBlocks: readDataBlocks(source, header),
    ...objectParts(source, header),
    debuggerData: partAt(source, header.DebuggerDataOffset, header.DebuggerDataSize, 'KDBG'),
  });
}

/** Two writers: the one that extracts from a bigger dump at the next boot, and the crashing system itself. */
function styleOf(header: TriageHeader): TriageDump['style'] {
  if (header.TriageOptions === 0xffff_ffff) return 'extracted';
  return header.UnloadedDriversOffset > header.PrcbOffset ? 'direct' : 'unknown';
}

function readValidMark(source: ByteSource, header: TriageHeader): Found<true> {
  const mark = readExactly(source, header.ValidOffset, 4);
  if (!mark.ok) return mark;
  const text = String.fromCharCode(...mark.value);
  return text === 'TRGD' ? found(true) : notValid('end mark', hex(viewOf(mark.value).getUint32(0, true)), 'TRGD');
}

/**
 * KPRCB, EPROCESS and ETHREAD carry no size of their own: each reaches to the next table of the file.
 */
function objectParts(source: ByteSource, header: TriageHeader): Pick<TriageDump, 'prcb' | 'process' | 'thread'> {
  const starts = [
    header.UnloadedDriversOffset,
    header.PrcbOffset,
    header.ProcessOffset,
    header.ThreadOffset,
    header.CallStackOffset,
    header.DebuggerDataOffset,
    header.DriverListOffset,
    header.StringPoolOffset,
    header.DataBlocksOffset,
    header.SizeOfDump,
    source.size,
  ].sort((a, b) => a - b);
  const part = (at: number, what: string): Found<TriagePart> => {
    const next = starts.find((start) => start > at) ?? at;
    return partAt(source, at, next - at, what);
  };
  return { prcb: part(header.PrcbOffset, 'KPRCB'), process: part(header.ProcessOffset, 'EPROCESS'), thread: part(header.ThreadOffset, 'ETHREAD') };
}

function partAt(source: ByteSource, at: number, size: number, what: string): Found<TriagePart> {
  if (at === 0 || size === 0) return absent(what);
  if (at + size > source.size) return missing({ why: 'outside-file', at, length: size, fileSize: source.size });
  return found({ fileOffset: at, size });
}

function blockAt(source: ByteSource, va: bigint, at: number, size: number): Found<TriageBlock> {
  const part = partAt(source, at, size, 'memory of the triage dump');
  return part.ok ? found({ va, ...part.value }) : part;
}

function readUnloaded(source: ByteSource, header: TriageHeader): Found<readonly TriageUnloaded[]> {
  const at = header.UnloadedDriversOffset;
  if (at === 0) return absent('unloaded drivers');
  const head = readExactly(source, at, 8);
  if (!head.ok) return head;
  const count = viewOf(head.value).getUint32(0, true);
  if (count > MAX_UNLOADED) return notValid('number of unloaded drivers', String(count), `at most ${MAX_UNLOADED}`);
  const data = readExactly(source, at + 8, count * DUMP_UNLOADED_DRIVERS64.size);
  if (!data.ok) return data;
  const list: TriageUnloaded[] = [];
  for (let index = 0; index < count; index++) {
    const entry = readStructAt(DUMP_UNLOADED_DRIVERS64, data.value, index * DUMP_UNLOADED_DRIVERS64.size);
    if (!entry.ok) return entry;
    const { NameLength, DriverName, StartAddress, EndAddress } = entry.value;
    const name = utf16(DriverName.subarray(0, Math.min(NameLength & ~1, UNLOADED_NAME_BYTES)));
    list.push({ name, nameLength: NameLength, start: StartAddress, end: EndAddress });
  }
  return found(list);
}

function readDrivers(source: ByteSource, header: TriageHeader): Found<readonly TriageDriver[]> {
  const { DriverListOffset: at, DriverCount: count } = header;
  if (at === 0) return absent('driver list');
  const data = readExactly(source, at, count * DUMP_DRIVER_ENTRY64.size);
  if (!data.ok) return data;
  const list: TriageDriver[] = [];
  for (let index = 0; index < count; index++) {
    const entry = readStructAt(DUMP_DRIVER_ENTRY64, data.value, index * DUMP_DRIVER_ENTRY64.size);
    if (!entry.ok) return entry;
    const raw = entry.value;
    list.push({
      fileOffset: at + index * DUMP_DRIVER_ENTRY64.size,
      name: readDumpString(source, raw.DriverNameOffset),
      base: raw.DllBase,
      entryPoint: raw.EntryPoint,
      size: raw.SizeOfImage,
      flags: raw.Flags,
      loadCount: raw.LoadCount,
      checkSum: raw.CheckSum,
      timeDateStamp: raw.TimeDateStamp,
    });
  }
  return found(list);
}

/** DUMP_STRING: u32 length in UTF-16 units, then the units. */
function readDumpString(source: ByteSource, at: number): Found<string> {
  const head = readExactly(source, at, 4);
  if (!head.ok) return head;
  const units = viewOf(head.value).getUint32(0, true);
  if (units > MAX_NAME_UNITS) return notValid('length of a DUMP_STRING', String(units), `at most ${MAX_NAME_UNITS}`);
  const data = readExactly(source, at + 4, units * 2);
  return data.ok ? found(utf16(data.value)) : data;
}

function utf16(data: Uint8Array): string {
  const text = new TextDecoder('utf-16le').decode(data);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** A file name with its path. */
const MAX_DRIVER_NAME_UNITS = 260;

/**
 * No real sample is public. Public readers take the offset for that of an entry of the driver list, whose first field leads to
 * the name in the string pool; where it leads elsewhere, the offset is taken for the name's own.
 */
function readBrokenDriver(source: ByteSource, header: TriageHeader): Found<string> {
  const at = header.BrokenDriverOffset;
  if (at === 0) return absent('BrokenDriver');
  const entry = readStruct(DUMP_DRIVER_ENTRY64, source, at);
  const name = entry.ok ? entry.value.DriverNameOffset : 0;
  const inPool = name >= header.StringPoolOffset && name < header.StringPoolOffset + header.StringPoolSize;
  const read = readDumpString(source, inPool ? name : at);
  if (!read.ok) return read;
  const plausible = read.value.length > 0 && read.value.length <= MAX_DRIVER_NAME_UNITS && [...read.value].every((character) => character >= ' ');
  return plausible ? read : notValid('BrokenDriver', `${read.value.length} characters`, 'the name of a driver');
}

function readDataBlocks(source: ByteSource, header: TriageHeader): Found<readonly TriageBlock[]> {
  const { DataBlocksOffset: at, DataBlocksCount: count } = header;
  if (at === 0) return absent('data blocks');
  const data = readExactly(source, at, count * TRIAGE_DATA_BLOCK.size);
  if (!data.ok) return data;
  const list: TriageBlock[] = [];
  for (let index = 0; index < count; index++) {
    const block = readStructAt(TRIAGE_DATA_BLOCK, data.value, index * TRIAGE_DATA_BLOCK.size);
    if (!block.ok) return block;
    list.push({ va: block.value.Address, fileOffset: block.value.Offset, size: block.value.Size });
  }
  return found(list);
}
