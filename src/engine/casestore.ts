/** The casebook in IndexedDB: facts of dumps and marks, a record each. What does not have today's form is left where it is and not shown. */
import { clear, createStore, delMany, entries, setMany, type UseStore } from 'idb-keyval';
import type { DumpFacts } from '../../workers/verdict/casebook/facts.ts';
import { checkDump, checkMark, checkPlacing } from '../../workers/verdict/casebook/file.ts';
import type { Placing } from '../../workers/verdict/casebook/groups.ts';
import type { Mark } from '../../workers/verdict/casebook/marks.ts';

export interface Kept {
  readonly dumps: readonly DumpFacts[];
  readonly marks: readonly Mark[];
  readonly placings: readonly Placing[];
}

const DUMP = 'dump:';
const MARK = 'mark:';
const PC = 'pc:';
/** Records checked between two breaths of the page. */
const SLICE = 64;

export class CaseStore {
  #store: UseStore | undefined;
  /** Why nothing can be kept here, in the browser's words; null while it can. */
  refused: string | null = null;

  async load(): Promise<Kept> {
    const all = await this.#try([], (store) => entries<string, unknown>(store));
    const dumps: DumpFacts[] = [];
    const marks: Mark[] = [];
    const placings: Placing[] = [];
    for (const [index, [key, value]] of all.entries()) {
      if (index % SLICE === SLICE - 1) await new Promise((done) => setTimeout(done));
      const dump = String(key).startsWith(DUMP) ? checkDump(value) : undefined;
      const mark = String(key).startsWith(MARK) ? checkMark(value) : undefined;
      const placing = String(key).startsWith(PC) ? checkPlacing(value) : undefined;
      if (dump) dumps.push(dump);
      if (mark) marks.push(mark);
      if (placing) placings.push(placing);
    }
    return { dumps, marks, placings };
  }
  put({ dumps, marks, placings }: Kept): Promise<void> {
    const records: [string, unknown][] = [
      ...dumps.map((one): [string, unknown] => [DUMP + one.id, one]),
      ...marks.map((one): [string, unknown] => [MARK + one.id, one]),
      ...placings.map((one): [string, unknown] => [PC + one.dump, one]),
    ];
    return this.#try(undefined, (store) => setMany(records, store));
  }
  /** Dumps go with what was said of their PC. */
  remove(dumps: readonly string[], marks: readonly string[]): Promise<void> {
    return this.#try(undefined, (store) => delMany([...dumps.flatMap((id) => [DUMP + id, PC + id]), ...marks.map((id) => MARK + id)], store));
  }
  forget(placed: readonly string[]): Promise<void> {
    return this.#try(undefined, (store) =>
      delMany(
        placed.map((dump) => PC + dump),
        store,
      ),
    );
  }
  clear(): Promise<void> {
    return this.#try(undefined, (store) => clear(store));
  }

  /** Private windows and full disks refuse: the casebook then lasts as long as the page. */
  async #try<T>(instead: T, work: (store: UseStore) => Promise<T>): Promise<T> {
    try {
      this.#store ??= createStore('faultline-casebook', 'records');
      const done = await work(this.#store);
      this.refused = null;
      return done;
    } catch (thrown) {
      if (!(thrown instanceof DOMException || thrown instanceof TypeError)) throw thrown;
      this.refused = `${thrown.name}: ${thrown.message}`;
      return instead;
    }
  }
}
