/** The stack that WinDbg follows, where it is not that of the stop: who holds a lock, what a silent processor ran. */
import { isCanonical, type Va, va, vaAdd } from '../base/address.ts';
import type { Job } from '../base/job.ts';
import { contextSize, parseContext } from '../formats/dump/context.ts';
import { baseBugCheck } from '../knowledge/bugchecks.ts';
import { walkList } from '../modules/loadedlist.ts';
import type { Context, Session } from '../target/target.ts';
import { threadContext } from '../target/threadcontext.ts';
import { findActors, findSuspects } from './actors.ts';
import type { Case } from './case.ts';
import { ipOf } from './fault.ts';

const MOST_FRAMES = 64;

/** Of 0x9F: the thread that holds the lock of Plug and Play, argument 3 for kind 4; the one that works on the held request for kind 3. */
function holderThread(c: Case): Va | undefined {
  if (c.code !== 0x9f) return undefined;
  return c.params[0] === 4n ? va(c.params[2]) : c.params[0] === 3n ? requestThread(c) : undefined;
}

/** TRIAGE_9F_POWER.ThreadList +0x10; POP_IRP_WORKER_ENTRY: Link, Thread +0x10, Irp +0x18 (vergiliusproject.com, x64). */
const THREAD_LIST = 0x10;
const ENTRY_THREAD = 0x10;
const ENTRY_IRP = 0x18;
const MOST_WORKERS = 64;
export function requestThread({ target: { memory }, params }: Case): Va | undefined {
  const head = memory.pointerSize === 8 ? memory.pointer(vaAdd(va(params[2]), THREAD_LIST)) : undefined;
  if (!head?.ok || head.value === 0n) return undefined;
  for (const entry of walkList(memory, head.value, 0, MOST_WORKERS)) {
    const [irp, thread] = [ENTRY_IRP, ENTRY_THREAD].map((offset) => memory.pointer(vaAdd(entry, offset)));
    if (irp?.ok && irp.value === params[3] && thread?.ok) return thread.value;
  }
  return undefined;
}

export function followedContext(c: Case): Context | undefined {
  const thread = holderThread(c);
  if (thread !== undefined) {
    const context = threadContext(c.session, thread);
    return context.ok ? context.value : undefined;
  }
  const hung = hungContext(c.session);
  return hung === 'invalid' ? undefined : hung;
}

/** KPRCB.ProcessorState of 0x101's argument 3, written when the processor was frozen; undefined where it is not in the dump. */
export function hungContext({ target }: Session): Context | 'invalid' | undefined {
  const { bugCheck, memory, arch } = target;
  const offset = target.kernelOffsets?.['OffsetPrcbProcStateContext'];
  if (!bugCheck || baseBugCheck(bugCheck.code) !== 0x101 || offset === undefined) return undefined;
  const at = vaAdd(va(bugCheck.params[2]), offset);
  const size = contextSize(arch);
  const { bytes, got } = memory.read(at, size);
  const record = got === size ? parseContext(bytes, arch) : undefined;
  if (!record?.ok) return undefined;
  const { registers } = record.value;
  const ip = ipOf(registers, arch);
  return ip === undefined || ip === 0n || !isCanonical(ip) ? 'invalid' : { source: 'thread', registers, unknown: [], at };
}

/** The same case on that stack; as it is where the stack is not in the dump. */
export function* followedCase(c: Case): Job<Case> {
  const context = followedContext(c);
  if (!context) return c;
  const stack = yield* c.session.walk(context, MOST_FRAMES, context.stackRange);
  if (stack.frames.length < 2) return c;
  const actors = findActors(c.session, stack.frames);
  return { ...c, stack, actors, suspects: findSuspects(actors) };
}
