/** S_ANNOTATION: texts that the compiler keeps at a place of the code; trace messages (WPP) have their formats there (microsoft-pdb, include/cvinfo.h). */
import { valueOf } from '../../base/found.ts';
import { ANNOTATIONSYM } from './layouts.ts';
import type { PdbModule } from './modules.ts';
import type { PdbFile } from './pdb.ts';
import { MODULE_SYMBOLS_AT } from './procedures.ts';
import { RecordCursor } from './records.ts';
import { type PdbSection, rvaOfPlace } from './sections.ts';

const S_ANNOTATION = 0x1019;

export interface TraceAnnotation {
  /** Undefined where the place lies in no section. */
  readonly rva: number | undefined;
  /** "TMF:", then the lines of a message's format; "TMC:", then a provider and its flags. */
  readonly texts: readonly string[];
}

const utf8 = new TextDecoder('utf-8');

function textsOf({ bytes, view, start, size }: RecordCursor): readonly string[] {
  const count = view.getUint16(start + ANNOTATIONSYM.fields.count.offset, true);
  const texts: string[] = [];
  const end = start + size;
  for (let from = start + ANNOTATIONSYM.size; texts.length < count && from < end;) {
    const nul = bytes.indexOf(0, from);
    const to = nul < 0 || nul > end ? end : nul;
    texts.push(utf8.decode(bytes.subarray(from, to)));
    from = to + 1;
  }
  return texts;
}

/** The annotations of a module's code. May throw SourceError. */
export function* walkTraceAnnotations(pdb: PdbFile, module: PdbModule, sections: readonly PdbSection[]): Generator<TraceAnnotation> {
  const stream = module.stream === undefined ? undefined : valueOf(pdb.msf.stream(module.stream));
  if (!stream) return;
  const cursor = new RecordCursor(stream, MODULE_SYMBOLS_AT, module.symbolBytes);
  while (cursor.next()) {
    if (cursor.kind !== S_ANNOTATION || cursor.size < ANNOTATIONSYM.size) continue;
    const { offset, segment } = ANNOTATIONSYM.fields;
    const place = rvaOfPlace(sections, cursor.view.getUint16(cursor.start + segment.offset, true), cursor.view.getUint32(cursor.start + offset.offset, true));
    yield { rva: place, texts: textsOf(cursor) };
  }
}
