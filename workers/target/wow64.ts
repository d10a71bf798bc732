/**
 * 32-bit code in a 64-bit dump (WOW64): its registers while the thread runs 64-bit code lie behind the TEB's TLS slot 1
 * (phnt, ntwow64.h: WOW64_TLS_CPURESERVED, WOW64_CPURESERVED: flags, machine, then an x86 CONTEXT).
 */
import { type Va, vaAdd } from '../base/address.ts';
import { type Found, mapFound, thenFound } from '../base/found.ts';
import { contextSize, parseContext } from '../formats/dump/context.ts';
import { readAll } from '../memory/bytespace.ts';
import type { AddressSpace } from '../memory/space.ts';
import type { Registers } from '../unwind/frame.ts';
import type { Context, Target, ThreadInfo } from './target.ts';

/** TEB.TlsSlots of x64, slot 1 (Vergilius Project, _TEB64). */
const CPU_RESERVED = 0x1480 + 8;
const CONTEXT_AT = 4;
/** The code segment of 32-bit code. */
const USER_CODE32 = 0x23n;

/** Whether the process is a 32-bit one on 64-bit Windows. */
export function isWow64({ kind, arch, modules }: Target): boolean {
  return kind === 'user' && arch === 'x64' && modules.modules.some(({ name }) => /^wow64cpu$/i.test(name));
}

/** Whether these are the registers of 32-bit code, although the dump is one of x64. */
export const isNarrow = ({ arch }: Pick<Target, 'arch'>, registers: Registers): boolean =>
  arch === 'x64' && (registers['eip'] !== undefined || registers['cs'] === USER_CODE32);

const PAIRS: readonly (readonly [narrow: string, wide: string])[] = ['ax', 'bx', 'cx', 'dx', 'si', 'di', 'bp', 'sp', 'ip'].map((name) => [
  `e${name}`,
  `r${name}`,
]);

/** By their 32-bit names. */
export function narrowRegisters(registers: Registers): Registers {
  if (registers['eip'] !== undefined) return registers;
  return Object.fromEntries(PAIRS.flatMap(([narrow, wide]) => (registers[wide] === undefined ? [] : [[narrow, BigInt.asUintN(32, registers[wide])]])));
}

/** The registers of a thread's 32-bit code. */
export function wow64Context(memory: AddressSpace, thread: ThreadInfo): Found<Context> {
  if (!thread.teb.ok) return thread.teb;
  const size = contextSize('x86');
  return thenFound(memory.pointer(vaAdd(thread.teb.value, CPU_RESERVED)), (reserved: Va) => {
    const at = vaAdd(reserved, CONTEXT_AT);
    return thenFound(readAll(memory, at, size), (bytes) =>
      mapFound(parseContext(bytes, 'x86'), ({ registers }): Context => ({ source: 'thread', registers, unknown: [], at })),
    );
  });
}
