/** The registers of a thread of the kernel, running or switched away from. */
import { type Va, vaAdd } from '../base/address.ts';
import { type Found, found, mapFound, missing, notValid, thenFound } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import type { Context, Session } from './target.ts';

/**
 * KSWITCH_FRAME of x64, at KTHREAD.KernelStack of a thread that waits: RBP and the return address into SwapContext's caller.
 * Its home slots came and went (Vergilius Project, _KSWITCH_FRAME x64, 0x40 bytes; ReactOS, ketypes.h, amd64); the return
 * address tells which it is: it lies in the kernel.
 */
const SWITCH_FRAMES: readonly { readonly rbp: number; readonly back: number }[] = [
  { rbp: 0x30, back: 0x38 },
  { rbp: 0x10, back: 0x18 },
];

function switchFrame(session: Session, at: Va): Found<Context> {
  const { arch, modules } = session.target;
  if (arch !== 'x64') return missing({ why: 'unknown-layout', type: '_KSWITCH_FRAME', build: arch });
  for (const { rbp, back } of SWITCH_FRAMES) {
    const rip = session.memory.pointer(vaAdd(at, back));
    if (!rip.ok) return rip;
    if (modules.find(rip.value)?.module.name !== 'nt') continue;
    return mapFound(session.memory.pointer(vaAdd(at, rbp)), (saved): Context => ({
      source: 'thread',
      registers: { rip: rip.value, rsp: vaAdd(at, back + 8), rbp: saved },
      unknown: [],
      at,
    }));
  }
  return notValid('KSWITCH_FRAME', hex(at), 'a return address into nt');
}

/** The registers of the thread whose ETHREAD lies at `at`: a processor's, or those it saved when it was switched away from. */
export function threadContext(session: Session, at: Va): Found<Context> {
  const { threads, kernelOffsets } = session.target;
  const running = threads.find((thread) => thread.object === at && thread.context.ok);
  if (running) return running.context;
  const pointer = (name: string): Found<Va> => {
    const offset = kernelOffsets?.[name];
    return offset === undefined
      ? missing({ why: 'unknown-layout', type: `_KTHREAD (${name})`, build: 'not told by KDBG' })
      : session.memory.pointer(vaAdd(at, offset));
  };
  return thenFound(pointer('OffsetKThreadKernelStack'), (stack) =>
    thenFound(switchFrame(session, stack), (context) => {
      const low = pointer('OffsetKThreadStackLimit');
      const high = pointer('OffsetKThreadStackBase');
      const stackRange = low.ok && high.ok && low.value < high.value ? { low: low.value, high: high.value } : undefined;
      return found({ ...context, thread: at, ...(stackRange ? { stackRange } : {}) });
    }),
  );
}
