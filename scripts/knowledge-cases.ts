/** Puts the edited words of knowledge-cases.txt over the shortened phrases; the form of a line stands at the top of that file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Case {
  readonly code: string;
  /** Which argument chooses the case, 1 to 4. */
  readonly param: string;
  /** Hex, as all values here. */
  readonly value: string;
  /** "1=8,2=6", or empty. */
  readonly when: string;
  readonly meaning: string;
  /** What the arguments are in this case, by index 0 to 3. */
  readonly sets: readonly string[];
}
interface Parameters {
  readonly code: string;
  readonly phrases: readonly string[];
}

const LINE = /^([0-9a-f,]+) (?:p([1-4])|([1-4])=([0-9a-f,]+)(?:@([0-9a-f=,]+?))?(?:\/s([1-4]))?) (.+)$/;
const GONE = '-';

const keyOf = ({ code, param, value, when }: Pick<Case, 'code' | 'param' | 'value' | 'when'>): string => `${code}/${param}=${value}@${when}`;
const replaced = (phrases: readonly string[], index: string, text: string): string[] => phrases.map((one, at) => (String(at + 1) === index ? text : one));

/** A case by its number: the rows of a code stay together, by argument and value. */
function inOrder(cases: readonly Case[], codes: readonly string[]): Case[] {
  const places = new Map(codes.map((code, index) => [code, index]));
  const rank = (one: Case): number[] => [places.get(one.code) ?? 0, one.when === '' ? 0 : 1, Number(one.param), Number.parseInt(one.value, 16)];
  const byRank = (left: Case, right: Case): number => {
    const [a, b] = [rank(left), rank(right)];
    return a.map((value, index) => value - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
  };
  return [...cases].sort(byRank);
}

export function editedCases(
  rows: readonly Parameters[],
  cases: readonly Case[],
): { readonly parameters: ReadonlyMap<string, readonly string[]>; readonly cases: readonly Case[] } {
  const parameters = new Map(rows.map(({ code, phrases }) => [code, phrases]));
  const byKey = new Map(cases.map((one) => [keyOf(one), one]));
  const editCase = (place: Pick<Case, 'code' | 'param' | 'value' | 'when'>, set: string | undefined, text: string): void => {
    const key = keyOf(place);
    const row = byKey.get(key) ?? { ...place, meaning: '', sets: ['', '', '', ''] };
    if (text === GONE && set === undefined) byKey.delete(key);
    else byKey.set(key, set === undefined ? { ...row, meaning: text } : { ...row, sets: replaced(row.sets, set, text) });
  };
  const lines = readFileSync(join(import.meta.dirname, 'knowledge-cases.txt'), 'utf8')
    .trim()
    .split('\n');
  for (const line of lines.filter((one) => !one.startsWith('#'))) {
    const [, codes = '', parameter, param = '', values = '', when = '', set, text = ''] = LINE.exec(line) ?? [];
    if (codes === '') throw new Error(`knowledge-cases.txt: ${line}`);
    for (const code of codes.split(',')) {
      const phrases = parameters.get(code);
      if (phrases === undefined) throw new Error(`knowledge-cases.txt: no bug check ${code}`);
      if (parameter === undefined) for (const value of values.split(',')) editCase({ code, param, value, when }, set, text);
      else parameters.set(code, replaced(phrases, parameter, text));
    }
  }
  const wordless = [...byKey.values()].find((one) => one.meaning === '');
  if (wordless) throw new Error(`knowledge-cases.txt: no meaning for ${keyOf(wordless)}`);
  return { parameters, cases: inOrder([...byKey.values()], [...parameters.keys()]) };
}
