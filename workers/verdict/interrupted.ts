/**
 * A double fault is taken on a stack of its own (Intel SDM volume 3A, "Interrupt Stack Table"), where unwinding may end. The processor's
 * frame stands on it, RIP CS RFLAGS RSP SS, and the stop's fourth argument is its RIP.
 */
import { type Va, va } from '../base/address.ts';
import { viewOf } from '../bytes/struct.ts';
import type { Case } from './case.ts';
import { spOf } from './fault.ts';

/** Selector of kernel code (KGDT64_R0_CODE). */
const KERNEL_CODE = 0x10n;
const LOOK_BYTES = 0x2000;

/** Stack pointer of the interrupted code; undefined where the frame is not in the dump. */
export function interruptedSp(c: Case): Va | undefined {
  const { context, arch } = c.target;
  const sp = context.ok ? spOf(context.value.registers, arch) : undefined;
  if (arch !== 'x64' || sp === undefined) return undefined;
  const { bytes, got } = c.target.memory.read(sp, LOOK_BYTES);
  const view = viewOf(bytes);
  for (let at = 0; at + 0x28 <= got; at += 8) {
    if (view.getBigUint64(at, true) === c.params[3] && view.getBigUint64(at + 8, true) === KERNEL_CODE) return va(view.getBigUint64(at + 0x18, true));
  }
  return undefined;
}
