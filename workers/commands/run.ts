/** Takes a console line apart, finds its command, checks what it needs, runs it. */
import type { Job } from '../base/job.ts';
import { type Reply, refuse } from '../base/problem.ts';
import { unmetNeeds } from './needs.ts';
import type { CommandContext, CommandSpec, OutputNode } from './spec.ts';

/** A line may hold several commands, as in WinDbg: `k; lm`. Quotes keep a semicolon. */
export function splitLines(text: string): readonly string[] {
  const parts: string[] = [''];
  let quoted = false;
  for (const char of text) {
    if (char === '"') quoted = !quoted;
    if (char === ';' && !quoted) parts.push('');
    else parts[parts.length - 1] += char;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

export interface Matched {
  readonly spec: CommandSpec;
  readonly tail: string;
  /** The name or alias as the table writes it. */
  readonly typed: string;
}

const isWord = (char: string): boolean => /[a-z0-9_]/i.test(char);

/**
 * The command whose name is the longest that the line begins with. A name ends where a letter cannot go on:
 * `lmvm nt` is lmvm, `lm m nt*` is lm, `r rax` and `r@rax` are r, `db` is not d.
 */
export function findCommand(line: string, specs: readonly CommandSpec[]): Matched | undefined {
  let best: { spec: CommandSpec; name: string } | undefined;
  for (const spec of specs) {
    for (const name of [spec.name, ...spec.aliases]) {
      if (matches(line, name) && name.length > (best?.name.length ?? 0)) best = { spec, name };
    }
  }
  return best && { spec: best.spec, tail: line.slice(best.name.length).replace(/^ /, ''), typed: best.name };
}

function matches(line: string, name: string): boolean {
  const head = line.slice(0, name.length);
  const caseMatters = name.length <= 3 && !name.startsWith('.') && !name.startsWith('!');
  if (caseMatters ? head !== name : head.toLowerCase() !== name.toLowerCase()) return false;
  const next = line[name.length];
  return next === undefined || !isWord(next) || !isWord(name.at(-1) ?? '');
}

/** Runs one command. Every refusal is a typed problem with what is lacking. */
export function* runCommand(context: CommandContext, line: string): Job<Reply<readonly OutputNode[]>> {
  const match = findCommand(line, context.specs);
  if (!match) return refuse('UNKNOWN_COMMAND', `'${line.split(' ')[0] ?? ''}' is not a command here`, { hints: nearNames(line, context.specs) });
  const lacking = unmetNeeds(match.spec.needs, context.session);
  if (lacking.length > 0) return refuse('NEEDS', `${match.spec.name}: ${lacking.join('; ')}`, { hints: lacking });
  return yield* match.spec.run(context, match.tail, match.typed);
}

const NEAR = 4;
function nearNames(line: string, specs: readonly CommandSpec[]): readonly string[] {
  const word = (line.split(' ')[0] ?? '').toLowerCase();
  const names = specs.flatMap((spec) => [spec.name, ...spec.aliases]);
  const scored = names.map((name) => ({ name, distance: editDistance(word.slice(0, 24), name.toLowerCase()) }));
  return scored
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 2)))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, NEAR)
    .map(({ name }) => name);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
