/**
 * Scenes: the stops that people meet, drawn on the invented machine. Parameters as Microsoft's bug check reference
 * describes them (learn.microsoft.com/windows-hardware/drivers/debugger/bug-check-code-reference2).
 */
import { ordinaryProcesses } from './processes.ts';
import type { BugCheckParams } from './dumpheader.ts';
import { type BuiltPe, type FunctionSpec, buildPe } from './pe.ts';
import { type Machine, type Scene, bugCheckHere, kernelStack, machine, scene, words } from './scene.ts';
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
