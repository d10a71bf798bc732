/** Inlined functions inside a procedure: S_INLINESITE and S_INLINESITE2 (microsoft-pdb, include/cvinfo.h). */
import { type InlineRange, parseAnnotations } from './annotations.ts';
import { INLINESITESYM, INLINESITESYM2 } from './layouts.ts';
import { RecordCursor } from './records.ts';
import type { ByteSource } from '../../bytes/source.ts';

const S_INLINESITE = 0x114d;
const SITES: Readonly<Record<number, typeof INLINESITESYM>> = { [S_INLINESITE]: INLINESITESYM, 0x115d: INLINESITESYM2 };
/** Deeper nesting is a broken file's. */
const MAX_DEPTH = 256;

/** An inlined function that holds a place. */
export interface InlineSite {
  /** Index of the function in the IPI stream. */
  readonly inlinee: number;
  readonly range: InlineRange;
  /** Bytes behind the first range of the function. */
  readonly displacement: number;
}

/**
 * The inlined functions that hold the place `offset` bytes behind the start of a procedure, innermost first. Its records lie from `at`
 * to `scopeEnd` in its module's stream.
 */
export function findInlineSites(stream: ByteSource, procedure: { readonly at: number; readonly scopeEnd: number }, offset: number): readonly InlineSite[] {
  const cursor = new RecordCursor(stream, procedure.at, procedure.scopeEnd);
  const sites: InlineSite[] = [];
  while (cursor.next() && sites.length < MAX_DEPTH) {
    const layout = SITES[cursor.kind];
    if (!layout || cursor.size < layout.size) continue;
    const { view, bytes, start } = cursor;
    const ranges = parseAnnotations(bytes.subarray(start + layout.size, start + cursor.size));
    const range = ranges.find((candidate) => offset >= candidate.start && offset < candidate.end);
    if (range) {
      const inlinee = view.getUint32(start + layout.fields.inlinee.offset, true);
      sites.unshift({ inlinee, range, displacement: offset - Math.min(...ranges.map((each) => each.start)) });
    } else cursor.skipTo(view.getUint32(start + layout.fields.end.offset, true));
  }
  return sites;
}
