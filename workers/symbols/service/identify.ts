/** A file of unknown name known by what stands in it. */
import { type Problem, SourceError } from '../../base/problem.ts';
import type { FileBody, SymbolFormats } from './effects.ts';
import { sniff, type Sniffed } from './sniff.ts';

/** Unpacked in memory, so bounded below the cap of a download. */
const MAX_CAB = 256 * 1024 * 1024;

/** `keys`: every store key under which it may be asked for, in lower case; `body` unpacked. */
export interface Identified {
  readonly kind: 'pdb' | 'image';
  readonly keys: readonly string[];
  readonly body: FileBody;
}

export async function identify(body: FileBody, formats: SymbolFormats): Promise<Identified | Problem> {
  try {
    const kind = sniff(body.source.readBlock(0, 64));
    return kind === 'cab' ? await identifyPacked(body, formats) : identifyPlain(body, kind, formats);
  } catch (error) {
    if (error instanceof SourceError) return { code: error.code, detail: error.message };
    throw error;
  }
}

async function identifyPacked(body: FileBody, formats: SymbolFormats): Promise<Identified | Problem> {
  if (body.source.size > MAX_CAB) return { code: 'TOO_LARGE', detail: `a cabinet of ${body.source.size} bytes` };
  const unpacked = await formats.unpackCab(body.source);
  if (!unpacked.ok) return unpacked.problem;
  return identifyPlain(unpacked.value, sniff(unpacked.value.source.readBlock(0, 64)), formats);
}

function identifyPlain(body: FileBody, kind: Sniffed, formats: SymbolFormats): Identified | Problem {
  const readers: Partial<Record<Sniffed, SymbolFormats['keysOfPdb']>> = {
    msf: formats.keysOfPdb,
    sym: formats.keysOfSym,
    pe: formats.keysOfImage,
    partial: formats.keysOfImage,
  };
  const keys = readers[kind]?.(body.source);
  if (!keys) return { code: 'BAD_PDB', detail: `not a PDB, symbol file, image or cabinet of one: ${kind}` };
  if (!keys.ok) return keys.problem;
  return { kind: kind === 'pe' || kind === 'partial' ? 'image' : 'pdb', keys: keys.value.map((key) => key.toLowerCase()), body };
}
