/** Threads of a user dump, which of them crashed, and the registers that the crash is about. */
import { type Va, va } from '../base/address.ts';
import { type Found, found, mapFound, missing, notValid } from '../base/found.ts';
import { type CpuContext, readContext } from '../formats/minidump/context.ts';
import { type RawThread, readThreadNames } from '../formats/minidump/threads.ts';
import { BREAKPAD_VALID, readBreakpadInfo } from '../formats/minidump/vendor.ts';
import type { Context, ContextSource, ThreadInfo } from './target.ts';
import { instructionPointer, narrow, type UserBasics } from './userfirst.ts';

function contextFrom(source: ContextSource, cpu: Found<CpuContext>): Found<Context> {
  return mapFound(cpu, ({ registers, unknown }) => ({ source, registers, unknown }));
}

const notWritten = (what: string): Found<never> => missing({ why: 'not-written-by', writer: 'the writer of this dump', what });

function stackRangeOf(raw: RawThread, arch: UserBasics['arch']): ThreadInfo['stackRange'] {
  if (raw.stackSize === 0) return notWritten('stack of this thread');
  const low = va(narrow(raw.stackStart, arch));
  return found({ low, high: va(low + BigInt(raw.stackSize)) });
}

function stackPointer(context: Context): Va | undefined {
  const { registers } = context;
  const value = registers['rsp'] ?? registers['esp'] ?? registers['sp'];
  return value === undefined ? undefined : va(value);
}

/**
 * Wine gives the thread that calls MiniDumpWriteDump the exception's context (wine-write-normal): two threads then show the same
 * registers, and the copy's stack pointer lies outside its own stack.
 */
function isCopyOfCrash(thread: ThreadInfo, crash: Context): boolean {
  if (!thread.context.ok || !thread.stackRange.ok) return false;
  const { value } = thread.context;
  const sp = stackPointer(value);
  const same = sp !== undefined && sp === stackPointer(crash) && instructionPointer(value) === instructionPointer(crash);
  return same && (sp < thread.stackRange.value.low || sp >= thread.stackRange.value.high);
}

export function threadsOf(basics: UserBasics, raws: readonly RawThread[], crash: Found<Context>): ThreadInfo[] {
  const { file, arch, exception } = basics;
  const names = readThreadNames(file);
  const crashId = exception.ok ? exception.value.threadId : undefined;
  return raws.map((raw, index) => {
    const thread: ThreadInfo = {
      id: raw.threadId,
      index,
      name: names.ok ? (names.value.get(raw.threadId) ?? notWritten('name of this thread')) : names,
      teb: raw.teb === 0n ? notWritten('TEB address') : found(va(narrow(raw.teb, arch))),
      suspendCount: found(raw.suspendCount),
      context: contextFrom('thread', readContext(file.source, { size: raw.contextSize, rva: raw.contextRva }, arch)),
      stackRange: stackRangeOf(raw, arch),
    };
    if (raw.threadId === crashId || !crash.ok || !isCopyOfCrash(thread, crash.value)) return thread;
    return { ...thread, context: notValid('CONTEXT of this thread', 'a copy of the exception’s registers', 'its own, with sp inside its stack') };
  });
}

/** The registers at the exception, which in a dump written in-process differ from those in the thread list. */
export function crashContextOf({ file, arch, exception }: UserBasics): Found<Context> {
  if (!exception.ok) return exception;
  return contextFrom('exception', readContext(file.source, exception.value.context, arch));
}

export function crashThreadOf({ exception }: UserBasics, threads: readonly ThreadInfo[]): Found<number> {
  if (!exception.ok) return exception;
  const index = threads.findIndex((thread) => thread.id === exception.value.threadId);
  return index >= 0 ? found(index) : notValid('thread of the exception', `id ${exception.value.threadId}`, 'one in the thread list');
}

export interface ChosenContext {
  readonly context: Found<Context>;
  /** Said among the oddities where it is not the exception's. */
  readonly said?: string;
}

/** Without an exception: the thread that asked for the dump, else thread 0, else the first that has registers. */
function standIn(basics: UserBasics, threads: readonly ThreadInfo[]): ChosenContext {
  const breakpad = readBreakpadInfo(basics.file);
  const asked = breakpad.ok && (breakpad.value.validity & BREAKPAD_VALID.requestingThread) !== 0 ? breakpad.value.requestingThreadId : undefined;
  const requesting = threads.find((thread) => thread.id === asked && thread.context.ok);
  if (requesting)
    return { context: requesting.context, said: `no exception in the dump: the registers are those of thread ${requesting.index}, which asked for the dump` };
  const first = threads.find((thread) => thread.context.ok);
  if (first) return { context: first.context, said: `no exception in the dump: the registers are those of thread ${first.index}, the first that has any` };
  return { context: missing({ why: 'stream-absent', stream: 'ExceptionStream' }) };
}

export function chooseContext(basics: UserBasics, threads: readonly ThreadInfo[], crash: Found<Context>): ChosenContext {
  if (crash.ok) return { context: crash };
  if (!basics.exception.ok) return standIn(basics, threads);
  const own = crashThreadOf(basics, threads);
  const thread = own.ok ? threads[own.value] : undefined;
  if (thread?.context.ok) return { context: thread.context, said: 'the exception has no readable registers: those of its thread in the thread list are taken' };
  return { context: crash };
}
