/** The analysis in a browser worker: files by FileReaderSync, wasm asked for before the network is given up. */
import * as Comlink from 'comlink';
import { version } from '../../../package.json';
import type { AnalysisApi, DumpFile, OnProgress } from '../../api/analysis.ts';
import { createEngine, notHashed } from '../../api/engine.ts';
import { type Found, found } from '../../base/found.ts';
import { hexDigits } from '../../base/hex.ts';
import { type Reply, refuse, reply } from '../../base/problem.ts';
import { ArraySource, type ByteSource } from '../../bytes/source.ts';
import { createDecoder } from '../../code/createdecoder.ts';
import { loadKnowledge } from '../../knowledge/load.ts';
import { FileSource } from './file.ts';
import { Names } from './names.ts';
import { sealNetwork } from './sealed.ts';
import { type Unpacked, unpackArchive } from './unpack.ts';
import { decoderModule } from './wasm.ts';

/** What the worker offers beside the analysis: its end of the road to the symbol worker. */
export interface AnalysisWorker extends AnalysisApi {
  symbolPort(): MessagePort;
  /** Called when names have arrived, until the next call. */
  onNames(told: () => void): void;
  /** Asks for the names of every module; with `force` also for what failed before. */
  askForNames(force: boolean): void;
  /** The dumps inside an archive; `owner` names the page that keeps them. */
  unpack(file: Blob, name: string, owner: string, onProgress: OnProgress): Promise<Reply<Unpacked>>;
}

const HASH_LIMIT = 64 * 1024 * 1024;

function openSource(file: DumpFile | Uint8Array, name: string): Reply<ByteSource> {
  if (file instanceof Uint8Array) return reply(new ArraySource(file, name));
  if (!(file instanceof Blob)) return refuse('READ_DENIED', 'what was handed over is no file');
  const source = new FileSource(file, name);
  source.checkEmpty();
  return reply(source);
}

/** A macrotask without the four milliseconds that nested timers are made to wait. */
function breather(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise((done) => {
      waiting.push(done);
      port2.postMessage(null);
    });
}

async function sha256(source: ByteSource): Promise<Found<string>> {
  if (source.size > HASH_LIMIT || !('subtle' in crypto)) return notHashed;
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(source.readBlock(0, source.size)));
  return found([...new Uint8Array(digest)].map((byte) => hexDigits(byte, 2)).join(''));
}

export function createAnalysisWorker(): AnalysisWorker {
  // Asked for now, since the network goes next; a first look at a dump does not wait for it.
  const wasm = decoderModule().catch((thrown: unknown) => {
    console.warn('The disassembler could not be loaded:', thrown);
    return undefined;
  });
  sealNetwork();
  // Read ahead of the first dump; what fails here is told when a dump asks for it.
  loadKnowledge().catch(() => undefined);
  const breathe = breather();
  const names = new Names(breathe);
  const engine = createEngine({
    openSource,
    decoder: async () => createDecoder(await wasm),
    knowledge: loadKnowledge,
    symbols: names.symbols,
    symbolControl: names.symbols,
    prepare: (session, cancelled) => names.prepare(session, cancelled),
    breathe,
    now: () => performance.now(),
    sha256,
    version,
  });
  return Object.assign(engine, {
    symbolPort: (): MessagePort => {
      const port = names.takePort();
      return Comlink.transfer(port, [port]);
    },
    onNames: (told: () => void): void => names.onArrival(told),
    unpack: (file: Blob, name: string, owner: string, onProgress: OnProgress): Promise<Reply<Unpacked>> =>
      unpackArchive(file, name, {
        owner,
        breathe,
        onStep: (step) => 'progress' in step && onProgress({ what: step.progress, done: step.done, of: step.of }),
      }),
    askForNames: (force: boolean): void => names.symbols.request([], force),
  });
}
