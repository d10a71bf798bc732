/**
 * A Windows of our own making: ordinary module names at invented places, and images of a few of them whose functions
 * carry Windows' names, so that stacks read as they do in practice. The code is ours and does nothing.
 */
import { Defect } from '../../base/problem.ts';
import { Random } from './random.ts';
import { type FunctionSpec, type BuiltPe, buildPe } from './pe.ts';
import type { LoadedPe } from './stack.ts';
import type { Prologue } from './unwindinfo.ts';
import type { Assembler } from './assembler.ts';

export interface ModuleSpec {
  readonly name: string;
  /** Full path as the loader keeps it. */
  readonly path: string;
  readonly base: bigint;
  readonly size: number;
  readonly timestamp: number;
  readonly checksum: number;
  readonly image: BuiltPe;
}

export interface UnloadedSpec {
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
}

const SYSTEM32 = String.raw`\SystemRoot\system32`;
const DRIVERS = String.raw`\SystemRoot\System32\drivers`;

/** Name, SizeOfImage, folder (drivers where not given), in load order after the kernel. */
const ORDINARY: readonly (readonly [name: string, size: number, folder?: string])[] = [
  ['hal.dll', 0x6000, SYSTEM32],
  ['kdcom.dll', 0xb000, SYSTEM32],
  ['mcupdate_GenuineIntel.dll', 0x28f000, SYSTEM32],
  ['tm.sys', 0x27000],
  ['CLFS.SYS', 0x6a000],
  ['PSHED.dll', 0x1a000, SYSTEM32],
  ['BOOTVID.dll', 0xb000, SYSTEM32],
  ['FLTMGR.SYS', 0x71000],
  ['msrpc.sys', 0x62000],
  ['ksecdd.sys', 0x2a000],
  ['clipsp.sys', 0x113000],
  ['cmimcext.sys', 0xe000],
  ['ntosext.sys', 0xc000],
  ['CI.dll', 0xe3000, SYSTEM32],
  ['cng.sys', 0xbb000],
  ['Wdf01000.sys', 0xd1000],
  ['WDFLDR.SYS', 0x13000],
  ['WppRecorder.sys', 0x11000],
  ['SleepStudyHelper.sys', 0x10000],
  ['acpiex.sys', 0x26000],
  ['ACPI.sys', 0xcc000],
  ['WMILIB.SYS', 0xc000],
  ['intelpep.sys', 0x77000],
  ['msisadrv.sys', 0xb000],
  ['pci.sys', 0x77000],
  ['vdrvroot.sys', 0x15000],
  ['pdc.sys', 0x2f000],
  ['CEA.sys', 0x19000],
  ['partmgr.sys', 0x30000],
  ['spaceport.sys', 0xaa000],
  ['volmgr.sys', 0x19000],
  ['volmgrx.sys', 0x63000],
  ['mountmgr.sys', 0x1e000],
  ['storahci.sys', 0x32000],
  ['storport.sys', 0xb0000],
  ['stornvme.sys', 0x2c000],
  ['fileinfo.sys', 0x1a000],
  ['Wof.sys', 0x40000],
  ['Ntfs.sys', 0x2d9000],
  ['Fs_Rec.sys', 0xd000],
  ['ndis.sys', 0x16f000],
  ['NETIO.SYS', 0x98000],
  ['ksecpkg.sys', 0x32000],
  ['tcpip.sys', 0x2ec000],
  ['fwpkclnt.sys', 0x7a000],
  ['wfplwfs.sys', 0x30000],
  ['fvevol.sys', 0xc9000],
  ['volume.sys', 0xb000],
  ['volsnap.sys', 0x6d000],
  ['rdyboost.sys', 0x50000],
  ['mup.sys', 0x26000],
  ['disk.sys', 0x1c000],
  ['CLASSPNP.SYS', 0x6c000],
  ['crashdmp.sys', 0x1e000],
  ['BasicDisplay.sys', 0x16000],
  ['watchdog.sys', 0x16000],
  ['dxgkrnl.sys', 0x39f000],
  ['afd.sys', 0xa4000],
  ['vwififlt.sys', 0x1a000],
  ['USBXHCI.SYS', 0xa0000],
  ['ucx01000.sys', 0x44000],
  ['HDAudBus.sys', 0x25000],
  ['win32k.sys', 0x9a000, SYSTEM32],
  ['intelppm.sys', 0x3e000],
];

const NT_BASE = 0xfffff8062f200000n;
const SYSTEM_NAMES = new Map<string, BuiltPe>();

type Body = (code: Assembler) => void;
const calls =
  (...targets: readonly string[]): Body =>
  (code) => {
    for (const target of targets) code.zero('rcx').call(target).nop(5);
  };
const callsThrough =
  (target: string): Body =>
  (code) => {
    code.load('rax', { base: 'rbx', displacement: 0x18 }).callRegister('rax', target).nop(3);
  };
const fn = (name: string, prologue: Prologue, body?: Body, gap = 0): FunctionSpec => ({
  name,
  prologue,
  gap,
  exported: /^(Ke|Io|Ndis|Po|Ex|Mm)[A-Z]/.test(name),
  ...(body ? { body } : {}),
});

/** KTRAP_FRAME of a handler: rbp pushed under the processor's frame, rbp = rsp + 0x80. */
export const TRAP_PROLOGUE: Prologue = { machineFrame: 1, push: ['rbp'], alloc: 0x158, frame: { register: 'rbp', offset: 0x80 } };
/** KEXCEPTION_FRAME: the non-volatile registers at their places. */
const EXCEPTION_FRAME: Prologue = {
  alloc: 0x138,
  save: [
    ['rbx', 0x100],
    ['rdi', 0x108],
    ['rsi', 0x110],
    ['r12', 0x118],
    ['r13', 0x120],
    ['r14', 0x128],
    ['r15', 0x130],
  ],
};

export const NT_FUNCTIONS: readonly FunctionSpec[] = [
  fn('KeBugCheckEx', { push: ['rbx', 'rsi', 'rdi'], alloc: 0x120 }, calls('KeBugCheck2'), 0x3000),
  fn('KeBugCheck2', { push: ['rbp', 'rbx', 'rsi', 'rdi', 'r12', 'r13', 'r14', 'r15'], alloc: 0x9a8 }, undefined, 0x300),
  fn('KiBugCheckDispatch', EXCEPTION_FRAME, calls('KeBugCheckEx'), 0x1200),
  fn('KiPageFault', TRAP_PROLOGUE, calls('MmAccessFault', 'KiBugCheckDispatch', 'KeBugCheckEx'), 0x340),
  fn('KiGeneralProtectionFault', TRAP_PROLOGUE, calls('KiExceptionDispatch', 'KiBugCheckDispatch'), 0x80),
  fn('KiExceptionDispatch', EXCEPTION_FRAME, calls('KiDispatchException'), 0x80),
  fn('KiDispatchException', { push: ['rbp', 'rbx', 'rsi', 'rdi', 'r12', 'r13', 'r14', 'r15'], alloc: 0x5f8 }, calls('KeBugCheckEx'), 0x200),
  fn('KiInterruptDispatchNoLockNoEtw', TRAP_PROLOGUE, calls('KeClockInterruptNotify', 'KiMcheckHandler'), 0x400),
  fn('KeClockInterruptNotify', { push: ['rbx', 'rsi', 'rdi'], alloc: 0x60 }, calls('KeAccumulateTicks'), 0x90),
  fn('KeAccumulateTicks', { push: ['rbx', 'rbp', 'rsi', 'rdi', 'r14'], alloc: 0x50 }, calls('KeBugCheckEx'), 0x700),
  fn('MmAccessFault', { push: ['rbp', 'rbx', 'rsi', 'rdi', 'r12', 'r13', 'r14', 'r15'], alloc: 0x138 }, calls('MiSystemFault', 'KeBugCheckEx'), 0x800),
  fn('MiSystemFault', { push: ['rbx', 'rsi', 'rdi'], alloc: 0xa0 }, calls('KeBugCheckEx'), 0x700),
  fn('MiDeleteVa', { push: ['rbp', 'rbx', 'rsi', 'rdi', 'r14', 'r15'], alloc: 0xd8 }, calls('KeBugCheckEx'), 0x700),
  fn('MiWalkPageTablesRecursively', { push: ['rbx', 'rsi', 'rdi', 'r12', 'r15'], alloc: 0x70 }, calls('MiDeleteVa'), 0x100),
  fn('MiDeleteVad', { push: ['rbp', 'rbx', 'rsi', 'rdi', 'r14', 'r15'], alloc: 0x108 }, calls('MiWalkPageTablesRecursively'), 0x900),
  fn('MiCleanVad', { push: ['rbx', 'rsi'], alloc: 0x38 }, calls('MiDeleteVad'), 0x100),
  fn('MmCleanProcessAddressSpace', { push: ['rbx', 'rsi', 'rdi'], alloc: 0x50 }, calls('MiCleanVad'), 0x200),
  fn('PspRundownSingleProcess', { push: ['rbx', 'rsi'], alloc: 0x28 }, calls('MmCleanProcessAddressSpace'), 0x200),
  fn('PspExitThread', { push: ['rbx', 'rsi', 'rdi', 'r14'], alloc: 0xc8 }, calls('PspRundownSingleProcess'), 0x200),
  fn('NtTerminateProcess', { push: ['rbx', 'rsi', 'rdi'], alloc: 0x40 }, calls('PspExitThread'), 0x200),
  fn('KiSystemServiceCopyEnd', TRAP_PROLOGUE, callsThrough('SystemService'), 0x300),
  fn(
    'KiRetireDpcList',
    { push: ['rbp', 'rbx', 'rsi', 'rdi', 'r12', 'r13', 'r14', 'r15'], alloc: 0x3b8 },
    calls('KiExecuteAllDpcs', 'KiProcessExpiredTimerList'),
    0x600,
  ),
  fn('KiExecuteAllDpcs', { push: ['rbp', 'rbx', 'rsi', 'rdi', 'r12', 'r13', 'r14', 'r15'], alloc: 0x68 }, callsThrough('DeferredRoutine'), 0x120),
  fn('KiProcessExpiredTimerList', { push: ['rbp', 'rbx', 'rsi', 'rdi', 'r14'], alloc: 0x80 }, callsThrough('DeferredRoutine'), 0x120),
  fn('KiIdleLoop', { alloc: 0x38 }, calls('KiRetireDpcList', 'PoIdle'), 0x240),
  fn('PoIdle', { push: ['rbx', 'rdi'], alloc: 0x58 }, (code) => code.raw(0xf4).mark('halted').nop(3), 0x240),
  fn('PopIrpWatchdog', { push: ['rbx', 'rdi'], alloc: 0x48 }, calls('PopIrpWatchdogBugcheck'), 0x240),
  fn('PopIrpWatchdogBugcheck', { push: ['rbx', 'rsi', 'rdi'], alloc: 0x50 }, calls('KeBugCheckEx'), 0x10),
  fn('SwapContext', { push: ['rbp'], alloc: 0x30 }, undefined, 0x200),
  fn('KiSwapContext', { alloc: 0x138, save: EXCEPTION_FRAME.save ?? [] }, calls('SwapContext'), 0x400),
  fn('KiSwapThread', { push: ['rbp', 'rbx', 'rsi', 'rdi', 'r14', 'r15'], alloc: 0x98 }, calls('KiSwapContext'), 0x300),
  fn('KiCommitThreadWait', { push: ['rbx', 'rsi', 'rdi', 'r14'], alloc: 0x48 }, calls('KiSwapThread'), 0x100),
  fn('KeWaitForSingleObject', { push: ['rbp', 'rbx', 'rsi', 'rdi', 'r14', 'r15'], alloc: 0x58 }, calls('KiCommitThreadWait'), 0x200),
  fn('KeRemovePriQueue', { push: ['rbx', 'rsi', 'rdi'], alloc: 0x40 }, calls('KiCommitThreadWait'), 0x200),
  fn('NtWaitForSingleObject', { push: ['rbx', 'rsi'], alloc: 0x48 }, calls('KeWaitForSingleObject'), 0x200),
  fn(
    'ExpWorkerThread',
    { push: ['rbp', 'rbx', 'rsi', 'rdi', 'r14', 'r15'], alloc: 0x48 },
    (code) => {
      calls('KeRemovePriQueue')(code);
      callsThrough('WorkerRoutine')(code);
    },
    0x500,
  ),
  fn('IopProcessWorkItem', { push: ['rbx', 'rdi'], alloc: 0x28 }, callsThrough('WorkItemRoutine'), 0x100),
  fn('IofCallDriver', { alloc: 0x38 }, callsThrough('DriverDispatch'), 0x100),
  fn('PspSystemThreadStartup', { push: ['rbx', 'rsi'], alloc: 0x38 }, callsThrough('StartRoutine'), 0x200),
  fn('KiStartSystemThread', { alloc: 0x28 }, callsThrough('PspSystemThreadStartup'), 0x100),
  fn('KiMcheckHandler', { push: ['rbx', 'rdi'], alloc: 0x68 }, calls('WheaReportHwError'), 0x200),
  fn('WheaReportHwError', { push: ['rbp', 'rbx', 'rsi', 'rdi', 'r14'], alloc: 0x90 }, calls('HalBugCheckSystem'), 0x200),
  fn('HalBugCheckSystem', { push: ['rbx', 'rdi'], alloc: 0x38 }, calls('KeBugCheckEx'), 0x200),
  fn('KeGetCurrentIrql', {}, (code) => code.zero('rax')),
];

const NDIS_FUNCTIONS: readonly FunctionSpec[] = [
  fn('ndisInterruptDpc', { push: ['rbx', 'rbp', 'rsi', 'rdi', 'r14'], alloc: 0x70 }, callsThrough('MiniportInterruptDpc'), 0x1000),
  fn('NdisMIndicateReceiveNetBufferLists', { push: ['rbx', 'rsi', 'rdi'], alloc: 0x60 }, undefined, 0x300),
];

const DXGKRNL_FUNCTIONS: readonly FunctionSpec[] = [
  fn('TdrBugcheckOnTimeout', { push: ['rbx', 'rsi', 'rdi'], alloc: 0x50 }, (code) => code.callImport('nt!KeBugCheckEx').nop(5), 0x8000),
  fn('TdrIsRecoveryRequired', { push: ['rbx'], alloc: 0x40 }, calls('TdrBugcheckOnTimeout'), 0x400),
  fn('TdrResetFromTimeoutWorkItem', { push: ['rbx', 'rsi'], alloc: 0x48 }, calls('TdrIsRecoveryRequired'), 0x400),
];

/** Identities of the invented images: none of them names a file that exists. */
const IMAGES: readonly { name: string; functions: readonly FunctionSpec[]; size: number; textRva: number; timestamp: number; pdb: string; guid: string }[] = [
  {
    name: 'ntoskrnl.exe',
    functions: NT_FUNCTIONS,
    size: 0x1046000,
    textRva: 0x200000,
    timestamp: 0x5f2a91c4,
    pdb: 'ntkrnlmp.pdb',
    guid: '5a3e17c2-90bd-4f1e-8d26-71f0c4a9e301',
  },
  {
    name: 'ndis.sys',
    functions: NDIS_FUNCTIONS,
    size: 0x16f000,
    textRva: 0x8000,
    timestamp: 0x61c05d1e,
    pdb: 'ndis.pdb',
    guid: 'c0f4d1aa-3b7e-4e0b-9f38-0c9d5f2be602',
  },
  {
    name: 'dxgkrnl.sys',
    functions: DXGKRNL_FUNCTIONS,
    size: 0x39f000,
    textRva: 0x10000,
    timestamp: 0x7712f0a3,
    pdb: 'dxgkrnl.pdb',
    guid: '2d8f6c41-6a1d-4b6f-b1c7-5be8f4a3d703',
  },
];

/** Headers, an entry point and an identity for a module on whose code nothing depends. */
function plainImage(name: string, size: number, index: number): BuiltPe {
  const guid = new Random(index + 1).bytes(16).reduce((text, byte) => text + byte.toString(16).padStart(2, '0'), '');
  return buildPe({
    ...{
      name,
      timestamp: inventedTimestamp(index),
      checksum: 0x8000 + size / 8,
      functions: [fn('DriverEntry', { alloc: 0x28 })],
      sizeOfImage: size,
      textRva: 0x3000,
    },
    pdb: { file: name.replace(/\.\w+$/, '.pdb'), guid, age: 1 },
  });
}

function systemImage(name: string, size: number, index: number): BuiltPe {
  const known = SYSTEM_NAMES.get(name);
  if (known) return known;
  const spec = IMAGES.find((each) => each.name === name);
  if (!spec) {
    const plain = plainImage(name, size, index);
    SYSTEM_NAMES.set(name, plain);
    return plain;
  }
  const pe = buildPe({
    ...{ name, timestamp: spec.timestamp, functions: spec.functions, sizeOfImage: spec.size, textRva: spec.textRva },
    pdb: { file: spec.pdb, guid: spec.guid, age: 1 },
    checksum: 0x10000 + (spec.timestamp & 0xffff),
  });
  SYSTEM_NAMES.set(name, pe);
  return pe;
}

/** A spread of link times between 2019 and 2023 for modules without an image: invented, but stable. */
function inventedTimestamp(index: number): number {
  return 0x5d000000 + ((index * 0x9e3779b1) % 0x7000000);
}

export interface ExtraModule {
  readonly name: string;
  readonly folder?: string;
  readonly image: BuiltPe;
}

/** The loaded modules, in load order: the kernel, the ordinary ones, then the extra ones. */
export function loadedModules(extra: readonly ExtraModule[] = []): ModuleSpec[] {
  const rows = [['ntoskrnl.exe', 0x1046000, SYSTEM32] as const, ...ORDINARY];
  let next = NT_BASE + 0x4400000n;
  const place = (size: number): bigint => {
    const base = next;
    next += BigInt(Math.ceil(size / 0x10000) * 0x10000 + 0x10000);
    return base;
  };
  const modules = rows.map(([name, size, folder = DRIVERS], index): ModuleSpec => {
    const image = systemImage(name, size, index);
    const base = index === 0 ? NT_BASE : place(size);
    return { name, path: `${folder}\\${name}`, base, size: image.sizeOfImage, timestamp: image.spec.timestamp, checksum: image.spec.checksum ?? 0, image };
  });
  for (const { name, folder = DRIVERS, image } of extra) {
    const { timestamp, checksum = 0 } = image.spec;
    modules.push({ name, path: `${folder}\\${name}`, base: place(image.sizeOfImage), size: image.sizeOfImage, timestamp, checksum, image });
  }
  return modules;
}

export function moduleNamed(modules: readonly ModuleSpec[], name: string): LoadedPe {
  const found = modules.find((each) => each.name === name);
  if (!found) throw new Defect(`no image for ${name}`);
  return { base: found.base, pe: found.image };
}
