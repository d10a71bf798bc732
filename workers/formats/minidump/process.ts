/** Streams about the process as a whole: handles, tokens, function tables, counters, comments. */
import { type Found, found, mapFound, notValid, thenFound } from '../../base/found.ts';
import { readStructAt, type RecordOf, viewOf } from '../../bytes/struct.ts';
import { type MinidumpFile, readStream } from './file.ts';
import {
  FUNCTION_TABLE,
  FUNCTION_TABLE_DESCRIPTOR,
  HANDLE_DATA,
  HANDLE_DESCRIPTOR,
  SYSTEM_MEMORY,
  TOKEN_LIST,
  VM_COUNTERS_1,
  VM_COUNTERS_2,
} from './layouts.ts';
import { type Listed, parseSizedList } from './list.ts';
import { STREAM } from './names.ts';
import { fixedUtf16, fixedUtf8, readMinidumpString } from './text.ts';

export interface RawHandle {
  readonly handle: bigint;
  /** Empty where the writer gave none. */
  readonly typeName: Found<string>;
  readonly objectName: Found<string>;
  readonly attributes: number;
  readonly grantedAccess: number;
  readonly handleCount: number;
  readonly pointerCount: number;
}
/** Names are read for so many handles; the rest are counted. */
const MAX_NAMED_HANDLES = 20_000;

export function readHandles(file: MinidumpFile): Found<Listed<RawHandle> & { readonly sizeOfDescriptor: number }> {
  const stream = readStream(file, STREAM.handleData);
  if (!stream.ok) return stream;
  const head = readStructAt(HANDLE_DATA, stream.value.bytes, 0);
  if (!head.ok) return head;
  const { sizeOfHeader, sizeOfDescriptor, numberOfDescriptors } = head.value;
  const list = parseSizedList(stream.value, HANDLE_DESCRIPTOR, { sizeOfHeader, sizeOfEntry: sizeOfDescriptor, count: numberOfDescriptors });
  return mapFound(list, ({ entries, count }) => ({
    count,
    sizeOfDescriptor,
    entries: entries.slice(0, MAX_NAMED_HANDLES).map((raw) => ({
      handle: raw.handle,
      typeName: readMinidumpString(file.source, raw.typeNameRva),
      objectName: readMinidumpString(file.source, raw.objectNameRva),
      attributes: raw.attributes,
      grantedAccess: raw.grantedAccess,
      handleCount: raw.handleCount,
      pointerCount: raw.pointerCount,
    })),
  }));
}

export interface FunctionTables {
  readonly head: RecordOf<typeof FUNCTION_TABLE.fields>;
  /** Address ranges with dynamic unwind data (JIT frames). */
  readonly ranges: readonly FunctionTableRange[];
}

export interface FunctionTableRange {
  readonly minimum: bigint;
  readonly maximum: bigint;
  readonly base: bigint;
  readonly entries: number;
  /** The RUNTIME_FUNCTIONs, as many as the stream holds. */
  readonly functions: Uint8Array;
}

/** Steps by the sizes in the header, since the native descriptor's size differs by Windows version. */
export function readFunctionTables(file: MinidumpFile): Found<FunctionTables> {
  const stream = readStream(file, STREAM.functionTable);
  if (!stream.ok) return stream;
  const { bytes } = stream.value;
  const head = readStructAt(FUNCTION_TABLE, bytes, 0);
  if (!head.ok) return head;
  const { value } = head;
  if (value.sizeOfDescriptor < FUNCTION_TABLE_DESCRIPTOR.size) {
    return notValid('size of MINIDUMP_FUNCTION_TABLE_DESCRIPTOR', `${value.sizeOfDescriptor}`, `at least ${FUNCTION_TABLE_DESCRIPTOR.size}`);
  }
  const ranges: FunctionTableRange[] = [];
  let at = value.sizeOfHeader + value.sizeOfAlignPad;
  while (ranges.length < value.numberOfDescriptors) {
    const raw = readStructAt(FUNCTION_TABLE_DESCRIPTOR, bytes, at);
    if (!raw.ok) break;
    const { minimumAddress, maximumAddress, baseAddress, entryCount, sizeOfAlignPad } = raw.value;
    const first = at + value.sizeOfDescriptor + value.sizeOfNativeDescriptor;
    const behind = first + entryCount * value.sizeOfFunctionEntry;
    const functions = bytes.subarray(Math.min(first, bytes.length), Math.min(behind, bytes.length));
    ranges.push({ minimum: minimumAddress, maximum: maximumAddress, base: baseAddress, entries: entryCount, functions });
    at = behind + sizeOfAlignPad;
  }
  return found({ head: value, ranges });
}

export function readTokenList(file: MinidumpFile): Found<RecordOf<typeof TOKEN_LIST.fields>> {
  return thenFound(readStream(file, STREAM.token), (stream) => readStructAt(TOKEN_LIST, stream.bytes, 0));
}

export interface VmCounters {
  readonly first: RecordOf<typeof VM_COUNTERS_1.fields>;
  /** Revision 2 only. */
  readonly second: Found<RecordOf<typeof VM_COUNTERS_2.fields>>;
}

export function readVmCounters(file: MinidumpFile): Found<VmCounters> {
  return thenFound(readStream(file, STREAM.processVmCounters, 4096), ({ bytes }) =>
    mapFound(readStructAt(VM_COUNTERS_1, bytes, 0), (first) => ({
      first,
      second: first.revision >= 2 ? readStructAt(VM_COUNTERS_2, bytes, 0) : notValid('PROCESS_VM_COUNTERS revision', `${first.revision}`, '2'),
    })),
  );
}

export function readSystemMemory(file: MinidumpFile): Found<RecordOf<typeof SYSTEM_MEMORY.fields>> {
  return thenFound(readStream(file, STREAM.systemMemoryInfo, 4096), ({ bytes }) => readStructAt(SYSTEM_MEMORY, bytes, 0));
}

/** Longest comment kept. */
const MAX_COMMENT = 65_536;
export function readComments(file: MinidumpFile): readonly { readonly stream: string; readonly text: string }[] {
  const ansi = readStream(file, STREAM.commentA, MAX_COMMENT);
  const wide = readStream(file, STREAM.commentW, MAX_COMMENT);
  return [
    ...(ansi.ok ? [{ stream: 'CommentStreamA', text: fixedUtf8(ansi.value.bytes) }] : []),
    ...(wide.ok ? [{ stream: 'CommentStreamW', text: fixedUtf16(wide.value.bytes) }] : []),
  ];
}

/** How many entries a stream that begins with a u32 count says it has. */
export function readLeadingCount(file: MinidumpFile, type: number): Found<number> {
  return thenFound(readStream(file, type, 16), ({ bytes }) =>
    bytes.length >= 4 ? found(viewOf(bytes).getUint32(0, true)) : notValid('count', `${bytes.length} bytes`, '4'),
  );
}
