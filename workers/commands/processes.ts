/** `!process`, `!thread`: the kernel's processes and threads, and what each thread waits for. */
import { type Va, va } from '../base/address.ts';
import { firstFound, type Found, found, missing, thenFound, valueOf } from '../base/found.ts';
import { hexDigits } from '../base/hex.ts';
import type { Job } from '../base/job.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { kernelMemory } from '../target/kernelmemory.ts';
import type { Session } from '../target/target.ts';
import { type KernelProcess, readProcess } from '../types/kernel/process.ts';
import { type KernelThread, readThread, threadIrps } from '../types/kernel/thread.ts';
import type { TypedMemory } from '../types/typedview.ts';
import { addressOf, valueOf as numberOf } from './arguments.ts';
import { commandSpan, gapOr, layoutNotes, pointerSpan } from './devices.ts';
import { threadContext } from '../target/threadcontext.ts';
import { matchesPattern } from './modules.ts';
import { findName, nameText } from './names.ts';
import { type CommandSpec, line, note, type OutputNode, type Span } from './spec.ts';
import { stackNodes, styleOf } from './stack.ts';

/** Labels of the longer listings end here. */
const LABEL_WIDTH = 26;
const FULL_LABEL_WIDTH = 34;
const FRAMES = 64;
const MAX_THREADS = 65_536;

const hexOr = (value: Found<number | bigint>, width = 0): Span => gapOr(value.ok ? found(hexDigits(value.value, width)) : value);
const decimalOr = (value: Found<number | bigint>, width = 0): Span => gapOr(value.ok ? found(value.value.toString().padStart(width)) : value);
const wide = (value: Found<bigint>): Span => {
  const shown = pointerSpan(value);
  return shown.span === 'missing' ? shown : { ...shown, text: shown.text.padStart(16, '0') };
};

/** Processes that live outside every session have none. */
const sessionSpan = (process: KernelProcess): Span => {
  const pointer = process.view.pointer('Session');
  return pointer.ok && pointer.value === 0n ? gapOr(found('none')) : decimalOr(process.sessionId);
};

function processHead(process: KernelProcess): OutputNode[] {
  return [
    line('PROCESS ', commandSpan('!process', found(process.view.at))),
    line(
      '    SessionId: ',
      sessionSpan(process),
      '  Cid: ',
      hexOr(process.id, 4),
      '    Peb: ',
      pointerSpan(process.peb),
      '  ParentCid: ',
      hexOr(process.parentId, 4),
    ),
    line(
      '    DirBase: ',
      hexOr(process.directoryTableBase, 8),
      '  ObjectTable: ',
      pointerSpan(process.objectTable),
      '  HandleCount: ',
      decimalOr(process.handleCount, 3),
      '.',
    ),
    line('    Image: ', gapOr(process.name)),
  ];
}

/** Hours, minutes, seconds; days before them where there are any. */
function elapsed(milliseconds: number): string {
  const pad = (value: number, width = 2): string => String(value).padStart(width, '0');
  const seconds = Math.floor(milliseconds / 1000);
  const days = Math.floor(seconds / 86_400);
  const clock = `${pad(Math.floor(seconds / 3600) % 24)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}.${pad(milliseconds % 1000, 3)}`;
  return days === 0 ? clock : `${days} Days ${clock}`;
}

const row = (label: string, width: number, ...spans: readonly (Span | string)[]): OutputNode => line(`    ${label.padEnd(width)}`, ...spans);

function processDetails(session: Session, { view, createTime }: KernelProcess): OutputNode[] {
  const { crashTime } = session.target;
  const age = thenFound(crashTime, (now) => thenFound(createTime, (from) => found(elapsed(Math.max(0, now - from)))));
  // An _RTL_AVL_TREE since Windows 8.1, before that an _MM_AVL_TABLE.
  const vadRoot = firstFound([() => view.pointer('VadRoot.Root'), () => view.pointer('VadRoot.BalancedRoot.RightChild')]);
  // EX_FAST_REF: the lowest four bits count references (x64).
  const token = thenFound(view.uint('Token.Value'), (value) => found(value & ~0xfn));
  return [
    line('    VadRoot ', pointerSpan(vadRoot), ' Vads ', decimalOr(view.uint('VadCount')), ' Private ', decimalOr(view.uint('NumberOfPrivatePages')), '.'),
    row('Token', FULL_LABEL_WIDTH, pointerSpan(token)),
    row('ElapsedTime', FULL_LABEL_WIDTH, gapOr(age)),
    row('BasePriority', FULL_LABEL_WIDTH, decimalOr(view.int('Pcb.BasePriority'))),
    row('CommitCharge', FULL_LABEL_WIDTH, decimalOr(view.uint('CommitCharge'))),
  ];
}

const STATE_WORDS: Readonly<Record<string, string>> = {
  Ready: 'READY',
  Standby: 'STANDBY',
  Terminated: 'TERMINATED',
  Initialized: 'INITIALIZED',
  Transition: 'TRANSITION',
};

function stateText(thread: KernelThread): Found<string> {
  return thenFound(thread.state, (state) => {
    if (state === 'Running') return found(`RUNNING on processor ${valueOf(thread.view.uint('Tcb.NextProcessor'))?.toString(16) ?? '?'}`);
    if (state !== 'Waiting') return found(STATE_WORDS[state] ?? state);
    const alertable = thread.alertable.ok ? (thread.alertable.value ? 'Alertable' : 'Non-Alertable') : '????';
    return found(`WAIT: (${valueOf(thread.waitReason) ?? '????'}) ${valueOf(thread.waitMode) ?? '????'} ${alertable}`);
  });
}

/** KOBJECTS (ntddk.h) by DISPATCHER_HEADER.Type. */
const OBJECT_WORDS: readonly (string | undefined)[] = [
  'NotificationEvent',
  'SynchronizationEvent',
  'Mutant',
  'ProcessObject',
  'QueueObject',
  'Semaphore',
  'Thread',
  'Gate',
  'NotificationTimer',
  'SynchronizationTimer',
];

function waitNodes(kernel: TypedMemory, thread: KernelThread, indent: string): OutputNode[] {
  const { objects, ended } = thread.waitObjects;
  const nodes = objects.map((at) => {
    const type = thenFound(kernel.view('_DISPATCHER_HEADER', at), (header) => header.number('Type'));
    const kind = thenFound(type, (value) => found(OBJECT_WORDS[value & 0x7f] ?? `object of type ${value}`));
    const owner = kind.ok && kind.value === 'Mutant' ? thenFound(kernel.view('_KMUTANT', at), (mutant) => mutant.pointer('OwnerThread')) : undefined;
    return line(`${indent}    `, pointerSpan(found(at)), '  ', gapOr(kind), ...(owner ? [' - owning thread ', commandSpan('!thread', owner)] : []));
  });
  return ended ? [...nodes, note(`${indent}what it waits for: ${describeMissing(ended)}`)] : nodes;
}

function threadHead(kernel: TypedMemory, thread: KernelThread, indent: string): OutputNode[] {
  return [
    line(
      `${indent}THREAD `,
      commandSpan('!thread', found(thread.view.at)),
      '  Cid ',
      hexOr(thread.processId, 4),
      '.',
      hexOr(thread.id, 4),
      '  Teb: ',
      wide(thread.teb),
      ' Win32Thread: ',
      wide(thread.win32Thread),
      ' ',
      gapOr(stateText(thread)),
    ),
    ...waitNodes(kernel, thread, indent),
  ];
}

function threadDetails(session: Session, kernel: TypedMemory, thread: KernelThread): OutputNode[] {
  const imageOf = (at: Found<Va>): Found<string> => thenFound(at, (address) => thenFound(readProcess(kernel, address), ({ name }) => name));
  const attached = thread.attachedProcess.ok && thread.process.ok && thread.attachedProcess.value !== thread.process.value;
  const label = (name: string): string => name.padEnd(LABEL_WIDTH);
  const start = thread.win32StartAddress;
  const named = start.ok ? findName(session, start.value) : undefined;
  const { irps, ended } = threadIrps(thread.view);
  return [
    ...(irps.length > 0 ? [line('IRP List:'), ...irps.map((at) => line('    ', commandSpan('!irp', found(at))))] : []),
    ...(ended ? [note(`IRP List: ${describeMissing(ended)}`)] : []),
    line(label('Owning Process'), commandSpan('!process', thread.process), '       Image:         ', gapOr(imageOf(thread.process))),
    attached
      ? line(label('Attached Process'), commandSpan('!process', thread.attachedProcess), '       Image:         ', gapOr(imageOf(thread.attachedProcess)))
      : line(`${label('Attached Process')}N/A            Image:         N/A`),
    line(label('Wait Start TickCount'), thread.waitTime.ok ? decimalOr(thread.waitTime) : 'N/A'),
    line(label('Context Switch Count'), decimalOr(thread.contextSwitches)),
    line('Win32 Start Address ', named ? nameText(named) : '', named ? ' (' : '', wide(start), named ? ')' : ''),
    line('Stack Init ', pointerSpan(thread.view.pointer('Tcb.InitialStack')), ' Current ', pointerSpan(thread.kernelStack)),
    line('Base ', pointerSpan(thread.stackBase), ' Limit ', pointerSpan(thread.stackLimit)),
    line('Priority ', decimalOr(thread.view.int('Tcb.Priority')), '  BasePriority ', decimalOr(thread.view.int('Tcb.BasePriority'))),
    ...(thread.name.ok ? [line(`Name "${thread.name.value}"`)] : []),
  ];
}

function* threadStack(session: Session, at: Va): Job<readonly OutputNode[]> {
  const { crashThread, threads } = session.target;
  const isCrash = crashThread.ok && threads[crashThread.value]?.object === at;
  if (isCrash) return stackNodes(session, yield* session.crashStack(), styleOf('k'));
  const context = threadContext(session, at);
  if (!context.ok) return [note(`no stack: ${describeMissing(context.missing)}`)];
  const stack = yield* session.walk(context.value, FRAMES, context.value.stackRange);
  return stackNodes(session, stack, styleOf('k'));
}

/** Flags of !process: 1 details, 2 threads and what they wait for, 4 stacks. */
interface ProcessWanted {
  readonly details: boolean;
  readonly threads: boolean;
  readonly stacks: boolean;
}

function* processNodes(session: Session, kernel: TypedMemory, process: KernelProcess, wanted: ProcessWanted): Job<readonly OutputNode[]> {
  const nodes = [...processHead(process), ...(wanted.details ? processDetails(session, process) : [])];
  if (!wanted.threads) return [...nodes, line('')];
  nodes.push(line(''));
  const members = process.view.members('ThreadListHead', { type: '_ETHREAD', link: 'ThreadListEntry', limit: MAX_THREADS });
  for (let next = members.next(); ; next = members.next()) {
    if (next.done) {
      if (next.value) nodes.push(note(`        the list of threads ends here: ${describeMissing(next.value)}`));
      break;
    }
    const thread = readThread(kernel, next.value.at);
    nodes.push(...(thread.ok ? threadHead(kernel, thread.value, '        ') : [note(`        ${describeMissing(thread.missing)}`)]));
    if (wanted.stacks && thread.ok) nodes.push(...(yield* threadStack(session, next.value.at)), line(''));
    yield { progress: 'Reading threads', done: nodes.length, of: null };
  }
  return nodes;
}

/** EPROCESS addresses: all of the dump's, where it holds their list. */
function* allProcesses(session: Session): Job<Found<readonly Va[]>> {
  const { kernelWalks, process } = session.target;
  if (!kernelWalks) {
    return process.object === undefined ? missing({ why: 'not-computed', detail: 'the process that was running is not known' }) : found([process.object]);
  }
  const walked = yield* kernelWalks.processes();
  return walked.ok ? found(walked.value.items.flatMap((item) => (item.object === undefined ? [] : [item.object]))) : walked;
}

/** Without a process the one that was running, as -1; with one of its own everything but stacks is told. */
const ALL_FLAGS = 3n;

interface ProcessRequest {
  /** 0: all of them. */
  readonly at: Va;
  readonly wanted: ProcessWanted;
  readonly image: string;
}

function parseProcessRequest(session: Session, tail: string): Reply<ProcessRequest> {
  const [process = '-1', flags, image = '*'] = tail
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '');
  const at = process === '-1' ? reply(session.target.process.object ?? va(0n)) : addressOf(session, process);
  if (!at.ok) return at;
  const bits = flags === undefined ? reply(at.value === 0n ? 0n : ALL_FLAGS) : numberOf(session, flags);
  if (!bits.ok) return bits;
  const has = (mask: bigint): boolean => (bits.value & mask) !== 0n;
  return reply({ at: at.value, image, wanted: { details: has(1n), threads: has(6n), stacks: has(4n) } });
}

function* answerProcess(session: Session, tail: string): Job<Reply<readonly OutputNode[]>> {
  const kernel = kernelMemory(session);
  if (!kernel.ok) return refuse('BAD_ARGUMENT', describeMissing(kernel.missing), { at: 0 });
  const request = parseProcessRequest(session, tail);
  if (!request.ok) return request;
  const { at, wanted, image } = request.value;
  const objects = at === 0n ? yield* allProcesses(session) : found([at]);
  if (!objects.ok) return refuse('BAD_ARGUMENT', describeMissing(objects.missing), { at: 0 });
  const nodes: OutputNode[] = [...layoutNotes(kernel.value)];
  if (at === 0n && !session.target.kernelWalks) nodes.push(note('the dump holds the process that was running and no list of the others'));
  for (const object of objects.value) {
    const process = readProcess(kernel.value, object);
    if (!process.ok) nodes.push(note(describeMissing(process.missing)));
    else if (matchesPattern(valueOf(process.value.name) ?? '', image)) nodes.push(...(yield* processNodes(session, kernel.value, process.value, wanted)));
    yield { progress: 'Reading processes', done: nodes.length, of: null };
  }
  return reply(nodes);
}

const processCommand: CommandSpec = {
  name: '!process',
  aliases: [],
  group: 'threads',
  summary: 'processes of the kernel: 0 0 lists all, an address one; flags 1 details, 2 threads, 4 stacks; then an image name',
  args: [
    { name: 'process', kind: 'expression', optional: true, summary: 'its address, 0 for all, -1 for the one that was running' },
    { name: 'flags and image', kind: 'text', optional: true, summary: '0 to 7, then a pattern of names' },
  ],
  needs: ['kernel', 'memory'],
  examples: [
    { line: '!process', fixture: 'sample' },
    { line: '!process 0 0', fixture: 'power' },
  ],
  run({ session }, tail) {
    return answerProcess(session, tail);
  },
};

const threadCommand: CommandSpec = {
  name: '!thread',
  aliases: [],
  group: 'threads',
  summary: 'a thread of the kernel: its state, what it waits for, its IRPs and stack; without an address the one that crashed',
  args: [{ name: 'thread', kind: 'expression', optional: true, summary: 'address of its ETHREAD' }],
  needs: ['kernel', 'memory'],
  examples: [{ line: '!thread', fixture: 'sample' }],
  *run({ session }, tail) {
    const at = addressOf(session, tail.trim() === '' ? '@$thread' : tail);
    if (!at.ok) return at;
    const kernel = kernelMemory(session);
    const thread = thenFound(kernel, (memory) => readThread(memory, at.value));
    if (!kernel.ok || !thread.ok) return refuse('BAD_ARGUMENT', describeMissing(thread.ok ? { why: 'not-computed' } : thread.missing), { at: 0 });
    return reply([
      ...layoutNotes(kernel.value),
      ...threadHead(kernel.value, thread.value, ''),
      ...threadDetails(session, kernel.value, thread.value),
      ...(yield* threadStack(session, at.value)),
    ]);
  },
};

export const PROCESS_COMMANDS: readonly CommandSpec[] = [processCommand, threadCommand];
