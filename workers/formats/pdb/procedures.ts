/** Where the procedures of one module lie in the image and in the module's stream. */
import type { ByteSource } from '../../bytes/source.ts';
import type { PdbModule } from './modules.ts';
import { endOfScope, layoutOf, parseNamedPlace, RecordCursor } from './records.ts';
import { type PdbSection, rvaOfPlace } from './sections.ts';

/** A module's symbols start behind a signature. */
export const MODULE_SYMBOLS_AT = 4;

interface PdbProcedure {
  readonly start: number;
  readonly end: number;
  /** The record's place in the module's stream, and that of the record that ends it. */
  readonly at: number;
  readonly scopeEnd: number;
}

/** Sorted by start. */
export interface ModuleProcedures {
  readonly list: readonly PdbProcedure[];
  readonly starts: Uint32Array;
}

export function listProcedures(stream: ByteSource, module: PdbModule, sections: readonly PdbSection[]): ModuleProcedures {
  const procedures: PdbProcedure[] = [];
  const cursor = new RecordCursor(stream, MODULE_SYMBOLS_AT, module.symbolBytes);
  while (cursor.next()) {
    if (layoutOf(cursor.kind) !== 'procedure') continue;
    const named = parseNamedPlace(cursor);
    const start = named && rvaOfPlace(sections, named.segment, named.offset);
    const scopeEnd = Math.min(endOfScope(cursor) ?? 0, module.symbolBytes);
    if (start !== undefined) procedures.push({ start, end: start + (named?.length ?? 0), at: cursor.at, scopeEnd });
    cursor.skipTo(scopeEnd);
  }
  const list = procedures.sort((a, b) => a.start - b.start);
  return { list, starts: Uint32Array.from(list, (procedure) => procedure.start) };
}
