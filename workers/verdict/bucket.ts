/**
 * WinDbg's FAILURE_BUCKET_ID, by the rules read off its published outputs: a problem part, then module!function without offset.
 * The signature is ours: code, module and place, stable over builds of Windows where a driver is concerned.
 */
import { hex } from '../base/hex.ts';
import { type Actor, imageOf } from './actors.ts';
import type { Case } from './case.ts';
import { textOf } from './address.ts';
import { ownerOfDevice } from './devicestack.ts';
import { cpuMaker } from './cpumaker.ts';
import type { Finding } from './finding.ts';
import { isLive } from './rules/index.ts';
import { callerOfBugCheck } from './rules/process.ts';
import type { Verdict } from './verdict.ts';

/** Modules that WinDbg passes over when it looks for whom to name. */
const SKIPPED = /^(nt|ntoskrnl|ntkrnl\w*|hal|fltmgr|ntfs|ks|wdf01000|wdfldr|verifierext)$/i;
const SKIPPED_IF_FOLLOWED = /^ndis$/i;
const MACHINERY =
  /^(Ke?BugCheck|KiBugCheck|KiFastFail|KiRaiseSecurityCheck|KiPageFault|KiGeneralProtection|KiExceptionDispatch|MiSystemFault|MmAccessFault|RtlpHeapHandle|RtlpHpHeapHandle|KiDispatchException|KiInvalidOpcode)/;

const bare = (image: string): string => image.replace(/\.(sys|exe|dll)$/i, '');

function functionOf(actor: Actor, user: boolean): string {
  const { symbol } = actor.frame;
  return symbol.ok && symbol.value.kind !== 'export' ? symbol.value.name : user ? 'Unknown' : 'unknown_function';
}

/**
 * The frame that WinDbg would name. Stray words on the stack are left out. Where only modules stand that it passes over, the first that is
 * not the kernel; of a live report the top frame; of a fast fail in the kernel its dispatcher; of a stop that a driver made, the driver.
 */
export function followUp(c: Case): Actor | undefined {
  const trusted = candidates(c);
  const first = trusted.find(
    (actor, at) =>
      !SKIPPED.test(actor.module.name) && !(SKIPPED_IF_FOLLOWED.test(actor.module.name) && trusted.slice(at + 1).some((one) => !SKIPPED.test(one.module.name))),
  );
  if (first) return first;
  const dispatch = c.code === 0x139 ? c.actors.find(isFastFail) : undefined;
  if (isLive(c)) return trusted[0];
  const caller = callerOfBugCheck(c);
  return trusted.find((actor) => actor.module.name.toLowerCase() !== 'nt') ?? dispatch ?? (caller?.thirdParty ? caller : trusted[0]);
}

/** Proved frames from the fault on, without the kernel's own way to the stop. */
function candidates(c: Case): readonly Actor[] {
  const from = c.actors.find((actor) => actor.frame.ip === c.fault.ip)?.index ?? 0;
  return c.actors.filter((actor) => actor.trusted && actor.index >= from && !(actor.frame.symbol.ok && MACHINERY.test(actor.frame.symbol.value.name)));
}

/** Modules that stand over the followed frame and were passed over, since they work for others; each once, innermost first. */
export function passedOver(c: Case): readonly string[] {
  const chosen = followUp(c);
  const over = candidates(c).filter((actor) => chosen !== undefined && actor.index < chosen.index && actor.module !== chosen.module);
  return [...new Set(over.map((actor) => imageOf(actor.module)))];
}

const isFastFail = ({ frame, trusted }: Actor): boolean => trusted && frame.symbol.ok && frame.symbol.value.name === 'KiFastFailDispatch';

function subject(c: Case): string {
  const actor = followUp(c);
  if (actor) return `${c.kernel ? actor.module.name : imageOf(actor.module)}!${functionOf(actor, !c.kernel)}`;
  const { place } = c.fault;
  return place ? `${c.kernel ? place.module.name : imageOf(place.module)}!${c.kernel ? 'unknown_function' : 'Unknown'}` : 'unknown_module!unknown_function';
}

const UPPER_CODES: ReadonlySet<number> = new Set([0x9f, 0xca, 0xe3, 0xef, 0x13c, 0x10d, 0x1e, 0x3b, 0x7e, 0xc5, 0xd5, 0x5a, 0x5c, 0xf4, 0xea]);
const WITH_SUB: ReadonlySet<number> = new Set([
  0x19, 0x1a, 0x13a, 0xc2, 0xc4, 0x7f, 0xca, 0x10d, 0x9f, 0x4e, 0xc9, 0xe6, 0xa0, 0x119, 0x10e, 0xfe, 0x144, 0xda, 0x1c6,
]);
const codeText = (code: number): string => `0x${UPPER_CODES.has(code) ? code.toString(16).toUpperCase() : code.toString(16)}`;
const low = (value: bigint): string => value.toString(16);

const ACCESS_LETTER = { read: 'R', write: 'W', execute: 'E' } as const;

type Shape = (c: Case, f: Finding) => string;

const isAv = (c: Case): boolean => c.fault.status === 0xc0000005;

/** Where the address touched is the instruction itself, the code could not be fetched. */
function accessBucket(c: Case): string {
  if (c.params[0] !== c.params[3]) return `AV_${subject(c)}`;
  const kind = c.classify(c.params[0]).kind;
  const word = kind === 'null' || kind === 'near-null' ? 'NULL' : kind === 'module' ? 'PAGED' : 'BAD';
  return `AV_CODE_AV_${word}_IP_${subject(c)}`;
}

function exceptionBucket(c: Case): string {
  if (isAv(c)) return `AV_${subject(c)}`;
  const status = (c.params[0] & 0xffff_ffffn).toString(16);
  return `${codeText(c.code)}_${c.code === 0x3b ? status.toUpperCase() : status}_${subject(c)}`;
}

function imageBucket(c: Case, f: Finding): string {
  const module = f.place?.module ?? f.culprit?.module;
  return module === undefined ? codeText(c.code) : `${codeText(c.code)}_IMAGE_${module}`;
}

function fastFail(c: Case): string {
  const name = c.knowledge.fastFail(Number(c.params[0] & 0xffff_ffffn))?.name.replace(/^FAST_FAIL_/, '');
  return `0x139_${low(c.params[0])}_${name ?? 'UNKNOWN'}_${subject(c)}`;
}

/** Argument 1 = 7: a block is freed again, and argument 3 is its tag. */
function freedBucket(c: Case): string {
  const tag = c.params[0] === 7n ? textOf(c.params[2], 4) : undefined;
  return `0xc2_${low(c.params[0])}_${tag === undefined ? '' : `${tag}_`}${subject(c)}`;
}

/** P1/P3 of 0x124 in decimal, then vendor and unit. */
function wheaBucket(c: Case, f: Finding): string {
  const words = f.evidence.find((one) => one.says.id === 'e-mca')?.says.args['what'] ?? '';
  const unit = /^memory/.test(words)
    ? 'MEMORY'
    : /TLB/.test(words)
      ? 'PROCESSOR_TLB'
      : /cache/.test(words)
        ? 'PROCESSOR_CACHE'
        : /^bus/.test(words)
          ? 'PROCESSOR_BUS'
          : '_UNKNOWN';
  const vendor = cpuMaker(c.target);
  const head = `0x124_${c.params[0].toString()}`;
  return vendor.ok ? `${head}_${vendor.value}_${unit}_IMAGE_${vendor.value}.sys` : `${head}_${unit}`;
}

/** Argument 1 = 3: the driver that holds the request, then the image of the device's own bus driver. */
function powerBucket(c: Case, f: Finding): string {
  if (c.params[0] !== 3n) return `0x9F_${low(c.params[0])}_${subject(c)}`;
  if (!f.place) return '0x9F_3';
  return `0x9F_3_${bare(f.place.module)}_IMAGE_${ownerOfDevice(c, c.params[1])?.image ?? f.place.module}`;
}

function clockBucket(c: Case): string {
  const { processors } = c.target.os;
  return `CLOCK_WATCHDOG_TIMEOUT_${processors.ok ? `${processors.value.toString(16)}_PROC_` : ''}ANALYSIS_INCONCLUSIVE`;
}

/** The process that runs is the one that died only where argument 1 is its object. */
function processBucket(c: Case): string {
  const { name, object } = c.target.process;
  return `0xEF_${object === c.params[0] && name.ok ? name.value : 'unknown'}_BUGCHECK_CRITICAL_PROCESS_${subject(c)}`;
}

/** 0x20, argument 2: a count of 16 bits that went below zero. */
const isNegative16 = (value: bigint): boolean => (value & 0x8000n) !== 0n;

const SHAPES: Readonly<Record<number, Shape>> = {
  0x0a: accessBucket,
  0xd1: accessBucket,
  0x50: (c) => `AV_${c.fault.access ? ACCESS_LETTER[c.fault.access] : 'R'}_INVALID_${subject(c)}`,
  0x1e: (c) => (isAv(c) ? `0x1E_c0000005${c.fault.access ? `_${ACCESS_LETTER[c.fault.access]}` : ''}_${subject(c)}` : exceptionBucket(c)),
  0x3b: exceptionBucket,
  0x7e: exceptionBucket,
  0x8e: exceptionBucket,
  0xc2: freedBucket,
  0xea: imageBucket,
  0x116: imageBucket,
  0x117: imageBucket,
  0x141: imageBucket,
  0x124: wheaBucket,
  0x139: fastFail,
  0x133: (c) => `0x133_${c.params[0] === 0n ? 'DPC' : 'ISR'}_${subject(c)}`,
  0xc5: (c) => `0xC5_${low(c.params[1])}_${subject(c)}`,
  0x20: (c) => `0x20_${c.params[0] === 0n ? 'NULLAPC_' : ''}${isNegative16(c.params[1]) ? 'KAPC_NEGATIVE_' : ''}${subject(c)}`,
  0x153: (c) => `0x153_KERNEL_LOCK_ENTRY_LEAKED_ON_THREAD_TERMINATION_${c.params[2] === 1n ? 'LOCK_POINTER_NOT_NULL_' : ''}${subject(c)}`,
  0x1cc: (c) => `0x1cc_EXRESOURCE_TIMEOUT_OWNERTHREAD_${subject(c)}`,
  0x101: clockBucket,
  0x9f: powerBucket,
  0xef: processBucket,
};

function kernelBucket(c: Case, f: Finding): string {
  if (f.evidence.some((one) => one.says.id === 'e-one-bit' || one.says.id === 'e-code-bit')) return 'MEMORY_CORRUPTION_ONE_BIT';
  const shape = SHAPES[c.code];
  const base = shape ? shape(c, f) : WITH_SUB.has(c.code) ? `${codeText(c.code)}_${low(c.params[0])}_${subject(c)}` : `${codeText(c.code)}_${subject(c)}`;
  const verified =
    f.evidence.some((one) => one.says.id === 'e-verifier') && !/_IMAGE_|VRF/.test(base) ? base.replace(/_([^_!]+(?:_[^!]*)?!)/, '_VRF_$1') : base;
  return isLive(c) && f.cause !== 'manual' ? `LKD_${verified}` : verified;
}

/** The problem class of a user-mode exception. */
function userClass(c: Case): string {
  const { exception } = c.target;
  const { access, address, status } = c.fault;
  if (!exception) return 'APPLICATION_HANG';
  if (status === 0xc0000005 && access) {
    const kind = address !== undefined && address < 0x10000n ? 'NULL_POINTER' : 'INVALID_POINTER';
    return access === 'execute' ? 'SOFTWARE_NX_FAULT' : `${kind}_${access.toUpperCase()}`;
  }
  if (status === 0xc0000409) {
    const name = c.knowledge.fastFail(Number((exception.parameters[0] ?? 0n) & 0xffff_ffffn))?.name;
    return name === undefined ? 'FAIL_FAST' : `FAIL_FAST_${name.replace(/^FAST_FAIL_/, '')}`;
  }
  return USER_CLASSES[status ?? 0] ?? 'APPLICATION_FAULT';
}
const USER_CLASSES: Readonly<Record<number, string>> = {
  0xc00000fd: 'STACK_OVERFLOW',
  0xc0000374: 'HEAP_CORRUPTION',
  0x80000003: 'BREAKPOINT',
  0xc000001d: 'ILLEGAL_INSTRUCTION',
  0xc000027b: 'STOWED_EXCEPTION',
  0xcfffffff: 'APPLICATION_HANG',
};

function userBucket(c: Case): string {
  const status = c.target.exception ? `_${c.target.exception.code.toString(16)}` : '';
  const named = userClass(c);
  const [program] = c.target.modules.modules;
  if (named === 'HEAP_CORRUPTION' && !c.suspects[0]) return `${named}${status}_heap_corruption!${program ? imageOf(program) : 'unknown'}`;
  return `${named}${status}_${subject(c)}`;
}

/** cfffffff is the code that Windows Error Reporting gives a program that does not answer. */
export const hangBucket = (c: Case): string => `APPLICATION_HANG_cfffffff_${subject(c)}`;

export const bucketOf = (c: Case, f: Finding): string => (c.kernel ? kernelBucket(c, f) : userBucket(c));

/** How the address was bad, as a word that stays the same from crash to crash. */
function addressClass(c: Case): string {
  return c.fault.address === undefined ? '' : `/${c.classify(c.fault.address).kind}`;
}

/** "7e/c0000005/rtkvhd64.sys+5d28/user": equal for equal faults of the same driver build. */
export function signatureOf(c: Case, f: Finding): string {
  const head = c.kernel ? c.code.toString(16) : `user/${(c.target.exception?.code ?? 0).toString(16)}`;
  const status = c.kernel && c.fault.status !== undefined ? `/${c.fault.status.toString(16)}` : '';
  const sub = WITH_SUB.has(c.code) || c.code === 0x139 || c.code === 0x133 ? `/${low(c.params[0])}` : '';
  const place: Verdict['place'] = f.place;
  const where = place ? `${place.module.toLowerCase()}${place.symbol === undefined ? `+${hex(place.offset).slice(2)}` : `!${place.symbol}`}` : 'no-place';
  return `${head}${status}${sub}/${where}${addressClass(c)}`;
}
