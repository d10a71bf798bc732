/** Names from an image's own export table, where no PDB is at hand. An export is credited only with its own function. */
import { type Rva, rva } from '../base/address.ts';
import { type Found, found, mapFound, missing, valueOf } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import { viewOf } from '../bytes/struct.ts';
import { type PeBytes, readPe } from '../formats/pe/bytes.ts';
import { findExceptionDirectory } from '../formats/pe/exceptions.ts';
import { readExports } from '../formats/pe/exports.ts';
import { findSection, isCode, type PeHeaders } from '../formats/pe/headers.ts';
import { displayName } from './demangle/display.ts';
import { matchesGlob } from './pack/glob.ts';
import { upperBound } from '../bytes/bisect.ts';
import type { SymbolHit, SymbolTable } from './provider.ts';

/** Without unwind tables nothing says where an export's function ends; beyond this a hit would be a guess. */
const MAX_REACH = 0x1000;
/** A function without an entry of its own calls nothing and is short. */
const MAX_LEAF = 0x100;
const MAX_PDATA = 32 * 1024 * 1024;

interface ExportName {
  readonly rva: number;
  readonly name: string;
}

/** Starts and ends of the functions that have unwind data, sorted. */
interface Functions {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

export class ExportSymbols implements SymbolTable {
  readonly kind = 'exports';
  readonly origin = 'export table';
  readonly count: number;
  readonly #names: readonly ExportName[];
  readonly #starts: Uint32Array;
  readonly #functions: Functions | undefined;
  readonly #headers: PeHeaders;

  constructor(names: readonly ExportName[], headers: PeHeaders, functions: Functions | undefined) {
    this.#names = [...names].sort((a, b) => a.rva - b.rva || (a.name < b.name ? -1 : 1));
    this.#starts = Uint32Array.from(this.#names, (entry) => entry.rva);
    this.#headers = headers;
    this.#functions = functions;
    this.count = names.length;
  }

  nearest(at: Rva): Found<SymbolHit> {
    const last = upperBound(this.#starts, at) - 1;
    const start = this.#starts[last];
    const index = start === undefined ? -1 : upperBound(this.#starts, start - 1);
    const entry = this.#names[Math.max(0, index)];
    if (start === undefined || !entry) return this.#none(at, 'it lies before the first export');
    const size = this.#reach(start, at);
    if (size === undefined) return this.#none(at, `it is no part of ${entry.name}, the export before it`);
    return found({ name: entry.name, displacement: at - start, kind: 'export', ...(size > 0 ? { sizeBytes: size } : {}) });
  }

  byName(name: string): Found<Rva> {
    const entry =
      this.#names.find((candidate) => candidate.name === name) ?? this.#names.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
    return entry ? found(rva(entry.rva)) : missing({ why: 'no-symbols', module: this.origin, detail: `no export is named ${name}` });
  }

  match(pattern: string, limit: number): readonly { readonly name: string; readonly rva: Rva }[] {
    const wanted = pattern.toLowerCase();
    const matches: { name: string; rva: Rva }[] = [];
    for (const entry of this.#names) {
      if (matches.length >= limit) break;
      if (matchesGlob(wanted, entry.name.toLowerCase())) matches.push({ name: entry.name, rva: rva(entry.rva) });
    }
    return matches;
  }

  #none(at: number, detail: string): ReturnType<typeof missing> {
    return missing({ why: 'no-symbols', module: this.origin, detail: `no export reaches ${hex(at)}: ${detail}` });
  }

  /** The function's length, 0 where it is not known, undefined where the place is not the export's. */
  #reach(start: number, at: number): number | undefined {
    const section = findSection(this.#headers, rva(start));
    if (!section || section !== findSection(this.#headers, rva(at))) return undefined;
    if (!this.#functions || !isCode(section)) return at - start < MAX_REACH ? 0 : undefined;
    const { starts, ends } = this.#functions;
    const own = upperBound(starts, at) - 1;
    const begin = starts[own] ?? -1;
    if (at < (ends[own] ?? 0)) return begin === start ? (ends[own] ?? 0) - start : undefined;
    return begin < start && at - start < MAX_LEAF ? 0 : undefined;
  }
}

/** The export table as names; forwarders lead to other modules and are left out. */
export function exportSymbols(image: PeBytes, headers: PeHeaders): Found<ExportSymbols> {
  return mapFound(readExports(image, headers), (table) => {
    const names = table.exports.flatMap((entry) =>
      entry.forwarder === undefined
        ? [{ rva: entry.rva, name: entry.name === undefined ? `Ordinal${entry.ordinal}` : displayName(entry.name, headers.arch ?? '') }]
        : [],
    );
    return new ExportSymbols(names, headers, valueOf(readFunctions(image, headers)));
  });
}

/** Begins and ends by .pdata: learn.microsoft.com/cpp/build/exception-handling-x64 and …/arm64-exception-handling. */
function readFunctions(image: PeBytes, headers: PeHeaders): Found<Functions> {
  const directory = findExceptionDirectory(headers);
  if (!directory.ok) return directory;
  const { entryBytes, count } = directory.value;
  if (count * entryBytes > MAX_PDATA || headers.arch === 'arm') return missing({ why: 'unknown-layout', type: '.pdata', build: headers.arch ?? '' });
  return mapFound(readPe(image, directory.value.rva, count * entryBytes), (data) => {
    const view = viewOf(data);
    const starts = new Uint32Array(count);
    const ends = new Uint32Array(count);
    for (let index = 0; index < count; index++) {
      const begin = view.getUint32(index * entryBytes, true);
      const second = view.getUint32(index * entryBytes + 4, true);
      starts[index] = begin;
      ends[index] = headers.arch === 'x64' ? second : begin + arm64Length(image, second);
    }
    return { starts, ends };
  });
}

/** Packed data hold the length in words at bits 2 to 12; else the first word of the .xdata record in its low 18 bits. */
function arm64Length(image: PeBytes, data: number): number {
  if ((data & 3) !== 0) return ((data >>> 2) & 0x7ff) * 4;
  const record = readPe(image, data, 4);
  return record.ok ? (viewOf(record.value).getUint32(0, true) & 0x3_ffff) * 4 : 0;
}
