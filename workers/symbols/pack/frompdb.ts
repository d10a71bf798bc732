/** One pass from a PDB to a pack: procedures of every module, then publics. */
import { type Found, found } from '../../base/found.ts';
import type { Job } from '../../base/job.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { type PdbModule, readModules } from '../../formats/pdb/modules.ts';
import { openPdb, type PdbFile, readSymbolRecords } from '../../formats/pdb/pdb.ts';
import { MODULE_SYMBOLS_AT } from '../../formats/pdb/procedures.ts';
import { endOfScope, layoutOf, parseNamedPlace, parseSeparatedCode, RecordCursor, type SeparatedCode } from '../../formats/pdb/records.ts';
import { type PdbPlaces, readContributions, readPlaces, rvaOfPlace } from '../../formats/pdb/sections.ts';
import { archOfMachine, pdbKey } from '../keys.ts';
import { type PackSpace, SymbolCollector } from './collector.ts';
import { FLAG_DECORATED, FLAG_FUNCTION, type Pack, PACK_KINDS, type PackKind } from './layout.ts';

const BATCH = 8192;

interface Walk {
  readonly pdb: PdbFile;
  readonly places: PdbPlaces;
  readonly collector: SymbolCollector;
  /** Bytes of symbol records that may still be walked: streams that share their blocks cannot make more work than the file has bytes. */
  bytesLeft: number;
  /** Parts of procedures that lie elsewhere, and where their procedures start. */
  readonly separated: { readonly rva: number; readonly size: number; readonly parent: number }[];
}

/** Builds the pack. Missing where the file is no PDB or holds no places. May throw SourceError. */
export function* packFromPdb(source: ByteSource): Job<Found<Pack>> {
  const pdb = openPdb(source);
  if (!pdb.ok) return pdb;
  if (!pdb.value.dbi.ok) return pdb.value.dbi;
  const places = readPlaces(pdb.value);
  if (!places.ok) return places;
  const modules = readModules(pdb.value);
  const records = readSymbolRecords(pdb.value);
  if (!records.ok && !modules.ok) return records;
  const walk: Walk = { pdb: pdb.value, places: places.value, collector: new SymbolCollector(), bytesLeft: source.size, separated: [] };
  if (modules.ok) yield* walkModules(walk, modules.value);
  walk.collector.addParts(walk.separated);
  if (records.ok) yield* walkRecords(walk, new RecordCursor(records.value, 0, records.value.size), 'reading public names');
  const { info, imageAge, dbi } = pdb.value;
  const texts = { origin: source.name, kind: 'pdb' as const, key: pdbKey(info.guid, imageAge), arch: archOfMachine(dbi.value.header.machine) ?? '' };
  yield { progress: 'reading contributions', done: 0, of: null };
  return found(yield* walk.collector.finish(texts, spaceOf(walk)));
}

function spaceOf({ pdb, places }: Walk): PackSpace {
  const contributions = readContributions(pdb, places.sections);
  const omap = places.omap && {
    toSourceFrom: places.omap.toSource.from,
    toSourceTo: places.omap.toSource.to,
    fromSourceFrom: places.omap.fromSource.from,
    fromSourceTo: places.omap.fromSource.to,
  };
  if (contributions.ok && contributions.value.starts.length > 0) return { partStarts: contributions.value.starts, partEnds: contributions.value.ends, ...omap };
  const sections = [...places.sections].sort((a, b) => a.rva - b.rva);
  return {
    partStarts: Uint32Array.from(sections, (section) => section.rva),
    partEnds: Uint32Array.from(sections, (section) => section.rva + section.sizeBytes),
    ...omap,
  };
}

function* walkModules(walk: Walk, modules: readonly PdbModule[]): Job<void> {
  for (const [index, module] of modules.entries()) {
    yield { progress: 'reading procedures', done: index, of: modules.length };
    if (module.stream === undefined || module.symbolBytes <= MODULE_SYMBOLS_AT) continue;
    const stream = walk.pdb.msf.stream(module.stream);
    if (stream.ok) yield* walkRecords(walk, new RecordCursor(stream.value, MODULE_SYMBOLS_AT, module.symbolBytes), 'reading procedures');
  }
}

/** What each layout of record becomes in a pack. Data are taken from the publics alone: their names are complete there. */
const TAKEN: Readonly<Record<string, { kind: PackKind; decorated: boolean }>> = {
  procedure: { kind: 'procedure', decorated: false },
  thunk: { kind: 'procedure', decorated: false },
  label: { kind: 'label', decorated: false },
  public: { kind: 'public', decorated: true },
};

function* walkRecords(walk: Walk, cursor: RecordCursor, progress: string): Job<void> {
  for (let seen = 0; cursor.next(); seen++) {
    if (seen % BATCH === 0) yield { progress, done: cursor.at, of: null };
    walk.bytesLeft -= cursor.size;
    if (walk.bytesLeft < 0) return;
    const end = endOfScope(cursor);
    const separated = parseSeparatedCode(cursor);
    if (separated) noteSeparated(walk, separated);
    if (!takeRecord(walk, cursor)) return;
    if (end !== undefined) cursor.skipTo(end);
  }
}

function noteSeparated({ places, separated }: Walk, part: SeparatedCode): void {
  const rva = rvaOfPlace(places.sections, part.segment, part.offset);
  const parent = rvaOfPlace(places.sections, part.parentSegment, part.parentOffset);
  if (rva !== undefined && parent !== undefined) separated.push({ rva, size: part.length, parent });
}

/** False when the collector is full. */
function takeRecord(walk: Walk, cursor: RecordCursor): boolean {
  const taken = TAKEN[layoutOf(cursor.kind) ?? ''];
  const named = taken && parseNamedPlace(cursor);
  if (!taken || !named) return true;
  const rva = rvaOfPlace(walk.places.sections, named.segment, named.offset);
  if (rva === undefined) return true;
  const flags = PACK_KINDS.indexOf(taken.kind) | (taken.decorated ? FLAG_DECORATED : 0) | (named.isFunction ? FLAG_FUNCTION : 0);
  return walk.collector.add({ rva, size: named.length ?? 0, flags }, cursor.bytes, named.nameAt, named.nameEnd);
}
