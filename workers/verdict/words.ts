/** Texts by id in three vocabularies: the owner of the PC, a helper in a forum, a driver's developer. The facts are the same. */
import type { Text } from './verdict.ts';
import { ADVICE } from './words/advice.ts';
import { APPS } from './words/apps.ts';
import { CODES } from './words/codes.ts';
import { EVIDENCE } from './words/evidence.ts';
import { HEADLINES } from './words/headlines.ts';
import { OWNERS } from './words/owners.ts';

/** Owner, helper, developer; where the last is absent the helper's words serve the developer too, and so on. */
export type Triple = readonly [owner: string, helper?: string, developer?: string];

const WORDS = { ...HEADLINES, ...CODES, ...EVIDENCE, ...OWNERS, ...APPS, ...ADVICE } as const;
export type TextId = keyof typeof WORDS;

type Slots<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Slots<Rest> : never;
/** The slots of a text, so that a missing one does not compile. */
export type SlotsOf<I extends TextId> = Readonly<Record<Slots<(typeof WORDS)[I][number]>, string>>;

export function text<I extends TextId>(id: I, args: SlotsOf<I>): Text {
  return { id, args };
}

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

export const isTextId = (id: string): id is TextId => Object.hasOwn(WORDS, id);
export const textIds = (): TextId[] => Object.keys(WORDS) as TextId[];
export const templatesOf = (id: TextId): Triple => WORDS[id];

/** A text of this table; an id from elsewhere is shown as it is, so that nothing is lost. */
export function say(one: Text): Said {
  if (!isTextId(one.id)) return { owner: one.id, helper: one.id, developer: one.id };
  const [owner, helper = owner, developer = helper] = WORDS[one.id] as Triple;
  return { owner: fill(owner, one.args), helper: fill(helper, one.args), developer: fill(developer, one.args) };
}
