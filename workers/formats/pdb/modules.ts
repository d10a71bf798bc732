/** The modules (object files) of a PDB: llvm.org/docs/PDB/DbiStream.html#dbi-mod-info-substream. */
import { type Found, found } from '../../base/found.ts';
import { readExactly, readStructAt } from '../../bytes/struct.ts';
import { MOD_INFO } from './layouts.ts';
import { findSubstream, type PdbFile } from './pdb.ts';

const NO_STREAM = 0xffff;

export interface PdbModule {
  readonly name: string;
  readonly objectFile: string;
  /** Undefined where the module's symbols were stripped. */
  readonly stream: number | undefined;
  readonly symbolBytes: number;
  readonly c11Bytes: number;
  readonly c13Bytes: number;
}

const utf8 = new TextDecoder('utf-8');

export function readModules(pdb: PdbFile): Found<PdbModule[]> {
  if (!pdb.dbi.ok) return pdb.dbi;
  const { at, end } = findSubstream(pdb.dbi.value, 'modInfoSize');
  const data = readExactly(pdb.dbi.value.stream, at, end - at);
  if (!data.ok) return data;
  const modules: PdbModule[] = [];
  let from = 0;
  for (;;) {
    const head = readStructAt(MOD_INFO, data.value, from);
    if (!head.ok) return found(modules);
    const nameEnd = data.value.indexOf(0, from + MOD_INFO.size);
    const objectEnd = nameEnd < 0 ? -1 : data.value.indexOf(0, nameEnd + 1);
    if (objectEnd < 0) return found(modules);
    const { moduleSymStream, symByteSize, c11ByteSize, c13ByteSize } = head.value;
    modules.push({
      name: utf8.decode(data.value.subarray(from + MOD_INFO.size, nameEnd)),
      objectFile: utf8.decode(data.value.subarray(nameEnd + 1, objectEnd)),
      stream: moduleSymStream === NO_STREAM ? undefined : moduleSymStream,
      symbolBytes: symByteSize,
      c11Bytes: c11ByteSize,
      c13Bytes: c13ByteSize,
    });
    from = (objectEnd + 1 + 3) & ~3;
  }
}
