/** A worker with an open dump in it, spoken to over Comlink. */
import * as Comlink from 'comlink';
import type { OnProgress } from '../../workers/api/analysis.ts';
import { refuse, type Reply } from '../../workers/base/problem.ts';
import analysisUrl from '../../workers/entry/analysis.ts?worker&url';
import type { AnalysisWorker } from '../../workers/worlds/browser/analysisworld.ts';
import { trustedScript } from './trusted.ts';

type Remote = Comlink.Remote<AnalysisWorker>;

/** How long a cancelled job may take to end before its worker is replaced. */
const CANCEL_PATIENCE_MS = 2000;

function startWorker(): Worker {
  return new Worker(trustedScript(analysisUrl), { type: 'module', name: 'analysis' });
}

/** A worker started before there is a file for it; the next Engine takes it. */
let spare: Worker | undefined;

/** Starts a worker ahead of need, so that the first facts do not wait for its code and tables. */
export function warmUp(): void {
  if (spare) return;
  const worker = startWorker();
  spare = worker;
  // One that broke meanwhile is not handed out: the next Engine starts its own and tells of the error itself.
  worker.addEventListener('error', () => (spare = spare === worker ? undefined : spare));
}

export class Engine {
  readonly #worker: Worker;
  readonly #remote: Remote;
  /** Settles when the worker broke or was ended: a call must not wait for it for ever. */
  readonly #broken: Promise<Reply<never>>;
  #end: (why: Reply<never>) => void = () => undefined;
  #running = 0;
  #ended = false;

  constructor() {
    this.#broken = new Promise((settle) => (this.#end = settle));
    this.#worker = spare ?? startWorker();
    spare = undefined;
    this.#worker.addEventListener('error', (event) => this.#end(refuse('DEFECT', event.message || 'the analysis worker could not be started')));
    this.#remote = Comlink.wrap<AnalysisWorker>(this.#worker);
  }

  /** Asks the worker; whatever happens, the answer is a Reply. */
  async ask<T>(question: (api: Remote) => Promise<Reply<T>>): Promise<Reply<T>> {
    this.#running += 1;
    try {
      return await Promise.race([question(this.#remote), this.#broken]);
    } catch (thrown) {
      return refuse('DEFECT', thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown));
    } finally {
      this.#running -= 1;
    }
  }

  /** Joins the worker to the symbol worker; `told` is called when names have arrived. */
  async join(attach: (port: MessagePort) => Promise<void>, told: () => void): Promise<void> {
    await attach((await this.#remote.symbolPort()) as MessagePort);
    await this.#remote.onNames(Comlink.proxy(told));
  }
  askForNames(force: boolean): Promise<void> {
    return this.#remote.askForNames(force);
  }

  /** Asks the running job to end. False where it did not within the time: then the worker must be replaced. */
  async cancel(): Promise<boolean> {
    if (this.#running === 0) return true;
    const waited = new Promise<false>((settle) => setTimeout(() => settle(false), CANCEL_PATIENCE_MS));
    return Promise.race([this.#remote.cancel().then(() => true as const), waited]);
  }

  /** May be called twice: by whoever stops the work, and by whoever waited for it. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end(refuse('CANCELLED', 'the analysis was ended'));
    this.#remote[Comlink.releaseProxy]();
    this.#worker.terminate();
  }
}

/** Lets the worker call back; the worker releases it after the job. */
export function progressPort(onProgress: OnProgress): OnProgress {
  return Comlink.proxy(onProgress);
}
