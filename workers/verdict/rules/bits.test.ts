/** Where hardware shows in a single place, and where it only seems to: each reading fires, nearly fires, or is spoken against. */
import { describe, expect, test } from 'vitest';
import { driveSync } from '../../base/job.ts';
import { type Fake, fakeSession, qword } from '../../testing/node/fakesession.ts';
import { judge } from '../judge.ts';
import type { Verdict } from '../verdict.ts';

const NT = 'ntoskrnl.exe';
const BAD_AT = 0xfffff800_12000000n;
const verdictOf = (fake: Fake): Verdict => driveSync(judge(fakeSession(fake)));
const said = (fake: Fake, id: string): Readonly<Record<string, string>> | undefined => verdictOf(fake).evidence.find((one) => one.says.id === id)?.says.args;
const RAM = { cause: 'hardware', culprit: { part: 'ram' } } as const;
const DRIVER = { cause: 'driver-bug', culprit: { module: 'bad.sys' } } as const;

/** A read by mov rax,[rcx+8] in bad.sys. */
const read = (rcx: bigint, more: Fake = {}): Fake => ({
  code: 0xd1,
  params: [rcx + 8n, 2n, 0n, 'bad.sys+0x1000'],
  modules: [NT, 'bad.sys'],
  registers: { rip: BAD_AT + 0x1000n, rcx },
  source: 'trap-frame',
  frames: [['bad.sys+0x1000', 'given']],
  ...more,
  memory: { 'bad.sys+0x1000': '488b4108', ...more.memory },
});

describe('a far bit', () => {
  const good = 0xffffb000_00010000n;
  const held = { [String(good)]: qword(1n) };
  test('with it turned back, the pointer leads to memory of the dump', () =>
    expect(verdictOf(read(good ^ (1n << 40n), { memory: held }))).toMatchObject({ ...RAM, sureness: 'likely' }));
  test('a register that the trap frame does not hold is what the address says it was', () =>
    expect(verdictOf({ ...read(good ^ (1n << 40n), { memory: held }), registers: { rip: BAD_AT + 0x1000n }, unknown: ['rcx'] })).toMatchObject(RAM));
  test('near: a bit that two objects of the same pool differ in', () => expect(verdictOf(read(good ^ (1n << 30n), { memory: held }))).toMatchObject(DRIVER));
  test('against: nothing is there', () => expect(verdictOf(read(good ^ (1n << 40n)))).toMatchObject(DRIVER));
});

describe('a code without the address (0x3B)', () => {
  const fault = (rcx: bigint, memory: Readonly<Record<string, string>>): Fake => ({
    ...read(rcx),
    code: 0x3b,
    params: [0xc0000005n, 'bad.sys+0x1000', 0n, 0n],
    source: 'context-record',
    memory,
  });
  const code = { 'bad.sys+0x1000': '488b4108' };
  test('the operand gives it', () => expect(said(fault(0x10n, code), 'e-address')).toMatchObject({ address: '0x18', kind: 'a null pointer plus 0x18' }));
  test('a bit off in the kernel’s half', () => expect(verdictOf(fault(0xfffbb000_00000000n, code))).toMatchObject(RAM));
  test('without the code, the register shows it', () => {
    expect(said(fault(0xfffbb000_00000000n, {}), 'e-good-register')).toMatchObject({ register: 'rcx', bit: '50' });
    expect(verdictOf(fault(0xfffbb000_00000000n, {}))).toMatchObject({ ...RAM, sureness: 'possible' });
  });
  test('near: a proper pointer', () => expect(verdictOf(fault(0xffffb000_00000000n, {}))).toMatchObject(DRIVER));
  test('against: a value with two wrong bits', () => expect(verdictOf(fault(0xfff3b000_00000000n, {}))).toMatchObject(DRIVER));
});

describe('an instruction called illegal', () => {
  const illegal = (code: string): Fake => ({
    code: 0x1e,
    params: [0xc000001dn, `${NT}+0x1000`, 0n, 0n],
    modules: [NT],
    memory: { [`${NT}+0x1000`]: code },
    frames: [[`${NT}+0x1000`, 'given']],
  });
  test('one that every processor knows: the processor', () =>
    expect(verdictOf(illegal('488b4108'))).toMatchObject({ cause: 'hardware', sureness: 'possible', culprit: { part: 'cpu' } }));
  // ud2
  test('near: one that is meant to be illegal', () => expect(verdictOf(illegal('0f0b')).culprit).toBeUndefined());
  test('against: no code in the dump', () => expect(verdictOf({ ...illegal(''), memory: {} }).culprit).toBeUndefined());
});

test('the page that every process shares, by the kernel’s address too', () => {
  const at = (address: bigint): Fake => ({ code: 0x50, params: [address, 0n, `${NT}+0x3000`, 0n], frames: [[`${NT}+0x3000`, 'given']] });
  expect(verdictOf(at(0xfffff780_00000320n))).toMatchObject({ cause: 'memory-corruption', culprit: { part: 'ram' } });
  // The page behind it is of nobody.
  expect(verdictOf(at(0xfffff780_00001000n)).culprit).toBeUndefined();
});

describe('a pointer that was overwritten', () => {
  test('with text: the driver at the fault is a suspect, no more', () =>
    expect(verdictOf(read(0x4141_4141_4141n))).toMatchObject({ ...DRIVER, sureness: 'possible' }));
  test('near: a wild number', () => expect(verdictOf(read(0x1234_5678_9000n))).toMatchObject({ ...DRIVER, sureness: 'likely' }));
});

describe('arguments that name', () => {
  const base: Fake = { modules: [NT, 'bad.sys', 'Ntfs.sys'], frames: [] };
  test('0xCB: who locked the pages', () => {
    expect(verdictOf({ ...base, code: 0xcb, params: ['bad.sys+0x40', 0n, 1n, 2n] })).toMatchObject({ ...DRIVER, sureness: 'likely' });
    expect(verdictOf({ ...base, code: 0xcb, params: ['Ntfs.sys+0x40', 0n, 1n, 2n] }).culprit).toBeUndefined();
    expect(verdictOf({ ...base, code: 0xcb, params: [5n, 0n, 1n, 2n] }).sureness).toBe('not-known');
  });
  const utf16 = (text: string): string => `${Array.from(text, (letter) => `${letter.charCodeAt(0).toString(16).padStart(2, '0')}00`).join('')}0000`;
  const NAME = 0xffffb000_00002000n;
  const leak = (memory: string, kind = 0x62n): Verdict => verdictOf({ ...base, code: 0xc4, params: [kind, NAME, 0n, 3n], memory: { [String(NAME)]: memory } });
  test('0xC4/62: the driver that left memory behind, by its name', () => {
    expect(leak(utf16('bad.sys'))).toMatchObject(DRIVER);
    expect(leak(utf16('not a name')).sureness).toBe('not-known');
    expect(leak(utf16('bad.sys'), 0x11n).sureness).toBe('not-known');
  });
  test('0x1A: the misuse of a buffer’s description is a driver’s, even where none is named', () =>
    expect(verdictOf({ code: 0x1a, params: [0x1236n, 0n, 0n, 0n] })).toMatchObject({ cause: 'driver-bug', sureness: 'not-known' }));
});

describe('applications', () => {
  const APP_AT = 0x7ff6_0000_0000n;
  const base: Fake = { user: true, process: 'app.exe', modules: ['app.exe', String.raw`C:\Windows\System32\ntdll.dll`] };
  const inPage = (status: bigint): Verdict =>
    verdictOf({
      ...base,
      exception: { code: 0xc0000006, parameters: [0n, APP_AT, status], address: APP_AT },
      registers: { rip: APP_AT },
      frames: [['app.exe+0', 'context']],
    });
  test('a page that the network did not deliver is no disk’s', () => {
    expect(inPage(0xc00000c4n)).toMatchObject({ cause: 'storage', headline: { id: 'h-network-file' } });
    expect(inPage(0xc00000c4n).culprit).toBeUndefined();
    expect(inPage(0xc000009cn)).toMatchObject({ cause: 'storage', culprit: { part: 'disk' } });
  });
  test('a library that refuses to be loaded', () =>
    expect(
      verdictOf({
        ...base,
        exception: { code: 0xc0000142, address: APP_AT + 0x200_0000n },
        registers: { rip: APP_AT + 0x200_0000n },
        frames: [['ntdll.dll+0', 'context']],
      }),
    ).toMatchObject({
      cause: 'application-bug',
      headline: { id: 'h-app-loader' },
    }));
  const touch = (place: string, rip: bigint, rcx: bigint): Verdict =>
    verdictOf({
      ...base,
      exception: { code: 0xc0000005, parameters: [0n, rcx >> 47n === 0n ? rcx + 8n : 0xffff_ffff_ffff_ffffn], address: rip },
      registers: { rip, rcx },
      memory: { [place]: '488b4108' },
      frames: [
        [place, 'context'],
        ['app.exe+0x2000', 'unwind-info'],
      ],
    });
  test('in its own code: likely; in ntdll, which works on everybody’s data: possible', () => {
    expect(touch('app.exe+0x1000', APP_AT + 0x1000n, 0n).sureness).toBe('likely');
    expect(touch('ntdll.dll+0x1000', APP_AT + 0x200_1000n, 0n).sureness).toBe('possible');
  });
  test('a pointer that is one but for a bit: possible, memory is a rival', () => {
    const verdict = touch('app.exe+0x1000', APP_AT + 0x1000n, 0x1f0_0000_1000n | (1n << 55n));
    expect(verdict).toMatchObject({ cause: 'application-bug', sureness: 'possible' });
    expect(verdict.rivals.map((rival) => rival.part)).toContain('ram');
  });
  test('a bit of the code, where the image is at hand', () => {
    const good = `${'90'.repeat(0xfe0)}${'90'.repeat(32)}488b4108${'90'.repeat(28)}`;
    const fake: Fake = {
      ...base,
      exception: { code: 0xc0000005, parameters: [0n, 8n], address: APP_AT + 0x1000n },
      registers: { rip: APP_AT + 0x1000n, rcx: 0n },
      frames: [['app.exe+0x1000', 'context']],
      image: { module: 'app.exe', hex: good },
    };
    expect(verdictOf({ ...fake, memory: { 'app.exe+0xfe0': `${'90'.repeat(32)}488b4508${'90'.repeat(28)}` } })).toMatchObject({ ...RAM, sureness: 'likely' });
    expect(verdictOf({ ...fake, memory: { 'app.exe+0xfe0': `${'90'.repeat(32)}488b4108${'90'.repeat(28)}` } }).cause).toBe('application-bug');
  });
});
