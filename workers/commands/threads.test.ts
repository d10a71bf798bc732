import { describe, expect, it } from 'vitest';
import { found } from '../base/found.ts';
import { at, frame, handmade } from '../testing/node/handmade.ts';

// kash1064/Kaeru-no-Himitsukichi, "WinDbg tutorial" (2021): `~`, `~0s`; notepad with its threads.
const made = () =>
  handmade({
    modules: [
      { name: 'win32u', base: '00007ff9`9b340000', end: '00007ff9`9b362000', imageName: 'win32u.dll' },
      { name: 'ntdll', base: '0000`00007ff99d290000', end: '00007ff9`9d485000', imageName: 'ntdll.dll' },
    ],
    names: { '00007ff9`9b3465e4': 'win32u!NtGdiGetCharABCWidthsW+0x14', '00007ff9`9d2e2651': 'ntdll!RtlUserThreadStart+0x21' },
    memory: { '00007ff9`9b3465e4': 'c3' },
    target: { kind: 'user', process: { name: found('notepad.exe'), id: found(0xde4) } },
    threads: [
      { id: 0x22f0, teb: '00000055`5f36a000', suspend: 1, registers: { rip: at('00007ff9`9d2e2651') }, frames: [frame('1000', '0', '00007ff9`9d2e2651')] },
      {
        id: 0x7ac,
        teb: '00000055`5f35c000',
        suspend: 1,
        registers: { rip: at('00007ff9`9b3465e4') },
        frames: [frame('00000055`5f11f7b8', '0', '00007ff9`9b3465e4')],
      },
      { id: 0x898, teb: '00000055`5f37e000', suspend: 1, name: 'worker' },
    ],
    context: { registers: { rip: at('00007ff9`9d2e2651') } },
    frames: [frame('1000', '0', '00007ff9`9d2e2651')],
  });

describe('~', () => {
  it('lists threads, the current one with a point', () => {
    const { run } = made();
    expect(run('~')).toEqual([
      '.  0  Id: de4.22f0 Suspend: 1 Teb: 00000055`5f36a000 Unfrozen',
      '   1  Id: de4.7ac Suspend: 1 Teb: 00000055`5f35c000 Unfrozen',
      '   2  Id: de4.898 Suspend: 1 Teb: 00000055`5f37e000 Unfrozen "worker"',
    ]);
    // The text's own thread 0.
    expect(run('~1s')).toEqual(['win32u!NtGdiGetCharABCWidthsW+0x14:', '00007ff9`9b3465e4 c3              ret']);
    // The thread that crashed is marked with # once another is current (docs: "Controlling processes and threads").
    expect(run('~').map((row) => row.slice(0, 4))).toEqual(['#  0', '.  1', '   2']);
    expect(run('~.k')).toEqual([
      ' # Child-SP          RetAddr               Call Site',
      '00 00000055`5f11f7b8 00000000`00000000     win32u!NtGdiGetCharABCWidthsW+0x14',
    ]);
    expect(run('k')).toEqual(run('~1k'));
    expect(run('.ecxr').at(-2)).toBe('ntdll!RtlUserThreadStart+0x21:');
    expect(run('~')[0]?.[0]).toBe('.');
  });

  it('$tid and $teb are those of the thread that is the scope', () => {
    const { run } = made();
    expect([run('? @$tid'), run('? @$teb')].flat()).toEqual([
      'Evaluate expression: 8944 = 00000000`000022f0',
      'Evaluate expression: 366669635584 = 00000055`5f36a000',
    ]);
    run('~1s');
    expect([run('? @$tid'), run('? @$teb')].flat()).toEqual([
      'Evaluate expression: 1964 = 00000000`000007ac',
      'Evaluate expression: 366669578240 = 00000055`5f35c000',
    ]);
  });
  // "Walking through a process with WinDbg" (public text, 2024): a blank line, the thread, its heading, its frames.
  it('*k writes the thread before its stack', () => {
    expect(made().run('~*k').slice(0, 7)).toEqual([
      '',
      '.  0  Id: de4.22f0 Suspend: 1 Teb: 00000055`5f36a000 Unfrozen',
      ' # Child-SP          RetAddr               Call Site',
      '00 00000000`00001000 00000000`00000000     ntdll!RtlUserThreadStart+0x21',
      '',
      '   1  Id: de4.7ac Suspend: 1 Teb: 00000055`5f35c000 Unfrozen',
      ' # Child-SP          RetAddr               Call Site',
    ]);
  });
  it('says why a thread has no stack', () =>
    expect(made().run('~2k')).toEqual([expect.stringContaining('no frames: the registers of this thread are missing')]));
  it('takes an id', () => expect(made().run('~~[7ac]k')[1]).toContain('win32u!'));
  it.each([
    ['~9s', 'there is no thread 9'],
    ['~~[1]s', 'there is no thread with id 1'],
    ['~*s', 'one thread'],
    ['~2s', 'registers of this thread are missing'],
    ['~*e !peb', 'write ~'],
  ])('%s is refused', (line, why) => {
    const answer = made().answer(line);
    expect(answer.ok ? '' : answer.problem.detail).toContain(why);
  });
  // 32-bit Tebs are eight digits (nohuto/windbg-notes): "   0  Id: 2064.22a0 Suspend: 1 Teb: 00eaf000 Unfrozen".
  it('is narrow on x86', () => {
    const x86 = handmade({
      arch: 'x86',
      target: { kind: 'user', process: { name: found('x'), id: found(0x2064) }, crashThread: { ok: false, missing: { why: 'not-computed' } } },
      threads: [{ id: 0x22a0, teb: '00eaf000', suspend: 1 }],
    });
    expect(x86.run('~')).toEqual(['   0  Id: 2064.22a0 Suspend: 1 Teb: 00eaf000 Unfrozen']);
  });
});
