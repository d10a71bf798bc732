/** Texts by id out of a table: templates with {slots} in three vocabularies. */
import type { Text } from '../verdict.ts';

/** Owner, helper, developer; where the last is absent the helper's words serve the developer too, and so on. */
export type Triple = readonly [owner: string, helper?: string, developer?: string];

export type Slots<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Slots<Rest> : never;

export interface Said {
  readonly owner: string;
  readonly helper: string;
  readonly developer: string;
}

const fill = (template: string, args: Text['args']): string => {
  const filled = template.replace(/\{([a-zA-Z0-9]+)\}/g, (slot, name: string) => args[name] ?? slot);
  // A text that begins with a slot begins with a file name or an instruction, which keep their case.
  return template.startsWith('{') ? filled : filled.charAt(0).toUpperCase() + filled.slice(1);
};

/** A text of the table; an id from elsewhere is shown as it is, so that nothing is lost. */
export function sayFrom(table: Readonly<Record<string, Triple>>, { id, args }: Text): Said {
  const triple = Object.hasOwn(table, id) ? table[id] : undefined;
  if (!triple) return { owner: id, helper: id, developer: id };
  const [owner, helper = owner, developer = helper] = triple;
  return { owner: fill(owner, args), helper: fill(helper, args), developer: fill(developer, args) };
}
