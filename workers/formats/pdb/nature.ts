/** What kind of PDB it is: why lines, locals or types may be lacking. */
import { thenFound, valueOf } from '../../base/found.ts';
import { readExactly, viewOf } from '../../bytes/struct.ts';
import { PDB_INFO } from './layouts.ts';
import type { PdbFile } from './pdb.ts';

/** DbiStream.html, flags: private symbols were stripped. */
const STRIPPED = 2;
/** PdbStream.html, feature codes at the end of the info stream: made with /DEBUG:FASTLINK. */
const MINIMAL_DEBUG_INFO = 0x494e_494d;
const STREAM_INFO = 1;
const MAX_INFO = 64 * 1024;

export type PdbNature = 'whole' | 'stripped' | 'fastlink';

/** Words for what such a PDB does not hold. */
export const NATURE_WORDS: Readonly<Record<PdbNature, string>> = {
  whole: 'it was compiled without lines',
  stripped: 'the PDB was stripped of private symbols: it has names of functions, no lines and no locals',
  fastlink: 'the PDB was made with /DEBUG:FASTLINK: lines and types stayed in the object files of the build',
};

export function readNature(pdb: PdbFile): PdbNature {
  if (pdb.dbi.ok && (pdb.dbi.value.header.flags & STRIPPED) !== 0) return 'stripped';
  const info = valueOf(thenFound(pdb.msf.stream(STREAM_INFO), (stream) => readExactly(stream, 0, Math.min(stream.size, MAX_INFO))));
  if (!info) return 'whole';
  // The codes stand behind the map of named streams, whose texts end somewhere: from its end on nothing but codes follows.
  const view = viewOf(info);
  for (let at = info.length - 4; at >= PDB_INFO.size && at > info.length - 5 * 4; at -= 4) {
    if (view.getUint32(at, true) === MINIMAL_DEBUG_INFO) return 'fastlink';
  }
  return 'whole';
}
