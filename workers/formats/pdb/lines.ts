/** Source lines of one module by place (llvm.org/docs/PDB/ModiStream.html). */
import { readStructAt, viewOf } from '../../bytes/struct.ts';
import type { Subsection } from './c13.ts';
import { C13_KIND, C13_LINE, C13_LINES, C13_LINES_BLOCK } from './layouts.ts';
import { type PdbSection, rvaOfPlace } from './sections.ts';

const LINE_MASK = 0xff_ffff;
/** Lines that the compiler marks as none: code that must be stepped over or into. */
const HIDDEN_LINES: ReadonlySet<number> = new Set([0xf0_0f00, 0xfe_efee]);

/** A line of a file: `file` is the offset of its name in "/names". */
export interface LineOfFile {
  readonly line: number;
  readonly file: number;
}

export interface LineRun {
  readonly start: number;
  readonly end: number;
  /** Sorted. */
  readonly places: Uint32Array;
  readonly lines: Uint32Array;
  readonly files: Uint32Array;
}

interface Block {
  readonly file: number;
  readonly count: number;
  readonly view: DataView;
}

/** Runs sorted by their start, as the module's subsections give them. */
export function parseLineRuns(parts: readonly Subsection[], sections: readonly PdbSection[], fileNames: ReadonlyMap<number, number>): LineRun[] {
  const runs: LineRun[] = [];
  for (const part of parts) {
    const run = part.kind === C13_KIND.lines ? parseRun(part.data, sections, fileNames) : undefined;
    if (run) runs.push(run);
  }
  return runs.sort((a, b) => a.start - b.start);
}

function parseRun(data: Uint8Array, sections: readonly PdbSection[], fileNames: ReadonlyMap<number, number>): LineRun | undefined {
  const head = readStructAt(C13_LINES, data, 0);
  const start = head.ok ? rvaOfPlace(sections, head.value.segment, head.value.offset) : undefined;
  if (!head.ok || start === undefined) return undefined;
  const blocks = [...walkBlocks(data, fileNames)];
  const count = blocks.reduce((sum, block) => sum + block.count, 0);
  const run = { start, end: start + head.value.sizeBytes, places: new Uint32Array(count), lines: new Uint32Array(count), files: new Uint32Array(count) };
  let rank = 0;
  for (const block of blocks) {
    for (let at = 0; at < block.count * C13_LINE.size; at += C13_LINE.size) {
      const line = block.view.getUint32(at + C13_LINE.fields.flags.offset, true) & LINE_MASK;
      run.places[rank] = start + block.view.getUint32(at, true);
      run.lines[rank] = HIDDEN_LINES.has(line) ? 0 : line;
      run.files[rank++] = block.file;
    }
  }
  return isSorted(run.places) ? run : sorted(run);
}

/** Blocks of lines, each of one file; those of files that are not named are left out. */
function* walkBlocks(data: Uint8Array, fileNames: ReadonlyMap<number, number>): Generator<Block> {
  for (let at = C13_LINES.size; ;) {
    const block = readStructAt(C13_LINES_BLOCK, data, at);
    if (!block.ok || block.value.sizeBytes < C13_LINES_BLOCK.size || at + block.value.sizeBytes > data.length) return;
    const view = viewOf(data.subarray(at + C13_LINES_BLOCK.size, at + block.value.sizeBytes));
    const file = fileNames.get(block.value.file);
    if (file !== undefined) yield { file, view, count: Math.min(block.value.count, Math.floor(view.byteLength / C13_LINE.size)) };
    at += block.value.sizeBytes;
  }
}

const isSorted = (places: Uint32Array): boolean => places.every((place, rank) => rank === 0 || (places[rank - 1] ?? 0) <= place);

/** Lines of several files take turns in one function. */
function sorted(run: LineRun): LineRun {
  const order = Uint32Array.from(run.places.keys()).sort((a, b) => (run.places[a] ?? 0) - (run.places[b] ?? 0) || a - b);
  const pick = (values: Uint32Array): Uint32Array => order.map((index) => values[index] ?? 0);
  return { ...run, places: pick(run.places), lines: pick(run.lines), files: pick(run.files) };
}

/** Index of the last that starts at or before `place`, or -1. */
function lastAtOrBefore(count: number, startOf: (index: number) => number, place: number): number {
  let best = -1;
  for (let low = 0, high = count - 1; low <= high;) {
    const middle = (low + high) >>> 1;
    if (startOf(middle) <= place) {
      best = middle;
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return best;
}

/**
 * The first of several runs that begin at one place counts: assembler files list their functions so.
 * The line of the last entry at or before `place`; undefined where no run holds it or the line is hidden. A function's first
 * instruction often has two entries, the line that declares it and the first statement: there it is the declaration.
 */
export function findLine(runs: readonly LineRun[], place: number): LineOfFile | undefined {
  let index = lastAtOrBefore(runs.length, (each) => runs[each]?.start ?? 0, place);
  while (index > 0 && runs[index - 1]?.start === runs[index]?.start) index--;
  const run = runs[index];
  if (!run || place >= run.end) return undefined;
  let best = lastAtOrBefore(run.places.length, (index) => run.places[index] ?? 0, place);
  while (run.places[best] === place && run.places[best - 1] === place) best--;
  const line = run.lines[best] ?? 0;
  return best < 0 || line === 0 ? undefined : { line, file: run.files[best] ?? 0 };
}
