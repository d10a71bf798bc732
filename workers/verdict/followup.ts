/**
 * Whom WinDbg names: the first frame from the fault on that is neither the way to the stop nor of a module that works for others.
 * Read off its published outputs.
 */
import { type Actor, imageOf } from './actors.ts';
import type { Case } from './case.ts';
import { isLive } from './rules/index.ts';
import { callerOfBugCheck } from './rules/process.ts';

/** Modules that WinDbg passes over when it looks for whom to name. */
const SKIPPED = /^(nt|ntoskrnl|ntkrnl\w*|hal|fltmgr|ntfs|ks|wdf01000|wdfldr|verifierext)$/i;
const SKIPPED_USER = /^(ntdll|kernelbase|kernel32)$/i;
const SKIPPED_IF_FOLLOWED = /^ndis$/i;
const HAL = /^hal$/i;
const MACHINERY =
  /^(Ke?BugCheck|KiBugCheck|KiFastFail|KiRaiseSecurityCheck|KiPageFault|KiGeneralProtection|KiExceptionDispatch|MiSystemFault|MmAccessFault|RtlpHeapHandle|RtlpHpHeapHandle|KiDispatchException|KiInvalidOpcode)/;

/**
 * The frame that WinDbg would name. Stray words on the stack are left out. Where only modules stand that it passes over, the first that is
 * not the kernel; of a live report the top frame; of a fast fail in the kernel its dispatcher; of a stop that a driver made, the driver.
 */
export function followUp(c: Case): Actor | undefined {
  const trusted = candidates(c);
  const skipped = c.kernel ? SKIPPED : SKIPPED_USER;
  const passes = ({ module }: Actor): boolean => skipped.test(module.name);
  const first = trusted.find(
    (actor, at) => !passes(actor) && !(SKIPPED_IF_FOLLOWED.test(actor.module.name) && trusted.slice(at + 1).some((one) => !passes(one))),
  );
  if (first) return first;
  if (isLive(c)) return trusted[0];
  const dispatch = c.code === 0x139 ? c.actors.find(isFastFail) : undefined;
  const caller = callerOfBugCheck(c);
  const own = trusted.find(({ module }) => module.name.toLowerCase() !== 'nt' && !HAL.test(module.name));
  return own ?? dispatch ?? (caller?.thirdParty ? caller : (trusted.find(({ module }) => !HAL.test(module.name)) ?? trusted[0]));
}

/** Proved frames from the fault on, without the kernel's own way to the stop. */
function candidates(c: Case): readonly Actor[] {
  const from = c.actors.find((actor) => actor.frame.ip === c.fault.ip)?.index ?? 0;
  return c.actors.filter((actor) => actor.trusted && actor.index >= from && !(actor.frame.symbol.ok && MACHINERY.test(actor.frame.symbol.value.name)));
}

const isFastFail = ({ frame, trusted }: Actor): boolean => trusted && frame.symbol.ok && frame.symbol.value.name === 'KiFastFailDispatch';

/** Modules that stand over the followed frame and were passed over, since they work for others; each once, innermost first. */
export function passedOver(c: Case): readonly string[] {
  const chosen = followUp(c);
  const over = candidates(c).filter((actor) => chosen !== undefined && actor.index < chosen.index && actor.module !== chosen.module);
  return [...new Set(over.map((actor) => imageOf(actor.module)))];
}

/** Without offset and parameters; what may not stand in a bucket is an underscore: `~Thread` is `_Thread`. */
function functionOf(actor: Actor, nameless: string): string {
  const { symbol } = actor.frame;
  const name = symbol.ok && symbol.value.kind !== 'export' ? symbol.value.name : nameless;
  return name.replace(/\(.*$/s, '').replaceAll(/[~`'<>\s]/g, '_');
}

/** "rtwlanu!unknown_function", in an application "AccessV.exe!main"; code of no module is "…!unknown_error_in_process" there. */
export function subject(c: Case): string {
  const nameless = c.kernel ? 'unknown_function' : 'Unknown';
  const named = (module: Actor['module']): string => (c.kernel ? module.name : imageOf(module));
  const actor = followUp(c);
  if (actor) return `${named(actor.module)}!${functionOf(actor, nameless)}`;
  const { place } = c.fault;
  if (place) return `${named(place.module)}!${nameless}`;
  const [program] = c.target.modules.modules;
  return c.kernel || !program || !c.target.exception ? 'unknown_module!unknown_function' : `${imageOf(program)}!unknown_error_in_process`;
}
