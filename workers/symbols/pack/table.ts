/** Names over a pack. A name is credited only as far as it is known to reach. */
import { type Rva, rva } from '../../base/address.ts';
import { type Found, found, missing, thenFound, valueOf } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { SourceError } from '../../base/problem.ts';
import { displayName } from '../demangle/display.ts';
import type { LineFinder } from '../lines.ts';
import type { InlinedFunction, NameMatch, SymbolHit, SymbolTable } from '../provider.ts';
import { matchesGlob } from './glob.ts';
import { containsBytes, nameHash } from './hash.ts';
import { firstOfEqual, throughOmap } from './search.ts';
import { upperBound } from '../../bytes/bisect.ts';
import { FLAG_DECORATED, FLAG_FUNCTION, KIND_MASK, type Pack, PACK_KINDS, packName } from './layout.ts';

const encoder = new TextEncoder();
const QUESTION_MARK = 0x3f;

/** How many symbols may start inside a procedure before one that asks for it: labels of assembler code. */
const LOOK_BACK = 256;

/** Where nothing but the next name bounds a name (.sym files), it is not believed beyond this. */
const MAX_UNBOUNDED = 0x1_0000;

export class PackTable implements SymbolTable {
  readonly count: number;
  readonly origin: string;
  readonly kind: 'pdb' | 'sym';
  readonly #pack: Pack;
  readonly #openLines: () => Found<LineFinder>;
  #lines: Found<LineFinder> | undefined;

  /** `openLines`: where the PDB or .sym file itself is at hand too; called when a line is asked for. */
  constructor(pack: Pack, openLines: () => Found<LineFinder> = () => missing({ why: 'stream-absent', stream: 'lines' })) {
    this.#pack = pack;
    this.#openLines = openLines;
    this.count = pack.rvas.length;
    this.origin = pack.texts.origin;
    this.kind = pack.texts.kind;
  }

  nearest(at: Rva): Found<SymbolHit> {
    const place = toSource(this.#pack, at);
    if (place === undefined) return this.#none(at, 'the code at this place was added after linking');
    const last = upperBound(this.#pack.rvas, place) - 1;
    if (last < 0) return this.#none(at, 'it lies before the first name');
    const around = this.#procedureAround(last, place);
    if (around !== undefined) return found(this.#hit(around, place, at));
    const first = firstOfEqual(this.#pack.rvas, last);
    const size = this.#pack.sizes[first] ?? 0;
    const start = this.#pack.rvas[first] ?? 0;
    if (size > 0 && place >= start + size) return this.#none(at, `${this.#shown(first)} ends ${hex(place - start - size)} bytes before it`);
    if (!this.#inOnePart(start, place)) return this.#none(at, `${this.#shown(first)} does not reach so far`);
    return found(this.#hit(first, place, at));
  }

  inlined(at: Rva): readonly InlinedFunction[] {
    return valueOf(this.#ask((lines) => found(lines.inlined(at)))) ?? [];
  }

  byName(name: string): Found<Rva> {
    const index = this.#best(name, this.#owners(name)) ?? this.#best(name, this.#decorated(name));
    const target = index === undefined ? undefined : this.#target(index);
    return target === undefined ? missing({ why: 'no-symbols', module: this.origin, detail: `no symbol is named ${name}` }) : found(target);
  }

  /** Of those that have this name: in this case, a function, before others. */
  #best(name: string, candidates: Iterable<number>): number | undefined {
    const wanted = name.toLowerCase();
    let best: number | undefined;
    let bestRank = 0;
    for (const index of candidates) {
      const shown = this.#shown(index);
      if (shown.toLowerCase() !== wanted || this.#target(index) === undefined) continue;
      const rank = (shown === name ? 4 : 0) + ((this.#pack.flags[index] ?? 0) & FLAG_FUNCTION ? 2 : 0) + 1;
      if (rank > bestRank) [best, bestRank] = [index, rank];
    }
    return best;
  }

  match(pattern: string, limit: number): readonly NameMatch[] {
    const wanted = pattern.toLowerCase();
    const matches: NameMatch[] = [];
    for (let index = 0; index < this.count && matches.length < limit; index++) {
      const name = this.#shown(index);
      if (!matchesGlob(wanted, name.toLowerCase())) continue;
      const target = this.#target(index);
      if (target !== undefined) matches.push({ name, rva: target, isFunction: ((this.#pack.flags[index] ?? 0) & FLAG_FUNCTION) !== 0 });
    }
    return matches;
  }

  #none(at: number, detail: string): ReturnType<typeof missing> {
    return missing({ why: 'no-symbols', module: this.origin, detail: `no name reaches ${hex(at)}: ${detail}` });
  }

  /** The innermost procedure whose known length holds the place; the first of several that start there. */
  #procedureAround(last: number, place: number): number | undefined {
    for (let index = last; index >= 0 && index > last - LOOK_BACK; index--) {
      const size = this.#pack.sizes[index] ?? 0;
      if (size > 0 && place - (this.#pack.rvas[index] ?? 0) < size) return this.#firstSized(index);
    }
    return undefined;
  }

  #firstSized(index: number): number {
    let at = firstOfEqual(this.#pack.rvas, index);
    while (at < index && !this.#pack.sizes[at]) at++;
    return at;
  }

  #inOnePart(start: number, place: number): boolean {
    const { partStarts, partEnds } = this.#pack;
    if (start === place) return true;
    if (partStarts.length === 0) return place - start < MAX_UNBOUNDED;
    const part = upperBound(partStarts, place) - 1;
    return part >= 0 && place < (partEnds[part] ?? 0) && start >= (partStarts[part] ?? 0);
  }

  #shown(index: number): string {
    const name = packName(this.#pack, index);
    return (this.#pack.flags[index] ?? 0) & FLAG_DECORATED ? displayName(name, this.#pack.texts.arch) : name;
  }

  /** A PDB that can no longer be read costs its lines, not the names. */
  #ask<T>(question: (lines: LineFinder) => Found<T>): Found<T> {
    try {
      this.#lines ??= this.#openLines();
      return thenFound(this.#lines, question);
    } catch (error) {
      if (error instanceof SourceError) return missing({ why: 'no-symbols', module: this.origin, detail: error.message });
      throw error;
    }
  }

  #hit(index: number, place: number, at: Rva): SymbolHit {
    const line = this.#ask((lines) => lines.find(at));
    const size = this.#pack.sizes[index] ?? 0;
    return {
      name: this.#shown(index),
      displacement: place - (this.#pack.rvas[index] ?? 0),
      kind: PACK_KINDS[(this.#pack.flags[index] ?? 0) & KIND_MASK] ?? 'public',
      ...(size > 0 ? { sizeBytes: size } : {}),
      source: line,
    };
  }

  /** Symbols with the hash of this name; names that share a hash are told apart by the caller. */
  *#owners(name: string): Generator<number> {
    const wanted = nameHash(name);
    const { hashes, hashOwners } = this.#pack;
    for (let at = upperBound(hashes, wanted) - 1; at >= 0 && hashes[at] === wanted; at--) yield hashOwners[at] ?? 0;
  }

  /** Decorated C++ names in which the last word of `name` stands: the others cannot have this name. Operators and what the compiler makes have codes instead of words. */
  *#decorated(name: string): Generator<number> {
    const word = encoder.encode(/operator|`/.test(name) ? '' : (/\w+(?=\W*$)/.exec(name.replace(/<.*/, ''))?.[0].toLowerCase() ?? ''));
    const { heap, nameOffsets, flags } = this.#pack;
    for (let index = 0; index < this.count; index++) {
      const from = nameOffsets[index] ?? 0;
      if (!((flags[index] ?? 0) & FLAG_DECORATED) || heap[from] !== QUESTION_MARK) continue;
      if (word.length === 0 || containsBytes(heap, from, heap.indexOf(0, from), word)) yield index;
    }
  }

  /** Where a symbol stands in the image as it runs. */
  #target(index: number): Rva | undefined {
    const at = this.#pack.rvas[index] ?? 0;
    const target = throughOmap(this.#pack.fromSourceFrom, this.#pack.fromSourceTo, at);
    return target === undefined ? undefined : rva(target);
  }
}

/** Images reordered after linking: the place as first linked, in which the PDB's symbols are given. */
function toSource(pack: Pack, at: number): number | undefined {
  return throughOmap(pack.toSourceFrom, pack.toSourceTo, at);
}
