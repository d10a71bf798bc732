/** Where the source of a file stands on the net, as the PDB says. Nothing is fetched. */
import { type Found, firstFound, found, mapFound, missing, notValid, thenFound } from '../../base/found.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly } from '../../bytes/struct.ts';
import { readNamedStreams } from './names.ts';
import type { PdbFile } from './pdb.ts';
import { SOURCE_LINK_STREAM, urlBySourceLink } from './sourcelink.ts';
import { targetBySourceServer } from './srcsrv.ts';

const MAX_BYTES = 8 * 1024 * 1024;
const utf8 = new TextDecoder('utf-8');

function readText(stream: ByteSource): Found<string> {
  if (stream.size > MAX_BYTES) return notValid('list of sources', `${stream.size} bytes`, `at most ${MAX_BYTES}`);
  return mapFound(readExactly(stream, 0, stream.size), (bytes) => utf8.decode(bytes));
}

/** Only addresses that a browser opens as pages: a PDB may name anything. */
function webAddress(target: string): Found<string> {
  return /^https?:\/\/[^\s"<>\\^`{|}]+$/i.test(target)
    ? found(target)
    : notValid('address of a source file', target.slice(0, 200), 'one that begins with https');
}

/** The address of `file`, a path as lines of this PDB name it. May throw SourceError. */
export function sourceUrl(pdb: PdbFile, file: string): Found<string> {
  return thenFound(readNamedStreams(pdb), (names) => {
    const textOf = (name: string): Found<string> => thenFound(pdb.msf.stream(names.get(name) ?? -1), readText);
    const links = [...names.keys()].filter((name) => SOURCE_LINK_STREAM.test(name));
    const attempts = [
      ...links.map((name) => () => thenFound(textOf(name), (json) => urlBySourceLink(json, file))),
      ...(names.has('srcsrv') ? [() => thenFound(textOf('srcsrv'), (text) => targetBySourceServer(text, file))] : []),
    ];
    if (attempts.length === 0) return missing({ why: 'stream-absent', stream: 'source server or SourceLink' });
    return thenFound(firstFound(attempts), webAddress);
  });
}
