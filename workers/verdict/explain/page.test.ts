import { describe, expect, it } from 'vitest';
import { loadKnowledge } from '../../knowledge/load.ts';
import { baseBugCheck } from '../../knowledge/bugchecks.ts';
import { say } from '../words.ts';
import { bugCheckPage, statusPage } from './page.ts';
import { READINGS } from './readings/index.ts';
import { STATUS_READINGS } from './readings/statuses.ts';
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
  it('a code of no list has none', () => expect(bugCheckPage(knowledge, 0xa0000001, [])).toBeUndefined());
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
    expect(bugCheckPage(knowledge, 0xd1, [])?.processors).toEqual([]);
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
  it('an unknown number is read by its bits', () => {
    const page = statusPage(knowledge, 0xe0123456);
    expect([page.documented, page.name, page.family]).toEqual([false, '0xE0123456', 'error, a program’s own']);
  });
});
