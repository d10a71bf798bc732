/** Global data and typedefs: records of the symbol stream that carry a type (microsoft-pdb, include/cvinfo.h, DATASYM32 and UDTSYM). */
import { type Found, found } from '../../base/found.ts';
import type { Job } from '../../base/job.ts';
import { LeafCursor } from './leafcursor.ts';
import { type PdbFile, readSymbolRecords } from './pdb.ts';
import { RecordCursor } from './records.ts';
import type { TypeIndex } from './typerecords.ts';

export interface GlobalRecord {
  readonly name: string;
  readonly type: TypeIndex;
  /** Where data lies; absent for typedefs. */
  readonly place?: { readonly segment: number; readonly offset: number };
}

const S_UDT = 0x1108;
const DATA: ReadonlySet<number> = new Set([0x110c, 0x110d]);
/** Records between two pauses. */
const BATCH = 16_384;

/** The records whose names are wanted, at most `limit`. */
export function* findGlobals(pdb: PdbFile, isWanted: (name: string) => boolean, limit: number): Job<Found<readonly GlobalRecord[]>> {
  const stream = readSymbolRecords(pdb);
  if (!stream.ok) return stream;
  const list: GlobalRecord[] = [];
  const cursor = new RecordCursor(stream.value, 0, stream.value.size);
  for (let seen = 1; list.length < limit && cursor.next(); seen++) {
    if (seen % BATCH === 0) yield { progress: 'Reading global names', done: cursor.at, of: stream.value.size };
    const isData = DATA.has(cursor.kind);
    if (!isData && cursor.kind !== S_UDT) continue;
    const leaf = new LeafCursor(cursor.bytes.subarray(cursor.start, cursor.start + cursor.size), 4);
    const type = leaf.u32();
    const offset = isData ? leaf.u32() : 0;
    const segment = isData ? leaf.u16() : 0;
    const name = leaf.text(false);
    if (!leaf.cut && isWanted(name)) list.push(isData ? { name, type, place: { segment, offset } } : { name, type });
  }
  return found(list);
}
