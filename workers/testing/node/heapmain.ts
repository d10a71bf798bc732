/**
 * A process of its own that opens one file and prints, as JSON, how much memory is alive while it does: run by tests and the bench
 * as `node --expose-gc --import tsx workers/testing/node/heapmain.ts FILE`. Live means: after a collection, over what Node and the
 * loader hold before the engine is loaded; blocks of the cache are counted in, so the engine alone holds less.
 */
import type { ByteSource } from '../../bytes/source.ts';

const collect = (globalThis as { gc?: () => void }).gc;
const [file = ''] = process.argv.slice(2);
if (!collect || file === '') throw new Error('wanted: node --expose-gc --import tsx heapmain.ts FILE');
const gc = collect;

function live(): number {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external; // external holds array buffers
}

const empty = live();
const { engineFor, CountedSource } = await import('./enginefor.ts');
const { FileSource } = await import('../../worlds/node/filesource.ts');
const loaded = live() - empty;

let peak = 0;
let breaths = 0;
const note = (): void => void (peak = Math.max(peak, live() - empty));
/** Looks at the heap now and then while a job runs. */
function breathe(): Promise<void> {
  if (breaths++ % 8 === 0) note();
  return Promise.resolve();
}

const below: ByteSource = new FileSource(file);
const source = new CountedSource(below);
const engine = engineFor(source, { breathe });
const first = await engine.open(new Uint8Array(0), 'measured.dmp');
const threads = await engine.threads(); // waits until the dump is open
note();
const opening = peak;
const openingBytes = source.bytesRead;
await engine.verdict();
const result = await engine.result();
const count = threads.ok ? threads.value.length : 0;
for (let index = 0; index < count; index++) await engine.stack(index);
for (const line of ['!analyze -v', 'lm', '~*k']) await engine.run(line);
note();
const cacheBytes = Math.min(source.bytesRead, 64 * 1024 * 1024);
console.log(
  JSON.stringify({ opened: first.ok && threads.ok && result.ok, loaded, opening, full: peak, openingBytes, bytesRead: source.bytesRead, cacheBytes }),
);
