/** What an argument leads to, and whom that may name: where it holds, where it nearly does, and where something speaks against it. */
import { describe, expect, test } from 'vitest';
import { driveSync } from '../../base/job.ts';
import { pcieRecord } from '../../testing/build/whea.ts';
import { type Fake, fakeSession, qword } from '../../testing/node/fakesession.ts';
import { judge } from '../judge.ts';
import type { Verdict } from '../verdict.ts';

const NT = 'ntoskrnl.exe';
const OBJECT = 0xffffc08d_7f1580c0n;
const NAME = 0xffffb000_00002000n;
const GUEST = ['vmhgfs.sys', 'vmmemctl.sys'];
const verdictOf = (fake: Fake): Verdict => driveSync(judge(fakeSession(fake)));
const ids = (verdict: Verdict): string[] => verdict.evidence.map(({ says }) => says.id);
const doubts = (verdict: Verdict): string[] => verdict.against.map(({ id }) => id);
const utf16 = (words: string): string => Buffer.from(`${words}\0`, 'utf16le').toString('hex');

describe('a critical thread is no process', () => {
  // _EPROCESS of build 19041: ImageFileName +0x5a8, ExitStatus +0x7d4. Nothing of it is in an ETHREAD.
  const memory = {
    [String(OBJECT)]: '03',
    [String(OBJECT + 0x5a8n)]: Buffer.from('wininit.exe\0\0\0\0').toString('hex'),
    [String(OBJECT + 0x7d4n)]: '060000c0',
  };
  const stop = (code: number, ...params: bigint[]): Verdict =>
    verdictOf({ code, params, memory, build: 19045, process: 'svchost.exe', processObject: OBJECT + 0x1000n });
  test('near: of a process the status it ended with is read', () => {
    for (const verdict of [stop(0xef, OBJECT, 0n), stop(0xf4, 3n, OBJECT)]) expect(verdict).toMatchObject({ cause: 'storage', culprit: { part: 'disk' } });
    expect(stop(0xef, OBJECT, 0n).bucket).toContain('wininit.exe');
  });
  test.each([stop(0xef, OBJECT, 1n), stop(0xf4, 6n, OBJECT)])('of a thread neither status nor name: %#', (verdict) => {
    expect(ids(verdict)).not.toContain('e-exit-status');
    expect(verdict).toMatchObject({ cause: 'not-known', sureness: 'not-known' });
    expect(verdict.headline.args['process']).toMatch(/^a thread of it/);
    expect(verdict.bucket).not.toContain('wininit.exe');
  });
});

describe('0xD8: who holds the most', () => {
  const held = (name: string): Fake => ({
    ...{ code: 0xd8, params: [NAME, 0x3a000n, 0n, 0x40000n], modules: [NT, 'dxgkrnl.sys', 'bad.sys', 'other.sys'] },
    ...{ memory: { [String(NAME)]: utf16(name) }, frames: [[`${NT}+1`], ['other.sys+1']] },
  });
  test('a driver by the name that it is loaded under', () =>
    expect(verdictOf(held('BAD.SYS'))).toMatchObject({ culprit: { module: 'bad.sys' }, sureness: 'likely' }));
  test('a file of Windows holds it for others: no culprit, and no rival of itself', () => {
    const verdict = verdictOf({ ...held('DXGKRNL.SYS'), frames: [[`${NT}+1`], ['dxgkrnl.sys+1'], ['other.sys+1']] });
    expect(verdict).toMatchObject({ culprit: { module: 'other.sys' }, sureness: 'possible' });
    expect(verdict.evidence.find(({ id }) => id === 'e-owner-tag')?.weighs).toBe('context');
    expect(ids(verdict)).toContain('e-pte-holder');
  });
  test('a name that nothing loaded bears names nobody', () =>
    expect(verdictOf({ ...held('gone.sys'), frames: [[`${NT}+1`]] })).toMatchObject({ sureness: 'not-known' }));
});

describe('0xEA: the name that the watchdog noted', () => {
  const stuck = (name: string): Verdict =>
    verdictOf({
      ...{ code: 0xea, params: [OBJECT, 0n, NAME, 1n], modules: [NT, 'dxgkrnl.sys', 'nvlddmkm.sys'], memory: { [String(NAME)]: utf16(name) } },
      frames: [[`${NT}+1`], ['dxgkrnl.sys+1']],
    });
  test('of a display driver it is the culprit', () => expect(stuck('nvlddmkm.sys')).toMatchObject({ culprit: { module: 'nvlddmkm.sys' }, sureness: 'likely' }));
  test.each(['dxgkrnl.sys', 'gone.sys'])('of a file of Windows, or of none that is loaded, it accuses nobody: %s', (name) =>
    expect(stuck(name)).toMatchObject({ culprit: { module: 'nvlddmkm.sys' }, sureness: 'possible' }),
  );
  test('of a file of Windows it is context', () => expect(stuck('dxgkrnl.sys').evidence.find(({ id }) => id === 'e-owner-tag')?.weighs).toBe('context'));
});

describe('0xCA: a device and whose fault it is', () => {
  const [physical, upper] = [0xffffa000_00002000n, 0xffffa000_00003000n];
  const device = (driver: bigint, attached: bigint): string => `0300${'00'.repeat(6)}${qword(driver)}${qword(0n)}${qword(attached)}`;
  const at = (index: number): bigint => 0xfffff800_10000000n + BigInt(index) * 0x200_0000n;
  const stop = (kind: bigint, drivers: readonly string[]): Verdict => {
    const owners = drivers.map((_, index) => physical + 0x4000n + BigInt(index) * 0x1000n);
    const devices = drivers.map((_, index) => (index === 0 ? physical : upper + BigInt(index - 1) * 0x100n));
    const memory = Object.fromEntries(
      drivers.flatMap((_, index) => [
        [String(devices[index]), device(owners[index] ?? 0n, devices[index + 1] ?? 0n)],
        [String((owners[index] ?? 0n) + 0x18n), qword(at(index + 1))],
      ]),
    );
    return verdictOf({ code: 0xca, params: [kind, physical, 0n, 0n], modules: [NT, ...drivers], memory });
  };
  test('deleted (4): the bus driver that made it', () => expect(stop(4n, ['bus.sys'])).toMatchObject({ culprit: { module: 'bus.sys' }, sureness: 'likely' }));
  test('relations that are none (8): not who made the device, but who stands above it, and no more than possible', () =>
    expect(stop(8n, ['bus.sys', 'child.sys'])).toMatchObject({ culprit: { module: 'child.sys' }, sureness: 'possible' }));
  test('near: only Windows stands above, or two who may have', () => {
    expect(stop(8n, ['bus.sys', 'usbhub.sys']).culprit?.module).toBeUndefined();
    const two = stop(8n, ['bus.sys', 'one.sys', 'two.sys']);
    expect(two).toMatchObject({ sureness: 'not-known' });
    expect(two.rivals.map(({ module }) => module)).toEqual(expect.arrayContaining(['one.sys', 'two.sys']));
  });
});

describe('0xDA/0x100: argument 4 is the caller of who called', () => {
  const stop = (frames: Fake['frames']): Verdict =>
    verdictOf({ code: 0xda, params: [0x100n, 0n, 0n, 'bad.sys+0x40'], modules: [NT, 'bad.sys', 'other.sys'], frames: frames ?? [] });
  test('who also stands next on the stack: likely', () =>
    expect(stop([[`${NT}+1`], ['bad.sys+1']])).toMatchObject({ culprit: { module: 'bad.sys' }, sureness: 'likely' }));
  test('against: alone, or another stands there: possible', () => {
    for (const frames of [[[`${NT}+1`]], [[`${NT}+1`], ['other.sys+1'], ['bad.sys+1']]] as const) {
      const verdict = stop(frames);
      expect(verdict).toMatchObject({ culprit: { module: 'bad.sys' }, sureness: 'possible', headline: { id: 'h-driver-possible' } });
      expect(doubts(verdict)).toContain('a-single-dump');
    }
  });
});

describe('USB: what a client did, and what no client did', () => {
  const stop = (code: number, kind: bigint): Verdict =>
    verdictOf({ code, params: [kind, 0n, 0n, 0n], modules: [NT, 'client.sys'], frames: [[`${NT}+1`], ['client.sys+1']] });
  test('0x144/1 and 0xFE/2: the client', () => {
    for (const [code, kind] of [
      [0x144, 1n],
      [0xfe, 2n],
      [0x144, 0x805n],
    ] as const)
      expect(stop(code, kind).culprit?.module).toBe('client.sys');
  });
  test('0x144/2: the device to start or page from did not come back', () =>
    expect(stop(0x144, 2n)).toMatchObject({ cause: 'hardware', sureness: 'possible', culprit: { part: 'device' } }));
  test('near: 0xFE/1 is the stack’s own error, 0x144/4 nobody has told of', () => {
    for (const [code, kind] of [
      [0xfe, 1n],
      [0x144, 4n],
    ] as const)
      expect(stop(code, kind).culprit?.module).toBeUndefined();
  });
});

test('0x124: an error of PCI Express in a guest is what the host made of it', () => {
  const record = pcieRecord({ vendorId: 0x10de, deviceId: 0x2684, bus: 1, device: 0, function: 0, uncorrectable: 0x4000, when: 0n });
  const stop = (guest: readonly string[]): Verdict =>
    verdictOf({ code: 0x124, params: [4n, NAME, 0n, 0n], modules: [NT, ...guest], memory: { [String(NAME)]: Buffer.from(record).toString('hex') } });
  expect(stop([])).toMatchObject({ sureness: 'certain', culprit: { part: 'device' } });
  expect(stop(GUEST)).toMatchObject({ sureness: 'possible' });
  expect(doubts(stop(GUEST))).toContain('a-guest');
});
