/** What a command may need of a dump, and the words for its absence: which kind of dump would hold it. */
import { describeMissing } from '../base/missingwords.ts';
import type { Session, Target } from '../target/target.ts';
import type { Capability } from './spec.ts';

/** Undefined where the need is met, else a sentence part. */
type Check = (target: Target, session: Session) => string | undefined;

const CHECKS: Readonly<Record<Capability, Check>> = {
  kernel: (target) => (target.kind === 'user' ? 'this is the dump of one application; the command reads kernel structures, which a kernel dump (MEMORY.DMP or a minidump of C:\\Windows\\Minidump) holds' : undefined),
  user: (target) => (target.kind === 'user' ? undefined : 'this is a kernel dump; the command reads an application dump'),
  bugcheck: (target) => (target.bugCheck ? undefined : 'an application dump has no bug check; .exr -1 shows its exception'),
  exception: (target) => (target.exception ? undefined : 'the dump holds no exception record'),
  context: (target) => (target.context.ok ? undefined : `the registers are missing: ${describeMissing(target.context.missing)}`),
  memory: (target) => (target.memory.ranges().length > 0 || target.physical ? undefined : 'the dump holds no memory'),
  modules: (target) => (target.modules.modules.length > 0 ? undefined : 'the dump holds no list of modules'),
  threads: (target) => (target.threads.length > 0 ? undefined : 'the dump holds no list of threads; a kernel memory dump would'),
  stack: (target) => (target.context.ok ? undefined : 'there are no registers to walk a stack from'),
  symbols: () => undefined,
  x64: (target) => (target.arch === 'x64' ? undefined : `the command is for x64; this dump is ${target.arch}`),
  time: (target) => (target.crashTime.ok ? undefined : `the time is missing: ${describeMissing(target.crashTime.missing)}`),
};

export function unmetNeeds(needs: readonly Capability[], session: Session): readonly string[] {
  return needs.map((need) => CHECKS[need](session.target, session)).filter((words): words is string => words !== undefined);
}
