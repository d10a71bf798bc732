/**
 * Published analyses of WinDbg as facts (code, arguments, frames, what it printed, and what was found to be the cause): `!analyze -v` on the
 * same frames prints the same names and buckets, and where the cause is known our verdict names it or nobody.
 * Guessed fields of the list are no oracle and are not read.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { driveSync } from '../base/job.ts';
import { type Fake, fakeSession, type FakeFrame } from '../testing/node/fakesession.ts';
import { corpusRoot } from '../testing/node/corpus.ts';
import { consoleOf } from '../testing/node/handmade.ts';
import { judge } from '../verdict/judge.ts';

interface Printed {
  readonly id: string;
  readonly code: string | null;
  readonly params: readonly (string | null)[] | null;
  readonly process: string | null;
  readonly frames: readonly string[] | null;
  readonly SYMBOL_NAME: string | null;
  readonly MODULE_NAME: string | null;
  readonly IMAGE_NAME: string | null;
  readonly FAILURE_BUCKET_ID: string | null;
}

const file = join(corpusRoot, '..', 'layouts', 'analyze-cases.json');
if (!existsSync(file)) console.warn('SKIPPED: no layouts beside the corpus; published analyses are not compared');
const cases = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly Printed[]) : [];
const withFrames = cases.filter((one) => one.code !== null && one.frames !== null && one.frames.length > 1);

/** Which argument is the instruction's address (windows-driver-docs, a page a code). */
const IP_ARGUMENT: Readonly<Record<number, number>> = { 0x0a: 3, 0xd1: 3, 0x50: 2, 0x7e: 1, 0x3b: 1, 0x1e: 1 };
const OWNER_ARGUMENT: Readonly<Record<number, number>> = { 0x116: 1, 0x117: 1 };
const TRAP = /!(_?KiTrap0E|KiPageFault|KiDoubleFaultAbort)\b/;

interface Part {
  readonly module: string;
  readonly name?: string;
  readonly offset: number;
}
/** "nt!KiPageFault+0x474", "myfault+0x12d0", "0x00007ffc`aa52f454". */
function partOf(frame: string): Part | undefined {
  const [, module, name, offset = '0'] = /^([\w.]+?)(?:!(.*?))?(?:\+0x([0-9a-f]+))?$/.exec(frame) ?? [];
  return module === undefined || /^0x/.test(frame) ? undefined : { module, ...(name === undefined ? {} : { name }), offset: Number.parseInt(offset, 16) };
}

/** Modules get the names of the frames; a function the next 0x100000 of its module. */
class Places {
  readonly modules: string[] = ['ntoskrnl.exe'];
  readonly #functions = new Map<string, number>();
  image(module: string): string {
    const image = module === 'nt' ? 'ntoskrnl.exe' : `${module}.sys`;
    if (!this.modules.includes(image)) this.modules.push(image);
    return image;
  }
  of(part: Part): string {
    const key = `${part.module}!${part.name ?? ''}`;
    if (!this.#functions.has(key)) this.#functions.set(key, part.name === undefined ? 0 : 0x2_0000 * (this.#functions.size + 1));
    const start = this.#functions.get(key) ?? 0;
    return `${this.image(part.module)}+0x${((start + part.offset) % 0x1f0_0000).toString(16)}`;
  }
}

function fakeOf(one: Printed): Fake {
  const places = new Places();
  const code = Number(one.code);
  const frames = (one.frames ?? []).map((frame, index): FakeFrame => {
    const part = partOf(frame);
    const trust = index === 0 ? 'context' : 'unwind-info';
    if (!part) return [/^0x/.test(frame) ? frame.replaceAll('`', '') : '0x1000', trust];
    return [places.of(part), trust, part.name === undefined ? undefined : `${part.name}+0x${part.offset.toString(16)}`];
  });
  const params: (bigint | string)[] = [0, 1, 2, 3].map((index) => BigInt(one.params?.[index] ?? '0'));
  const trap = (one.frames ?? []).findIndex((frame) => TRAP.test(frame));
  const at = IP_ARGUMENT[code];
  const place = frames[trap + 1]?.[0];
  if (at !== undefined && place !== undefined) {
    if (params[0] === params[at]) params[0] = place;
    params[at] = place;
  }
  const owner = OWNER_ARGUMENT[code];
  const tag = partOf((one.SYMBOL_NAME ?? '').replace('+', '+0x'));
  if (owner !== undefined && tag) params[owner] = places.of(tag);
  // Each machine of the list that reports a hardware error is one of Intel, by the module printed; its processor driver is always loaded.
  const modules = code === 0x124 ? [...places.modules, 'intelppm.sys'] : places.modules;
  return { code, params, frames, modules, ...(one.process === null ? {} : { process: one.process }) };
}

/** What the frames of the list cannot give, by case. */
const NOT_GIVEN: Readonly<Record<string, string>> = {
  k022: 'a false alarm of its code check: import calls that the kernel itself rewrites',
  k034: 'the same false alarm',
  k031: 'STACKPTR_ERROR needs the limits of the stack',
  k037: 'the frames below the dispatcher are not in the list',
  k041: 'the driver is that of the device, which no frame shows',
  k055: 'the arguments are not in the list',
  k061: 'the arguments are not in the list',
  k062: 'the frames between are not in the list',
  k085: 'the name of the Verifier rule and the frames above are not in the list',
  k071: 'the frames above are not in the list',
};
/** Debuggers of before 2015 keep the offset in the bucket and write X64_; later ones print "(null)" for a kind of address. */
const comparable = (bucket: string): boolean => !/\+[0-9a-f]+$|\(null\)|^X64_/.test(bucket);

const EMPTY: Printed = {
  id: '',
  code: null,
  params: null,
  process: null,
  frames: null,
  SYMBOL_NAME: null,
  MODULE_NAME: null,
  IMAGE_NAME: null,
  FAILURE_BUCKET_ID: null,
};
const printedBy = (one: Printed): readonly string[] => consoleOf(fakeSession(fakeOf(one))).run('!analyze -v');
const label = (rows: readonly string[], name: string): string | undefined =>
  rows
    .find((row) => row.startsWith(`${name}:`))
    ?.slice(name.length + 1)
    .trim();

const whole = withFrames.filter((one) => !(one.id in NOT_GIVEN));
const named = (of: (one: Printed) => string | null): (readonly [string, Printed])[] =>
  whole.filter((one) => of(one) !== null).map((one) => [one.id, one] as const);

describe.skipIf(cases.length === 0)('what WinDbg printed', () => {
  test('most cases of the list can be compared', () => expect(whole.length).toBeGreaterThanOrEqual(25));
  test.each(named((one) => (one.FAILURE_BUCKET_ID !== null && comparable(one.FAILURE_BUCKET_ID) ? '' : null)))('%s: FAILURE_BUCKET_ID', (_id, one) =>
    expect(label(printedBy(one), 'FAILURE_BUCKET_ID')).toBe(one.FAILURE_BUCKET_ID),
  );
  test.each(named((one) => one.MODULE_NAME))('%s: MODULE_NAME', (_id, one) => expect(label(printedBy(one), 'MODULE_NAME')).toBe(one.MODULE_NAME));
  test.each(named((one) => one.SYMBOL_NAME))('%s: SYMBOL_NAME', (_id, one) => expect(label(printedBy(one), 'SYMBOL_NAME')).toBe(one.SYMBOL_NAME));
});

test('the answer tells whom the bucket passes over', () => {
  const rows = printedBy({
    ...EMPTY,
    code: '0xd1',
    params: ['0x8', '0x2', '0x0', '0x0'],
    frames: ['nt!KeBugCheckEx', 'nt!KiPageFault+0x1', 'nt!IoReuseIrp+0x4e', 'fltmgr+0x10', 'bad+0x20'],
  });
  expect(rows).toContain('the bucket passes over ntoskrnl.exe, fltmgr.sys: they work for others');
  expect(rows.some((row) => /^signature: d1\//.test(row))).toBe(true);
  const plain = printedBy({ ...EMPTY, code: '0xd1', params: ['0x8', '0x2', '0x0', '0x0'], frames: ['nt!KeBugCheckEx', 'nt!KiPageFault+0x1', 'bad+0x20'] });
  expect(plain.some((row) => row.startsWith('the bucket passes over'))).toBe(false);
});

/** The driver that was found guilty, where its author proved it (built, fixed, or gone when removed); null where it is no driver of the stack. */
const GUILTY: Readonly<Record<string, string | null>> = {
  k001: 'myfault.sys',
  k004: 'Driver.sys',
  k005: 'Driver.sys',
  k007: 'Driver.sys',
  k008: 'EvilDriver.sys',
  k010: 'TestDriver.sys',
  k011: null,
  k013: 'TestDriver.sys',
  k014: 'TestDriver.sys',
  k016: null,
  k017: 'myfault.sys',
  k019: null,
  k022: null,
  k023: null,
  k025: 'gwdrv.sys',
  k034: null,
  k046: 'rtwlanu.sys',
  k047: null,
  k050: 'AVXGC570D_x64.sys',
  k058: 'WwanUsbMp.sys',
  k067: 'BEDaisy.sys',
  k077: 'cdcacmpo_x64.sys',
};
/** Pool and heap damage, and what the scheduler or the allocator met, is not the caller's by the stack alone: nobody is named there. */
const NOBODY_NAMED: ReadonlySet<string> = new Set(['k005', 'k008', 'k050']);

describe.skipIf(cases.length === 0)('what the cause was', () => {
  test.each(withFrames.filter((one) => one.id in GUILTY).map((one) => [one.id, one] as const))('%s: the guilty one is named, or nobody', (id, one) => {
    const { culprit, sureness } = driveSync(judge(fakeSession(fakeOf(one))));
    const guilty = GUILTY[id] ?? undefined;
    expect(culprit?.module).toBe(NOBODY_NAMED.has(id) ? undefined : guilty);
    if (guilty === undefined) expect(sureness).not.toBe('certain');
  });
});
