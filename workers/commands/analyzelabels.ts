/**
 * The facts of `!analyze -v` under WinDbg's labels. Order and blanks: current versions (debugger 10.0.25200 and later),
 * read off published outputs. A label whose value the dump cannot give is left out, never guessed.
 */
import { type Va, va } from '../base/address.ts';
import { hexDigits } from '../base/hex.ts';
import { accessOf } from '../verdict/access.ts';
import { machineInWindbg } from '../verdict/guests.ts';
import { badStackPointer, dpcStackBase } from '../verdict/stackpointer.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { say } from '../verdict/words.ts';
import type { Session } from '../target/target.ts';
import { type Analysis, codeOf, type Group, isUser } from './analysis.ts';
import { changedCode, corruptor, failedInstruction, pagedCode } from './analyzecode.ts';
import { codeDetails, criticalProcess, dumpAttributes, pnpLock } from './analyzedetails.ts';
import { exceptionOf, keyValues } from './analyzekeys.ts';
import { BLANK, labelSpan, one, two } from './analyzelabel.ts';
import { appVersion, namedImage, sourceLabels, symbolLabels } from './analyzesubject.ts';
import { started, system } from './analyzesystem.ts';
import { plainAddress } from './names.ts';
import { TRAP_NOTES, contextNodes, exceptionNodes } from './registers.ts';
import { type OutputNode, type Span, line, note } from './spec.ts';
import { stackNodes, styleOf } from './stack.ts';

function bugCheckCode({ session }: Analysis): readonly OutputNode[] {
  const { bugCheck } = session.target;
  if (!bugCheck) return [];
  const rows = bugCheck.params.flatMap((value, index) => one(`BUGCHECK_P${index + 1}`, { span: 'address', at: va(value), text: value.toString(16) }));
  return [...two('BUGCHECK_CODE', bugCheck.code.toString(16)), ...rows];
}

const fileName: Group = ({ session }) => two('FILE_IN_CAB', session.target.source.name.replace(/^.*[\\/]/, ''));

const virtualMachine: Group = ({ session }) => {
  const name = isUser(session) ? undefined : machineInWindbg(session);
  return name === undefined ? [] : two('VIRTUAL_MACHINE', name);
};

function faultingThread({ session, followed }: Analysis): readonly OutputNode[] {
  if (followed?.thread !== undefined) return two('FAULTING_THREAD', plainAddress(session, followed.thread));
  const { crashThread, threads } = session.target;
  const thread = crashThread.ok ? threads[crashThread.value] : undefined;
  if (isUser(session)) return thread ? two('FAULTING_THREAD', thread.id.toString(16)) : [];
  return thread?.object === undefined ? [] : two('FAULTING_THREAD', plainAddress(session, thread.object));
}

const KIND_ARGUMENT: Readonly<Record<number, readonly [index: number, write: bigint]>> = { 0x0a: [2, 1n], 0xd1: [2, 1n], 0x50: [1, 2n] };

/** Where a code's first argument is an address that was read or written. */
function accessLabel({ session }: Analysis): readonly OutputNode[] {
  const { bugCheck } = session.target;
  const kind = KIND_ARGUMENT[codeOf(session)];
  if (!bugCheck || !kind) return [];
  // Windows before 10 wrote 1 for a write in 0x50, later ones 2.
  const write = ((bugCheck.params[kind[0]] ?? 0n) & (kind[1] | 1n)) !== 0n;
  return [
    ...two(write ? 'WRITE_ADDRESS' : 'READ_ADDRESS', plainAddress(session, bugCheck.params[0]), ' '),
    ...(codeOf(session) === 0x50 ? two('MM_INTERNAL_CODE', bugCheck.params[3].toString(16)) : []),
  ];
}

function command(session: Session, name: string, at: Va): Span {
  const typed = `${name} 0x${hexDigits(at, session.memory.pointerSize * 2)}`;
  return { span: 'command', line: typed, text: `(${typed})` };
}

function exceptionRecord({ session }: Analysis): readonly OutputNode[] {
  const exception = exceptionOf(session);
  if (!exception) return [];
  const { record, at } = exception;
  const where: readonly Span[] =
    at === undefined
      ? [{ span: 'command', line: '.exr -1', text: '(.exr -1)' }]
      : [plainAddress(session, at), { span: 'text', text: ' -- ' }, command(session, '.exr', at)];
  return [line(labelSpan('EXCEPTION_RECORD', '  '), ...where), ...exceptionNodes(session, record), BLANK];
}

/** The registers that the verdict is about: a CONTEXT record, or the exception of an application. */
function contextRecord({ session }: Analysis): readonly OutputNode[] {
  const { context } = session.target;
  if (!context.ok) return [];
  if (isUser(session)) {
    if (context.value.source !== 'exception') return [];
    return [
      line(labelSpan('CONTEXT', '  '), { span: 'command', line: '.ecxr', text: '(.ecxr)' }),
      ...contextNodes(session, context.value),
      line('Resetting default scope'),
      BLANK,
    ];
  }
  const { at, source } = context.value;
  if (at === undefined || source !== 'context-record') return [];
  return [
    line(labelSpan('CONTEXT', '  '), plainAddress(session, at), ' -- ', command(session, '.cxr', at)),
    ...contextNodes(session, context.value),
    line('Resetting default scope'),
    BLANK,
  ];
}

function trapFrame({ session }: Analysis): readonly OutputNode[] {
  const { context } = session.target;
  if (!context.ok || context.value.source !== 'trap-frame' || context.value.at === undefined) return [];
  const { at } = context.value;
  return [
    line(labelSpan('TRAP_FRAME', '  '), plainAddress(session, at), ' -- ', command(session, '.trap', at)),
    ...TRAP_NOTES.map((words) => line(words)),
    ...contextNodes(session, context.value),
    line('Resetting default scope'),
    BLANK,
  ];
}

/** 0x139 shows its trap frame and record early, other codes the frame before the stack. */
const earlyTrap: Group = (analysis) =>
  codeOf(analysis.session) === 0x139 ? [...trapFrame(analysis), ...exceptionRecord(analysis)] : exceptionRecord(analysis);
const lateTrap: Group = (analysis) => (codeOf(analysis.session) === 0x139 ? [] : trapFrame(analysis));

/** A user dump's record stands behind its context, a kernel dump's before it. */
const records: Group = (analysis) =>
  isUser(analysis.session) ? [...contextRecord(analysis), ...exceptionRecord(analysis)] : [...earlyTrap(analysis), ...contextRecord(analysis)];

/** Secondary data of the kernel's own, by GUID (nt!PopBlackBoxBsdGuid and its like), with the command that reads each. */
const BLACK_BOXES: readonly (readonly [label: string, guid: string])[] = [
  ['BSD', 'f57308df-cc45-4e01-ad76-29a4ebb010ec'],
  ['NTFS', '00afe9c4-940d-4213-8016-cd3719b5bc20'],
  ['PNP', 'b7631941-532a-4cd6-b1b1-edb5917d4557'],
  ['WINLOGON', '80cc79cf-a719-4af1-bf97-fe29ff76ebc1'],
];
function blackBoxes({ session }: Analysis): readonly OutputNode[] {
  const held = new Set(session.target.blobs.map((blob) => blob.guid));
  return BLACK_BOXES.filter(([, guid]) => held.has(guid)).flatMap(([label]) => {
    const command = `!blackbox${label.toLowerCase()}`;
    // WinDbg names no command for winlogon's before its versions of 2026.
    return label === 'WINLOGON' ? one(`BLACKBOX${label}`, '1') : one(`BLACKBOX${label}`, '1 (', { span: 'command', line: command, text: command }, ')');
  });
}

const processName: Group = ({ session: { target } }) => (target.process.name.ok ? two('PROCESS_NAME', target.process.name.value) : []);
const customerCount: Group = ({ session }) => (session.target.kind === 'kernel-triage' ? two('CUSTOMER_CRASH_COUNT', '1') : []);

/** What an exception touched; of an application that ran into data, where it ran. */
function touched(analysis: Analysis): readonly OutputNode[] {
  const { session } = analysis;
  const record = exceptionOf(session)?.record;
  const access = record && accessOf(record);
  if (!access) return [];
  if (isUser(session) && access.kind === 'execute') return [...one('EXECUTE_ADDRESS', access.address.toString(16)), ...failedInstruction(analysis)];
  return two(access.kind === 'write' ? 'WRITE_ADDRESS' : 'READ_ADDRESS', plainAddress(session, access.address), ' ');
}

function exceptionCodes(analysis: Analysis): readonly OutputNode[] {
  const { session } = analysis;
  const record = exceptionOf(session)?.record;
  if (!record) return [];
  const code = record.code >>> 0;
  const name = session.knowledge.ntstatus(code) ?? session.knowledge.exception(code);
  return [
    ...touched(analysis),
    ...one(
      'ERROR_CODE',
      `(NTSTATUS) 0x${hexDigits(code, 8)} - ${name ? `${name.name}${name.gloss ? `: ${name.gloss}` : ''}` : '<Unable to get error code text>'}`,
    ),
    ...two('EXCEPTION_CODE_STR', code.toString(16)),
    ...record.parameters.slice(0, 2).flatMap((value, index) => two(`EXCEPTION_PARAMETER${index + 1}`, plainAddress(session, value))),
    ...(isUser(session) ? [] : two('EXCEPTION_STR', `0x${code.toString(16)}`)),
  ];
}

const dpcStack: Group = ({ session }) => {
  const base = dpcStackBase(session.target);
  return base === undefined ? [] : two('DPC_STACK_BASE', base.toString(16).toUpperCase());
};
const badStack: Group = ({ session, case: c }) => {
  const at = badStackPointer(c);
  return at === undefined ? [] : two('BAD_STACK_POINTER', plainAddress(session, at));
};

/** STACK_TEXT has the columns of `kv` without numbers and trap frames. */
function stackText({ session, case: { stack } }: Analysis): readonly OutputNode[] {
  const style = { ...styleOf('kv'), trapFrames: false };
  return [
    line(labelSpan('STACK_TEXT', '  ')),
    ...stackNodes(session, stack, style)
      .filter((_node, index) => index > 0 || stack.frames.length === 0)
      .map(withoutNumber),
    BLANK,
    BLANK,
  ];
}

function withoutNumber(node: OutputNode): OutputNode {
  const [first, ...rest] = node.spans;
  return first?.span === 'text' && /^[0-9a-f]{2,} $/.test(first.text) ? { ...node, spans: rest } : node;
}

/** Our own words behind WinDbg's labels: what the evidence says, and what it does not. */
export function verdictNotes(verdict: Verdict): readonly OutputNode[] {
  return [
    line(labelSpan('Followup', '     '), 'MachineOwner'),
    line('---------'),
    note(`${verdict.sureness}: ${say(verdict.headline).developer}`),
    ...verdict.evidence.map((item) =>
      note(`${item.weighs}: ${say(item.says).developer}  `, { span: 'command', line: item.command, text: `[${item.command}]` }),
    ),
    ...verdict.against.map((item) => note(`against: ${say(item).developer}`)),
    ...verdict.looks.map((look) => note('to look at: ', { span: 'command', line: look.line, text: look.line }, `  ${say(look.says).developer}`)),
  ];
}

/** How the names came about: which modules were passed over, and our own name of this failure. */
function namedHow({ verdict, passedOver }: Analysis): readonly OutputNode[] {
  const passed =
    passedOver.length === 0 ? [] : [note(`the bucket passes over ${passedOver.join(', ')}, which ${passedOver.length === 1 ? 'works' : 'work'} for others`)];
  return [...passed, note(`signature: ${verdict.signature}`)];
}

const bucket: Group = ({ verdict }) => two('FAILURE_BUCKET_ID', verdict.bucket);

const GROUPS: readonly Group[] = [
  ...[
    keyValues,
    bugCheckCode,
    fileName,
    started,
    virtualMachine,
    ({ session }: Analysis) => dumpAttributes(session),
    (analysis: Analysis) => (isUser(analysis.session) ? [] : faultingThread(analysis)),
    accessLabel,
    pagedCode,
    namedImage,
    records,
    ({ session }: Analysis) => codeDetails(session),
    corruptor,
  ],
  ...[blackBoxes, customerCount, (analysis: Analysis) => (isUser(analysis.session) ? faultingThread(analysis) : []), processName],
  ...[({ session }: Analysis) => [...criticalProcess(session), ...pnpLock(session)], exceptionCodes, dpcStack, lateTrap],
  ...[(analysis: Analysis) => (isUser(analysis.session) ? [] : failedInstruction(analysis)), badStack],
  ...[
    ({ waits }: Analysis) => waits ?? [],
    stackText,
    changedCode,
    sourceLabels,
    symbolLabels,
    bucket,
    system,
    appVersion,
    ({ verdict }: Analysis) => verdictNotes(verdict),
    namedHow,
  ],
];

export const labelNodes = (analysis: Analysis): readonly OutputNode[] => GROUPS.flatMap((group) => group(analysis));
