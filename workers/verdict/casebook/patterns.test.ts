import { describe, expect, test } from 'vitest';
import { blamed, crash, DAY, FIRST_DAY, type Made } from '../../testing/node/madefacts.ts';
import { judgeGroup } from './book.ts';
import { type DumpFacts, LAST_MS } from './facts.ts';
import type { Mark } from './marks.ts';
import { sayCase } from './words.ts';

const LATER = FIRST_DAY + 100 * DAY;
const judge = (crashes: readonly DumpFacts[], marks: readonly Mark[] = [], now = LATER) => judgeGroup(crashes, marks, now);
const ids = (verdict: ReturnType<typeof judge>, of: 'evidence' | 'against' = 'evidence') => verdict[of].map(({ says }) => says.id);
const hardware = (code: string, more: Made = {}) =>
  crash({ code, ...more, verdict: { sureness: 'possible', cause: 'hardware', part: 'ram', signature: `${code}/no-place`, ...more.verdict } });

describe('one module', () => {
  test('three of four, and the fourth speaks against', () => {
    const four = [...[0, 1, 2].map((day) => blamed('bad.sys', '0x1234', { day })), crash({ day: 3, code: '0xef' })];
    const verdict = judge(four);
    expect(verdict).toMatchObject({ rule: 'one-module', module: 'bad.sys', sureness: 'likely', cause: 'driver-bug', of: 4 });
    expect(verdict.in).toEqual(four.slice(0, 3).map(({ id }) => id));
    expect(ids(verdict)).toEqual(['e-one', 'e-same-place']);
    expect(verdict.evidence[0]?.shows).toEqual(four.slice(0, 3).map(({ id }) => ({ dump: id, command: 'k' })));
    expect(verdict.against.map(({ says, shows }) => [says.id, shows[0]?.dump])).toEqual([['a-elsewhere', four[3]?.id]]);
    expect(sayCase(verdict.headline).owner).toBe('bad.sys is behind 3 of 4 crashes.');
  });
  test('one of three is none, and a single crash makes no pattern', () => {
    expect(judge([blamed('bad.sys', '0x10'), crash(), crash({ code: '0xef' })]).rule).not.toBe('one-module');
    expect(judge([blamed('bad.sys', '0x10')])).toMatchObject({ rule: 'one-crash', sureness: 'not-known' });
  });
  test('certain only where every crash is', () => {
    const sure = (day: number) => blamed('bad.sys', '0x10', { day, verdict: { sureness: 'certain' } });
    expect(judge([sure(0), sure(1)]).sureness).toBe('certain');
    expect(judge([sure(0), sure(1), blamed('bad.sys', '0x10', { day: 2 })]).sureness).toBe('likely');
  });
  test('three guesses make no likely', () => {
    const guess = (day: number) => blamed('bad.sys', '0x10', { day, verdict: { sureness: 'possible' } });
    expect(judge([guess(0), guess(1), guess(2)]).sureness).toBe('possible');
  });
  test('other builds that crash alike are told and speak against a fault of one build; the same offset in two builds is no same place', () => {
    const build = (timestamp: number, day: number) =>
      blamed('a0.sys', '0x10', { day, drivers: crash().drivers.map((one) => (one.name === 'a0.sys' ? { ...one, timestamp } : one)) });
    // 2014-07-05 and 2014-04-18, as `date -u -d @0x…` says.
    const verdict = judge([build(0x53b75741, 0), build(0x53508a3c, 1)]);
    expect(ids(verdict)).toEqual(['e-one', 'e-builds', 'e-changed']);
    expect(ids(verdict, 'against')).toEqual(['a-builds']);
    const said = verdict.evidence.map(({ says }) => sayCase(says).owner);
    expect(said[1]).toContain('2014-07-05 (1), 2014-04-18 (1)');
    expect(said[2]).toBe('a0.sys was changed between two of the crashes (2014-07-05 to 2014-04-18).');
  });
  test('builds with a fault of their own each do not crash alike, but were tried', () => {
    const build = (timestamp: number, code: string) =>
      blamed('a0.sys', '0x10', {
        code,
        drivers: crash().drivers.map((one) => (one.name === 'a0.sys' ? { ...one, timestamp } : one)),
        verdict: { signature: `${code}/a0.sys+10` },
      });
    const verdict = judge([build(0x53b75741, '0xd1'), build(0x53508a3c, '0x7e')]);
    expect(ids(verdict)).toContain('e-builds');
    expect(ids(verdict, 'against')).not.toContain('a-builds');
    expect(verdict.wouldSettle[0]?.id).toBe('s-other-device');
  });
  test('the very same instruction is said of where the registers stood, of other places only that they are the same', () => {
    const said = (id: string) => {
      const at = (day: number) => blamed('bad.sys', '0x10', { day, verdict: { evidence: [{ id, says: 'made', command: 'k', weighs: 'for' }] } });
      return judge([at(0), at(1)])
        .evidence.map(({ says }) => sayCase(says).owner)
        .join(' ');
    };
    expect(said('e-place')).toContain('the very same instruction of bad.sys');
    expect(said('e-suspect')).toContain('the same place of bad.sys');
  });
  test('where several builds crash alike another one tells nothing: the device comes first', () => {
    const build = (timestamp: number, day: number, part?: 'gpu') =>
      blamed('a0.sys', '0x10', {
        day,
        verdict: part ? { part } : {},
        drivers: crash().drivers.map((one) => (one.name === 'a0.sys' ? { ...one, timestamp } : one)),
      });
    const steps = (part?: 'gpu') => judge([build(0x53b75741, 0, part), build(0x53508a3c, 1, part)]);
    expect(steps('gpu').steps.map(({ says }) => says.id)).toEqual(['d-gpu-stock', 'd-gpu-cool', 'd-gpu-card']);
    expect(steps().steps.map(({ says }) => says.id)).toEqual(['d-device-swap', 'd-driver-remove']);
    expect(steps().wouldSettle.map(({ id }) => id)).toEqual(['s-other-device', 's-mark']);
  });
  test('one build: where the next comes from; a feature that the processor lacks asks for an older one', () => {
    const from = 'https://example.com (believed)';
    const [first] = judge([0, 1].map((day) => blamed('bad.sys', '0x10', { day, verdict: { from } }))).steps;
    expect(first?.says).toEqual({ id: 'd-driver-from', args: { who: 'bad.sys', from } });
    const lacks = [0, 1].map((day) => blamed('bad.sys', '0x10', { day, verdict: { from, ...(day === 1 ? { feature: 'POPCNT' } : {}) } }));
    expect(judge(lacks).steps.map(({ says }) => says.id)).toEqual(['d-driver-older']);
  });
  test('the fixed owner tag of a display driver is no place', () => {
    const tdr = (day: number) => blamed('gpu.sys', '0x10', { day, code: '0x116' });
    expect(ids(judge([tdr(0), tdr(1)]))).toEqual(['e-one']);
  });
});

describe('one core', () => {
  const silent = crash({ code: '0x101', cpu: 5, silentCpu: 2, day: 2, verdict: { cause: 'hardware', part: 'cpu', sureness: 'likely', signature: '101' } });
  const on = (cpu: number, day: number, code: string) => crash({ code, cpu, day, verdict: { signature: code } });
  test('a silent processor, a crash on it and one on its neighbour', () => {
    const verdict = judge([on(2, 0, '0x50'), on(3, 1, '0x1e'), silent]);
    expect(verdict).toMatchObject({ rule: 'one-core', cause: 'hardware', part: 'cpu', sureness: 'likely', of: 3 });
    expect(verdict.in).toHaveLength(3);
    expect(ids(verdict)).toEqual(['e-ran-on', 'e-sibling', 'e-silent']);
  });
  test('the processor that reports a silent one is not its place', () => {
    // Twice on 5: once as the reporter, which does not count.
    expect(judge([on(5, 0, '0x50'), silent]).rule).not.toBe('one-core');
  });
  test('two crashes on one processor, none of which speaks of it, are nothing', () => {
    expect(judge([on(2, 0, '0x50'), on(2, 1, '0x1e'), on(3, 2, '0xa')]).rule).not.toBe('one-core');
  });
  test('nor on a PC of two processors', () => {
    const few = [on(2, 0, '0x50'), silent].map((one) => ({ ...one, processors: 2 }));
    expect(judge(few).rule).not.toBe('one-core');
  });
  test('machine checks of one APIC id', () => {
    const mce = (day: number, failingApic: number) =>
      crash({ code: '0x124', day, failingApic, verdict: { cause: 'hardware', part: 'cpu', sureness: 'certain' } });
    expect(judge([mce(0, 6), mce(1, 6)])).toMatchObject({ rule: 'one-core', sureness: 'likely' });
    expect(judge([mce(0, 6), mce(1, 8)]).rule).not.toBe('one-core');
  });
});

describe('memory', () => {
  test('the same page twice decides, whatever else there is', () => {
    const verdict = judge([blamed('x.sys', '0x1'), blamed('x.sys', '0x1'), crash({ code: '0x4e', page: 0x3bacee }), crash({ code: '0x12b', page: 0x3bacee })]);
    expect(verdict).toMatchObject({ rule: 'one-page', part: 'ram', sureness: 'likely', of: 4 });
    expect(ids(verdict, 'against')).toEqual(['a-elsewhere', 'a-elsewhere']);
  });
  test('two pages are two', () => expect(judge([crash({ page: 1 }), crash({ page: 2 })]).rule).not.toBe('one-page'));
  test('three codes at three places, two of which speak of hardware', () => {
    const verdict = judge([hardware('0x1a'), hardware('0x7a'), crash({ code: '0x13a', verdict: { signature: '13a' } })]);
    expect(verdict).toMatchObject({ rule: 'scattered', cause: 'hardware', part: 'ram', sureness: 'likely' });
  });
  test('one of three that speaks of hardware makes it possible, no more', () => {
    const other = (code: string) => crash({ code, verdict: { signature: code } });
    expect(judge([hardware('0x1a'), other('0x7a'), other('0x13a')])).toMatchObject({ rule: 'scattered', sureness: 'possible' });
    expect(judge([other('0x1a'), other('0x7a'), other('0x13a')])).toMatchObject({ rule: 'no-pattern', sureness: 'not-known' });
  });
  test('a driver in half of them is no scatter', () => {
    expect(judge([blamed('x.sys', '0x1'), blamed('x.sys', '0x2'), hardware('0x1a'), hardware('0x50')]).rule).toBe('one-module');
  });
});

describe('places and parts', () => {
  test('one place without a culprit: software, whose is not told', () => {
    const at = (day: number) => crash({ day, verdict: { signature: 'd1/ms1.sys+10', place: { module: 'ms1.sys', offset: '0x10' } } });
    expect(judge([at(0), at(1)])).toMatchObject({ rule: 'one-place', sureness: 'possible', cause: 'not-known' });
    expect(judge([at(0), at(1)]).module).toBeUndefined();
    // Of the made PC's drivers two are in no table: they are watched first.
    expect(judge([at(0), at(1)]).steps[0]?.copy).toBe('verifier /standard /driver a8.sys a9.sys');
  });
  test('a program’s own file is no culprit of its group, its place is', () => {
    const app = (offset: string) => {
      const place = { module: 'app.exe', offset };
      return crash({
        kind: 'user',
        drivers: [{ name: 'app.exe', timestamp: 1 }],
        verdict: { cause: 'application-bug', sureness: 'likely', module: 'app.exe', place },
      });
    };
    expect(judge([app('0x1'), app('0x2')]).rule).toBe('no-pattern');
    expect(judge([app('0x1'), app('0x1')])).toMatchObject({ rule: 'one-place', module: 'app.exe', cause: 'application-bug' });
  });
  test('one disk', () => {
    const disk = (code: string) => crash({ code, verdict: { cause: 'storage', part: 'disk', sureness: 'likely', signature: code } });
    expect(judge([disk('0x7a'), disk('0xf4')])).toMatchObject({ rule: 'one-part', part: 'disk', cause: 'storage', sureness: 'likely' });
  });
  test('no crash at all', () => expect(judge([])).toMatchObject({ rule: 'no-crash', of: 0 }));
});

describe('what was changed', () => {
  const crashes = [0, 2, 4].map((day) => blamed('bad.sys', '0x10', { day, verdict: { sureness: 'possible' } }));
  const mark = (day: number, about: Mark['about'] = 'driver', more: Partial<Mark> = {}): Mark => ({
    id: `m${String(day)}`,
    dump: crashes[0]?.id ?? '',
    atMs: FIRST_DAY + day * DAY,
    about,
    text: 'driver updated',
    ...more,
  });
  const at = (day: number) => FIRST_DAY + day * DAY;
  test('three usual gaps of quiet count; fewer do not yet', () => {
    // A crash every two days: from the sixth day on.
    const early = judge(crashes, [mark(5)], at(10));
    expect([early.sureness, ids(early).at(-1)]).toEqual(['possible', 'e-wait']);
    expect(sayCase(early.evidence.at(-1)?.says ?? { id: '', args: {} }).owner).toContain('From 2026-01-21 on they do');
    const late = judge(crashes, [mark(5)], at(11));
    expect([late.sureness, ids(late).at(-1)]).toEqual(['likely', 'e-quiet']);
  });
  test('a change of something else is told and moves nothing', () => {
    expect(judge(crashes, [mark(5, 'ram')], at(90)).sureness).toBe('possible');
    expect(judge(crashes, [mark(5, 'driver', { module: 'other.sys' })], at(90)).sureness).toBe('possible');
  });
  test('a crash that comes back speaks against what was changed', () => {
    const likely = crashes.map((one) => ({ ...one, verdict: { ...one.verdict, sureness: 'likely' as const } }));
    const verdict = judge(likely, [mark(3)]);
    expect([verdict.sureness, ids(verdict, 'against')]).toEqual(['possible', ['a-after']]);
  });
  test('of two changes the quiet is the last one’s', () => {
    const verdict = judge(crashes, [mark(5, 'ram'), mark(6)], at(90));
    expect(ids(verdict).filter((id) => id === 'e-quiet')).toHaveLength(1);
  });
  test('a note is no change', () => expect(ids(judge(crashes, [mark(5, 'note')], at(90)))).not.toContain('e-quiet'));
});

test('times at both ends of what an import may hold are judged', () => {
  const ends = [0, LAST_MS].map((crashTimeMs) =>
    blamed('bad.sys', '0x10', { crashTimeMs, drivers: [{ name: 'bad.sys', timestamp: Math.floor(crashTimeMs / 1000) }] }),
  );
  const mark: Mark = { id: 'm', dump: ends[0]?.id ?? '', atMs: LAST_MS, about: 'driver', text: 'updated' };
  expect(judge(ends, [mark], LAST_MS + 1).rule).toBe('one-module');
});

test('every text of every pattern is filled', () => {
  const all = [
    judge([]),
    judge([crash()]),
    judge([blamed('x.sys', '0x1'), blamed('x.sys', '0x1')]),
    judge([hardware('0x1a'), hardware('0x7a'), hardware('0x50')]),
  ];
  for (const { headline, evidence, against, rivals, wouldSettle, steps } of all) {
    const texts = [
      headline,
      ...[...evidence, ...against].map(({ says }) => says),
      ...rivals.map(({ why }) => why),
      ...wouldSettle,
      ...steps.map(({ says }) => says),
    ];
    for (const text of texts) for (const words of Object.values(sayCase(text))) expect(words).not.toMatch(/[{}%]|undefined|^[a-z]-/);
  }
});
