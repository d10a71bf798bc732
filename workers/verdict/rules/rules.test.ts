import { describe, expect, test } from 'vitest';
import { driveSync } from '../../base/job.ts';
import { type Fake, fakeSession, qword } from '../../testing/node/fakesession.ts';
import { judge } from '../judge.ts';
import type { Verdict } from '../verdict.ts';
import { say } from '../words.ts';

/** Every verdict of every case here must keep these. */
function check(verdict: Verdict): void {
  expect(verdict.steps.length).toBeLessThanOrEqual(3);
  expect(verdict.steps.length).toBeGreaterThan(0);
  expect(verdict.explanation.length).toBeLessThanOrEqual(5);
  const ids = verdict.evidence.map((one) => one.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const one of verdict.evidence) {
    expect(one.command).toMatch(/^(\.exr|\.cxr|\.trap|u|lmvm|lm|dps|!analyze|\.bugcheck|\.time|dd|dq|k|r|!error|db|ln|\.formats|~|\?)( |$)/);
    for (const from of one.from) expect(ids).toContain(from);
  }
  const texts = [
    verdict.headline,
    ...verdict.explanation,
    ...verdict.evidence.map((one) => one.says),
    ...verdict.against,
    ...verdict.rivals.map((one) => one.why),
    ...verdict.wouldSettle,
    ...verdict.steps.map((one) => one.says),
  ];
  for (const text of texts) for (const words of Object.values(say(text))) expect(words).not.toMatch(/[{}%]|undefined/);
  if (verdict.sureness === 'not-known') expect(verdict.culprit?.module).toBeUndefined();
  // Parts of Windows that detect or suffer are never the culprit by their place on a stack.
  expect(verdict.culprit?.module ?? '').not.toMatch(/^(ntoskrnl|hal|ntfs|fltmgr|wdf01000|dxgkrnl|wdfilter|ndis|storport|tcpip|ks|portcls)\./i);
}

function verdictOf(fake: Fake): Verdict {
  const verdict = driveSync(judge(fakeSession(fake)));
  check(verdict);
  return verdict;
}
const shown = (verdict: Verdict): string[] => verdict.evidence.map((one) => one.says.id);
const doubts = (verdict: Verdict): string[] => verdict.against.map((one) => one.id);

const NT = 'ntoskrnl.exe';
/** mov rax,[rcx+8] */
const LOAD = '488b4108';
const IP = 'bad.sys+0x1000';

test('vmbus, which a Hyper-V host loads too, does not make a guest; the keyboard and display of one do', () => {
  const said = (...drivers: readonly string[]): string[] => shown(verdictOf({ code: 0xd1, params: [8n, 2n, 0n, 0n], modules: [NT, ...drivers] }));
  expect(said('vmbus.sys', 'storvsc.sys')).not.toContain('e-vm');
  expect(said('hyperkbd.sys', 'hypervideo.sys')).toContain('e-vm');
  expect(said('vmmouse.sys')).toContain('e-vm');
  expect(said('vioscsi.sys')).toContain('e-vm');
});

test('the headline says what failed: a watchdog, the layer below, a damaged volume, a read', () => {
  const head = (code: number, ...params: Fake['params'] & {}): string => say(verdictOf({ code, params, modules: [NT] }).headline).owner;
  expect(head(0x1ca, 0n, 0n, 0n, 0n)).toMatch(/stopped ticking/);
  expect(head(0x20001, 0x11n, 0n, 0n, 0n)).toMatch(/^The hypervisor below Windows met an error/);
  expect(head(0x18b, 0n, 0n, 0n, 0n)).toMatch(/^The secure kernel beside Windows met an error/);
  expect(head(0x7a, 1n, 0xc0000032n, 0n, 0n)).toMatch(/^The file system on a disk is damaged/);
  expect(head(0x7a, 1n, 0xc000009cn, 0n, 0n)).toMatch(/could not read/);
});

describe('0xD1 and 0xA', () => {
  const base: Fake = {
    code: 0xd1,
    params: [8n, 2n, 0n, IP],
    modules: [NT, 'bad.sys', 'ndis.sys'],
    memory: { [IP]: LOAD },
    registers: { rip: 0xfffff800_12001000n, rcx: 0n },
    source: 'trap-frame',
    frames: [
      [`${NT}+0x100`, 'context', 'KeBugCheckEx'],
      [IP, 'given'],
      [`${NT}+0x2000`, 'unwind-info'],
    ],
  };
  test('a driver dereferences null', () => {
    const verdict = verdictOf(base);
    expect(verdict).toMatchObject({
      cause: 'driver-bug',
      sureness: 'likely',
      culprit: { module: 'bad.sys' },
      place: { module: 'bad.sys', offset: 0x1000n },
      detector: NT,
    });
    expect(shown(verdict)).toContain('e-operand');
    expect(verdict.bucket).toBe('AV_bad!unknown_function');
  });
  test('near miss: the fault is in ndis.sys, a driver stands behind it: a suspect, ndis the victim', () => {
    const verdict = verdictOf({
      ...base,
      params: [8n, 2n, 0n, 'ndis.sys+0x1000'],
      registers: { rip: 0xfffff800_14001000n, rcx: 0n },
      memory: { 'ndis.sys+0x1000': LOAD },
      frames: [
        ['ndis.sys+0x1000', 'given'],
        [IP, 'unwind-info'],
      ],
    });
    expect(verdict).toMatchObject({ sureness: 'possible', culprit: { module: 'bad.sys' }, victim: 'ndis.sys' });
  });
  test('the same with only a stray word for the driver: nobody is blamed', () => {
    const verdict = verdictOf({
      ...base,
      params: [8n, 2n, 0n, 'ndis.sys+0x1000'],
      registers: { rip: 0xfffff800_14001000n, rcx: 0n },
      memory: { 'ndis.sys+0x1000': LOAD },
      frames: [
        ['ndis.sys+0x1000', 'given'],
        [IP, 'scan'],
      ],
    });
    expect(verdict).toMatchObject({ sureness: 'not-known', cause: 'not-known' });
    expect(verdict.culprit).toBeUndefined();
  });
  test('near miss: another driver stands right behind a framework: it may have handed the pointer on', () => {
    const verdict = verdictOf({
      ...base,
      modules: [NT, 'bad.sys', 'ndis.sys', 'nic.sys'],
      frames: [
        [IP, 'given'],
        ['ndis.sys+0x2000', 'unwind-info'],
        ['nic.sys+0x3000', 'unwind-info'],
      ],
    });
    expect(verdict).toMatchObject({ sureness: 'possible', culprit: { module: 'bad.sys' } });
    expect(verdict.rivals.map((rival) => rival.module)).toContain('nic.sys');
  });
  test('against: a pointer of a single bit', () => {
    const verdict = verdictOf({ ...base, params: [0x40000008n, 2n, 0n, IP], registers: { rip: 0xfffff800_12001000n, rcx: 0x40000000n } });
    expect(doubts(verdict)).toContain('a-register-bit');
    expect(verdict.rivals.some((rival) => rival.part === 'ram')).toBe(true);
  });
  test('a callback into a driver that is gone names it', () => {
    const verdict = verdictOf({
      ...base,
      code: 0xa,
      params: [0xfffff800_99001000n, 2n, 8n, 0xfffff800_99001000n],
      unloaded: [{ name: 'gone.sys', start: 0xfffff800_99000000n, end: 0xfffff800_99010000n }],
      registers: {},
      frames: [],
    });
    expect(verdict).toMatchObject({ cause: 'driver-bug', culprit: { module: 'gone.sys' } });
  });
  test('one flipped code bit beats the driver', () => {
    const code = '90'.repeat(0x1000 - 32);
    const good = `${code}${'90'.repeat(32)}${LOAD}${'90'.repeat(28)}`;
    const memory = { 'bad.sys+0xfe0': `${'90'.repeat(32)}488b4508${'90'.repeat(28)}` };
    const verdict = verdictOf({ ...base, memory, image: { module: 'bad.sys', hex: good } });
    expect(verdict).toMatchObject({ cause: 'hardware', sureness: 'certain', culprit: { part: 'ram' } });
    expect(verdict.bucket).toBe('MEMORY_CORRUPTION_ONE_BIT');
  });
});

describe('0x50', () => {
  const read: Fake = { code: 0x50, params: [0x7ffe0320n, 0n, `${NT}+0x3000`, 8n], frames: [[`${NT}+0x3000`, 'given']] };
  test('the shared user page cannot be unreadable', () =>
    expect(verdictOf(read)).toMatchObject({ cause: 'memory-corruption', sureness: 'likely', culprit: { part: 'ram' } }));
  test('near miss: a write to that page is an ordinary fault', () =>
    expect(verdictOf({ ...read, params: [0x7ffe0320n, 2n, `${NT}+0x3000`, 8n] }).cause).toBe('not-known'));
  test('access kinds depend on the build', () => {
    const kind = (build: number, value: bigint): string | undefined => {
      const verdict = verdictOf({ ...read, build, params: [0xfffff900_00000000n, value, `${NT}+0x3000`, 0n] });
      return verdict.evidence.find((one) => one.says.id === 'e-address')?.says.args['access'];
    };
    expect([kind(19041, 2n), kind(19041, 0x10n), kind(9600, 1n), kind(9600, 8n)]).toEqual(['write', 'execute', 'write', 'execute']);
  });
  test('the instruction pointer inside an instruction: the processor', () => {
    // add al,[rax-7Ch] is the tail of movzx eax,word ptr [r10] / test sil,sil, behind a run of plain instructions.
    const run = '488bc3'.repeat(32);
    const at = 'ntfs.sys+0x1000';
    const verdict = verdictOf({
      code: 0x50,
      params: [0xffffffff_ffffffb4n, 0n, `${'ntfs.sys'}+0x1063`, 2n],
      modules: [NT, 'ntfs.sys'],
      memory: { [at]: `${run}410fb7024084f6${'488bc3'.repeat(8)}` },
      registers: { rip: 0xfffff800_12001063n, rax: 0x30n },
      source: 'trap-frame',
      frames: [['ntfs.sys+0x1063', 'given']],
    });
    expect(verdict).toMatchObject({ cause: 'hardware', sureness: 'likely', culprit: { part: 'cpu' }, victim: 'ntfs.sys' });
    expect(doubts(verdict)).toContain('a-wild-jump');
  });
});

describe('unhandled exceptions', () => {
  const at = 'bad.sys+0x1000';
  const base: Fake = {
    code: 0x1000007e,
    params: [0xffffffff_c0000005n, at, 0n, 0n],
    modules: [NT, 'bad.sys', 'amdppm.sys', 'acpi.sys'],
    frames: [[at, 'given']],
  };
  test('0x7E in a driver', () =>
    expect(verdictOf({ ...base, exception: { code: 0xc0000005, parameters: [0n, 0x10n], address: at } })).toMatchObject({
      culprit: { module: 'bad.sys' },
      sureness: 'likely',
    }));
  test('a valid instruction that the processor refuses: a missing feature', () => {
    // popcnt ebx,eax
    const verdict = verdictOf({ ...base, params: [0xffffffff_c000001dn, at, 0n, 0n], memory: { [at]: 'f30fb8d8' } });
    expect(shown(verdict)).toContain('e-feature');
    expect(verdict).toMatchObject({ culprit: { module: 'bad.sys' }, sureness: 'likely' });
    expect(verdict.headline.args['feature']).toBe('POPCNT');
  });
  test('near miss: bytes that are no instruction', () => {
    const verdict = verdictOf({ ...base, params: [0xffffffff_c000001dn, at, 0n, 0n], memory: { [at]: '0fff0fff0fff0fff' } });
    expect(shown(verdict)).not.toContain('e-feature');
  });
  test('a refused access in a driver that acts on firmware tables', () => {
    const place = 'amdppm.sys+0x334c';
    const verdict = verdictOf({
      ...base,
      params: [0xffffffff_c0000005n, place, 0n, 0n],
      uptime: 4,
      exception: { code: 0xc0000005, parameters: [1n, 0xffffffff_ffffffffn], address: place },
      frames: [[place, 'given']],
    });
    expect(verdict).toMatchObject({ cause: 'firmware', culprit: { part: 'firmware' }, victim: 'amdppm.sys', sureness: 'likely' });
    expect(verdict.culprit?.module).toBeUndefined();
    expect(doubts(verdict)).toContain('a-hypervisor');
  });
  test('an in-page error is the disk, not the module', () => {
    expect(verdictOf({ ...base, params: [0xffffffff_c0000006n, at, 0n, 0n] })).toMatchObject({ cause: 'storage', culprit: { part: 'disk' } });
  });
  test('0x3B: a non-canonical address with one bit wrong, in Windows code', () => {
    const verdict = verdictOf({ code: 0x1e, params: [0xffffffff_c0000005n, `${NT}+0x500`, 0n, 0xfffbf800_12345678n], frames: [[`${NT}+0x500`, 'given']] });
    expect(verdict).toMatchObject({ cause: 'hardware', sureness: 'possible', culprit: { part: 'ram' } });
  });
});

describe('0x7F', () => {
  const deep: Fake = {
    code: 0x7f,
    params: [8n, 0n, 0n, 0n],
    modules: [NT, 'filter.sys'],
    frames: Array.from({ length: 12 }, () => ['filter.sys+0x100', 'unwind-info'] as const),
  };
  test('a recursion of one driver', () => expect(verdictOf(deep)).toMatchObject({ culprit: { module: 'filter.sys' }, sureness: 'likely' }));
  test('near miss: the same places only as stray words', () =>
    expect(verdictOf({ ...deep, frames: Array.from({ length: 12 }, () => ['filter.sys+0x100', 'scan'] as const) })).toMatchObject({
      cause: 'hardware',
      sureness: 'possible',
    }));
});

describe('0x139 and 0xF7', () => {
  const list: Fake = {
    code: 0x139,
    params: [3n, 0n, 0n, 0n],
    modules: [NT, 'bad.sys', 'ntfs.sys'],
    frames: [
      [`${NT}+1`, 'unwind-info'],
      ['bad.sys+0x10', 'unwind-info'],
    ],
  };
  test('the driver whose list broke is a suspect', () => expect(verdictOf(list)).toMatchObject({ culprit: { module: 'bad.sys' }, sureness: 'possible' }));
  test('near miss: a file system stands between', () => {
    const verdict = verdictOf({
      ...list,
      frames: [
        [`${NT}+1`, 'unwind-info'],
        ['ntfs.sys+0x10', 'unwind-info'],
        ['bad.sys+0x10', 'unwind-info'],
      ],
    });
    expect(verdict.culprit).toBeUndefined();
    expect(verdict.rivals.some((rival) => rival.module === 'bad.sys')).toBe(true);
  });
  test('bucket has the fast-fail name', () => expect(verdictOf(list).bucket).toBe('0x139_3_CORRUPT_LIST_ENTRY_bad!unknown_function'));
  test('a cookie wrong by one bit is memory', () =>
    expect(verdictOf({ ...list, code: 0xf7, params: [0x1234n, 0x1235n, ~0x1235n & 0xffffffff_ffffffffn, 0n] })).toMatchObject({
      cause: 'hardware',
      culprit: { part: 'ram' },
    }));
  test('a cookie wrong by many bits is the frame below the check', () =>
    expect(verdictOf({ ...list, code: 0xf7, params: [0xffffn, 0x1230n, ~0x1230n & 0xffffffff_ffffffffn, 0n] })).toMatchObject({
      culprit: { module: 'bad.sys' },
      sureness: 'likely',
    }));
});

describe('pool', () => {
  const stack: Fake = {
    modules: [NT, 'bad.sys'],
    frames: [
      [`${NT}+1`, 'unwind-info'],
      ['bad.sys+0x10', 'unwind-info'],
    ],
  };
  test('0x19: who frees has found it, not done it', () => {
    const verdict = verdictOf({ ...stack, code: 0x19, params: [0x20n, 0n, 0n, 0n] });
    expect(verdict).toMatchObject({ cause: 'memory-corruption' });
    expect(verdict.culprit).toBeUndefined();
  });
  test('0x19/22: freeing what is not one’s own is the caller', () =>
    expect(verdictOf({ ...stack, code: 0x19, params: [0x22n, 0n, 0n, 0n] })).toMatchObject({ culprit: { module: 'bad.sys' } }));
  test('0xC2/46: an address that pool never gave out is the caller’s', () =>
    expect(verdictOf({ ...stack, code: 0xc2, params: [0x46n, 0n, 0n, 0n] })).toMatchObject({ culprit: { module: 'bad.sys' }, sureness: 'likely' }));
  test('0xC2/7: who freed the block first is not on the stack, so the caller is a suspect', () =>
    expect(verdictOf({ ...stack, code: 0xc2, params: [7n, 0n, 0x6b626843n, 0n] })).toMatchObject({
      culprit: { module: 'bad.sys' },
      sureness: 'possible',
      bucket: '0xc2_7_Chbk_bad!unknown_function',
    }));
  test('0xC2 near miss: a scanned caller stays a suspect', () => {
    const verdict = verdictOf({ ...stack, code: 0xc2, params: [7n, 0n, 0n, 0n], frames: [['bad.sys+0x10', 'scan-call-checked']] });
    expect(verdict.sureness).toBe('possible');
    expect(doubts(verdict)).toContain('a-scan');
  });
  test('0xC5 and 0x13A name nobody', () => {
    for (const code of [0xc5, 0x13a]) expect(verdictOf({ ...stack, code, params: [0x12n, 2n, 0n, 0n] }).culprit?.module).toBeUndefined();
  });
  test('0xC1: special pool with one bit is memory', () =>
    expect(verdictOf({ ...stack, code: 0xc1, params: [0n, 0n, 0n, 0x32n] })).toMatchObject({ culprit: { part: 'ram' } }));
});

describe('memory manager', () => {
  test('0x1A/41792: one bit', () =>
    expect(verdictOf({ code: 0x1a, params: [0x41792n, 0xffffdd01_0bc5d3f8n, 0x20_0000_0000n, 0n] })).toMatchObject({
      cause: 'hardware',
      sureness: 'likely',
      culprit: { part: 'ram' },
      bucket: 'MEMORY_CORRUPTION_ONE_BIT',
    }));
  test('near miss: two bits', () =>
    expect(verdictOf({ code: 0x1a, params: [0x41792n, 0xffffdd01_0bc5d3f8n, 0x21_0000_0000n, 0n] })).toMatchObject({
      cause: 'memory-corruption',
      sureness: 'possible',
    }));
  test('against a flip: a driver could do it', () => expect(doubts(verdictOf({ code: 0x1a, params: [0x41792n, 0n, 1n, 0n] }))).toContain('a-driver-could'));
  test('0x1A/1236: misuse of an MDL is the driver on the stack', () =>
    expect(verdictOf({ code: 0x1a, params: [0x1236n, 0n, 0n, 0n], modules: [NT, 'bad.sys'], frames: [['bad.sys+1', 'unwind-info']] })).toMatchObject({
      culprit: { module: 'bad.sys' },
    }));
  test('0x4E/9A likewise, 0x4E/8F not', () => {
    const at = (kind: bigint): Verdict =>
      verdictOf({ code: 0x4e, params: [kind, 0n, 0n, 0n], modules: [NT, 'bad.sys'], frames: [['bad.sys+1', 'unwind-info']] });
    expect(at(0x9an).culprit).toEqual({ module: 'bad.sys' });
    expect(at(0x8fn).culprit).toEqual({ part: 'ram' });
  });
  test('0x12B is memory', () =>
    expect(verdictOf({ code: 0x12b, params: [0xfffff900_00001000n, 0x1234n, 0n, 0n] })).toMatchObject({ culprit: { part: 'ram' } }));
  test('0x154: the status inside decides', () => {
    const pointers = 0xfffff900_00002000n;
    const record = 0xfffff900_00003000n;
    const memory = (status: string): Record<string, string> => ({
      [String(pointers)]: qword(record),
      [String(record)]: `${status}00000000${'00'.repeat(0x90)}`,
    });
    expect(verdictOf({ code: 0x154, params: [0n, pointers, 0n, 0n], memory: memory('060000c0') })).toMatchObject({
      cause: 'storage',
      culprit: { part: 'disk' },
    });
    expect(verdictOf({ code: 0x154, params: [0n, pointers, 0n, 0n], memory: memory('050000c0') })).toMatchObject({ culprit: { part: 'ram' } });
    expect(verdictOf({ code: 0x154, params: [0n, pointers, 0n, 0n] }).sureness).toBe('possible');
  });
});

describe('storage', () => {
  const page = (status: bigint): Verdict => verdictOf({ code: 0x7a, params: [1n, 0xffffffff_00000000n | status, 0n, 0n] });
  test('0x7A with a bad block is the disk', () => expect(page(0xc000009cn)).toMatchObject({ cause: 'storage', culprit: { part: 'disk' } }));
  test('with an access violation it is not', () => expect(page(0xc0000005n)).toMatchObject({ cause: 'hardware', culprit: { part: 'ram' } }));
  test('with no resources it is neither', () => expect(page(0xc000009an)).toMatchObject({ cause: 'resource-exhaustion' }));
  test('0x77 with a lost mark is memory, 0x77/2 a short read', () => {
    expect(verdictOf({ code: 0x77, params: [1n, 0n, 0n, 0n] }).culprit).toEqual({ part: 'ram' });
    expect(verdictOf({ code: 0x77, params: [2n, 0n, 0n, 0n] }).culprit).toEqual({ part: 'disk' });
  });
  test('0x7B, 0xED, 0x24, 0x51, 0x74', () => {
    for (const code of [0x7b, 0xed, 0x24, 0x51, 0x74])
      expect(verdictOf({ code, params: [0xfffff900_00000000n, 0xffffffff_c0000032n, 0n, 0n] }).cause).toBe('storage');
  });
});

describe('hardware', () => {
  test('0x124 from the two halves', () => {
    const cache: Fake = { code: 0x124, params: [0n, 0xfffff900_00000000n, 0xbe000000n, 0x00800135n] };
    const verdict = verdictOf({ ...cache, modules: [NT, 'intelppm.sys'] });
    expect(verdict).toMatchObject({ cause: 'hardware', sureness: 'certain', culprit: { part: 'cpu' } });
    expect(verdict.bucket).toBe('0x124_0_GenuineIntel_PROCESSOR_CACHE_IMAGE_GenuineIntel.sys');
    expect(verdictOf({ ...cache, modules: [NT] }).bucket).toBe('0x124_0_PROCESSOR_CACHE');
  });
  test('a memory code points at memory', () => expect(verdictOf({ code: 0x124, params: [0n, 0n, 0xbe000000n, 0x0080009fn] }).culprit).toEqual({ part: 'ram' }));
  test('near miss: PCI Express without a record is not the processor', () =>
    expect(verdictOf({ code: 0x124, params: [4n, 0n, 0n, 0n] })).toMatchObject({ sureness: 'likely', culprit: { part: 'device' } }));
  test('0x9C', () => expect(verdictOf({ code: 0x9c, params: [4n, 0n, 0xb2000000n, 0x400n] })).toMatchObject({ culprit: { part: 'cpu' }, sureness: 'certain' }));
  test('0x101 in a virtual machine is less sure', () => {
    expect(verdictOf({ code: 0x101, params: [0xcn, 0n, 0n, 2n] })).toMatchObject({ sureness: 'likely', culprit: { part: 'cpu' } });
    expect(verdictOf({ code: 0x101, params: [0xcn, 0n, 0n, 2n], modules: [NT, 'VBoxGuest.sys'] }).sureness).toBe('possible');
  });
  test('0x1CA, 0x20001, 0x18B are possible at most', () => {
    for (const code of [0x1ca, 0x20001, 0x18b]) expect(verdictOf({ code, params: [1n, 2n, 3n, 4n] }).sureness).toBe('possible');
  });
  test('0xA5 is firmware', () => expect(verdictOf({ code: 0xa5, params: [3n, 0n, 0xc0000034n, 0x5f494e49n] })).toMatchObject({ cause: 'firmware' }));
  test('0x109 names no driver, whatever stands on the stack', () => {
    const verdict = verdictOf({ code: 0x109, params: [0n, 0n, 0n, 1n], modules: [NT, 'bad.sys'], frames: [['bad.sys+1', 'unwind-info']] });
    expect(verdict.culprit).toBeUndefined();
  });
});

describe('power and watchdogs', () => {
  const irp = 0xffffa000_00001000n;
  const pointers = (driverStart: bigint): Record<string, string> => ({
    [String(irp)]: '0600',
    [String(irp + 0xb8n)]: qword(irp + 0x1000n),
    [String(irp + 0x1028n)]: qword(irp + 0x2000n),
    [String(irp + 0x2000n)]: '0300',
    [String(irp + 0x2008n)]: qword(irp + 0x3000n),
    [String(irp + 0x3018n)]: qword(driverStart),
  });
  const base: Fake = { code: 0x9f, params: [3n, 0n, 0n, irp], modules: [NT, 'pci.sys', 'nvlddmkm.sys'] };
  test('0x9F/3: the IRP’s current stack location names the holder', () => {
    const verdict = verdictOf({ ...base, memory: pointers(0xfffff800_14000000n) });
    expect(verdict).toMatchObject({ culprit: { module: 'nvlddmkm.sys' }, sureness: 'likely', bucket: '0x9F_3_nvlddmkm_IMAGE_nvlddmkm.sys' });
  });
  test('near miss: the bus driver is not blamed', () => expect(verdictOf({ ...base, memory: pointers(0xfffff800_12000000n) }).culprit?.module).toBeUndefined());
  test('the IRP is not in the dump: not known, not the stack', () =>
    expect(verdictOf({ ...base, frames: [['nvlddmkm.sys+1', 'unwind-info']] })).toMatchObject({ sureness: 'not-known' }));
  const overlongDpc = (interrupted: number): Fake => ({
    ...{ code: 0x133, params: [0n, 0x501n, 0x500n, 0n], modules: [NT, 'bad.sys'], frames: [[`${NT}+1`], ['bad.sys+1']], interrupted },
  });
  test('0x133/0: the stack is where', () =>
    expect(verdictOf(overlongDpc(1))).toMatchObject({
      sureness: 'likely',
      culprit: { module: 'bad.sys' },
      bucket: '0x133_DPC_bad!unknown_function',
    }));
  test('0x133/0: interrupted in Windows code that the driver called, it may have waited for a lock of another', () =>
    expect(verdictOf(overlongDpc(0))).toMatchObject({ sureness: 'possible', culprit: { module: 'bad.sys' } }));
  test('0x133/1: the stack is one sample', () => {
    const verdict = verdictOf({ code: 0x133, params: [1n, 0x1e00n, 0n, 0n], modules: [NT, 'bad.sys'], frames: [[`${NT}+1`], ['bad.sys+1']] });
    expect(verdict).toMatchObject({ sureness: 'not-known' });
    expect(doubts(verdict)).toContain('a-watchdog-stack');
  });
  test('0xA0', () => expect(verdictOf({ code: 0xa0, params: [9n, 0n, 0n, 0n] })).toMatchObject({ cause: 'storage' }));
});

describe('graphics', () => {
  const base: Fake = {
    code: 0x116,
    params: [0xffffb48b_e920b010n, 'nvlddmkm.sys+0x170a40', 0xffffffff_c0000001n, 4n],
    modules: [NT, 'nvlddmkm.sys', 'dxgkrnl.sys', 'watchdog.sys'],
    frames: [['dxgkrnl.sys+1'], ['watchdog.sys+1']],
  };
  test('0x116 names the module of the tag', () =>
    expect(verdictOf(base)).toMatchObject({
      culprit: { module: 'nvlddmkm.sys', part: 'gpu' },
      sureness: 'likely',
      detector: 'dxgkrnl.sys',
      bucket: '0x116_IMAGE_nvlddmkm.sys',
    }));
  test('near miss: the tag lies in no driver: possible, by the only display driver', () =>
    expect(verdictOf({ ...base, params: [0n, 0n, 0n, 0n] })).toMatchObject({ sureness: 'possible', culprit: { module: 'nvlddmkm.sys' } }));
  test('against: the tag’s offset proves nothing', () => expect(doubts(verdictOf(base))).toContain('a-offset-tag'));
  test('0x117 and 0x141 are live', () => {
    for (const code of [0x117, 0x141]) {
      const verdict = verdictOf({ ...base, code });
      expect(verdict.cause).toBe('live-dump');
      expect(verdict.bucket).toBe(`LKD_0x${code.toString(16)}_IMAGE_nvlddmkm.sys`);
    }
  });
  test('0xEA: the driver that fills the stuck thread’s stack', () => {
    const frames = Array.from({ length: 10 }, () => ['nvlddmkm.sys+0x40', 'scan'] as const);
    expect(verdictOf({ ...base, code: 0x100000ea, params: [1n, 0n, 0n, 0n], frames })).toMatchObject({
      culprit: { module: 'nvlddmkm.sys' },
      sureness: 'possible',
    });
    expect(verdictOf({ ...base, code: 0xea, params: [1n, 0n, 0n, 0n], frames: [['nvlddmkm.sys+0x40', 'unwind-info']] }).sureness).toBe('likely');
  });
  test('0x119, 0x10E, 0x113 say possible', () => {
    for (const code of [0x119, 0x10e, 0x113])
      expect(verdictOf({ ...base, code, params: [2n, 0n, 0n, 0n] })).toMatchObject({ sureness: 'possible', culprit: { module: 'nvlddmkm.sys' } });
  });
});

describe('drivers caught', () => {
  const base: Fake = { modules: [NT, 'bad.sys', 'Wdf01000.sys'], frames: [[`${NT}+1`], ['Wdf01000.sys+1'], ['bad.sys+1']] };
  test('0xC4 names the driver of the arguments', () =>
    expect(verdictOf({ ...base, frames: [], code: 0xc4, params: [0x62n, 'bad.sys+0x10', 0n, 1n] })).toMatchObject({
      culprit: { module: 'bad.sys' },
      sureness: 'likely',
    }));
  test('near miss: neither arguments nor stack', () =>
    expect(verdictOf({ ...base, frames: [], code: 0xc4, params: [0x62n, 0n, 0n, 1n] })).toMatchObject({ sureness: 'not-known' }));
  test('0xC9 by the stack', () => expect(verdictOf({ ...base, code: 0xc9, params: [0x21fn, 0n, 0n, 0n] }).culprit).toEqual({ module: 'bad.sys' }));
  test('0xE6/26 is a device', () => expect(verdictOf({ ...base, code: 0xe6, params: [0x26n, 1n, 2n, 3n] }).culprit).toEqual({ part: 'device' }));
  test('0x10D: the client, never the framework', () =>
    expect(verdictOf({ ...base, code: 0x10d, params: [6n, 0n, 0n, 0n] })).toMatchObject({ culprit: { module: 'bad.sys' }, detector: 'Wdf01000.sys' }));
  test('0xCE: the name in the unloaded list is proof', () => {
    const unloaded = [{ name: 'gone.sys', start: 0xfffff800_99000000n, end: 0xfffff800_99010000n }];
    expect(verdictOf({ ...base, code: 0xce, params: [0xfffff800_99001000n, 0n, 0n, 0n], unloaded })).toMatchObject({
      culprit: { module: 'gone.sys' },
      sureness: 'certain',
    });
    expect(verdictOf({ ...base, code: 0xce, params: [0xfffff800_99001000n, 0n, 0n, 0n] }).sureness).toBe('not-known');
  });
  test('0x44, 0x18, 0xDA, 0xFE/2, 0x144/1: suspects', () => {
    for (const [code, kind] of [
      [0x44, 0n],
      [0x18, 0n],
      [0xda, 0x100n],
      [0xfe, 2n],
      [0x144, 1n],
    ] as const)
      expect(verdictOf({ ...base, code, params: [kind, 0n, 0n, 0n] })).toMatchObject({ culprit: { module: 'bad.sys' }, sureness: 'possible' });
  });
  test('0x144/1 without a client on the stack accuses neither a driver nor the device', () => {
    const verdict = verdictOf({ ...base, frames: [], code: 0x144, params: [1n, 0n, 0n, 0n] });
    expect(verdict).toMatchObject({ cause: 'driver-bug', sureness: 'not-known' });
    expect(verdict.culprit).toBeUndefined();
  });
  test('0xE3: who releases a resource that it does not own did it itself; 0xDA: another may have freed the mapping before', () => {
    const called = (code: number, frames: Fake['frames']): Verdict => verdictOf({ ...base, frames: frames ?? [], code, params: [0n, 0n, 0n, 0n] });
    const direct = [[`${NT}+1`], ['bad.sys+1']] as const;
    expect(called(0xe3, direct)).toMatchObject({ culprit: { module: 'bad.sys' }, sureness: 'likely' });
    expect(called(0xe3, [[`${NT}+1`], ['Wdf01000.sys+1'], ['bad.sys+1']])).toMatchObject({ sureness: 'possible' });
    expect(called(0xda, direct)).toMatchObject({ culprit: { module: 'bad.sys' }, sureness: 'possible' });
  });
  test('0xFE/3 is the device, not the client', () => expect(verdictOf({ ...base, code: 0xfe, params: [3n, 0n, 0n, 0n] }).culprit).toEqual({ part: 'device' }));
  test('0xD5: special pool caught it in the act', () =>
    expect(verdictOf({ ...base, code: 0xd5, params: [0xffffb000_00001000n, 0n, 'bad.sys+0x1', 0n], frames: [['bad.sys+0x1', 'given']] })).toMatchObject({
      sureness: 'certain',
      culprit: { module: 'bad.sys' },
    }));
  test('0xBE and 0xFC with a driver on the stack', () => {
    for (const code of [0xbe, 0xfc])
      expect(verdictOf({ ...base, code, params: [0xffffb000_00001000n, 0n, 0n, 0n] })).toMatchObject({ culprit: { module: 'bad.sys' }, sureness: 'possible' });
  });
});

describe('not faults', () => {
  test('by hand', () => {
    for (const code of [0xe2, 0xdeaddead, 0x161]) expect(verdictOf({ code, params: [0n, 0n, 0n, 0n] })).toMatchObject({ cause: 'manual', sureness: 'certain' });
    expect(verdictOf({ code: 0x1c8, params: [7000n, 0n, 0n, 0n] }).headline.args['time']).toBe('7.0 seconds');
  });
  test('NotMyFault: the driver and its program', () => {
    const base: Fake = { code: 0x4a, params: [0x7ffe_7350_d0c4n, 2n, 0n, 0n], modules: [NT, 'myfault.sys'] };
    expect(verdictOf({ ...base, process: 'notmyfault64.e' })).toMatchObject({ cause: 'manual', sureness: 'certain', culprit: { module: 'myfault.sys' } });
    // Loaded alone it says nothing: it stays loaded after a test.
    expect(verdictOf({ ...base, process: 'chrome.exe' }).cause).not.toBe('manual');
  });
  test('live codes did not stop the machine', () => {
    for (const code of [0x15e, 0x1d4, 0x193, 0x1a6]) expect(verdictOf({ code, params: [1n, 0n, 0n, 0n] })).toMatchObject({ cause: 'live-dump' });
    expect(verdictOf({ code: 0x124, live: true, params: [4n, 0n, 0n, 0n] }).cause).toBe('live-dump');
  });
});

describe('codes whose names are near to others', () => {
  // By the names of the codes (windows-driver-docs, a page a code).
  test.each([
    [0x12c, { cause: 'storage', detector: 'exfat.sys' }], // EXFAT_FILE_SYSTEM
    [0x149, { cause: 'storage', detector: 'ReFS.sys' }], // REFS_FILE_SYSTEM
    [0x24, { cause: 'storage', detector: 'Ntfs.sys' }], // NTFS_FILE_SYSTEM
    [0x18c, { cause: 'not-known', sureness: 'not-known' }], // HYPERGUARD_VIOLATION: no disk
    [0x10f, { cause: 'not-known', sureness: 'not-known' }], // RESOURCE_MANAGER_EXCEPTION_NOT_HANDLED: of transactions, no graphics
    [0x79, { cause: 'not-known', sureness: 'not-known' }], // MISMATCHED_HAL: files of Windows, no firmware
  ] as const)('%#', (code, wanted) => {
    const verdict = verdictOf({ code, params: [1n, 0n, 0n, 0n] });
    expect(verdict).toMatchObject(wanted);
    if (wanted.cause === 'not-known') expect(verdict.culprit).toBeUndefined();
  });
  test.each<readonly [string, Fake]>([
    ['0xCA is no stop of Driver Verifier: a driver on the stack', { code: 0xca, params: [2n, 1n, 2n, 0n] }],
    ['0x192: the driver that took the lock at a raised level', { code: 0x192, params: [1n, 2n, 2n, 0n] }],
  ])('%s is possible, a stray word nobody', (_, { code, params }) => {
    const on = (...frames: Fake['frames'] & {}): Verdict => verdictOf({ code, params, modules: [NT, 'bad.sys'], frames } as Fake);
    const verdict = on([`${NT}+1`], ['bad.sys+1']);
    expect(verdict).toMatchObject({ culprit: { module: 'bad.sys' }, sureness: 'possible' });
    expect(verdict.headline.id).not.toMatch(/verifier/);
    expect(on([`${NT}+1`, 'context'], ['bad.sys+1', 'scan']).culprit).toBeUndefined();
  });
});

describe('processes, vendors, unknown codes', () => {
  test('0xEF names the process only where the object is its', () => {
    const known = verdictOf({ code: 0xef, params: [0xffffc08d_7f1580c0n, 0n, 0n, 0n], process: 'svchost.exe', processObject: 0xffffc08d_7f1580c0n });
    expect(known.headline.args['process']).toBe('svchost.exe');
    expect(known.sureness).toBe('not-known');
    const other = verdictOf({ code: 0xef, params: [0xffffc08d_7f1580c0n, 0n, 0n, 0n], process: 'chrome.exe', processObject: 0xffffc08d_00000000n });
    expect(other.headline.args['process']).toMatch(/running at that moment/);
    expect(known.bucket).toMatch(/^0xEF_svchost\.exe_BUGCHECK_CRITICAL_PROCESS_/);
    expect(other.bucket).not.toContain('chrome.exe');
  });
  test('0xC000021A', () => expect(verdictOf({ code: 0xc000021a, params: [0n, 0xffffffff_c0000005n, 0n, 0n] }).headline.id).toBe('h-winlogon'));
  test('a vendor’s code: the caller of KeBugCheckEx', () =>
    expect(
      verdictOf({
        code: 0xa0000001,
        params: [5n, 0n, 0n, 0n],
        modules: [NT, 'atikmdag.sys'],
        frames: [
          [`${NT}+1`, 'context'],
          ['atikmdag.sys+0x2783e', 'unwind-info'],
        ],
      }),
    ).toMatchObject({ culprit: { module: 'atikmdag.sys', part: 'gpu' }, sureness: 'likely', bucket: '0xa0000001_atikmdag!unknown_function' }));
  test('near miss: the caller is a stray word', () =>
    expect(
      verdictOf({
        code: 0xa0000001,
        params: [5n, 0n, 0n, 0n],
        modules: [NT, 'atikmdag.sys'],
        frames: [
          [`${NT}+1`, 'context'],
          ['atikmdag.sys+0x2783e', 'scan'],
        ],
      }),
    ).toMatchObject({ sureness: 'not-known' }));
  test('a documented code without a reading of its own', () =>
    expect(verdictOf({ code: 0x9, params: [0n, 0n, 0n, 0n] })).toMatchObject({ rule: 'generic', sureness: 'not-known' }));
});
