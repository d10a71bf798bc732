/** What a second reading of the verdicts on real files found: each case failed before it was mended. */
import { beforeAll, describe, expect, test } from 'vitest';
import { driveSync } from '../base/job.ts';
import { corpusSession } from '../testing/node/corpussession.ts';
import { corpusList, hasCorpus } from '../testing/node/corpus.ts';
import type { Session } from '../target/target.ts';
import { judge } from './judge.ts';
import { readParameters } from './parameters.ts';
import type { Verdict } from './verdict.ts';
import { say } from './words.ts';

const verdicts = new Map<string, Verdict>();
const verdictOf = (path: string): Verdict => {
  const verdict = verdicts.get(path) ?? driveSync(judge(corpusSession(path)));
  verdicts.set(path, verdict);
  return verdict;
};
const ids = (verdict: Verdict): string[] => verdict.evidence.map((one) => one.says.id);
const owner = (verdict: Verdict): string =>
  [verdict.headline, ...verdict.explanation, ...verdict.steps.map((one) => one.says)].map((one) => say(one).owner).join('\n');
const helper = (verdict: Verdict): string => verdict.evidence.map((one) => say(one.says).helper).join('\n');
const opens = (path: string): Session | undefined => {
  try {
    return corpusSession(path);
  } catch {
    return undefined;
  }
};

describe.skipIf(!hasCorpus)('kernel dumps, read again', () => {
  let all: readonly (readonly [string, Verdict])[] = [];
  beforeAll(() => {
    all = corpusList('kernel')
      .filter((name) => name.endsWith('.dmp') && opens(`kernel/${name}`))
      .map((name) => [name, verdictOf(`kernel/${name}`)]);
  }, 60_000);

  test('0x133: the samples of the processor that stopped are read', () => {
    const verdict = verdictOf('kernel/noam-133.dmp');
    // 641 slots are filled; each holds Ntfs.sys eight times and FLTMGR.SYS twice: counted by hand from the block at the KPRCB's pointer.
    expect(verdict.evidence.find((one) => one.says.id === 'e-dpc-samples')?.says.args).toMatchObject({ count: '641', module: 'Ntfs.sys', share: '641' });
    expect(verdict.culprit).toBeUndefined();
    expect(say(verdict.headline).owner).toMatch(/Ntfs\.sys/);
  });
  test('0xEF: the object of argument 1 says who ended and with which status', () => {
    const verdict = verdictOf('kernel/rts-ef.dmp');
    // EPROCESS + 0x7d4 of build 19041 (ExitStatus) holds c0000409.
    expect(helper(verdict)).toMatch(/ExitStatus of svchost\.exe is 0xc0000409/);
    expect(owner(verdict)).toMatch(/svchost\.exe/);
    expect(verdict.rivals.some((one) => one.why.id === 'r-any-driver')).toBe(false);
  });
  test('0x101: the KPRCB of argument 3 is in the file and is that of processor 2', () => {
    const verdict = verdictOf('kernel/daimuvg-101.dmp');
    expect(verdict.evidence.find((one) => one.says.id === 'e-prcb')?.says.args).toMatchObject({ cpu: '2', reporter: '5' });
    expect(verdict.rivals.some((one) => one.why.id === 'r-any-driver')).toBe(false);
  });
  test('0x1A/402: what argument 2 points at is argument 3', () => expect(ids(verdictOf('kernel/ojusha-1a-402.dmp'))).toContain('e-points-at'));
  test('0x7A with a status that no disk returns does not blame the disk in the next sentence', () => {
    expect(owner(verdictOf('kernel/rts-7a.dmp'))).not.toMatch(/disk gave back an error/);
    expect(readParameters(corpusSession('kernel/rts-7a.dmp'))[0]?.meaning).not.toMatch(/null pointer/);
  });
  test('0xEA: the stuck thread is that of argument 1 and its stack is full of one display driver', () => {
    for (const name of ['crit-111417-173000-01', 'crit-111417-76578-01']) {
      const verdict = verdictOf(`kernel/${name}.dmp`);
      expect(verdict).toMatchObject({ sureness: 'likely', culprit: { module: 'atikmdag.sys' } });
      expect(verdict.signature).toMatch(/atikmdag/i);
    }
  });
  test('a picture of a running system is no crash and no report of Windows', () => {
    for (const name of ['hdr-imhex-dumpit-full64', 'hdr-memflow-win10-full64', 'hdr-memflow-win7-full32']) {
      const verdict = verdictOf(`kernel/${name}.dmp`);
      expect(verdict.evidence.length, name).toBeGreaterThan(0);
      expect(owner(verdict), name).not.toMatch(/weak witness|note that Windows made|stack and the threads below/);
    }
  });
  test('System is not called a program that happened to run', () => {
    for (const [name, verdict] of all) expect(owner(verdict), name).not.toMatch(/run was System/);
  });
  test('drivers that only stand on a list of vulnerable drivers are not mentioned', () => {
    for (const [name, verdict] of all) expect(ids(verdict), name).not.toContain('e-vulnerable');
  });
  test('a host of virtual machines is no guest', () => {
    for (const name of ['rizin-x64-7e-amdppm', 'noam-133']) expect(ids(verdictOf(`kernel/${name}.dmp`))).not.toContain('e-vm');
  });
  test('no step is said twice in other words', () => {
    for (const [name, verdict] of all) {
      const bios = verdict.steps.filter((one) => one.says.id === 'd-cpu-bios' || one.says.id === 'd-firmware-update');
      expect(bios.length, name).toBeLessThan(2);
      const defaults = verdict.steps.filter((one) => /default/i.test(say(one.says).owner));
      expect(defaults.length, name).toBeLessThan(2);
    }
  });
});

describe.skipIf(!hasCorpus)('user dumps, read again', () => {
  test('an engine that the program brings is not called somebody else’s', () =>
    expect(verdictOf('user/kerman-unity-crash.dmp').steps.map((one) => one.says.id)).not.toContain('d-remove-addon'));
  test('an instruction that touches no memory cannot have written: the bytes that ran were others', () => {
    // cmp eax,7Fh at rip; a write to 0x7f was reported; rax = 0x7f: add [rax],al (00 00) would do exactly that.
    const verdict = verdictOf('user/gallipoli-unity-crash.dmp');
    expect(ids(verdict)).toEqual(expect.arrayContaining(['e-no-operand', 'e-zero-code']));
    expect(verdict).toMatchObject({ cause: 'hardware', sureness: 'possible', victim: 'lib_burst_generated.dll' });
  });
  test('an error that a program raises through RaiseException is the program’s', () => {
    const verdict = verdictOf('user/symbolic-unreal-UE4Minidump.dmp');
    expect(owner(verdict)).not.toMatch(/in KERNELBASE/);
    expect(verdict).toMatchObject({ cause: 'application-bug', culprit: { module: 'MyProject.exe' } });
    expect(verdict.detector).toMatch(/kernelbase/i);
  });
  test('an uncaught C++ error is what the code says, and not the runtime’s', () => {
    const verdict = verdictOf('user/wine-cpp-0xE06D7363.dmp');
    expect(owner(verdict)).toMatch(/C\+\+/);
    expect(ids(verdict)).toContain('e-throw-magic');
  });
  test('ud2 is a stop that the program chose', () => expect(owner(verdictOf('user/electron-linux.dmp'))).toMatch(/stopped itself/));
  test('a debugger’s break into a program is no crash', () => {
    const verdict = verdictOf('user/radare2-calc.dmp');
    expect(verdict).toMatchObject({ cause: 'manual', sureness: 'likely' });
    expect(helper(verdict)).not.toMatch(/The fault is at/);
  });
  test('a stack overflow shows what repeats, from the words on the stack where frames do not', () => {
    // wcrash.exe+0x158a stands 250 times on the stack that the file holds (counted by a search over its bytes).
    const verdict = verdictOf('user/wine-stackoverflow.dmp');
    const seen = verdict.evidence.find((one) => one.says.id === 'e-recursion-words');
    expect(seen?.says.args).toMatchObject({ place: 'wcrash.exe+0x158a', count: '250' });
  });
  test('on Linux and macOS the address that was touched is told', () => {
    expect(owner(verdictOf('user/breakpad-linux_null_dereference.dmp'))).toMatch(/null pointer/);
    expect(helper(verdictOf('user/symbolicator-macos.dmp'))).toMatch(/null pointer plus 0x45/);
  });
  test('every dump that opens shows some evidence and two steps or a reason for one', () => {
    for (const file of corpusList('user').filter((name) => name.endsWith('.dmp'))) {
      if (!opens(`user/${file}`)) continue;
      expect(verdictOf(`user/${file}`).evidence.length, file).toBeGreaterThan(0);
    }
  });
});
