/** The casebook: facts of many dumps, read by the pool or kept from before, and what they say together. */
import { drive } from '../../workers/base/job.ts';
import type { Problem, Reply } from '../../workers/base/problem.ts';
import { buildCasebook, type CaseGroup } from '../../workers/verdict/casebook/book.ts';
import type { DumpFacts } from '../../workers/verdict/casebook/facts.ts';
import { type CasebookFile, type CheckedFile, checkCasebook, MAX_DUMPS, MAX_FILE_CHARS, writeCasebook } from '../../workers/verdict/casebook/file.ts';
import type { Placing } from '../../workers/verdict/casebook/groups.ts';
import type { Mark } from '../../workers/verdict/casebook/marks.ts';
import { type CaseRow, unite, uniteMarks } from './caserows.ts';
import { CaseStore } from './casestore.ts';
import { DriverPool } from './driverpool.ts';
import { keptCount } from './kept.svelte.ts';
import { Pool } from './pool.ts';

/** Rows that come in are shown a few times a second: a table of a thousand rows is not drawn anew for each. */
const FLUSH_MS = 150;
const JUDGE_MS = 2000;
const macrotask = (): Promise<void> => new Promise((done) => setTimeout(done));

class Casebook {
  rows = $state.raw<readonly CaseRow[]>([]);
  marks = $state.raw<readonly Mark[]>([]);
  placings = $state.raw<readonly Placing[]>([]);
  groups = $state.raw<readonly CaseGroup[]>([]);
  reading = $state(false);
  /** Dumps that found no room. */
  leftOut = $state(0);
  /** Why the browser keeps nothing, or null. */
  refused = $state<string | null>(null);
  readonly #store = new CaseStore();
  readonly #drivers = new DriverPool();
  readonly #stored = new WeakSet<DumpFacts | Mark | Placing>();
  readonly #pools = new Set<Pool>();
  #rows: readonly CaseRow[] = [];
  #key = 0;
  #flushing: ReturnType<typeof setTimeout> | undefined;
  #round = 0;
  #judgedAt = 0;
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
    const { dumps, marks, placings } = await this.#store.load();
    this.marks = marks;
    this.placings = placings;
    this.#addFacts(dumps);
    await this.#settle();
    for (const one of [...this.facts, ...marks, ...placings]) this.#stored.add(one);
    this.#tellKept();
  }

  /** Reads files, which stand at `from` and on among the files of this page. */
  async take(files: readonly File[], from: number, failed: readonly { readonly name: string; readonly problem: Problem }[]): Promise<void> {
    await this.load();
    const waiting = files.map((file, index): CaseRow => ({ ...this.#row(file.name, from + index), state: 'waiting' }));
    const broken = failed.map(({ name, problem }): CaseRow => ({ ...this.#row(name, null), state: 'failed', problem }));
    this.#rows = [...this.#rows, ...waiting, ...broken];
    this.#flush();
    const pool = new Pool();
    this.#pools.add(pool);
    this.reading = true;
    await pool.run({ files, told: (index, answer) => this.#told(waiting[index]?.key, answer) });
    // A reading that was cancelled has been seen to.
    if (this.#pools.delete(pool)) await this.#read(this.#rows);
  }
  async #read(rows: readonly CaseRow[]): Promise<void> {
    this.reading = this.#pools.size > 0;
    this.#unite(rows);
    await this.#settle();
    await this.#keep();
  }
  #unite(rows: readonly CaseRow[]): void {
    const united = unite(rows);
    this.leftOut = Math.max(0, united.length - MAX_DUMPS);
    this.#rows = united.slice(0, MAX_DUMPS);
  }
  #row(name: string, file: number | null): CaseRow {
    return { key: ++this.#key, name, file, state: 'read', facts: null, problem: null };
  }
  #stop(): void {
    for (const pool of this.#pools) pool.stop();
    this.#pools.clear();
    this.reading = false;
  }

  /** Ends the reading; what was read stays. */
  async cancel(): Promise<void> {
    this.#stop();
    await this.#read(this.#rows.filter(({ state }) => state === 'read' || state === 'failed'));
  }

  /** Facts of the one open dump. */
  async add(facts: DumpFacts, file: number): Promise<void> {
    await this.load();
    await this.#read([...this.#rows, { ...this.#row(facts.file, file), facts: this.#drivers.share(facts) }]);
  }
  /** The group that a dump would belong to, without adding it. */
  async compare(facts: DumpFacts): Promise<CaseGroup | undefined> {
    await this.load();
    const book = await drive(buildCasebook([...this.facts.filter(({ id }) => id !== facts.id), facts], this.marks, Date.now(), this.placings), {
      breathe: macrotask,
    });
    return book.done ? book.value.find(({ dumps }) => dumps.some(({ id }) => id === facts.id)) : undefined;
  }

  /** Marks of a dump that goes pass to another of its group. */
  async remove(ids: readonly string[]): Promise<void> {
    const gone = new Set(ids);
    const moved = this.marks.map((mark) => (gone.has(mark.dump) ? { ...mark, dump: this.#heir(mark.dump, gone) } : mark));
    const lost = moved.filter(({ dump }) => gone.has(dump)).map(({ id }) => id);
    this.marks = moved.filter(({ id }) => !lost.includes(id));
    this.placings = this.placings.filter(({ dump }) => !gone.has(dump));
    this.#rows = this.#rows.filter(({ facts }) => facts === null || !gone.has(facts.id));
    await this.#store.remove(ids, lost);
    await this.#settle();
    await this.#keep();
  }
  #heir(dump: string, gone: ReadonlySet<string>): string {
    return this.groupOf(dump)?.dumps.find(({ id }) => !gone.has(id))?.id ?? dump;
  }
  async clear(): Promise<void> {
    this.#stop();
    this.#rows = [];
    this.marks = [];
    this.placings = [];
    this.#drivers.clear();
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

  /** Says of which PC dumps are; an empty name leaves it to their drivers again. */
  async placeAt(dumps: readonly string[], pc: string): Promise<void> {
    this.placings = [...this.placings.filter(({ dump }) => !dumps.includes(dump)), ...(pc === '' ? [] : dumps.map((dump) => ({ dump, pc })))];
    if (pc === '') await this.#store.forget(dumps);
    await this.#settle();
    await this.#keep();
  }

  export(): string {
    return writeCasebook({ dumps: this.facts, marks: this.marks, placings: this.placings });
  }
  async import(file: File): Promise<CheckedFile> {
    if (file.size > MAX_FILE_CHARS) return { ok: false, why: 'too-large' };
    const checked = checkCasebook(await file.text());
    if (checked.ok) await this.#merge(checked.value);
    return checked;
  }
  async #merge({ dumps, marks, placings }: CasebookFile): Promise<void> {
    await this.load();
    this.marks = uniteMarks([...this.marks, ...marks]);
    const placed = new Set(this.placings.map(({ dump }) => dump));
    this.placings = [...this.placings, ...placings.filter(({ dump }) => !placed.has(dump))];
    this.#addFacts(dumps);
    await this.#settle();
    await this.#keep();
  }

  #addFacts(dumps: readonly DumpFacts[]): void {
    const rows = dumps.map((one): CaseRow => ({ ...this.#row(one.file, null), facts: this.#drivers.share(one) }));
    this.#unite([...this.#rows, ...rows]);
  }

  #told(key: number | undefined, answer: Reply<DumpFacts> | undefined): void {
    const change: Partial<CaseRow> = !answer
      ? { state: 'reading' }
      : answer.ok
        ? { state: 'read', facts: this.#drivers.share(answer.value) }
        : { state: 'failed', problem: answer.problem };
    this.#rows = this.#rows.map((row) => (row.key === key ? { ...row, ...change } : row));
    this.#flushing ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }
  #flush(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    this.rows = this.#rows;
    // While much is read, groups follow the rows at their own pace.
    if (this.reading && performance.now() - this.#judgedAt > JUDGE_MS) void this.#judge();
  }

  #settle(): Promise<void> {
    this.#flush();
    return this.#judge();
  }
  /** An older judging that still runs ends. */
  async #judge(): Promise<void> {
    const round = ++this.#round;
    this.#judgedAt = performance.now();
    const book = await drive(buildCasebook(this.facts, this.marks, Date.now(), this.placings), { breathe: macrotask, cancelled: () => round !== this.#round });
    if (book.done) this.groups = book.value;
  }

  /** Stores what is not stored yet. */
  async #keep(): Promise<void> {
    const dumps = this.facts.filter((one) => !this.#stored.has(one));
    const marks = this.marks.filter((one) => !this.#stored.has(one));
    const placings = this.placings.filter((one) => !this.#stored.has(one));
    await this.#store.put({ dumps, marks, placings });
    if (this.#store.refused === null) for (const one of [...dumps, ...marks, ...placings]) this.#stored.add(one);
    this.#tellKept();
  }
  #tellKept(): void {
    this.refused = this.#store.refused;
    keptCount.set(this.#store.refused === null ? this.facts.length : 0);
  }
}

export const casebook = new Casebook();
