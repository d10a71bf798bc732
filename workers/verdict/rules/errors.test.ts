/** Errors that programs raise themselves, what their heaps report, and programs that do not answer. */
import { describe, expect, test } from 'vitest';
import { driveSync } from '../../base/job.ts';
import { type Fake, fakeSession, qword } from '../../testing/node/fakesession.ts';
import { judge } from '../judge.ts';
import type { Verdict } from '../verdict.ts';
import { say } from '../words.ts';

const APP = 'app.exe';
const NTDLL = String.raw`C:\Windows\System32\ntdll.dll`;
const KERNELBASE = String.raw`C:\Windows\System32\KERNELBASE.dll`;
const [APP_AT, NTDLL_AT, KB_AT] = [0x7ff6_0000_0000n, 0x7ff6_0200_0000n, 0x7ff6_0400_0000n];
const HEAP = 0x1f0_0000_0000n;
const verdictOf = (fake: Fake): Verdict => driveSync(judge(fakeSession({ user: true, process: APP, modules: [APP, NTDLL, KERNELBASE], ...fake })));
const said = (verdict: Verdict, id: string): Readonly<Record<string, string>> | undefined => verdict.evidence.find((one) => one.says.id === id)?.says.args;
const ids = (verdict: Verdict): string[] => verdict.evidence.map((one) => one.says.id);
const u32 = (value: number): string => qword(BigInt(value >>> 0)).slice(0, 8);
const utf16 = (text: string): string => `${Array.from(text, (letter) => u32(letter.charCodeAt(0)).slice(0, 4)).join('')}0000`;
const ascii = (text: string): string => `${Array.from(text, (letter) => letter.charCodeAt(0).toString(16).padStart(2, '0')).join('')}00`;

describe('C++ errors', () => {
  const base = APP_AT;
  const info = APP_AT + 0x5000n;
  /** ThrowInfo → array of two types: the thrown class, and std::exception as its first base. */
  const thrown = (more: Readonly<Record<string, string>>, first = '.?AVbad_file@app@@'): Fake => ({
    exception: { code: 0xe06d7363, parameters: [0x19930520n, HEAP, info, base], address: KB_AT + 0x100n },
    registers: { rip: KB_AT + 0x100n },
    frames: [
      [`KERNELBASE.dll+0x100`, 'context'],
      [`${APP}+0x1000`, 'unwind-info'],
    ],
    memory: {
      [String(info)]: `${u32(0)}${u32(0)}${u32(0)}${u32(0x5100)}`,
      [String(base + 0x5100n)]: `${u32(2)}${u32(0x5200)}${u32(0x5300)}`,
      [String(base + 0x5200n)]: `${u32(0)}${u32(0x5400)}${u32(0)}`,
      [String(base + 0x5300n)]: `${u32(0)}${u32(0x5500)}${u32(0)}`,
      [String(base + 0x5410n)]: ascii(first),
      [String(base + 0x5510n)]: ascii('.?AVexception@std@@'),
      ...more,
    },
  });
  const withText = (text: string): Readonly<Record<string, string>> => ({ [String(HEAP)]: qword(1n) + qword(HEAP + 0x100n), [String(HEAP + 0x100n)]: text });
  test('type and text', () => {
    const verdict = verdictOf(thrown(withText(ascii('cannot open settings'))));
    expect(said(verdict, 'e-throw-type')).toEqual({ type: 'app::bad_file' });
    expect(said(verdict, 'e-throw-message')).toEqual({ message: 'cannot open settings' });
    expect(verdict.evidence.find((one) => one.says.id === 'e-throw-message')?.private).toBe(true);
    expect(verdict).toMatchObject({ cause: 'application-bug', culprit: { module: APP } });
  });
  test('near: bytes that are no text are not shown as one', () =>
    expect(ids(verdictOf(thrown(withText('0102030405060700'))))).not.toContain('e-throw-message'));
  test('a Rust panic by the name of its type', () =>
    expect(verdictOf(thrown({}, 'rust_panic')).headline).toMatchObject({ id: 'h-app-panic', args: { language: 'Rust' } }));
});

describe('.NET and stowed errors', () => {
  const clr = (hresult: bigint): Verdict =>
    verdictOf({
      exception: { code: 0xe0434352, parameters: [hresult], address: KB_AT + 1n },
      registers: { rip: KB_AT + 1n },
      frames: [['KERNELBASE.dll+1', 'context']],
    });
  test('the HRESULT names the .NET exception', () => expect(clr(0xffffffff_80131509n).headline.args['type']).toBe('System.InvalidOperationException'));
  test('near: an HRESULT of nobody', () => expect(clr(0x8abc1234n).headline.args['type']).toMatch(/does not tell/));

  const stowedAt = (signature: number, form: number): Fake => ({
    exception: { code: 0xc000027b, parameters: [HEAP, 1n], address: KB_AT + 1n },
    registers: { rip: KB_AT + 1n },
    frames: [['KERNELBASE.dll+1', 'context']],
    memory: {
      [String(HEAP)]: qword(HEAP + 0x100n),
      [String(HEAP + 0x100n)]:
        `${u32(0x28)}${u32(signature)}${u32(0x80070005)}${u32(form)}${qword(form === 2 ? HEAP + 0x300n : NTDLL_AT + 5n)}${u32(8)}${u32(2)}${qword(HEAP + 0x200n)}`,
      [String(HEAP + 0x200n)]: qword(NTDLL_AT + 5n) + qword(APP_AT + 0x1234n),
      [String(HEAP + 0x300n)]: utf16('no access'),
    },
  });
  test('the stowed stack names the place of the program', () => {
    const verdict = verdictOf(stowedAt(0x53453032, 1));
    expect(said(verdict, 'e-stowed')).toMatchObject({ result: '0x80070005 E_ACCESSDENIED', place: 'app.exe+0x1234' });
    expect(verdict).toMatchObject({ cause: 'application-bug', sureness: 'likely', culprit: { module: APP } });
  });
  test('the second form has a text, which stays private', () => {
    const verdict = verdictOf(stowedAt(0x53453032, 2));
    expect(verdict.evidence.find((one) => one.says.id === 'e-stowed-text')).toMatchObject({ private: true, says: { args: { message: 'no access' } } });
  });
  test('near: another signature is no stowed exception', () => expect(ids(verdictOf(stowedAt(0x53453039, 1)))).not.toContain('e-stowed'));
});

// winnt.h: STATUS_INTEGER_DIVIDE_BY_ZERO, STATUS_FLOAT_DIVIDE_BY_ZERO; beside them STATUS_INTEGER_OVERFLOW.
test.each([
  [0xc0000094, true],
  [0xc000008e, true],
  [0xc0000095, false],
])('a division by zero is told to the owner: %i', (code, told) => {
  const { explanation } = verdictOf({ exception: { code } });
  expect(explanation.some((one) => say(one).owner === 'It divided a number by zero.')).toBe(told);
});

describe('heaps', () => {
  const heap = (kind: number): Verdict =>
    verdictOf({
      exception: { code: 0xc0000374, parameters: [NTDLL_AT + 0x8000n], address: NTDLL_AT + 1n },
      registers: { rip: NTDLL_AT + 1n },
      frames: [['ntdll.dll+1', 'context']],
      memory: { [String(NTDLL_AT + 0x8000n)]: `${u32(2)}${u32(0xa8)}${u32(kind)}${u32(0)}${qword(HEAP)}${qword(HEAP + 0x40n)}` },
    });
  test('the heap’s own report names the damage', () =>
    expect(said(heap(8), 'e-heap-kind')).toMatchObject({ what: expect.stringMatching(/freed twice/), block: ' at 0x1f000000040' }));
  test('near: a kind that no heap writes', () => expect(ids(heap(99))).not.toContain('e-heap-kind'));
});

describe('programs that end themselves', () => {
  const ends = (...symbols: readonly string[]): Verdict =>
    verdictOf({
      exception: { code: 0xc0000409, parameters: [7n], address: APP_AT + 0x100n },
      registers: { rip: APP_AT + 0x100n },
      frames: symbols.map((symbol, index) => [`${APP}+0x${(0x100 + index * 16).toString(16)}`, index === 0 ? 'context' : 'unwind-info', symbol] as const),
    });
  test.each([
    ['h-app-panic', 'Rust', ['std::process::abort', 'rust_panic', 'core::panicking::panic_fmt']],
    ['h-app-panic', 'Go', ['runtime.dieFromException', 'runtime.throw', 'main.main']],
    ['h-app-parameter', undefined, ['_invoke_watson', '_invalid_parameter', 'fopen_s']],
    ['h-app-abort', undefined, ['abort', 'terminate', 'main']],
    ['h-app-failfast', undefined, ['main', 'start']],
    // A program's own function may have the word in its name.
    ['h-app-failfast', undefined, ['app::panicking_animals', 'aborted_by_user']],
  ])('%s %s by %j', (headline, language, symbols) => {
    const verdict = ends(...symbols);
    expect(verdict.headline.id).toBe(headline);
    expect(verdict.headline.args['language']).toBe(language);
  });
});

describe('programs that do not answer', () => {
  const [first, second] = [HEAP + 0x1000n, HEAP + 0x2000n];
  const stackOf = (thread: number): bigint => HEAP + 0x10_0000n * BigInt(thread);
  const section = (owner: number, lockCount: number): string => `${'ff'.repeat(8)}${u32(lockCount)}${u32(1)}${qword(BigInt(owner))}${qword(0n)}${qword(0n)}`;
  const waiting = (sections: Readonly<Record<string, string>>, stacks: Readonly<Record<number, bigint>>): Verdict =>
    verdictOf({
      threads: Object.fromEntries([10, 20, 30].map((id) => [id, { rip: NTDLL_AT + 0x100n, rsp: stackOf(id) }])),
      memory: { ...sections, ...Object.fromEntries(Object.entries(stacks).map(([id, word]) => [String(stackOf(Number(id))), qword(0x1234n) + qword(word)])) },
    });
  // LockCount -6: locked (bit 0 clear), one waiter (-1 - -6 = 5, 5 >> 2 = 1); -2: locked, nobody waits.
  test('two threads, each waiting for the other’s section', () => {
    const verdict = waiting({ [String(first)]: section(20, -6), [String(second)]: section(10, -6) }, { 10: first, 20: second });
    expect(verdict).toMatchObject({ cause: 'hang', sureness: 'likely', headline: { id: 'h-app-deadlock', args: { count: '2' } } });
    expect(said(verdict, 'e-lock-wait')).toMatchObject({ waiter: '0', owner: '1', section: '0x1f000001000', count: '1' });
  });
  test('near: they wait for a third, which does not wait', () => {
    const verdict = waiting({ [String(first)]: section(30, -10) }, { 10: first, 20: first });
    expect(verdict.headline).toMatchObject({ id: 'h-app-blocked', args: { count: '2', owner: '2' } });
  });
  test('against: nobody waits for the section; words that are none', () => {
    expect(waiting({ [String(first)]: section(20, -2) }, { 10: first }).headline.id).toBe('h-app-hang');
    expect(waiting({ [String(first)]: '41'.repeat(0x28) }, { 10: first }).headline.id).toBe('h-app-hang');
  });
});

test('security software inside the process is told, as a hint only', () => {
  const verdict = verdictOf({
    modules: [APP, NTDLL, String.raw`C:\Program Files\AV\360detoured64.dll`],
    exception: { code: 0xc0000005, parameters: [0n, 8n], address: APP_AT + 0x100n },
    registers: { rip: APP_AT + 0x100n },
    frames: [[`${APP}+0x100`, 'context']],
  });
  expect(said(verdict, 'e-injected')?.['names']).toMatch(/360detoured64\.dll/);
  expect(verdict.culprit).toEqual({ module: APP });
});

describe('in-page errors', () => {
  const lost = (status: bigint): Verdict =>
    verdictOf({
      exception: { code: 0xc0000006, parameters: [8n, APP_AT + 0x1000n, status], address: APP_AT + 0x1000n },
      registers: { rip: APP_AT + 0x1000n },
      frames: [[`${APP}+0x1000`, 'context']],
    });
  test('a device error is the disk', () => expect(lost(0xc000009cn).culprit).toEqual({ part: 'disk' }));
  test('against: a share that went away is no disk of this PC', () => {
    expect(lost(0xffffffff_c000020cn)).toMatchObject({ cause: 'storage', headline: { id: 'h-network-file' } });
    expect(lost(0xc00000c4n).culprit).toBeUndefined();
  });
});

test('a code byte of one other bit outweighs the pointer; code as in the file does not', () => {
  const fault = (held: string): Verdict =>
    verdictOf({
      exception: { code: 0xc0000005, parameters: [0n, 8n], address: APP_AT + 4n },
      registers: { rip: APP_AT + 4n, rcx: 0n, r9: 0n },
      frames: [[`${APP}+0x4`, 'context']],
      memory: { [`${APP}+0x0`]: `90909090${held}9090909090909090` },
      image: { module: APP, hex: `90909090488b41089090909090909090` },
    });
  expect(fault('498b4108')).toMatchObject({ cause: 'hardware', sureness: 'likely', culprit: { part: 'ram' }, victim: APP });
  expect(fault('488b4108')).toMatchObject({ cause: 'application-bug', culprit: { module: APP } });
});
