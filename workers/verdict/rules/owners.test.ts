/** What a pointer was and whose it was: each reading where it holds, where it nearly does, and where something speaks against it. */
import { describe, expect, test } from 'vitest';
import { driveSync } from '../../base/job.ts';
import { type Fake, fakeSession, qword } from '../../testing/node/fakesession.ts';
import { judge } from '../judge.ts';
import type { Verdict } from '../verdict.ts';

const NT = 'ntoskrnl.exe';
const NT_AT = 0xfffff800_10000000n;
const BAD_AT = 0xfffff800_12000000n;
const POOL = 0xffffb000_00010000n;
const MINUS_ONE = 0xffff_ffff_ffff_ffffn;
const verdictOf = (fake: Fake): Verdict => driveSync(judge(fakeSession(fake)));
const shown = (fake: Fake): string[] => verdictOf(fake).evidence.map((one) => one.says.id);
const said = (fake: Fake, id: string): Readonly<Record<string, string>> | undefined => verdictOf(fake).evidence.find((one) => one.says.id === id)?.says.args;

describe('a read of -1: what the instruction really used', () => {
  /** mov rax,[rcx+8] at bad.sys+0x1000. */
  const av = (rcx: bigint, code = '488b4108', at = 'bad.sys+0x1000'): Fake => ({
    code: 0x3b,
    params: [0xc0000005n, at, 0n, 0n],
    modules: [NT, 'bad.sys'],
    exception: { code: 0xc0000005, parameters: [0n, MINUS_ONE], address: at },
    registers: { rip: at.startsWith('bad') ? BAD_AT + 0x1000n : NT_AT + 0x1000n, rcx },
    source: 'context-record',
    memory: { [at]: code },
    frames: [[at, 'given']],
  });
  test('a value that is no address is computed from the operand', () =>
    expect(said(av(0x1234_5678_9abc_def0n), 'e-refused')).toMatchObject({ address: '0x123456789abcdef8', inputs: 'rcx=0x123456789abcdef0' }));
  test('near: a proper address of -1 by its operand is no refusal', () => expect(shown(av(MINUS_ONE - 8n))).not.toContain('e-refused'));
  test('text in the register is told', () => expect(said(av(0x41424344_45464748n), 'e-base-value')?.['kind']).toMatch(/text/));
  test('an aligned instruction at an odd address', () => {
    // movaps xmm0,[rcx+8]
    expect(shown(av(0xffffb000_00000001n, '0f284108'))).toContain('e-unaligned');
    expect(shown(av(0xffffb000_00000008n, '0f284108'))).not.toContain('e-unaligned');
    // movups takes any address
    expect(shown(av(0xffffb000_00000001n, '0f104108'))).not.toContain('e-unaligned');
  });
  test('an address of the kernel’s half but for one bit is a flip, in a driver too; the driver stays a rival', () => {
    const verdict = verdictOf(av(0xfffbb000_00000000n));
    expect(verdict).toMatchObject({ cause: 'hardware', sureness: 'possible', culprit: { part: 'ram' }, victim: 'bad.sys' });
    expect(verdict.rivals.map((rival) => rival.module)).toContain('bad.sys');
  });
  test('with the bit put right it is memory in the dump: likely', () =>
    expect(verdictOf({ ...av(0xfffbb000_00000000n), memory: { 'bad.sys+0x1000': '488b4108', '0xffffb00000000008': '00' } }).sureness).toBe('likely'));
  test('against: two wrong bits are no flip', () =>
    expect(verdictOf(av(0xfff3b000_00000000n))).toMatchObject({ cause: 'driver-bug', culprit: { module: 'bad.sys' } }));
});

describe('0x3B keeps no exception record: the operand tells the address', () => {
  const fault = (rcx: bigint): Fake => ({
    ...{ code: 0x3b, params: [0xc0000005n, 'bad.sys+0x1000', 0n, 0n], modules: [NT, 'bad.sys'], source: 'context-record' },
    ...{ registers: { rip: BAD_AT + 0x1000n, rcx }, memory: { 'bad.sys+0x1000': '488b4108' }, frames: [['bad.sys+0x1000', 'given']] },
  });
  test('one bit off the kernel’s half is a flip', () =>
    expect(verdictOf(fault(0xfffbb000_00000000n))).toMatchObject({ cause: 'hardware', culprit: { part: 'ram' } }));
  test('a null pointer is the driver’s', () => {
    expect(verdictOf(fault(0n))).toMatchObject({ cause: 'driver-bug', culprit: { module: 'bad.sys' } });
    expect(said(fault(0n), 'e-address')).toMatchObject({ address: '0x8', access: 'read' });
  });
});

describe('a pointer with a twin', () => {
  const bad = 0xffffb020_00010000n;
  const fake = (rdx: bigint): Fake => ({
    code: 0xd1,
    params: [bad + 8n, 2n, 0n, 'bad.sys+0x1000'],
    modules: [NT, 'bad.sys'],
    memory: { 'bad.sys+0x1000': '488b4108' },
    registers: { rip: BAD_AT + 0x1000n, rcx: bad, rdx },
    source: 'trap-frame',
    frames: [['bad.sys+0x1000', 'given']],
  });
  test('another register holds it without the bit', () =>
    expect(verdictOf(fake(0xffffb000_00010000n))).toMatchObject({ cause: 'hardware', culprit: { part: 'ram' } }));
  /** mov rax,[r14+8]: a trap frame lacks r14; the dispatcher saved rbx, rdi, rsi, r12 to r15 from 0x40 below it on. */
  const saved = (r15: bigint): Fake => ({
    ...fake(0n),
    memory: { 'bad.sys+0x1000': '498b4608', '0xfffff90000000fc0': qword(0n).repeat(6) + qword(r15) },
    registers: { rip: BAD_AT + 0x1000n },
    unknown: ['r14'],
  });
  test('a register that the trap frame lacks follows from the address; its twin was saved by the dispatcher', () =>
    expect(said(saved(0xffffb000_00010000n), 'e-pointer-twin')).toMatchObject({ register: 'r14', bit: '37', where: '0xfffff90000000ff0' }));
  test('near: what the dispatcher saved differs in low bits', () => expect(shown(saved(0xffffb020_00011000n))).not.toContain('e-pointer-twin'));
  test('near: the low bits differ, as those of two objects do', () =>
    expect(verdictOf(fake(0xffffb020_00011000n))).toMatchObject({ cause: 'driver-bug', culprit: { module: 'bad.sys' } }));
  test('against: two bits differ', () => expect(verdictOf(fake(0xffffb040_00010000n)).cause).toBe('driver-bug'));
});

/** PreviousSize, PoolIndex, BlockSize, PoolType, tag; sizes in units of 16. */
const header = (previous: number, size: number, tag: string, inUse = true): string =>
  [previous, 0, size, inUse ? 2 : 0, ...Array.from(tag, (letter) => letter.charCodeAt(0))].map((byte) => byte.toString(16).padStart(2, '0')).join('') +
  '00'.repeat(8);

describe('pool blocks', () => {
  const page = (...blocks: readonly string[]): Record<string, string> => ({ [String(POOL)]: blocks.join('') });
  const filled = (head: string, size: number): string => head + '00'.repeat(size * 16 - 16);
  const corrupt = (memory: Record<string, string>, at: bigint): Fake => ({ code: 0x19, params: [0x20n, at, 0n, 0n], modules: [NT], memory });
  const twoBlocks = page(filled(header(0, 4, 'Irp '), 4), filled(header(4, 6, 'File'), 6));
  test('the block of the argument and the one in front of it', () => {
    const fake = corrupt(twoBlocks, POOL + 0x50n);
    expect(said(fake, 'e-pool-block')).toMatchObject({ at: '0xffffb00000010040', size: '0x60', tag: 'File', state: 'in use' });
    expect(said(fake, 'e-pool-before')).toMatchObject({ tag: 'Irp ', at: '0xffffb00000010000' });
  });
  test('near: the chain is broken, so no block in front is claimed', () => {
    const fake = corrupt(page(filled(header(0, 4, 'Irp '), 4), filled(header(3, 6, 'File'), 6)), POOL + 0x50n);
    expect(shown(fake)).toContain('e-pool-block');
    expect(shown(fake)).not.toContain('e-pool-before');
  });
  test('against: bytes in front that are no header', () => expect(shown(corrupt(page('41'.repeat(64)), POOL + 0x20n))).not.toContain('e-pool-block'));
});

describe('0x139/3: the links themselves', () => {
  const [entry, next, previous] = [POOL, POOL + 0x100n, POOL + 0x200n];
  const list = (links: Readonly<Record<string, readonly [bigint, bigint]>>): Fake => ({
    code: 0x139,
    params: [3n, 0n, 0n, 0n],
    modules: [NT, 'bad.sys'],
    registers: { rip: NT_AT + 0x100n, rdx: entry },
    source: 'trap-frame',
    memory: Object.fromEntries(Object.entries(links).map(([at, [flink, blink]]) => [at, qword(flink) + qword(blink)])),
    frames: [[`${NT}+0x100`, 'context']],
  });
  const at = String;
  const whole = { [at(entry)]: [next, previous], [at(next)]: [previous, entry], [at(previous)]: [entry, next] } as const;
  test('removed twice', () => expect(shown(list({ ...whole, [at(next)]: [previous, previous], [at(previous)]: [next, next] }))).toContain('e-list-twice'));
  test('a neighbour overwritten', () => expect(said(list({ ...whole, [at(next)]: [previous, 0x41n] }), 'e-list-link')).toMatchObject({ found: '0x41' }));
  test('a link wrong by one bit is memory', () =>
    expect(verdictOf(list({ ...whole, [at(next)]: [previous, entry ^ 0x4000_0000n] }))).toMatchObject({ cause: 'hardware', culprit: { part: 'ram' } }));
  test('against: a whole list shows nothing', () => expect(shown(list(whole)).filter((id) => id.startsWith('e-list'))).toEqual([]));
});

describe('whom the kernel noted, what fills the stack, who serves the device', () => {
  test('the driver noted in the dump', () => {
    const noted: Fake = { code: 0xd1, params: [8n, 2n, 0n, 'bad.sys+0x1000'], modules: [NT, 'bad.sys'], facts: [{ name: 'BrokenDriver', value: 'bad.sys' }] };
    expect(said(noted, 'e-kernel-suspect')).toEqual({ who: 'bad.sys' });
    expect(shown({ ...noted, facts: [] })).not.toContain('e-kernel-suspect');
  });
  test('a full stack: the third-party driver that takes most of it', () => {
    const top = 0xffffb000_00006000n;
    const frames = [
      [`${NT}+1`, 'unwind-info', undefined, top - 0x5f00n],
      ['small.sys+1', 'unwind-info', undefined, top - 0x5e00n],
      ['big.sys+1', 'unwind-info', undefined, top - 0x5d80n],
      [`${NT}+2`, 'unwind-info', undefined, top - 0x1000n],
      [`${NT}+3`, 'unwind-info', undefined, top - 0x800n],
    ] as const;
    const fake: Fake = {
      code: 0x7f,
      params: [8n, 0n, 0n, 0n],
      modules: [NT, 'small.sys', 'big.sys'],
      frames,
      registers: { rip: NT_AT + 1n, rsp: top - 0x5ff0n },
      source: 'trap-frame',
      stack: { low: top - 0x6000n, high: top },
    };
    expect(verdictOf(fake)).toMatchObject({ culprit: { module: 'big.sys' }, sureness: 'possible' });
    expect(said(fake, 'e-stack-shares')?.['names']).toMatch(/^big\.sys 19840 bytes, ntoskrnl\.exe/);
    // The stack is not used up: no driver is named by its frames.
    expect(verdictOf({ ...fake, registers: { rip: NT_AT + 1n, rsp: top - 0x2000n } }).culprit?.module).toBeUndefined();
  });
  test('0x9F/3: the bus driver holds the request for the device’s own driver', () => {
    const irp = 0xffffa000_00001000n;
    const [physical, function_, busDriver, ownDriver] = [irp + 0x2000n, irp + 0x3000n, irp + 0x4000n, irp + 0x5000n];
    const device = (driver: bigint, attached: bigint): string => `0300${'00'.repeat(6)}${qword(driver)}${qword(0n)}${qword(attached)}`;
    const fake: Fake = {
      code: 0x9f,
      params: [3n, physical, 0n, irp],
      modules: [NT, 'pci.sys', 'vendorwifi.sys'],
      memory: {
        [String(irp)]: '0600',
        [String(irp + 0xb8n)]: qword(irp + 0x1000n),
        [String(irp + 0x1028n)]: qword(physical),
        [String(physical)]: device(busDriver, function_),
        [String(function_)]: device(ownDriver, 0n),
        [String(busDriver + 0x18n)]: qword(0xfffff800_12000000n),
        [String(ownDriver + 0x18n)]: qword(0xfffff800_14000000n),
      },
    };
    expect(verdictOf(fake)).toMatchObject({
      culprit: { module: 'vendorwifi.sys' },
      sureness: 'possible',
      detector: 'pci.sys',
      bucket: '0x9F_3_pci_IMAGE_pci.sys',
    });
    expect(said(fake, 'e-device-stack')?.['names']).toBe('pci.sys, vendorwifi.sys');
  });
});

describe('code that was changed', () => {
  const image = { module: NT, hex: `${'90'.repeat(0xff0)}${'488bc348894c2408'.repeat(16)}` };
  const patched = (to: string): Fake => ({
    code: 0x109,
    params: [0n, 0n, `${NT}+0x1010`, 1n],
    modules: [NT, 'bad.sys'],
    image,
    memory: { [`${NT}+0xff0`]: `${'488bc348894c2408'.repeat(4)}${to}${'488bc348894c2408'.repeat(3)}` },
  });
  // jmp rel32 to bad.sys+0x500: 0x12000500 - (0x10001010 + 5), and three bytes that stay as they were.
  test('a jump to a driver', () =>
    expect(verdictOf(patched('e9ebf4ff01894c2408'.slice(0, 16)))).toMatchObject({ culprit: { module: 'bad.sys' }, sureness: 'possible' }));
  test('near: a jump within the module itself', () => expect(verdictOf(patched('e900000000894c24')).culprit).toBeUndefined());
  test('against: changed bytes that are no jump', () => expect(verdictOf(patched('cccccccccc894c24')).culprit).toBeUndefined());
});

describe('the caller of shared kernel internals', () => {
  const fault = (symbol: string): Fake => ({
    code: 0xa,
    params: [0x400000n, 2n, 0n, `${NT}+0x100`],
    modules: [NT, 'bad.sys'],
    frames: [
      [`${NT}+0x100`, 'given', symbol],
      [`${NT}+0x200`, 'unwind-info', 'KeReleaseSemaphore'],
      ['bad.sys+0x10', 'unwind-info'],
    ],
  });
  test('the scheduler: the caller is a rival, no culprit', () => {
    const verdict = verdictOf(fault('KiSetSchedulerAssistPriority'));
    expect(verdict).toMatchObject({ sureness: 'not-known' });
    expect(verdict.rivals.map((rival) => rival.module)).toContain('bad.sys');
  });
  test('a routine that works on the caller’s own object: the caller is the suspect', () =>
    expect(verdictOf(fault('IoReuseIrp'))).toMatchObject({ culprit: { module: 'bad.sys' }, sureness: 'possible' }));
});

describe('a file system at DISPATCH_LEVEL', () => {
  const far = Array.from({ length: 12 }, (_, index) => [`Ntfs.sys+${String(0x2000 + index)}`, 'unwind-info'] as const);
  const fault = (irql: bigint): Fake => ({
    code: 0xd1,
    params: [0xffff8009_1002ac08n, irql, 1n, 'Ntfs.sys+0x1000'],
    modules: [NT, 'Ntfs.sys', 'bad.sys'],
    frames: [['Ntfs.sys+0x1000', 'given'], ...far, ['bad.sys+0x10', 'unwind-info']],
  });
  test('who raised the level stands further up', () => expect(verdictOf(fault(2n))).toMatchObject({ culprit: { module: 'bad.sys' }, sureness: 'possible' }));
  test('near: at a device’s level', () => expect(verdictOf(fault(5n)).culprit).toBeUndefined());
});

describe('the framework’s log', () => {
  const GUID = '54c84888-01d1-4c1e-bed6-282c98241303';
  // WDF_IFR_HEADER of a real dump (rizin-x64-7e-amdppm), its name replaced.
  const log = (name: string, guid = '9d4c4d542c94d546bf50df5cd9524a50'): string =>
    `${guid}48605 1e48bc0ffffb80f0000fc03c80314000000`.replace(' ', '') +
    Array.from(name.padEnd(32, '\0'), (letter) => letter.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  const stop = (hex: string, frames: Fake['frames'] = []): Fake => ({
    ...{ code: 0x10d, params: [6n, 0n, 0n, 0n], modules: [NT, 'Wdf01000.sys', 'badwdf.sys', 'USBXHCI.SYS', 'other.sys'], frames },
    blobs: { [GUID]: ['Wdf01000!WdfDumpGuid', hex] },
  });
  test('names the driver, whatever stands on the stack', () =>
    expect(verdictOf(stop(log('badwdf'), [['other.sys+1', 'scan-call-checked']]))).toMatchObject({ culprit: { module: 'badwdf.sys' }, sureness: 'likely' }));
  test('near: a driver of Windows is where it shows, no culprit', () => {
    const verdict = verdictOf(stop(log('USBXHCI')));
    expect(verdict).toMatchObject({ sureness: 'not-known', victim: 'USBXHCI.SYS' });
    expect(verdict.culprit).toBeUndefined();
  });
  test('against: other data under the same GUID', () => expect(shown(stop(log('badwdf', '00'.repeat(16))))).not.toContain('e-wdf-log'));
});
