/** `r`, `.cxr`, `.ecxr`, `.trap`, `.exr`, `.bugcheck`: registers and records. */
import { type Va, va } from '../base/address.ts';
import { type Found, mapFound, missing } from '../base/found.ts';
import { formatVa, hexDigits } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { contextSize, parseContext } from '../formats/dump/context.ts';
import { EXCEPTION_RECORD_SIZE, parseExceptionRecord } from '../formats/dump/exception.ts';
import { KTRAP_FRAME64, TRAP_FRAME_UNKNOWN, parseTrapFrame } from '../formats/dump/trapframe.ts';
import { readRegister } from '../expr/sessionscope.ts';
import type { Context, ExceptionInfo, Session } from '../target/target.ts';
import { accessOf } from '../verdict/access.ts';
import { addressOf } from './arguments.ts';
import { instructionNodes } from './code.ts';
import { findName, plainAddress } from './names.ts';
import { type CommandSpec, type OutputNode, type Span, line, note, text } from './spec.ts';

type Cell = readonly [name: string, digits: number];
const X64_ROWS: readonly (readonly string[])[] = [
  ['rax', 'rbx', 'rcx'],
  ['rdx', 'rsi', 'rdi'],
  ['rip', 'rsp', 'rbp'],
  ['r8', 'r9', 'r10'],
  ['r11', 'r12', 'r13'],
  ['r14', 'r15'],
];
const X86_ROWS: readonly (readonly string[])[] = [
  ['eax', 'ebx', 'ecx', 'edx', 'esi', 'edi'],
  ['eip', 'esp', 'ebp'],
];
const ARM64_ROWS: readonly (readonly string[])[] = [
  ...Array.from({ length: 7 }, (_, row) => Array.from({ length: 4 }, (_unused, column) => `x${row * 4 + column}`)),
  ['x28', 'fp', 'lr', 'sp'],
  ['pc'],
];
const ARM_ROWS: readonly (readonly string[])[] = [['r0', 'r1', 'r2', 'r3'], ['r4', 'r5', 'r6', 'r7'], ['r8', 'r9', 'r10', 'r11'], ['r12', 'sp', 'lr', 'pc']];
const SEGMENTS = ['cs', 'ss', 'ds', 'es', 'fs', 'gs'];

/** Flags in the order and words of `r` (bit, set, clear). */
const FLAGS: readonly (readonly [bit: bigint, set: string, clear: string])[] = [
  [11n, 'ov', 'nv'],
  [10n, 'dn', 'up'],
  [9n, 'ei', 'di'],
  [7n, 'ng', 'pl'],
  [6n, 'zr', 'nz'],
  [4n, 'ac', 'na'],
  [2n, 'pe', 'po'],
  [0n, 'cy', 'nc'],
];

function cell(context: Context, [name, digits]: Cell): Span {
  const value = context.registers[name];
  if (value === undefined || context.unknown.includes(name)) {
    return { span: 'missing', reason: { why: 'not-computed', detail: `the ${context.source} does not hold ${name}` }, text: `${name.padStart(digits === 16 ? 3 : 1)}=${'?'.repeat(digits)}` };
  }
  return { span: 'address', at: va(value), text: `${digits === 16 ? name.padStart(3) : name}=${hexDigits(value, digits)}` };
}

function joined(cells: readonly Span[]): OutputNode {
  return line(...cells.flatMap((item, index) => (index === 0 ? [item] : [text(' '), item])));
}

function flagsText(context: Context): string {
  const efl = context.registers['efl'] ?? context.registers['eflags'];
  if (efl === undefined) return 'iopl=?';
  const words = FLAGS.map(([bit, set, clear]) => ((efl >> bit) & 1n ? set : clear)).join(' ');
  return `iopl=${(efl >> 12n) & 3n}         ${words}`;
}

function segmentsText(context: Context): string {
  const shown = SEGMENTS.map((name) => `${name}=${context.registers[name] === undefined ? '????' : hexDigits(context.registers[name], 4)}`).join('  ');
  const efl = context.registers['efl'] ?? context.registers['eflags'];
  return `${shown}             efl=${efl === undefined ? '????????' : hexDigits(efl, 8)}`;
}

const digitsOf = (wide: boolean): number => (wide ? 16 : 8);

/** The register block of `r`, then the place and the instruction. */
export function contextNodes(session: Session, context: Context): readonly OutputNode[] {
  const { arch } = session.target;
  const wide = arch === 'x64' || arch === 'arm64';
  const rows = { x64: X64_ROWS, x86: X86_ROWS, arm64: ARM64_ROWS, arm: ARM_ROWS }[arch];
  const cells = rows.map((row) => joined(row.map((name) => cell(context, [name, digitsOf(wide)]))));
  const flags = arch === 'x64' || arch === 'x86' ? flagLines(context, arch, cells) : cells;
  const ip = context.registers['rip'] ?? context.registers['eip'] ?? context.registers['pc'];
  return ip === undefined ? flags : [...flags, ...instructionNodes(session, va(ip), context)];
}

/** x86 puts the flags behind ebp; x64 gives them a line. */
function flagLines(context: Context, arch: 'x64' | 'x86', cells: readonly OutputNode[]): readonly OutputNode[] {
  if (arch === 'x64') return [...cells, line(flagsText(context)), line(segmentsText(context))];
  const last = cells.at(-1);
  const merged = last ? [line(...last.spans, ` ${flagsText(context)}`)] : [];
  return [...cells.slice(0, -1), ...merged, line(segmentsText(context))];
}

const registerCommand: CommandSpec = {
  name: 'r',
  aliases: [],
  group: 'registers',
  summary: 'the registers of the current scope, or one of them',
  args: [{ name: 'register', kind: 'register', optional: true, summary: 'rax, eax, al …' }],
  needs: ['context'],
  examples: [{ line: 'r', fixture: 'sample' }, { line: 'r rip', fixture: 'sample' }],
  *run({ session }, tail) {
    const name = tail.trim().replace(/^@/, '').toLowerCase();
    if (!session.scope) return refuse('NEEDS', 'no register context is set');
    if (name === '') return reply(contextNodes(session, session.scope));
    const value = readRegister(session, name);
    if (!value) return refuse('BAD_ARGUMENT', `there is no register '${name}' here`, { at: 2 });
    if (!value.ok) return refuse('BAD_ARGUMENT', describeMissing(value.missing), { at: 2 });
    return reply([line(`${name}=`, { span: 'address', at: va(value.value), text: hexDigits(value.value, name.startsWith('r') || name.startsWith('x') ? 16 : 8) })]);
  },
};

function readRecord<T>(session: Session, at: Va, size: number, parse: (bytes: Uint8Array) => Found<T>): Found<T> {
  const read = session.memory.read(at, size);
  if (read.got < size) return missing(read.missing ?? { why: 'not-in-dump', space: 'virtual', at });
  return parse(read.bytes);
}

/** The CONTEXT record at an address. */
export function readContextAt(session: Session, at: Va): Found<Context> {
  const { arch } = session.target;
  const size = contextSize(arch);
  if (size === undefined) return missing({ why: 'unknown-layout', type: '_CONTEXT', build: arch });
  const record = readRecord(session, at, size, (bytes) => parseContext(bytes, arch));
  return mapFound(record, ({ registers }): Context => ({ source: 'context-record', registers, unknown: [], at }));
}

/** The KTRAP_FRAME at an address (x64). */
export function readTrapFrameAt(session: Session, at: Va): Found<Context> {
  if (session.target.arch !== 'x64') return missing({ why: 'unknown-layout', type: '_KTRAP_FRAME', build: session.target.arch });
  const frame = readRecord(session, at, KTRAP_FRAME64.size, (bytes) => parseTrapFrame(bytes));
  return mapFound(frame, ({ registers }): Context => ({ source: 'trap-frame', registers, unknown: TRAP_FRAME_UNKNOWN, at }));
}

function backToCrash(session: Session): Reply<readonly OutputNode[]> {
  const { context } = session.target;
  if (!context.ok) return refuse('NEEDS', describeMissing(context.missing));
  session.scope = context.value;
  return reply([line('Resetting default scope')]);
}

interface ScopeCommand {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly example: string;
  readonly notes: readonly string[];
  read(session: Session, at: Va): Found<Context>;
}

function scopeCommand(parts: ScopeCommand): CommandSpec {
  return {
    name: parts.name,
    aliases: parts.aliases,
    group: 'registers',
    summary: parts.summary,
    args: [{ name: 'address', kind: 'expression', optional: true, summary: 'where the record lies; without it the crash is the scope again' }],
    needs: ['memory'],
    examples: [{ line: parts.example, fixture: 'sample' }],
    *run({ session }, tail) {
      if (tail.trim() === '') return backToCrash(session);
      const at = addressOf(session, tail);
      if (!at.ok) return at;
      const context = parts.read(session, at.value);
      if (!context.ok) return refuse('BAD_ARGUMENT', describeMissing(context.missing), { at: 0 });
      session.scope = context.value;
      return reply([...parts.notes.map((words) => line(words)), ...contextNodes(session, context.value)]);
    },
  };
}

const contextCommand = scopeCommand({ name: '.cxr', aliases: [], summary: 'makes the CONTEXT record at an address the scope', example: '.cxr', notes: [], read: readContextAt });
const trapCommand = scopeCommand({
  name: '.trap',
  aliases: [],
  summary: 'makes the trap frame at an address the scope',
  example: '.trap',
  notes: ['NOTE: The trap frame does not contain all registers.', 'Those that it does not hold are shown as question marks.'],
  read: readTrapFrameAt,
});

const exceptionContextCommand: CommandSpec = {
  name: '.ecxr',
  aliases: [],
  group: 'registers',
  summary: 'makes the registers of the crash the scope and shows them',
  args: [],
  needs: ['context'],
  examples: [{ line: '.ecxr', fixture: 'user' }],
  *run({ session }) {
    const { context } = session.target;
    if (!context.ok) return refuse('NEEDS', describeMissing(context.missing));
    session.scope = context.value;
    return reply(contextNodes(session, context.value));
  },
};

const FAST_FAIL = 0xc0000409;

/** `.exr`: layout as in the public texts; the last line says what an access violation tried. */
export function exceptionNodes(session: Session, record: ExceptionInfo): readonly OutputNode[] {
  const named = findName(session, record.address);
  const place = named ? ` (${named.base}+0x${hexDigits(named.displacement, session.memory.pointerSize * 2)})` : '';
  const name = session.knowledge.exception(record.code);
  const nodes = [
    line('ExceptionAddress: ', plainAddress(session, record.address), place),
    line(`   ExceptionCode: ${hexDigits(record.code >>> 0, 8)}${name ? ` (${name.gloss ?? name.name})` : ''}`),
    line(`  ExceptionFlags: ${hexDigits(record.flags >>> 0, 8)}`),
    line(`NumberParameters: ${record.parameters.length}`),
    ...record.parameters.map((value, index) => line(`   Parameter[${index}]: `, plainAddress(session, value))),
  ];
  const access = accessOf(record);
  if (access) nodes.push(line(`Attempt to ${access.kind === 'read' ? 'read from' : access.kind === 'write' ? 'write to' : 'execute non-executable'} address `, plainAddress(session, access.address)));
  const subcode = record.code >>> 0 === FAST_FAIL ? record.parameters[0] : undefined;
  if (subcode !== undefined) nodes.push(line(`Subcode: 0x${subcode.toString(16)} ${session.knowledge.fastFail(Number(subcode & 0xffff_ffffn))?.name ?? '(no public name)'} `));
  return nodes;
}

/** The EXCEPTION_RECORD at an address. */
export function readExceptionAt(session: Session, at: Va): Found<ExceptionInfo> {
  const bits = session.memory.pointerSize === 8 ? 64 : 32;
  const record = readRecord(session, at, bits === 64 ? EXCEPTION_RECORD_SIZE : 0x50, (bytes) => parseExceptionRecord(bytes, bits));
  return mapFound(record, (value): ExceptionInfo => ({ code: value.code, flags: value.flags, address: va(value.address), parameters: value.parameters, nested: va(value.nested) }));
}

const exceptionCommand: CommandSpec = {
  name: '.exr',
  aliases: [],
  group: 'registers',
  summary: 'an exception record; -1 is the one of the crash',
  args: [{ name: 'address', kind: 'expression', optional: false, summary: '-1, or where the record lies' }],
  needs: [],
  examples: [{ line: '.exr -1', fixture: 'user' }],
  *run({ session }, tail) {
    if (tail.trim() === '-1') {
      const { exception } = session.target;
      return exception ? reply(exceptionNodes(session, exception)) : refuse('NEEDS', 'the dump holds no exception record of the crash; .bugcheck shows its code');
    }
    const at = addressOf(session, tail);
    if (!at.ok) return at;
    const record = readExceptionAt(session, at.value);
    return record.ok ? reply(exceptionNodes(session, record.value)) : refuse('BAD_ARGUMENT', describeMissing(record.missing), { at: 0 });
  },
};

const bugCheckCommand: CommandSpec = {
  name: '.bugcheck',
  aliases: [],
  group: 'analysis',
  summary: 'the bug check code and its four arguments',
  args: [],
  needs: ['bugcheck'],
  examples: [{ line: '.bugcheck', fixture: 'sample' }],
  *run({ session }) {
    const { bugCheck } = session.target;
    if (!bugCheck) return refuse('NEEDS', 'an application dump has no bug check');
    const args = bugCheck.params.flatMap((value): Span[] => [text(' '), { span: 'address', at: va(value), text: formatVa(value, session.memory.pointerSize) }]);
    const name = session.knowledge.bugCheck(bugCheck.code)?.name;
    return reply([line(`Bugcheck code ${hexDigits(bugCheck.code, 8).toUpperCase()}`), line('Arguments', ...args), ...(name ? [note(name)] : [])]);
  },
};

export const REGISTER_COMMANDS: readonly CommandSpec[] = [registerCommand, contextCommand, trapCommand, exceptionContextCommand, exceptionCommand, bugCheckCommand];
