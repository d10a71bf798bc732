/** The casebook over real dumps against what a person read from them: which are of one PC, and what they say together. */
import { describe, expect, test } from 'vitest';
import { driveSync } from '../../base/job.ts';
import { corpusList, hasCorpus } from '../../testing/node/corpus.ts';
import { corpusSession } from '../../testing/node/corpussession.ts';
import { judge } from '../judge.ts';
import { buildCasebook, type CaseGroup } from './book.ts';
import { collectFacts } from './collect.ts';
import type { DumpFacts } from './facts.ts';
import { checkCasebook, writeCasebook } from './file.ts';

/** Empty or all zero in the corpus itself. */
const UNREADABLE = new Set(['crit-111217-47250-01', 'crit-111317-52656-01', 'crit-111317-54687-01']);

function factsOf(name: string): DumpFacts {
  const session = corpusSession(`kernel/${name}.dmp`);
  return collectFacts(session, driveSync(judge(session)), name);
}
const names = (hasCorpus ? corpusList('kernel') : []).filter((name) => name.endsWith('.dmp')).map((name) => name.replace(/\.dmp$/, ''));
const facts = names.filter((name) => !UNREADABLE.has(name)).map(factsOf);
const book = driveSync(buildCasebook(facts, [], Date.UTC(2026, 0, 1)));
const holding = (name: string): CaseGroup => {
  const group = book.find(({ dumps }) => dumps.some(({ id }) => id === name));
  if (!group) throw new Error(`${name} is in no group`);
  return group;
};
const members = (name: string): string[] =>
  holding(name)
    .dumps.map(({ id }) => id)
    .sort();
const texts = (name: string, of: 'evidence' | 'against'): string[] => holding(name).verdict[of].map(({ says }) => says.id);

describe.skipIf(!hasCorpus)('the corpus', () => {
  test('one group a PC: the laptop of 2017, the laptop of 2022, the two of the help community; each other dump its own', () => {
    expect(members('crit-111217-27671-01')).toEqual(names.filter((name) => name.startsWith('crit-') && !UNREADABLE.has(name)));
    expect(members('daimuvg-101')).toEqual(['daimuvg-101', 'daimuvg-1e-12546', 'daimuvg-50']);
    expect(members('rts-ef')).toEqual(['rts-116_0', 'rts-116_1', 'rts-7e_1', 'rts-7e_2', 'rts-ef']);
    expect(members('rts-1a')).toEqual(['rts-13a', 'rts-1a', 'rts-7a']);
    expect(book.slice(4).map(({ dumps }) => dumps.length)).toEqual(book.slice(4).map(() => 1));
  });
  test('the laptop of 2017: AMD’s display driver in three builds, with two crashes that hint at hardware', () => {
    const { verdict } = holding('crit-111217-27671-01');
    expect(verdict).toMatchObject({ rule: 'one-module', module: 'atikmdag.sys', cause: 'driver-bug', sureness: 'likely' });
    expect([verdict.in.length, verdict.of]).toEqual([24, 26]);
    expect(verdict.evidence.find(({ says }) => says.id === 'e-builds')?.says.args['count']).toBe('3');
    expect(verdict.against.filter(({ says }) => says.id === 'a-elsewhere').flatMap(({ shows }) => shows.map(({ dump }) => dump))).toEqual([
      'crit-111317-27812-01',
      'crit-111417-58375-01',
    ]);
    expect(verdict.rivals.map(({ part }) => part)).toEqual(['gpu', 'ram']);
    // Three builds were tried: a fourth would tell nothing.
    expect(verdict.steps.map(({ says }) => says.id)).toEqual(['d-gpu-stock', 'd-gpu-cool', 'd-gpu-card']);
    expect(verdict.wouldSettle[0]?.id).toBe('s-other-device');
  });
  test('the laptop of 2022: core 1 of the processor, numbers 2 and 3', () => {
    const { verdict } = holding('daimuvg-101');
    expect(verdict).toMatchObject({ rule: 'one-core', cause: 'hardware', part: 'cpu', sureness: 'likely', of: 3 });
    expect(verdict.in).toHaveLength(3);
    expect(verdict.headline.args['cpu']).toBe('2');
    expect(verdict.module).toBeUndefined();
  });
  test('the old PC: the display driver or the card, not decidable which; the same instruction twice', () => {
    const { verdict } = holding('rts-ef');
    expect(verdict).toMatchObject({ rule: 'one-module', module: 'nvlddmkm.sys', sureness: 'likely' });
    expect(verdict.in.toSorted()).toEqual(['rts-116_0', 'rts-116_1', 'rts-7e_1', 'rts-7e_2']);
    expect(verdict.rivals[0]).toMatchObject({ part: 'gpu' });
    // Two of the four stops are of an instruction that this processor lacks: no newer driver mends that.
    expect(verdict.steps.map(({ says }) => says.id)).toEqual(['d-driver-older', 'd-gpu-stock']);
    expect(verdict.wouldSettle[0]?.id).toBe('s-older-build');
    // Three builds, but 0x116 alone stands in two of them; both 0x7E are of one build.
    expect(verdict.against.find(({ says }) => says.id === 'a-builds')?.says.args['count']).toBe('2');
    expect(verdict.evidence.find(({ says }) => says.id === 'e-same-place')?.says.args).toMatchObject({ place: 'nvlddmkm.sys+0x12634e', k: '2' });
  });
  test('the new PC: three codes in two days are hardware, memory first', () => {
    expect(holding('rts-1a').verdict).toMatchObject({ rule: 'scattered', cause: 'hardware', part: 'ram', sureness: 'likely' });
  });
  test('one dump makes no pattern, a wanted stop no crash', () => {
    expect(holding('noam-133').verdict).toMatchObject({ rule: 'one-crash', sureness: 'not-known' });
    expect(holding('eolar-4a').verdict.rule).toBe('no-crash');
    expect(texts('noam-133', 'evidence')).toEqual([]);
  });
  test('every line of evidence names a dump of its group and a command', () => {
    for (const group of book)
      for (const { shows } of [...group.verdict.evidence, ...group.verdict.against])
        for (const { dump, command } of shows) {
          expect(group.dumps.map(({ id }) => id)).toContain(dump);
          expect(command).not.toBe('');
        }
  });
  test('what is kept of a dump is small, and comes back whole from a file', () => {
    for (const one of facts) expect(JSON.stringify(one).length, one.id).toBeLessThan(24 * 1024);
    const checked = checkCasebook(writeCasebook({ dumps: facts, marks: [], placings: [] }));
    expect(checked).toEqual({ ok: true, value: { dumps: facts, marks: [], placings: [] } });
  });
});
