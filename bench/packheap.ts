/** A process of its own: packs the PDB that it is given and prints the most memory that was live while it did so. */
import { packFromPdb } from '../workers/symbols/pack/frompdb.ts';
import { BlockCache } from '../workers/bytes/blockcache.ts';
import { FileSource } from '../workers/worlds/node/filesource.ts';

const CACHED_BLOCKS = 64;
const STEPS_A_LOOK = 16;
const live = (): number => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

const before = live();
let peak = before;
const job = packFromPdb(new BlockCache(new FileSource(process.argv[2] ?? ''), CACHED_BLOCKS));
for (let steps = 0; ; steps++) {
  const step = job.next();
  if (steps % STEPS_A_LOOK === 0 || step.done) peak = Math.max(peak, live());
  if (step.done) break;
}
console.log(JSON.stringify({ before, peak }));
