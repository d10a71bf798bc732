/** `r`, `.cxr`, `.ecxr`, `.trap`, `.exr`, `.bugcheck`: registers and records. */
import { type Va, va } from '../base/address.ts';
import type { Found } from '../base/found.ts';
import { formatVa, hexDigits } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import type { Arch } from '../code/decoder.ts';
import { readRegister, registerBits } from '../expr/sessionscope.ts';
import type { Context, ExceptionInfo, Session } from '../target/target.ts';
import { accessOf } from '../verdict/access.ts';
import { addressOf } from './arguments.ts';
import { instructionNodes } from './code.ts';
import { findName, plainAddress } from './names.ts';
import { readContextAt, readExceptionAt, readTrapFrameAt } from './records.ts';
import { type CommandSpec, type OutputNode, type Span, line, note, text } from './spec.ts';

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
const ARM_ROWS: readonly (readonly string[])[] = [
  ['r0', 'r1', 'r2', 'r3'],
  ['r4', 'r5', 'r6', 'r7'],
  ['r8', 'r9', 'r10', 'r11'],
  ['r12', 'sp', 'lr', 'pc'],
];
const ROWS: Readonly<Record<Arch, readonly (readonly string[])[]>> = { x64: X64_ROWS, x86: X86_ROWS, arm64: ARM64_ROWS, arm: ARM_ROWS };
const SEGMENTS = ['cs', 'ss', 'ds', 'es', 'fs', 'gs'];

const PARITY = 2n;
/** Flags in the order and words of `r` (bit, set, clear). */
const FLAGS: readonly (readonly [bit: bigint, set: string, clear: string])[] = [
  [11n, 'ov', 'nv'],
  [10n, 'dn', 'up'],
  [9n, 'ei', 'di'],
  [7n, 'ng', 'pl'],
  [6n, 'zr', 'nz'],
  [4n, 'ac', 'na'],
  [PARITY, 'pe', 'po'],
  [0n, 'cy', 'nc'],
];

/** The column of a register name: ` r8`, `x28`; 32-bit names are written as they are. */
const nameText = (arch: Arch, name: string): string => (arch === 'x86' ? name : name.padStart(3));

function cell(context: Context, name: string, arch: Arch): Span {
  const value = context.registers[name];
  const digits = digitsOf(arch);
  if (value === undefined || context.unknown.includes(name)) {
    return {
      span: 'missing',
      reason: { why: 'not-computed', detail: `the ${context.source} does not hold ${name}` },
      text: `${nameText(arch, name)}=${'?'.repeat(digits)}`,
    };
  }
  return { span: 'address', at: va(value), text: `${nameText(arch, name)}=${hexDigits(value, digits)}` };
}

/** x64 and x86 put one blank between registers, ARM64 two. */
function joined(cells: readonly Span[], gap: string): OutputNode {
  return line(...cells.flatMap((item, index) => (index === 0 ? [item] : [text(gap), item])));
}

const flagsOf = (context: Context): bigint | undefined => context.registers['efl'] ?? context.registers['eflags'];

/** On x64 WinDbg writes `pe` where the parity flag is clear and `po` where it is set; on x86 the other way round, as Intel names them. */
function flagsText(context: Context, arch: Arch): string {
  const read = flagsOf(context);
  if (read === undefined) return 'iopl=?';
  const efl = arch === 'x64' ? read ^ (1n << PARITY) : read;
  const words = FLAGS.map(([bit, set, clear]) => ((efl >> bit) & 1n ? set : clear)).join(' ');
  return `iopl=${(efl >> 12n) & 3n}         ${words}`;
}

/** A trap frame keeps cs and ss alone; WinDbg then leaves the line out. */
function segmentLines(context: Context): readonly OutputNode[] {
  if (context.registers['ds'] === undefined) return [];
  const shown = SEGMENTS.map((name) => `${name}=${context.registers[name] === undefined ? '????' : hexDigits(context.registers[name], 4)}`).join('  ');
  const efl = flagsOf(context);
  return [line(`${shown}             efl=${efl === undefined ? '????????' : hexDigits(efl, 8)}`)];
}

const digitsOf = (arch: Arch): number => (arch === 'x64' || arch === 'arm64' ? 16 : 8);

/** `psr=60000000 -ZC- EL0`: N, Z, C, V and the exception level (Arm ARM, SPSR). */
function psrText(context: Context): string {
  const psr = context.registers['cpsr'] ?? context.registers['psr'];
  if (psr === undefined) return 'psr=????????';
  const flags = [...'NZCV'].map((letter, index) => ((psr >> BigInt(31 - index)) & 1n ? letter : '-')).join('');
  return `psr=${hexDigits(psr, 8)} ${flags} EL${(psr >> 2n) & 3n}`;
}

/** Behind the rows: x86 puts the flags behind ebp, x64 gives them a line, ARM64 puts them behind pc. */
function withFlags(context: Context, arch: Arch, rows: readonly OutputNode[]): readonly OutputNode[] {
  const last = rows.at(-1);
  if (arch === 'x64') return [...rows, line(flagsText(context, arch)), ...segmentLines(context)];
  if (!last || arch === 'arm') return rows;
  const behind = arch === 'x86' ? ` ${flagsText(context, arch)}` : `  ${psrText(context)}`;
  return [...rows.slice(0, -1), line(...last.spans, behind), ...(arch === 'x86' ? segmentLines(context) : [])];
}

/** The register block of `r`, then the place and the instruction. */
export function contextNodes(session: Session, context: Context): readonly OutputNode[] {
  const { arch } = session.target;
  const gap = arch === 'arm64' ? '  ' : ' ';
  const rows = ROWS[arch].map((row) =>
    joined(
      row.map((name) => cell(context, name, arch)),
      gap,
    ),
  );
  const ip = context.registers['rip'] ?? context.registers['eip'] ?? context.registers['pc'];
  return [...withFlags(context, arch, rows), ...(ip === undefined ? [] : instructionNodes(session, va(ip), context))];
}

const registerCommand: CommandSpec = {
  name: 'r',
  aliases: [],
  group: 'registers',
  summary: 'the registers of the current scope, or one of them',
  args: [{ name: 'register', kind: 'register', optional: true, summary: 'rax, eax, al …' }],
  needs: ['context'],
  examples: [
    { line: 'r', fixture: 'sample' },
    { line: 'r rip', fixture: 'sample' },
  ],
  *run({ session }, tail) {
    const name = tail.trim().replace(/^@/, '').toLowerCase();
    if (!session.scope) return refuse('NEEDS', 'no register context is set');
    if (name === '') return reply(contextNodes(session, session.scope));
    const value = readRegister(session, name);
    if (!value) return refuse('BAD_ARGUMENT', `there is no register '${name}' here`, { at: 2 });
    if (!value.ok) return refuse('BAD_ARGUMENT', describeMissing(value.missing), { at: 2 });
    return reply([line(`${name}=`, { span: 'address', at: va(value.value), text: hexDigits(value.value, registerBits(session.target.arch, name) / 4) })]);
  },
};

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
    args: [{ name: 'address', kind: 'expression', optional: true, summary: 'where the record lies; without it, or with 0, the crash is the scope again' }],
    needs: ['memory'],
    examples: [{ line: parts.example, fixture: 'sample' }],
    *run({ session }, tail) {
      if (tail.trim() === '') return backToCrash(session);
      const at = addressOf(session, tail);
      if (!at.ok) return at;
      if (at.value === 0n) return backToCrash(session);
      const context = parts.read(session, at.value);
      if (!context.ok) return refuse('BAD_ARGUMENT', describeMissing(context.missing), { at: 0 });
      session.scope = context.value;
      return reply([...parts.notes.map((words) => line(words)), ...contextNodes(session, context.value)]);
    },
  };
}

export const TRAP_NOTES: readonly string[] = [
  'NOTE: The trap frame does not contain all registers.',
  'Those that it does not hold are shown as question marks.',
];

const contextCommand = scopeCommand({
  name: '.cxr',
  aliases: [],
  summary: 'makes the CONTEXT record at an address the scope',
  example: '.cxr',
  notes: [],
  read: readContextAt,
});
const trapCommand = scopeCommand({
  name: '.trap',
  aliases: [],
  summary: 'makes the trap frame at an address the scope',
  example: '.trap',
  notes: TRAP_NOTES,
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

/** WinDbg's words for its exception filters (learn.microsoft.com/windows-hardware/drivers/debugger/specific-exceptions); other codes keep their names. */
const EVENT_NAMES: Readonly<Record<number, string>> = {
  0x80000001: 'Guard page violation',
  0x80000002: 'Data misaligned',
  0x80000003: 'Break instruction exception',
  0x80000004: 'Single step exception',
  0xc0000005: 'Access violation',
  0xc0000006: 'In-page I/O error',
  0xc0000008: 'Invalid handle',
  0xc000001d: 'Illegal instruction',
  0xc0000094: 'Integer divide-by-zero',
  0xc0000095: 'Integer overflow',
  0xc00000fd: 'Stack overflow',
  0xc0000409: 'Security check failure or stack buffer overrun',
  0xc0000420: 'Assertion failure',
  0xcfffffff: 'Application hang',
  0xe0434352: 'CLR exception',
  0xe0434f4d: 'CLR exception',
  0xe06d7363: 'C++ EH exception',
};

/** `.exr`: layout as in the public texts; the last line says what an access violation tried. */
export function exceptionNodes(session: Session, record: ExceptionInfo): readonly OutputNode[] {
  const named = findName(session, record.address);
  const place: readonly Span[] = named
    ? [text(' ('), { span: 'module', name: named.module, text: `${named.base}+0x${hexDigits(named.displacement, session.memory.pointerSize * 2)}` }, text(')')]
    : [];
  const name = EVENT_NAMES[record.code >>> 0] ?? session.knowledge.exception(record.code)?.name;
  const nodes = [
    line('ExceptionAddress: ', plainAddress(session, record.address), ...place),
    line(`   ExceptionCode: ${hexDigits(record.code >>> 0, 8)}${name ? ` (${name})` : ''}`),
    line(`  ExceptionFlags: ${hexDigits(record.flags >>> 0, 8)}`),
    line(`NumberParameters: ${record.parameters.length}`),
    ...record.parameters.map((value, index) => line(`   Parameter[${index}]: `, plainAddress(session, value))),
  ];
  const access = accessOf(record);
  if (access)
    nodes.push(
      line(
        `Attempt to ${access.kind === 'read' ? 'read from' : access.kind === 'write' ? 'write to' : 'execute non-executable'} address `,
        plainAddress(session, access.address),
      ),
    );
  const subcode = record.code >>> 0 === FAST_FAIL ? record.parameters[0] : undefined;
  if (subcode !== undefined)
    nodes.push(line(`Subcode: 0x${subcode.toString(16)} ${session.knowledge.fastFail(Number(subcode & 0xffff_ffffn))?.name ?? '(no public name)'} `));
  return nodes;
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
      return exception
        ? reply(exceptionNodes(session, exception))
        : refuse('NEEDS', 'the dump holds no exception record of the crash; .bugcheck shows its code');
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

export const REGISTER_COMMANDS: readonly CommandSpec[] = [
  registerCommand,
  contextCommand,
  trapCommand,
  exceptionContextCommand,
  exceptionCommand,
  bugCheckCommand,
];
