/**
 * Scenes: the stops that people meet, drawn on the invented machine. Parameters as Microsoft's bug check reference
 * describes them (learn.microsoft.com/windows-hardware/drivers/debugger/bug-check-code-reference2).
 */
import { ordinaryProcesses } from './processes.ts';
import { get } from './binary.ts';
import { x64Context } from './context.ts';
import { type BugCheckParams, exceptionRecord64 } from './dumpheader.ts';
import { deviceObject, driverObject, heldResource, powerIrp, triage9f } from './irp.ts';
import { machineCheckRecord, pcieRecord } from './whea.ts';
import { type BuiltPe, type FunctionSpec, buildPe } from './pe.ts';
import { CRASH_TIME, type Machine, PTE_BASE, type Scene, bugCheckHere, kernelStack, machine, scene, words } from './scene.ts';
import { type StackDrawing, addressIn } from './stack.ts';
import type { ExtraModule } from './windows.ts';

const NIC_FUNCTIONS: readonly FunctionSpec[] = [
  { name: 'DriverEntry', prologue: { push: ['rbx', 'rsi'], alloc: 0x68 } },
  {
    name: 'NicInterruptDpc',
    gap: 0x1200,
    prologue: { push: ['rbx', 'rsi', 'rdi', 'r14'], alloc: 0x48 },
    body: (code) => code.move('rbx', 'rcx').load('rsi', { base: 'rcx', displacement: 0x88 }).zero('r14').move('rcx', 'rbx').call('NicReceiveRing').nop(3),
  },
  {
    name: 'NicReceiveRing',
    gap: 0x260,
    prologue: { push: ['rbx', 'rbp', 'rsi', 'rdi', 'r15'], alloc: 0x50 },
    body: (code) =>
      code
        .move('rdi', 'rcx')
        .load('rbx', { base: 'rcx', displacement: 0x120 })
        .load('rcx', { base: 'rbx', displacement: 0x30 })
        .mark('spin')
        .call('NicIndicateBuffer')
        .nop(4),
  },
  {
    // The fault: the buffer's descriptor is read without a look at the pointer.
    name: 'NicIndicateBuffer',
    gap: 0x90,
    prologue: { push: ['rbx', 'rdi'], alloc: 0x38 },
    body: (code) =>
      code
        .move('rdi', 'rcx')
        .zero('r8')
        .mark('fault')
        .load32('rax', { base: 'rcx', displacement: 0x28 })
        .load('rdx', { base: 'rcx', displacement: 0x10 })
        .store({ base: 'rdi', displacement: 0x40 }, 'rdx')
        .call('NicFreeBuffer'),
  },
  { name: 'NicFreeBuffer', prologue: { alloc: 0x28 } },
];

let nic: BuiltPe | undefined;
/** examplenic.sys of no vendor that exists. */
export function exampleNic(): ExtraModule {
  nic ??= buildPe({
    ...{ name: 'examplenic.sys', timestamp: 0x62a4f1b7, checksum: 0x1f3c2, functions: NIC_FUNCTIONS, sizeOfImage: 0x2e000, textRva: 0x4000 },
    pdb: { file: String.raw`C:\build\examplenic\x64\Release\examplenic.pdb`, guid: '7b6b0d3e-2f54-4c19-a2c8-10b1d0e5f904', age: 3 },
  });
  return { name: 'examplenic.sys', image: nic };
}

/** Idle processor, DPC, the network stack's interrupt DPC, the driver's own functions down to the fault. */
function drawNicStack(on: Machine): StackDrawing {
  const [ndis, driver] = [on.image('ndis.sys'), on.image('examplenic.sys')];
  const adapter = 0xffffe0812f1a4000n;
  return kernelStack()
    .push(0n)
    .enter(on.nt, 'KiIdleLoop')
    .set({ rbx: 0n, rbp: 0n, rsi: 0xffffe0812e0d7040n, rdi: 0n, r12: 1n, r13: 0n, r14: 0n, r15: 0n })
    .call(on.nt, 'KiRetireDpcList')
    .set({ rbx: 0xffff9a805a4402c0n, rdi: 0xffff9a805a443280n, rbp: 0xffffd20f3b2e7b90n })
    .call(on.nt, 'KiExecuteAllDpcs')
    .set({ rbx: 0xffffe0812f1a4a60n, rsi: adapter })
    .call(ndis, 'ndisInterruptDpc', 'DeferredRoutine')
    .set({ rbx: adapter, rdi: 0x40n })
    .call(driver, 'NicInterruptDpc', 'MiniportInterruptDpc')
    .set({ rbx: adapter, rsi: 0xffffe0812f1a6400n, r14: 0n })
    .call(driver, 'NicReceiveRing')
    .set({ rbx: 0xffffe0812f2c0080n, rdi: adapter, r15: 0x3fn })
    .call(driver, 'NicIndicateBuffer')
    .set({ rdi: 0n });
}

export interface DriverFaultOptions {
  /** 0xd1 by default; 0xa writes the same fault as the kernel's own. */
  readonly code?: 0xd1 | 0xa;
  readonly irql?: number;
  /** What rcx holds at the fault; the access is at +0x28. */
  readonly pointer?: bigint;
}

/** 0xD1: examplenic.sys reads through a pointer that is null, at DISPATCH_LEVEL. */
export function driverFault(options: DriverFaultOptions = {}): Scene {
  const { code = 0xd1, irql = 2, pointer = 0n } = options;
  const on = machine([exampleNic()]);
  const drawing = drawNicStack(on);
  const driver = on.image('examplenic.sys');
  const rip = addressIn(driver, 'NicIndicateBuffer:fault');
  const cr2 = BigInt.asUintN(64, pointer + 0x28n);
  const trapFrame = drawing.set({ rdi: pointer }).trap(on.nt, 'KiPageFault', {
    ...{ cr2, irql, errorCode: 0n },
    registers: {
      rax: 0x1n,
      rcx: pointer,
      rdx: 0xffffe0812f1a6400n,
      r8: 0n,
      r9: 0x3fn,
      r10: addressIn(on.image('ndis.sys'), 'NdisMIndicateReceiveNetBufferLists'),
      r11: 0xffffd20f3b2e78c0n,
    },
  });
  const params: BugCheckParams = [cr2, BigInt(irql), 0n, rip];
  drawing.call(on.nt, 'KiBugCheckDispatch').reach(on.nt, 'KeBugCheckEx');
  bugCheckHere(drawing, code, params);
  const ring = words(0xffffe0812f2c0080n, [0xffffe0812f1a4000n, 0x40n, 0x3fn, 0n, 0n, 0x0000_0200_0000_0001n, pointer, 0n]);
  return scene({
    ...{ title: 'driver-fault', machine: on, drawing, bugCheck: code, params, trapFrame, cr2, memory: [ring], others: ordinaryProcesses(on) },
    thread: { address: 0xffff9a805a44b140n, id: 0, priority: 0 },
  });
}

/** 0x1A, 0x41792: a page table entry that should be empty holds one set bit. Nothing but the kernel is on the stack. */
export function bitFlip1a(bit = 37): Scene {
  const on = machine();
  const others = ordinaryProcesses(on);
  const victim = others.at(-1);
  const value = 1n << BigInt(bit);
  const pte = PTE_BASE + ((0x1a2_b3c4_d000n >> 12n) << 3n);
  const params: BugCheckParams = [0x41792n, pte, value, 0n];
  const drawing = kernelStack();
  drawing.trap(on.nt, 'KiSystemServiceCopyEnd', { fromUser: { rip: 0x7ffb1000100an, rsp: 0x8d2f0ff388n }, registers: { rax: 0x2cn } });
  drawing.call(on.nt, 'NtTerminateProcess', 'SystemService').call(on.nt, 'PspExitThread').call(on.nt, 'PspRundownSingleProcess');
  drawing.call(on.nt, 'MmCleanProcessAddressSpace').call(on.nt, 'MiCleanVad').call(on.nt, 'MiDeleteVad').call(on.nt, 'MiWalkPageTablesRecursively');
  drawing.call(on.nt, 'MiDeleteVa').reach(on.nt, 'KeBugCheckEx');
  bugCheckHere(drawing, 0x1a, params);
  return scene({
    ...{ title: 'bit-flip', machine: on, drawing, bugCheck: 0x1a, params, memory: [words(pte, [value])], others },
    ...(victim ? { process: victim.object, thread: { id: 0x2a10, teb: 0x8d2ee00000n } } : {}),
  });
}

export interface WheaOptions {
  readonly kind?: 'machine-check' | 'pcie';
  /** MCi_STATUS; by default a cache hierarchy error, uncorrected, context corrupt. */
  readonly status?: bigint;
}

/** 0x124: the error record stands at P2. P1 = 0 machine check, 4 PCI Express. */
export function whea124(options: WheaOptions = {}): Scene {
  const { kind = 'machine-check', status = 0xb200_0000_0000_0135n } = options;
  const on = machine();
  const at = 0xffffe0812b93b028n;
  const pcie = kind === 'pcie';
  const bytes = pcie
    ? pcieRecord({ vendorId: 0x8086, deviceId: 0xa340, bus: 0, device: 0x1b, function: 0, uncorrectable: 1 << 5, when: CRASH_TIME })
    : machineCheckRecord({ vendor: 'intel', bank: 1, status, apicId: 6, processor: 3, when: CRASH_TIME });
  const params: BugCheckParams = pcie ? [4n, at, 0n, 0n] : [0n, at, status >> 32n, status & 0xffff_ffffn];
  const drawing = kernelStack().push(0n).enter(on.nt, 'KiIdleLoop').call(on.nt, 'PoIdle');
  drawing.trap(on.nt, 'KiInterruptDispatchNoLockNoEtw', { mark: 'halted', irql: 0 });
  drawing.call(on.nt, 'KiMcheckHandler').call(on.nt, 'WheaReportHwError').call(on.nt, 'HalBugCheckSystem').reach(on.nt, 'KeBugCheckEx');
  bugCheckHere(drawing, 0x124, params);
  return scene({
    ...{ title: `whea-${kind}`, machine: on, drawing, bugCheck: 0x124, params, memory: [{ address: at, bytes }], processor: 3 },
    others: ordinaryProcesses(on),
  });
}

/** A resource in the dump of power9f. */
export const POWER_RESOURCE = 0xffffe0812f7000a0n;

/** 0x9F, P1 = 3: the power request at P4 stands with examplenic.sys; the device at P2 belongs to pci.sys. */
export function power9f(): Scene {
  const on = machine([exampleNic()]);
  const [pci, driver] = [on.image('pci.sys'), on.image('examplenic.sys')];
  const [pdo, fdo, pciDriver, nicDriver] = [0xffffe0812b1d0060n, 0xffffe0812c2e5050n, 0xffffe0812b0a1e10n, 0xffffe0812c110ce0n];
  const [irp, block] = [0xffffe0812f6aaa20n, 0xffffd20f3b2e7f80n];
  const params: BugCheckParams = [3n, pdo, block, irp];
  const drawing = kernelStack();
  drawing.rsp -= 0x200n;
  drawing
    .push(0n)
    .enter(on.nt, 'KiIdleLoop')
    .call(on.nt, 'KiRetireDpcList')
    .call(on.nt, 'KiProcessExpiredTimerList')
    .call(on.nt, 'PopIrpWatchdog', 'DeferredRoutine');
  drawing.call(on.nt, 'PopIrpWatchdogBugcheck').reach(on.nt, 'KeBugCheckEx');
  bugCheckHere(drawing, 0x9f, params);
  const triage = triage9f(block, 0xfffff8062fe4a000n);
  for (let at = 0; at < triage.bytes.length; at += 8) drawing.poke(block + BigInt(at), get(triage.bytes, at, 8));
  const memory = [
    deviceObject({ address: pdo, driver: pciDriver, attached: fdo }),
    deviceObject({ address: fdo, driver: nicDriver }),
    ...driverObject({ address: pciDriver, name: String.raw`\Driver\pci`, start: pci.base, size: pci.pe.sizeOfImage, device: pdo }),
    ...driverObject({ address: nicDriver, name: String.raw`\Driver\ExampleNic`, start: driver.base, size: driver.pe.sizeOfImage, device: fdo }),
    powerIrp({ address: irp, device: fdo, physicalDevice: pdo }),
    heldResource(POWER_RESOURCE, 0xffffe0812e0d7040n, 45),
  ];
  return scene({ title: 'power-9f', machine: on, drawing, bugCheck: 0x9f, params, memory, others: ordinaryProcesses(on) });
}

let gpu: BuiltPe | undefined;
/** examplegpu.sys, a display driver that does not exist. */
export function exampleGpu(): ExtraModule {
  gpu ??= buildPe({
    ...{ name: 'examplegpu.sys', timestamp: 0x6453a0c2, checksum: 0x2a1b7f1, sizeOfImage: 0x1c40000, textRva: 0x8000 },
    functions: [
      { name: 'DriverEntry', prologue: { alloc: 0x48 } },
      { name: 'GpuTdrOwnerTag', gap: 0x1000, prologue: { push: ['rbx'], alloc: 0x30 } },
    ],
    pdb: { file: 'examplegpu.pdb', guid: '91c2b3a4-07d5-4e6f-8a9b-0c1d2e3f4a05', age: 1 },
  });
  return { name: 'examplegpu.sys', folder: String.raw`\SystemRoot\System32\DriverStore\FileRepository\examplegpu.inf_amd64_0000000000000001`, image: gpu };
}

/** 0x116: the display driver did not answer; P2 lies in it, P3 is a status. */
export function videoTdr116(status = 0xc000009an): Scene {
  const on = machine([exampleGpu()]);
  const [dxgkrnl, driver] = [on.image('dxgkrnl.sys'), on.image('examplegpu.sys')];
  const context = 0xffffe0812f0d8010n;
  const params: BugCheckParams = [context, addressIn(driver, 'GpuTdrOwnerTag'), status, 4n];
  const drawing = kernelStack()
    .push(0n)
    .enter(on.nt, 'KiStartSystemThread')
    .call(on.nt, 'PspSystemThreadStartup')
    .call(on.nt, 'ExpWorkerThread', 'StartRoutine');
  drawing.call(dxgkrnl, 'TdrResetFromTimeoutWorkItem', 'WorkerRoutine').call(dxgkrnl, 'TdrIsRecoveryRequired').call(dxgkrnl, 'TdrBugcheckOnTimeout');
  drawing.reach(on.nt, 'KeBugCheckEx', 'nt!KeBugCheckEx');
  bugCheckHere(drawing, 0x116, params);
  // TDR_RECOVERY_CONTEXT begins with the signature 'vTDR'
  const recovery = words(context, [0x52445476n, 9n, 0n, 0xffffe0812e4bc030n]);
  return scene({ title: 'video-tdr', machine: on, drawing, bugCheck: 0x116, params, memory: [recovery], others: ordinaryProcesses(on) });
}

/** 0x133, P1 = 0: one DPC of examplenic.sys ran too long; the clock interrupt found it in its receive loop. */
export function dpc133(): Scene {
  const on = machine([exampleNic()]);
  const params: BugCheckParams = [0n, 0x501n, 0x500n, on.nt.base + 0xcfb320n];
  const [ndis, driver] = [on.image('ndis.sys'), on.image('examplenic.sys')];
  const drawing = kernelStack().push(0n).enter(on.nt, 'KiIdleLoop').call(on.nt, 'KiRetireDpcList').call(on.nt, 'KiExecuteAllDpcs');
  drawing.call(ndis, 'ndisInterruptDpc', 'DeferredRoutine').call(driver, 'NicInterruptDpc', 'MiniportInterruptDpc').call(driver, 'NicReceiveRing');
  const trapFrame = drawing.trap(on.nt, 'KiInterruptDispatchNoLockNoEtw', { mark: 'spin', irql: 2, registers: { rcx: 0xffffe0812f2c0080n } });
  drawing.call(on.nt, 'KeClockInterruptNotify').call(on.nt, 'KeAccumulateTicks').reach(on.nt, 'KeBugCheckEx');
  bugCheckHere(drawing, 0x133, params);
  return scene({ title: 'dpc-watchdog', machine: on, drawing, bugCheck: 0x133, params, trapFrame, others: ordinaryProcesses(on) });
}

/**
 * 0x1000007E: a worker thread of examplenic.sys reads through a wild pointer. The exception record and the context stand on
 * the stack at P3 and P4, and the context in the header is P4's, as the kernel writes it.
 */
export function systemThread7e(pointer = 0x0000_0400_1b2c_3d40n): Scene {
  const on = machine([exampleNic()]);
  const driver = on.image('examplenic.sys');
  const rip = addressIn(driver, 'NicIndicateBuffer:fault');
  const drawing = kernelStack()
    .push(0n)
    .enter(on.nt, 'KiStartSystemThread')
    .call(on.nt, 'PspSystemThreadStartup')
    .call(on.nt, 'ExpWorkerThread', 'StartRoutine');
  drawing.set({ rbx: 0xffffe0812f1a4000n, rdi: pointer }).call(driver, 'NicReceiveRing', 'WorkerRoutine').call(driver, 'NicIndicateBuffer');
  const registers = { ...drawing.context(rip), rcx: pointer };
  const at = drawing.finish(rip);
  const [record, context] = [at.address - 0xa00n, at.address - 0x900n];
  const params: BugCheckParams = [0xffff_ffff_c000_0005n, rip, record, context];
  const memory = [
    { address: record, bytes: exceptionRecord64(0xc0000005, rip, [0n, pointer + 0x28n]) },
    { address: context, bytes: x64Context(registers, 0x10001f) },
  ];
  const made = scene({ title: 'system-thread', machine: on, drawing, bugCheck: 0x1000007e, params, memory, others: ordinaryProcesses(on) });
  return { ...made, registers, stack: at };
}

/** A stop whose data says nothing about its cause: a code that no public table has, only the kernel on the stack. */
export function unknownStop(): Scene {
  const on = machine();
  const params: BugCheckParams = [1n, 0n, 0n, 0n];
  const drawing = kernelStack()
    .push(0n)
    .enter(on.nt, 'KiStartSystemThread')
    .call(on.nt, 'PspSystemThreadStartup')
    .call(on.nt, 'ExpWorkerThread', 'StartRoutine');
  drawing.call(on.nt, 'KeRemovePriQueue').call(on.nt, 'KiCommitThreadWait');
  drawing.trap(on.nt, 'KiPageFault', { rip: addressIn(on.nt, 'KiCommitThreadWait>KiSwapThread'), cr2: 0n });
  drawing.call(on.nt, 'MmAccessFault').reach(on.nt, 'KeBugCheckEx');
  bugCheckHere(drawing, 0x5001, params);
  return scene({ title: 'unknown-stop', machine: on, drawing, bugCheck: 0x5001, params, others: ordinaryProcesses(on) });
}

/** Every scene, for tests that go over all of them. */
export const SCENES: readonly (() => Scene)[] = [
  () => driverFault(),
  () => driverFault({ code: 0xa, pointer: 0xffffe0812f2c4000n }),
  () => bitFlip1a(),
  () => whea124(),
  () => whea124({ kind: 'pcie' }),
  power9f,
  () => videoTdr116(),
  dpc133,
  () => systemThread7e(),
  unknownStop,
];
