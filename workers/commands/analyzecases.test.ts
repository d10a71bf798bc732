/**
 * Published analyses of WinDbg as facts (code, arguments, frames, what it printed, and what was found to be the cause): `!analyze -v` on the
 * same frames prints the same names and buckets, and where the cause is known our verdict names it or nobody.
 * Guessed fields of the list are no oracle and are not read.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { driveSync } from '../base/job.ts';
import { type Fake, fakeSession, type FakeFrame, qword } from '../testing/node/fakesession.ts';
import { corpusRoot } from '../testing/node/corpus.ts';
import { KERNEL_ORDER, misplaced, ONE_BLANK, USER_ORDER } from '../testing/node/analyzeorder.ts';
import { consoleOf } from '../testing/node/handmade.ts';
import { kernelTexts, LABEL, userTexts } from '../testing/node/windbgtexts.ts';
import { judge } from '../verdict/judge.ts';
import { glossOf } from './analyzegloss.ts';

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
  readonly BUCKET_ID_FUNC_OFFSET: string | null;
}
const FIELDS = ['SYMBOL_NAME', 'MODULE_NAME', 'IMAGE_NAME', 'FAILURE_BUCKET_ID', 'BUCKET_ID_FUNC_OFFSET'] as const;
type Field = (typeof FIELDS)[number];

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

/** Modules get the names of the frames, and the file that was printed where it is theirs; a function the next 0x20000 of its module. */
class Places {
  readonly modules: string[] = ['ntoskrnl.exe'];
  readonly #functions = new Map<string, number>();
  readonly #printed: string;
  constructor(one: Printed) {
    this.#printed = one.IMAGE_NAME ?? '';
  }
  image(module: string): string {
    const own = this.#printed.replace(/\.\w+$/, '').toLowerCase() === module.toLowerCase();
    const image = module === 'nt' ? 'ntoskrnl.exe' : own ? this.#printed : `${module}.sys`;
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
  const places = new Places(one);
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
  return { code, params, frames, modules, ...(one.process === null ? {} : { process: one.process }), ...MORE_FACTS[one.id] };
}

const [DPC_STACK, ISR_STACK, PRCB, BLOCKS] = [0xfffff801_40000fb0n, 0xfffff801_41000fb0n, 0xffffb001_30139180n, 0xfffff801_3f000000n];
/** What the text of a case tells beside its frames. */
const MORE_FACTS: Readonly<Record<string, Fake>> = {
  // The stack of QQ.exe's thread is another than the one that "BAD_STACK_POINTER:  ffff8706afe3f588" lies on; the processor's are others too.
  k031: {
    ...{ params: [0x1dn, 0n, 0n, 0n], stack: { low: 0xffffb08c_11000000n, high: 0xffffb08c_11007000n } },
    kernelPointers: { KiProcessorBlock: BLOCKS },
    kernelOffsets: { OffsetPrcbNumber: 0x24, OffsetPrcbDpcStack: 0x40, OffsetPrcbIsrStack: 0x48 },
    memory: { [String(BLOCKS)]: qword(PRCB), [String(PRCB + 0x24n)]: '00000000', [String(PRCB + 0x40n)]: qword(DPC_STACK) + qword(ISR_STACK) },
    headerRegisters: { rip: 0xfffff800_10001000n, rsp: 0xffff8706_afe3f588n },
  },
  // The rule of the bucket by its number (bug check 0xC4 page).
  k085: { params: [0x20005n, 0n, 0n, 0n] },
};

/** What the frames of the list cannot give, by case. */
const NOT_GIVEN: Readonly<Record<string, string>> = {
  k022: 'a false alarm of its code check: import calls that the kernel itself rewrites',
  k034: 'the same false alarm',
  k037: 'the frames below the dispatcher are not in the list',
  k041: 'the driver is that of the device, which no frame shows',
  k061: 'the arguments are not in the list',
  k062: 'the frames between are not in the list',
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
  BUCKET_ID_FUNC_OFFSET: null,
};
const printedBy = (one: Printed): readonly string[] => consoleOf(fakeSession(fakeOf(one))).run('!analyze -v');
const label = (rows: readonly string[], name: string): string | undefined =>
  rows
    .find((row) => row.startsWith(`${name}:`))
    ?.slice(name.length + 1)
    .trim();

/** The kernel's file has another name in its symbols, which these cases do not have; an older debugger's offset stands in its bucket. */
const wanted = (one: Printed, field: Field): string | null => {
  const value = one[field];
  if (field === 'IMAGE_NAME') return value?.replace(/^ntkr\w+\.exe$/, 'ntoskrnl.exe') ?? null;
  return field === 'FAILURE_BUCKET_ID' && value !== null && !comparable(value) ? null : value;
};
const compared = FIELDS.map((field) => [field, withFrames.filter((one) => wanted(one, field) !== null)] as const);
/** How many of the list print each field, at the least. */
const AGREED: Readonly<Record<Field, number>> = { SYMBOL_NAME: 28, MODULE_NAME: 35, IMAGE_NAME: 35, FAILURE_BUCKET_ID: 22, BUCKET_ID_FUNC_OFFSET: 11 };

describe.skipIf(cases.length === 0)('what WinDbg printed', () => {
  test.each(compared)('%s: agrees, but where the list lacks what decides it', (field, ones) => {
    const other = ones.filter((one) => label(printedBy(one), field) !== wanted(one, field)).map(({ id }) => id);
    expect(other.filter((id) => !(id in NOT_GIVEN))).toEqual([]);
    expect(ones.length - other.length).toBeGreaterThanOrEqual(AGREED[field]);
  });
});

test.skipIf(cases.length === 0)('k031: BAD_STACK_POINTER', () => {
  const one = cases.find(({ id }) => id === 'k031') ?? EMPTY;
  expect(label(printedBy(one), 'BAD_STACK_POINTER')).toBe('ffff8706afe3f588');
});

test('the answer tells whom the bucket passes over', () => {
  const rows = printedBy({
    ...EMPTY,
    code: '0xd1',
    params: ['0x8', '0x2', '0x0', '0x0'],
    frames: ['nt!KeBugCheckEx', 'nt!KiPageFault+0x1', 'nt!IoReuseIrp+0x4e', 'fltmgr+0x10', 'bad+0x20'],
  });
  expect(rows).toContain('the bucket passes over ntoskrnl.exe, fltmgr.sys, which work for others');
  expect(rows.some((row) => /^signature: d1\//.test(row))).toBe(true);
  const plain = printedBy({ ...EMPTY, code: '0xd1', params: ['0x8', '0x2', '0x0', '0x0'], frames: ['nt!KeBugCheckEx', 'nt!KiPageFault+0x1', 'bad+0x20'] });
  expect(plain.some((row) => row.startsWith('the bucket passes over'))).toBe(false);
});

const published = [...kernelTexts, ...userTexts].map((one) => [one.name, one] as const);

/** Labels that are explained and never printed here. */
const NOT_PRINTED: Readonly<Record<string, string>> = {
  TAG_NOT_DEFINED_202b: 'a fact that its own version has no name for',
  ADDITIONAL_DEBUG_TEXT: 'remarks on its own rules',
  FAILURE_ID_HASH: 'how it is made is not public',
  APPLICATION_VERIFIER_FLAGS: 'where it is read from is not public',
  PROCESS_BAM_CURRENT_THROTTLED: 'where it is read from is not public',
  PROCESS_BAM_PREVIOUS_THROTTLED: 'where it is read from is not public',
  IP_ON_HEAP: 'whose heap an address is in needs the heaps of the program, which most dumps do not hold',
};
/** Texts whose lines stand otherwise than current versions write them. */
const OTHER_ORDER: Readonly<Record<string, string>> = {
  'analyze_kernel/19.txt': 'a guide, which shows the trap frame last',
  'analyze_kernel/31.txt': 'a version of 2021: attributes before the code, the command before the symbol',
};
/** How a value begins where it is not as the table of blanks has it. */
const OTHER_BLANKS: Readonly<Record<string, string>> = {
  STACK_COMMAND: 'one blank from 1.2503 on',
  READ_ADDRESS: 'one blank before a complaint that memory cannot be read',
  COMMENT: 'its value is the lines below',
  FAULTING_SOURCE_CODE: 'its value is the lines below',
  STACK_TEXT: 'its value is the lines below',
  IP_IN_PAGED_CODE: 'its value is the lines below',
  FAILED_INSTRUCTION_ADDRESS: 'its value is the lines below',
  Followup: 'five blanks',
};

describe.skipIf(published.length === 0)('the texts that WinDbg wrote', () => {
  test('most of those collected are of current versions', () => {
    expect(kernelTexts.length).toBeGreaterThanOrEqual(15);
    expect(userTexts.length).toBeGreaterThanOrEqual(12);
  });
  test.each(published)('%s: every label is explained and has its place', (_name, { labels }) => {
    for (const found of labels) {
      expect(glossOf(found), found).toBeDefined();
      expect([...KERNEL_ORDER, ...USER_ORDER], found).toContain(found);
    }
  });
  test.each(published.filter(([name]) => !(name in OTHER_ORDER)))('%s: the labels stand in our order', (name, { labels }) =>
    expect(misplaced(labels, name.startsWith('analyze_user') ? USER_ORDER : KERNEL_ORDER)).toEqual([]),
  );
  test.each(published)('%s: the blanks behind the colons', (_name, { rows }) => {
    for (const row of rows) {
      const found = LABEL.exec(row)?.[1];
      if (found === undefined || !KERNEL_ORDER.includes(found) || found in OTHER_BLANKS) continue;
      const rest = row.trimStart().slice(found.length + 1);
      if (rest.trim() !== '') expect(`${found}:${/^ */.exec(rest)?.[0] ?? ''}|`).toBe(`${found}:${ONE_BLANK.test(found) ? ' ' : '  '}|`);
    }
  });
  test('what is never printed was seen there, and is in none of our answers', () => {
    const seen = new Set([...kernelTexts, ...userTexts].flatMap(({ labels }) => labels));
    for (const name of Object.keys(NOT_PRINTED)) expect(seen, name).toContain(name);
    const own = new Set(withFrames.flatMap((one) => printedBy(one).flatMap((row) => LABEL.exec(row)?.[1] ?? [])));
    expect(Object.keys(NOT_PRINTED).filter((name) => own.has(name))).toEqual([]);
    expect(own.size).toBeGreaterThanOrEqual(20);
  });
});

/** An application's dump as the text of its analysis shows it: the exception, the stack, the program. */
function userFake(rows: readonly string[]): Fake {
  const one = (pattern: RegExp): string => rows.map((row) => pattern.exec(row)?.[1]).find((value) => value !== undefined) ?? '';
  const all = (pattern: RegExp): readonly string[] => rows.flatMap((row) => pattern.exec(row)?.[1] ?? []);
  const program = one(/^PROCESS_NAME: {2}(.*)/);
  const functions = new Map<string, number>();
  const images = new Map([[program.replace(/\.exe$/, ''), program]]);
  const frames = all(/^[0-9a-f]{8}`[0-9a-f]{8} .*? : .* : (\S+)/).map((frame, index): FakeFrame => {
    const part = partOf(frame);
    const trust = index === 0 ? 'context' : 'unwind-info';
    if (!part) return [frame.replaceAll('`', ''), trust];
    if (!images.has(part.module)) images.set(part.module, `${part.module}.dll`);
    const key = `${part.module}!${part.name ?? ''}`;
    functions.set(key, functions.get(key) ?? 0x2_0000 * (functions.size + 1));
    const at = (functions.get(key) ?? 0) + part.offset;
    return [`${images.get(part.module) ?? ''}+0x${at.toString(16)}`, trust, `${part.name ?? ''}+0x${part.offset.toString(16)}`];
  });
  const parameters = all(/^ +Parameter\[\d\]: ([0-9a-f]+)/).map((value) => BigInt(`0x${value}`));
  const address = frames[0]?.[0] ?? `0x${one(/^ExceptionAddress: ([0-9a-f]+)/)}`;
  const exception = { code: Number.parseInt(one(/^ +ExceptionCode: ([0-9a-f]+)/), 16), parameters, address };
  return { user: true, process: program, modules: [...images.values()], frames, exception };
}
const USER_FIELDS = [
  ...['PROCESS_NAME', 'READ_ADDRESS', 'WRITE_ADDRESS', 'EXECUTE_ADDRESS', 'EXCEPTION_CODE_STR', 'EXCEPTION_PARAMETER1', 'EXCEPTION_PARAMETER2'],
  ...['SYMBOL_NAME', 'MODULE_NAME', 'IMAGE_NAME', 'FAILURE_BUCKET_ID', 'OSPLATFORM_TYPE', 'OSNAME'],
];
/** Texts that show exception, program and the whole stack; the lists of the heap's report show no stack of a thread. */
const WHOLE_TEXTS = ['4', '5', '6', '7', '8', '9'].map((name) => `analyze_user/${name}.txt`);

describe.skipIf(userTexts.length === 0)('the texts of applications, field by field', () => {
  test.each(userTexts.filter(({ name }) => WHOLE_TEXTS.includes(name)).map((one) => [one.name, one] as const))('%s', (_name, { rows }) => {
    const own = consoleOf(fakeSession(userFake(rows))).run('!analyze -v');
    // "accessv!main+b2" of module AccessV: the debugger was asked by a name in small letters.
    const fields = (of: readonly string[]): readonly string[] => USER_FIELDS.map((name) => `${name}: ${label(of, name)?.toLowerCase() ?? 'not there'}`);
    expect(fields(own)).toEqual(fields(rows));
  });
});

/** Fields of a stop that follow from its arguments and its process. */
const STOP_FIELDS = [
  ...['BUGCHECK_CODE', 'BUGCHECK_P1', 'BUGCHECK_P2', 'BUGCHECK_P3', 'BUGCHECK_P4', 'MM_INTERNAL_CODE', 'DPC_TIMEOUT_TYPE', 'DRVPOWERSTATE_SUBCODE'],
  ...['POOL_ADDRESS', 'CORRUPTING_POOL_ADDRESS', 'MEMORY_CORRUPTOR', 'PROCESS_NAME', 'OSPLATFORM_TYPE', 'OSNAME'],
];
describe.skipIf(kernelTexts.length === 0)('the texts of stops, field by field', () => {
  const stops = kernelTexts.filter(({ labels }) => labels.includes('BUGCHECK_P4'));
  test('most of them', () => expect(stops.length).toBeGreaterThanOrEqual(15));
  test.each(stops.map((one) => [one.name, one] as const))('%s', (_name, { rows }) => {
    const value = (name: string): string => label(rows, name) ?? '0';
    const params = [1, 2, 3, 4].map((index) => BigInt(`0x${value(`BUGCHECK_P${index}`)}`));
    const fake: Fake = { code: Number.parseInt(value('BUGCHECK_CODE'), 16), params, process: value('PROCESS_NAME'), build: 19041 };
    const own = consoleOf(fakeSession(fake)).run('!analyze -v');
    const shown = STOP_FIELDS.filter((name) => label(rows, name) !== undefined);
    // Whose kind of pool an address is of stands in the kernel's variables, not in the arguments.
    const plain = (name: string): string => (label(rows, name) ?? '').replace(/ Paged pool$/, '');
    expect(shown.map((name) => `${name}: ${label(own, name) ?? ''}`)).toEqual(shown.map((name) => `${name}: ${plain(name)}`));
  });
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
