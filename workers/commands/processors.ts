/** `!running` and `!irql`: what each processor is doing. Layouts: public texts of both, cited in processors.test.ts. */
import type { Va } from '../base/address.ts';
import { type Found, found, mapFound, missing, type MissingReason, thenFound, valueOf } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import type { Job } from '../base/job.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { kernelMemory } from '../target/kernelmemory.ts';
import { savedContext } from '../target/kernelprocessors.ts';
import { FRAME_LIMIT } from '../target/session.ts';
import type { Session } from '../target/target.ts';
import { readThread } from '../types/kernel/thread.ts';
import type { TypedMemory, TypedView } from '../types/typedview.ts';
import type { Stack } from '../unwind/frame.ts';
import { findPrcb } from '../verdict/prcb.ts';
import { valueOf as evaluated } from './arguments.ts';
import { commandSpan, layoutNotes, pointerSpan } from './devices.ts';
import { type CommandRun, line, note, type OutputNode, type Span } from './spec.ts';
import { stackNodes, styleOf } from './stack.ts';

/** Windows' limit. */
const MAX_PROCESSORS = 2048;

export interface Processors {
  readonly session: Session;
  readonly kernel: TypedMemory;
  /** KPRCBs that the dump holds, by number. */
  readonly prcbs: readonly (readonly [number: number, prcb: TypedView])[];
  readonly absent: readonly number[];
}

/** Missing where the kernel's types, the number of processors or every KPRCB are. */
export function processorsOf(session: Session): Found<Processors> {
  return thenFound(kernelMemory(session), (kernel) =>
    thenFound(
      thenFound(kernel.types.find('_KPRCB'), () => session.target.os.processors),
      (processors) => {
        const count = Math.min(processors, MAX_PROCESSORS);
        const prcbs: [number, TypedView][] = [];
        const absent: number[] = [];
        for (let number = 0; number < count; number++) {
          const at = findPrcb(session.target, number);
          const view = at === undefined ? undefined : valueOf(kernel.view('_KPRCB', at));
          if (view) prcbs.push([number, view]);
          else absent.push(number);
        }
        return prcbs.length > 0
          ? found({ session, kernel, prcbs, absent })
          : missing({
              why: 'not-computed',
              detail: 'no KPRCB lies in the memory of this dump (~ shows the thread that stopped); a kernel memory dump holds one for each processor',
            });
      },
    ),
  );
}

/** Answers a command about the processors, and says which of them the dump does not hold. */
export function* answerProcessors(session: Session, answer: (processors: Processors) => Job<readonly OutputNode[]>): Job<Reply<readonly OutputNode[]>> {
  const processors = processorsOf(session);
  if (!processors.ok) return refuse('BAD_ARGUMENT', describeMissing(processors.missing), { at: 0 });
  const { kernel, absent } = processors.value;
  const gaps = absent.length === 0 ? [] : [note(`not in this dump: the KPRCB of processor ${absent.join(', ')}`)];
  return reply([...layoutNotes(kernel), ...(yield* answer(processors.value)), ...gaps]);
}

const isNull = (value: Found<Va>): boolean => value.ok && value.value === 0n;

function priorityText(kernel: TypedMemory, thread: Found<Va>): string {
  const priority = thenFound(thread, (at) => thenFound(readThread(kernel, at), (known) => known.priority));
  return `(${priority.ok ? String(priority.value).padStart(2) : '??'})`;
}

/** KSPIN_LOCK_QUEUE.Lock keeps its state in the low bits of a pointer: 1 waits, 2 owns. */
const QUEUED_LOCKS = 16;
function lockSpan(prcb: TypedView): Span {
  let text = '';
  for (let index = 0; index < QUEUED_LOCKS; index++) {
    const lock = prcb.uint(`LockQueue[${index}].Lock`);
    if (!lock.ok) return { span: 'missing', reason: lock.missing, text: '?'.repeat(QUEUED_LOCKS) };
    text += (lock.value & 2n) !== 0n ? 'O' : (lock.value & 1n) !== 0n ? 'W' : '.';
  }
  return { span: 'text', text };
}

const isIdle = (prcb: TypedView): boolean => {
  const [current, idle] = [valueOf(prcb.pointer('CurrentThread')), valueOf(prcb.pointer('IdleThread'))];
  return current !== undefined && current === idle;
};

/** What stands where there is no next thread: a pointer, a blank and "(nn)". */
const NO_NEXT = ' '.repeat(21);

function runningLine(kernel: TypedMemory, number: number, prcb: TypedView): OutputNode {
  const current = prcb.pointer('CurrentThread');
  const next = prcb.pointer('NextThread');
  const nextSpans = isNull(next) ? [NO_NEXT] : [commandSpan('!thread', next), ` ${priorityText(kernel, next)}`];
  return line(
    `${String(number).padStart(3)}    `,
    commandSpan('dt nt!_KPRCB', found(prcb.at)),
    '  ',
    commandSpan('!thread', current),
    ` ${priorityText(kernel, current)} `,
    ...nextSpans,
    ' ',
    pointerSpan(prcb.pointer('IdleThread')),
    '  ',
    lockSpan(prcb),
  );
}

const noStack = (reason: MissingReason): Stack => ({ frames: [], ended: { reason: 'no-memory', detail: describeMissing(reason) } });

/** The crash's own stack, or one from the registers that were saved when the processor was frozen. */
function* processorStack({ session, kernel }: Processors, number: number, prcb: TypedView): Job<Stack> {
  const { target } = session;
  if (valueOf(target.processor) === number) return yield* session.crashStack();
  const saved =
    target.arch === 'arm'
      ? missing({ why: 'unknown-layout', type: 'CONTEXT', build: target.arch })
      : savedContext(session.memory, prcb.at, target.arch, target.kernelOffsets?.['OffsetPrcbProcStateContext']);
  if (!saved.ok) return noStack(saved.missing);
  const thread = valueOf(thenFound(prcb.pointer('CurrentThread'), (at) => readThread(kernel, at)));
  const range = thread && valueOf(thenFound(thread.stackLimit, (low) => mapFound(thread.stackBase, (high) => ({ low, high }))));
  return yield* session.walk(saved.value, FRAME_LIMIT, range);
}

const mask = (numbers: readonly number[]): string =>
  numbers
    .reduce((bits, number) => bits | (1n << BigInt(number)), 0n)
    .toString(16)
    .padStart(16, '0');

const HEADING = line('       Prcbs             Current         (pri) Next            (pri) Idle');

/** Where no KPRCB has an address in the dump: what its writer says of the processor that stopped. */
function* stoppedNodes(session: Session, gap: MissingReason, stacks: boolean): Job<readonly OutputNode[] | undefined> {
  const { processor, threads, crashThread } = session.target;
  const thread = crashThread.ok ? threads[crashThread.value]?.object : undefined;
  if (!processor.ok || thread === undefined) return undefined;
  const unknown = pointerSpan(missing(gap));
  return [
    HEADING,
    line(`${String(processor.value).padStart(3)}    `, unknown, '          ', commandSpan('!thread', found(thread))),
    ...(stacks ? [line(''), ...stackNodes(session, yield* session.crashStack(), styleOf('kn'))] : []),
    note(describeMissing(gap)),
  ];
}

function* runningNodes(processors: Processors, options: { readonly idle: boolean; readonly stacks: boolean }): Job<readonly OutputNode[]> {
  const { session, kernel, prcbs, absent } = processors;
  const idle = prcbs.filter(([, prcb]) => isIdle(prcb)).map(([number]) => number);
  const nodes: OutputNode[] = [
    line(`System Processors:  (${mask([...prcbs.map(([number]) => number), ...absent])})`),
    line(`  Idle Processors:  (${mask(idle)})`),
    line(''),
    HEADING,
  ];
  for (const [number, prcb] of prcbs) {
    if (!options.idle && idle.includes(number)) continue;
    nodes.push(runningLine(kernel, number, prcb));
    if (options.stacks) nodes.push(line(''), ...stackNodes(session, yield* processorStack(processors, number, prcb), styleOf('kn')), line(''));
    yield { progress: 'Walking stacks', done: number, of: prcbs.length };
  }
  return nodes;
}

export const running: CommandRun = function* ({ session }, tail) {
  if (!/^\s*(-[it]+\s*)*$/.test(tail)) return refuse('BAD_ARGUMENT', '-i and -t are the options', { at: 0 });
  const options = { idle: tail.includes('i'), stacks: tail.includes('t') };
  const processors = processorsOf(session);
  const stopped = processors.ok ? undefined : yield* stoppedNodes(session, processors.missing, options.stacks);
  return stopped ? reply(stopped) : yield* answerProcessors(session, (known) => runningNodes(known, options));
};

/** wdm.h for x64; the levels of devices, 3 to 12, have no names. */
const X64_LEVELS: Readonly<Record<number, string>> = {
  0: 'LOW_LEVEL',
  1: 'APC_LEVEL',
  2: 'DISPATCH_LEVEL',
  13: 'CLOCK_LEVEL',
  14: 'IPI_LEVEL',
  15: 'HIGH_LEVEL',
};

export const irql: CommandRun = function* ({ session }, tail) {
  const asked = tail.trim() === '' ? session.target.processor : found(evaluated(session, tail));
  if (!asked.ok) return refuse('BAD_ARGUMENT', describeMissing(asked.missing), { at: 0 });
  const number = typeof asked.value === 'number' ? reply(BigInt(asked.value)) : asked.value;
  if (!number.ok) return number;
  const processors = processorsOf(session);
  const level = thenFound(processors, ({ prcbs }) => {
    const prcb = prcbs.find(([known]) => BigInt(known) === number.value)?.[1];
    return prcb
      ? prcb.number('DebuggerSavedIRQL')
      : missing({ why: 'not-computed', detail: `the KPRCB of processor ${hex(number.value)} is not in this dump` });
  });
  if (!level.ok || !processors.ok) return refuse('BAD_ARGUMENT', describeMissing(level.ok ? { why: 'not-computed' } : level.missing), { at: 0 });
  const name = session.target.arch === 'x64' ? X64_LEVELS[level.value] : undefined;
  return reply([
    ...layoutNotes(processors.value.kernel),
    line(`Debugger saved IRQL for processor ${hex(number.value)} -- ${level.value}${name ? ` (${name})` : ''}`),
  ]);
};
