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
import { UNBUILT, UNOPPOSED } from './unbuilt.ts';

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
const doubted = (verdict: Verdict): readonly string[] => [
  ...verdict.against.map(({ id }) => id),
  ...verdict.evidence.flatMap(({ weighs, says }) => (weighs === 'against' ? [says.id] : [])),
];
const signs = (verdict: Verdict): readonly string[] => [...doubted(verdict), `cause ${verdict.cause}`, `part ${verdict.culprit?.part ?? 'none'}`];

/** Something speaks against it that speaks against none that fired; the rule may itself be a sign that speaks against. */
function opposed(rule: string, verdict: Verdict, fired: readonly Verdict[]): boolean {
  if (strength(verdict) < Math.max(...fired.map(strength)) || doubted(verdict).includes(rule)) return true;
  const known = new Set(fired.flatMap(signs));
  return signs(verdict).some((sign) => !known.has(sign));
}
const weights = (rule: string, verdict: Verdict): readonly string[] => verdict.evidence.flatMap(({ says: { id }, weighs }) => (id === rule ? [weighs] : []));

const fires = (rule: string, verdict: Verdict): boolean => (isTextId(rule) ? textsOf(verdict).includes(rule) : verdict.rule === rule);

describe.each(PROOFS)('$rule', ({ rule, fires: firing, nearly, against, context }: Proof) => {
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
    if (context || rule in UNOPPOSED) expect(doubted(verdict)).not.toEqual([]);
    else expect(opposed(rule, verdict, fired())).toBe(true);
    expect(strength(verdict)).toBeLessThanOrEqual(Math.max(...fired().map(strength)));
  });
  if (context)
    test('it decides nothing', () => {
      const all = [...firing, ...against].flatMap((proved) => weights(rule, judged(proved).verdict));
      expect(new Set(all)).toEqual(new Set(['context']));
    });
  if (rule in UNOPPOSED)
    test('nothing built speaks against it yet', () => {
      expect(against.every((proved) => opposed(rule, judged(proved).verdict, fired()))).toBe(false);
    });
  test('each of its codes fires', () => {
    const codes = firing.map((proved) => (judged(proved).code ?? 0) & 0xfff_ffff);
    for (const code of RULE_CODES.get(rule) ?? []) expect(codes).toContain(code & 0xfff_ffff);
  });
});

test('what is listed as unopposed is a proof', () => {
  const rules = new Set<string>(PROOFS.map(({ rule }) => rule));
  expect(Object.keys(UNOPPOSED).filter((rule) => !rules.has(rule))).toEqual([]);
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
