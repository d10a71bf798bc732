/** `~`: the threads, their stacks, and which one is the scope. */
import { found } from '../base/found.ts';
import { describeMissing } from '../base/missingwords.ts';
import type { Job } from '../base/job.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { va } from '../base/address.ts';
import { crashOf, currentThread } from '../target/currentthread.ts';
import type { Session, ThreadInfo } from '../target/target.ts';
import type { Stack } from '../unwind/frame.ts';
import { valueOf } from './arguments.ts';
import { instructionNodes } from './code.ts';
import { frameCount, stackNodes, styleOf, valueSpan } from './stack.ts';
import { type CommandSpec, type OutputNode, type Span, line, text } from './spec.ts';

/** `~*k`, `~3kb 5`, `~~[1a4]s`: which, what, how many. */
const LINE = /^\s*(\*|#|\.|\d+|~\[[^\]]{1,64}\])?\s*(k[bcfLMnpPv]{0,5}|s)?\s*(.*)$/;

export const threadCommand: CommandSpec = {
  name: '~',
  aliases: [],
  group: 'threads',
  summary: 'the threads; ~*k with their stacks; ~Ns makes thread N the scope',
  args: [{ name: 'what', kind: 'text', optional: true, summary: '*k, Nk, Ns, or ~[TID]s' }],
  needs: ['threads'],
  examples: [
    { line: '~', fixture: 'user' },
    { line: '~*k', fixture: 'user' },
    { line: '~0s', fixture: 'user' },
  ],
  *run({ session }, tail) {
    const [, which, what, rest = ''] = LINE.exec(tail) ?? [];
    if (rest.trim() !== '' && !what?.startsWith('k')) return refuse('BAD_ARGUMENT', 'write ~, ~*k, ~3k or ~3s', { at: 1 });
    const chosen = chooseThreads(session, which ?? (what?.startsWith('k') ? '.' : undefined));
    if (!chosen.ok) return chosen;
    if (what === 's') return selectThread(session, chosen.value);
    if (what === undefined) return reply(chosen.value.map((thread) => threadLine(session, thread)));
    const count = frameCount(session, rest);
    if (!count.ok) return count;
    return reply(yield* stacksOf(session, chosen.value, { style: what, count: count.value, lines: which === '*' }));
  },
};

interface StacksWanted {
  readonly style: string;
  readonly count: number;
  /** `~*k` writes a blank line and the thread's line before each stack; `~3k` the stack alone. */
  readonly lines: boolean;
}

function* stacksOf(session: Session, threads: readonly ThreadInfo[], wanted: StacksWanted): Job<readonly OutputNode[]> {
  const nodes: OutputNode[] = [];
  for (const thread of threads) {
    if (wanted.lines) nodes.push(line(''), threadLine(session, thread));
    const stack = yield* threadStack(session, thread, wanted.count);
    nodes.push(...stackNodes(session, { ...stack, frames: stack.frames.slice(0, wanted.count) }, styleOf(wanted.style)));
    yield { progress: `Stack of thread ${thread.index}`, done: thread.index + 1, of: session.target.threads.length };
  }
  return nodes;
}

function chooseThreads(session: Session, which: string | undefined): Reply<readonly ThreadInfo[]> {
  const { threads } = session.target;
  if (which === undefined || which === '*') return reply(threads);
  const chosen = which === '#' ? crashOf(session) : which === '.' ? currentThread(session) : undefined;
  if (chosen) return reply([chosen]);
  if (which.startsWith('~')) {
    const id = valueOf(session, which.slice(2, -1));
    if (!id.ok) return id;
    const thread = threads.find((one) => BigInt(one.id) === id.value);
    return thread ? reply([thread]) : refuse('BAD_ARGUMENT', `there is no thread with id ${id.value.toString(16)}`, { at: 1 });
  }
  const thread = threads.find((one) => one.index === Number(which));
  return thread ? reply([thread]) : refuse('BAD_ARGUMENT', `there is no thread ${which}; ~ lists them`, { at: 1 });
}

function selectThread(session: Session, chosen: readonly ThreadInfo[]): Reply<readonly OutputNode[]> {
  const thread = chosen[0];
  if (!thread || chosen.length !== 1) return refuse('BAD_ARGUMENT', 'one thread is wanted: ~3s', { at: 1 });
  if (!thread.context.ok) return refuse('BAD_ARGUMENT', `the registers of this thread are missing: ${describeMissing(thread.context.missing)}`, { at: 1 });
  const context = thread.context.value;
  session.scope = context;
  const ip = context.registers['rip'] ?? context.registers['eip'] ?? context.registers['pc'];
  return reply(ip === undefined ? [] : instructionNodes(session, va(ip), context));
}

export function* threadStack(session: Session, thread: ThreadInfo, limit: number): Job<Stack> {
  // The thread that crashed keeps the registers of the exception; its own are those of the code that wrote the dump.
  if (thread === crashOf(session) && session.target.context.ok) return yield* session.crashStack();
  if (!thread.context.ok)
    return { frames: [], ended: { reason: 'no-memory', detail: `the registers of this thread are missing: ${describeMissing(thread.context.missing)}` } };
  return yield* session.walk(thread.context.value, limit, thread.stackRange.ok ? thread.stackRange.value : undefined);
}

/** `.` is the current thread, `#` the one that crashed where it is another. */
function markOf(session: Session, thread: ThreadInfo): string {
  if (currentThread(session) === thread) return '.';
  return crashOf(session) === thread ? '#' : ' ';
}

function threadLine(session: Session, thread: ThreadInfo): OutputNode {
  const { process } = session.target;
  const pid: Span = process.id.ok ? text(process.id.value.toString(16)) : { span: 'missing', reason: process.id.missing, text: '????' };
  const spans: Span[] = [text(`${markOf(session, thread)} ${thread.index.toString().padStart(2)}  Id: `), pid, text(`.${thread.id.toString(16)} Suspend: `)];
  spans.push(thread.suspendCount.ok ? text(String(thread.suspendCount.value)) : { span: 'missing', reason: thread.suspendCount.missing, text: '?' });
  spans.push(text(' Teb: '), valueSpan(session, thread.teb.ok ? found<bigint>(thread.teb.value) : thread.teb), text(' Unfrozen'));
  if (thread.name.ok && thread.name.value !== '') spans.push(text(` "${thread.name.value}"`));
  return line(...spans);
}

export const THREAD_COMMANDS: readonly CommandSpec[] = [threadCommand];
