/** Sessions over real bytes: the public sample, built minidumps, corpus files. No symbols but what a test hands in. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { driveSync } from '../../base/job.ts';
import { ArraySource } from '../../bytes/source.ts';
import { createDecoder } from '../../code/createdecoder.ts';
import { loadKnowledge } from '../../knowledge/load.ts';
import { NO_SYMBOLS } from '../../symbols/provider.ts';
import { openTarget } from '../../target/open.ts';
import { createSession } from '../../target/session.ts';
import type { Session } from '../../target/target.ts';
import { decoderModule } from '../../worlds/node/wasm.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
export const sampleBytes = (): Uint8Array => new Uint8Array(readFileSync(join(root, 'public', 'sample.dmp')));
const knowledge = await loadKnowledge();

export function sessionOf(bytes: Uint8Array, name: string): Session {
  const opened = driveSync(openTarget(new ArraySource(bytes, name)));
  if (!opened.ok) throw new Error(`${name}: ${opened.problem.code} ${opened.problem.detail}`);
  return createSession({ target: opened.value, symbols: NO_SYMBOLS, decoder: createDecoder(decoderModule()), knowledge });
}
