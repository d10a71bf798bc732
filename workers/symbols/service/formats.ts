/** The parsers of this repository as the service uses them. */
import { drive } from '../../base/job.ts';
import { mapFound, missing } from '../../base/found.ts';
import { reply } from '../../base/problem.ts';
import { checkPdbIdentity, checkPeIdentity, readPdbIdentity, readPeIdentity } from '../identity.ts';
import { pdbKey } from '../keys.ts';
import { packFromPdb } from '../pack/frompdb.ts';
import { readPack, writePack } from '../pack/layout.ts';
import type { FileBody, SymbolFormats } from './effects.ts';

export interface FormatWorld {
  readonly unpackCab: SymbolFormats['unpackCab'];
  bodyOf(bytes: Uint8Array, name: string): FileBody;
  breathe(): Promise<void>;
}

export function symbolFormats(world: FormatWorld): SymbolFormats {
  return {
    unpackCab: world.unpackCab,
    bodyOf: (bytes, name) => world.bodyOf(bytes, name),
    checkPdb: checkPdbIdentity,
    checkImage: checkPeIdentity,
    keysOfPdb: (source) => {
      const read = readPdbIdentity(source);
      if (!read.ok) return read;
      const { info } = read.value.pdb;
      // An image names the age of its link; tools that add source information raise the other one.
      return reply([...new Set([read.value.key, pdbKey(info.guid, info.age)])]);
    },
    keysOfImage: (source) => {
      const read = readPeIdentity(source);
      return read.ok ? reply([read.value.key]) : read;
    },
    pdbOfImage: (source) => {
      const read = readPeIdentity(source);
      return (read.ok && read.value.pdbs[0]) || null;
    },
    isPack: (pack) => readPack(pack).ok,
    buildPack: async (source) => {
      const driven = await drive(packFromPdb(source), { breathe: () => world.breathe() });
      return driven.done ? mapFound(driven.value, writePack) : missing({ why: 'not-computed' });
    },
  };
}
