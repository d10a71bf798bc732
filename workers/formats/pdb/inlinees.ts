/** Where the functions that a module inlines stand in the source (llvm/DebugInfo/CodeView/DebugInlineeLinesSubsection.h). */
import { readStructAt, viewOf } from '../../bytes/struct.ts';
import type { Subsection } from './c13.ts';
import { C13_INLINEE, C13_KIND } from './layouts.ts';

/** The second form lists further files behind each entry. */
const WITH_EXTRA_FILES = 1;

export interface Inlinee {
  /** Offset of the file's entry among the checksums. */
  readonly checksum: number;
  readonly line: number;
}

/** By the function's index in the IPI stream. */
export function parseInlinees(parts: readonly Subsection[]): ReadonlyMap<number, Inlinee> {
  const inlinees = new Map<number, Inlinee>();
  for (const { kind, data } of parts) {
    if (kind !== C13_KIND.inlineeLines || data.length < 4) continue;
    const extra = viewOf(data).getUint32(0, true) === WITH_EXTRA_FILES;
    for (let at = 4; ;) {
      const entry = readStructAt(C13_INLINEE, data, at);
      if (!entry.ok) break;
      inlinees.set(entry.value.inlinee, { checksum: entry.value.file, line: entry.value.line });
      at += C13_INLINEE.size;
      if (!extra) continue;
      if (at + 4 > data.length) break;
      at += 4 + 4 * viewOf(data).getUint32(at, true);
    }
  }
  return inlinees;
}
