/** Where the procedures of one module lie in the image and in the module's stream. */
import { upperBound } from '../../bytes/bisect.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { sortColumns, U32List } from '../../bytes/u32list.ts';
import type { PdbModule } from './modules.ts';
import { endOfScope, layoutOf, parseNamedPlace, RecordCursor } from './records.ts';
import { type PdbSection, rvaOfPlace } from './sections.ts';

/** A module's symbols start behind a signature. */
export const MODULE_SYMBOLS_AT = 4;

/** Sorted by start. */
export interface ModuleProcedures {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** The record's place in the module's stream, and that of the record that ends it. */
  readonly records: Uint32Array;
  readonly scopeEnds: Uint32Array;
}

export function listProcedures(stream: ByteSource, module: PdbModule, sections: readonly PdbSection[]): ModuleProcedures {
  const columns = [new U32List(), new U32List(), new U32List(), new U32List()] as const;
  const cursor = new RecordCursor(stream, MODULE_SYMBOLS_AT, module.symbolBytes);
  while (cursor.next()) {
    if (layoutOf(cursor.kind) !== 'procedure') continue;
    const named = parseNamedPlace(cursor);
    const start = named && rvaOfPlace(sections, named.segment, named.offset);
    const scopeEnd = Math.min(endOfScope(cursor) ?? 0, module.symbolBytes);
    if (start !== undefined) {
      const row = [start, Math.min(start + (named?.length ?? 0), 0xffff_ffff), cursor.at, scopeEnd];
      for (const [column, value] of row.entries()) columns[column]?.push(value);
    }
    cursor.skipTo(scopeEnd);
  }
  const none = new Uint32Array(0);
  const [starts = none, ends = none, records = none, scopeEnds = none] = sortColumns(columns);
  return { starts, ends, records, scopeEnds };
}

/** A procedure: where it starts in the image, its record and the record that ends it in the module's stream. */
export interface FoundProcedure {
  readonly start: number;
  readonly at: number;
  readonly scopeEnd: number;
}

/** The procedure that holds an RVA of the image as it was linked. */
export function findProcedure({ starts, ends, records, scopeEnds }: ModuleProcedures, rva: number): FoundProcedure | undefined {
  const row = upperBound(starts, rva) - 1;
  return row >= 0 && rva < (ends[row] ?? 0) ? { start: starts[row] ?? 0, at: records[row] ?? 0, scopeEnd: scopeEnds[row] ?? 0 } : undefined;
}
