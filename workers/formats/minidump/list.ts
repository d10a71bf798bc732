/** Lists of equal entries, as most streams are. Counts are bounded by the bytes that are there. */
import { type Found, found, notValid } from '../../base/found.ts';
import { type Fields, readStructAt, type RecordOf, type Struct, viewOf } from '../../bytes/struct.ts';
import { type MinidumpFile, readStream, type StreamBytes } from './file.ts';

export interface Listed<T> {
  readonly entries: readonly T[];
  /** As the file counts them. */
  readonly count: number;
}

interface Placing {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

function takeEntries<F extends Fields>(layout: Struct<F>, bytes: Uint8Array, placing: Placing): RecordOf<F>[] {
  const { first, step, count } = placing;
  const held = first <= bytes.length ? Math.floor((bytes.length - first + step - layout.size) / step) : 0;
  const entries: RecordOf<F>[] = [];
  for (let index = 0; index < Math.min(count, held); index++) {
    const entry = readStructAt(layout, bytes, first + index * step);
    if (!entry.ok) break;
    entries.push(entry.value);
  }
  return entries;
}

/**
 * A u32 count, then entries. Some Breakpad writers put 4 bytes of padding after the count, which only the stream's size tells
 * (MinidumpThreadList::Read in Breakpad's minidump.cc).
 */
export function readCountedList<F extends Fields>(file: MinidumpFile, type: number, layout: Struct<F>, step = layout.size): Found<Listed<RecordOf<F>>> {
  const stream = readStream(file, type);
  return stream.ok ? parseCountedList(stream.value, layout, step) : stream;
}

function parseCountedList<F extends Fields>(stream: StreamBytes, layout: Struct<F>, step: number): Found<Listed<RecordOf<F>>> {
  const { bytes } = stream;
  if (bytes.length < 4) return notValid(`${layout.name} list`, `${bytes.length} bytes`, 'at least 4');
  const count = viewOf(bytes).getUint32(0, true);
  const first = bytes.length === 8 + count * step ? 8 : 4;
  return found({ entries: takeEntries(layout, bytes, { first, step, count }), count });
}

interface ListHead {
  readonly sizeOfHeader: number;
  readonly sizeOfEntry: number;
  readonly count: number;
}

/** Entries behind a header that says its own size and the entries': newer writers may make both longer, so they are stepped by. */
export function parseSizedList<F extends Fields>(stream: StreamBytes, layout: Struct<F>, head: ListHead): Found<Listed<RecordOf<F>>> {
  if (head.sizeOfEntry < layout.size || head.sizeOfEntry > 4096) {
    return notValid(`size of ${layout.name}`, `${head.sizeOfEntry}`, `${layout.size} to 4096`);
  }
  const placing = { first: head.sizeOfHeader, step: head.sizeOfEntry, count: head.count };
  return found({ entries: takeEntries(layout, stream.bytes, placing), count: head.count });
}
