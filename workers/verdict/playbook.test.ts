import { describe, expect, test } from 'vitest';
import { driveSync } from '../base/job.ts';
import { type Fake, fakeSession } from '../testing/node/fakesession.ts';
import { judge } from './judge.ts';

const looks = (fake: Fake): readonly string[] => driveSync(judge(fakeSession(fake))).looks.map((look) => look.line);

const AT = 0xffffc08d_7f158000n;
const at = AT.toString(16);
// What each argument is, case by case: windows-driver-docs, pages of 0x9F, 0x77, 0x7A, 0x19, 0xEF, 0x0A, 0x4E, 0x1A and 0x154.
test.each([
  [0x9f, [3n, AT, 0n, AT + 0x100n], [`!irp 0x${at.replace(/000$/, '100')}`, `!devstack 0x${at}`, '!poaction', '!locks']],
  [0x9f, [4n, 0x12cn, AT, AT + 0x100n], [`!thread 0x${at}`, '!poaction', '!locks']],
  [0x9f, [4n, 0n, 0n, 0n], ['!poaction', '!locks']],
  [0x9f, [0x500n, 0n, AT + 0x100n, AT], [`!devstack 0x${at}`, '!poaction', '!locks']],
  [0x19, [0x20n, AT, 0n, 0n], [`!pool 0x${at}`, `db 0x${at} L80`, 'kv']],
  [0xef, [AT, 0n, 0n, 0n], [`!process 0x${at} 3`, 'kv']],
  // A null pointer and a program's address are in no pool of the kernel.
  [0x0a, [0x88n, 2n, 0n, 0n], ['kv']],
  [0x0a, [0x46ae_9db7_3a95n, 2n, 0n, 0n], ['kv']],
  [0x4e, [1n, AT, 0x1000n, 0n], ['kv']],
  [0x4e, [0x99n, 0x306abn, 0n, 0n], ['!pfn 0x306ab', 'kv']],
  [0x1a, [0x3453n, AT, 0n, 0n], [`dq 0x${at} L2`, 'kv']],
  [0x154, [AT, AT + 0x100n, 0n, 0n], [`dps 0x${at.replace(/000$/, '100')} L2`]],
  [0x9, [1n, 2n, 3n, 4n], ['kv']],
] as const)('%#: code %s', (code, params, wanted) => expect(looks({ code, params })).toEqual(wanted));

test('0x7A and 0x77: the status, and the address that was paged in or whose signature is wrong', () => {
  expect(looks({ code: 0x7a, params: [1n, 0xc0000005n, 0n, AT] })).toEqual(['!error 0xc0000005', `!pte 0x${at}`]);
  expect(looks({ code: 0x77, params: [1n, 0x1234n, 0n, AT] })).not.toContain('!error 0x1234');
});

test('where the rules decide there is nothing to look up by hand', () => expect(looks({ code: 0x1a, params: [0x41792n, 0x1000n, 1n << 37n, 0n] })).toEqual([]));
test('a hang asks for the waits', () => expect(looks({ user: true, process: 'app.exe', modules: ['app.exe'] })).toEqual(['!analyze -hang', '~*k']));

const stepsOf = (fake: Fake) => driveSync(judge(fakeSession(fake))).steps;
const verifierStep = (fake: Fake) => stepsOf(fake).find((step) => step.says.id.startsWith('d-verifier'));
const damaged = (modules: readonly string[], frames: Fake['frames'] = [], code = 0x19): Fake => ({ code, params: [0x20n, 0n, 0n, 0n], modules, frames });

describe('Verifier is asked to watch the first wave', () => {
  const others = ['ntoskrnl.exe', 'bad.sys', 'nvlddmkm.sys', 'Ntfs.sys', 'dump_storport.sys'];
  test.each([
    ['who stands on the stack', damaged(others, [['bad.sys+1', 'unwind-info']]), 'verifier /standard /driver bad.sys'],
    ['else drivers that no table knows', damaged(others), 'verifier /standard /driver bad.sys'],
    ['else those of other makers', damaged(['ntoskrnl.exe', 'nvlddmkm.sys', 'RTKVHD64.sys']), 'verifier /standard /driver nvlddmkm.sys RTKVHD64.sys'],
    ['a scanned frame makes nobody suspect', damaged(others, [['nvlddmkm.sys+1', 'scan']]), 'verifier /standard /driver bad.sys'],
    ['nobody is left', damaged(['ntoskrnl.exe']), 'verifier'],
    ['a name that could be a command is left out', damaged(['ntoskrnl.exe', 'a.sys & calc.sys'], [['a.sys & calc.sys+1', 'unwind-info']]), 'verifier'],
  ])('%s', (_what, fake, wanted) => expect(verifierStep(fake)?.copy).toBe(wanted));
  test('of many the sentence names four', () => {
    const makers = ['nvlddmkm.sys', 'RTKVHD64.sys', 'atikmdag.sys', 'vgk.sys', 'igdkmd64.sys'];
    expect(verifierStep(damaged(['ntoskrnl.exe', ...makers]))?.says.args['names']).toBe('nvlddmkm.sys, RTKVHD64.sys, atikmdag.sys, vgk.sys and 1 more');
  });
  test('0x109: who stands on the stack has no part in it', () => {
    const onStack = { code: 0x109, modules: ['ntoskrnl.exe', 'nvlddmkm.sys'], frames: [['nvlddmkm.sys+1', 'unwind-info']] } as const;
    expect(driveSync(judge(fakeSession(onStack))).suspects).toEqual([]);
    expect(driveSync(judge(fakeSession({ ...onStack, code: 0x19, params: [0x20n] }))).suspects).toEqual(['nvlddmkm.sys']);
  });
});
