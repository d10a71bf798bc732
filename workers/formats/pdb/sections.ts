/** Section headers, contributions and OMAP: what turns a PDB's section:offset into an RVA. */
import { type Found, found, missing, notValid } from '../../base/found.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, readStructAt, viewOf } from '../../bytes/struct.ts';
import { IMAGE_SECTION_HEADER } from '../pe/layouts.ts';
import { OMAP_ENTRY, SECTION_CONTRIBUTION } from './layouts.ts';
import { findSubstream, type PdbFile, readDebugStream } from './pdb.ts';

const VERSION_60 = 0xeffe_0000 + 19_970_605;
const VERSION_2 = 0xeffe_0000 + 20_140_516;
const MAX_SECTIONS = 0xffff;

export interface PdbSection {
  readonly rva: number;
  readonly sizeBytes: number;
  readonly name: string;
}

export interface OmapTable {
  /** Sorted as the file has them, by `from`. */
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

/** Places of symbols: in the image, or (where the image was reordered after linking) in the image as first linked. */
export interface PdbPlaces {
  readonly sections: readonly PdbSection[];
  readonly omap: { readonly toSource: OmapTable; readonly fromSource: OmapTable } | undefined;
}

/** With OMAP the symbols' sections are those of before the reordering, where they were kept; else the reordering left them as they are. */
export function readPlaces(pdb: PdbFile): Found<PdbPlaces> {
  const toSource = readDebugStream(pdb, 'omapToSrc');
  const fromSource = readDebugStream(pdb, 'omapFromSrc');
  const current = readDebugStream(pdb, 'sectionHdr');
  if (toSource.ok && fromSource.ok) {
    const original = readDebugStream(pdb, 'sectionHdrOrig');
    const headers = original.ok && original.value.size > 0 ? original : current;
    if (!headers.ok) return headers;
    const [to, from, sections] = [readOmap(toSource.value), readOmap(fromSource.value), readSections(headers.value)];
    if (!to.ok) return to;
    if (!from.ok) return from;
    return sections.ok ? found({ sections: sections.value, omap: { toSource: to.value, fromSource: from.value } }) : sections;
  }
  if (!current.ok) return current;
  const sections = readSections(current.value);
  return sections.ok ? found({ sections: sections.value, omap: undefined }) : sections;
}

function readSections(stream: ByteSource): Found<PdbSection[]> {
  const count = Math.min(Math.floor(stream.size / IMAGE_SECTION_HEADER.size), MAX_SECTIONS);
  const data = readExactly(stream, 0, count * IMAGE_SECTION_HEADER.size);
  if (!data.ok) return data;
  const sections: PdbSection[] = [];
  for (let index = 0; index < count; index++) {
    const header = readStructAt(IMAGE_SECTION_HEADER, data.value, index * IMAGE_SECTION_HEADER.size);
    if (!header.ok) return header;
    sections.push({ rva: header.value.virtualAddress, sizeBytes: Math.max(header.value.virtualSize, header.value.sizeOfRawData), name: header.value.name });
  }
  return found(sections);
}

function readOmap(stream: ByteSource): Found<OmapTable> {
  const count = Math.floor(stream.size / OMAP_ENTRY.size);
  const data = readExactly(stream, 0, count * OMAP_ENTRY.size);
  if (!data.ok) return data;
  const view = viewOf(data.value);
  const from = new Uint32Array(count);
  const to = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    from[index] = view.getUint32(index * OMAP_ENTRY.size, true);
    to[index] = view.getUint32(index * OMAP_ENTRY.size + 4, true);
  }
  return found({ from, to });
}

/** RVA of section:offset; undefined for absolute symbols and places outside the section. */
export function rvaOfPlace(sections: readonly PdbSection[], segment: number, offset: number): number | undefined {
  const section = sections[segment - 1];
  return section && offset < section.sizeBytes ? section.rva + offset : undefined;
}

export interface Contributions {
  /** Sorted by start; in the space of `PdbPlaces.sections`. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Index of the object file in the list of modules. */
  readonly modules: Uint16Array;
}

const BATCH = 16_384;

/** What each object file gave to the image: no symbol reaches over the end of its contribution. */
export function readContributions(pdb: PdbFile, sections: readonly PdbSection[]): Found<Contributions> {
  if (!pdb.dbi.ok) return pdb.dbi;
  const { at, end } = findSubstream(pdb.dbi.value, 'sectionContributionSize');
  const { stream } = pdb.dbi.value;
  if (end - at < 4) return missing({ why: 'stream-absent', stream: 'section contributions' });
  const version = readExactly(stream, at, 4);
  if (!version.ok) return version;
  const number = viewOf(version.value).getUint32(0, true);
  if (number !== VERSION_60 && number !== VERSION_2) return missing({ why: 'unknown-layout', type: 'section contributions', build: `${number}` });
  const entryBytes = SECTION_CONTRIBUTION.size + (number === VERSION_2 ? 4 : 0);
  const total = Math.floor((end - at - 4) / entryBytes);
  if (total >= INDEX_LIMIT) return notValid('section contributions', `${total}`, `below ${INDEX_LIMIT}`);
  const raw = { starts: new Uint32Array(total), sizes: new Uint32Array(total), modules: new Uint16Array(total), used: 0 };
  for (let from = 0; from < total; from += BATCH) {
    const count = Math.min(BATCH, total - from);
    const data = readExactly(stream, at + 4 + from * entryBytes, count * entryBytes);
    if (!data.ok) return data;
    collect(viewOf(data.value), entryBytes, sections, raw);
  }
  return found(sorted(raw));
}

interface RawContributions {
  readonly starts: Uint32Array;
  readonly sizes: Uint32Array;
  readonly modules: Uint16Array;
  used: number;
}

function collect(view: DataView, entryBytes: number, sections: readonly PdbSection[], raw: RawContributions): void {
  const { fields } = SECTION_CONTRIBUTION;
  for (let at = 0; at < view.byteLength; at += entryBytes) {
    const size = view.getUint32(at + fields.sizeBytes.offset, true);
    const start = rvaOfPlace(sections, view.getUint16(at + fields.section.offset, true), view.getUint32(at + fields.offset.offset, true));
    if (start === undefined || size === 0) continue;
    raw.starts[raw.used] = start;
    raw.modules[raw.used] = view.getUint16(at + fields.moduleIndex.offset, true);
    raw.sizes[raw.used++] = size;
  }
}

/** An RVA and an index below 2^21 make one exact double, which sorts fast. */
const INDEX_LIMIT = 2 ** 21;

function sorted(raw: RawContributions): Contributions {
  const keys = new Float64Array(raw.used);
  for (let index = 0; index < raw.used; index++) keys[index] = (raw.starts[index] ?? 0) * INDEX_LIMIT + index;
  keys.sort();
  const starts = new Uint32Array(raw.used);
  const ends = new Uint32Array(raw.used);
  const modules = new Uint16Array(raw.used);
  for (let rank = 0; rank < raw.used; rank++) {
    const index = (keys[rank] ?? 0) % INDEX_LIMIT;
    starts[rank] = raw.starts[index] ?? 0;
    modules[rank] = raw.modules[index] ?? 0;
    ends[rank] = Math.min((raw.starts[index] ?? 0) + (raw.sizes[index] ?? 0), 0xffff_ffff);
  }
  return { starts, ends, modules };
}
