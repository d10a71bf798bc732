/** What memory the dump holds: MemoryListStream, Memory64ListStream; and MemoryInfoListStream, which only describes it. */
import { type Found, found, mapFound, notValid, thenFound } from '../../base/found.ts';
import { readStructAt, type RecordOf, viewOf } from '../../bytes/struct.ts';
import { type MinidumpFile, readStream } from './file.ts';
import { MEMORY64_LIST, MEMORY_DESCRIPTOR, MEMORY_INFO, MEMORY_INFO_LIST } from './layouts.ts';
import { type Listed, parseSizedList, readCountedList } from './list.ts';
import { STREAM } from './names.ts';

interface RawMemoryRange {
  readonly start: bigint;
  readonly size: number;
  readonly fileOffset: number;
}
export interface MemoryRanges extends Listed<RawMemoryRange> {
  /** Entries that begin or end past the file's end. */
  readonly outside: number;
}
export type RawMemoryInfo = RecordOf<typeof MEMORY_INFO.fields>;

/** 16 bytes a range: the list of a million ranges. */
const MAX_LIST_BYTES = 16 * 1024 * 1024;

const countOutside = (ranges: readonly RawMemoryRange[], fileSize: number): number =>
  ranges.reduce((total, range) => (range.fileOffset + range.size > fileSize ? total + 1 : total), 0);

export function readMemoryList(file: MinidumpFile): Found<MemoryRanges> {
  return mapFound(readCountedList(file, STREAM.memoryList, MEMORY_DESCRIPTOR), (list) => {
    const entries = list.entries.map(({ start, dataSize, rva }) => ({ start, size: dataSize, fileOffset: rva }));
    return { entries, count: list.count, outside: countOutside(entries, file.source.size) };
  });
}

/** Full memory: each range's bytes follow those of the range before it. A range that begins past the file's end is dropped. */
export function readMemory64List(file: MinidumpFile): Found<MemoryRanges & { readonly baseRva: bigint }> {
  const stream = readStream(file, STREAM.memory64List, MAX_LIST_BYTES);
  if (!stream.ok) return stream;
  const { bytes } = stream.value;
  const head = readStructAt(MEMORY64_LIST, bytes, 0);
  if (!head.ok) return head;
  const { numberOfMemoryRanges, baseRva } = head.value;
  if (baseRva > BigInt(Number.MAX_SAFE_INTEGER)) return notValid('Memory64List BaseRva', `0x${baseRva.toString(16)}`, 'an offset inside the file');
  const held = BigInt(Math.floor((bytes.length - MEMORY64_LIST.size) / 16));
  const count = Number(numberOfMemoryRanges < held ? numberOfMemoryRanges : held);
  const view = viewOf(bytes);
  const entries: RawMemoryRange[] = [];
  let offset = Number(baseRva);
  let outside = 0;
  for (let index = 0; index < count && offset < file.source.size; index++) {
    const at = MEMORY64_LIST.size + index * 16;
    const size = Number(view.getBigUint64(at + 8, true));
    if (offset + size > file.source.size) outside += 1;
    entries.push({ start: view.getBigUint64(at, true), size: Math.min(size, file.source.size - offset), fileOffset: offset });
    offset += size;
  }
  outside += count - entries.length;
  return found({ entries, count: Number(numberOfMemoryRanges), outside, baseRva });
}

export function readMemoryInfos(file: MinidumpFile): Found<Listed<RawMemoryInfo>> {
  return thenFound(readStream(file, STREAM.memoryInfoList), (stream) =>
    thenFound(readStructAt(MEMORY_INFO_LIST, stream.bytes, 0), (head) =>
      parseSizedList(stream, MEMORY_INFO, {
        sizeOfHeader: head.sizeOfHeader,
        sizeOfEntry: head.sizeOfEntry,
        count: Number(head.numberOfEntries < 0xffff_ffffn ? head.numberOfEntries : 0xffff_ffffn),
      }),
    ),
  );
}
