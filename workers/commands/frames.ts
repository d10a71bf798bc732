/** `.frame` and `.thread`: which frame's locals and registers are meant, and which thread's. */
import { va } from '../base/address.ts';
import { describeMissing } from '../base/missingwords.ts';
import type { Job } from '../base/job.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import type { Context, Session } from '../target/target.ts';
import { threadContext } from '../target/threadcontext.ts';
import type { Frame } from '../unwind/frame.ts';
import { addressOf, valueOf } from './arguments.ts';
import { plainAddress } from './names.ts';
import { contextNodes } from './registers.ts';
import { findRow, numberOfFrame, scopeStack, sessionView, styleOf } from './stack.ts';
import { type CommandSpec, type OutputNode, line } from './spec.ts';

const MOST_FRAMES = 0xffff;
/** The caller's frame gives a frame its return address. */
const WITH_CALLER = 2;

/** The registers of a frame as the walk recovered them; what it could not recover is not known. */
const contextOfFrame = (frame: Frame): Context => ({ source: 'frame', registers: frame.registers, unknown: [] });

/** The session as the frame sees it that .frame chose: its registers are the scope's. */
export function* frameScope(session: Session): Job<Session> {
  if (session.scopeFrame === 0) return session;
  const { frames } = yield* scopeStack(session, session.scopeFrame + WITH_CALLER);
  const frame = frames[session.scopeFrame];
  return frame ? sessionView(session, contextOfFrame(frame)) : session;
}

/** `.frame /r 0n2`: letters, then the number. */
const LINE = /^\s*((?:\/[rc]+\s*)*)(.*)$/i;

const frameCommand: CommandSpec = {
  name: '.frame',
  aliases: [],
  group: 'stack',
  summary: 'the frame whose locals are meant; /r its registers as recovered; /c makes them the scope',
  args: [
    { name: 'flags', kind: 'flags', optional: true, summary: '/r, /c' },
    { name: 'frame', kind: 'expression', optional: true, summary: 'number of the frame, as kn shows it' },
  ],
  needs: ['stack'],
  examples: [
    { line: '.frame 1', fixture: 'sample' },
    { line: '.frame /r 1', fixture: 'sample' },
  ],
  *run({ session }, tail): Job<Reply<readonly OutputNode[]>> {
    const [, flags = '', number = ''] = LINE.exec(tail) ?? [];
    const wanted: Reply<bigint | undefined> = number.trim() === '' ? reply(undefined) : valueOf(session, number);
    if (!wanted.ok) return wanted;
    if ((wanted.value ?? 0n) > BigInt(MOST_FRAMES)) return refuse('BAD_ARGUMENT', `at most 0x${MOST_FRAMES.toString(16)} frames are walked`, { at: 0 });
    const stack = yield* scopeStack(session, Number(wanted.value ?? BigInt(session.scopeFrame)) + WITH_CALLER);
    const row = findRow(session, stack.frames, Number(wanted.value ?? numberOfFrame(stack.frames, session.scopeFrame)), styleOf('k'));
    const frame = row && stack.frames[row.index];
    if (!frame) return refuse('BAD_ARGUMENT', `there are ${stack.frames.length} frames: ${stack.ended.detail}`, { at: 0 });
    const { index, node } = row;
    const context = contextOfFrame(frame);
    if (/c/i.test(flags)) session.scope = context;
    else session.scopeFrame = index;
    return reply(flags === '' ? [node] : [node, ...contextNodes(session, context)]);
  },
};

const threadCommand: CommandSpec = {
  name: '.thread',
  aliases: [],
  group: 'threads',
  summary: 'makes the registers of a thread of the kernel the scope; without an address those of the crash',
  args: [{ name: 'thread', kind: 'expression', optional: true, summary: 'address of its ETHREAD' }],
  needs: ['kernel'],
  examples: [{ line: '.thread', fixture: 'sample' }],
  *run({ session }, tail): Job<Reply<readonly OutputNode[]>> {
    const rest = tail.replace(/^\s*(\/[prP]+\s*)+/, '');
    const { crashThread, threads, context } = session.target;
    const own = crashThread.ok ? threads[crashThread.value]?.object : undefined;
    const at = rest.trim() === '' ? reply(own ?? va(0n)) : addressOf(session, rest);
    if (!at.ok) return at;
    const wanted = at.value === own || at.value === 0n ? context : threadContext(session, at.value);
    if (!wanted.ok) return refuse('BAD_ARGUMENT', describeMissing(wanted.missing), { at: 0 });
    session.scope = wanted.value;
    return reply(at.value === 0n ? [line('Resetting default scope')] : [line('Using context of thread ', plainAddress(session, at.value))]);
  },
};

export const FRAME_COMMANDS: readonly CommandSpec[] = [frameCommand, threadCommand];
