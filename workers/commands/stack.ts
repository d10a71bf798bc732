/** `k` and its kin. Layout: headings and columns of current WinDbg, as in the public texts (docs/commands.md names them). */
import type { Job } from '../base/job.ts';
import { type Found, found } from '../base/found.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { va } from '../base/address.ts';
import type { Session, ThreadInfo } from '../target/target.ts';
import type { Frame, Stack } from '../unwind/frame.ts';
import { valueOf } from './arguments.ts';
import { address, placeOrAddress } from './names.ts';
import { type CommandContext, type CommandSpec, type OutputNode, type Span, line, note, text } from './spec.ts';

export interface StackStyle {
  readonly numbers: boolean;
  readonly args: boolean;
  readonly childSp: boolean;
  readonly trapFrames: boolean;
}
const STYLES: Readonly<Record<string, StackStyle>> = {
  k: { numbers: true, args: false, childSp: true, trapFrames: false },
  kn: { numbers: true, args: false, childSp: true, trapFrames: false },
  kP: { numbers: true, args: false, childSp: true, trapFrames: false },
  kp: { numbers: true, args: false, childSp: true, trapFrames: false },
  kL: { numbers: true, args: false, childSp: true, trapFrames: false },
  kb: { numbers: true, args: true, childSp: false, trapFrames: false },
  kv: { numbers: true, args: true, childSp: true, trapFrames: true },
  kc: { numbers: true, args: false, childSp: false, trapFrames: false },
};

/** Words for how a frame was found, where it is not by the registers or unwind data. */
const TRUST_WORDS: Readonly<Record<Frame['trust'], string | undefined>> = {
  context: undefined,
  'unwind-info': undefined,
  given: undefined,
  'frame-pointer': 'by frame pointer',
  'scan-call-checked': 'scan, call before it checked',
  scan: 'scan only',
};

function valueSpan(session: Session, value: Found<bigint>): Span {
  if (value.ok) return address(session, va(value.value));
  const digits = session.memory.pointerSize === 8 ? '????????`????????' : '????????';
  return { span: 'missing', reason: value.missing, text: digits };
}

function heading(style: StackStyle, wide: boolean): string {
  const sp = wide ? 'Child-SP          ' : 'ChildEBP ';
  const ret = wide ? 'RetAddr               ' : 'RetAddr      ';
  const args = wide ? ': Args to Child                                                           : ' : 'Args to Child              ';
  if (!style.childSp && !style.args) return ' # Call Site';
  return ` # ${style.childSp ? sp : ''}${ret}${style.args ? args : ''}Call Site`;
}

/** One frame; `returnTo` is the return address that `k` prints, zero at the last frame. */
export function frameLine(session: Session, frame: Frame, index: number, style: StackStyle): OutputNode {
  const wide = session.memory.pointerSize === 8;
  const spans: Span[] = [text(`${index.toString(16).padStart(2, '0')} `)];
  if (style.childSp) spans.push(address(session, frame.sp), text(' '));
  if (style.childSp || style.args) spans.push(valueSpan(session, frame.returnAddress), text(wide ? '     ' : ' '));
  if (style.args) {
    spans.push(text(wide ? ': ' : ''));
    for (let slot = 0; slot < (wide ? 4 : 3); slot++) spans.push(valueSpan(session, frame.args[slot] ?? noArgument), text(' '));
    spans.push(text(wide ? ': ' : ''));
  }
  spans.push(placeOrAddress(session, frame.ip), ...sourceSpans(frame));
  if (style.trapFrames && frame.boundary === 'trap-frame') spans.push(text(' (TrapFrame)'));
  const words = TRUST_WORDS[frame.trust];
  if (words) spans.push(text(`  [${words}]`));
  return line(...spans);
}
const noArgument: Found<bigint> = { ok: false, missing: { why: 'not-computed', detail: 'the frame has no home slots to read' } };

function sourceSpans(frame: Frame): readonly Span[] {
  const source = frame.symbol.ok ? frame.symbol.value.source : undefined;
  return source ? [text(` [${source.file} @ ${source.line}] `)] : [];
}

/** The whole stack with its heading; runs of one repeated place are folded, and the end says why it ended. */
export function stackNodes(session: Session, stack: Stack, style: StackStyle): readonly OutputNode[] {
  if (stack.frames.length === 0) return [note(`no frames: ${stack.ended.detail}`)];
  const nodes: OutputNode[] = [line(heading(style, session.memory.pointerSize === 8))];
  stack.frames.forEach((frame, index) => nodes.push(frameLine(session, frame, index, style)));
  if (stack.ended.reason !== 'root' && stack.ended.reason !== 'end-of-stack') nodes.push(note(`the walk ended here: ${stack.ended.detail}`));
  return nodes;
}

/** The stack of the scope: the crash's own, or one walked from a context that .cxr or .trap set. */
export function* scopeStack(session: Session, limit: number): Job<Stack> {
  const crash = session.target.context;
  if (!session.scope || (crash.ok && crash.value === session.scope)) return yield* session.crashStack();
  return yield* session.walk(session.scope, limit);
}

const FRAMES_SHOWN = 256;

function stackCommand(name: string): CommandSpec {
  const style = STYLES[name] ?? STYLES['k'];
  return {
    name,
    aliases: name === 'k' ? ['kn', 'kL', 'kp', 'kP', 'kn'] : [],
    group: 'stack',
    summary: SUMMARIES[name] ?? 'the stack of the current scope',
    args: [{ name: 'count', kind: 'expression', optional: true, summary: 'most frames to show' }],
    needs: ['stack'],
    examples: [{ line: name, fixture: 'sample' }],
    *run(context, tail): Job<Reply<readonly OutputNode[]>> {
      const count = tail.trim() === '' ? undefined : valueOf(context.session, tail);
      if (count && !count.ok) return count;
      const limit = count ? Number(count.value > 0xffffn ? 0xffffn : count.value) : FRAMES_SHOWN;
      const stack = yield* scopeStack(context.session, FRAMES_SHOWN);
      const cut = { ...stack, frames: stack.frames.slice(0, limit) };
      return reply([...scopeNotice(context), ...stackNodes(context.session, cut, style as StackStyle)]);
    },
  };
}

const SUMMARIES: Readonly<Record<string, string>> = {
  k: 'the stack: stack pointer, return address and place of each frame, and how each was found',
  kb: 'the stack with the first arguments as they stand in the home slots',
  kv: 'as kb, with stack pointers and trap frames',
  kc: 'the stack: places only',
};

function scopeNotice(context: CommandContext): readonly OutputNode[] {
  const { scope, target } = context.session;
  const changed = scope && !(target.context.ok && target.context.value === scope);
  return changed ? [line('  *** Stack trace for last set context - .thread/.cxr resets it')] : [];
}

/** `~`: threads; `~*k`: each with its stack; `~Ns`: makes thread N the scope. */
export const threadCommand: CommandSpec = {
  name: '~',
  aliases: [],
  group: 'threads',
  summary: 'the threads; ~*k with their stacks; ~Ns makes thread N the scope',
  args: [{ name: 'what', kind: 'text', optional: true, summary: '*k, Nk or Ns' }],
  needs: ['threads'],
  examples: [{ line: '~', fixture: 'user' }],
  *run({ session }, tail) {
    const wanted = /^\s*(\*|#|\.|\d+)?\s*(kn|kb|kv|kc|k|s)?\s*$/.exec(tail);
    if (!wanted) return refuse('BAD_ARGUMENT', 'write ~, ~*k, ~3k or ~3s', { at: 1 });
    const chosen = chooseThreads(session, wanted[1]);
    if (chosen.length === 0) return refuse('BAD_ARGUMENT', 'there is no such thread', { at: 1 });
    const what = wanted[2];
    if (what === 's') return selectThread(session, chosen);
    const nodes: OutputNode[] = [];
    for (const thread of chosen) {
      nodes.push(threadLine(session, thread));
      if (!what) continue;
      nodes.push(line(''), ...stackNodes(session, yield* threadStack(session, thread), (STYLES[what] ?? STYLES['k']) as StackStyle), line(''));
      yield { progress: `Stack of thread ${thread.index}`, done: thread.index + 1, of: session.target.threads.length };
    }
    return reply(nodes);
  },
};

function chooseThreads(session: Session, which: string | undefined): readonly ThreadInfo[] {
  const { threads, crashThread } = session.target;
  if (which === undefined || which === '*') return threads;
  if (which === '#' || which === '.') return threads.filter((_thread, index) => crashThread.ok && crashThread.value === index);
  return threads.filter((thread) => thread.index === Number(which));
}

function selectThread(session: Session, chosen: readonly ThreadInfo[]): Reply<readonly OutputNode[]> {
  const thread = chosen[0];
  if (!thread || chosen.length !== 1) return refuse('BAD_ARGUMENT', 'one thread is wanted: ~3s', { at: 1 });
  if (!thread.context.ok) return refuse('BAD_ARGUMENT', 'the dump holds no registers of this thread', { at: 1 });
  session.scope = thread.context.value;
  return reply([note(`thread ${thread.index} is the scope now; .ecxr goes back to the crash`)]);
}

export function* threadStack(session: Session, thread: ThreadInfo): Job<Stack> {
  if (!thread.context.ok) return { frames: [], ended: { reason: 'no-memory', detail: 'the dump holds no registers of this thread' } };
  return yield* session.walk(thread.context.value, FRAMES_SHOWN, thread.stackRange.ok ? thread.stackRange.value : undefined);
}

function threadLine(session: Session, thread: ThreadInfo): OutputNode {
  const { target } = session;
  const crashed = target.crashThread.ok && target.threads[target.crashThread.value] === thread;
  const pid = target.process.id.ok ? target.process.id.value.toString(16) : '????';
  const spans: Span[] = [text(`${crashed ? '#' : ' '} ${thread.index.toString().padStart(2)}  Id: ${pid}.${thread.id.toString(16)} Suspend: `)];
  spans.push(thread.suspendCount.ok ? text(String(thread.suspendCount.value)) : { span: 'missing', reason: thread.suspendCount.missing, text: '?' });
  spans.push(text(' Teb: '), valueSpan(session, thread.teb.ok ? found<bigint>(thread.teb.value) : thread.teb), text(' Unfrozen'));
  if (thread.name.ok && thread.name.value !== '') spans.push(text(` "${thread.name.value}"`));
  return line(...spans);
}

export const STACK_COMMANDS: readonly CommandSpec[] = [stackCommand('k'), stackCommand('kb'), stackCommand('kv'), stackCommand('kc'), threadCommand];
export const styleOf = (name: string): StackStyle => (STYLES[name] ?? STYLES['k']) as StackStyle;
