/** From rows to figures: shares, what each sureness word is worth, Brier score. */
import type { Sureness } from '../../../verdict/verdict.ts';
import type { NaiveRule } from './naive.ts';
import type { Outcome, Result } from './outcome.ts';

/** What a sureness word promises. "Not known" promises nothing and is no forecast. */
export const PROMISED: Readonly<Record<Exclude<Sureness, 'not-known'>, number>> = { certain: 0.98, likely: 0.85, possible: 0.5 };
type Word = keyof typeof PROMISED;
export const WORDS = Object.keys(PROMISED) as Word[];

export interface Tally {
  readonly rows: number;
  readonly results: Readonly<Record<Result, number>>;
  /** Somebody innocent was called likely or certain; was called possible. */
  readonly accused: number;
  readonly suspected: number;
}
export interface WordTally {
  readonly said: number;
  readonly true: number;
}
export interface Figures extends Tally {
  readonly words: Readonly<Record<Word, WordTally>>;
  readonly brier: number;
  readonly bystanders: BystanderFigures;
  readonly naive: readonly NaiveFigures[];
}
/** Rows in which somebody innocent stands where blame falls easily, and how often it fell there. */
export interface BystanderFigures {
  readonly rows: number;
  readonly accused: number;
  readonly suspected: number;
  readonly naive: Readonly<Record<NaiveRule, number>>;
}
export interface NaiveFigures {
  readonly rule: NaiveRule;
  readonly right: number;
  readonly silent: number;
  readonly wrong: number;
  readonly accused: number;
  /** With the best constant that a rule of one voice could give: share × (1 − share) of its answers. */
  readonly brier: number;
}

const count = <T>(rows: readonly T[], holds: (row: T) => boolean): number => rows.filter(holds).length;

/** What was said is true: all of it, or the cause alone where only the cause was said. */
const saidTrue = (row: Outcome): boolean => row.result === 'right' || row.result === 'cause only';

export function tally(rows: readonly Outcome[]): Tally {
  const of = (result: Result): number => count(rows, (row) => row.result === result);
  return {
    rows: rows.length,
    results: { right: of('right'), 'cause only': of('cause only'), silent: of('silent'), wrong: of('wrong') },
    accused: count(rows, (row) => row.falselyAccused && row.said.sureness !== 'possible'),
    suspected: count(rows, (row) => row.falselyAccused && row.said.sureness === 'possible'),
  };
}

function wordTally(rows: readonly Outcome[], word: Word): WordTally {
  const said = rows.filter((row) => row.said.sureness === word);
  return { said: said.length, true: count(said, saidTrue) };
}

/** Mean of (promise − outcome)², over the rows where something was promised (G. W. Brier, Monthly Weather Review 78, 1950). */
function brier(rows: readonly Outcome[]): number {
  const errors = rows.flatMap((row) => (row.said.sureness === 'not-known' ? [] : [(PROMISED[row.said.sureness] - (saidTrue(row) ? 1 : 0)) ** 2]));
  return errors.length === 0 ? 0 : errors.reduce((sum, one) => sum + one, 0) / errors.length;
}

function naiveFigures(rows: readonly Outcome[], rule: NaiveRule): NaiveFigures {
  const answers = rows.flatMap((row) => row.naive.filter((one) => one.rule === rule));
  const named = answers.filter((one) => one.culprit !== undefined);
  const share = named.length === 0 ? 0 : count(named, (one) => one.result === 'right') / named.length;
  const of = (result: Result): number => count(answers, (one) => one.result === result);
  return {
    rule,
    right: of('right'),
    silent: of('silent'),
    wrong: of('wrong'),
    accused: count(answers, (one) => one.falselyAccused),
    brier: share * (1 - share),
  };
}

const NAIVE: readonly NaiveRule[] = ['not the kernel', 'not Microsoft'];

function bystanderFigures(all: readonly Outcome[]): BystanderFigures {
  const rows = all.filter((row) => (row.truth.bystanders ?? []).length > 0);
  const hit = (row: Outcome, who: string | undefined): boolean => row.truth.bystanders?.some((one) => one.toLowerCase() === who?.toLowerCase()) ?? false;
  const said = rows.filter((row) => row.said.sureness !== 'not-known' && hit(row, row.said.culprit));
  const byRule = (rule: NaiveRule): number => count(rows, (row) => row.naive.some((one) => one.rule === rule && hit(row, one.culprit)));
  return {
    rows: rows.length,
    accused: count(said, (row) => row.said.sureness !== 'possible'),
    suspected: count(said, (row) => row.said.sureness === 'possible'),
    naive: { 'not the kernel': byRule('not the kernel'), 'not Microsoft': byRule('not Microsoft') },
  };
}

export function figures(rows: readonly Outcome[]): Figures {
  return {
    ...tally(rows),
    words: { certain: wordTally(rows, 'certain'), likely: wordTally(rows, 'likely'), possible: wordTally(rows, 'possible') },
    brier: brier(rows),
    bystanders: bystanderFigures(rows),
    naive: NAIVE.map((rule) => naiveFigures(rows, rule)),
  };
}
