import { describe, expect, it } from 'vitest';
import { loadKnowledge } from '../../knowledge/load.ts';
import { baseBugCheck } from '../../knowledge/bugchecks.ts';
import { say } from '../words.ts';
import { bugCheckPage } from './page.ts';
import { READINGS } from './readings/index.ts';
import { STATUS_READINGS } from './readings/statuses.ts';
import { statusPage } from './statuspage.ts';
import { STEPS } from './steps.ts';

const knowledge = await loadKnowledge();

describe('every bug check has a page', () => {
  it.each(knowledge.bugChecks.map((entry) => [entry.name, entry.code] as const))('%s', (_name, code) => {
    const page = bugCheckPage(knowledge, code, []);
    expect(page?.causes.length).toBeGreaterThan(0);
    expect(page?.steps.length).toBeGreaterThan(0);
    expect(page?.look.length).toBeGreaterThan(0);
    expect(page?.arguments).toHaveLength(4);
    expect(page?.general).toBe(READINGS[baseBugCheck(code)] === undefined);
    for (const { path } of page?.seeAlso ?? []) expect(path).toMatch(/^(code|status)\/[0-9a-f]+/);
  });
  it('a code of no list says so: a maker’s own, an NTSTATUS, or unknown', () => {
    const page = bugCheckPage(knowledge, 0xa0000001, [5n, 0n, 0n, 0n]);
    expect([page.known, page.stopped, page.name, page.family]).toEqual(['unlisted', 'yes', '0xA0000001', 'A maker’s own stop code']);
    expect(page.arguments.map(({ value }) => value)).toEqual([5n, 0n, 0n, 0n]);
    // 0xC000007B as a stop code, with 0xC0000428 as second argument, stands in a published analysis.
    expect(bugCheckPage(knowledge, 0xc000007b, []).says).toMatch(/STATUS_INVALID_IMAGE_FORMAT/);
    expect(bugCheckPage(knowledge, 0xabc, []).says).toBe('no public list names this stop code');
  });
});

describe('the looks of a case', () => {
  const lines = (code: number, ...params: readonly bigint[]) => bugCheckPage(knowledge, code, params).look.map(({ line }) => line);
  // What each argument is: windows-driver-docs, pages of 0x9F and 0x77.
  it.each([
    [0x9f, [3n, 0x1000n, 0x2000n, 0x3000n], ['!irp 3000', '!devstack 1000']],
    [0x9f, [4n, 0x12cn, 0x2000n, 0x3000n], ['!thread 2000']],
    [0x77, [1n, 0x1234n, 0n, 0x4000n], ['dq 4000 L1']],
    [0x77, [0xc0000185n, 0xc0000185n, 0n, 0x4000n], ['!error c0000185']],
  ] as const)('%#: %s', (code, params, wanted) => expect(lines(code, ...params)).toEqual(wanted));
  it('all of them without arguments', () => expect(lines(0x9f)).toHaveLength(3));
});

it('no page advises a step twice', () => {
  for (const { code, name } of knowledge.bugChecks) {
    const ids = bugCheckPage(knowledge, code, []).steps.map(({ text }) => text.id);
    expect(new Set(ids).size, `${name}: ${ids.join()}`).toBe(ids.length);
  }
});

describe('readings', () => {
  it('belong to codes that exist', () => {
    for (const code of Object.keys(READINGS)) expect(knowledge.bugCheck(Number(code)), code).toBeDefined();
    for (const code of Object.keys(STATUS_READINGS)) expect(knowledge.exception(Number(code)), code).toBeDefined();
  });
  it('steps have words without a slot left open', () => {
    for (const steps of Object.values(STEPS)) for (const step of steps) expect(say(step.text).owner).not.toMatch(/[{}]|^d-/);
  });
});

describe('a page with values', () => {
  it('0x7E with its exception', () => {
    const page = bugCheckPage(knowledge, 0x7e, [0xffffffffc0000005n]);
    expect(page?.chosen).toBe('0xc0000005 STATUS_ACCESS_VIOLATION');
    expect(page?.seeAlso[0]).toEqual({ path: 'status/c0000005', text: '0xc0000005 STATUS_ACCESS_VIOLATION' });
    expect(page?.look[0]?.line).toBe('.exr <argument 3>');
  });
  it('0x9F/3: the arguments of that case, and the commands with its values', () => {
    const page = bugCheckPage(knowledge, 0x9f, [3n, 0xffffad8f6b1d5060n, 0xfffff8013bb11850n, 0xffffad8f77d7fb20n]);
    expect(page?.arguments[3]?.meaning).toMatch(/IRP/);
    expect(page?.look.map(({ line }) => line)).toContain('!irp ffffad8f77d7fb20');
  });
  it('a level and a single bit', () => {
    expect(bugCheckPage(knowledge, 0xd1, [8n, 2n, 0n, 0n])?.arguments[1]?.reads).toMatch(/DISPATCH/);
    // 2^45, the third argument of a published 0x1A/41792.
    expect(bugCheckPage(knowledge, 0x1a, [0x41792n, 0xffffde0111510468n, 0x200000000000n, 0n])?.arguments[2]?.reads).toMatch(/bit 45/);
  });
  it('processors with a published fault stand with stops that a processor can cause, and with no others', () => {
    expect(bugCheckPage(knowledge, 0x124, [])?.processors.map(({ model }) => model)).toContain('Intel Raptor Lake-S (13th / 14th gen)');
    for (const code of [0xd1, 0x133]) expect(bugCheckPage(knowledge, code, []).processors, code.toString(16)).toEqual([]);
    expect(bugCheckPage(knowledge, 0x101, []).processors.length).toBeGreaterThan(0);
    // A page about a stop is read by someone whose computer starts.
    expect(
      bugCheckPage(knowledge, 0x124, [])
        .processors.map(({ fault }) => fault)
        .join(),
    ).not.toMatch(/no longer starts/);
  });
  it('a code with cases says that its arguments depend on them', () => {
    for (const code of [0x4e, 0xda, 0xfe, 0x144, 0x10e, 0x7c, 0xf5, 0xca]) {
      const [first, ...rest] = bugCheckPage(knowledge, code, []).arguments.map(({ meaning }) => meaning);
      expect(first, code.toString(16)).not.toBe('not documented');
      expect(rest.join(), code.toString(16)).toMatch(/depends on argument 1/);
    }
    // 0xFE/6: the object and the signature that it should have (Microsoft's page of 0xFE).
    expect(bugCheckPage(knowledge, 0xfe, [6n, 1n, 2n, 0n]).arguments.map(({ meaning }) => meaning)).not.toContain('not documented');
  });
  it('the form of a small dump keeps its own name', () => expect(bugCheckPage(knowledge, 0x1000007e, [])?.path).toBe('code/1000007e'));
});

describe('statuses', () => {
  it('a name, its other names, and other tables with the same number', () => {
    const page = statusPage(knowledge, 0xc0000005);
    expect([page.name, page.kind, page.general]).toEqual(['STATUS_ACCESS_VIOLATION', 'NTSTATUS', false]);
    expect(statusPage(knowledge, 2, 'win32').name).toBe('ERROR_FILE_NOT_FOUND');
  });
  it('an HRESULT that wraps a Win32 error leads to it', () => {
    const page = statusPage(knowledge, 0x80070091);
    expect(page.seeAlso[0]?.path).toBe('status/91/win32');
    expect(page.name).toBe('ERROR_DIR_NOT_EMPTY');
  });
  it.each([
    // winerror.h: bit 31 is the only severity bit of an HRESULT, bits 16 to 26 its facility (7 Win32, 0x24 Windows Update).
    [0x80070005, 'failure, FACILITY_WIN32 (a Win32 error)'],
    [0x80240034, 'failure, FACILITY_WINDOWSUPDATE (Windows Update)'],
    [0x80004005, 'failure'],
    [0x00040001, 'success, FACILITY_ITF (the meaning depends on the program part that returned it)'],
    // ntstatus.h: two severity bits; 0x80000003 is a warning.
    [0x80000003, 'warning'],
    [0xc0000005, 'error'],
  ])('severity and facility of %s', (code, words) => expect(statusPage(knowledge, code, code === 0x40001 ? 'hresult' : undefined).family).toBe(words));
  it('a name stays in its table: a fast fail is no Win32 error, no wait status and no stop code', () => {
    const page = statusPage(knowledge, 3, 'fastfail');
    expect([page.name, page.otherNames, page.family]).toEqual(['FAST_FAIL_CORRUPT_LIST_ENTRY', [], 'why a program or the kernel stopped itself']);
    expect(page.seeAlso.map(({ path }) => path)).toEqual(['code/139/3', 'status/c0000409']);
    expect(page.says).toMatch(/list/i);
    expect(statusPage(knowledge, 3, 'win32').otherNames.join()).not.toMatch(/FAST_FAIL|WAIT/);
    expect(
      statusPage(knowledge, 3, 'win32')
        .seeAlso.map(({ text }) => text)
        .join(),
    ).not.toMatch(/Stop code/);
  });
  it('an unknown number is read by its bits', () => {
    const page = statusPage(knowledge, 0xe0123456);
    expect([page.known, page.name, page.family]).toEqual(['unlisted', '0xE0123456', 'error, a program’s own']);
  });
});
