/** The analysis worker's end of the symbol worker: a port for the page to hand on, what is asked for, and word of what arrived. */
import { DEMAND, demandsOf } from '../../api/symboldemand.ts';
import { drive } from '../../base/job.ts';
import { AttachedSymbols, type Demand } from '../../symbols/attached.ts';
import type { WirePort } from '../../symbols/wire.ts';
import type { Session } from '../../target/target.ts';
import { blobBody } from './symbolstore.ts';

/** How long a new dump waits for names that are stored on this computer already; a download is not waited for. */
const AT_HAND_MS = 400;
const QUIET_MS = 60;
/** Arrivals within this time are told as one. */
const TOGETHER_MS = 250;
/** What has arrived lengthens the stack, which names further modules. */
const ROUNDS = 2;

export class Names {
  readonly symbols: AttachedSymbols;
  readonly #channel = new MessageChannel();
  readonly #breathe: () => Promise<void>;
  #handedOut = false;
  #told: () => void = () => undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastChange = 0;

  constructor(breathe: () => Promise<void>) {
    this.#breathe = breathe;
    this.symbols = new AttachedSymbols({
      // The wire names only what it needs of a port; the DOM types its handler more narrowly.
      port: this.#channel.port1 as unknown as WirePort,
      openFile: (handle, name) => {
        if (!(handle instanceof Blob)) throw new TypeError('a Blob was expected');
        return blobBody(handle, name).source;
      },
      onChange: ({ arrived }) => {
        this.#lastChange = performance.now();
        if (arrived) this.#tellSoon();
      },
    });
  }

  /** The end for the symbol worker; once. */
  takePort(): MessagePort {
    this.#handedOut = true;
    return this.#channel.port2;
  }
  onArrival(told: () => void): void {
    this.#told = told;
  }

  async prepare(session: Session, cancelled: () => boolean): Promise<void> {
    for (let round = 0; round < ROUNDS && this.#handedOut; round++) {
      const demands = await this.#demandsOf(session, cancelled);
      if (!demands) return;
      this.symbols.know(demands);
      this.symbols.ask(demands.filter((one) => one.demand < DEMAND.rest));
      if (!(await this.#waitForWhatIsAtHand())) return;
    }
  }

  /** True where something arrived. */
  async #waitForWhatIsAtHand(): Promise<boolean> {
    const before = this.symbols.revision;
    const started = performance.now();
    this.#lastChange = started;
    while (performance.now() - started < AT_HAND_MS) {
      await new Promise((done) => setTimeout(done, 20));
      const { greeted } = this.symbols;
      if (!greeted) this.#lastChange = performance.now();
      // Quiet for a while after its first word: what was at hand has come.
      if (greeted && performance.now() - this.#lastChange > QUIET_MS) break;
    }
    return this.symbols.revision !== before;
  }

  /** Nothing where it was cancelled. */
  async #demandsOf(session: Session, cancelled: () => boolean): Promise<readonly Demand[] | undefined> {
    const walked = await drive(session.crashStack(), { breathe: this.#breathe, cancelled });
    return walked.done ? demandsOf(session, walked.value.frames) : undefined;
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#told();
    }, TOGETHER_MS);
  }
}
