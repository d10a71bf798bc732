import { expect, test } from 'vitest';
import { driveSync } from '../base/job.ts';
import { type Fake, fakeSession } from '../testing/node/fakesession.ts';
import { judge } from './judge.ts';

const looks = (fake: Fake): readonly string[] => driveSync(judge(fakeSession(fake))).looks.map((look) => look.line);

// The order of steps: windows-driver-docs, pages of 0x9F, 0x19 and 0xEF.
test.each([
  [0x9f, [3n, 0x1000n, 0n, 0x4000n], ['!irp 0x4000', '!devstack 0x1000', '!poaction', '!locks']],
  [0x9f, [4n, 0n, 0n, 0n], ['!poaction', '!locks']],
  [0x19, [0x20n, 0x2000n, 0n, 0n], ['!pool 0x2000', 'db 0x2000 L80', 'kv']],
  [0xef, [0x5000n, 0n, 0n, 0n], ['!process 0x5000 3', 'kv']],
  [0x9, [1n, 2n, 3n, 4n], ['kv']],
] as const)('%#: code %s', (code, params, wanted) => expect(looks({ code, params })).toEqual(wanted));

test('where the rules decide there is nothing to look up by hand', () => expect(looks({ code: 0x1a, params: [0x41792n, 0x1000n, 1n << 37n, 0n] })).toEqual([]));
test('a hang asks for the waits', () => expect(looks({ user: true, process: 'app.exe', modules: ['app.exe'] })).toEqual(['!analyze -hang', '~*k']));

test('Verifier is asked to watch the suspects, else drivers of other makers', () => {
  const copied = (modules: readonly string[], frames: Fake['frames']): string | undefined =>
    driveSync(judge(fakeSession({ code: 0x19, params: [0x20n, 0n, 0n, 0n], modules, frames: frames ?? [] }))).steps.find((step) =>
      step.says.id.startsWith('d-verifier'),
    )?.copy;
  const other = ['ntoskrnl.exe', 'bad.sys', 'nvlddmkm.sys', 'Ntfs.sys'];
  expect(copied(other, [['bad.sys+1', 'unwind-info']])).toBe('verifier /standard /driver bad.sys');
  expect(copied(other, [])).toBe('verifier /standard /driver nvlddmkm.sys');
  expect(copied(['ntoskrnl.exe'], [])).toBe('verifier');
  const makers = ['nvlddmkm.sys', 'RTKVHD64.sys', 'atikmdag.sys', 'vgk.sys', 'igdkmd64.sys'];
  const steps = driveSync(judge(fakeSession({ code: 0x19, params: [0x20n, 0n, 0n, 0n], modules: ['ntoskrnl.exe', ...makers] }))).steps;
  expect(steps.find((step) => step.says.id === 'd-verifier-these')?.says.args['names']).toBe('nvlddmkm.sys, RTKVHD64.sys, atikmdag.sys, vgk.sys and 1 more');
  // A name from a dump that is no file name of a driver does not get into a command.
  expect(copied(['ntoskrnl.exe', 'a.sys & calc.sys'], [['a.sys & calc.sys+1', 'unwind-info']])).toBe('verifier /standard /driver a.syscalc.sys');
});
