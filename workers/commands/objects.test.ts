/** `!irp`, `!devobj`, `!devstack`, `!drvobj`, `!process`, `!thread`, `!locks` over a built dump, in the layout of published texts. */
import { describe, expect, it } from 'vitest';
import { driveSync } from '../base/job.ts';
import type { Session } from '../target/target.ts';
import { corpusBytes, hasCorpus } from '../testing/node/corpus.ts';
import { sessionOfBytes } from '../testing/node/corpussession.ts';
import { power9f } from '../testing/build/scenes.ts';
import { fakeSession, qword } from '../testing/node/fakesession.ts';
import { powerSession, sampleSession } from '../testing/node/sessions.ts';
import { loadLateCode } from './lateparts.ts';
import { runCommand } from './run.ts';
import { formatNodes, type SymbolControl } from './spec.ts';
import { SPECS } from './specs.ts';

await loadLateCode();

const scene = power9f();
const built = powerSession();

function shown(session: Session, command: string): string[] {
  const answer = driveSync(runCommand({ session, specs: SPECS, symbolControl: {} as SymbolControl }, command));
  const text = answer.ok ? formatNodes(answer.value) : `${answer.problem.code}: ${answer.problem.detail}`;
  return text.split('\n').filter((line) => !line.startsWith('kept layouts of'));
}

/** The request of the built 0x9F: the middle driver of three has it (layout: published `!irp` of a held power request). */
const IRP = [
  'Irp is active with 3 stacks 2 is current (= 0xffffe0812f6aab38)',
  ' No Mdl: No System Buffer: Thread 00000000:  Irp stack trace.  ',
  '     cmd  flg cl Device   File     Completion-Context',
  ' [IRP_MJ_POWER(16), IRP_MN_SET_POWER(2)]',
  '            0  0 ffffe0812b1d0060 00000000 00000000-00000000    ',
  '\t       \\Driver\\pci',
  '\t\t\tArgs: 00000000 00000001 00000001 00000000',
  '>[IRP_MJ_POWER(16), IRP_MN_SET_POWER(2)]',
  '            0  0 ffffe0812c2e5050 00000000 00000000-00000000    ',
  '\t       \\Driver\\ExampleNic',
  '\t\t\tArgs: 00000000 00000001 00000001 00000000',
];

describe('requests and devices', () => {
  it('!irp shows who has the request', () => {
    expect(shown(built, '!irp @$bug_param4').slice(0, IRP.length)).toEqual(IRP);
    expect(shown(built, '!irp @$bug_param2')).toEqual(['BAD_ARGUMENT: _IRP.Type is 3, which is not 6']);
  });

  it('!devstack lists the devices, and why the stack may go on', () => {
    expect(shown(built, '!devstack @$bug_param2')).toEqual([
      '  !DevObj           !DrvObj            !DevExt           ObjectName',
      '  ffffe0812c2e5050  \\Driver\\ExampleNic 00000000  ',
      '> ffffe0812b1d0060  \\Driver\\pci        00000000  ',
      'the stack may go on: _DEVICE_OBJECT.DeviceObjectExtension is null, which is not a pointer',
    ]);
  });

  it('!devobj shows the driver and the neighbours', () => {
    expect(shown(built, '!devobj @$bug_param2')).toEqual([
      'Device object (ffffe0812b1d0060) is for:',
      '  \\Driver\\pci DriverObject ffffe0812b0a1e10',
      'Current Irp 00000000 RefCount 1 Type 00000000 Flags 00003040',
      'DevExt 00000000 DevObjExt 00000000 DevNode ????????',
      'Characteristics (0x00000000)',
      'AttachedDevice (Upper) ffffe0812c2e5050 \\Driver\\ExampleNic',
      'AttachedTo (Lower) ???????? ????',
      'Device queue is not busy.',
    ]);
  });

  it('!drvobj lists devices, or routines', () => {
    expect(shown(built, '!drvobj ffffe0812c110ce0')).toEqual([
      'Driver object (ffffe0812c110ce0) is for:',
      ' \\Driver\\ExampleNic',
      '',
      'Device Object list:',
      'ffffe0812c2e5050',
    ]);
    const long = shown(built, '!drvobj ffffe0812c110ce0 2');
    expect(long).toContain('[16] IRP_MJ_POWER                       00000000');
    expect(long.filter((line) => /^\[[0-9a-f]{2}\]/.test(line)).length).toBe(28);
  });
});

describe('processes and threads', () => {
  const [, smss] = scene.others ?? [];

  it('!process 0 0 lists every process', () => {
    const text = shown(built, '!process 0 0');
    expect(text.slice(0, 4)).toEqual([
      'PROCESS ffffe0812ac8a080',
      '    SessionId: none  Cid: 0004    Peb: 00000000  ParentCid: 0000',
      '    DirBase: 001ad000  ObjectTable: 00000000  HandleCount:   0.',
      '    Image: System',
    ]);
    expect(text.filter((line) => line.startsWith('PROCESS ')).length).toBe((scene.others ?? []).length);
    expect(shown(built, '!process 0 0 smss*').filter((line) => line.startsWith('PROCESS '))).toEqual([`PROCESS ${smss?.object.address.toString(16)}`]);
  });

  it('a small dump tells the one that was running, and says so', () => {
    const text = shown(sampleSession(), '!process 0 0');
    expect(text[0]).toBe('the dump holds the process that was running and no list of the others');
    expect(text).toContain('    Image: System');
  });

  it('!process of one shows its threads and what they wait for; 4 their stacks', () => {
    const at = smss?.object.address.toString(16);
    const thread = smss?.threads[0]?.object;
    const head = `        THREAD ${thread?.address.toString(16)}  Cid 01d4.${thread?.id.toString(16).padStart(4, '0')}  Teb: ${thread?.teb?.toString(16).padStart(16, '0')} Win32Thread: 0000000000000000 WAIT: (UserRequest) KernelMode Non-Alertable`;
    expect(shown(built, `!process ${at} 2`)).toContain(head);
    expect(shown(built, `!process ${at} 6`).some((line) => line.includes('Call Site'))).toBe(true);
    expect(shown(built, `!process ${thread?.address.toString(16)} 0`)).toEqual(['_EPROCESS.Pcb.Header.Type is 6, which is not 3']);
  });

  it('!thread shows owner, stack bounds and stack', () => {
    const text = shown(built, '!thread');
    expect(text[0]).toBe(
      `THREAD ${scene.thread.address.toString(16)}  Cid 0004.01a4  Teb: 0000000000000000 Win32Thread: 0000000000000000 RUNNING on processor 2`,
    );
    expect(text).toContain('Owning Process            ffffe0812ac8a080       Image:         System');
    expect(text).toContain(`Base ${scene.thread.stackBase.toString(16)} Limit ${scene.thread.stackLimit.toString(16)}`);
    expect(text).toContain(' # Child-SP          RetAddr               Call Site');
  });
});

describe('!locks', () => {
  const [head, resource] = [0xffffe000_00001000n, 0xffffe000_00002000n];
  const words = (values: Readonly<Record<number, bigint>>, size: number): string =>
    Array.from({ length: size / 8 }, (_, index) => qword(values[index * 8] ?? 0n)).join('');
  // ERESOURCE of 10.0.19041: list at 0, ActiveCount 0x18, Flag 0x1a (0x80: exclusive), OwnerEntry 0x30, ContentionCount 0x44, exclusive waiters 0x4c.
  const held = words({ 0: head, 8: head, 0x18: 0x0080_0001n, 0x30: 0xffffe000_0000a040n, 0x38: 1n << 3n, 0x40: 45n << 32n, 0x48: 1n << 32n }, 0x68);
  const memory = { [`${head}`]: qword(resource) + qword(resource), [`${resource}`]: held };

  it('shows the owner and who waits', () => {
    const lines = [
      'Resource @ 0xffffe00000002000    Exclusively owned',
      '    Contention Count = 45',
      '    NumberOfExclusiveWaiters = 1',
      '     Threads: ffffe0000000a040-01<*> ',
    ];
    expect(shown(fakeSession({ memory }), '!locks ffffe00000002000')).toEqual(lines);
    expect(shown(fakeSession({ memory, kernelPointers: { ExpSystemResourcesList: head } }), '!locks')).toEqual([
      '**** DUMP OF ALL RESOURCE OBJECTS ****',
      '',
      ...lines,
      '1 total locks, 1 locks currently held',
    ]);
  });

  it('!analyze -hang shows what is waited for and who holds it', () => {
    const text = shown(fakeSession({ code: 0xe2, params: [0n, 0n, 0n, 0n], memory, kernelPointers: { ExpSystemResourcesList: head } }), '!analyze -hang');
    expect(text).toEqual(expect.arrayContaining(['Resource @ 0xffffe00000002000    Exclusively owned', 'BLOCKING_THREAD:  ffffe0000000a040']));
    const idle = { ...memory, [`${resource}`]: words({ 0: head, 8: head, 0x18: 0x0080_0001n, 0x30: 0xffffe000_0000a040n, 0x38: 1n << 3n }, 0x68) };
    const calm = shown(fakeSession({ code: 0xe2, params: [0n, 0n, 0n, 0n], memory: idle, kernelPointers: { ExpSystemResourcesList: head } }), '!analyze -hang');
    expect(calm).toContain('None of 1 resources of the kernel is waited for.');
    expect(calm.some((row) => row.startsWith('BLOCKING_THREAD'))).toBe(false);
    expect(calm[2]).toContain(' Bugcheck Analysis ');
  });

  it('!analyze -hang says that the list is not in the dump, and claims nothing of it', () => {
    const cut = shown(fakeSession({ code: 0xe2, params: [0n, 0n, 0n, 0n], kernelPointers: { ExpSystemResourcesList: head } }), '!analyze -hang');
    expect(cut.some((row) => /^The list of the kernel’s resources ends early: the memory at .* is not in this dump$/.test(row))).toBe(true);
    expect(cut.some((row) => row.startsWith('None of'))).toBe(false);
  });

  it('says why the list ends early', () => {
    const text = shown(fakeSession({ memory: { [`${head}`]: qword(resource) }, kernelPointers: { ExpSystemResourcesList: head } }), '!locks');
    expect(text.at(-2)).toBe('the list ends here: the memory at ffffe000`00002000 is not in this dump');
    expect(text.at(-1)).toBe('1 total locks, 0 locks currently held');
  });
});

it.skipIf(!hasCorpus)("!process finds the root of the process's VADs", () => {
  // The kept layouts of 19041: EPROCESS.VadRoot at 7d8, one pointer; that word of the file, counted from the EPROCESS.
  const session = sessionOfBytes(corpusBytes('kernel/rizin-x64-7e-amdppm.dmp'), 'amdppm.dmp');
  expect(shown(session, '!process')).toContain('    VadRoot ffffc08bdf3ff960 Vads 30 Private 26.');
});
