/** What is kept of a dump, on built ones whose numbers are known. */
import { describe, expect, test } from 'vitest';
import { driveSync } from '../../base/job.ts';
import type { BugCheckParams } from '../../testing/build/dumpheader.ts';
import { triageOf } from '../../testing/build/scene.ts';
import { driverFault, unknownStop, whea124 } from '../../testing/build/scenes.ts';
import { sessionOfBytes } from '../../testing/node/corpussession.ts';
import { judge } from '../judge.ts';
import { collectFacts } from './collect.ts';
import { checkDump } from './file.ts';
import { stopOf } from './finding.ts';

type Scene = ReturnType<typeof driverFault>;
function factsOf(scene: Scene, name = 'built.dmp') {
  const session = sessionOfBytes(triageOf(scene).bytes, name);
  return collectFacts(session, driveSync(judge(session)), 'id');
}
const stop = (bugCheck: number, ...params: BugCheckParams) => factsOf({ ...unknownStop(), bugCheck, params });

test('header, culprit and drivers with their makers', () => {
  const facts = factsOf(driverFault());
  expect(facts).toMatchObject({
    file: 'built.dmp',
    kind: 'kernel-triage',
    live: false,
    arch: 'x64',
    processors: 8,
    cpu: 2,
    cpuMaker: 'GenuineIntel',
    code: '0xd1',
  });
  expect(facts.crashTimeMs).toBe(Date.parse('2024-03-05T18:42:11.250Z'));
  expect(facts.verdict).toMatchObject({ module: 'examplenic.sys', cause: 'driver-bug' });
  expect(facts.verdict.evidence.length).toBeGreaterThan(0);
  const driver = (name: string) => facts.drivers.find((one) => one.name === name);
  expect(driver('examplenic.sys')).toEqual({ name: 'examplenic.sys', timestamp: 0x62a4f1b7 });
  expect(driver('ndis.sys')?.maker).toBe('Microsoft');
});

test('words that a program wrote are not kept', () => {
  const session = sessionOfBytes(triageOf(driverFault()).bytes, 'built.dmp');
  const verdict = driveSync(judge(session));
  const [first] = verdict.evidence;
  if (!first) throw new Error('the built dump has no evidence');
  const said = { ...first, id: 'e99', says: { id: 'e-throw-message', args: { message: 'password is hunter2' } }, weighs: 'for', private: true } as const;
  const { evidence } = collectFacts(session, { ...verdict, evidence: [said, ...verdict.evidence] }, 'id').verdict;
  expect(evidence.length).toBeGreaterThan(0);
  expect(JSON.stringify(evidence)).not.toContain('hunter2');
});

test('a picture of a running system has no stop code', () => {
  const facts = stop(0, 0n, 0n, 0n, 0n);
  expect(facts).not.toHaveProperty('code');
  expect(stopOf(facts)).toBe('no stop code');
});

describe('numbers that a stop names', () => {
  test('a silent processor, a page, a core', () => {
    expect(stop(0x101, 12n, 0n, 0xffff980000000180n, 2n)).toMatchObject({ silentCpu: 2 });
    expect(stop(0x4e, 0x99n, 0xc6a8cn, 1n, 0x5258cn)).toMatchObject({ page: 0xc6a8c });
    expect(stop(0x127, 0xffffffffc00002c4n, 0xe7cn, 0n, 0n)).toMatchObject({ page: 0xe7c });
    expect(factsOf(whea124())).toMatchObject({ failingApic: 6 });
  });
  test('no number where the argument means something else', () => {
    // P1 = 1 of 0x4E gives a list head, 0x1A 41790 an address; a processor past 2048 is none; a bus error is of no core.
    for (const facts of [stop(0x4e, 1n, 0xc6a8cn, 0n, 0n), stop(0x1a, 0x41790n, 0xfffffa80_0000_0010n, 0n, 0n)]) expect(facts).not.toHaveProperty('page');
    expect(stop(0x127, 0n, 0xffff_ffff_ffff_ffffn, 0n, 0n)).not.toHaveProperty('page');
    expect(stop(0x101, 12n, 0n, 0n, 0xffff_ffffn)).not.toHaveProperty('silentCpu');
    expect(factsOf(whea124({ status: 0xb200_0000_0000_0e0bn }))).not.toHaveProperty('failingApic');
  });
});

test('a time that no clock shows is a gap', () => {
  for (const systemTime of [0n, 0x7fff_ffff_ffff_ffffn])
    expect(factsOf({ ...driverFault(), systemTime }).crashTimeMs).toMatchObject({ missing: expect.any(String) });
});

test('a name that turns the direction of text is made visible, and the facts pass the check of an import', () => {
  const facts = factsOf(driverFault(), 'a\u202egpj.dmp');
  expect(facts.file).toBe('a\ufffdgpj.dmp');
  expect(checkDump(JSON.parse(JSON.stringify(facts)))).toEqual(facts);
});
