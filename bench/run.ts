/** `npm run bench`: figures of the engine in Node, then of the page in a browser. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { driveSync } from '../workers/base/job.ts';
import { BlockCache } from '../workers/bytes/blockcache.ts';
import { ArraySource, type ByteSource } from '../workers/bytes/source.ts';
import { createDecoder } from '../workers/code/createdecoder.ts';
import { loadKnowledge } from '../workers/knowledge/load.ts';
import type { Knowledge } from '../workers/knowledge/knowledge.ts';
import { NO_SYMBOLS } from '../workers/symbols/provider.ts';
import { openTarget, readFirst } from '../workers/target/open.ts';
import { createSession } from '../workers/target/session.ts';
import { corpusBytes, corpusHas, corpusList, corpusRoot } from '../workers/testing/node/corpus.ts';
import { judge } from '../workers/verdict/judge.ts';
import { FileSource } from '../workers/worlds/node/filesource.ts';
import { decoderModule } from '../workers/worlds/node/wasm.ts';
import { writeSparse } from '../workers/testing/node/sparsefile.ts';
import { benchBrowser } from './browser.ts';
import { benchCasebook } from './casebook.ts';
import { LARGE_FIXTURES } from './fixtures/large.ts';
import { benchHeap } from './heap.ts';
import { MiB, ms, table, timed } from './measure.ts';
import { benchPdb } from './pdb.ts';
import { lowerRatchet } from './ratchet.ts';
import { benchSymbolServer } from './symbolserver.ts';

const RESULTS = join(dirname(fileURLToPath(import.meta.url)), 'results.json');
const RUNS = 5;
const decoder = createDecoder(decoderModule());
const results: Record<string, unknown> = {};

interface OpenFigures {
  readonly firstBytes: number;
  readonly allBytes: number;
  readonly outcome: string;
}

/** Header, target, stack and verdict without symbols, with the bytes that each took. */
function openAndJudge(source: ByteSource, knowledge: Knowledge): OpenFigures {
  const cache = new BlockCache(source);
  readFirst(cache);
  const firstBytes = cache.counters.bytesRead;
  const target = driveSync(openTarget(cache));
  if (!target.ok) return { firstBytes, allBytes: cache.counters.bytesRead, outcome: target.problem.code };
  const session = createSession({ target: target.value, symbols: NO_SYMBOLS, decoder, knowledge });
  const verdict = driveSync(judge(session));
  return { firstBytes, allBytes: cache.counters.bytesRead, outcome: `${verdict.sureness} ${verdict.cause}` };
}

function benchOpen(name: string, source: ByteSource, knowledge: Knowledge): readonly string[] {
  const { value, timing } = timed(RUNS, () => openAndJudge(source, knowledge));
  results[name] = { sizeBytes: source.size, bytesToFacts: value.firstBytes, bytesToVerdict: value.allBytes, ...timing };
  return [name, MiB(source.size), ms(timing.medianMs), ms(timing.minMs), ms(timing.maxMs), MiB(value.firstBytes), MiB(value.allBytes), value.outcome];
}

const OPEN_HEADINGS = ['open + verdict, without symbols', 'MiB', 'median ms', 'min', 'max', 'MiB read: facts', 'all', 'outcome'];

function benchCorpus(knowledge: Knowledge): void {
  const rows = ['kernel', 'user'].flatMap((folder) =>
    corpusList(folder)
      .filter((name) => name.endsWith('.dmp') && corpusHas(`${folder}/${name}`))
      .map((name) => benchOpen(name, new ArraySource(corpusBytes(`${folder}/${name}`), name), knowledge)),
  );
  console.log(`\n${table(OPEN_HEADINGS, rows)}`);
}

const SPARSE: readonly (readonly string[])[] = [
  ['full64', '8G'],
  ['bmp64', '8G'],
  ['bmpkernel64', '4G'],
  ['full64', '64G'],
  ['mdmp', '16G', '--ranges', '200000'],
];

function benchSparse(knowledge: Knowledge): void {
  const tool = join(corpusRoot, '..', 'tools', 'sparsedump', 'sparsedump.mjs');
  if (!existsSync(tool)) return console.log('\nsparse dumps: the tool that makes them is not here, left out');
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const rows: (readonly string[])[] = [];
  try {
    for (const [kind = '', size = '', ...more] of SPARSE) {
      const file = join(folder, `${kind}-${size}.dmp`);
      const made = spawnSync(process.execPath, [tool, kind, file, size, ...more], { encoding: 'utf8' });
      if (made.status !== 0) {
        rows.push([`${kind} ${size}`, '', '', '', '', '', '', 'not made']);
        continue;
      }
      const source = new FileSource(file);
      rows.push(benchOpen(`${kind} ${size}`, source, knowledge));
      source.close();
      rmSync(file);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`\n${table(OPEN_HEADINGS, rows)}`);
}

/** Built dumps, which have modules, a stack and a fault to find; written as sparse files, read as files. */
function benchBuilt(knowledge: Knowledge): void {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const rows = LARGE_FIXTURES.map(({ name, plan }) => {
      const file = join(folder, 'built.dmp');
      writeSparse(plan(), file);
      const source = new FileSource(file);
      const row = benchOpen(name, source, knowledge);
      source.close();
      return row;
    });
    console.log(`\n${table(OPEN_HEADINGS, rows)}`);
    const heaps = LARGE_FIXTURES.map(({ name, plan }, index) => {
      const file = join(folder, `heap${index}.dmp`);
      writeSparse(plan(), file);
      return [name, file] as const;
    });
    benchHeap(heaps, results);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function benchCache(): void {
  const source = new ArraySource(new Uint8Array(32 * 1024 * 1024));
  const { timing } = timed(RUNS, () => {
    const cache = new BlockCache(source);
    let sum = 0;
    for (let read = 0; read < 2_000_000; read++) sum += cache.readBlock((read * 4) % (source.size - 4), 4)[0] ?? 0;
    return sum;
  });
  results['2 million cached 4-byte reads'] = timing;
  console.log(`\n2 million cached 4-byte reads: ${ms(timing.medianMs)} ms (${ms(timing.minMs)} to ${ms(timing.maxMs)})`);
}

const knowledge = await loadKnowledge();
const PARTS: readonly (readonly [name: string, run: () => void | Promise<void>])[] = [
  ['cache', benchCache],
  ['corpus', () => benchCorpus(knowledge)],
  ['sparse', () => benchSparse(knowledge)],
  ['built', () => benchBuilt(knowledge)],
  ['pdb', () => benchPdb(results)],
  ['server', () => benchSymbolServer(results, knowledge)],
  ['browser', () => benchBrowser(results)],
  ['casebook', () => benchCasebook(results)],
];
/** `-- pdb server`: these parts only; the figures of the others stay as they are. */
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'));
if (wanted.length > 0 && existsSync(RESULTS)) Object.assign(results, JSON.parse(readFileSync(RESULTS, 'utf8')));
for (const [name, run] of PARTS) if (wanted.length === 0 || wanted.includes(name)) await run();
writeFileSync(RESULTS, `${JSON.stringify(results, null, 1)}\n`);
if (process.argv.includes('--ratchet')) for (const line of await lowerRatchet()) console.log(`rose, and stays as it was: ${line}`);
