/** Help, completion and the list for the palette, all from the command specs. */
import type { Session } from '../target/target.ts';
import { unmetNeeds } from './needs.ts';
import type { CommandSpec } from './spec.ts';

export interface CommandEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly group: string;
  readonly summary: string;
  readonly usage: string;
  /** Why it cannot work on this dump, or null. */
  readonly unmet: string | null;
}

/** "lmvm MODULE", "db [RANGE]". */
export function usageOf(spec: CommandSpec): string {
  const args = spec.args.map((arg) => (arg.optional ? `[${arg.name.toUpperCase()}]` : arg.name.toUpperCase()));
  return [spec.name, ...args].join(' ');
}

export function describeCommands(specs: readonly CommandSpec[], session: Session): readonly CommandEntry[] {
  return specs.map((spec) => {
    const lacking = unmetNeeds(spec.needs, session);
    return {
      name: spec.name,
      aliases: spec.aliases,
      group: spec.group,
      summary: spec.summary,
      usage: usageOf(spec),
      unmet: lacking.length > 0 ? lacking.join('; ') : null,
    };
  });
}

const MAX_COMPLETIONS = 24;

export interface Completion {
  /** The whole line with the completion in it. */
  readonly text: string;
  readonly summary: string;
}

/** Completions of a line: commands for its first word, modules and registers for the last one. */
export function completions(prefix: string, session: Session, specs: readonly CommandSpec[]): readonly Completion[] {
  const cut = prefix.search(/[\w$.!@?~]*$/);
  const head = prefix.slice(0, cut);
  const word = prefix.slice(cut);
  if (head.trim() === '') {
    const names = specs.flatMap((spec) => [spec.name, ...spec.aliases].map((name) => ({ text: name, summary: spec.summary })));
    return names.filter(({ text }) => text.toLowerCase().startsWith(word.toLowerCase())).slice(0, MAX_COMPLETIONS);
  }
  if (word === '') return [];
  return [...registerNames(session), ...moduleNames(session)]
    .filter(({ text }) => text.toLowerCase().startsWith(word.toLowerCase()))
    .slice(0, MAX_COMPLETIONS)
    .map((item) => ({ text: head + item.text, summary: item.summary }));
}

function registerNames(session: Session): readonly Completion[] {
  return Object.keys(session.scope?.registers ?? {}).map((name) => ({ text: `@${name}`, summary: 'register' }));
}

function moduleNames(session: Session): readonly Completion[] {
  return session.target.modules.modules.map((module) => ({ text: module.name, summary: module.imageName }));
}
