/** The version resource: VS_VERSIONINFO (learn.microsoft.com/windows/win32/menurc/vs-versioninfo). */
import { type Found, found, missing, notValid } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { readStructAt } from '../../bytes/struct.ts';
import { type PeBytes, readPe, readPeStruct } from './bytes.ts';
import { findDirectory, type PeHeaders } from './headers.ts';
import { IMAGE_RESOURCE_DATA_ENTRY, IMAGE_RESOURCE_DIRECTORY, IMAGE_RESOURCE_DIRECTORY_ENTRY, VS_FIXEDFILEINFO, VS_NODE } from './layouts.ts';

const RT_VERSION = 16;
const SUBDIRECTORY = 0x8000_0000;
const FIXED_SIGNATURE = 0xfeef04bd;
const MAX_VERSION_BYTES = 64 * 1024;
const MAX_NODES = 1024;

export interface VersionInfo {
  /** "10.0.19041.804" from VS_FIXEDFILEINFO. */
  readonly fileVersion: string;
  readonly productVersion: string;
  /** VS_FF_DEBUG, VS_FF_PRERELEASE … masked by what is valid. */
  readonly flags: number;
  /** CompanyName, ProductName, FileDescription, OriginalFilename … of the first language. */
  readonly strings: Readonly<Record<string, string>>;
}

export function readVersion(image: PeBytes, headers: PeHeaders): Found<VersionInfo> {
  const data = readVersionBytes(image, headers);
  return data.ok ? parseVersion(data.value) : data;
}

/** Resources lie three deep: type, name, language. The first name and language are taken. */
function readVersionBytes(image: PeBytes, headers: PeHeaders): Found<Uint8Array> {
  const directory = findDirectory(headers, 'resource');
  if (!directory) return missing({ why: 'stream-absent', stream: 'resources' });
  let offset = 0;
  for (const level of ['type', 'name', 'language']) {
    const next = readEntry(image, directory.rva + offset, level === 'type' ? RT_VERSION : undefined);
    if (!next.ok) return next;
    const isLast = level === 'language';
    if (((next.value & SUBDIRECTORY) !== 0) === isLast) return notValid('resource entry', hex(next.value), `a ${isLast ? 'leaf' : 'directory'}`);
    offset = next.value & ~SUBDIRECTORY;
  }
  const leaf = readPeStruct(IMAGE_RESOURCE_DATA_ENTRY, image, directory.rva + offset);
  if (!leaf.ok) return leaf;
  return readPe(image, leaf.value.offsetToData, Math.min(leaf.value.size, MAX_VERSION_BYTES));
}

/** Offset field of the entry with this id, or of the first entry. */
function readEntry(image: PeBytes, at: number, id: number | undefined): Found<number> {
  const directory = readPeStruct(IMAGE_RESOURCE_DIRECTORY, image, at);
  if (!directory.ok) return directory;
  const count = directory.value.numberOfNamedEntries + directory.value.numberOfIdEntries;
  for (let index = 0; index < count; index++) {
    const entry = readPeStruct(IMAGE_RESOURCE_DIRECTORY_ENTRY, image, at + IMAGE_RESOURCE_DIRECTORY.size + index * IMAGE_RESOURCE_DIRECTORY_ENTRY.size);
    if (!entry.ok) return entry;
    if (id === undefined || entry.value.name === id) return found(entry.value.offset);
  }
  return missing({ why: 'stream-absent', stream: 'version resource' });
}

interface Node {
  readonly key: string;
  readonly value: Uint8Array;
  readonly childrenAt: number;
  readonly end: number;
}

const utf16 = new TextDecoder('utf-16le');
const aligned = (at: number): number => (at + 3) & ~3;

/** A node's header, key and value; lengths are cut to the bytes there are. wValueLength counts UTF-16 units where wType is 1. */
function parseNode(data: Uint8Array, at: number, limit: number): Node | undefined {
  const head = readStructAt(VS_NODE, data, at);
  if (!head.ok || head.value.wLength < VS_NODE.size) return undefined;
  const end = Math.min(at + head.value.wLength, limit, data.length);
  let keyEnd = at + VS_NODE.size;
  while (keyEnd + 1 < end && (data[keyEnd] !== 0 || data[keyEnd + 1] !== 0)) keyEnd += 2;
  const valueAt = Math.min(aligned(keyEnd + 2), end);
  const size = head.value.wValueLength * (head.value.wType === 1 ? 2 : 1);
  const valueEnd = Math.min(valueAt + size, end);
  return { key: utf16.decode(data.subarray(at + VS_NODE.size, keyEnd)), value: data.subarray(valueAt, valueEnd), childrenAt: aligned(valueEnd), end };
}

function parseChildren(data: Uint8Array, parent: Node): Node[] {
  const children: Node[] = [];
  let at = parent.childrenAt;
  while (at < parent.end && children.length < MAX_NODES) {
    const child = parseNode(data, at, parent.end);
    if (!child) break;
    children.push(child);
    at = aligned(child.end);
  }
  return children;
}

const dotted = (high: number, low: number): string => [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff].join('.');

export function parseVersion(data: Uint8Array): Found<VersionInfo> {
  const root = parseNode(data, 0, data.length);
  if (!root || root.key !== 'VS_VERSION_INFO') return notValid('version resource', root?.key.slice(0, 32) ?? 'no header', 'VS_VERSION_INFO');
  const fixed = readStructAt(VS_FIXEDFILEINFO, root.value, 0);
  if (!fixed.ok || fixed.value.dwSignature !== FIXED_SIGNATURE) return notValid('VS_FIXEDFILEINFO', `${root.value.length} bytes`, 'signature 0xfeef04bd');
  const f = fixed.value;
  return found({
    fileVersion: dotted(f.dwFileVersionMS, f.dwFileVersionLS),
    productVersion: dotted(f.dwProductVersionMS, f.dwProductVersionLS),
    flags: (f.dwFileFlags & f.dwFileFlagsMask) >>> 0,
    strings: parseStrings(data, root),
  });
}

function parseStrings(data: Uint8Array, root: Node): Record<string, string> {
  const strings: Record<string, string> = Object.create(null) as Record<string, string>;
  const info = parseChildren(data, root).find((node) => node.key === 'StringFileInfo');
  const table = info ? parseChildren(data, info)[0] : undefined;
  if (!table) return strings;
  for (const entry of parseChildren(data, table)) {
    const text = utf16.decode(entry.value.subarray(0, entry.value.length & ~1));
    const end = text.indexOf('\0');
    strings[entry.key] = end < 0 ? text : text.slice(0, end);
  }
  return strings;
}
