/** `!running`, `!irql`, `!dpcs`, `!dpcwatchdog`: rows of published texts, a built machine, and the processors of a real small dump. */
import { describe, expect, it } from 'vitest';
import { missing } from '../base/found.ts';
import type { Session } from '../target/target.ts';
import { corpusHas } from '../testing/node/corpus.ts';
import { corpusSession } from '../testing/node/corpussession.ts';
import { fakeSession, qword } from '../testing/node/fakesession.ts';
import { shownLines as shown } from '../testing/node/handmade.ts';
import { deadlockSession, leakSession } from '../testing/node/sessions.ts';

/** The machine of the text: one processor, the next thread chosen. _KPRCB of 19041: CurrentThread 8, NextThread 0x10, IdleThread 0x18, Number 0x24. */
const PRCB = 0xfffff80526ad6180n;
const thread = (priority: string): string => `06${'00'.repeat(0xc2)}${priority}`;
const published = fakeSession({
  modules: ['ntoskrnl.exe'],
  kernelPointers: { KiProcessorBlock: 0xfffff805_10000000n },
  kernelOffsets: { OffsetPrcbNumber: 0x24 },
  memory: {
    '0xfffff80510000000': qword(PRCB),
    [`0x${PRCB.toString(16)}`]: `${'00'.repeat(8)}${qword(0xffffda0273eea040n)}${qword(0xffffda02746490c0n)}${qword(0xfffff80599bd15c0n)}${'00'.repeat(0x800)}`,
    '0xffffda0273eea040': thread('08'),
    '0xffffda02746490c0': thread('0e'),
  },
});

describe('!running', () => {
  it('prints the row of a published text (a session of 26200, quoted in a test of a public debugger server)', () => {
    expect(shown(published, '!running')).toContain('  0    fffff80526ad6180  ffffda0273eea040 ( 8) ffffda02746490c0 (14) fffff80599bd15c0  ................');
    expect(shown(published, '!running')).toContain('       Prcbs             Current         (pri) Next            (pri) Idle');
    expect(shown(published, '!running').at(-1)).toBe('not in this dump: the KPRCB of processor 1, 2, 3, 4, 5, 6, 7');
  });

  it('says that the number of processors is not known, where it is not', () => {
    const os = { ...published.target.os, processors: missing({ why: 'stream-absent', stream: 'SystemInfo' }) };
    const { memory, types, knowledge, decoder, symbols } = published;
    const session = { memory, types, knowledge, decoder, symbols, target: { ...published.target, os } } as Session;
    expect(shown(session, '!dpcs')).toEqual([expect.stringMatching(/^BAD_ARGUMENT: .*SystemInfo/)]);
  });

  it('shows who is busy; -i the idle, -t stacks', () => {
    const built = deadlockSession();
    const busy = '  2    ffff9a805a440180  ffffe0812e0d7040 ( 8)                       ';
    expect(shown(built, '!running').slice(0, 4)).toEqual([
      'System Processors:  (00000000000000ff)',
      '  Idle Processors:  (00000000000000fb)',
      '',
      '       Prcbs             Current         (pri) Next            (pri) Idle',
    ]);
    expect(
      shown(built, '!running')
        .slice(4)
        .map((row) => row.slice(0, busy.length)),
    ).toEqual([busy]);
    const all = shown(built, '!running -it');
    expect(all.filter((row) => /^ {2}\d {4}ffff9a80/.test(row)).length).toBe(8);
    expect(all.filter((row) => row.includes('Call Site')).length).toBe(8);
    expect(shown(built, '!running -x')).toEqual(['BAD_ARGUMENT: -i and -t are the options']);
  });
});

describe('!irql and !dpcs', () => {
  const built = leakSession();
  it('say the level in words (published: "Debugger saved IRQL for processor 0x0 -- 2 (DISPATCH_LEVEL)")', () => {
    expect(shown(built, '!irql')).toEqual(['Debugger saved IRQL for processor 0x2 -- 2 (DISPATCH_LEVEL)']);
    expect(shown(built, '!irql 0')).toEqual(['Debugger saved IRQL for processor 0x0 -- 0 (LOW_LEVEL)']);
    expect(shown(built, '!irql 9')).toEqual(['BAD_ARGUMENT: the KPRCB of processor 0x9 is not in this dump']);
  });

  it('list what waits, and what cannot be read (layout: the page of bug check 0x133)', () => {
    const driver = built.target.modules.byName('examplenic')?.base ?? 0n;
    const rows = [
      'CPU Type      KDPC       Function',
      ` 2: Normal  : 0xffffe08170005000 0x${(driver + 0x1010n).toString(16)} examplenic+0x1010`,
      'Failed to read DPC at 0xffffe0813fff0dd0',
    ];
    expect(shown(built, '!dpcs')).toEqual(rows);
    expect(shown(deadlockSession(), '!dpcs')).toEqual(['no DPC waits']);
    const watchdog = shown(built, '!dpcwatchdog');
    expect(watchdog[0]).toBe('All durations are in seconds (1 System tick = 15.625000 milliseconds)');
    // 0x501 ticks of 15.625 ms
    expect(watchdog).toContain('DpcTimeCount       0x501 ticks           20.016  the DPC that runs');
    for (const row of rows) expect(watchdog).toContain(row);
    expect(watchdog.at(-1)).toMatch(/^no profile: /);
  });
});

describe.skipIf(!corpusHas('kernel/eolar-4a.dmp'))('a real small dump whose KPRCB has no address', () => {
  it('shows the thread that stopped, and says what is not there', () => {
    const session = corpusSession('kernel/eolar-4a.dmp');
    const thread = session.target.threads[0]?.object?.toString(16);
    const text = shown(session, '!running -t');
    expect(text[1]).toMatch(new RegExp(`^ {2}\\d {4}\\?{8} {10}${thread}$`));
    expect(text).toContain(' # Child-SP          RetAddr               Call Site');
    expect(text.at(-1)).toMatch(/^no KPRCB lies in the memory of this dump/);
  });
});

describe.skipIf(!corpusHas('kernel/noam-133.dmp'))('a real 0x133', () => {
  it('shows the processor that ran out of time, its queue and the samples', () => {
    const text = shown(corpusSession('kernel/noam-133.dmp'), '!dpcwatchdog');
    const from = text.indexOf('CPU#4');
    const own = text.slice(from, text.indexOf('CPU#5'));
    // Argument 2 of the stop is the period, 0x1e00 ticks; the count has reached it on the processor that stopped, and on no other.
    expect(own.find((row) => row.startsWith('DpcWatchdogCount'))).toMatch(/0x1e00 ticks/);
    expect(text.filter((row) => row.startsWith('DpcWatchdogCount') && row.includes('0x1e00')).length).toBe(1);
    // 641 slots are filled, each with Ntfs.sys and FLTMGR.SYS: counted by hand from the block at the KPRCB's pointer.
    expect(own).toContain('     641 of 641  Ntfs.sys');
    expect(own).toContain('     641 of 641  FLTMGR.SYS');
    expect(own.some((row) => row.startsWith('Failed to read DPC at 0x'))).toBe(true);
  });
});
