/** The central directory of a zip file (PKWARE APPNOTE.TXT 6.3, §4.3 and §4.4), read without reading the file. */
import { type Reply, refuse, reply } from '../../base/problem.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { type Fields, readStruct, readStructAt, type RecordOf, struct, type Struct, u16, u32, u64, viewOf } from '../../bytes/struct.ts';

const APPNOTE = 'PKWARE APPNOTE.TXT';
const END = struct('end of central directory record', 22, APPNOTE, {
  signature: u32(0),
  disk: u16(4),
  startDisk: u16(6),
  entries: u16(10),
  size: u32(12),
  offset: u32(16),
});
const LOCATOR64 = struct('Zip64 end of central directory locator', 20, APPNOTE, { signature: u32(0), offset: u64(8) });
const END64 = struct('Zip64 end of central directory record', 56, APPNOTE, {
  signature: u32(0),
  disk: u32(16),
  startDisk: u32(20),
  entries: u64(32),
  size: u64(40),
  offset: u64(48),
});
const CENTRAL = struct('central directory file header', 46, APPNOTE, {
  signature: u32(0),
  flags: u16(8),
  method: u16(10),
  crc: u32(16),
  packedSize: u32(20),
  size: u32(24),
  nameLength: u16(28),
  extraLength: u16(30),
  commentLength: u16(32),
  offset: u32(42),
});
const LOCAL = struct('local file header', 30, APPNOTE, { signature: u32(0), flags: u16(6), nameLength: u16(26), extraLength: u16(28) });

const SIGNATURE = { end: 0x06054b50, locator64: 0x07064b50, end64: 0x06064b50, central: 0x02014b50, local: 0x04034b50 };
const MAX_COMMENT = 65_535;
/** Bounds for hostile directories; a folder of crash reports has some thousands of entries. */
const MAX_DIRECTORY = 32 * 1024 * 1024;
const MAX_ENTRIES = 200_000;
const ENCRYPTED = 1;
const UTF8_NAME = 0x800;
const ZIP64_EXTRA = 1;

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  /** Of the local header, in the file. */
  readonly headerOffset: number;
}

interface Directory {
  readonly entries: number;
  readonly size: number;
  readonly offset: number;
  /** Where the records behind the directory begin. */
  readonly end: number;
}

const utf8 = new TextDecoder('utf-8');
const latin1 = new TextDecoder('latin1');

function findEnd(source: ByteSource): { record: RecordOf<typeof END.fields>; at: number } | undefined {
  const length = Math.min(source.size, END.size + MAX_COMMENT);
  const from = source.size - length;
  const tail = source.readBlock(from, length);
  const view = viewOf(tail);
  for (let at = tail.length - END.size; at >= 0; at--) {
    if (tail[at] !== 0x50 || view.getUint32(at, true) !== SIGNATURE.end) continue;
    const record = readStructAt(END, tail, at);
    if (record.ok) return { record: record.value, at: from + at };
  }
  return undefined;
}

const small = (value: bigint): number => Number(value <= BigInt(Number.MAX_SAFE_INTEGER) ? value : BigInt(Number.MAX_SAFE_INTEGER));

function readSigned<F extends Fields>(layout: Struct<F>, source: ByteSource, at: number, signature: number): RecordOf<F> | undefined {
  const record = readStruct(layout, source, at);
  return record.ok && (record.value as { readonly signature?: unknown }).signature === signature ? record.value : undefined;
}

function findDirectory(source: ByteSource): Reply<Directory> {
  const end = findEnd(source);
  if (!end) return refuse('ARCHIVE_BROKEN', `a zip file without its central directory in ${source.size} bytes: the file is cut`);
  const { record, at } = end;
  const locator = readSigned(LOCATOR64, source, at - LOCATOR64.size, SIGNATURE.locator64);
  const big = locator && readSigned(END64, source, small(locator.offset), SIGNATURE.end64);
  const disks = big ? [big.disk, big.startDisk] : [record.disk, record.startDisk];
  if (disks.some((disk) => disk !== 0)) return refuse('ARCHIVE_UNSUPPORTED', 'a zip file that is split over several files');
  if (big && locator) return reply({ entries: small(big.entries), size: small(big.size), offset: small(big.offset), end: small(locator.offset) });
  return reply({ entries: record.entries, size: record.size, offset: record.offset, end: at });
}

/** Sizes that do not fit 32 bits stand in an extra field, in this order, only those that are needed. */
function readZip64(extra: Uint8Array, raw: RecordOf<typeof CENTRAL.fields>): { size: number; packedSize: number; offset: number } {
  const fields = { size: raw.size, packedSize: raw.packedSize, offset: raw.offset };
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const [id, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    const end = Math.min(at + 4 + length, extra.length);
    let next = at + 4;
    for (const key of id === ZIP64_EXTRA ? (['size', 'packedSize', 'offset'] as const) : []) {
      if (fields[key] !== 0xffff_ffff || next + 8 > end) continue;
      fields[key] = small(view.getBigUint64(next, true));
      next += 8;
    }
    at += 4 + length;
  }
  return fields;
}

function parseEntry(bytes: Uint8Array, at: number, shift: number): { entry: ZipEntry; next: number } | undefined {
  const raw = readStructAt(CENTRAL, bytes, at);
  if (!raw.ok || raw.value.signature !== SIGNATURE.central) return undefined;
  const { value } = raw;
  const name = at + CENTRAL.size;
  const extra = name + value.nameLength;
  const next = extra + value.extraLength + value.commentLength;
  if (next > bytes.length) return undefined;
  const sizes = readZip64(bytes.subarray(extra, extra + value.extraLength), value);
  // Without the UTF-8 flag a name is in the code page of who packed it; only its ASCII part can be trusted.
  const decoder = value.flags & UTF8_NAME ? utf8 : latin1;
  const entry: ZipEntry = {
    name: decoder.decode(bytes.subarray(name, extra)),
    method: value.method,
    encrypted: (value.flags & ENCRYPTED) !== 0,
    crc: value.crc,
    packedSize: sizes.packedSize,
    size: sizes.size,
    headerOffset: sizes.offset + shift,
  };
  return { entry, next };
}

/** Lists the entries. Bytes put before a zip file (a self-extractor) shift every offset; the directory's true place tells by how much. */
export function listZip(source: ByteSource): Reply<readonly ZipEntry[]> {
  const found = findDirectory(source);
  if (!found.ok) return found;
  const { entries, size, offset, end } = found.value;
  if (size > MAX_DIRECTORY || entries > MAX_ENTRIES) return refuse('ARCHIVE_TOO_LARGE', `a zip file of ${entries} entries; up to ${MAX_ENTRIES} are read`);
  const shift = end - size - offset;
  if (shift < 0 || offset + shift + size > source.size)
    return refuse('ARCHIVE_BROKEN', `the central directory should stand at 0x${offset.toString(16)}, outside the file's ${source.size} bytes`);
  const bytes = source.readBlock(offset + shift, size);
  const list: ZipEntry[] = [];
  let at = 0;
  while (list.length < entries) {
    const parsed = parseEntry(bytes, at, shift);
    if (!parsed) return refuse('ARCHIVE_BROKEN', `entry ${list.length} of ${entries} in the central directory is damaged`);
    list.push(parsed.entry);
    at = parsed.next;
  }
  return reply(list);
}

/** Where an entry's packed bytes lie: behind its local header, whose name and extra field have lengths of their own. */
export function findEntryData(source: ByteSource, entry: ZipEntry): Reply<number> {
  const local = readSigned(LOCAL, source, entry.headerOffset, SIGNATURE.local);
  if (!local) return refuse('ARCHIVE_BROKEN', `no entry begins at 0x${entry.headerOffset.toString(16)}`);
  const at = entry.headerOffset + LOCAL.size + local.nameLength + local.extraLength;
  if (at + entry.packedSize > source.size)
    return refuse('ARCHIVE_BROKEN', `an entry of ${entry.packedSize} packed bytes at 0x${at.toString(16)} does not fit the file's ${source.size} bytes`);
  return reply(at);
}
