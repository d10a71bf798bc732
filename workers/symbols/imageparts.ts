/**
 * Which parts of an image file unwinding and the search for its PDB need: headers, .pdata, the unwind data that it points to and
 * the debug records. Asked again with each part that has come, until nothing is missing.
 */
import { rva } from '../base/address.ts';
import { valueOf } from '../base/found.ts';
import { viewOf } from '../bytes/struct.ts';
import { readPe } from '../formats/pe/bytes.ts';
import { readDebugEntries } from '../formats/pe/debug.ts';
import { type ExceptionDirectory, findExceptionDirectory } from '../formats/pe/exceptions.ts';
import { openPeFile, type PeFile } from '../formats/pe/file.ts';
import { findDirectory, findSection } from '../formats/pe/headers.ts';
import type { FileRange, PartialSource } from './partialimage.ts';

const CODEVIEW = 2;
/** An unwind description reaches at most so far behind its start, exception data left aside (x64: 255 codes; ARM64: 255 words of codes). */
const UNWIND_TAIL = { x64: 1024, arm64: 4096, arm: 4096 } as const;
/** Nearer parts are fetched as one. */
const NEAR = 16 * 1024;

/** Undefined where the file is none that can be had in parts: no headers, or no unwind data. */
export function missingParts(source: PartialSource): readonly FileRange[] | undefined {
  const opened = openPeFile(source);
  if (!opened.ok) return undefined;
  const file = opened.value;
  const directory = valueOf(findExceptionDirectory(file.headers));
  if (!directory) return undefined;
  const wanted = [
    { offset: 0, length: file.headers.sizeOfHeaders },
    ...rangeOf(file, directory.rva, directory.sizeBytes),
    ...unwindRange(file, directory),
    ...debugRanges(file),
  ];
  return merged(wanted.filter((range) => !source.has(range)));
}

/** Where bytes of the image lie in the file, as far as one section holds them there. */
function rangeOf({ headers }: PeFile, at: number, length: number): FileRange[] {
  const section = findSection(headers, rva(at));
  if (!section || section.rawOffset === 0) return [];
  const within = at - section.rva;
  const held = Math.min(length, section.rawSize - within);
  return held > 0 ? [{ offset: section.rawOffset + within, length: held }] : [];
}

/** From the first to the last unwind description that .pdata points to. */
function unwindRange(file: PeFile, { rva: at, count, entryBytes }: ExceptionDirectory): FileRange[] {
  const table = valueOf(readPe(file, at, count * entryBytes));
  const { arch } = file.headers;
  if (!table || arch === undefined || arch === 'x86') return [];
  const view = viewOf(table);
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (let index = 0; index < count; index++) {
    const info = view.getUint32(index * entryBytes + (arch === 'x64' ? 8 : 4), true);
    // ARM: the two low bits tell that the description stands in the entry itself. x64: bit 0 tells of another entry.
    if ((arch === 'x64' ? info & 1 : info & 3) !== 0 || info === 0) continue;
    first = Math.min(first, info);
    last = Math.max(last, info);
  }
  return last === 0 ? [] : rangeOf(file, first, last - first + UNWIND_TAIL[arch]);
}

function debugRanges(file: PeFile): FileRange[] {
  const directory = findDirectory(file.headers, 'debug');
  if (!directory) return [];
  const entries = valueOf(readDebugEntries(file, file.headers)) ?? [];
  const records = entries
    .filter(({ type }) => type === CODEVIEW)
    .map(({ fileOffset, sizeBytes }) => ({ offset: fileOffset, length: Math.min(sizeBytes, 4096) }));
  return [...rangeOf(file, directory.rva, directory.sizeBytes), ...records];
}

function merged(ranges: readonly FileRange[]): FileRange[] {
  const list: FileRange[] = [];
  for (const range of ranges.filter(({ length }) => length > 0).sort((a, b) => a.offset - b.offset)) {
    const before = list.at(-1);
    if (before && range.offset <= before.offset + before.length + NEAR) {
      const end = Math.max(before.offset + before.length, range.offset + range.length);
      list[list.length - 1] = { offset: before.offset, length: end - before.offset };
    } else list.push(range);
  }
  return list;
}
