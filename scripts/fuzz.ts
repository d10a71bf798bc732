/**
 * `npm run fuzz [-- --count N] [--seed S] [--only TEXT]`: damages every built fixture and every file of the corpus, a thousand
 * times each, and runs the readers over them. Prints what a reader did wrong with the seed and number that make it again.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createDecoder } from '../workers/code/createdecoder.ts';
import { loadLayouts } from '../workers/types/layouts/load.ts';
import { loadKnowledge } from '../workers/knowledge/load.ts';
import { fixtures } from '../workers/testing/build/fixtures.ts';
import { type Failure, type Parser, check } from '../workers/testing/fuzz/check.ts';
import { type Damaged, cuts, mutations } from '../workers/testing/fuzz/mutations.ts';
import { parsers } from '../workers/testing/fuzz/parsers.ts';
import { corpusRoot, hasCorpus } from '../workers/testing/node/corpus.ts';
import { decoderModule } from '../workers/worlds/node/wasm.ts';

function option(name: string, otherwise: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise);
}

const count = Number(option('count', '1000'));
const seed = Number(option('seed', '1'));
const only = option('only', '');
/** A damaged copy of a large file costs more to make than it finds. */
const LARGEST = 16 * 1024 * 1024;

/** Time of this process on a processor: what others do on the machine does not count. */
const clock = {
  now: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  memory: () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  },
};

function* corpusFiles(): Generator<{ readonly name: string; readonly bytes: Uint8Array }> {
  if (!hasCorpus) return;
  for (const entry of readdirSync(corpusRoot, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || /\.(json|md|txt|ya?ml)(\.gz)?$/i.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const name = relative(corpusRoot, path);
    if (!name.includes(only)) continue;
    const packed = new Uint8Array(readFileSync(path));
    yield { name, bytes: packed };
    if (name.endsWith('.gz')) yield { name: name.slice(0, -3), bytes: new Uint8Array(gunzipSync(packed)) };
  }
}

function* damage(bytes: Uint8Array): Generator<Damaged> {
  yield { label: 'as it is', bytes };
  yield* cuts(bytes, 64);
  yield* mutations(bytes, seed, count);
}

function fuzzFile(name: string, bytes: Uint8Array, all: readonly Parser[]): { readonly runs: number; readonly failures: Failure[] } {
  const failures: Failure[] = [];
  let runs = 0;
  for (const parser of all.filter((each) => each.accepts(bytes))) {
    for (const damaged of damage(bytes)) {
      runs++;
      const failure = check(parser, damaged, name, clock);
      if (!failure) continue;
      failures.push(failure);
      console.log(`FAILED ${name} (${failure.parser}) ${failure.label}\n  ${failure.why.split('\n').slice(0, 6).join('\n  ')}`);
    }
  }
  return { runs, failures };
}

const all = parsers({ decoder: createDecoder(decoderModule()), knowledge: await loadKnowledge(), layouts: await loadLayouts('x64') });
let [runs, failed, files] = [0, 0, 0];
function* everything(): Generator<{ readonly name: string; readonly bytes: Uint8Array }> {
  for (const fixture of fixtures()) if (fixture.name.includes(only)) yield { name: fixture.name, bytes: fixture.bytes() };
  yield* corpusFiles();
}
for (const { name, bytes } of everything()) {
  if (bytes.length > LARGEST) {
    console.log(`SKIPPED ${name}: ${bytes.length} bytes`);
    continue;
  }
  const started = performance.now();
  const result = fuzzFile(name, bytes, all);
  if (result.runs === 0) continue;
  files++;
  runs += result.runs;
  failed += result.failures.length;
  console.log(`${name}: ${result.runs} runs, ${result.failures.length} failed, ${Math.round(performance.now() - started)} ms`);
}
console.log(`\nfuzz: seed ${seed}, ${files} files, ${runs - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
