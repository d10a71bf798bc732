/**
 * The C13 part of a module's stream: line numbers and what they refer to, in subsections (llvm.org/docs/PDB/ModiStream.html).
 * One walk notes where each lies; lines themselves are read when a place is asked for, since a large program has gigabytes of them.
 */
import { type Found, found, missing, notValid, thenFound } from '../../base/found.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, viewOf } from '../../bytes/struct.ts';
import { sortColumns, U32List } from '../../bytes/u32list.ts';
import { C13_CHECKSUM, C13_KIND, C13_LINES, C13_SUBSECTION } from './layouts.ts';
import type { PdbModule } from './modules.ts';
import type { PdbFile } from './pdb.ts';
import { type PdbSection, rvaOfPlace } from './sections.ts';

/** A module with more than this of line data is a broken one. */
const MAX_C13 = 256 * 1024 * 1024;
/** Bytes that are read at once while the subsections are walked. */
const WINDOW = 256 * 1024;

interface Range {
  readonly at: number;
  readonly sizeBytes: number;
}

/** Runs of code and where their lines lie in the module's stream, sorted by start. */
export interface LineRuns {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly places: Uint32Array;
  readonly sizes: Uint32Array;
}

export interface C13Index {
  readonly stream: ByteSource;
  readonly runs: LineRuns;
  readonly checksums: Range;
  readonly inlinees: readonly Range[];
}

/** Goes over the heads of the subsections, read through a window that moves on. */
class SubsectionCursor {
  kind = 0;
  /** The subsection's bytes in the stream. */
  at = 0;
  sizeBytes = 0;
  /** The first bytes of the subsection in `view`. */
  view = viewOf(new Uint8Array(0));
  dataAt = 0;
  readonly #stream: ByteSource;
  readonly #end: number;
  #next: number;
  #windowAt = 0;

  constructor(stream: ByteSource, from: number, end: number) {
    this.#stream = stream;
    this.#next = from;
    this.#end = end;
  }

  /** False at the end, or at a subsection that reaches over it. */
  next(): boolean {
    const at = this.#next;
    if (at + C13_SUBSECTION.size > this.#end) return false;
    const wanted = Math.min(C13_SUBSECTION.size + C13_LINES.size, this.#end - at);
    if (at < this.#windowAt || at + wanted > this.#windowAt + this.view.byteLength) {
      this.#windowAt = at;
      this.view = viewOf(this.#stream.readBlock(at, Math.min(WINDOW, this.#end - at)));
      if (this.view.byteLength < wanted) return false;
    }
    this.kind = this.view.getUint32(at - this.#windowAt, true);
    this.sizeBytes = this.view.getUint32(at - this.#windowAt + C13_SUBSECTION.fields.length.offset, true);
    this.at = at + C13_SUBSECTION.size;
    this.dataAt = this.at - this.#windowAt;
    this.#next = (this.at + this.sizeBytes + 3) & ~3;
    return this.at + this.sizeBytes <= this.#end && this.#next > at;
  }
}

/** Missing where the module's lines were stripped. */
export function indexC13(pdb: PdbFile, module: PdbModule, sections: readonly PdbSection[]): Found<C13Index> {
  if (module.stream === undefined || module.c13Bytes === 0) return missing({ why: 'stream-absent', stream: `lines of ${module.name}` });
  if (module.c13Bytes > MAX_C13) return notValid('line data', `${module.c13Bytes} bytes`, `at most ${MAX_C13}`);
  return thenFound(pdb.msf.stream(module.stream), (stream) => {
    const from = module.symbolBytes + module.c11Bytes;
    const cursor = new SubsectionCursor(stream, from, Math.min(from + module.c13Bytes, stream.size));
    const runs = new RunCollector(sections);
    const inlinees: Range[] = [];
    let checksums: Range = { at: 0, sizeBytes: 0 };
    while (cursor.next()) {
      const range = { at: cursor.at, sizeBytes: cursor.sizeBytes };
      if (cursor.kind === C13_KIND.lines) runs.add(cursor);
      else if (cursor.kind === C13_KIND.fileChecksums) checksums = range;
      else if (cursor.kind === C13_KIND.inlineeLines) inlinees.push(range);
    }
    return found({ stream, runs: runs.finish(), checksums, inlinees });
  });
}

class RunCollector {
  readonly #sections: readonly PdbSection[];
  readonly #columns = { starts: new U32List(), ends: new U32List(), places: new U32List(), sizes: new U32List() };

  constructor(sections: readonly PdbSection[]) {
    this.#sections = sections;
  }

  add({ view, dataAt, at, sizeBytes }: SubsectionCursor): void {
    if (sizeBytes < C13_LINES.size) return;
    const { offset, segment, sizeBytes: codeBytes } = C13_LINES.fields;
    const start = rvaOfPlace(this.#sections, view.getUint16(dataAt + segment.offset, true), view.getUint32(dataAt + offset.offset, true));
    if (start === undefined) return;
    const { starts, ends, places, sizes } = this.#columns;
    starts.push(start);
    ends.push(Math.min(start + view.getUint32(dataAt + codeBytes.offset, true), 0xffff_ffff));
    places.push(at);
    sizes.push(sizeBytes);
  }

  finish(): LineRuns {
    const none = new Uint32Array(0);
    const { starts: first, ends: second, places: third, sizes: fourth } = this.#columns;
    const [starts = none, ends = none, places = none, sizes = none] = sortColumns([first, second, third, fourth]);
    return { starts, ends, places, sizes };
  }
}

/** Offset in "/names" of the file whose checksum's entry lies at `entry`. */
export function readFileName(index: C13Index, entry: number): Found<number> {
  if (entry + C13_CHECKSUM.size > index.checksums.sizeBytes) return notValid('file of a line', `${entry}`, `below ${index.checksums.sizeBytes}`);
  return thenFound(readExactly(index.stream, index.checksums.at + entry, C13_CHECKSUM.size), (data) => found(viewOf(data).getUint32(0, true)));
}
