/** What was reached over one row of every kind, in bench/score.json; it may only get better. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { KINDS } from '../../faults/kinds.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { PROMISED, WORDS, figures } from './tally.ts';

const FILE = new URL('../../../../bench/score.json', import.meta.url);

export interface Floors {
  /** Of how many kinds; with others the floors are taken anew. */
  readonly kinds: number;
  /** Least rows right, most rows wrong, most innocents accused and suspected, worst Brier score. */
  readonly right: number;
  readonly wrong: number;
  readonly accused: number;
  readonly suspected: number;
  readonly brier: number;
}

export const sampleRows = (): readonly Outcome[] => KINDS.map((kind) => outcomeOf(kind, 0));

export const readFloors = (): Floors | undefined => (existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Floors) : undefined);

const seen = (rows: readonly Outcome[]): Floors => {
  const { results, accused, suspected, brier } = figures(rows);
  return { kinds: KINDS.length, right: results.right, wrong: results.wrong, accused, suspected, brier: Math.ceil(brier * 1000) / 1000 };
};

/** Sentences: where the rows fall short of the floors, or a sureness word of what it promises. */
export function shortfalls(rows: readonly Outcome[], floors: Floors): readonly string[] {
  const now = seen(rows);
  const { words } = figures(rows);
  const broken = WORDS.filter((word) => words[word].true < PROMISED[word] * words[word].said);
  return [
    ...(now.right < floors.right ? [`right ${now.right} of ${rows.length}, floor ${floors.right}`] : []),
    ...(now.wrong > floors.wrong ? [`wrong ${now.wrong}, ceiling ${floors.wrong}`] : []),
    ...(now.accused > floors.accused ? [`innocents accused ${now.accused}, ceiling ${floors.accused}`] : []),
    ...(now.suspected > floors.suspected ? [`innocents suspected ${now.suspected}, ceiling ${floors.suspected}`] : []),
    ...(now.brier > floors.brier ? [`Brier score ${now.brier}, ceiling ${floors.brier}`] : []),
    ...broken.map((word) => `"${word}" was true ${words[word].true} of ${words[word].said} times, which promises ${PROMISED[word]}`),
  ];
}

/** Writes the better of floor and figure; answers what fell short. */
export function raiseFloors(rows: readonly Outcome[]): readonly string[] {
  const now = seen(rows);
  const held = readFloors();
  const before = held?.kinds === now.kinds ? held : now;
  const raised: Floors = {
    kinds: now.kinds,
    right: Math.max(before.right, now.right),
    wrong: Math.min(before.wrong, now.wrong),
    accused: Math.min(before.accused, now.accused),
    suspected: Math.min(before.suspected, now.suspected),
    brier: Math.min(before.brier, now.brier),
  };
  writeFileSync(FILE, `${JSON.stringify(raised, null, 2)}\n`);
  return shortfalls(rows, raised);
}
