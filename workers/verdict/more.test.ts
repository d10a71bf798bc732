/** Rules mended at the second reading, on sessions made by hand. */
import { describe, expect, test } from 'vitest';
import { driveSync } from '../base/job.ts';
import { type Fake, fakeSession, qword } from '../testing/node/fakesession.ts';
import { fixtures } from '../testing/build/fixtures.ts';
import { sessionOfBytes } from '../testing/node/corpussession.ts';
import { judge } from './judge.ts';
import { exceptionName } from './signals.ts';
import { undecorated } from './throwinfo.ts';
import type { Verdict } from './verdict.ts';
import { say } from './words.ts';

const verdictOf = (fake: Fake): Verdict => driveSync(judge(fakeSession(fake)));
const built = (name: string): Verdict => {
  const fixture = fixtures().find((one) => one.name === name);
  if (!fixture) throw new Error(`no ${name}`);
  return driveSync(judge(sessionOfBytes(fixture.bytes(), name)));
};
const NT = 'ntoskrnl.exe';
const words = (...values: readonly bigint[]): string => values.map(qword).join('');

// Intel SDM 3B, compound codes: 0x0135 a cache, 0x009f the memory controller; 0x0409 is of no shape: each model has its own.
test.each([
  [0x0080_0135n, 'a cache inside the processor', 'data cache, level 1, data read'],
  [0x0000_009fn, 'the memory or its controller', 'memory controller, read, channel not given'],
  [0x0000_4409n, 'a place that only the maker of the processor can name', 'a model-specific code'],
])('a machine check of %s is told plainly to the owner, exactly to the helper', (low, owner, helper) => {
  const { headline } = verdictOf({ code: 0x9c, params: [0n, 0n, 0xbe00_0000n, low], modules: [NT] });
  expect(say(headline).owner).toContain(`: ${owner}.`);
  expect(say(headline).helper).toContain(helper);
});

describe('0x133 with the watchdog’s profile', () => {
  // DPC_WATCHDOG_GLOBAL_TRIAGE_BLOCK: signature, revision 1 and size 0x10, offset 0x100 of the pointer, length in pointers.
  const BLOCK = 0xfffff800_10500000n;
  const PRCB = 0xfffff980_00000000n;
  const BUFFER = 0xfffff980_00100000n;
  const [nt, bad, ntfs] = [0xfffff800_10001000n, 0xfffff800_12001000n, 0xfffff800_14001000n];
  const sampled = (samples: readonly (readonly bigint[])[]): Fake => {
    const slots = samples.flatMap((frames) => [BigInt(frames.length), ...frames, 0n]);
    return {
      code: 0x133,
      params: [1n, 0x1e00n, BLOCK, 0n],
      modules: [NT, 'bad.sys', 'Ntfs.sys'],
      kernelPointers: { KiProcessorBlock: 0xfffff980_00200000n },
      kernelOffsets: { OffsetPrcbNumber: 0x24 },
      memory: {
        '0xfffff80010500000': words((0x0010_0001n << 32n) | 0xaebeceden, (BigInt(slots.length) << 32n) | 0x100n),
        '0xfffff98000200000': words(PRCB),
        '0xfffff98000000024': '00000000',
        '0xfffff98000000100': words(BUFFER),
        '0xfffff98000100000': words(...slots),
      },
    };
  };
  test('a third-party driver innermost in nearly all samples', () => {
    const verdict = verdictOf(sampled([...Array.from({ length: 9 }, () => [nt, bad, ntfs]), [nt, ntfs]]));
    expect(verdict).toMatchObject({ cause: 'driver-bug', sureness: 'likely', culprit: { module: 'bad.sys' } });
  });
  test('near miss: it only called what took the time', () =>
    expect(verdictOf(sampled(Array.from({ length: 10 }, () => [nt, ntfs, bad])))).toMatchObject({ sureness: 'possible', culprit: { module: 'bad.sys' } }));
  test('against: it stands in every second sample', () => {
    const verdict = verdictOf(sampled(Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? [nt, bad] : [nt, ntfs]))));
    expect(verdict).toMatchObject({ sureness: 'not-known' });
    expect(verdict.culprit).toBeUndefined();
  });
  test('Windows alone: nobody is blamed', () => {
    const verdict = verdictOf(sampled(Array.from({ length: 10 }, () => [nt, ntfs])));
    expect(verdict.headline.id).toBe('h-dpc-windows');
    expect(verdict.culprit).toBeUndefined();
  });
  test('a length past any bound is not followed', () => {
    const fake = sampled([[nt, bad]]);
    const memory = { ...fake.memory, '0xfffff80010500000': words((0x0010_0001n << 32n) | 0xaebeceden, (0xffff_ffffn << 32n) | 0x100n) };
    expect(verdictOf({ ...fake, memory }).headline.id).toBe('h-dpc');
  });
});

describe('an instruction that touches no memory', () => {
  const IP = 'bad.sys+0x1000';
  const base: Fake = {
    code: 0xd1,
    params: [0x7fn, 2n, 1n, IP],
    modules: [NT, 'bad.sys'],
    // cmp eax,7Fh
    memory: { [IP]: '83f87f' },
    registers: { rip: 0xfffff800_12001000n, rax: 0x7fn },
    source: 'trap-frame',
    frames: [[IP, 'given']],
  };
  test('does not make its driver the culprit', () => {
    const verdict = verdictOf(base);
    expect(verdict).toMatchObject({ cause: 'hardware', sureness: 'possible', culprit: { part: 'cpu' }, victim: 'bad.sys' });
    expect(verdict.evidence.map((one) => one.id)).toContain('e-zero-code');
  });
  test('near miss: push uses the stack without naming it', () =>
    expect(verdictOf({ ...base, memory: { [IP]: '50' } })).toMatchObject({ cause: 'driver-bug', culprit: { module: 'bad.sys' } }));
});

test('0xEF: the exit status decides between disk and program', () => {
  const object = 0xffffc08d_7f1580c0n;
  const of = (status: bigint): Verdict =>
    verdictOf({
      code: 0xef,
      params: [object, 0n, 0n, 0n],
      process: 'csrss.exe',
      processObject: object,
      memory: { [`0x${(object + 0x7d4n).toString(16)}`]: qword(status).slice(0, 8) },
    });
  expect(of(0xc0000006n)).toMatchObject({ cause: 'storage', culprit: { part: 'disk' } });
  expect(of(0xc0000409n).headline.id).toBe('h-process-status');
  expect(of(0x103n).headline.id).toBe('h-process');
});

test('the type of a thrown C++ object', () => {
  const name = (text: string): Uint8Array => Uint8Array.from([...text, '\0'].map((letter) => letter.charCodeAt(0)));
  expect(undecorated(name('.?AVbad_alloc@std@@'))).toBe('std::bad_alloc');
  expect(undecorated(name('.?AUFailure@app@@'))).toBe('app::Failure');
  expect(undecorated(name('.?AV?$box@H@app@@'))).toBe('.?AV?$box@H@app@@');
  expect(undecorated(name('hello'))).toBeUndefined();
  const base = 0x7ff6_0000_0000n;
  const at = (offset: bigint): string => `0x${(base + offset).toString(16)}`;
  const dword = (value: bigint): string => qword(value).slice(0, 8);
  const verdict = verdictOf({
    user: true,
    process: 'app.exe',
    modules: ['C:\\app\\app.exe'],
    exception: { code: 0xe06d7363, parameters: [0x19930520n, 0x1000n, base + 0x2000n, base], address: base + 0x100n },
    frames: [['app.exe+0x100', 'context']],
    memory: {
      [at(0x200cn)]: dword(0x3000n),
      [at(0x3004n)]: dword(0x4000n),
      [at(0x4004n)]: dword(0x5000n),
      [at(0x5010n)]: `${Array.from(name('.?AVbad_alloc@std@@'), (byte) => byte.toString(16).padStart(2, '0')).join('')}00`,
    },
  });
  expect(verdict.evidence.find((one) => one.says.id === 'e-throw-type')?.says.args['type']).toBe('std::bad_alloc');
});

test('codes of other systems and small codes of programs have no name of an NTSTATUS', () => {
  const named = (code: number, family: 'macOS' | 'Linux' | 'Windows'): string | undefined => {
    const { target, knowledge } = fakeSession({ user: true, family, exception: { code } });
    return exceptionName(target, knowledge);
  };
  expect([named(1, 'macOS'), named(11, 'Linux'), named(1, 'Windows'), named(0xc0000005, 'Windows')]).toEqual([
    'EXC_BAD_ACCESS',
    'SIGSEGV',
    undefined,
    'STATUS_ACCESS_VIOLATION',
  ]);
});

describe('built files', () => {
  test('0x9F: the request is held by a driver, it does not lie in it', () => {
    const verdict = built('triage-extracted-power-9f-9f.dmp');
    expect(verdict.culprit?.module).toBe('examplenic.sys');
    const seen = verdict.evidence.map((one) => say(one.says).helper).join('\n');
    expect(seen).not.toMatch(/lies in examplenic/);
    expect(seen).toMatch(/examplenic\.sys holds the request/);
  });
  test('a PCI Express error is not searched for at the USB sockets', () =>
    expect(built('triage-extracted-whea-pcie-124.dmp').steps[0]?.says.id).toBe('d-pcie-reseat'));
  test('a display driver that no table knows gets the steps of graphics', () =>
    expect(built('triage-extracted-video-tdr-116.dmp').steps.map((one) => one.says.id)).toContain('d-gpu-from'));
});
