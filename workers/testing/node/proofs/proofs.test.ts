import { describe, expect, test } from 'vitest';
import { driveSync } from '../../../base/job.ts';
import { judge, judgeHang } from '../../../verdict/judge.ts';
import { RULE_CODES } from '../../../verdict/rules/index.ts';
import { SURENESS, type Verdict } from '../../../verdict/verdict.ts';
import { isTextId, say, textIds } from '../../../verdict/words.ts';
import { sessionOfFault } from '../score/faultsession.ts';
import { readFloors, sampleRows, shortfalls } from '../score/floors.ts';
import { resultOf, saidIn, textsOf } from '../score/outcome.ts';
import type { Truth } from '../../faults/truth.ts';
import type { Expected, Proof, Proved } from './proof.ts';
import { PROOFS } from './proofs.ts';
import { UNBUILT } from './unbuilt.ts';

interface Judged {
  readonly verdict: Verdict;
  readonly code: number | undefined;
  readonly truth: Truth;
}

const seen = new Map<Proved, Judged>();
function judged(proved: Proved): Judged {
  const before = seen.get(proved);
  if (before) return before;
  const fault = proved.make();
  const session = sessionOfFault(fault, proved.says);
  const now = { verdict: driveSync(proved.asHang ? judgeHang(session) : judge(session)), code: session.target.bugCheck?.code, truth: fault.truth };
  seen.set(proved, now);
  return now;
}

const named = ({ sureness, culprit }: Verdict): string | undefined => (sureness === 'not-known' ? undefined : (culprit?.module ?? culprit?.part));
const oneOf = <T>(list: T | readonly T[]): readonly T[] => (Array.isArray(list) ? (list as readonly T[]) : [list as T]);

function holdAgainst(verdict: Verdict, { cause, sureness, culprit }: Expected, { culprits }: Truth): void {
  const who = named(verdict)?.toLowerCase();
  expect(oneOf(cause)).toContain(verdict.cause);
  expect(oneOf(sureness)).toContain(verdict.sureness);
  if (culprit === 'nobody') expect(who).toBeUndefined();
  else expect(culprits.map((one) => one.toLowerCase())).toContain(who);
}

/** Judges the dump and holds the verdict against what is expected. */
function verdictOf(proved: Proved): Verdict {
  const { verdict, truth } = judged(proved);
  const { expected } = proved;
  const { shows = [], lacks = [], doubts = [], words = [] } = expected;
  if ('asTrue' in expected) expect(resultOf(truth, saidIn(verdict))).not.toBe('wrong');
  else holdAgainst(verdict, expected, truth);
  expect(textsOf(verdict)).toEqual(expect.arrayContaining([...shows]));
  for (const id of lacks) expect(textsOf(verdict)).not.toContain(id);
  expect(verdict.against.map(({ id }) => id)).toEqual(expect.arrayContaining([...doubts]));
  const sentences = verdict.evidence.map(({ says }) => say(says).helper).join('\n');
  for (const wanted of words) expect(sentences).toMatch(wanted);
  return verdict;
}

/** What the reader takes home of a verdict. */
const judgement = (verdict: Verdict): string => `${verdict.cause}, ${verdict.sureness}, ${named(verdict) === undefined ? 'nobody' : 'somebody'}`;
const strength = ({ sureness }: Verdict): number => -SURENESS.indexOf(sureness);
const opposed = (verdict: Verdict): boolean => verdict.against.length > 0 || verdict.evidence.some(({ weighs }) => weighs === 'against');

const fires = (rule: string, verdict: Verdict): boolean => (isTextId(rule) ? textsOf(verdict).includes(rule) : verdict.rule === rule);

describe.each(PROOFS)('$rule', ({ rule, fires: firing, nearly, against }: Proof) => {
  const fired = (): readonly Verdict[] => firing.map((proved) => judged(proved).verdict);
  test.each(firing)('fires: $says', (proved) => {
    expect(fires(rule, verdictOf(proved))).toBe(true);
  });
  test.each(nearly)('nearly: $says', (proved) => {
    const verdict = verdictOf(proved);
    if (isTextId(rule)) expect(textsOf(verdict)).not.toContain(rule);
    else expect(fired().map(judgement)).not.toContain(judgement(verdict));
  });
  test.each(against)('against: $says', (proved) => {
    const verdict = verdictOf(proved);
    expect(opposed(verdict)).toBe(true);
    expect(strength(verdict)).toBeLessThanOrEqual(Math.max(...fired().map(strength)));
  });
  test('each of its codes fires', () => {
    const codes = firing.map((proved) => (judged(proved).code ?? 0) & 0xfff_ffff);
    for (const code of RULE_CODES.get(rule) ?? []) expect(codes).toContain(code & 0xfff_ffff);
  });
});

test('no rule is without', () => {
  const proved = new Set(PROOFS.map(({ rule }) => rule));
  expect([...RULE_CODES.keys()].filter((rule) => !proved.has(rule))).toEqual([]);
});

/** The answer of the first call, for later ones too. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

describe('a row of every kind of the scored set', () => {
  const rows = once(sampleRows);
  test('is no worse than it was, and each word keeps its promise', () => {
    const floors = readFloors();
    if (!floors) throw new Error('bench/score.json is missing: run npm run score');
    expect(shortfalls(rows(), floors)).toEqual([]);
  });
  test('with the proofs makes a verdict say every headline, sign and doubt, but for those that cannot be built', () => {
    const proved = PROOFS.flatMap(({ fires: firing, nearly, against }) => [...firing, ...nearly, ...against]).flatMap((one) => textsOf(judged(one).verdict));
    const told = new Set([...proved, ...rows().flatMap(({ texts }) => texts)]);
    const untold = textIds().filter((id) => /^[hea]-/.test(id) && !told.has(id));
    expect(untold.sort()).toEqual(Object.keys(UNBUILT).sort());
  });
});
