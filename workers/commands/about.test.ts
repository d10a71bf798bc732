import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { found } from '../base/found.ts';
import { refuse } from '../base/problem.ts';
import { at, handmade } from '../testing/node/handmade.ts';

// MicrosoftDocs, "Debug universal drivers": vertarget. Its "Built by" and "Machine Name" need memory that is not read here;
// times stand in UTC-8 there (10:15:17), and "01:31:58" is a slip of the page: other texts have "0:08:03.468".
const machine = handmade({
  modules: [{ name: 'nt', base: 'fffff801`8d283000', end: 'fffff801`8e000000', imageName: 'ntoskrnl.exe' }],
  target: {
    os: { family: 'Windows', build: found(10586), name: found('Windows 10 1511'), productType: found('workstation'), processors: found(4) },
    crashTime: found(Date.UTC(2015, 1, 20, 18, 15, 17, 807)),
    uptimeSeconds: found(5518.931),
    kernelPointers: { PsLoadedModuleList: va(at('fffff801`8d58aef0')) },
  },
});

describe('vertarget and .time', () => {
  it('prints the machine', () => {
    expect(machine.run('vertarget')).toEqual([
      'Windows 10 Kernel Version 10586 MP (4 procs) Free x64',
      'Product: WinNt',
      'Windows 10 1511', // ours
      'Kernel base = 0xfffff801`8d283000 PsLoadedModuleList = 0xfffff801`8d58aef0',
      'Debug session time: Fri Feb 20 18:15:17.807 2015 (UTC + 0:00)',
      'System Uptime: 0 days 1:31:58.931',
    ]);
    expect(machine.run('.time')).toEqual(machine.run('vertarget').slice(4));
  });
  it('.time of a process', () => {
    // MicrosoftDocs, ".time": process times in the same form. Of a minidump WinDbg says "System Uptime: not available" (a public text of 2014).
    const made = handmade({
      target: {
        kind: 'user',
        crashTime: found(Date.UTC(2003, 3, 7, 19, 10, 50)),
        uptimeSeconds: found(8.75),
        facts: [
          { group: 'times', name: 'kernel time', value: found('0.015 s'), privacy: 'public' },
          { group: 'times', name: 'user time', value: found('0.015 s'), privacy: 'public' },
        ],
      },
    });
    expect(made.run('.time')).toEqual([
      'Debug session time: Mon Apr  7 19:10:50.000 2003 (UTC + 0:00)',
      'System Uptime: not available',
      'Process Uptime: 0 days 0:00:08.750',
      '  Kernel time: 0 days 0:00:00.015',
      '  User time: 0 days 0:00:00.015',
    ]);
  });
  it('says what is not known', () =>
    expect(handmade({}).run('.time')).toEqual([
      'Debug session time: (not known: this hand-made dump does not tell it)',
      'System Uptime: (not known: this hand-made dump does not tell it)',
    ]));
});

describe('.sympath', () => {
  // MicrosoftDocs, ".symfix": "Symbol search path is: srv*" / "Expanded Symbol search path is: cache*c:\myCache;SRV*https://msdl.microsoft.com/download/symbols".
  it('prints the path and what it stands for', () => {
    const { run } = handmade({});
    expect(run('.sympath')).toEqual(['Symbol search path is: srv*', 'Expanded Symbol search path is: SRV*https://msdl.microsoft.com/download/symbols']);
    expect(run(String.raw`.sympath+ srv*c:\myCache*https://example.org/symbols`)).toEqual([
      String.raw`Symbol search path is: srv*;srv*c:\myCache*https://example.org/symbols`,
      String.raw`Expanded Symbol search path is: SRV*https://msdl.microsoft.com/download/symbols;cache*c:\myCache;SRV*https://example.org/symbols`,
      expect.stringContaining(String.raw`c:\myCache`),
    ]);
    expect(run('.sympath srv*')[0]).toBe('Symbol search path is: srv*');
  });
  it('says an empty path', () => expect(handmade({ control: { path: () => '' } }).run('.sympath')[0]).toBe('Symbol search path is: <empty>'));
  it('passes a refusal on', () => {
    const made = handmade({ control: { setPath: () => refuse('BAD_ARGUMENT', 'ftp://x: unknown-scheme', { at: 0 }) } });
    expect(made.answer('.sympath ftp://x')).toMatchObject({ ok: false, problem: { code: 'BAD_ARGUMENT', detail: 'ftp://x: unknown-scheme' } });
  });
});

describe('!sym', () => {
  // nohuto/windbg-notes: "!sym <noisy/quiet - prompts/prompts off> - quiet mode - symbol prompts on".
  // systeminformer issue 2300: lines that SYMSRV writes.
  it('says its state and the log', () => {
    const log = ['SYMSRV:  BYINDEX: 0x1F5', '         SystemInformer.sys', '         34BA8EA044000'];
    const { run, answer } = handmade({ control: { log: () => log } });
    expect(run('!sym')).toEqual(['!sym <noisy/quiet - prompts/prompts off> - quiet mode - symbol prompts on']);
    expect(run('!sym noisy')).toEqual(['noisy mode - symbol prompts on', ...log]);
    expect(run('!sym')[0]).toBe('!sym <noisy/quiet - prompts/prompts off> - noisy mode - symbol prompts on');
    expect(run('!sym quiet')).toEqual(['quiet mode - symbol prompts on']);
    expect(answer('!sym loud').ok).toBe(false);
  });
});

describe('.reload', () => {
  it('asks, by name or for all; arrives later', () => {
    const asked: unknown[] = [];
    const made = handmade({
      modules: [{ name: 'nt', base: '1000', end: '2000', imageName: 'ntoskrnl.exe' }],
      control: { request: (names, force) => void asked.push([names, force]) },
    });
    expect(made.run('.reload')[0]).toBe('Reloading current modules'); // WinDbg goes on with a point for each module while it waits
    made.run('.reload /f nt');
    made.run('.reload /f ntoskrnl.exe=fffff800`00000000');
    expect(asked).toEqual([
      [[], false],
      [['nt'], true],
      [['nt'], true],
    ]);
    expect(made.answer('.reload nosuch')).toMatchObject({ ok: false, problem: { code: 'BAD_ARGUMENT' } });
  });
});

describe('.hh', () => {
  it('lists the commands and explains one', () => {
    expect(machine.run('.hh').join('\n')).toContain('!analyze');
    expect(machine.run('.hh lm')[0]).toBe('lm [OPTIONS]');
    expect(machine.answer('.hh nosuch').ok).toBe(false);
  });
});
