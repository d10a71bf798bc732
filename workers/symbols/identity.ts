/** Checks that a file is the one that was wanted, before anything of it is believed or stored. */
import { type MissingReason, valueOf } from '../base/found.ts';
import { refuse, type Reply, reply } from '../base/problem.ts';
import type { ByteSource } from '../bytes/source.ts';
import { codeViewKey, fileNameOf, readCodeViews } from '../formats/pe/debug.ts';
import { openPeFile, type PeFile } from '../formats/pe/file.ts';
import { openPdb, type PdbFile } from '../formats/pdb/pdb.ts';
import type { PdbIdentity, PeIdentity } from '../modules/module.ts';
import { pdbKey, peKey } from './keys.ts';

/** A reason as one line for a Problem's detail. */
function lineOf(reason: MissingReason): string {
  switch (reason.why) {
    case 'not-valid':
      return `${reason.what}: ${reason.got}, wanted ${reason.wanted}`;
    case 'outside-file':
      return `the file ends early: ${reason.length} bytes wanted at ${reason.at} of ${reason.fileSize}`;
    case 'stream-absent':
      return `${reason.stream} is not there`;
    default:
      return reason.why;
  }
}

/** What a PDB says of itself. `age` is the one an image must name; `name` is the file's. */
export function readPdbIdentity(source: ByteSource): Reply<{ readonly pdb: PdbFile; readonly identity: PdbIdentity; readonly key: string }> {
  const pdb = openPdb(source);
  if (!pdb.ok) return refuse('BAD_PDB', lineOf(pdb.missing));
  const { info, imageAge, msf } = pdb.value;
  if (source.size < msf.declaredSize) return refuse('BAD_PDB', `the file ends early: ${source.size} of ${msf.declaredSize} bytes`);
  const identity = { file: fileNameOf(source.name), guid: info.guid, age: imageAge };
  return reply({ pdb: pdb.value, identity, key: pdbKey(info.guid, imageAge) });
}

/** Accepts either age of the PDB: that of the last link, and that which later tools have raised. */
export function checkPdbIdentity(source: ByteSource, wanted: Pick<PdbIdentity, 'guid' | 'age'>): Reply<PdbFile> {
  const read = readPdbIdentity(source);
  if (!read.ok) return read;
  const { pdb, key } = read.value;
  const sameGuid = pdb.info.guid === wanted.guid.toLowerCase();
  if (sameGuid && (wanted.age === pdb.imageAge || wanted.age === pdb.info.age)) return reply(pdb);
  return refuse('MISMATCH', `the file is ${key}, wanted ${pdbKey(wanted.guid, wanted.age)}`);
}

export interface PeFileIdentity {
  readonly file: PeFile;
  readonly identity: PeIdentity;
  readonly key: string;
  /** PDBs that the image names; first the one of its native code as linked. */
  readonly pdbs: readonly PdbIdentity[];
  /** Store keys of those, old-style ones included. */
  readonly pdbKeys: readonly string[];
}

export function readPeIdentity(source: ByteSource): Reply<PeFileIdentity> {
  const opened = openPeFile(source);
  if (!opened.ok) return refuse('BAD_PE', lineOf(opened.missing));
  const file = opened.value;
  const { timestamp, sizeOfImage } = file.headers;
  const records = valueOf(readCodeViews(file, file.headers)) ?? [];
  return reply({
    file,
    identity: { timestamp, sizeOfImage },
    key: peKey(timestamp, sizeOfImage),
    pdbs: records.flatMap((record) => (record.kind === 'RSDS' ? [{ file: fileNameOf(record.path), guid: record.guid, age: record.age }] : [])),
    pdbKeys: records.map(codeViewKey),
  });
}

export function checkPeIdentity(source: ByteSource, wanted: PeIdentity): Reply<PeFile> {
  const read = readPeIdentity(source);
  if (!read.ok) return read;
  const { file, key } = read.value;
  const short = truncatedAt(file, source.size);
  if (short !== undefined) return refuse('BAD_PE', `the file ends early: ${source.size} of ${short} bytes`);
  const wantedKey = peKey(wanted.timestamp, wanted.sizeOfImage);
  return key === wantedKey ? reply(file) : refuse('MISMATCH', `the file is ${key}, wanted ${wantedKey}`);
}

/** The length the section table asks for, where the file is shorter. Padding behind a section's own bytes may be cut off. */
function truncatedAt(file: PeFile, size: number): number | undefined {
  const end = Math.max(
    0,
    ...file.headers.sections.map((section) =>
      section.rawOffset === 0 ? 0 : section.rawOffset + Math.min(section.rawSize, section.virtualSize || section.rawSize),
    ),
  );
  return end > size ? end : undefined;
}
