/** Source lines of one module: the C13 part of its stream (llvm.org/docs/PDB/ModiStream.html). */
import { type Found, missing, thenFound } from '../../base/found.ts';
import { readExactly, readStructAt, viewOf } from '../../bytes/struct.ts';
import { C13_CHECKSUM, C13_KIND, C13_LINE, C13_LINES, C13_LINES_BLOCK, C13_SUBSECTION } from './layouts.ts';
import type { PdbModule } from './modules.ts';
import type { PdbFile } from './pdb.ts';
import { type PdbSection, rvaOfPlace } from './sections.ts';

/** A module with more than this of line data is a broken one. */
const MAX_C13 = 256 * 1024 * 1024;
const LINE_MASK = 0xff_ffff;
/** Lines that the compiler marks as none: code that must be stepped over or into. */
const HIDDEN_LINES: ReadonlySet<number> = new Set([0xf0_0f00, 0xfe_efee]);

export interface LineRun {
  readonly start: number;
  readonly end: number;
  /** Sorted by place. */
  readonly places: Uint32Array;
  readonly lines: Uint32Array;
  /** Offset of the file's name in "/names", for each line. */
  readonly files: Uint32Array;
}

export interface ModuleLines {
  readonly runs: readonly LineRun[];
  /** Offset of a file's entry among the checksums → offset of its name. */
  readonly fileNames: ReadonlyMap<number, number>;
}

interface Subsection {
  readonly kind: number;
  readonly data: Uint8Array;
}

function* subsections(data: Uint8Array): Generator<Subsection> {
  for (let at = 0; ;) {
    const head = readStructAt(C13_SUBSECTION, data, at);
    if (!head.ok) return;
    const from = at + C13_SUBSECTION.size;
    const end = from + head.value.length;
    if (end > data.length) return;
    yield { kind: head.value.kind, data: data.subarray(from, end) };
    at = (end + 3) & ~3;
  }
}

/** The module's C13 bytes; Missing where its lines were stripped. */
export function readC13(pdb: PdbFile, module: PdbModule): Found<Uint8Array> {
  if (module.stream === undefined || module.c13Bytes === 0) return missing({ why: 'stream-absent', stream: `lines of ${module.name}` });
  if (module.c13Bytes > MAX_C13) return missing({ why: 'not-valid', what: 'line data', got: `${module.c13Bytes} bytes`, wanted: `at most ${MAX_C13}` });
  return thenFound(pdb.msf.stream(module.stream), (stream) => readExactly(stream, module.symbolBytes + module.c11Bytes, module.c13Bytes));
}

export function parseModuleLines(data: Uint8Array, sections: readonly PdbSection[]): ModuleLines {
  const all = [...subsections(data)];
  const checksums = all.find((part) => part.kind === C13_KIND.fileChecksums);
  const fileNames = checksums ? parseChecksums(checksums.data) : new Map<number, number>();
  const runs = all.flatMap((part) => (part.kind === C13_KIND.lines ? parseLines(part.data, sections, fileNames) : []));
  return { runs: runs.sort((a, b) => a.start - b.start), fileNames };
}

function parseChecksums(data: Uint8Array): Map<number, number> {
  const names = new Map<number, number>();
  for (let at = 0; ;) {
    const entry = readStructAt(C13_CHECKSUM, data, at);
    if (!entry.ok) return names;
    names.set(at, entry.value.name);
    at = (at + C13_CHECKSUM.size + entry.value.sizeBytes + 3) & ~3;
  }
}

function parseLines(data: Uint8Array, sections: readonly PdbSection[], fileNames: ReadonlyMap<number, number>): LineRun[] {
  const head = readStructAt(C13_LINES, data, 0);
  const start = head.ok ? rvaOfPlace(sections, head.value.segment, head.value.offset) : undefined;
  if (!head.ok || start === undefined) return [];
  const lines: { place: number; line: number; file: number }[] = [];
  for (let at = C13_LINES.size; ;) {
    const block = readStructAt(C13_LINES_BLOCK, data, at);
    if (!block.ok || block.value.sizeBytes < C13_LINES_BLOCK.size || at + block.value.sizeBytes > data.length) break;
    const file = fileNames.get(block.value.file);
    const view = viewOf(data.subarray(at + C13_LINES_BLOCK.size, at + block.value.sizeBytes));
    const count = Math.min(block.value.count, Math.floor(view.byteLength / C13_LINE.size));
    for (let index = 0; index < count && file !== undefined; index++) {
      const line = view.getUint32(index * C13_LINE.size + C13_LINE.fields.flags.offset, true) & LINE_MASK;
      lines.push({ place: start + view.getUint32(index * C13_LINE.size, true), line: HIDDEN_LINES.has(line) ? 0 : line, file });
    }
    at += block.value.sizeBytes;
  }
  lines.sort((a, b) => a.place - b.place);
  return [
    {
      start,
      end: start + head.value.sizeBytes,
      places: Uint32Array.from(lines, (entry) => entry.place),
      lines: Uint32Array.from(lines, (entry) => entry.line),
      files: Uint32Array.from(lines, (entry) => entry.file),
    },
  ];
}

/** Line and file of the last entry at or before `place`; undefined where no run holds it or the line is hidden. */
export function findLine(lines: ModuleLines, place: number): { readonly line: number; readonly file: number } | undefined {
  const run = lines.runs.find((candidate) => place >= candidate.start && place < candidate.end);
  if (!run) return undefined;
  let best = -1;
  for (let low = 0, high = run.places.length - 1; low <= high;) {
    const middle = (low + high) >>> 1;
    if ((run.places[middle] ?? 0) <= place) {
      best = middle;
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  const line = run.lines[best] ?? 0;
  return best < 0 || line === 0 ? undefined : { line, file: run.files[best] ?? 0 };
}
