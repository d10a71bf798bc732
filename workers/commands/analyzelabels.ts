/**
 * The facts of `!analyze -v` under WinDbg's labels. Order and blanks: current versions (debugger 10.0.25200 and later),
 * read off published outputs. A label whose value the dump cannot give is left out, never guessed.
 */
import { type Va, va } from '../base/address.ts';
import { hexDigits } from '../base/hex.ts';
import { accessOf } from '../verdict/access.ts';
import { type Actor, imageOf } from '../verdict/actors.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { say } from '../verdict/words.ts';
import type { Module } from '../modules/module.ts';
import type { Session } from '../target/target.ts';
import type { Frame, Stack } from '../unwind/frame.ts';
import { codeDetails, criticalProcess, dumpAttributes } from './analyzedetails.ts';
import { codeOf, exceptionOf, isUser, keyValues } from './analyzekeys.ts';
import { BLANK, labelSpan, one, two } from './analyzelabel.ts';
import { type Named, findName, frameName, plainAddress } from './names.ts';
import { TRAP_NOTES, contextNodes, exceptionNodes } from './registers.ts';
import { type OutputNode, type Span, line, note, text } from './spec.ts';
import { stackNodes, styleOf } from './stack.ts';

export interface Analysis {
  readonly session: Session;
  readonly verdict: Verdict;
  readonly stack: Stack;
  /** The frame that the bucket names. */
  readonly followUp: Actor | undefined;
  /** Modules over that frame that the bucket passes over. */
  readonly passedOver: readonly string[];
}
type Group = (analysis: Analysis) => readonly OutputNode[];

function bugCheckCode({ session }: Analysis): readonly OutputNode[] {
  const { bugCheck } = session.target;
  if (!bugCheck) return [];
  const rows = bugCheck.params.flatMap((value, index) => one(`BUGCHECK_P${index + 1}`, { span: 'address', at: va(value), text: value.toString(16) }));
  return [...two('BUGCHECK_CODE', bugCheck.code.toString(16)), ...rows];
}

const fileName: Group = ({ session }) => two('FILE_IN_CAB', session.target.source.name.replace(/^.*[\\/]/, ''));

/** Drivers that a guest alone loads: vmci.sys and vmx86.sys run on hosts of VMware too, vmbus.sys under VBS. */
const MACHINES: readonly (readonly [driver: RegExp, name: string])[] = [
  [/^(hyperkbd|hypervideo|storvsc|netvsc)\.sys$/i, 'HyperV'],
  [/^(vm3dmp|vm3dmp_loader|vmhgfs|vmmemctl|vmmouse|vmusbmouse|pvscsi)\.sys$/i, 'VMware'],
  [/^(vboxguest|vboxsf|vboxmouse|vboxwddm|vboxvideo)\.sys$/i, 'VirtualBox'],
];
function virtualMachine({ session }: Analysis): readonly OutputNode[] {
  const names = session.target.modules.modules.map(imageOf);
  const found = MACHINES.find(([driver]) => names.some((name) => driver.test(name)));
  return found && !isUser(session) ? two('VIRTUAL_MACHINE', found[1]) : [];
}

function faultingThread({ session }: Analysis): readonly OutputNode[] {
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

const corruptor: Group = ({ verdict }) => (verdict.bucket === 'MEMORY_CORRUPTION_ONE_BIT' ? two('MEMORY_CORRUPTOR', 'ONE_BIT') : []);

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

function exceptionCodes({ session }: Analysis): readonly OutputNode[] {
  const record = exceptionOf(session)?.record;
  if (!record) return [];
  const code = record.code >>> 0;
  const name = session.knowledge.ntstatus(code) ?? session.knowledge.exception(code);
  const access = accessOf(record);
  return [
    ...(access ? two(access.kind === 'write' ? 'WRITE_ADDRESS' : 'READ_ADDRESS', plainAddress(session, access.address), ' ') : []),
    ...one(
      'ERROR_CODE',
      `(NTSTATUS) 0x${hexDigits(code, 8)} - ${name ? `${name.name}${name.gloss ? `: ${name.gloss}` : ''}` : '<Unable to get error code text>'}`,
    ),
    ...two('EXCEPTION_CODE_STR', code.toString(16)),
    ...record.parameters.slice(0, 2).flatMap((value, index) => two(`EXCEPTION_PARAMETER${index + 1}`, plainAddress(session, value))),
    ...(isUser(session) ? [] : two('EXCEPTION_STR', `0x${code.toString(16)}`)),
  ];
}

/** STACK_TEXT has the columns of `kv` without numbers and trap frames. */
function stackText({ session, stack }: Analysis): readonly OutputNode[] {
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

interface Subject {
  readonly module: Module;
  readonly at: Va | undefined;
  /** Where it stands on the stack: its name is the frame's. */
  readonly frame?: Frame;
}

function subjectName(session: Session, { at, frame }: Subject): Named | undefined {
  if (frame) return frameName(session, frame);
  return at === undefined ? undefined : findName(session, at);
}

/** Whom the bucket names: a module of its own, or the frame that was followed up. */
function subjectOf({ session, verdict, followUp }: Analysis): Subject | undefined {
  const image = /_IMAGE_(\S+)$/.exec(verdict.bucket)?.[1];
  const place = verdict.place && session.target.modules.byName(verdict.place.module);
  const named = image === undefined ? undefined : session.target.modules.byName(image);
  if (image !== undefined) return named && { module: named, at: place === named && verdict.place ? va(named.base + verdict.place.offset) : undefined };
  if (followUp) return { module: followUp.module, at: followUp.frame.ip, frame: followUp.frame };
  return place && { module: place, at: verdict.place ? va(place.base + verdict.place.offset) : undefined };
}

/** Codes that name the module themselves; of 0x50 where argument 3 lies in it. Its labels then stand early. */
const NAMES_MODULE: ReadonlySet<number> = new Set([0x116, 0x117, 0x119, 0x141, 0x9f]);
function namedEarly(analysis: Analysis): Module | undefined {
  const { session } = analysis;
  const { bugCheck, modules } = session.target;
  const subject = pseudoModule(analysis) ? undefined : subjectOf(analysis);
  if (!bugCheck || !subject) return undefined;
  const inPlace = codeOf(session) === 0x50 && modules.find(va(bugCheck.params[2]))?.module === subject.module && subject.module.name !== 'nt';
  return inPlace || NAMES_MODULE.has(codeOf(session)) ? subject.module : undefined;
}

function namedImage(analysis: Analysis): readonly OutputNode[] {
  const module = namedEarly(analysis);
  if (!module) return [];
  return [...imageLabels(module, 'early'), ...one('FAULTING_MODULE', plainAddress(analysis.session, module.base), ` ${module.name}`)];
}

function imageLabels(module: Module, where: 'early' | 'late'): readonly OutputNode[] {
  const name = one('MODULE_NAME', { span: 'module', name: module.name, text: module.name });
  const image = two('IMAGE_NAME', imageOf(module));
  return where === 'early' ? [...image, ...name] : [...name, ...image];
}

/** Modules that are none: WinDbg's names for what no driver did. */
function pseudoModule({ verdict }: Analysis): readonly [module: string, image: string, symbol?: string] | undefined {
  if (verdict.bucket.endsWith('ANALYSIS_INCONCLUSIVE')) return ['Unknown_Module', 'Unknown_Image', 'ANALYSIS_INCONCLUSIVE'];
  if (verdict.bucket === 'MEMORY_CORRUPTION_ONE_BIT') return ['hardware', 'memory_corruption'];
  if (/^0x124_/.test(verdict.bucket) && !verdict.bucket.includes('_IMAGE_')) return ['hardware', 'hardware'];
  const vendor = /_IMAGE_(GenuineIntel|AuthenticAMD)\.sys$/.exec(verdict.bucket)?.[1];
  return vendor === undefined ? undefined : [vendor, `${vendor}.sys`];
}

function symbolLabels(analysis: Analysis): readonly OutputNode[] {
  const { session, verdict } = analysis;
  const pseudo = pseudoModule(analysis);
  if (pseudo) {
    const [name, image, symbol] = pseudo;
    const inconclusive = symbol === undefined ? [] : two('SYMBOL_NAME', symbol);
    return [...inconclusive, ...one('MODULE_NAME', name), ...two('IMAGE_NAME', image), ...stackCommand(session)];
  }
  const subject = subjectOf(analysis);
  if (!subject) return stackCommand(session);
  const { module } = subject;
  const named = subjectName(session, subject);
  const offset = named?.displacement.toString(16);
  const version = module.version.ok ? two('IMAGE_VERSION', module.version.value) : [];
  return [
    ...(named ? two('SYMBOL_NAME', { span: 'module', name: module.name, text: `${named.base}+${offset ?? ''}` }) : []),
    ...(namedEarly(analysis) ? [] : imageLabels(module, 'late')),
    ...(isUser(session) ? [] : version),
    ...stackCommand(session),
    ...(offset === undefined || isUser(session) || verdict.bucket.includes('_IMAGE_') ? [] : two('BUCKET_ID_FUNC_OFFSET', offset)),
  ];
}

/** The command that shows this stack here too; WinDbg's `.thread` and `.process` need what the console does not have. */
function stackCommand(session: Session): readonly OutputNode[] {
  const { context, crashThread } = session.target;
  const at = context.ok && context.value.source === 'context-record' ? context.value.at : undefined;
  if (at !== undefined) return stackCommandOf(`.cxr 0x${hexDigits(at, session.memory.pointerSize * 2)} ; kb`);
  return stackCommandOf(isUser(session) && crashThread.ok ? `~${crashThread.value}s ; .ecxr ; kb` : '.ecxr ; kb');
}
const stackCommandOf = (typed: string): readonly OutputNode[] => two('STACK_COMMAND', { span: 'command', line: typed, text: typed });

const bucket: Group = ({ verdict }) => two('FAILURE_BUCKET_ID', verdict.bucket);

function system(analysis: Analysis): readonly OutputNode[] {
  const { session } = analysis;
  const { os, arch } = session.target;
  const module = isUser(session) ? subjectOf(analysis)?.module : undefined;
  // WinDbg says "Windows 10" of Windows 11 too; what it is stands in vertarget.
  const old = os.build.ok && os.build.value < 10240;
  const name = os.family === 'Windows' ? (old && os.name.ok ? os.name.value : 'Windows 10') : os.family;
  return [...two('OSPLATFORM_TYPE', arch), ...two('OSNAME', name), ...(module?.version.ok ? two('IMAGE_VERSION', module.version.value) : [])];
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
  const passed = passedOver.length === 0 ? [] : [note(`the bucket passes over ${passedOver.join(', ')}: they work for others`)];
  return [...passed, note(`signature: ${verdict.signature}`)];
}

const GROUPS: readonly Group[] = [
  ...[
    ({ session, verdict }: Analysis) => keyValues(session, verdict.bucket),
    bugCheckCode,
    fileName,
    virtualMachine,
    ({ session }: Analysis) => dumpAttributes(session),
    (analysis: Analysis) => (isUser(analysis.session) ? [] : faultingThread(analysis)),
    accessLabel,
    namedImage,
    records,
    ({ session }: Analysis) => codeDetails(session),
    corruptor,
  ],
  ...[blackBoxes, customerCount, (analysis: Analysis) => (isUser(analysis.session) ? faultingThread(analysis) : []), processName],
  ...[({ session }: Analysis) => criticalProcess(session), exceptionCodes, lateTrap],
  ...[stackText, symbolLabels, bucket, system, ({ verdict }: Analysis) => verdictNotes(verdict), namedHow],
];

export const labelNodes = (analysis: Analysis): readonly OutputNode[] => GROUPS.flatMap((group) => group(analysis));
/** What `!analyze` without -v says of whom. */
export function blamedSpans(analysis: Analysis): readonly Span[] {
  const pseudo = pseudoModule(analysis);
  if (pseudo) return [text(pseudo[1])];
  const subject = subjectOf(analysis);
  if (!subject) return [text('nothing that a name can be given to')];
  const named = subjectName(analysis.session, subject);
  const image: Span = { span: 'module', name: subject.module.name, text: imageOf(subject.module) };
  return named ? [image, text(' ( '), { span: 'module', name: named.module, text: `${named.base}+${named.displacement.toString(16)}` }, text(' )')] : [image];
}
