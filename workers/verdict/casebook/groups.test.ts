import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { driveSync } from '../../base/job.ts';
import { crash, driversOf, type Made } from '../../testing/node/madefacts.ts';
import type { DumpFacts } from './facts.ts';
import { groupDumps } from './groups.ts';
import { likeness, Profiles, ranMeanwhile } from './likeness.ts';

const group = (facts: readonly DumpFacts[]) => driveSync(groupDumps(facts));
const idsOf = (facts: readonly DumpFacts[]) => group(facts).map(({ dumps }) => dumps.map(({ id }) => id).sort());
const pair = (a: Made, b: Made) => {
  const profiles = new Profiles();
  return likeness(profiles.of(crash({ day: 0, ...a })), profiles.of(crash({ day: 1, ...b })));
};

describe('one PC or two', () => {
  test('the same drivers, a day apart', () => {
    const like = pair({}, {});
    expect(like).toMatchObject({ onePc: true, all: { both: 40, either: 40 }, others: { both: 10, either: 10 }, sameBuilds: 40, contradicts: [] });
    expect(like.agrees).toEqual(['processors', 'cpu-maker', 'memory', 'build']);
  });
  test('an updated driver keeps the PC and is no same build', () => {
    const drivers = driversOf('a').map((driver) => (driver.name === 'a0.sys' ? { ...driver, timestamp: 0x6500_0000 } : driver));
    expect(pair({}, { drivers })).toMatchObject({ onePc: true, sameBuilds: 39 });
  });
  test('the same Windows with other drivers is another PC', () => {
    // 30 of Microsoft's in common, ten others each: 30 of 50.
    expect(pair({ pc: 'a' }, { pc: 'b' })).toMatchObject({ onePc: false, all: { both: 30, either: 50 }, others: { both: 0, either: 20 } });
  });
  test('an upgraded Windows changes Microsoft’s drivers, not the PC', () => {
    const drivers = driversOf('a').map((driver, at) => (at < 8 ? { ...driver, name: `new${String(at)}.sys` } : driver));
    // 32 of 48 names: too few for one Windows, enough with another build where all others are kept.
    expect(pair({}, { drivers }).onePc).toBe(false);
    expect(pair({}, { drivers, build: 26100 }).onePc).toBe(true);
  });
  test.each<[string, Made]>([
    ['arch', { arch: 'arm64' }],
    ['cpu-maker', { cpuMaker: 'GenuineIntel' }],
    ['processors', { processors: 8 }],
  ])('%s contradicts whatever the drivers say', (what, more) => {
    expect(pair({}, more)).toMatchObject({ onePc: false, contradicts: [what] });
  });
  test('a value that one dump does not tell contradicts nothing', () => {
    expect(pair({}, { processors: { missing: 'not-computed', detail: 'made' }, memory: { missing: 'not-computed', detail: 'made' } }).onePc).toBe(true);
  });
  test('more memory is the same PC, unless only virtual hardware tells', () => {
    const memory = '8000000 pages in 9 runs';
    expect(pair({}, { memory }).onePc).toBe(true);
    const guest = driversOf('a').slice(0, 33);
    expect(pair({ drivers: guest }, { drivers: guest }).onePc).toBe(true);
    expect(pair({ drivers: guest }, { drivers: guest, memory })).toMatchObject({ onePc: false, contradicts: ['memory'] });
  });
  test('a PC does not stop while it runs', () => {
    const long = crash({ day: 3, uptimeSeconds: 2 * 86_400 });
    expect(ranMeanwhile(crash({ day: 2 }), long)).toBe(true);
    expect(ranMeanwhile(long, crash({ day: 2 }))).toBe(true);
    expect(ranMeanwhile(crash({ day: 1 }), long)).toBe(false);
    // A live report is no stop.
    expect(ranMeanwhile(crash({ day: 2, live: true }), long)).toBe(false);
    expect(idsOf([crash({ id: 'x', day: 2 }), { ...long, id: 'y' }])).toEqual([['x'], ['y']]);
  });
});

describe('what the reader says of a PC', () => {
  const placed = (facts: readonly DumpFacts[], placings: Record<string, string>) =>
    driveSync(
      groupDumps(
        facts,
        Object.entries(placings).map(([dump, pc]) => ({ dump, pc })),
      ),
    ).map(({ name, dumps }) => `${name ?? '-'}: ${dumps.map(({ id }) => id).join(' ')}`);
  const facts = [crash({ id: 'x1', day: 1 }), crash({ id: 'x2', day: 2 }), crash({ id: 'x3', day: 3 }), crash({ id: 'y1', pc: 'b', day: 2 })];

  test('a name keeps like dumps together and takes in others of like drivers, in time', () => {
    expect(placed(facts, { x2: 'desk' })).toEqual(['desk: x1 x2 x3', '-: y1']);
  });
  test('two names part what the drivers hold for one PC, one name joins what they hold for two', () => {
    expect(placed(facts, { x1: 'old', x2: 'new', x3: 'new' })).toEqual(['new: x2 x3', 'old: x1', '-: y1']);
    expect(placed(facts, { x1: 'desk', y1: 'desk' })).toEqual(['desk: x1 x2 y1 x3']);
  });
  test('what runs meanwhile and has a name goes where it is put; an unknown dump is passed over', () => {
    const long = crash({ id: 'z', day: 3, uptimeSeconds: 2 * 86_400 });
    expect(placed([crash({ id: 'w', day: 2 }), long], { w: 'desk', z: 'desk', gone: 'desk' })).toEqual(['desk: w z']);
  });
});

describe('groups', () => {
  test('applications by program, what tells nothing alone', () => {
    const user = (id: string, name: string, arch = 'x64') => crash({ id, kind: 'user', arch, drivers: [{ name }] });
    const facts = [user('1', 'App.exe'), user('2', 'app.exe'), user('3', 'app.exe', 'x86'), crash({ id: '4', drivers: [] })];
    const process = { missing: 'not-computed', detail: 'made' } as const;
    const groups = group([...facts, crash({ id: '5', kind: 'user', drivers: [], process })]);
    expect(groups.map(({ kind, dumps }) => `${kind} ${dumps.map(({ id }) => id).join('+')}`)).toEqual(['program 1+2', 'program 3', 'alone 4', 'alone 5']);
  });

  test('every dump is in one group, whatever comes in which order', () => {
    const made = fc.record({ pc: fc.constantFrom('a', 'b', 'c'), day: fc.integer({ min: 0, max: 400 }), changed: fc.integer({ min: 0, max: 3 }) });
    fc.assert(
      fc.property(fc.array(made, { maxLength: 25 }), fc.integer(), (rows, turn) => {
        const facts = rows.map(({ pc, day, changed }, at) => {
          // Up to three of ten other makers' drivers come and go.
          const drivers = driversOf(pc).filter((_, index) => index < 40 - changed);
          return crash({ id: `${pc}-${String(at)}`, pc, day, drivers, uptimeSeconds: 60 });
        });
        const turned = facts.map((one, at) => ({ one, key: (at * 7919 + turn) % 101 })).sort((a, b) => a.key - b.key);
        const groups = idsOf(facts);
        expect(groups.flat().sort()).toEqual(facts.map(({ id }) => id).sort());
        // One group a PC, and none of two.
        expect(groups.map((ids) => new Set(ids.map((id) => id[0])).size)).toEqual(groups.map(() => 1));
        expect(groups.length).toBe(new Set(rows.map(({ pc }) => pc)).size);
        expect(idsOf(turned.map(({ one }) => one))).toEqual(groups);
      }),
      { numRuns: 60, seed: 20261126 },
    );
  });
});
