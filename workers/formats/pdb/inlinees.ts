/** Where the functions that a module inlines stand in the source (llvm/DebugInfo/CodeView/DebugInlineeLinesSubsection.h). */
import { valueOf } from '../../base/found.ts';
import { readExactly, viewOf } from '../../bytes/struct.ts';
import type { C13Index } from './c13.ts';
import { C13_INLINEE } from './layouts.ts';

/** The second form lists further files behind each entry. */
const WITH_EXTRA_FILES = 1;

export interface Inlinee {
  /** Offset of the file's entry among the checksums. */
  readonly checksum: number;
  readonly line: number;
}

/** By the function's index in the IPI stream. May throw SourceError. */
export function readInlinees(index: C13Index): ReadonlyMap<number, Inlinee> {
  const inlinees = new Map<number, Inlinee>();
  for (const { at, sizeBytes } of index.inlinees) {
    const data = valueOf(readExactly(index.stream, at, sizeBytes));
    if (data) parseInlinees(data, inlinees);
  }
  return inlinees;
}

function parseInlinees(data: Uint8Array, inlinees: Map<number, Inlinee>): void {
  const view = viewOf(data);
  if (data.length < 4) return;
  const extra = view.getUint32(0, true) === WITH_EXTRA_FILES;
  const { file, line } = C13_INLINEE.fields;
  for (let at = 4; at + C13_INLINEE.size <= data.length;) {
    inlinees.set(view.getUint32(at, true), { checksum: view.getUint32(at + file.offset, true), line: view.getUint32(at + line.offset, true) });
    at += C13_INLINEE.size;
    if (!extra) continue;
    if (at + 4 > data.length) return;
    at += 4 + 4 * view.getUint32(at, true);
  }
}
