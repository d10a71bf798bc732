/** FAILURE_BUCKET_ID of a stop, by the forms of WinDbg's published outputs. Where a form needs what the dump lacks, the plain form stands. */
import { va, vaAdd } from '../base/address.ts';
import { fourLetters } from '../base/letters.ts';
import { readUnicode } from '../modules/loadedlist.ts';
import { kernelMemory } from '../target/kernelmemory.ts';
import { readProcess } from '../types/kernel/process.ts';
import { type Actor, isKernelImage } from './actors.ts';
import type { Case } from './case.ts';
import { corruptionKind } from './codediff.ts';
import { readErrorRecord } from './cper.ts';
import { cpuMaker } from './cpumaker.ts';
import { ownerOfDevice } from './devicestack.ts';
import { criticalObject } from './exitstatus.ts';
import type { Finding } from './finding.ts';
import { followUp, subject } from './followup.ts';
import { hungContext, requestThread } from './followed.ts';
import { deviceId, isPowerDown, pnpDevice } from './powerrequest.ts';
import { isLive } from './rules/index.ts';
import { subMeaning } from './rules/evidence.ts';
import { badStackPointer } from './stackpointer.ts';

interface Bucket {
  readonly problem: string;
  /** What stands behind VRF: "CODE_AV_PAGED_IP", "R_INVALID". */
  readonly kind?: string | undefined;
  /** "rtwlanu!unknown_function", "IMAGE_pci.sys", "ANALYSIS_INCONCLUSIVE"; empty where the problem is all there is to name. */
  readonly who: string;
}
type Shape = (c: Case, f: Finding) => Bucket;

const bare = (image: string): string => image.replace(/\.(sys|exe|dll)$/i, '');
const low = (value: bigint): string => value.toString(16);
const status = (value: bigint): string => low(value & 0xffff_ffffn);
const parts = (...of: readonly (string | undefined)[]): string => of.filter((part) => part !== undefined && part !== '').join('_');

/** The letters of these codes are capitals, those of all others small. */
const UPPER_CODES: ReadonlySet<number> = new Set([0x9f, 0xca, 0xe3, 0xef, 0x13c, 0x10d, 0x1e, 0x3b, 0x7e, 0xc5, 0xd5, 0x5a, 0x5c, 0xf4, 0xea, 0xe6, 0xfc]);
const WITH_SUB: ReadonlySet<number> = new Set([
  0x19, 0x1a, 0x13a, 0xc2, 0xc4, 0x7f, 0xca, 0x10d, 0x4e, 0xc9, 0xe6, 0xa0, 0x119, 0x10e, 0xfe, 0x144, 0xda, 0x1c6,
]);
/** Argument 1 says what was violated. */
export const hasSubCode = (code: number): boolean => WITH_SUB.has(code) || code === 0x9f || code === 0x139 || code === 0x133;

const codeText = (code: number): string => `0x${UPPER_CODES.has(code) ? code.toString(16).toUpperCase() : code.toString(16)}`;
const coded = (c: Case, ...more: readonly (string | undefined)[]): Bucket => ({ problem: parts(codeText(c.code), ...more), who: subject(c) });
const imaged = (c: Case, image: string | undefined, ...more: readonly (string | undefined)[]): Bucket => ({
  problem: parts(codeText(c.code), ...more),
  who: image === undefined ? '' : `IMAGE_${image}`,
});

const plain: Shape = (c) => coded(c, WITH_SUB.has(c.code) ? low(c.params[0]) : undefined);
const access = (c: Case, kind?: string): Bucket => ({ problem: 'AV', kind, who: subject(c) });

/** Where the address touched is the instruction itself, the code could not be fetched. */
const raisedIrql: Shape = (c) => {
  if (c.params[0] !== c.params[3]) return access(c);
  const { kind } = c.classify(c.params[0]);
  return access(c, `CODE_AV_${kind === 'null' || kind === 'near-null' ? 'NULL' : kind === 'module' ? 'PAGED' : 'BAD'}_IP`);
};

const ACCESS_LETTER = { read: 'R', write: 'W', execute: undefined } as const;
const letterOf = ({ fault }: Case): string | undefined => fault.access && ACCESS_LETTER[fault.access];

const invalidMemory: Shape = (c) => {
  const letter = letterOf(c);
  return access(c, letter && `${letter}_INVALID`);
};

const isAv = (c: Case): boolean => c.fault.status === 0xc0000005;
const exception: Shape = (c) => {
  const code = status(c.params[0]);
  return isAv(c) ? access(c) : coded(c, c.code === 0x3b ? code.toUpperCase() : code);
};

const named: Shape = (c, f) => imaged(c, f.place?.module ?? f.culprit?.module);

const fastFail: Shape = (c) =>
  coded(c, low(c.params[0]), c.knowledge.fastFail(Number(c.params[0] & 0xffff_ffffn))?.name.replace(/^FAST_FAIL_/, '') ?? 'UNKNOWN');

/** Argument 1 = 7: a block is freed again, and argument 3 is its tag. */
const freed: Shape = (c) => coded(c, low(c.params[0]), c.params[0] === 7n ? fourLetters(c.params[2]) : undefined);

/** The rule's name stands in the meaning of argument 1: "driver violated DDI compliance rule IrqlExApcLte1". */
const violated: Shape = (c) => {
  const rule = /\brule (\w+)$/.exec(subMeaning(c, 1) ?? '')?.[1];
  return coded(c, ...(rule === undefined ? [low(c.params[0])] : [rule, 'XDV']));
};

/**
 * Argument 1 in decimal, maker, section of the error record and kind of error: "0x124_16_GenuineIntel__UNKNOWN_IMAGE_GenuineIntel.sys",
 * "0x124_0_GenuineIntel_PROCESSOR_CACHE_…". Of a PCI Express section nothing more is said.
 */
const hardwareError: Shape = (c, f) => {
  const maker = cpuMaker(c.target);
  const head = parts('0x124', c.params[0].toString(), maker.ok ? maker.value : undefined, unitOf(c, f));
  return { problem: head, who: maker.ok ? `IMAGE_${maker.value}.sys` : '' };
};

const UNITS: readonly (readonly [words: RegExp, unit: string])[] = [
  [/^memory/, 'MEMORY'],
  [/TLB/, 'PROCESSOR_TLB'],
  [/cache/, 'PROCESSOR_CACHE'],
  [/^bus/, 'PROCESSOR_BUS'],
  [/./, 'PROCESSOR__UNKNOWN'],
];
function unitOf(c: Case, f: Finding): string {
  const words = f.evidence.find((one) => one.says.id === 'e-mca')?.says.args['what'] ?? '';
  const record = words === '' ? readErrorRecord(c.session.memory, va(c.params[1]), c.knowledge) : undefined;
  if (record?.ok && record.value.pcie) return 'PCIEXPRESS';
  if (record?.ok && record.value.memory) return 'MEMORY';
  return UNITS.find(([pattern]) => pattern.test(words))?.[1] ?? '_UNKNOWN';
}

/**
 * 3: who stands on the stack of the thread that works on the request, else whose device has it and the image of the device's bus driver.
 * 4: who stands on the stack of the thread that holds the lock.
 */
const power: Shape = (c, f) => {
  const [kind, device, , irp] = c.params;
  if (kind === 4n) return synchronizing(c);
  if (kind !== 3n) return coded(c, low(kind));
  const down = isPowerDown(c, irp) === true ? 'POWER_DOWN' : undefined;
  if (requestThread(c) !== undefined && !isKernel(followUp(c))) return coded(c, '3', down);
  if (!f.place) return imaged(c, undefined, '3', down);
  const bus = ownerOfDevice(c, device)?.image ?? f.place.module;
  const id = /^acpi\.sys$/i.test(bus) ? deviceId(c, device) : undefined;
  return imaged(c, bus, '3', down, bare(f.place.module), id && `DEV_${id}`);
};

/** No frame, or one of the kernel: it names nobody. */
const isKernel = (actor: Actor | undefined): boolean => !actor || isKernelImage(actor.module);

function synchronizing(c: Case): Bucket {
  const device = isKernel(followUp(c)) ? pnpDevice(c) : undefined;
  return device ? imaged(c, device.image, '4') : coded(c, '4');
}

/** 0x5A: argument 4 is why, arguments 2 or 3 lead to the driver's name, or to its entry in the list of boot drivers. */
const criticalService: Shape = (c) => {
  const image = [c.params[1], c.params[2]].flatMap((at) => NAME_OFFSETS.map((offset) => fileNameAt(c, at + offset))).find((name) => name !== undefined);
  const why = status(c.params[3]);
  return image === undefined ? coded(c, why) : imaged(c, image, why);
};
/** A UNICODE_STRING itself, or BOOT_DRIVER_LIST_ENTRY.FilePath behind its links (ntddk.h of older kits; ReactOS, arc.h). */
const NAME_OFFSETS: readonly bigint[] = [0n, 0x10n];

function fileNameAt(c: Case, at: bigint): string | undefined {
  const { memory } = c.target;
  const length = memory.u16(va(at));
  const buffer = memory.pointer(vaAdd(va(at), memory.pointerSize));
  const name = length.ok && buffer.ok ? readUnicode(memory, length.value, buffer.value) : undefined;
  return name?.ok ? /[^\\]+\.sys$/i.exec(name.value)?.[0] : undefined;
}

/** Argument 1 of 0x5C, as far as published outputs tell: a mail of qemu-devel of 2020-07-15, and terenceli.github.io of 2018-09-03. */
const HAL_REASONS: Readonly<Record<string, string>> = { '10b': 'CLOCK_INTERRUPT_NOT_RECEIVED', '7000': 'INTERRUPT_REMAPPING_SETUP_FAILURE' };
const hal: Shape = (c) => {
  const reason = HAL_REASONS[low(c.params[0])];
  return coded(c, reason && `HAL_${reason}`);
};

/** By the registers that the silent processor was frozen with; they can be nothing. The stack of the one that waited for it names drivers alone. */
const clock: Shape = (c) => {
  const problem = 'CLOCK_WATCHDOG_TIMEOUT';
  const hung = hungContext(c.session);
  if (hung === 'invalid') return { problem: `${problem}_INVALID_CONTEXT`, who: subject(c) };
  const actor = followUp(c);
  if (actor && (hung ? actor.module.name !== 'nt' : actor.thirdParty)) return { problem, who: subject(c) };
  const { processors } = c.target.os;
  return { problem: parts(problem, ...(processors.ok ? [low(BigInt(processors.value)), 'PROC'] : [])), who: 'ANALYSIS_INCONCLUSIVE' };
};

/** The process that died by its own object; the one that runs ended it, where the two differ. */
const criticalProcess: Shape = (c) => {
  const { name, object } = c.target.process;
  const { at, process } = criticalObject(c.code, c.params);
  const own = process && object === at;
  const kernel = kernelMemory(c.session);
  const read = kernel.ok && process && !own ? readProcess(kernel.value, at) : undefined;
  const died = own ? name : read?.ok ? read.value.name : undefined;
  const by = !own && object !== undefined && name.ok ? `TERMINATED_BY_${name.value}` : undefined;
  return coded(c, died?.ok ? died.value : 'unknown', 'BUGCHECK_CRITICAL_PROCESS', died?.ok ? by : undefined, exitWord(c));
};

/** Low half of NtTerminateProcess' second argument as it stands on the stack: the exit status, where it was kept. */
function exitWord({ actors }: Case): string | undefined {
  const call = actors.find(({ module, frame }) => module.name === 'nt' && frame.symbol.ok && frame.symbol.value.name === 'NtTerminateProcess');
  const word = call?.frame.args[1];
  return word?.ok ? status(word.value) : undefined;
}

/** 0x20, argument 2: a count of 16 bits that went below zero. */
const isNegative16 = (value: bigint): boolean => (value & 0x8000n) !== 0n;

const SHAPES: Readonly<Record<number, Shape>> = {
  0x0a: raisedIrql,
  0xd1: raisedIrql,
  0x50: invalidMemory,
  0x1e: (c, f) => (isAv(c) ? coded(c, 'c0000005', letterOf(c)) : exception(c, f)),
  0x3b: exception,
  0x7e: exception,
  0x8e: exception,
  0xc2: freed,
  0xc4: violated,
  0xea: named,
  0x116: named,
  0x117: named,
  0x141: named,
  0x124: hardwareError,
  0x139: fastFail,
  0x133: (c) => coded(c, c.params[0] === 0n ? 'DPC' : 'ISR'),
  0xc5: (c) => coded(c, low(c.params[1])),
  0x20: (c) => coded(c, c.params[0] === 0n ? 'NULLAPC' : undefined, isNegative16(c.params[1]) ? 'KAPC_NEGATIVE' : undefined),
  0x153: (c) => coded(c, 'KERNEL_LOCK_ENTRY_LEAKED_ON_THREAD_TERMINATION', c.params[2] === 1n ? 'LOCK_POINTER_NOT_NULL' : undefined),
  0x1cc: (c) => coded(c, 'EXRESOURCE_TIMEOUT_OWNERTHREAD'),
  0x101: clock,
  0x9f: power,
  0xef: criticalProcess,
  0x5a: criticalService,
  0x5c: hal,
};

/** Stops that Driver Verifier makes itself. */
const OF_VERIFIER: ReadonlySet<number> = new Set([0xc4, 0xc9]);
const isVerified = (c: Case, f: Finding, { who }: Bucket): boolean =>
  !who.startsWith('IMAGE_') && (OF_VERIFIER.has(c.code) || f.evidence.some((one) => one.says.id === 'e-verifier'));

/** "ONE_BIT", "STRIDE", "LARGE": memory that was changed from outside beats the stack. */
function corruptor(c: Case, f: Finding): string | undefined {
  const bit = f.evidence.some((one) => one.says.id === 'e-code-bit' || (c.code === 0x1a && one.says.id === 'e-one-bit'));
  return bit ? 'ONE_BIT' : corruptionKind(c);
}

export function kernelBucket(c: Case, f: Finding): string {
  const kind = corruptor(c, f);
  if (kind !== undefined) return `MEMORY_CORRUPTION_${kind}`;
  const bucket = (SHAPES[c.code] ?? plain)(c, f);
  return parts(
    isLive(c) && f.cause !== 'manual' ? 'LKD' : undefined,
    bucket.problem,
    isVerified(c, f, bucket) ? 'VRF' : undefined,
    bucket.kind,
    badStackPointer(c) === undefined ? undefined : 'STACKPTR_ERROR',
    bucket.who,
  );
}
