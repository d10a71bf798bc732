/** Streams that have names, and the texts of "/names" (llvm.org/docs/PDB/PdbStream.html#named-stream-map, HashTable.html). */
import { type Found, found, missing, notValid, thenFound } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, readStruct, viewOf } from '../../bytes/struct.ts';
import { PDB_INFO, STRING_TABLE } from './layouts.ts';
import type { PdbFile } from './pdb.ts';

const STREAM_INFO = 1;
const MAX_MAP_BYTES = 64 * 1024;
const STRING_SIGNATURE = 0xeffe_effe;
const MAX_TEXT = 4096;

const utf8 = new TextDecoder('utf-8');

function textAt(bytes: Uint8Array, at: number): string {
  const end = bytes.indexOf(0, at);
  return utf8.decode(bytes.subarray(at, end < 0 ? bytes.length : end));
}

/** Stream number by name. */
export function readNamedStreams(pdb: PdbFile): Found<Map<string, number>> {
  const info = pdb.msf.stream(STREAM_INFO);
  if (!info.ok) return info;
  const data = readExactly(info.value, PDB_INFO.size, Math.min(info.value.size - PDB_INFO.size, MAX_MAP_BYTES));
  if (!data.ok) return data;
  const view = viewOf(data.value);
  const word = (at: number): number => (at + 4 <= view.byteLength ? view.getUint32(at, true) : 0);
  const names = new Map<string, number>();
  const textBytes = word(0);
  // Texts, entry count, capacity, then two bit vectors with their lengths, then the entries.
  let at = 4 + textBytes;
  const count = word(at);
  at += 8;
  for (let vector = 0; vector < 2; vector++) at += 4 + 4 * word(at);
  for (let index = 0; index < count && at + 8 <= view.byteLength; index++, at += 8) {
    const text = word(at);
    if (text < textBytes) names.set(textAt(data.value.subarray(4, 4 + textBytes), text), word(at + 4));
  }
  return found(names);
}

export function findNamedStream(pdb: PdbFile, name: string): Found<ByteSource> {
  return thenFound(readNamedStreams(pdb), (names) => {
    const index = names.get(name);
    return index === undefined ? missing({ why: 'stream-absent', stream: name }) : pdb.msf.stream(index);
  });
}

/** Texts by offset, read one at a time. */
export class PdbTexts {
  readonly #stream: ByteSource;
  readonly #size: number;

  constructor(stream: ByteSource, size: number) {
    this.#stream = stream;
    this.#size = size;
  }

  at(offset: number): Found<string> {
    if (offset >= this.#size) return missing({ why: 'outside-file', at: offset, length: 1, fileSize: this.#size });
    const bytes = this.#stream.readBlock(STRING_TABLE.size + offset, Math.min(MAX_TEXT, this.#size - offset));
    return found(textAt(bytes, 0));
  }
}

export function readTexts(pdb: PdbFile): Found<PdbTexts> {
  const stream = findNamedStream(pdb, '/names');
  if (!stream.ok) return stream;
  const header = readStruct(STRING_TABLE, stream.value, 0);
  if (!header.ok) return header;
  if (header.value.signature !== STRING_SIGNATURE) return notValid('string table', hex(header.value.signature), hex(STRING_SIGNATURE));
  return found(new PdbTexts(stream.value, Math.min(header.value.sizeBytes, stream.value.size - STRING_TABLE.size)));
}
