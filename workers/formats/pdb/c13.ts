/** The C13 part of a module's stream: line numbers and what they refer to, in subsections (llvm.org/docs/PDB/ModiStream.html). */
import { type Found, missing, thenFound } from '../../base/found.ts';
import { readExactly, readStructAt } from '../../bytes/struct.ts';
import { C13_CHECKSUM, C13_KIND, C13_SUBSECTION } from './layouts.ts';
import type { PdbModule } from './modules.ts';
import type { PdbFile } from './pdb.ts';

/** A module with more than this of line data is a broken one. */
const MAX_C13 = 256 * 1024 * 1024;

export interface Subsection {
  readonly kind: number;
  readonly data: Uint8Array;
}

/** The subsections in their order, up to the first that reaches over the end. */
export function* walkSubsections(data: Uint8Array): Generator<Subsection> {
  for (let at = 0; ;) {
    const head = readStructAt(C13_SUBSECTION, data, at);
    if (!head.ok) return;
    const from = at + C13_SUBSECTION.size;
    const end = from + head.value.length;
    if (end > data.length) return;
    yield { kind: head.value.kind, data: data.subarray(from, end) };
    at = (end + 3) & ~3;
  }
}

/** The module's C13 bytes; Missing where its lines were stripped. */
export function readC13(pdb: PdbFile, module: PdbModule): Found<Uint8Array> {
  if (module.stream === undefined || module.c13Bytes === 0) return missing({ why: 'stream-absent', stream: `lines of ${module.name}` });
  if (module.c13Bytes > MAX_C13) return missing({ why: 'not-valid', what: 'line data', got: `${module.c13Bytes} bytes`, wanted: `at most ${MAX_C13}` });
  return thenFound(pdb.msf.stream(module.stream), (stream) => readExactly(stream, module.symbolBytes + module.c11Bytes, module.c13Bytes));
}

/** Offset of a file's entry among the checksums → offset of its name in "/names". */
export function parseFileNames(parts: readonly Subsection[]): ReadonlyMap<number, number> {
  const names = new Map<number, number>();
  const data = parts.find((part) => part.kind === C13_KIND.fileChecksums)?.data ?? new Uint8Array(0);
  for (let at = 0; ;) {
    const entry = readStructAt(C13_CHECKSUM, data, at);
    if (!entry.ok) return names;
    names.set(at, entry.value.name);
    at = (at + C13_CHECKSUM.size + entry.value.sizeBytes + 3) & ~3;
  }
}
