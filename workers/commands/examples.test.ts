/** What holds for every command: its examples run, addresses and modules are links, an unmet need is explained. */
import { describe, expect, it } from 'vitest';
import { va } from '../base/address.ts';
import { driveSync } from '../base/job.ts';
import type { Session } from '../target/target.ts';
import { corpusBytes, corpusHas } from '../testing/node/corpus.ts';
import { type Console, type Made, consoleOf, handmade } from '../testing/node/handmade.ts';
import { deadlockSession, leakSession, powerSession, sampleSession, sessionOf, userSession } from '../testing/node/sessions.ts';
import { completions, describeCommands } from './help.ts';
import { unmetNeeds } from './needs.ts';
import { findCommand } from './run.ts';
import { type Capability, type OutputNode, formatNodes } from './spec.ts';
import { SPECS } from './specs.ts';

const FIXTURES: Readonly<Record<string, () => Session>> = {
  sample: sampleSession,
  user: userSession,
  power: powerSession,
  leak: leakSession,
  deadlock: deadlockSession,
};
const examples = SPECS.flatMap((spec) => spec.examples.map(({ line, fixture }) => [line, fixture, spec.name] as const));

function answerOf(line: string, fixture: string): readonly OutputNode[] {
  const answer = consoleOf((FIXTURES[fixture] ?? sampleSession)()).answer(line);
  if (!answer.ok) throw new Error(`${line} on ${fixture}: ${answer.problem.code} ${answer.problem.detail}`);
  return answer.value;
}

describe('the table of commands', () => {
  it('gives every command an example, every name once', () => {
    expect(SPECS.filter((spec) => spec.examples.length === 0).map((spec) => spec.name)).toEqual([]);
    const names = SPECS.flatMap((spec) => [spec.name, ...spec.aliases]);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    for (const name of names) expect(findCommand(name, SPECS)?.typed).toBe(name);
  });
  // The commands that the console promises, each under its own name.
  it.each(
    '!analyze k kb kv kn kP kc ~ lm lmvm r u ub db dw dd dq da du dps dds dqs ? .formats !error .bugcheck .exr .ecxr .cxr .trap .frame .thread vertarget .time .sympath !sym .reload ln .hh'.split(
      ' ',
    ),
  )('has %s', (name) => expect(SPECS.map((spec) => spec.name)).toContain(name));
  it.each(examples)('%s on %s', (line, fixture) => {
    const nodes = answerOf(line, fixture);
    expect(nodes.length).toBeGreaterThan(0);
    expect(formatNodes(nodes).trim()).not.toBe('');
  });
  it('completes commands, modules and registers', () => {
    const session = sampleSession();
    expect(completions('!an', session, SPECS).map(({ text }) => text)).toEqual(['!analyze']);
    expect(completions('lmvm exam', session, SPECS).map(({ text }) => text)).toEqual(['lmvm examplenic']);
    expect(completions('? @ri', session, SPECS).map(({ text }) => text)).toEqual(['? @rip']);
    expect(describeCommands(SPECS, session).find(({ name }) => name === '.bugcheck')?.unmet).toBeNull();
    expect(describeCommands(SPECS, userSession()).find(({ name }) => name === '.bugcheck')?.unmet).toContain('application');
  });
});

/** Addresses in text that are no link: operands that the disassembler wrote (offsets and constants), hashes and stamps, formats of a number, prose of the evidence. */
const PLAIN_ALLOWED: readonly RegExp[] = [
  /^ {2}(Hex|Binary|Octal|Decimal)/,
  /Time ?[sS]tamp:|CheckSum:|ImageSize:|PDB:/,
  /^(iopl|cs|efl)/,
  /efl=/,
  /ExceptionCode:|ExceptionFlags:|ERROR_CODE|EXCEPTION_STR|EXCEPTION_CODE_STR/,
  /^ {4}Value: /,
  /Error code:/,
  /GUID|\{[0-9A-F-]+\}/i,
  /Bugcheck code|^Evaluate/,
  /DirBase:|RefCount|Characteristics/,
  // Sets of processors, page table entries and physical addresses, counts of pages, options and sizes of the verifier.
  /Processors: {2}\(|^contains |^Amd64VtoP|\d Kb\)$/,
  /Flags Level|^ {4}\[[ X]\]|^ {2}(Current|Peak) |^ {6}(Current|Peak) Pool|^ {6}0x[0-9a-f]{16} {2}0x[0-9a-f]{8} {2}/,
];

/** Words of 8 or 16 hex digits in the text spans of lines, outside the allowed lines. */
function plainAddresses(nodes: readonly OutputNode[]): readonly string[] {
  return nodes.flatMap((node) => {
    const whole = node.spans.map((span) => span.text).join('');
    if (node.node === 'note' || PLAIN_ALLOWED.some((pattern) => pattern.test(whole))) return [];
    return node.spans.flatMap((span) =>
      span.span === 'text' ? (span.text.match(/(?<![0-9a-f])(?:[0-9a-f]{8}`[0-9a-f]{8}|[0-9a-f]{16}|[0-9a-f]{8})(?![0-9a-f`])/g) ?? []) : [],
    );
  });
}

describe('links', () => {
  const VALUES = new Set(['db', 'dw', 'dc', 'dd', 'dq']); // rows of values: only the row's own address is a link
  const CODE = /^(u|ub|~0s)\b|^r$/; // bytes of instructions may be 8 digits long
  it.each(examples)('%s on %s: every address is one', (line, fixture, name) => {
    if (VALUES.has(name)) return;
    const plain = plainAddresses(answerOf(line, fixture));
    const allowed = CODE.test(line) || name === '!analyze' || /^\.(ecxr|cxr|trap|frame)/.test(line) ? plain.filter((text) => text.length > 8) : plain;
    expect(allowed).toEqual([]);
  });
  it.each(examples)('%s on %s: modules of stacks and lists are', (line, fixture) => {
    const lines = answerOf(line, fixture);
    const names = (fixture === 'user' ? ['example', 'ntdll'] : ['examplenic', 'ndis']).map((name) => new RegExp(`(?<![\\w.\\\\])${name}\\+0x`));
    const plain = lines
      .filter((node) => node.node === 'line')
      .flatMap((node) => node.spans.filter((span) => span.span === 'text' && names.some((name) => name.test(span.text))));
    expect(plain.map((span) => span.text)).toEqual([]);
  });
});

/** A dump that lacks what the need asks for, and what the refusal must say: which dump would do, or why it is missing. */
const LACKING: Readonly<Record<Capability, readonly [made: Made, says: RegExp]>> = {
  kernel: [{ target: { kind: 'user' } }, /application.*kernel dump.*Startup and Recovery/s],
  user: [{}, /kernel dump.*application dump.*(WerFault|LocalDumps|Task Manager)/s],
  bugcheck: [{ target: { kind: 'user' } }, /application dump has no bug check.*\.exr -1/s],
  exception: [{}, /no exception record.*MiniDumpWriteDump|no exception record.*\.bugcheck/s],
  context: [{}, /registers are missing: this hand-made dump does not tell it/],
  memory: [{}, /holds no memory.*(kernel memory dump|full memory)/s],
  modules: [{}, /no list of modules.*(damaged|complete)/s],
  threads: [{}, /no list of threads.*kernel memory dump.*Startup and Recovery/s],
  stack: [{}, /no registers to walk a stack from/],
  symbols: [{}, /no symbols.*\.reload/s],
  x64: [{ arch: 'x86' }, /x64.*x86/],
  time: [{}, /time is missing: this hand-made dump does not tell it/],
};

describe('needs', () => {
  it.each(Object.entries(LACKING))('%s', (need, [made, says]) => {
    const { session } = handmade(made);
    expect(unmetNeeds([need as Capability], session).join()).toMatch(says);
  });
  it('are met by the fixtures that the examples name', () => {
    for (const spec of SPECS)
      for (const { fixture } of spec.examples) expect([spec.name, unmetNeeds(spec.needs, (FIXTURES[fixture] ?? sampleSession)())]).toEqual([spec.name, []]);
  });
  it('stop a command before it runs', () => {
    expect(handmade({ target: { kind: 'user' } }).answer('.bugcheck')).toMatchObject({ ok: false, problem: { code: 'NEEDS' } });
    expect(handmade({}).answer('k')).toMatchObject({ ok: false, problem: { code: 'NEEDS' } });
    expect(handmade({}).answer('db 0')).toMatchObject({ ok: false, problem: { code: 'NEEDS' } });
  });
});

/** Marsaglia's xorshift: the same lines in every run. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

const PIECES = [
  '@rsp',
  '@rip',
  '@rax',
  'nt',
  'poi(',
  ')',
  'L',
  'L?',
  'L10',
  '-',
  '+',
  '*',
  '/',
  '0',
  '1',
  'ffffffffffffffff',
  '0n99',
  '`',
  '"',
  ';',
  '!',
  '~',
  '*k',
  's',
  'm',
  'a',
  'v',
  '/c',
  '/f',
  '-v',
  '-show',
  'd1',
  'zz',
  '\u0000',
  'é',
  '𝒳',
  '[',
  ']',
  '(',
  '%',
  ' ',
  '  ',
  'nt*',
  '@',
  '$',
  '@$bug_param1',
  'srv*',
  ';;',
  '..',
  '<<',
  '40',
  '.',
  '-1',
  '7fffffff',
  'by',
  'kv 99999999',
  '#',
  '[zz]',
];

function randomLine(next: () => number): string {
  const pick = <T>(list: readonly T[]): T | undefined => list[next() % list.length];
  const names = SPECS.flatMap((spec) => [spec.name, ...spec.aliases]);
  const tail = Array.from({ length: next() % 7 }, () => pick(PIECES) ?? '').join(next() % 2 === 0 ? ' ' : '');
  return `${next() % 12 === 0 ? '' : (pick(names) ?? '')}${next() % 3 === 0 ? '' : ' '}${tail}`;
}

/** Time for one line; a slow machine gets more by a repeated try in the caller. */
const MOST_MS = 2000;
function fuzz(on: Console, seed: number, count: number): void {
  const source = numbers(seed);
  const next = (): number => source.next().value;
  for (let index = 0; index < count; index++) {
    const line = randomLine(next);
    const started = performance.now();
    const answer = on.answer(line);
    expect([line, performance.now() - started < MOST_MS]).toEqual([line, true]);
    if (answer.ok) expect(answer.value.every((node) => node.spans.every((span) => typeof span.text === 'string'))).toBe(true);
    else expect(['UNKNOWN_COMMAND', 'BAD_ARGUMENT', 'NEEDS']).toContain(answer.problem.code);
  }
}

describe('lines of nonsense get typed answers in bounded time', () => {
  it('on the sample', () => fuzz(consoleOf(sampleSession()), 0x5eed, 1500));
  it('on an application', () => fuzz(consoleOf(userSession()), 0xbeef, 1500));
  it('on an empty dump', () => fuzz(handmade({}), 0xf00d, 1500));
  it('on an x86 dump without memory', () =>
    fuzz(
      handmade({
        arch: 'x86',
        context: { registers: { eip: 0n, esp: va(0xffff_fffcn) } },
        modules: [{ name: 'nt', base: '80000000', end: 'fffff000' }],
        target: { bugCheck: { code: 0x50, params: [0n, 0n, 0n, 0n] } },
      }),
      0xabcd,
      1500,
    ));
  it.skipIf(!corpusHas('kernel/rts-1a.dmp'))('on a real dump', () => fuzz(consoleOf(sessionOf(corpusBytes('kernel/rts-1a.dmp'), 'rts-1a.dmp')), 0x1234, 400));
  it('in very long lines', () => {
    const on = consoleOf(sampleSession());
    for (const spec of SPECS)
      for (const tail of ['('.repeat(20_000), '1+'.repeat(20_000), 'a'.repeat(50_000), '*'.repeat(20_000), ' '.repeat(20_000)])
        expect(typeof on.answer(`${spec.name} ${tail}`).ok).toBe('boolean');
  });
});

it('driving a command in slices gives the same answer', () => {
  const on = consoleOf(sampleSession());
  const once = on.run('!analyze -v');
  expect(once).toEqual(on.run('!analyze -v'));
  expect(driveSync(on.session.crashStack()).frames.length).toBeGreaterThan(0);
});
