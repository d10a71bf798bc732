/** A file of the corpus as an opened session, without symbols. */
import { driveSync } from '../../base/job.ts';
import { ArraySource } from '../../bytes/source.ts';
import { createDecoder } from '../../code/createdecoder.ts';
import { loadKnowledge } from '../../knowledge/load.ts';
import { NO_SYMBOLS } from '../../symbols/provider.ts';
import { openTarget } from '../../target/open.ts';
import { createSession } from '../../target/session.ts';
import type { Session } from '../../target/target.ts';
import { loadLayouts } from '../../types/layouts/load.ts';
import { decoderModule } from '../../worlds/node/wasm.ts';
import { corpusBytes } from './corpus.ts';

const knowledge = await loadKnowledge();
const layouts = await loadLayouts('x64');
const decoder = createDecoder(decoderModule());

export const corpusSession = (path: string): Session => sessionOfBytes(corpusBytes(path), path);

export function sessionOfBytes(bytes: Uint8Array, name: string): Session {
  const opened = driveSync(openTarget(new ArraySource(bytes, name)));
  if (!opened.ok) throw new Error(`${name}: ${opened.problem.code}`);
  return createSession({ target: opened.value, symbols: NO_SYMBOLS, decoder, knowledge, layouts });
}
