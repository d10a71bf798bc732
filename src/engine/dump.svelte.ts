/** The open dump: its file, its worker, and what the worker has answered so far. */
import type {
  CommandAnswer,
  CommandHelp,
  FactRow,
  FirstFacts,
  MemoryView,
  ModuleRow,
  ProgressNote,
  ResultRecord,
  StackView,
  ThreadRow,
  UnloadedRow,
  VerdictView,
} from '../../workers/api/analysis.ts';
import type { Va } from '../../workers/base/address.ts';
import type { Reply } from '../../workers/base/problem.ts';
import type { Personal } from '../../workers/target/personal.ts';
import type { BlobInfo, StreamInfo } from '../../workers/target/target.ts';
import type { DumpFacts } from '../../workers/verdict/casebook/facts.ts';
import { Engine, progressPort, warmUp } from './client.ts';
import { Part } from './part.svelte.ts';
import { symbols } from './symbols.svelte.ts';

export interface MemoryRange {
  readonly start: Va;
  readonly size: bigint;
  readonly origin: string;
}

export class Dump {
  readonly file: File;
  #engine = this.#start();
  #running = 0;
  /** What is being done now, with its object; null while nothing runs. */
  progress = $state.raw<ProgressNote | null>(null);
  /** Set when a cancelled job did not end and the worker had to be replaced. */
  replaced = $state(0);

  readonly facts: Part<FirstFacts>;
  readonly verdict: Part<VerdictView>;
  readonly rows: Part<readonly FactRow[]>;
  readonly modules: Part<{ readonly loaded: readonly ModuleRow[]; readonly unloaded: readonly UnloadedRow[] }>;
  readonly threads: Part<readonly ThreadRow[]>;
  readonly streams: Part<{ readonly streams: readonly StreamInfo[]; readonly blobs: readonly BlobInfo[] }>;
  readonly registers: Part<readonly { readonly name: string; readonly value: bigint }[]>;
  readonly ranges: Part<readonly MemoryRange[]>;
  readonly commands: Part<readonly CommandHelp[]>;
  /** Asked for by the person alone: it reads the file from end to end. */
  readonly personal: Part<Personal>;
  /** Not drawn from: views hold the parts themselves. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #stacks = new Map<number | null, Part<StackView>>();

  constructor(file: File) {
    this.file = file;
    this.facts = new Part(() => this.#open());
    this.verdict = new Part(() => this.#job((api, note) => api.verdict(note)));
    this.rows = new Part(() => this.#engine.ask((api) => api.facts()));
    this.modules = new Part(() => this.#engine.ask((api) => api.modules()));
    this.threads = new Part(() => this.#engine.ask((api) => api.threads()));
    this.streams = new Part(() => this.#engine.ask((api) => api.streams()));
    this.registers = new Part(() => this.#engine.ask((api) => api.registers()));
    this.ranges = new Part(() => this.#engine.ask((api) => api.memoryRanges()));
    this.commands = new Part(() => this.#engine.ask((api) => api.commands()));
    this.personal = new Part(() => this.#job((api, note) => api.personal(note)));
  }

  get pointerSize(): 4 | 8 {
    return this.facts.value?.pointerSize ?? 8;
  }

  stack(thread: number | null): Part<StackView> {
    let part = this.#stacks.get(thread);
    if (!part) {
      part = new Part(() => this.#job((api, note) => api.stack(thread, note)));
      this.#stacks.set(thread, part);
    }
    return part;
  }

  memory(at: Va, length: number): Promise<Reply<MemoryView>> {
    return this.#engine.ask((api) => api.memory(at, length));
  }
  /** Where the net has a source file, as the PDB says; null where it says nothing. */
  async sourceUrl(module: string, file: string): Promise<string | null> {
    const answer = await this.#engine.ask((api) => api.sourceUrl(module, file));
    return answer.ok ? answer.value : null;
  }
  evaluate(expression: string): Promise<Reply<Va>> {
    return this.#engine.ask((api) => api.evaluate(expression));
  }
  run(line: string): Promise<Reply<CommandAnswer>> {
    return this.#job((api, note) => api.run(line, note));
  }
  async complete(prefix: string): Promise<readonly { readonly text: string; readonly summary: string }[]> {
    const answer = await this.#engine.ask((api) => api.complete(prefix));
    return answer.ok ? answer.value : [];
  }
  /** What needs no dump, asked of this worker since it is there. */
  lookUp<T>(question: Parameters<typeof Engine.prototype.ask<T>>[0]): Promise<Reply<T>> {
    return this.#engine.ask(question);
  }
  result(): Promise<Reply<ResultRecord>> {
    return this.#engine.ask((api) => api.result());
  }
  summarise(): Promise<Reply<DumpFacts>> {
    return this.#engine.ask((api) => api.summarise());
  }

  /** Names have arrived: what shows them is asked for again and changes in place. */
  async refreshNames(): Promise<void> {
    const shown = [...this.#stacks.values(), this.verdict, this.modules].filter((part) => part.state.at === 'ready');
    for (const part of shown) await part.refresh();
  }

  async cancel(): Promise<void> {
    if (await this.#engine.cancel()) return;
    const opened = this.facts.state.at === 'ready';
    const open = this.#openParts();
    this.#engine.end();
    this.#engine = this.#start();
    this.progress = null;
    // Where opening itself was what had to end, it is not begun again unasked.
    if (!opened) return;
    this.replaced += 1;
    await this.facts.refresh();
    if (this.facts.state.at === 'ready') await Promise.all(open.map((part) => part.refresh()));
    warmUp();
  }

  /** What is shown, and the short questions that waited behind the job that did not end; not that job itself. */
  #openParts(): readonly Part<unknown>[] {
    const short = [this.rows, this.modules, this.threads, this.streams, this.registers, this.ranges, this.commands];
    const long = [this.verdict, ...this.#stacks.values()].filter((part) => part.state.at === 'ready');
    return [...short.filter((part) => part.state.at === 'ready' || part.state.at === 'busy'), ...long];
  }

  close(): void {
    this.#engine.end();
  }

  /** For every module; with `force` also what failed before. */
  async askForNames(force: boolean): Promise<void> {
    await this.verdict.load();
    await this.#engine.askForNames(force);
  }

  #start(): Engine {
    const engine = new Engine();
    // Where the browser has no second worker or no port to give, the dump is read without names.
    engine
      .join(
        (port) => symbols.attach(port),
        () => void this.refreshNames(),
      )
      .catch((thrown: unknown) => console.warn('Symbols are not connected:', thrown));
    return engine;
  }

  #open(): Promise<Reply<FirstFacts>> {
    return this.#job((api, note) => api.open(this.file, this.file.name, note));
  }

  async #job<T>(question: (api: Parameters<Parameters<Engine['ask']>[0]>[0], note: ReturnType<typeof progressPort>) => Promise<Reply<T>>): Promise<Reply<T>> {
    // Notes come by a port of their own: one may arrive behind the answer, and would stay.
    const note = progressPort((said) => {
      if (this.#running > 0) this.progress = said;
    });
    this.#running += 1;
    const answer = await this.#engine.ask((api) => question(api, note));
    this.#running -= 1;
    // Opening goes on after its first answer; the verdict, asked for at once, ends with it.
    if (this.#running === 0) this.progress = null;
    return answer;
  }
}
