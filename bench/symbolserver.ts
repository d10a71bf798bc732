/** Time until a stack has its names, and the bytes that came, when each answer of the symbol server takes seconds as Microsoft's does. */
import { driveSync } from '../workers/base/job.ts';
import { ArraySource } from '../workers/bytes/source.ts';
import { createDecoder } from '../workers/code/createdecoder.ts';
import type { Knowledge } from '../workers/knowledge/knowledge.ts';
import { openTarget } from '../workers/target/open.ts';
import { createSession } from '../workers/target/session.ts';
import { corpusBytes, corpusHas, corpusRoot } from '../workers/testing/node/corpus.ts';
import { judge } from '../workers/verdict/judge.ts';
import { NodeSymbols } from '../workers/worlds/node/symbolworld.ts';
import { decoderModule } from '../workers/worlds/node/wasm.ts';
import { createLoopbackStore } from '../scripts/server/testing/loopbackstore.mjs';
import { join } from 'node:path';
import { MiB, ms, table } from './measure.ts';

const DUMP = 'kernel/rizin-x64-7e-amdppm.dmp';
const STORES = ['microsoft/store', 'types/synth/store'].map((folder) => join(corpusRoot, 'symbols', folder));
const DELAY_MS = 2500;

export async function benchSymbolServer(results: Record<string, unknown>, knowledge: Knowledge): Promise<void> {
  if (!corpusHas(DUMP)) return console.log('\ntime to names: no corpus, left out');
  const store = createLoopbackStore({ folders: STORES, delayMs: DELAY_MS });
  const server = await store.start();
  try {
    const symbols = new NodeSymbols({ folders: [], server });
    const target = driveSync(openTarget(new ArraySource(corpusBytes(DUMP), DUMP)));
    if (!target.ok) return console.log(`\ntime to names: ${target.problem.code}`);
    const session = createSession({ target: target.value, symbols: symbols.provider, decoder: createDecoder(decoderModule()), knowledge });
    const started = performance.now();
    await symbols.prepare(session);
    const verdict = driveSync(judge(session));
    const took = performance.now() - started;
    const named = driveSync(session.crashStack()).frames.filter((frame) => frame.symbol.ok).length;
    const figures = { delayMs: DELAY_MS, requests: store.seen.length, bytes: store.sentBytes(), millis: took, framesNamed: named, verdict: verdict.sureness };
    results['names from a slow server'] = figures;
    const row = [DUMP, ms(took), String(figures.requests), MiB(figures.bytes), String(named)];
    console.log(`\n${table([`names and verdict, ${DELAY_MS} ms an answer`, 'ms', 'requests', 'MiB', 'frames named'], [row])}`);
  } finally {
    await store.stop();
  }
}
