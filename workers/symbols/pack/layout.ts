/**
 * A pack: all names of a module in one ArrayBuffer, made once from a PDB or a .sym file, stored and handed between workers as it is.
 * A header of 32-bit words, then the arrays in the order of ARRAYS, then texts and the heap of names.
 */
import { type Found, found, missing, notValid } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';

/** Raised whenever packs of before would be read wrongly or lack something: stored ones are then made anew. */
export const PACK_VERSION = 3;
const MAGIC = 0x4b50_4c46; // FLPK
const HEADER_WORDS = 16;
const MAX_TEXTS = 8;

/** Each array of words, and which count gives its length. */
const ARRAYS = [
  ['rvas', 'symbols'],
  /** 0: not known. */
  ['sizes', 'symbols'],
  ['nameOffsets', 'symbols'],
  /** Flags, below. */
  ['flags', 'symbols'],
  /** Hashes of the names in lower case, sorted, and whose they are. Decorated C++ names have none: to undecorate all of them takes seconds. */
  ['hashes', 'symbols'],
  ['hashOwners', 'symbols'],
  ['partStarts', 'parts'],
  ['partEnds', 'parts'],
  ['toSourceFrom', 'toSource'],
  ['toSourceTo', 'toSource'],
  ['fromSourceFrom', 'fromSource'],
  ['fromSourceTo', 'fromSource'],
] as const;
export type PackArray = (typeof ARRAYS)[number][0];
type Count = (typeof ARRAYS)[number][1];

export const PACK_KINDS = ['procedure', 'public', 'label', 'sym-file'] as const;
export type PackKind = (typeof PACK_KINDS)[number];
export const KIND_MASK = 7;
/** The name is decorated by the compiler and must be undecorated for people. */
export const FLAG_DECORATED = 8;
export const FLAG_FUNCTION = 16;
/** In place of a hash. */
export const CXX_HASH = 0;

export interface PackTexts {
  readonly origin: string;
  readonly kind: 'pdb' | 'sym';
  /** Symbol-store key of the PDB it was made from. */
  readonly key: string;
  readonly arch: string;
}

export interface Pack extends Readonly<Record<PackArray, Uint32Array>> {
  readonly texts: PackTexts;
  readonly heap: Uint8Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8');

function countsOf(pack: Readonly<Record<PackArray, Uint32Array>>): Record<Count, number> {
  return { symbols: pack.rvas.length, parts: pack.partStarts.length, toSource: pack.toSourceFrom.length, fromSource: pack.fromSourceFrom.length };
}

export function writePack(pack: Pack): ArrayBuffer {
  const counts = countsOf(pack);
  const texts = encoder.encode([pack.texts.origin, pack.texts.kind, pack.texts.key, pack.texts.arch].map((text) => text.replaceAll('\0', '')).join('\0'));
  const words = HEADER_WORDS + ARRAYS.reduce((sum, [, count]) => sum + counts[count], 0);
  const buffer = new ArrayBuffer(words * 4 + texts.length + pack.heap.length);
  const header = new Uint32Array(buffer, 0, HEADER_WORDS);
  header.set([MAGIC, PACK_VERSION, counts.symbols, counts.parts, counts.toSource, counts.fromSource, texts.length, pack.heap.length]);
  let at = HEADER_WORDS;
  for (const [name, count] of ARRAYS) {
    new Uint32Array(buffer, at * 4, counts[count]).set(pack[name].subarray(0, counts[count]));
    at += counts[count];
  }
  const bytes = new Uint8Array(buffer);
  bytes.set(texts, words * 4);
  bytes.set(pack.heap, words * 4 + texts.length);
  return buffer;
}

interface PackHeader {
  readonly counts: Readonly<Record<Count, number>>;
  readonly textBytes: number;
  readonly heapBytes: number;
}

function readHeader(buffer: ArrayBuffer): Found<PackHeader> {
  if (buffer.byteLength < HEADER_WORDS * 4) return notValid('pack', `${buffer.byteLength} bytes`, `at least ${HEADER_WORDS * 4}`);
  const view = new DataView(buffer);
  const word = (index: number): number => view.getUint32(index * 4, true);
  if (word(0) !== MAGIC) return notValid('pack signature', hex(word(0)), hex(MAGIC));
  if (word(1) !== PACK_VERSION) return missing({ why: 'unknown-layout', type: 'pack', build: `version ${word(1)}` });
  const counts = { symbols: word(2), parts: word(3), toSource: word(4), fromSource: word(5) };
  return found({ counts, textBytes: word(6), heapBytes: word(7) });
}

/** Views over a stored pack; nothing is copied. Missing where it was written by another version or is damaged. */
export function readPack(buffer: ArrayBuffer): Found<Pack> {
  const header = readHeader(buffer);
  if (!header.ok) return header;
  const { counts, textBytes, heapBytes } = header.value;
  const words = HEADER_WORDS + ARRAYS.reduce((sum, [, count]) => sum + counts[count], 0);
  const wanted = words * 4 + textBytes + heapBytes;
  if (wanted !== buffer.byteLength) return notValid('pack', `${buffer.byteLength} bytes`, `${wanted} bytes`);
  const arrays: Partial<Record<PackArray, Uint32Array>> = {};
  let at = HEADER_WORDS;
  for (const [name, count] of ARRAYS) {
    arrays[name] = new Uint32Array(buffer, at * 4, counts[count]);
    at += counts[count];
  }
  const texts = decoder.decode(new Uint8Array(buffer, words * 4, textBytes)).split('\0', MAX_TEXTS);
  return found({
    ...(arrays as Record<PackArray, Uint32Array>),
    texts: parseTexts(texts),
    heap: new Uint8Array(buffer, words * 4 + textBytes, heapBytes),
  });
}

function parseTexts([origin = '', kind = '', key = '', arch = '']: readonly string[]): PackTexts {
  return { origin, kind: kind === 'sym' ? 'sym' : 'pdb', key, arch };
}

/** A name from the heap; it ends at a NUL. */
export function packName(pack: Pack, index: number): string {
  const from = pack.nameOffsets[index] ?? pack.heap.length;
  const end = pack.heap.indexOf(0, from);
  return decoder.decode(pack.heap.subarray(from, end < 0 ? pack.heap.length : end));
}
