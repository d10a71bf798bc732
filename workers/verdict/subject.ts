/** Stops that are about another thread than the one that stopped: its registers and its stack, where the dump holds them. */
import { va } from '../base/address.ts';
import { type Found, missing } from '../base/found.ts';
import type { Job } from '../base/job.ts';
import { threadContext } from '../target/threadcontext.ts';
import type { Context, Session } from '../target/target.ts';
import type { Stack } from '../unwind/frame.ts';
import { type Actor, findActors, findSuspects } from './actors.ts';

export interface Subject {
  readonly context: Context;
  readonly stack: Stack;
  /** Third-party modules on it by more than a stray word, innermost first. */
  readonly suspects: readonly Actor[];
}

type Params = readonly [bigint, bigint, bigint, bigint];

/** Which argument is the thread (the codes' pages): the owner of the device tree's lock, the thread that is stuck. */
const THREAD: Readonly<Record<number, (params: Params) => bigint | undefined>> = {
  0x9f: ([kind, , thread]) => (kind === 4n ? thread : undefined),
  0xea: ([thread]) => thread,
  0x1d5: ([, , thread]) => thread,
};
const HUNG_PROCESSOR = 0x101;
const MOST_FRAMES = 64;

/** Of 0x101 the registers that the hung processor was frozen with; a small dump lists the thread that stopped alone. */
function contextOf(session: Session, code: number, params: Params): Found<Context> {
  const { target } = session;
  if (code === HUNG_PROCESSOR) {
    const thread = target.kind === 'kernel-triage' ? undefined : target.threads.find(({ index }) => BigInt(index) === params[3]);
    return thread?.context ?? missing({ why: 'not-computed', detail: 'the processor is not in the dump' });
  }
  const thread = THREAD[code]?.(params);
  const crash = target.crashThread.ok ? target.threads[target.crashThread.value]?.object : undefined;
  return thread === undefined || thread === crash ? missing({ why: 'not-computed', detail: 'no other thread is named' }) : threadContext(session, va(thread));
}

export function* readSubject(session: Session, code: number, params: Params): Job<Subject | undefined> {
  const context = contextOf(session, code, params);
  if (!context.ok) return undefined;
  const stack = yield* session.walk(context.value, MOST_FRAMES, context.value.stackRange);
  return { context: context.value, stack, suspects: findSuspects(findActors(session, stack.frames)) };
}
