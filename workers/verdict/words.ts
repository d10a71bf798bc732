/** Texts by id in three vocabularies: the owner of the PC, a helper in a forum, a driver's developer. The facts are the same. */
import type { Text } from './verdict.ts';
import { ADVICE } from './words/advice.ts';
import { APPS } from './words/apps.ts';
import { CODES } from './words/codes.ts';
import { DOUBTS } from './words/doubts.ts';
import { EVIDENCE } from './words/evidence.ts';
import { type Said, sayFrom, type Slots, type Triple } from './words/fill.ts';
import { HEADLINES } from './words/headlines.ts';
import { LOOKS } from './words/looks.ts';
import { OWNERS } from './words/owners.ts';
import { SECONDARY_WORDS } from './words/secondary.ts';

const WORDS = { ...HEADLINES, ...CODES, ...EVIDENCE, ...OWNERS, ...SECONDARY_WORDS, ...DOUBTS, ...APPS, ...LOOKS, ...ADVICE } as const;
export type TextId = keyof typeof WORDS;

/** The slots of a text, so that a missing one does not compile. */
export type SlotsOf<I extends TextId> = Readonly<Record<Slots<(typeof WORDS)[I][number]>, string>>;

/** The texts that have no slots. */
export type PlainId = { [I in TextId]: [keyof SlotsOf<I>] extends [never] ? I : never }[TextId];

export function text<I extends TextId>(id: I, args: SlotsOf<I>): Text {
  return { id, args };
}

export const isTextId = (id: string): id is TextId => Object.hasOwn(WORDS, id);
export const textIds = (): TextId[] => Object.keys(WORDS) as TextId[];
export const templatesOf = (id: TextId): Triple => WORDS[id];

export const say = (one: Text): Said => sayFrom(WORDS, one);
