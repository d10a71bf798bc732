/** What programs leave in memory when they end or wait: thrown objects, kept errors, reports of the heap, locks. */
import { ascii, concat, put, utf16 } from '../build/binary.ts';
import { words } from '../build/scene.ts';
import type { Draw } from './draw.ts';
import type { MadeFault, Truth } from './truth.ts';
import { type UserOptions, UserStage } from './userstage.ts';

/**
 * ThrowInfo, CatchableTypeArray, CatchableType and TypeDescriptor in the program's data (ehdata.h), a std::exception on the heap
 * (vcruntime_exception.h). Answers the exception's parameters.
 */
export function thrownObject(stage: UserStage, types: readonly string[], message?: Uint8Array): readonly bigint[] {
  const { base } = stage.loaded(stage.program);
  const at = 0x7f000;
  const data = new Uint8Array(0x600);
  put(data, 0xc, 4, at + 0x20);
  put(data, 0x20, 4, types.length);
  types.forEach((type, index) => {
    const [entry, descriptor] = [0x60 + index * 0x30, 0x200 + index * 0x80];
    put(data, 0x24 + index * 4, 4, at + entry);
    put(data, entry + 4, 4, at + descriptor);
    data.set(ascii(`${type}\0`), descriptor + 0x10);
  });
  const object = stage.draw.heap();
  stage.memory.push({ address: base + BigInt(at), bytes: data });
  if (message) stage.memory.push(words(object, [base + 0x3000n, object + 0x40n]), { address: object + 0x40n, bytes: message });
  return [0x1993_0520n, object, base + BigInt(at), base];
}

export interface KeptError {
  /** 1: a stack, 2: a text. */
  readonly form: 1 | 2;
  readonly signature: string;
  /** A step of the program stands in the kept stack. */
  readonly own: boolean;
}

/**
 * STOWED_EXCEPTION_INFORMATION behind an array of one pointer: Size, Signature, ResultCode, ExceptionForm, then ExceptionAddress,
 * StackTraceWordSize, StackTraceWords, StackTrace or ErrorText (learn.microsoft.com, wer.h). Answers the exception's parameters.
 */
export function keptError(stage: UserStage, { form, signature, own }: KeptError): readonly bigint[] {
  const at = stage.draw.heap();
  const [ntdll, program] = [stage.loaded('ntdll.dll').base + 0x2345n, stage.loaded(stage.program).base + 0x1234n];
  const head = new Uint8Array(0x10);
  const letters = [...signature].reduce((value, letter) => (value << 8) | letter.charCodeAt(0), 0);
  [0x28, letters, 0x80070005, form].forEach((value, index) => put(head, index * 4, 4, value));
  const rest = words(0n, [form === 1 ? ntdll : at + 0x300n, (2n << 32n) | 8n, at + 0x200n]).bytes;
  stage.memory.push(words(at, [at + 0x100n]), { address: at + 0x100n, bytes: concat(head, rest) });
  stage.memory.push(words(at + 0x200n, [ntdll, own ? program : ntdll + 0x40n]), { address: at + 0x300n, bytes: utf16('access to the album was denied\0') });
  return [at, 1n];
}

/** HEAP_FAILURE_INFORMATION in ntdll's data: version, size, kind, heap, block. Without a kind its memory is not in the dump. Answers its address. */
export function heapReport(stage: UserStage, kind: number | undefined): bigint {
  const at = stage.loaded('ntdll.dll').base + 0xf_0000n;
  if (kind !== undefined) stage.memory.push(words(at, [(0xa8n << 32n) | 2n, BigInt(kind), stage.draw.heap(), 0x1f0_0000_0040n]));
  return at;
}

export const FIRST_THREAD = 0x1004;

export interface Waits {
  /** For each thread the lock that it waits for; one without computes. */
  readonly waits: readonly (number | undefined)[];
  /** For each lock the thread that owns it; one without is free. */
  readonly owners: readonly (number | undefined)[];
}

/**
 * Threads of a program that wait for critical sections. RTL_CRITICAL_SECTION (winnt.h): DebugInfo, LockCount (bit 0 clear while
 * locked, waiters counted down above bit 1), RecursionCount, OwningThread.
 */
export function waitingProgram(draw: Draw, { waits, owners }: Waits, options: UserOptions = {}): UserStage {
  const stage = new UserStage(draw, { threadId: FIRST_THREAD, ...options });
  const locks = owners.map(() => draw.heap());
  waits.forEach((lock, index) => {
    const thread = index === 0 ? stage.thread : stage.another();
    thread.start(stage.program, 'Start').chain(stage.program, 'Run', 'Handle', 'Fault');
    const at = lock === undefined ? undefined : locks[lock];
    if (at === undefined) return;
    thread.call('ntdll.dll', 'RtlEnterCriticalSection');
    thread.stack.set({ rcx: at, rbx: at });
    thread.chain('ntdll.dll', 'RtlpEnterCriticalSectionContended', 'RtlpWaitOnCriticalSection', 'NtWaitForAlertByThreadId');
  });
  owners.forEach((owner, index) => {
    const waiters = waits.filter((one) => one === index).length;
    const state = owner === undefined ? [0xffff_ffffn, 0n] : [(1n << 32n) | BigInt.asUintN(32, BigInt(-2 - 4 * waiters)), BigInt(FIRST_THREAD + 4 * owner)];
    stage.memory.push(words(locks[index] ?? 0n, [0xffff_ffff_ffff_ffffn, ...state, 0n]));
  });
  return stage;
}

/** Whoever damaged what Windows' code finds damaged is not on the stack. */
export const foundByWindows = (stage: UserStage): Truth => ({ causes: ['memory', 'application'], culprits: [stage.program], undecidable: true });

/** The heap finds damage while the program frees a block. */
export function heapDamage(stage: UserStage, kind: number | undefined): MadeFault {
  const { thread } = stage;
  thread
    .call('ucrtbase.dll', 'free')
    .call('ntdll.dll', 'RtlFreeHeap')
    .chain('ntdll.dll', 'RtlpFreeHeapInternal', 'RtlpLogHeapFailure', 'RtlReportCriticalFailure');
  const parameters = [heapReport(stage, kind)];
  return stage.write({ code: 0xc0000374, address: thread.placeOf('break'), parameters, flags: 1 }, foundByWindows(stage));
}
