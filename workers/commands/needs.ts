/** What a command may need of a dump, and the words for its absence: which kind of dump would hold it, and which setting writes one. */
import { describeMissing } from '../base/missingwords.ts';
import type { Session, Target } from '../target/target.ts';
import type { Capability } from './spec.ts';

/** Undefined where the need is met, else a sentence part. */
type Check = (target: Target, session: Session) => string | undefined;

/** learn.microsoft.com/windows/client-management/system-failure-recovery-options, "write debugging information". */
const KERNEL_SETTING =
  'System Properties, Advanced, Startup and Recovery, "Write debugging information: Kernel memory dump" makes Windows write one to C:\\Windows\\MEMORY.DMP';
/** learn.microsoft.com/windows/win32/wer/collecting-user-mode-dumps. */
const USER_SETTING = 'the registry key LocalDumps of Windows Error Reporting with DumpType 2, or Task Manager, Details, "Create memory dump file", writes one';

const wants = (target: Target): string =>
  target.kind === 'user' ? `an application dump with full memory would; ${USER_SETTING}` : `a kernel memory dump would; ${KERNEL_SETTING}`;

const CHECKS: Readonly<Record<Capability, Check>> = {
  kernel: (target) =>
    target.kind === 'user'
      ? `this is the dump of one application; the command reads kernel structures, which a kernel dump holds; ${KERNEL_SETTING}`
      : undefined,
  user: (target) => (target.kind === 'user' ? undefined : `this is a kernel dump; the command reads an application dump; ${USER_SETTING}`),
  bugcheck: (target) => (target.bugCheck ? undefined : 'an application dump has no bug check; .exr -1 shows its exception'),
  exception: (target) =>
    target.exception ? undefined : `the dump holds no exception record; ${target.kind === 'user' ? USER_SETTING : '.bugcheck shows what stopped Windows'}`,
  context: (target) => (target.context.ok ? undefined : `the registers are missing: ${describeMissing(target.context.missing)}`),
  memory: (target) => (target.memory.ranges().length > 0 || target.physical ? undefined : `the dump holds no memory; ${wants(target)}`),
  modules: (target) =>
    target.modules.modules.length > 0 ? undefined : `the dump holds no list of modules: it is damaged or was cut; a complete dump lists them. ${wants(target)}`,
  threads: (target) => (target.threads.length > 0 ? undefined : `the dump holds no list of threads; ${wants(target)}`),
  stack: (target) => (target.context.ok ? undefined : `there are no registers to walk a stack from: ${describeMissing(target.context.missing)}`),
  symbols: (target, session) =>
    target.modules.modules.some((module) => session.symbols.table(module).ok)
      ? undefined
      : 'no symbols are here yet; .reload asks for them, .sympath says where',
  x64: (target) => (target.arch === 'x64' ? undefined : `the command is for x64; this dump is ${target.arch}`),
  time: (target) => (target.crashTime.ok ? undefined : `the time is missing: ${describeMissing(target.crashTime.missing)}`),
};

export function unmetNeeds(needs: readonly Capability[], session: Session): readonly string[] {
  return needs.map((need) => CHECKS[need](session.target, session)).filter((words): words is string => words !== undefined);
}
