import type { OutputNode } from '../../../workers/commands/spec.ts';
import type { Problem } from '../../../workers/base/problem.ts';
import type { Dump } from '../../engine/dump.svelte.ts';

export interface Exchange {
  readonly id: number;
  readonly line: string;
  readonly nodes: readonly OutputNode[] | null;
  readonly problem: Problem | null;
}

const KEPT = 200;

/** What was asked and answered in the console of one dump. Lives as long as the dump is open. */
export class Transcript {
  exchanges = $state.raw<readonly Exchange[]>([]);
  readonly history: string[] = [];
  readonly #dump: Dump;
  #next = 0;

  constructor(dump: Dump) {
    this.#dump = dump;
  }

  async run(line: string): Promise<void> {
    const id = this.#next++;
    if (this.history.at(-1) !== line) this.history.push(line);
    this.exchanges = [...this.exchanges, { id, line, nodes: null, problem: null }].slice(-KEPT);
    const answer = await this.#dump.run(line);
    this.exchanges = this.exchanges.map((one) =>
      one.id !== id ? one : answer.ok ? { ...one, nodes: answer.value.nodes } : { ...one, problem: answer.problem },
    );
  }
  clear(): void {
    this.exchanges = [];
  }
  get text(): string {
    return this.exchanges.map((one) => `> ${one.line}\n${textOf(one)}`).join('\n\n');
  }
}

function textOf(one: Exchange): string {
  if (one.problem) return `${one.problem.code}: ${one.problem.detail}`;
  return (one.nodes ?? []).map((node) => node.spans.map((span) => span.text).join('')).join('\n');
}

const transcripts = new WeakMap<Dump, Transcript>();
export function transcriptOf(dump: Dump): Transcript {
  let transcript = transcripts.get(dump);
  if (!transcript) {
    transcript = new Transcript(dump);
    transcripts.set(dump, transcript);
  }
  return transcript;
}
