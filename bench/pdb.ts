/** A PDB to a pack, and names out of the pack. Large ones are not in any corpus: FAULTLINE_PDB names one that lies on the disk. */
import { driveSync } from '../workers/base/job.ts';
import { BlockCache } from '../workers/bytes/blockcache.ts';
import { ArraySource, type ByteSource } from '../workers/bytes/source.ts';
import { packFromPdb } from '../workers/symbols/pack/frompdb.ts';
import { corpusBytes, corpusHas } from '../workers/testing/node/corpus.ts';
import { CountedSource } from '../workers/testing/node/enginefor.ts';
import { FileSource } from '../workers/worlds/node/filesource.ts';
import { MiB, ms, table, timed } from './measure.ts';

const PDBS = ['symbols/pdb/node-pty/prebuilds/win32-x64/conpty.pdb', 'symbols/pdb/own/x64-O2/demo.pdb'];

export function benchPdb(results: Record<string, unknown>): void {
  const held = PDBS.filter(corpusHas).map((path): readonly [string, ByteSource] => [path.split('/').at(-1) ?? path, new ArraySource(corpusBytes(path))]);
  const own = process.env['FAULTLINE_PDB'];
  const sources = own === undefined ? held : [...held, ['FAULTLINE_PDB', new FileSource(own)] as const];
  const rows = sources.map(([name, source]) => {
    let bytesRead = 0;
    const { value, timing } = timed(name === 'FAULTLINE_PDB' ? 1 : 5, () => {
      const counted = new CountedSource(source);
      const pack = driveSync(packFromPdb(new BlockCache(counted)));
      bytesRead = counted.bytesRead;
      return pack.ok;
    });
    results[`pack of ${name}`] = { sizeBytes: source.size, bytesRead, ...timing };
    return [name, MiB(source.size), ms(timing.medianMs), ms(timing.minMs), ms(timing.maxMs), MiB(bytesRead), value ? 'packed' : 'no pack'];
  });
  console.log(`\n${table(['PDB to a pack', 'MiB', 'median ms', 'min', 'max', 'MiB read', 'outcome'], rows)}`);
}
