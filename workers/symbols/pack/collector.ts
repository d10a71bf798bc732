/** Gathers symbols in any order and makes the sorted pack of them. */
import type { Job } from '../../base/job.ts';
import { plainName } from '../demangle/display.ts';
import { bytesHash, nameHash } from './hash.ts';
import { CXX_HASH, FLAG_DECORATED, FLAG_FUNCTION, KIND_MASK, type Pack, PACK_KINDS, type PackTexts } from './layout.ts';

/** An RVA and an index below 2^21 make one exact double, which sorts fast. More symbols no module has. */
export const MAX_SYMBOLS = 2 ** 21 - 1;
const MAX_HEAP = 512 * 1024 * 1024;
const BATCH = 4096;
const QUESTION_MARK = 0x3f;
const UNDERSCORE = 0x5f;
const PROCEDURE = PACK_KINDS.indexOf('procedure');

export interface PackSpace {
  /** Runs over which no symbol reaches: contributions, or the sections. */
  readonly partStarts: Uint32Array;
  readonly partEnds: Uint32Array;
  readonly toSourceFrom?: Uint32Array;
  readonly toSourceTo?: Uint32Array;
  readonly fromSourceFrom?: Uint32Array;
  readonly fromSourceTo?: Uint32Array;
}

export interface CollectedSymbol {
  readonly rva: number;
  /** 0 where not known. */
  readonly size: number;
  readonly flags: number;
}

const decoder = new TextDecoder('utf-8');
const NONE = new Uint32Array(0);

export class SymbolCollector {
  count = 0;
  #rvas = new Uint32Array(1024);
  #sizes = new Uint32Array(1024);
  #flags = new Uint32Array(1024);
  #names = new Uint32Array(1024);
  #heap = new Uint8Array(16 * 1024);
  #heapUsed = 0;

  /** `name` from `from` to `to` in UTF-8. What is added first wins where several stand at one address. False when full. */
  add(symbol: CollectedSymbol, bytes: Uint8Array, from: number, to: number): boolean {
    const length = to - from;
    if (length <= 0) return true;
    if (this.count >= MAX_SYMBOLS || this.#heapUsed + length + 1 > MAX_HEAP) return false;
    this.#reserve(length + 1);
    this.#rvas[this.count] = symbol.rva;
    this.#sizes[this.count] = symbol.size;
    this.#flags[this.count] = symbol.flags;
    this.#names[this.count] = this.#heapUsed;
    this.#heap.set(bytes.subarray(from, to), this.#heapUsed);
    this.#heapUsed += length + 1;
    this.count += 1;
    return true;
  }

  /** Parts of procedures that were put elsewhere have their procedure's name. */
  addParts(parts: readonly { readonly rva: number; readonly size: number; readonly parent: number }[]): void {
    if (parts.length === 0) return;
    const owners = new Map<number, number>();
    for (let index = 0; index < this.count; index++) {
      if (((this.#flags[index] ?? 0) & KIND_MASK) === PROCEDURE && !owners.has(this.#rvas[index] ?? 0)) owners.set(this.#rvas[index] ?? 0, index);
    }
    for (const { rva, size, parent } of parts) {
      const owner = owners.get(parent);
      if (owner === undefined) continue;
      const name = this.#heap.slice(this.#names[owner] ?? 0, this.#nameEnd(owner));
      // A name leads to the function, not to a part of it.
      if (!this.add({ rva, size, flags: (this.#flags[owner] ?? 0) & ~FLAG_FUNCTION }, name, 0, name.length)) return;
    }
  }

  #reserve(nameBytes: number): void {
    if (this.count >= this.#rvas.length) {
      this.#rvas = grown(this.#rvas);
      this.#sizes = grown(this.#sizes);
      this.#flags = grown(this.#flags);
      this.#names = grown(this.#names);
    }
    if (this.#heapUsed + nameBytes > this.#heap.length) {
      const heap = new Uint8Array(Math.max(this.#heap.length * 2, this.#heapUsed + nameBytes));
      heap.set(this.#heap.subarray(0, this.#heapUsed));
      this.#heap = heap;
    }
  }

  #nameEnd(index: number): number {
    return this.#heap.indexOf(0, this.#names[index] ?? 0);
  }

  /** The name under which it is found: C and Rust names without their decoration, C++ names as they are. */
  #shown(index: number, arch: string): string {
    const name = decoder.decode(this.#heap.subarray(this.#names[index] ?? 0, this.#nameEnd(index)));
    return this.#isDecorated(index) ? plainName(name, arch) : name;
  }

  #isDecorated(index: number): boolean {
    return ((this.#flags[index] ?? 0) & FLAG_DECORATED) !== 0;
  }

  #isCxx(index: number): boolean {
    return this.#isDecorated(index) && this.#heap[this.#names[index] ?? 0] === QUESTION_MARK;
  }

  #hash(index: number, arch: string): number {
    if (this.#isCxx(index)) return CXX_HASH;
    // Most names are as they are shown: their bytes need not be decoded.
    const plain = !this.#isDecorated(index) || (arch !== 'x86' && this.#heap[this.#names[index] ?? 0] !== UNDERSCORE);
    return plain ? bytesHash(this.#heap, this.#names[index] ?? 0, this.#nameEnd(index)) : nameHash(this.#shown(index, arch));
  }

  /** Which of the symbols at one address are kept: a name once, and no public C++ name where private symbols name the function. */
  #keptOf(group: Uint32Array, arch: string): Iterable<number> {
    if (group.length === 1) return group;
    const isPrivate = group.some((index) => ((this.#flags[index] ?? 0) & KIND_MASK) === PROCEDURE);
    const shown = new Map<string, number>();
    for (const index of group) {
      if (isPrivate && this.#isCxx(index)) continue;
      const name = this.#shown(index, arch);
      if (!shown.has(name)) shown.set(name, index);
    }
    return shown.values();
  }

  /** Sorts, drops what is twice at one place, hashes the names. */
  *finish(texts: PackTexts, space: PackSpace): Job<Pack> {
    yield { progress: 'sorting names', done: 0, of: this.count };
    const order = sortedBy(this.#rvas.subarray(0, this.count));
    const kept = new Uint32Array(this.count);
    const hashes = new Uint32Array(this.count);
    let keptCount = 0;
    let due = BATCH;
    for (let from = 0; from < order.length;) {
      if (from >= due) {
        yield { progress: 'sorting names', done: from, of: order.length };
        due = from + BATCH;
      }
      const rva = this.#rvas[order[from] ?? 0];
      let to = from + 1;
      while (to < order.length && this.#rvas[order[to] ?? 0] === rva) to++;
      for (const index of this.#keptOf(order.subarray(from, to), texts.arch)) {
        hashes[keptCount] = this.#hash(index, texts.arch);
        kept[keptCount++] = index;
      }
      from = to;
    }
    return yield* this.#build({ texts, space, kept: kept.subarray(0, keptCount), hashes: hashes.subarray(0, keptCount) });
  }

  *#build(parts: { texts: PackTexts; space: PackSpace; kept: Uint32Array; hashes: Uint32Array }): Job<Pack> {
    const { kept, hashes, space } = parts;
    const names = new Uint32Array(kept.length);
    const heap = new Uint8Array(this.#heapUsed);
    let used = 0;
    for (const [rank, index] of kept.entries()) {
      if (rank % BATCH === 0) yield { progress: 'writing names', done: rank, of: kept.length };
      const from = this.#names[index] ?? 0;
      const name = this.#heap.subarray(from, this.#heap.indexOf(0, from) + 1);
      heap.set(name, used);
      names[rank] = used;
      used += name.length;
    }
    // From here on the names are held once: a large PDB's take tens of megabytes.
    this.#heap = new Uint8Array(0);
    const owners = sortedBy(hashes);
    yield { progress: 'writing names', done: kept.length, of: kept.length };
    return {
      texts: parts.texts,
      heap: heap.subarray(0, used),
      rvas: picked(this.#rvas, kept),
      sizes: picked(this.#sizes, kept),
      flags: picked(this.#flags, kept),
      nameOffsets: names,
      hashes: picked(hashes, owners),
      hashOwners: owners,
      partStarts: space.partStarts,
      partEnds: space.partEnds,
      toSourceFrom: space.toSourceFrom ?? NONE,
      toSourceTo: space.toSourceTo ?? NONE,
      fromSourceFrom: space.fromSourceFrom ?? NONE,
      fromSourceTo: space.fromSourceTo ?? NONE,
    };
  }
}

function picked(values: Uint32Array, order: Uint32Array): Uint32Array {
  const out = new Uint32Array(order.length);
  for (let rank = 0; rank < order.length; rank++) out[rank] = values[order[rank] ?? 0] ?? 0;
  return out;
}

function grown(array: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}

/** Indices by value, then by index. */
function sortedBy(values: Uint32Array): Uint32Array {
  const count = values.length;
  const keys = new Float64Array(count);
  for (let index = 0; index < count; index++) keys[index] = (values[index] ?? 0) * (MAX_SYMBOLS + 1) + index;
  keys.sort();
  const order = new Uint32Array(count);
  for (let rank = 0; rank < count; rank++) order[rank] = (keys[rank] ?? 0) % (MAX_SYMBOLS + 1);
  return order;
}
