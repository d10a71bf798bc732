/** The parsers of this repository as the service uses them. */
import { drive } from '../../base/job.ts';
import { mapFound, missing } from '../../base/found.ts';
import { refuse, type Reply, reply } from '../../base/problem.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readSymModule } from '../../formats/breakpad/sym.ts';
import { openCab } from '../../formats/cab/cab.ts';
import { extractEntry } from '../../formats/cab/extract.ts';
import type { PdbIdentity } from '../../modules/module.ts';
import { checkPdbIdentity, checkPeIdentity, readPdbIdentity, readPeIdentity } from '../identity.ts';
import { pdbKey } from '../keys.ts';
import { imageSource, openPartialImage } from '../partialimage.ts';
import { packFromPdb } from '../pack/frompdb.ts';
import { packFromSym } from '../pack/fromsym.ts';
import { readPack, writePack } from '../pack/layout.ts';
import type { FileBody, SymbolFormats } from './effects.ts';
import { reasonText } from './reason.ts';
import { sniff } from './sniff.ts';

export interface FormatWorld {
  bodyOf(bytes: Uint8Array, name: string): FileBody;
  breathe(): Promise<void>;
}

/** A cabinet of a symbol store holds one file; of others the first counts. */
async function unpackCab(source: ByteSource, world: FormatWorld): Promise<Reply<FileBody>> {
  const cab = openCab(source);
  if (!cab.ok) return cab;
  const [entry] = cab.value.entries;
  if (!entry) return refuse('BAD_CAB', 'the cabinet is empty');
  const driven = await drive(extractEntry(cab.value, entry), { breathe: () => world.breathe() });
  if (!driven.done) return refuse('CANCELLED', 'cancelled');
  return driven.value.ok ? reply(world.bodyOf(driven.value.value, entry.name)) : driven.value;
}

/** A Breakpad symbol file spells its identity as a symbol store's folder does. */
function keyOfSym(source: ByteSource): Reply<string> {
  const module = readSymModule(source);
  return module.ok ? reply(module.value.id) : refuse('BAD_PDB', reasonText(module.missing));
}

function checkSym(source: ByteSource, wanted: PdbIdentity): Reply<unknown> {
  const key = keyOfSym(source);
  const wantedKey = pdbKey(wanted.guid, wanted.age);
  if (!key.ok || key.value.toLowerCase() === wantedKey.toLowerCase()) return key;
  return refuse('MISMATCH', `the file is ${key.value}, wanted ${wantedKey}`);
}

export function symbolFormats(world: FormatWorld): SymbolFormats {
  return {
    unpackCab: (source) => unpackCab(source, world),
    checkPdb: checkPdbIdentity,
    checkImage: (source, wanted) => checkPeIdentity(imageSource(source), wanted),
    isPartial: (source) => openPartialImage(source) !== undefined,
    checkSym,
    keysOfPdb: (source) => {
      const read = readPdbIdentity(source);
      if (!read.ok) return read;
      const { info } = read.value.pdb;
      // An image names the age of its link; tools that add source information raise the other one.
      return reply([...new Set([read.value.key, pdbKey(info.guid, info.age)])]);
    },
    keysOfSym: (source) => {
      const key = keyOfSym(source);
      return key.ok ? reply([key.value]) : key;
    },
    keysOfImage: (source) => {
      const read = readPeIdentity(imageSource(source));
      return read.ok ? reply([read.value.key]) : read;
    },
    pdbOfImage: (source) => {
      const read = readPeIdentity(imageSource(source));
      return (read.ok && read.value.pdbs[0]) || null;
    },
    isPack: (pack) => readPack(pack).ok,
    buildPack: async (source) => {
      const driven = await drive(sniff(source.readBlock(0, 64)) === 'sym' ? packFromSym(source) : packFromPdb(source), { breathe: () => world.breathe() });
      return driven.done ? mapFound(driven.value, writePack) : missing({ why: 'not-computed' });
    },
  };
}
