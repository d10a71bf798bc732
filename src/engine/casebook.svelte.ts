/** The casebook: facts of many dumps, read by the pool or kept from before, and what they say together. */
import { drive } from '../../workers/base/job.ts';
import type { Problem, Reply } from '../../workers/base/problem.ts';
import { buildCasebook, type CaseGroup } from '../../workers/verdict/casebook/book.ts';
import type { DumpFacts, KeptDriver } from '../../workers/verdict/casebook/facts.ts';
import { type CasebookFile, type CheckedFile, checkCasebook, MAX_DUMPS, MAX_FILE_CHARS, writeCasebook } from '../../workers/verdict/casebook/file.ts';
import type { Mark } from '../../workers/verdict/casebook/marks.ts';
import { type CaseRow, unite } from './caserows.ts';
import { CaseStore } from './casestore.ts';
import { keptCount } from './kept.svelte.ts';
import { Pool } from './pool.ts';

/** Rows that come in are shown a few times a second: a table of a thousand rows is not drawn anew for each. */
const FLUSH_MS = 150;
const macrotask = (): Promise<void> => new Promise((done) => setTimeout(done));

class Casebook {
  rows = $state.raw<readonly CaseRow[]>([]);
  marks = $state.raw<readonly Mark[]>([]);
  groups = $state.raw<readonly CaseGroup[]>([]);
  reading = $state(false);
  /** Why the browser keeps nothing, or null. */
  refused = $state<string | null>(null);
  readonly #store = new CaseStore();
  readonly #interned = new Map<string, KeptDriver>();
  #pool: Pool | undefined;
  #rows: CaseRow[] = [];
  #flushing: ReturnType<typeof setTimeout> | undefined;
  #round = 0;
  #loaded: Promise<void> | undefined;

  get done(): number {
    return this.rows.filter(({ state }) => state === 'read' || state === 'failed').length;
  }
  get facts(): readonly DumpFacts[] {
    return this.rows.flatMap(({ facts }) => facts ?? []);
  }
  groupOf(dump: string): CaseGroup | undefined {
    return this.groups.find(({ dumps }) => dumps.some(({ id }) => id === dump));
  }

  /** What was kept before, once. */
  load(): Promise<void> {
    this.#loaded ??= this.#load();
    return this.#loaded;
  }
  async #load(): Promise<void> {
    const { dumps, marks } = await this.#store.load();
    this.marks = marks;
    this.#addFacts(dumps);
    await this.#settle();
  }

  /** Reads files, which stand at `from` and on among the files of this page. */
  async take(files: readonly File[], from: number, failed: readonly { readonly name: string; readonly problem: Problem }[]): Promise<void> {
    await this.load();
    const at = this.#rows.length;
    files.forEach((file, index) => this.#rows.push({ name: file.name, file: from + index, state: 'waiting', facts: null, problem: null }));
    for (const { name, problem } of failed) this.#rows.push({ name, file: null, state: 'failed', facts: null, problem });
    this.#flush();
    const pool = new Pool();
    this.#pool = pool;
    this.reading = true;
    // Rows keep their places until all are read: those of the same dump are put together at the end.
    await pool.run({ files, told: (index, answer) => this.#told(at + index, answer) });
    if (this.#pool !== pool) return;
    this.reading = false;
    this.#rows = unite(this.#rows).slice(0, MAX_DUMPS);
    await this.#settle();
    await this.#keep();
  }

  /** Ends the reading; what was read stays. */
  async cancel(): Promise<void> {
    this.#pool?.stop();
    this.#pool = undefined;
    this.reading = false;
    this.#rows = unite(this.#rows.filter(({ state }) => state === 'read' || state === 'failed'));
    await this.#settle();
    await this.#keep();
  }

  /** Facts of the one open dump. */
  async add(facts: DumpFacts, file: number): Promise<void> {
    await this.load();
    this.#rows = unite([...this.#rows, { name: facts.file, file, state: 'read', facts: this.#intern(facts), problem: null }]);
    await this.#settle();
    await this.#keep();
  }
  /** The group that a dump would belong to, without adding it. */
  async compare(facts: DumpFacts): Promise<CaseGroup | undefined> {
    await this.load();
    const book = await drive(buildCasebook([...this.facts.filter(({ id }) => id !== facts.id), facts], this.marks, Date.now()), { breathe: macrotask });
    return book.done ? book.value.find(({ dumps }) => dumps.some(({ id }) => id === facts.id)) : undefined;
  }

  async remove(ids: readonly string[]): Promise<void> {
    const gone = new Set(ids);
    const marks = this.marks.filter(({ dump }) => gone.has(dump));
    this.#rows = this.#rows.filter(({ facts }) => facts === null || !gone.has(facts.id));
    this.marks = this.marks.filter((mark) => !marks.includes(mark));
    await this.#store.remove(
      ids,
      marks.map(({ id }) => id),
    );
    await this.#settle();
    this.#tellKept();
  }
  async clear(): Promise<void> {
    this.#pool?.stop();
    this.#pool = undefined;
    this.reading = false;
    this.#rows = [];
    this.marks = [];
    this.#interned.clear();
    await this.#store.clear();
    await this.#settle();
    this.#tellKept();
  }

  async mark(mark: Mark): Promise<void> {
    this.marks = [...this.marks, mark];
    await this.#settle();
    await this.#keep();
  }
  async unmark(id: string): Promise<void> {
    this.marks = this.marks.filter((mark) => mark.id !== id);
    await this.#store.remove([], [id]);
    await this.#settle();
  }

  export(): string {
    return writeCasebook({ dumps: this.facts, marks: this.marks });
  }
  async import(file: File): Promise<CheckedFile> {
    if (file.size > MAX_FILE_CHARS) return { ok: false, why: 'too-large' };
    const checked = checkCasebook(await file.text());
    if (checked.ok) await this.#merge(checked.value);
    return checked;
  }
  async #merge({ dumps, marks }: CasebookFile): Promise<void> {
    await this.load();
    const known = new Set(this.marks.map(({ id }) => id));
    this.marks = [...this.marks, ...marks.filter(({ id }) => !known.has(id))];
    this.#addFacts(dumps);
    await this.#settle();
    await this.#keep();
  }

  #addFacts(dumps: readonly DumpFacts[]): void {
    const rows = dumps.map((one): CaseRow => ({ name: one.file, file: null, state: 'read', facts: this.#intern(one), problem: null }));
    this.#rows = unite([...this.#rows, ...rows]).slice(0, MAX_DUMPS);
  }

  #told(at: number, answer: Reply<DumpFacts> | undefined): void {
    const row = this.#rows[at];
    if (!row) return;
    if (!answer) this.#rows[at] = { ...row, state: 'reading' };
    else if (answer.ok) this.#rows[at] = { ...row, state: 'read', facts: this.#intern(answer.value) };
    else this.#rows[at] = { ...row, state: 'failed', problem: answer.problem };
    this.#flushing ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }
  #flush(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    this.rows = [...this.#rows];
  }

  /** Shows the rows as they are and judges anew; an older judging that still runs ends. */
  async #settle(): Promise<void> {
    this.#flush();
    const round = ++this.#round;
    const book = await drive(buildCasebook(this.facts, this.marks, Date.now()), { breathe: macrotask, cancelled: () => round !== this.#round });
    if (book.done) this.groups = book.value;
  }

  async #keep(): Promise<void> {
    await this.#store.put({ dumps: this.facts, marks: this.marks });
    this.#tellKept();
  }
  #tellKept(): void {
    this.refused = this.#store.refused;
    keptCount.set(this.#store.refused === null ? this.facts.length : 0);
  }

  /** A thousand dumps of one PC name the same drivers: each name is held once. */
  #intern(facts: DumpFacts): DumpFacts {
    const drivers = facts.drivers.map((driver) => {
      const key = `${driver.name}|${String(driver.timestamp)}|${driver.version ?? ''}|${driver.maker ?? ''}`;
      const known = this.#interned.get(key) ?? driver;
      this.#interned.set(key, known);
      return known;
    });
    return { ...facts, drivers };
  }
}

export const casebook = new Casebook();
