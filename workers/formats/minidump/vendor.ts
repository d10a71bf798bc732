/** Streams of other writers: Breakpad, Crashpad, Linux and macOS writers, Unreal, Mozilla. */
import { type Found, found, mapFound, notValid, thenFound } from '../../base/found.ts';
import { hexDigits } from '../../base/hex.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { type Fields, readExactly, readStructAt, type RecordOf, type Struct, viewOf } from '../../bytes/struct.ts';
import { type MinidumpFile, readStream } from './file.ts';
import {
  ASSERTION_INFO,
  BREAKPAD_INFO,
  CRASHPAD_ADDRESS_MASK,
  CRASHPAD_ANNOTATION,
  CRASHPAD_INFO,
  CRASHPAD_MODULE,
  CRASHPAD_MODULE_LINK,
  KEY_VALUE,
  MAC_BOOTARGS,
  MAC_CRASH_INFO,
} from './layouts.ts';
import { STREAM } from './names.ts';
import { decodeUtf8, fixedUtf16, fixedUtf8, readByteArray, readMinidumpString, readUtf8String } from './text.ts';

/** Bits of MDRawBreakpadInfo.validity. */
export const BREAKPAD_VALID = { dumpThread: 1, requestingThread: 2 };

export function readBreakpadInfo(file: MinidumpFile): Found<RecordOf<typeof BREAKPAD_INFO.fields>> {
  return thenFound(readStream(file, STREAM.breakpadInfo, 64), ({ bytes }) => readStructAt(BREAKPAD_INFO, bytes, 0));
}

export interface AssertionInfo {
  readonly expression: string;
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly type: 'unknown' | 'invalid parameter' | 'pure virtual call';
}

/** Missing where the stream is there and all zero, as Electron writes it for a crash that is no assertion. */
export function readAssertion(file: MinidumpFile): Found<AssertionInfo> {
  return thenFound(readStream(file, STREAM.breakpadAssertion, 4096), ({ bytes }) => {
    if (bytes.every((byte) => byte === 0)) return notValid('BreakpadAssertionInfo', 'all zero', 'an assertion');
    return mapFound(readStructAt(ASSERTION_INFO, bytes, 0), (raw) => ({
      expression: fixedUtf16(raw.expression),
      function: fixedUtf16(raw.function),
      file: fixedUtf16(raw.file),
      line: raw.line,
      type: raw.type === 1 ? ('invalid parameter' as const) : raw.type === 2 ? ('pure virtual call' as const) : ('unknown' as const),
    }));
  });
}

export interface Annotation {
  readonly name: string;
  readonly value: Found<string>;
  /** Crashpad: 1 is a string; others are shown as bytes. */
  readonly type: number;
}
interface CrashpadModule {
  /** Index in the ModuleList. */
  readonly moduleIndex: number;
  readonly list: readonly string[];
  readonly annotations: readonly Annotation[];
}
export interface CrashpadInfo {
  readonly version: number;
  readonly reportId: string;
  readonly clientId: string;
  readonly annotations: readonly Annotation[];
  readonly modules: readonly CrashpadModule[];
  readonly addressMask: Found<bigint>;
}
interface Location {
  readonly size: number;
  readonly rva: number;
}

const STRING_ANNOTATION = 1;
/**
 * Entries of all lists of the stream together. Crashpad allows 64 simple annotations a module; lists may point to the same bytes,
 * so that a small file could otherwise ask for millions.
 */
const MAX_ENTRIES = 16_384;
interface Budget {
  left: number;
}

/** A u32 count and entries at a location of the file, as every list of Crashpad. */
function readEntries<F extends Fields>(source: ByteSource, at: Location, layout: Struct<F>, budget: Budget): RecordOf<F>[] {
  if (at.rva === 0 || at.size < 4) return [];
  const head = readExactly(source, at.rva, 4);
  if (!head.ok) return [];
  const held = Math.floor((Math.min(at.size, source.size - at.rva) - 4) / layout.size);
  const count = Math.max(0, Math.min(viewOf(head.value).getUint32(0, true), held, budget.left));
  budget.left -= count;
  const bytes = readExactly(source, at.rva + 4, count * layout.size);
  const entries: RecordOf<F>[] = [];
  for (let index = 0; bytes.ok && index < count; index++) {
    const entry = readStructAt(layout, bytes.value, index * layout.size);
    if (entry.ok) entries.push(entry.value);
  }
  return entries;
}

function readDictionary(source: ByteSource, at: Location, budget: Budget): Annotation[] {
  return readEntries(source, at, KEY_VALUE, budget).map(({ keyRva, valueRva }) => {
    const key = readUtf8String(source, keyRva);
    return { name: key.ok ? key.value : '(unreadable name)', value: readUtf8String(source, valueRva), type: STRING_ANNOTATION };
  });
}

function readObjects(source: ByteSource, at: Location, budget: Budget): Annotation[] {
  return readEntries(source, at, CRASHPAD_ANNOTATION, budget).map(({ nameRva, type, valueRva }) => {
    const name = readUtf8String(source, nameRva);
    const value = mapFound(readByteArray(source, valueRva), (bytes) => (type === STRING_ANNOTATION ? decodeUtf8(bytes) : formatBytes(bytes)));
    return { name: name.ok ? name.value : '(unreadable name)', value, type };
  });
}

const formatBytes = (bytes: Uint8Array): string => [...bytes.subarray(0, 64)].map((byte) => hexDigits(byte, 2)).join(' ') + (bytes.length > 64 ? ' …' : '');

const RVA_ENTRY = { name: 'MinidumpRVAList entry', size: 4, source: 'Crashpad minidump_extensions.h', fields: { rva: MAC_BOOTARGS.fields.streamType } };

function readCrashpadModule(
  source: ByteSource,
  { moduleIndex, rva }: { readonly moduleIndex: number; readonly rva: number },
  budget: Budget,
): CrashpadModule | undefined {
  const bytes = readExactly(source, rva, CRASHPAD_MODULE.size);
  const raw = bytes.ok ? readStructAt(CRASHPAD_MODULE, bytes.value, 0) : bytes;
  if (!raw.ok) return undefined;
  const { value } = raw;
  const list = readEntries(source, { size: value.listSize, rva: value.listRva }, RVA_ENTRY, budget).flatMap((entry) => {
    const text = readUtf8String(source, entry.rva);
    return text.ok ? [text.value] : [];
  });
  return {
    moduleIndex,
    list,
    annotations: [
      ...readDictionary(source, { size: value.simpleSize, rva: value.simpleRva }, budget),
      ...readObjects(source, { size: value.objectsSize, rva: value.objectsRva }, budget),
    ],
  };
}

export function readCrashpadInfo(file: MinidumpFile): Found<CrashpadInfo> {
  const stream = readStream(file, STREAM.crashpadInfo, 4096);
  if (!stream.ok) return stream;
  const raw = readStructAt(CRASHPAD_INFO, stream.value.bytes, 0);
  if (!raw.ok) return raw;
  const { value } = raw;
  const budget: Budget = { left: MAX_ENTRIES };
  const links = readEntries(file.source, { size: value.moduleListSize, rva: value.moduleListRva }, CRASHPAD_MODULE_LINK, budget);
  return found({
    version: value.version,
    reportId: value.reportId,
    clientId: value.clientId,
    annotations: readDictionary(file.source, { size: value.simpleAnnotationsSize, rva: value.simpleAnnotationsRva }, budget),
    modules: links.flatMap((link) => readCrashpadModule(file.source, link, budget) ?? []),
    addressMask: mapFound(readStructAt(CRASHPAD_ADDRESS_MASK, stream.value.bytes, 0), (mask) => mask.addressMask),
  });
}

/** Most text read of one stream; LinuxMaps of a large process has half a MiB. */
const MAX_TEXT = 4 * 1024 * 1024;

/** A stream that is plain text: /proc files, JSON of Mozilla. */
export function readTextStream(file: MinidumpFile, type: number): Found<string> {
  return mapFound(readStream(file, type, MAX_TEXT), ({ bytes }) => decodeUtf8(bytes));
}

/** The CrashContext XML that Unreal puts into its dumps: UTF-16, NUL-terminated, with old bytes behind it. */
export function readUnrealContext(file: MinidumpFile): Found<string> {
  return thenFound(readStream(file, STREAM.unreal, MAX_TEXT), ({ bytes }) => {
    const xml = bytes[1] === 0 ? fixedUtf16(bytes) : fixedUtf8(bytes);
    return xml.includes('<') ? found(xml) : notValid('CrashContext', `${bytes.length} bytes without XML`, 'XML');
  });
}

export function readMacBootargs(file: MinidumpFile): Found<string> {
  return thenFound(readStream(file, STREAM.mozMacosBootargs, 64), ({ bytes }) =>
    thenFound(readStructAt(MAC_BOOTARGS, bytes, 0), (raw) => readMinidumpString(file.source, Number(raw.bootargsRva))),
  );
}

/** Strings of the __crash_info records: module path, message, signature, backtrace, second message. */
export function readMacCrashInfo(file: MinidumpFile): Found<readonly (readonly string[])[]> {
  return thenFound(readStream(file, STREAM.mozMacosCrashInfo, 4096), ({ bytes }) =>
    mapFound(readStructAt(MAC_CRASH_INFO, bytes, 0), (raw) => {
      const places = viewOf(raw.records);
      return Array.from({ length: Math.min(raw.recordCount, 20) }, (_, index) => {
        const size = Math.min(places.getUint32(index * 8, true), 5 * 8192);
        const record = readExactly(file.source, places.getUint32(index * 8 + 4, true), size);
        if (!record.ok) return [];
        return decodeUtf8(record.value.subarray(Math.min(raw.recordStartSize, record.value.length)))
          .split('\0')
          .slice(0, 5);
      });
    }),
  );
}
