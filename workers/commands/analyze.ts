/**
 * `!analyze`: the verdict and its facts under WinDbg's labels, in the order of current versions.
 * Labels whose value the dump cannot give are left out; where WinDbg would guess and we do not, a note says so.
 */
import { type Va, va } from '../base/address.ts';
import { hex, hexDigits } from '../base/hex.ts';
import type { Job } from '../base/job.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import type { BugCheckEntry } from '../knowledge/knowledge.ts';
import { accessOf } from '../verdict/access.ts';
import { judge } from '../verdict/judge.ts';
import { type ParameterReading, readParameters } from '../verdict/parameters.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { say } from '../verdict/words.ts';
import type { Session } from '../target/target.ts';
import type { Stack } from '../unwind/frame.ts';
import { valueOf } from './arguments.ts';
import { findName, plainAddress } from './names.ts';
import { readExceptionAt } from './records.ts';
import { contextNodes, exceptionNodes } from './registers.ts';
import { type CommandSpec, type OutputNode, type Span, line, note, text } from './spec.ts';
import { stackNodes, styleOf } from './stack.ts';

interface Analysis {
  readonly session: Session;
  readonly verdict: Verdict;
  readonly stack: Stack;
}
type Group = (analysis: Analysis) => readonly OutputNode[];

const STARS = '*'.repeat(79);
const BANNER_WIDTH = 77;
const BLANK = line('');

function box(title: string): readonly OutputNode[] {
  const left = Math.floor((BANNER_WIDTH - title.length) / 2);
  const middle = `*${' '.repeat(left)}${title}${' '.repeat(BANNER_WIDTH - left - title.length)}*`;
  const empty = `*${' '.repeat(BANNER_WIDTH)}*`;
  return [STARS, empty, middle, empty, STARS].map((row) => line(row));
}

/** `LABEL:  value`: most labels have two blanks after the colon, BUGCHECK_Pn and MODULE_NAME one. */
const two = (label: string, ...value: (Span | string)[]): readonly OutputNode[] => [line(`${label}:  `, ...value), BLANK];
const one = (label: string, ...value: (Span | string)[]): readonly OutputNode[] => [line(`${label}: `, ...value), BLANK];

/** Argument lines: `Arg1: 0000000000000028, memory referenced`, and what the value means on a line below. */
function argumentLines(session: Session, parameters: readonly ParameterReading[]): readonly OutputNode[] {
  return parameters.map((row, index) => line(`Arg${index + 1}: `, plainAddress(session, row.value), row.meaning === '' ? '' : `, ${row.meaning}`));
}

function description(entry: BugCheckEntry | undefined, code: number): readonly OutputNode[] {
  return [line(`${entry?.name ?? 'Unknown bugcheck code'} (${code.toString(16)})`), ...(entry ? [line(entry.gist)] : [])];
}

/** Pairs sorted by key, ordinal, as WinDbg prints them. */
function keyValues({ session, verdict }: Analysis): readonly OutputNode[] {
  const pairs: [string, string][] = [['Failure.Bucket', verdict.bucket]];
  const { bugCheck, exception, dumpType, kind } = session.target;
  if (bugCheck) pairs.push(['Bugcheck.Code.LegacyAPI', hex(bugCheck.code & 0x0fff_ffff)], ['Bugcheck.Code.TargetModel', hex(bugCheck.code)]);
  const access = exception && accessOf(exception);
  if (access) pairs.push(['AV.Type', access.kind[0]?.toUpperCase() + access.kind.slice(1)]);
  if (kind === 'kernel-triage') pairs.push(['Dump.Attributes.KernelGeneratedTriageDump', '1']);
  if (kind === 'user' && dumpType.ok) pairs.push(['Dump.Attributes.AsUlong', hex(dumpType.value)]);
  pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  return [line('KEY_VALUES_STRING: 1'), BLANK, ...pairs.flatMap(([key, value]) => [line(`    Key  : ${key}`), line(`    Value: ${value}`), BLANK]), BLANK];
}

function bugCheckCode({ session }: Analysis): readonly OutputNode[] {
  const { bugCheck } = session.target;
  if (!bugCheck) return [];
  const rows = bugCheck.params.flatMap((value, index) => one(`BUGCHECK_P${index + 1}`, { span: 'address', at: va(value), text: value.toString(16) }));
  return [...two('BUGCHECK_CODE', bugCheck.code.toString(16)), ...rows];
}

const fileName = ({ session }: Analysis): readonly OutputNode[] => two('FILE_IN_CAB', session.target.source.name);

const MACHINES: readonly (readonly [driver: RegExp, name: string])[] = [
  [/^(hypervideo|hyperkbd|vmgencounter|netvsc)\.sys$/i, 'HyperV'],
  [/^(vm3dmp|vmhgfs|vmmemctl|vmxnet3).*\.sys$/i, 'VMware'],
  [/^vboxguest\.sys$/i, 'VirtualBox'],
];
/** Said only where a guest's own driver is loaded: vmci, vmx86, VBoxDrv, vmbusr, storvsp and vpcivsp are a host's (VBS loads vmbus as well). */
function virtualMachine({ session }: Analysis): readonly OutputNode[] {
  const found = MACHINES.find(([driver]) => session.target.modules.modules.some((module) => driver.test(module.imageName)));
  return found && session.target.kind !== 'user' ? two('VIRTUAL_MACHINE', found[1]) : [];
}

/** Where a code's arguments name an address that was read or written. */
function accessLabel({ session }: Analysis): readonly OutputNode[] {
  const { bugCheck } = session.target;
  if (!bugCheck) return [];
  const base = bugCheck.code & 0x0fff_ffff;
  const kindAt = { 0x0a: 2, 0xd1: 2, 0x50: 1 }[base];
  if (kindAt === undefined) return [];
  const write = (bugCheck.params[kindAt] ?? 0n) & (base === 0x50 ? 0x2n : 0x1n);
  return one(write ? 'WRITE_ADDRESS' : 'READ_ADDRESS', ' ', plainAddress(session, bugCheck.params[0]), ' ');
}

const RECORD_CODES = new Set([0x7e, 0x8e]);
function exceptionRecord({ session }: Analysis): readonly OutputNode[] {
  const { bugCheck, exception, kind } = session.target;
  if (kind === 'user' && exception) return [line('EXCEPTION_RECORD:  (.exr -1)'), ...exceptionNodes(session, exception), BLANK];
  if (!bugCheck || !RECORD_CODES.has(bugCheck.code & 0x0fff_ffff)) return [];
  const at = va(bugCheck.params[2]);
  const record = readExceptionAt(session, at);
  return record.ok ? [line('EXCEPTION_RECORD:  ', plainAddress(session, at), ' -- ', command(session, '.exr', at)), ...exceptionNodes(session, record.value), BLANK] : [];
}

function command(session: Session, name: string, at: Va): Span {
  const typed = `${name} 0x${hexDigits(at, session.memory.pointerSize * 2)}`;
  return { span: 'command', line: typed, text: `(${typed})` };
}

/** The registers that the verdict is about, where they come from a CONTEXT record. */
function contextRecord({ session }: Analysis): readonly OutputNode[] {
  const { context } = session.target;
  if (!context.ok || context.value.at === undefined || context.value.source !== 'context-record') return [];
  const at = context.value.at;
  return [line('CONTEXT:  ', plainAddress(session, at), ' -- ', command(session, '.cxr', at)), ...contextNodes(session, context.value), line('Resetting default scope'), BLANK];
}

function trapFrame({ session }: Analysis): readonly OutputNode[] {
  const { context } = session.target;
  if (!context.ok || context.value.source !== 'trap-frame' || context.value.at === undefined) return [];
  const at = context.value.at;
  return [
    line('TRAP_FRAME:  ', plainAddress(session, at), ' -- ', command(session, '.trap', at)),
    line('NOTE: The trap frame does not contain all registers.'),
    line('Those that it does not hold are shown as question marks.'),
    ...contextNodes(session, context.value),
    line('Resetting default scope'),
    BLANK,
  ];
}

const processName = ({ session: { target } }: Analysis): readonly OutputNode[] => (target.process.name.ok ? two('PROCESS_NAME', target.process.name.value) : []);
const customerCount = ({ session }: Analysis): readonly OutputNode[] => (session.target.kind === 'kernel-triage' ? two('CUSTOMER_CRASH_COUNT', '1') : []);

function exceptionCodes({ session }: Analysis): readonly OutputNode[] {
  const record = session.target.exception;
  if (!record) return [];
  const name = session.knowledge.ntstatus(record.code >>> 0) ?? session.knowledge.exception(record.code >>> 0);
  const rows = record.parameters.slice(0, 2).flatMap((value, index) => two(`EXCEPTION_PARAMETER${index + 1}`, plainAddress(session, value)));
  return [
    ...one('ERROR_CODE', `(NTSTATUS) 0x${hexDigits(record.code >>> 0, 8)} - ${name ? `${name.name}${name.gloss ? `: ${name.gloss}` : ''}` : '<no public name>'}`),
    ...two('EXCEPTION_CODE_STR', hexDigits(record.code >>> 0, 8)),
    ...rows,
  ];
}

function stackText({ session, stack }: Analysis): readonly OutputNode[] {
  const style = { ...styleOf('kv'), trapFrames: false };
  return [line('STACK_TEXT:  '), ...stackNodes(session, stack, style).slice(1).map(withoutNumber), BLANK];
}

/** STACK_TEXT has no frame numbers. */
function withoutNumber(node: OutputNode): OutputNode {
  const [first, ...rest] = node.spans;
  return first?.span === 'text' && /^[0-9a-f]{2,} $/.test(first.text) ? { ...node, spans: rest } : node;
}

function symbolLabels({ session, verdict }: Analysis): readonly OutputNode[] {
  const image = verdict.culprit?.module ?? verdict.place?.module;
  const module = image === undefined ? undefined : session.target.modules.byName(image);
  if (!module) return [];
  const place = verdict.place?.module === image ? verdict.place : undefined;
  const named = place ? findName(session, va(module.base + place.offset)) : undefined;
  const offset = named?.displacement;
  return [
    ...(named ? two('SYMBOL_NAME', `${named.base}${offset ? `+${offset.toString(16)}` : ''}`) : []),
    ...one('MODULE_NAME', { span: 'module', name: module.name, text: module.name }),
    ...two('IMAGE_NAME', module.imageName),
    ...(module.version.ok ? two('IMAGE_VERSION', module.version.value) : []),
    ...stackCommand(session),
    ...(offset === undefined ? [] : two('BUCKET_ID_FUNC_OFFSET', offset.toString(16))),
  ];
}

function stackCommand(session: Session): readonly OutputNode[] {
  const { context, kind } = session.target;
  if (context.ok && context.value.source === 'context-record' && context.value.at !== undefined) return two('STACK_COMMAND', `.cxr 0x${hexDigits(context.value.at, 16)} ; kb`);
  return two('STACK_COMMAND', kind === 'user' ? '~#s ; .ecxr ; kb' : '.ecxr ; kb');
}

const bucket = ({ verdict }: Analysis): readonly OutputNode[] => two('FAILURE_BUCKET_ID', verdict.bucket);
const PLATFORM: Readonly<Record<string, string>> = { x64: 'x64', x86: 'x86', arm64: 'arm64', arm: 'arm' };
function system({ session: { target } }: Analysis): readonly OutputNode[] {
  return [...two('OSPLATFORM_TYPE', PLATFORM[target.arch] ?? target.arch), ...(target.os.family === 'Windows' ? two('OSNAME', 'Windows 10') : two('OSNAME', target.os.family))];
}

/** Our own words behind WinDbg's labels: what the evidence says, and what it does not. */
function ownVerdict({ verdict }: Analysis): readonly OutputNode[] {
  return [
    line('Followup:     MachineOwner'),
    line('---------'),
    note(`${verdict.sureness}: ${say(verdict.headline).developer}`),
    ...verdict.evidence.map((item) => note(`${item.weighs}: ${say(item.says).developer}  `, { span: 'command', line: item.command, text: `[${item.command}]` })),
    ...verdict.against.map((item) => note(`against: ${say(item).developer}`)),
  ];
}

/** Order of labels: current WinDbg, families E and F. */
const GROUPS: readonly Group[] = [
  keyValues,
  bugCheckCode,
  fileName,
  virtualMachine,
  accessLabel,
  exceptionRecord,
  contextRecord,
  customerCount,
  processName,
  exceptionCodes,
  trapFrame,
  stackText,
  symbolLabels,
  bucket,
  system,
  ownVerdict,
];

function* analyze(session: Session): Job<Reply<readonly OutputNode[]>> {
  const verdict = yield* judge(session);
  const stack = yield* session.crashStack();
  const analysis: Analysis = { session, verdict, stack };
  const { bugCheck } = session.target;
  const head = bugCheck
    ? [...box('Bugcheck Analysis'), BLANK, ...description(session.knowledge.bugCheck(bugCheck.code), bugCheck.code), line('Arguments:'), ...argumentLines(session, readParameters(session))]
    : box('Exception Analysis');
  return reply([...head, BLANK, line('Debugging Details:'), line('-'.repeat(18)), BLANK, BLANK, ...GROUPS.flatMap((group) => group(analysis))]);
}

/** `!analyze -show CODE [P1 P2 P3 P4]`: name, meaning and arguments of a code, from the tables alone. */
function show(session: Session, words: readonly string[]): Reply<readonly OutputNode[]> {
  const own = session.target.bugCheck;
  const values: bigint[] = [];
  for (const word of words) {
    const value = valueOf(session, word);
    if (!value.ok) return value;
    values.push(value.value);
  }
  const code = values.length > 0 ? Number((values[0] ?? 0n) & 0xffff_ffffn) : own?.code;
  if (code === undefined) return refuse('BAD_ARGUMENT', 'a bug check code is wanted: !analyze -show d1', { at: 15 });
  const entry = session.knowledge.bugCheck(code);
  if (!entry) return refuse('BAD_ARGUMENT', `${hex(code)} is in no public list of bug checks`, { at: 15 });
  const rows = entry.parameters.map((parameter) => {
    const value = values[parameter.index];
    return line(`Arg${parameter.index}: `, ...(value === undefined ? [text('0'.repeat(session.memory.pointerSize * 2))] : [plainAddress(session, value)]), `, ${meaningOf(entry, parameter.index, values.slice(1)) ?? parameter.meaning}`);
  });
  return reply([...description(entry, code), line('Arguments:'), ...rows]);
}

/** The meaning of an argument in the case that another argument chooses, where the table has one. */
function meaningOf(entry: BugCheckEntry, index: 1 | 2 | 3 | 4, values: readonly bigint[]): string | undefined {
  for (const row of entry.subCodes) {
    if (values[row.param - 1] !== row.value) continue;
    if (row.param === index) return row.meaning;
    if (row.sets[index]) return row.sets[index];
  }
  return undefined;
}

const analyzeCommand: CommandSpec = {
  name: '!analyze',
  aliases: [],
  group: 'analysis',
  summary: 'what broke, with every fact behind it; -v in full, -show CODE explains a bug check',
  args: [{ name: 'options', kind: 'flags', optional: true, summary: '-v, or -show CODE [P1 P2 P3 P4]' }],
  needs: [],
  examples: [{ line: '!analyze -v', fixture: 'sample' }, { line: '!analyze -show d1', fixture: 'sample' }],
  *run({ session }, tail) {
    const words = tail.trim().split(/\s+/).filter((word) => word !== '');
    if (words[0]?.toLowerCase() === '-show') return show(session, words.slice(1));
    const unknown = words.find((word) => !['-v', '-f'].includes(word.toLowerCase()));
    if (unknown) return refuse('BAD_ARGUMENT', `${unknown} is not an option of !analyze here; -v and -show CODE are`, { at: tail.indexOf(unknown) + 9 });
    return yield* analyze(session);
  },
};

export const ANALYSIS_COMMANDS: readonly CommandSpec[] = [analyzeCommand];
