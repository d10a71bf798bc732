/** The arithmetic of the score by hand. A sample of the set is judged beside the proofs. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { KINDS } from '../../faults/kinds.ts';
import type { Truth } from '../../faults/truth.ts';
import { type Outcome, type Result, type Said, accusesFalsely, resultOf } from './outcome.ts';
import { figures } from './tally.ts';

const said = (parts: Partial<Said>): Said => ({ sureness: 'likely', cause: 'driver-bug', culprit: undefined, rule: 'test', ...parts });
const DRIVER: Truth = { causes: ['driver'], culprits: ['zx.sys'] };

interface Judged {
  readonly result: Result;
  readonly falsely: boolean;
}

describe('a row', () => {
  test.each<readonly [string, Truth, Said, Judged]>([
    ['the culprit named', DRIVER, said({ culprit: 'ZX.sys' }), { result: 'right', falsely: false }],
    ['another named', DRIVER, said({ culprit: 'nt.sys' }), { result: 'wrong', falsely: true }],
    ['nobody named', DRIVER, said({}), { result: 'cause only', falsely: false }],
    ['not known, a name left over', DRIVER, said({ sureness: 'not-known', culprit: 'nt.sys' }), { result: 'silent', falsely: false }],
    ['another cause', DRIVER, said({ cause: 'hardware', culprit: 'zx.sys' }), { result: 'wrong', falsely: false }],
    ['cannot be told, nobody named', { ...DRIVER, undecidable: true }, said({ sureness: 'possible' }), { result: 'right', falsely: false }],
    [
      'cannot be told, the suspect possible',
      { ...DRIVER, undecidable: true },
      said({ sureness: 'possible', culprit: 'zx.sys' }),
      { result: 'right', falsely: false },
    ],
    ['cannot be told, the suspect likely', { ...DRIVER, undecidable: true }, said({ culprit: 'zx.sys' }), { result: 'wrong', falsely: false }],
  ])('%s', (_, truth, words, { result, falsely }) => {
    expect(resultOf(truth, words)).toBe(result);
    expect(accusesFalsely(truth, words)).toBe(falsely);
  });
});

test('figures by hand: one likely that is right, one possible that is wrong, one silent', () => {
  const row = (sureness: Said['sureness'], result: Outcome['result']): Outcome => ({
    ...{ kind: 'k', number: 0, truth: DRIVER, said: said({ sureness }), result, falselyAccused: result === 'wrong', naive: [], texts: [] },
  });
  const { brier, words, results, accused, suspected } = figures([row('likely', 'right'), row('possible', 'wrong'), row('not-known', 'silent')]);
  // ((0.85 - 1)² + (0.5 - 0)²) / 2
  expect(brier).toBeCloseTo(0.13625, 6);
  expect(words).toEqual({ certain: { said: 0, true: 0 }, likely: { said: 1, true: 1 }, possible: { said: 1, true: 0 } });
  expect({ ...results, accused, suspected }).toEqual({ right: 1, 'cause only': 0, silent: 1, wrong: 1, accused: 0, suspected: 1 });
});

test('kinds have names of their own, and the same number gives the same bytes', () => {
  expect(new Set(KINDS.map(({ name }) => name)).size).toBe(KINDS.length);
  for (const kind of KINDS.slice(0, 2)) expect(kind.make(3).bytes).toEqual(kind.make(3).bytes);
});

test('docs/calibration.md speaks of every kind', () => {
  const text = readFileSync(new URL('../../../../docs/calibration.md', import.meta.url), 'utf8');
  for (const { name } of KINDS) expect(text).toContain(`| \`${name}\` |`);
});
