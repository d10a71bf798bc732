/**
 * Types by name. The hash stream holds for each record the bucket of its name's hash: complete types under their name, those
 * defined inside a function under their unique name, forward references under a hash of their bytes
 * (microsoft-pdb, PDB/dbi/tpi.cpp, and llvm/DebugInfo/PDB/Native/TpiHashing.cpp tell which).
 */
import { type Found, found, missing, mapFound, thenFound } from '../../base/found.ts';
import type { Job } from '../../base/job.ts';
import { readExactly, viewOf } from '../../bytes/struct.ts';
import type { TypeStream } from './tpi.ts';
import { type ClassRecord, type EnumRecord, isNamedKind, parseTypeRecord, type TypeIndex } from './typerecords.ts';

export type NamedRecord = ClassRecord | EnumRecord;
export interface NamedType {
  readonly index: TypeIndex;
  readonly record: NamedRecord;
}

/** Record numbers sorted by bucket. */
interface Buckets {
  readonly starts: Uint32Array;
  readonly slots: Uint32Array;
}

const MAX_BUCKETS = 1 << 22;
/** Records between two pauses of a listing. */
const SLICE = 4096;
const UTF8 = new TextEncoder();

/** The hash of names in a PDB (llvm.org/docs/PDB/HashTable.html, "hashStringV1"). */
export function hashName(name: string): number {
  const bytes = UTF8.encode(name);
  const view = viewOf(bytes);
  let hash = 0;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) hash ^= view.getUint32(at, true);
  if (at + 2 <= bytes.length) {
    hash ^= view.getUint16(at, true);
    at += 2;
  }
  if (at < bytes.length) hash ^= view.getUint8(at);
  hash |= 0x2020_2020;
  hash ^= hash >>> 11;
  return (hash ^ (hash >>> 16)) >>> 0;
}

export class TypeNames {
  readonly #types: TypeStream;
  #buckets: Found<Buckets> | undefined;

  constructor(types: TypeStream) {
    this.#types = types;
  }

  /** The complete type of this name. Types inside functions are found by `all` alone. */
  find(name: string): Found<NamedType> {
    return this.#lookUp(name, (record) => record.name === name);
  }

  /** Every complete named type, in the order of the stream, for listings and wildcards. */
  *all(): Job<readonly NamedType[]> {
    const list: NamedType[] = [];
    for (let slot = 0; slot < this.#types.count; slot++) {
      if (slot % SLICE === 0) yield { progress: 'Reading names of types', done: slot, of: this.#types.count };
      const named = this.#named(slot);
      if (named && !named.record.isForward) list.push(named);
    }
    return list;
  }

  /** The complete type that a forward reference stands for; the record itself where it is complete. */
  complete(named: NamedType): Found<NamedType> {
    const { isForward, isScoped, uniqueName, name } = named.record;
    if (!isForward) return found(named);
    if (uniqueName === undefined) return this.find(name);
    return this.#lookUp(isScoped ? uniqueName : name, (record) => record.uniqueName === uniqueName);
  }

  /** `key` is what the wanted type is filed under. */
  #lookUp(key: string, isWanted: (record: NamedRecord) => boolean): Found<NamedType> {
    this.#buckets ??= this.#readBuckets();
    const slots = this.#buckets.ok ? slotsOf(this.#buckets.value, hashName(key)) : this.#everySlot();
    for (const slot of slots) {
      const named = this.#named(slot);
      if (named && !named.record.isForward && isWanted(named.record)) return found(named);
    }
    return missing({ why: 'unknown-layout', type: key, build: 'its PDB has no such type' });
  }

  *#everySlot(): Generator<number> {
    for (let slot = 0; slot < this.#types.count; slot++) yield slot;
  }

  #named(slot: number): NamedType | undefined {
    const index = this.#types.header.typeIndexBegin + slot;
    const bytes = this.#types.bytesOf(index);
    if (!bytes.ok || bytes.value.length < 2 || !isNamedKind(viewOf(bytes.value).getUint16(0, true))) return undefined;
    const record = parseTypeRecord(bytes.value);
    return record.ok && 'fieldList' in record.value ? { index, record: record.value } : undefined;
  }

  #readBuckets(): Found<Buckets> {
    const { header, count } = this.#types;
    const { numHashBuckets, hashKeySize, hashValueBufferOffset: at, hashValueBufferLength: length } = header;
    const usable = hashKeySize === 4 && numHashBuckets > 0 && numHashBuckets <= MAX_BUCKETS && length >= count * 4;
    if (!usable) return missing({ why: 'stream-absent', stream: 'hashes of type names' });
    const data = thenFound(this.#types.hashes, (stream) => readExactly(stream, at, count * 4));
    return mapFound(data, (bytes) => sortByBucket(bytes, numHashBuckets));
  }
}

function slotsOf({ starts, slots }: Buckets, hash: number): Uint32Array {
  const bucket = hash % (starts.length - 1);
  return slots.subarray(starts[bucket], starts[bucket + 1]);
}

function sortByBucket(bytes: Uint8Array, buckets: number): Buckets {
  const view = viewOf(bytes);
  const count = bytes.length / 4;
  const starts = new Uint32Array(buckets + 1);
  const bucketOf = (slot: number): number => view.getUint32(slot * 4, true) % buckets;
  for (let slot = 0; slot < count; slot++) {
    const next = bucketOf(slot) + 1;
    starts[next] = (starts[next] ?? 0) + 1;
  }
  for (let bucket = 1; bucket <= buckets; bucket++) starts[bucket] = (starts[bucket] ?? 0) + (starts[bucket - 1] ?? 0);
  const free = starts.slice();
  const slots = new Uint32Array(count);
  for (let slot = 0; slot < count; slot++) {
    const bucket = bucketOf(slot);
    const place = free[bucket] ?? 0;
    slots[place] = slot;
    free[bucket] = place + 1;
  }
  return { starts, slots };
}
