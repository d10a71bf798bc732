/** The source line of a place in one module (llvm.org/docs/PDB/ModiStream.html). */
import { type Found, mapFound, missing, thenFound } from '../../base/found.ts';
import { upperBound } from '../../bytes/bisect.ts';
import { readExactly, viewOf } from '../../bytes/struct.ts';
import { type C13Index, type LineRuns, readFileName } from './c13.ts';
import { C13_LINE, C13_LINES, C13_LINES_BLOCK } from './layouts.ts';

const LINE_MASK = 0xff_ffff;
/** Lines that the compiler marks as none: code that must be stepped over or into. */
const HIDDEN_LINES: ReadonlySet<number> = new Set([0xf0_0f00, 0xfe_efee]);
/** One function with more than this is none. */
const MAX_RUN = 16 * 1024 * 1024;

/** A line of a file: `file` is the offset of its name in "/names". */
export interface LineOfFile {
  readonly line: number;
  readonly file: number;
}

/** The row of the run that holds `place`. The first of several that begin at one place counts: assembler files list their functions so. */
function findRun({ starts, ends }: LineRuns, place: number): number | undefined {
  let row = upperBound(starts, place) - 1;
  while (row > 0 && starts[row - 1] === starts[row]) row--;
  return row >= 0 && place < (ends[row] ?? 0) ? row : undefined;
}

interface Entry {
  readonly offset: number;
  readonly line: number;
  /** Offset of the file's entry among the checksums. */
  readonly checksum: number;
}

/**
 * The last entry at or before `offset`. A function's first instruction often has two entries, the line that declares it and the
 * first statement: there it is the declaration.
 */
function lastEntry(data: Uint8Array, offset: number): Entry | undefined {
  const view = viewOf(data);
  let best: Entry | undefined;
  for (let at = C13_LINES.size; at + C13_LINES_BLOCK.size <= view.byteLength;) {
    const checksum = view.getUint32(at, true);
    const sizeBytes = view.getUint32(at + C13_LINES_BLOCK.fields.sizeBytes.offset, true);
    if (sizeBytes < C13_LINES_BLOCK.size || at + sizeBytes > view.byteLength) break;
    const from = at + C13_LINES_BLOCK.size;
    const count = Math.min(view.getUint32(at + C13_LINES_BLOCK.fields.count.offset, true), Math.floor((sizeBytes - C13_LINES_BLOCK.size) / C13_LINE.size));
    for (let entry = from; entry < from + count * C13_LINE.size; entry += C13_LINE.size) {
      const place = view.getUint32(entry, true);
      if (place > offset || (best && (place < best.offset || (place === best.offset && place === offset)))) continue;
      best = { offset: place, line: view.getUint32(entry + C13_LINE.fields.flags.offset, true) & LINE_MASK, checksum };
    }
    at += sizeBytes;
  }
  return best;
}

const none = missing({ why: 'not-computed', detail: 'the object file has no line for this place' });

/** Missing where no run holds the place or its line is hidden. May throw SourceError. */
export function findLine(index: C13Index, place: number): Found<LineOfFile> {
  const { runs } = index;
  const row = findRun(runs, place);
  const sizeBytes = row === undefined ? MAX_RUN : (runs.sizes[row] ?? 0);
  if (row === undefined || sizeBytes > MAX_RUN) return none;
  return thenFound(readExactly(index.stream, runs.places[row] ?? 0, sizeBytes), (data) => {
    const entry = lastEntry(data, place - (runs.starts[row] ?? 0));
    if (!entry || entry.line === 0 || HIDDEN_LINES.has(entry.line)) return none;
    return mapFound(readFileName(index, entry.checksum), (file) => ({ line: entry.line, file }));
  });
}
