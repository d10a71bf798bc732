/** The engine of the command line over bytes in memory: no symbols, no network, its source counted. */
import { createHash } from 'node:crypto';
import { found } from '../../base/found.ts';
import { reply } from '../../base/problem.ts';
import { type Engine, createEngine, notHashed } from '../../api/engine.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { createDecoder } from '../../code/createdecoder.ts';
import { loadKnowledge } from '../../knowledge/load.ts';
import { NodeSymbols } from '../../worlds/node/symbolworld.ts';
import { decoderModule } from '../../worlds/node/wasm.ts';

/** As of the command line without --hash. */
const HASH_LIMIT = 64 * 1024 * 1024;
const decoder = createDecoder(decoderModule());

/** Counts what the engine asks of a file, below its cache. */
export class CountedSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  bytesRead = 0;
  reads = 0;
  readonly #below: ByteSource;
  constructor(below: ByteSource) {
    this.#below = below;
    this.name = below.name;
    this.size = below.size;
  }
  readBlock(offset: number, length: number): Uint8Array {
    const bytes = this.#below.readBlock(offset, length);
    this.reads += 1;
    this.bytesRead += bytes.length;
    return bytes;
  }
}

export interface EngineOptions {
  readonly breathe?: () => Promise<void>;
  /** Held back until this is done: what comes after the first facts. */
  readonly after?: Promise<void>;
}

export function engineFor(source: ByteSource, options: EngineOptions = {}): Engine {
  const symbols = new NodeSymbols({ folders: [], server: undefined });
  return createEngine({
    openSource: () => reply(source),
    decoder: async () => {
      await options.after;
      return decoder;
    },
    knowledge: loadKnowledge,
    symbols: symbols.provider,
    symbolControl: symbols.provider,
    prepare: () => Promise.resolve(),
    breathe: options.breathe ?? (() => Promise.resolve()),
    now: () => performance.now(),
    sha256: (whole) => Promise.resolve(whole.size > HASH_LIMIT ? notHashed : found(createHash('sha256').update(whole.readBlock(0, whole.size)).digest('hex'))),
    version: '0.0.0-test',
  });
}
