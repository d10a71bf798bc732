/** Threads: ThreadListStream, ThreadExListStream, ThreadNamesStream, ThreadInfoListStream; and ExceptionStream. */
import { type Found, found, mapFound, missing, thenFound } from '../../base/found.ts';
import { readStructAt, type RecordOf, viewOf } from '../../bytes/struct.ts';
import { findStream, type MinidumpFile, readStream } from './file.ts';
import { EXCEPTION_STREAM, SIZED_LIST32, THREAD, THREAD_EX_SIZE, THREAD_INFO, THREAD_NAME } from './layouts.ts';
import { type Listed, parseSizedList, readCountedList } from './list.ts';
import { STREAM } from './names.ts';
import { readMinidumpString } from './text.ts';

export type RawThread = RecordOf<typeof THREAD.fields>;
export type RawThreadInfo = RecordOf<typeof THREAD_INFO.fields>;

/** The thread list, or the extended one where only that is there. */
export function readThreads(file: MinidumpFile): Found<Listed<RawThread>> {
  if (!findStream(file, STREAM.threadList) && findStream(file, STREAM.threadExList)) return readCountedList(file, STREAM.threadExList, THREAD, THREAD_EX_SIZE);
  return readCountedList(file, STREAM.threadList, THREAD);
}

/** Names by thread id. Duplicates and empty names are normal; a name that cannot be read keeps its reason. */
export function readThreadNames(file: MinidumpFile): Found<ReadonlyMap<number, Found<string>>> {
  return mapFound(readCountedList(file, STREAM.threadNames, THREAD_NAME), (list) => {
    const names = new Map<number, Found<string>>();
    for (const { threadId, rvaOfThreadName } of list.entries) names.set(threadId, readMinidumpString(file.source, Number(rvaOfThreadName)));
    return names;
  });
}

export function readThreadInfos(file: MinidumpFile): Found<Listed<RawThreadInfo>> {
  return thenFound(readStream(file, STREAM.threadInfoList), (stream) =>
    thenFound(readStructAt(SIZED_LIST32, stream.bytes, 0), (head) =>
      parseSizedList(stream, THREAD_INFO, { sizeOfHeader: head.sizeOfHeader, sizeOfEntry: head.sizeOfEntry, count: head.numberOfEntries }),
    ),
  );
}

export interface RawException {
  readonly threadId: number;
  readonly code: number;
  readonly flags: number;
  readonly record: bigint;
  readonly address: bigint;
  /** As the file counts them; the record has room for 15. */
  readonly numberParameters: number;
  readonly parameters: readonly bigint[];
  readonly context: { readonly size: number; readonly rva: number };
}

const EXCEPTION_MAXIMUM_PARAMETERS = 15;

export function readException(file: MinidumpFile): Found<RawException> {
  const stream = readStream(file, STREAM.exception, 4096);
  if (!stream.ok) return stream;
  const raw = readStructAt(EXCEPTION_STREAM, stream.value.bytes, 0);
  if (!raw.ok) return missing({ why: 'not-valid', what: 'size of ExceptionStream', got: `${stream.value.bytes.length}`, wanted: `${EXCEPTION_STREAM.size}` });
  const { value } = raw;
  const view = viewOf(value.exceptionInformation);
  const count = Math.min(value.numberParameters, EXCEPTION_MAXIMUM_PARAMETERS);
  return found({
    threadId: value.threadId,
    code: value.exceptionCode,
    flags: value.exceptionFlags,
    record: value.exceptionRecord,
    address: value.exceptionAddress,
    numberParameters: value.numberParameters,
    parameters: Array.from({ length: count }, (_, index) => view.getBigUint64(index * 8, true)),
    context: { size: value.contextSize, rva: value.contextRva },
  });
}
