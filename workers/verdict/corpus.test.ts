/** Verdicts on real dumps against readings made by a person from the bytes. */
import { describe, expect, test } from 'vitest';
import { driveSync } from '../base/job.ts';
import { ArraySource } from '../bytes/source.ts';
import { createDecoder } from '../code/createdecoder.ts';
import { loadKnowledge } from '../knowledge/load.ts';
import { NO_SYMBOLS } from '../symbols/provider.ts';
import { openTarget } from '../target/open.ts';
import { createSession } from '../target/session.ts';
import type { Session } from '../target/target.ts';
import { corpusBytes, corpusHas, corpusList, hasCorpus } from '../testing/node/corpus.ts';
import { decoderModule } from '../worlds/node/wasm.ts';
import { judge } from './judge.ts';
import { readParameters } from './parameters.ts';
import type { Cause, Part, Sureness, Verdict } from './verdict.ts';
import { wdfLogDriver } from './wdflog.ts';
import { isTextId, say } from './words.ts';

const knowledge = await loadKnowledge();
const decoder = createDecoder(decoderModule());

function sessionOf(path: string): Session {
  const opened = driveSync(openTarget(new ArraySource(corpusBytes(path), path)));
  if (!opened.ok) throw new Error(`${path}: ${opened.problem.code}`);
  return createSession({ target: opened.value, symbols: NO_SYMBOLS, decoder, knowledge });
}
const verdicts = new Map<string, Verdict>();
function verdictOf(path: string): Verdict {
  const known = verdicts.get(path) ?? driveSync(judge(sessionOf(path)));
  verdicts.set(path, known);
  return known;
}

/** What the reading allows: causes, culprit's module or part, and how sure it may be at most. */
interface Reading {
  readonly causes: readonly Cause[];
  readonly module?: string | null;
  readonly parts?: readonly Part[];
  readonly atMost?: Sureness;
  readonly place?: string;
}
const AMD_OWN_STOP: Reading = { causes: ['driver-bug'], module: 'atikmdag.sys', atMost: 'likely' };
const READINGS: Readonly<Record<string, Reading>> = {
  'rizin-x64-7e-amdppm': { causes: ['firmware'], module: null, parts: ['firmware'], atMost: 'likely', place: 'amdppm.sys+334c' },
  'rizin-arm64-1c8': { causes: ['manual'], module: null },
  'eolar-4a': { causes: ['manual'], module: 'myfault.sys' },
  'noam-133': { causes: ['not-known'], module: null, atMost: 'not-known' },
  'ojusha-1a-402': { causes: ['memory-corruption', 'hardware'], module: null, parts: ['ram'], atMost: 'possible' },
  'daimuvg-101': { causes: ['hardware'], module: null, parts: ['cpu'], atMost: 'likely' },
  'daimuvg-1e-12546': { causes: ['not-known', 'hardware'], module: null, atMost: 'possible', place: 'ntoskrnl.exe+20f001' },
  'daimuvg-50': { causes: ['hardware'], module: null, parts: ['cpu'], atMost: 'likely', place: 'ntfs.sys+fb873' },
  'crit-111417-58375-01': { causes: ['driver-bug'], module: 'rtkvhd64.sys', atMost: 'likely', place: 'rtkvhd64.sys+5d28' },
  'crit-111317-27812-01': { causes: ['memory-corruption', 'hardware'], module: null, parts: ['ram'], atMost: 'likely', place: 'ntoskrnl.exe+3f2151' },
  'crit-111417-173000-01': { causes: ['driver-bug'], module: 'atikmdag.sys', atMost: 'likely' },
  'crit-111417-76578-01': { causes: ['driver-bug'], module: 'atikmdag.sys', atMost: 'likely' },
  'rts-116_0': { causes: ['driver-bug', 'hardware'], module: 'nvlddmkm.sys', parts: ['gpu'], atMost: 'likely', place: 'nvlddmkm.sys+1700a40' },
  'rts-116_1': { causes: ['driver-bug', 'hardware'], module: 'nvlddmkm.sys', parts: ['gpu'], atMost: 'likely', place: 'nvlddmkm.sys+1700a40' },
  'rts-7e_1': { causes: ['driver-bug'], module: 'nvlddmkm.sys', atMost: 'likely', place: 'nvlddmkm.sys+12634e' },
  'rts-7e_2': { causes: ['driver-bug'], module: 'nvlddmkm.sys', atMost: 'likely', place: 'nvlddmkm.sys+12634e' },
  'rts-ef': { causes: ['not-known'], module: null, atMost: 'not-known' },
  'rts-1a': { causes: ['hardware'], module: null, parts: ['ram', 'cpu', 'hardware'], atMost: 'likely' },
  'rts-7a': { causes: ['hardware', 'memory-corruption'], module: null, parts: ['ram', 'cpu', 'hardware'], atMost: 'likely' },
  'rts-13a': { causes: ['memory-corruption', 'hardware', 'not-known'], module: null, atMost: 'possible' },
};
const ORDER: readonly Sureness[] = ['not-known', 'possible', 'likely', 'certain'];

const dumps = (hasCorpus ? corpusList('kernel') : []).filter((name) => name.endsWith('.dmp')).map((name) => name.replace(/\.dmp$/, ''));
const OPENS = (name: string): boolean => driveSync(openTarget(new ArraySource(corpusBytes(`kernel/${name}.dmp`), name))).ok;
const readable = dumps.filter((name) => !name.startsWith('hdr-') && OPENS(name));

describe.skipIf(!hasCorpus)('kernel dumps', () => {
  test('42 open', () => expect(readable).toHaveLength(42));

  test.each(readable)('%s as read by a person', (name) => {
    const verdict = verdictOf(`kernel/${name}.dmp`);
    const reading = READINGS[name] ?? AMD_OWN_STOP;
    expect(reading.causes).toContain(verdict.cause);
    if (reading.module !== undefined) expect(verdict.culprit?.module?.toLowerCase() ?? null).toBe(reading.module);
    if (reading.parts) expect(reading.parts).toContain(verdict.culprit?.part);
    if (reading.atMost) expect(ORDER.indexOf(verdict.sureness)).toBeLessThanOrEqual(ORDER.indexOf(reading.atMost));
    if (reading.place !== undefined) expect(`${verdict.place?.module.toLowerCase() ?? ''}+${verdict.place?.offset.toString(16) ?? ''}`).toBe(reading.place);
  });

  test('the two versions of the AMD driver stop at the two known places', () => {
    const places = new Set(readable.filter((name) => !(name in READINGS)).map((name) => verdictOf(`kernel/${name}.dmp`).place?.offset));
    expect(places).toEqual(new Set([0x2783en, 0x28ecen]));
  });

  test('the same fault on two days has one signature', () => {
    expect(verdictOf('kernel/rts-7e_1.dmp').signature).toBe(verdictOf('kernel/rts-7e_2.dmp').signature);
  });

  test('every text of every verdict is known and filled, in three vocabularies, without per cent', () => {
    for (const name of readable) {
      const verdict = verdictOf(`kernel/${name}.dmp`);
      const texts = [
        verdict.headline,
        ...verdict.explanation,
        ...verdict.evidence.map((one) => one.says),
        ...verdict.against,
        ...verdict.rivals.map((one) => one.why),
        ...verdict.wouldSettle,
        ...verdict.steps.map((one) => one.says),
      ];
      for (const one of texts) {
        expect(isTextId(one.id)).toBe(true);
        for (const words of Object.values(say(one))) expect(words).not.toMatch(/[{}%]|undefined/);
      }
      expect(verdict.evidence.length, name).toBeGreaterThanOrEqual(2);
      expect(verdict.explanation.length, name).toBeGreaterThanOrEqual(2);
    }
  });

  test('the program that ran is the victim, where no rule knows a nearer one and the stop was not wanted', () => {
    expect(verdictOf('kernel/rts-1a.dmp').victim).toBe('msedge.exe');
    expect(verdictOf('kernel/daimuvg-50.dmp').victim).toBe('Ntfs.sys');
    expect(verdictOf('kernel/eolar-4a.dmp').victim).toBeUndefined();
    for (const name of readable) expect(verdictOf(`kernel/${name}.dmp`).victim ?? '', name).not.toMatch(/^(system|idle)$/i);
  });
  test('the framework’s log names its driver', () => {
    // The names stand in the files at 0x24 behind the recorder's GUID.
    const of = (name: string): string | undefined => wdfLogDriver(sessionOf(`kernel/${name}.dmp`).target);
    expect(['rizin-x64-7e-amdppm', 'rts-1a', 'daimuvg-50', 'crit-111417-173000-01'].map(of)).toEqual(['AmdPPM', 'USBXHCI', 'amdi2c', 'btmhsf']);
  });
  test('arguments in words', () => {
    const of = (name: string): string[] => readParameters(sessionOf(`kernel/${name}.dmp`)).map((one) => one.meaning);
    expect(of('rts-116_0')[1]).toMatch(/nvlddmkm\.sys\+0x1700a40/);
    expect(of('rts-1a')[2]).toMatch(/exactly one bit set: bit 37/);
    expect(of('daimuvg-1e-12546')).toEqual([
      expect.stringMatching(/STATUS_ACCESS_VIOLATION/),
      expect.stringMatching(/ntoskrnl\.exe\+0x20f001/),
      expect.stringMatching(/read/),
      expect.stringMatching(/null pointer plus 0x289/),
    ]);
    expect(of('eolar-4a')[1]).toMatch(/DISPATCH_LEVEL/);
    expect(of('daimuvg-101')[2]).toMatch(/: the KPRCB of processor 2$/);
    expect(of('rts-ef')[0]).toMatch(/: the process that was running, svchost\.exe$/);
  });
});

const USER: Readonly<Record<string, { readonly causes: readonly Cause[]; readonly module?: string }>> = {
  'breakpad-null_write_av': { causes: ['application-bug'], module: 'crashme.exe' },
  'breakpad-stack_exhaustion': { causes: ['application-bug'], module: 'crashme.exe' },
  'breakpad-tiny-exe-fastfail': { causes: ['application-bug'], module: 'tiny.exe' },
  'breakpad-linux_null_dereference': { causes: ['application-bug'], module: 'driver' },
  'symbolicator-windows': { causes: ['application-bug'], module: 'crash.exe' },
  'symbolicator-macos': { causes: ['application-bug'], module: 'crash' },
  'lldb-sigsegv': { causes: ['application-bug'], module: 'sigsegv.exe' },
  'wine-hang-deadlock': { causes: ['hang'] },
  'wine-cpp-0xE06D7363': { causes: ['application-bug'], module: 'wcrash.exe' },
  'wine-stackoverflow': { causes: ['application-bug'], module: 'wcrash.exe' },
  // Its instruction touches no memory, so the code that the file holds did not do it.
  'gallipoli-unity-crash': { causes: ['hardware'] },
  // A debugger's break, no crash.
  'radare2-calc': { causes: ['manual'] },
  'lldb-linux-x86_64_not_crashed': { causes: ['hang'] },
};

describe.skipIf(!hasCorpus)('user dumps', () => {
  test.each(Object.entries(USER).filter(([name]) => corpusHas(`user/${name}.dmp`)))('%s', (name, reading) => {
    const verdict = verdictOf(`user/${name}.dmp`);
    expect(reading.causes).toContain(verdict.cause);
    if (reading.module !== undefined) expect(verdict.culprit?.module?.replace(/^.*[\\/]/, '')).toBe(reading.module);
  });
  test('names of signals and Mach exceptions, not NTSTATUS', () => {
    expect(say(verdictOf('user/breakpad-linux_raise_sigabrt.dmp').headline).helper).toMatch(/SIGABRT/);
    expect(say(verdictOf('user/symbolicator-macos.dmp').headline).helper).toMatch(/EXC_BAD_ACCESS/);
  });
  test('a fast fail is named by its code', () =>
    expect(verdictOf('user/breakpad-tiny-exe-fastfail.dmp').bucket).toMatch(/^FAIL_FAST_FATAL_APP_EXIT_c0000409_tiny\.exe!/));
});
