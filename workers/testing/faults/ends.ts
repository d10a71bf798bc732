/** What the kernel does with a processor fault: the road to KeBugCheckEx for each stop code (bug check reference, "Parameters"). */
import { x64Context } from '../build/context.ts';
import { exceptionRecord64 } from '../build/dumpheader.ts';
import { type Aim, type KernelStage, type StopOptions, isCanonical } from './kernelstage.ts';
import type { MadeFault, Truth } from './truth.ts';

const ACCESS_VIOLATION = 0xc0000005;
/** An NTSTATUS as a bug check parameter: sign-extended. */
export const statusWord = (status: number): bigint => BigInt.asUintN(64, BigInt(status | 0));

export interface AccessSpec {
  readonly pointer: bigint;
  readonly write?: boolean;
  readonly truth: Truth;
  readonly stop?: StopOptions;
}

/** 0xA and 0xD1: the fault at raised IRQL. P1 address, P2 IRQL, P3 operation, P4 instruction. */
export function irqlStop(stage: KernelStage, bugCheck: 0xa | 0xd1, spec: AccessSpec): MadeFault {
  const { pointer, write = false } = spec;
  const { rip, cr2, trapFrame } = stage.touch(pointer, write);
  stage.call(stage.nt, 'KiBugCheckDispatch');
  return stage.stop(bugCheck, [cr2, BigInt(stage.irql), write ? 1n : 0n, rip], spec.truth, { cr2, trapFrame, ...spec.stop });
}

/**
 * 0x50: P1 address, P2 operation (0 read, 2 write), P3 instruction, P4 kind (0 free PTE, 2 no page table, 0xf user address).
 * Special pool's own codes have the same first three, with 1 for a write, and nothing in P4.
 */
export function nonpagedStop(stage: KernelStage, spec: AccessSpec & { readonly kind?: bigint; readonly code?: number }): MadeFault {
  const { pointer, write = false, kind = 2n, code = 0x50 } = spec;
  const { rip, cr2, trapFrame } = stage.touch(pointer, write);
  stage.chain(stage.nt, 'MmAccessFault', 'MiSystemFault');
  return stage.stop(code, [cr2, write ? (code === 0x50 ? 2n : 1n) : 0n, rip, kind], spec.truth, { cr2, trapFrame, ...spec.stop });
}

export type ExceptionCode = 0x1e | 0x3b | 0x7e | 0x1000007e;
export interface ExceptionSpec {
  readonly code: ExceptionCode;
  readonly status: number;
  readonly information: readonly bigint[];
  readonly truth: Truth;
  readonly stop?: StopOptions;
}

/** Exception parameters of an access violation; a protection fault tells no address. */
const violation = (cr2: bigint, write: boolean): readonly bigint[] => (isCanonical(cr2) ? [write ? 1n : 0n, cr2] : [0n, 0xffff_ffff_ffff_ffffn]);

/** The running function goes through a bad pointer and nobody handles the exception. */
export function accessException(stage: KernelStage, access: AccessSpec & { readonly code: ExceptionCode; readonly status?: number }): MadeFault {
  const { pointer, write = false, code, truth, status = ACCESS_VIOLATION } = access;
  const stop = access.stop ? { stop: access.stop } : {};
  const aim = stage.aim(pointer, write);
  const spec = { code, status, truth, information: violation(aim.cr2, write), ...stop };
  return code === 0x7e || code === 0x1000007e ? threadStop(stage, aim, spec) : dispatched(stage, stage.touch(pointer, write), spec);
}

/** 0x1E (P1 status, P2 instruction, P3 and P4 exception parameters) and 0x3B (P3 context) after the trap. */
export function dispatched(
  stage: KernelStage,
  fault: { readonly rip: bigint; readonly trapFrame: bigint; readonly registers: Aim['registers'] },
  spec: ExceptionSpec,
): MadeFault {
  const { code, status, information, truth } = spec;
  const [first = 0n, second = 0n] = information;
  const options = { cr2: second, trapFrame: fault.trapFrame, ...spec.stop };
  stage.chain(stage.nt, 'KiExceptionDispatch', 'KiDispatchException');
  if (code === 0x1e) return stage.stop(code, [statusWord(status), fault.rip, first, second], truth, options);
  const context = stage.stack.low + 0x400n;
  stage.memory.push({ address: context, bytes: x64Context(fault.registers, 0x10001f) });
  stage.chain(stage.nt, 'RtlDispatchException', 'RtlpExecuteHandlerForException', 'KiSystemServiceHandler', 'KiBugCheckDispatch');
  return stage.stop(code, [BigInt(status), fault.rip, context, 0n], truth, options);
}

/** 0x7E: P2 instruction, P3 exception record, P4 context. The dump's own context is P4's, its stack the one of the fault. */
export function threadStop(stage: KernelStage, aim: Pick<Aim, 'rip' | 'registers'>, spec: ExceptionSpec): MadeFault {
  const { code, status, information, truth } = spec;
  const [record, context] = [stage.stack.low + 0x300n, stage.stack.low + 0x400n];
  stage.memory.push(
    { address: record, bytes: exceptionRecord64(status, aim.rip, information) },
    { address: context, bytes: x64Context(aim.registers, 0x10001f) },
  );
  const stack = stage.stack.finish(aim.rip);
  return stage.write(code, [statusWord(status), aim.rip, record, context], truth, {
    ...spec.stop,
    change: (made) => ({ ...made, registers: aim.registers, stack }),
  });
}
