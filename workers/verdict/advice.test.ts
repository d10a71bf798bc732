/** What is advised first, by code and cause: what a person can do, in the order in which it can be undone. */
import { describe, expect, test } from 'vitest';
import { driveSync } from '../base/job.ts';
import { loadKnowledge } from '../knowledge/load.ts';
import { KINDS } from '../testing/faults/kinds.ts';
import { type Fake, fakeSession } from '../testing/node/fakesession.ts';
import { sessionOfFault } from '../testing/node/score/faultsession.ts';
import { STEPS } from './explain/steps.ts';
import { judge } from './judge.ts';
import { say } from './words.ts';
import { guideOf } from './words/guides.ts';

const AT = 0xffffc08d_7f158000n;
const verdictOf = (fake: Fake) => driveSync(judge(fakeSession(fake)));
const stepsOf = (fake: Fake) => verdictOf(fake).steps;
const ids = (fake: Fake): string[] => stepsOf(fake).map(({ says }) => says.id);
const copies = (fake: Fake): string =>
  stepsOf(fake)
    .map(({ copy }) => copy ?? '')
    .join('\n');

describe('Windows that does not start', () => {
  test.each([0x7b, 0xed, 0x74, 0x5a, 0x6b, 0xc0000221, 0xc000021a])('%#: nothing of a running Windows is offered', (code) => {
    const all = `${copies({ code, params: [AT, 0n, 0n, 0n] })}\n${say(stepsOf({ code, params: [AT] })[1]?.says ?? { id: '', args: {} }).owner}`;
    expect(all).not.toMatch(/Get-PhysicalDisk|\/scan\b|\/Online|CrashDumpEnabled|mdsched/i);
    expect(all).toMatch(/chkdsk C: \/f|\/image:C:\\ \/cleanup-image \/revertpendingactions/);
    expect(all).toMatch(/recovery environment/);
  });
  test.each(['boot', 'repair', 'repairFiles'] as const)('nor on the pages of codes: %s', (id) => {
    expect(JSON.stringify(STEPS[id])).not.toMatch(/Get-PhysicalDisk|\/scan"|\/Online|mdsched/i);
  });
});

describe('a driver that is not named', () => {
  test('USB: devices by halves', () => expect(ids({ code: 0x144, params: [1n, 0n, 0n, 0n] })).toEqual(['d-usb-halves', 'd-usb-drivers']));
  test('plug and play: nothing about memory', () =>
    expect(ids({ code: 0x9f, params: [4n, 0x12cn, 0n, 0n] })).toEqual(['d-fast-startup', 'd-usb-halves', 'd-dpc-drivers']));
  test('a broken rule: what was changed last, then Verifier', () => {
    expect(ids({ code: 0xda, params: [1n, 0n, 0n, 0n], modules: ['ntoskrnl.exe', 'nobody.sys'] }).slice(0, 2)).toEqual(['d-recent', 'd-verifier-these']);
  });
  test('a driver whose link stamp is no date most likely came with Windows: it is not watched with the unknown ones', () => {
    const modules = ['ntoskrnl.exe', 'winaccel.sys', 'nobody.sys'];
    const linked = { 'winaccel.sys': 0x0e7f_5c11, 'nobody.sys': 0x5f00_0000 };
    expect(copies({ code: 0xda, params: [1n, 0n, 0n, 0n], modules, linked })).toContain('verifier /standard /driver nobody.sys');
    expect(copies({ code: 0xda, params: [1n, 0n, 0n, 0n], modules, linked })).not.toContain('winaccel');
  });
  test('no resources left: the leak', () => {
    const [first] = stepsOf({ code: 0x7a, params: [1n, 0xc000009an, 0n, AT] });
    expect([first?.says.id, first && guideOf(first.says)]).toEqual(['d-pool-leak', 'pool-leak']);
  });
});

describe('a driver that is named', () => {
  const blamed = (module: string, code = 0xd1): Fake => ({
    code,
    params: [0x10n, 2n, 0n, `${module}+1000`],
    modules: ['ntoskrnl.exe', module],
    frames: [[`${module}+1000`, 'context']],
  });
  test('whose it is comes before its removal, by a command that shows the file', () => {
    const steps = stepsOf(blamed('nobody.sys'));
    expect(steps.map(({ says }) => says.id).slice(0, 2)).toEqual(['d-driver-whose', 'd-driver-remove']);
    expect(steps[0]?.copy).toMatch(/Win32_SystemDriver .*'\*\\nobody\.sys'.*VersionInfo.*CompanyName, ProductName/);
    // `\??\C:\…`, as the service manager writes it, is no path that Get-Item takes.
    expect(steps[0]?.copy).toContain(String.raw`-replace '^\\\?\?\\'`);
  });
  test('a program’s is uninstalled, a device’s disabled, a disk’s replaced', () => {
    expect(ids(blamed('aswSP.sys')).slice(0, 2)).toEqual(['d-program-from', 'd-program-remove']);
    expect(ids(blamed('RTKVHD64.sys')).slice(0, 2)).toEqual(['d-driver-from', 'd-driver-remove']);
    expect(ids(blamed('iaStorA.sys'))[1]).toBe('d-storage-standard');
  });
});

test('firmware: the update, which cannot be undone, comes last', () => {
  expect(ids({ code: 0xa5, params: [3n, AT, 0n, 0n] })).toEqual(['d-defaults', 'd-firmware-update']);
  const at = 'amdppm.sys+1000';
  const running = { code: 0x7e, params: [0xc0000005n, at, 0n, 0n], modules: ['ntoskrnl.exe', 'amdppm.sys'], frames: [[at, 'context']] } as const;
  expect(ids(running)).toEqual(['d-defaults', 'd-hypervisor-off', 'd-firmware-update']);
});
test('a dump of Windows points to MEMORY.DMP first, and to a setting that is Windows’ own', () => {
  const steps = stepsOf({ code: 0x1234 });
  expect(steps.map(({ says }) => says.id).slice(0, 2)).toEqual(['d-memory-dmp', 'd-dump-kernel']);
  expect(steps[1]?.copy).toMatch(/CrashDumpEnabled 7$/);
});
test('what was asked for needs no look at a stack', () => {
  expect(ids({ code: 0xdeaddead })).toEqual(['d-wanted']);
  expect(ids({ code: 0xe2 })).toEqual(['d-if-hung']);
  const held = verdictOf({ code: 0x1c8, params: [7000n] });
  expect(held.steps.map(({ says }) => says.id)).toEqual(['d-inspect', 'd-memory-dmp', 'd-dump-kernel']);
  expect(held.wouldSettle.map(({ id }) => id)).toEqual(['s-kernel-dump']);
});
test('pages of codes do not speak of a stack below', () => expect(say(STEPS.inspect[0]?.text ?? { id: '', args: {} }).owner).toMatch(/dump here/));

test('of a program on another system no command of Windows is offered', () => {
  const snapshot: Fake = { user: true, process: 'app', modules: ['/usr/bin/app'], family: 'Linux' };
  expect(ids(snapshot)).toEqual(['d-inspect']);
  expect(ids({ ...snapshot, family: 'Windows' })).toEqual(['d-inspect', 'd-hang-again']);
});
test('code that was changed: memory, then what changes kernels; Verifier would see nothing', () => {
  const verdict = verdictOf({ code: 0x109, modules: ['ntoskrnl.exe', 'nobody.sys'] });
  expect(verdict.steps.map(({ says }) => says.id)).toEqual(['d-mem-profile', 'd-mem-test', 'd-patchers']);
  expect(verdict.wouldSettle.map(({ id }) => id)).not.toContain('s-verifier');
});

describe('what a single file proves', () => {
  const weak = (fake: Fake): readonly string[] => {
    const { explanation, wouldSettle } = verdictOf(fake);
    return [...explanation, ...wouldSettle].map(({ id }) => id).filter((id) => /^(x-repeat|s-several)/.test(id));
  };
  test.each([
    [0x9f, [3n, AT, 0n, AT]],
    [0xc4, [0xe0n]],
    [0x10d, [6n]],
    [0x124, [0n]],
  ] as const)('%#: %s', (code, params) => expect(weak({ code, params })).toEqual([]));
  test.each([
    [0x116, ['x-repeat-tag']],
    [0xea, ['x-repeat-tag']],
    [0x117, []],
    [0x141, []],
  ])('%#: driver and owner tag are the same whatever broke, and a report is no stop', (code, said) =>
    expect(weak({ code, modules: ['ntoskrnl.exe', 'nvlddmkm.sys'] })).toEqual(said),
  );
  test('a silent processor is told by its number, a damaged page by its own', () => {
    expect(weak({ code: 0x101, params: [0x18n, 0n, 0n, 3n] })).toEqual(['x-repeat-cpu', 's-several-cpu']);
    expect(weak({ code: 0x4e, params: [0x99n, 0x1234n, 0n, 0n] })).toEqual(['x-repeat-ram', 's-several-ram']);
  });
  test('others are weak witnesses', () => expect(weak({ code: 0x0a, params: [0x88n, 2n, 0n, 0n] })).toEqual(['x-repeat', 's-several']));
});

test('a program that fails as on bad hardware: its files first, then the hardware', () => {
  const built = KINDS.find(({ name }) => name === 'u-code-bit')?.make(2001);
  const verdict = built && driveSync(judge(sessionOfFault(built, 'u-code-bit')));
  expect(verdict).toMatchObject({ cause: 'hardware', culprit: { part: 'ram' } });
  expect(verdict?.steps.map(({ says }) => says.id)).toEqual(['d-verify-app', 'd-mem-profile', 'd-mem-test']);
});

const stepsOfKind = (kind: string): string[] => {
  const built = KINDS.find(({ name }) => name === kind)?.make(2001);
  return built ? driveSync(judge(sessionOfFault(built, kind))).steps.map(({ says }) => says.id) : [];
};
test.each(['24-corrupt', '24-device', '7a-disk', 'u-in-page'])('%s: the backup, which changes nothing, comes first', (kind) => {
  expect(stepsOfKind(kind)[0]).toBe('d-backup');
});
test.each(['u-flipped-pointer', 'arm64-flipped'])('%s: one wrong bit asks for the memory as well', (kind) => {
  expect(stepsOfKind(kind)).toEqual(['d-reinstall-app', 'd-mem-profile', 'd-mem-test']);
});
test('a library of a program that no table knows: whose it is comes first', () => {
  const at = 'nobody.dll+1000';
  const modules = ['app.exe', 'nobody.dll'];
  const exception = { code: 0xc0000005, parameters: [0n, 0x10n], address: 0x7ff6_0000_0000n };
  const fake: Fake = { user: true, process: 'app.exe', modules, exception, frames: [[at, 'context']] };
  expect(stepsOf(fake)[0]?.says).toMatchObject({ id: 'd-module-whose', args: { module: 'nobody.dll', command: 'lmvm nobody' } });
});

test('of every code: at most three steps, none twice, and the first can be undone', async () => {
  const lasting = new Set(['d-firmware-update', 'd-cpu-bios', 'd-ssd-firmware', 'd-winre-check']);
  for (const { code } of (await loadKnowledge()).bugChecks) {
    const steps = ids({ code, modules: ['ntoskrnl.exe', 'nobody.sys'] });
    expect(steps.length, `0x${code.toString(16)}`).toBeLessThanOrEqual(3);
    expect(new Set(steps).size, `0x${code.toString(16)}`).toBe(steps.length);
    const lines = stepsOf({ code }).flatMap(({ copy }) => copy ?? []);
    expect(new Set(lines).size, `0x${code.toString(16)}`).toBe(lines.length);
    expect(steps.length === 0 || lasting.has(steps[0] ?? ''), `0x${code.toString(16)}: ${steps.join()}`).toBe(false);
  }
});
