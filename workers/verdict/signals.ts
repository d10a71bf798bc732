/** Names of what ended a program on Linux and Apple systems: numbers there are no NTSTATUS. */
import type { Knowledge } from '../knowledge/knowledge.ts';
import type { Target } from '../target/target.ts';

/** signal.h on Linux (x86 and ARM agree for these). */
const SIGNALS: Readonly<Record<number, string>> = {
  4: 'SIGILL (illegal instruction)',
  5: 'SIGTRAP (breakpoint)',
  6: 'SIGABRT (it ended itself)',
  7: 'SIGBUS (bad memory access)',
  8: 'SIGFPE (arithmetic)',
  9: 'SIGKILL',
  11: 'SIGSEGV (memory it may not use)',
  13: 'SIGPIPE',
  15: 'SIGTERM',
  31: 'SIGSYS (forbidden system call)',
};
/** mach/exception_types.h; the last is Crashpad's mark for an uncaught NSException. */
const MACH: Readonly<Record<number, string>> = {
  1: 'EXC_BAD_ACCESS (memory it may not use)',
  2: 'EXC_BAD_INSTRUCTION (illegal instruction)',
  3: 'EXC_ARITHMETIC',
  4: 'EXC_EMULATION',
  5: 'EXC_SOFTWARE',
  6: 'EXC_BREAKPOINT',
  7: 'EXC_SYSCALL',
  8: 'EXC_MACH_SYSCALL',
  10: 'EXC_CRASH (it ended itself)',
  11: 'EXC_RESOURCE',
  12: 'EXC_GUARD',
  0x43506e78: 'an uncaught NSException',
};

const isApple = (target: Pick<Target, 'os'>): boolean => target.os.family === 'macOS' || target.os.family === 'iOS';

/** "SIGSEGV (memory it may not use)"; undefined on Windows and for numbers that have no name. */
export function signalName(target: Pick<Target, 'os' | 'exception'>): string | undefined {
  const code = target.exception?.code;
  if (code === undefined || target.os.family === 'Windows') return undefined;
  return (isApple(target) ? MACH : SIGNALS)[code];
}

/**
 * The name of the exception's code where it is one: signals and Mach exceptions are no NTSTATUS, and a small number that a program
 * raises on Windows is its own, not a kind of success.
 */
export function exceptionName(target: Pick<Target, 'os' | 'exception'>, knowledge: Knowledge): string | undefined {
  const code = target.exception?.code;
  if (code === undefined) return undefined;
  if (target.os.family !== 'Windows' && target.os.family !== 'unknown') return signalName(target)?.replace(/ \(.*$/, '');
  const entry = knowledge.exception(code);
  return code < 0x1000_0000 && !entry?.gloss ? undefined : entry?.name;
}

/** Only these carry the address that was touched: SIGBUS, SIGSEGV, EXC_BAD_ACCESS. */
export function carriesAddress(target: Pick<Target, 'os' | 'exception'>): boolean {
  const code = target.exception?.code;
  return isApple(target) ? code === 1 : code === 7 || code === 11;
}

/** The program, or its runtime, ended it on purpose. */
export function endedItself(target: Pick<Target, 'os' | 'exception'>): boolean {
  const code = target.exception?.code;
  return isApple(target) ? code === 10 || code === 0x43506e78 : code === 6;
}
