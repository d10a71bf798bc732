/** Processes with waiting threads, for dumps that hold more than the thread that stopped the machine. */
import { put } from './binary.ts';
import type { ProcessObject } from './objects.ts';
import { CRASH_TIME, type Machine, SYSTEM_PROCESS, type SceneProcess, type SceneThread } from './scene.ts';
import { StackDrawing } from './stack.ts';

const STACK_STEP = 0x8000n;
const STACK_AREA = 0xffffd20f30000000n;
const THREAD_AREA = 0xffffe08130000080n;

interface WaitingThread {
  readonly process: ProcessObject;
  readonly address: bigint;
  readonly id: number;
  /** KWAIT_REASON. */
  readonly reason: number;
  readonly teb?: bigint;
}

/** A thread at its wait: `drawing` has left its stack in SwapContext. */
export function waitingThread(drawing: StackDrawing, { process, address, id, reason, teb = 0n }: WaitingThread): SceneThread {
  const drawn = drawing.finish();
  const object = {
    ...{ address, process: process.address, processId: process.id, id, state: 5, waitReason: reason, priority: 8, teb },
    ...{ stackBase: drawing.high, stackLimit: drawing.high - 0x6000n, kernelStack: drawn.address, createTime: CRASH_TIME - 50_000_000_000n },
  };
  return { object, stack: { address: drawn.address, bytes: drawn.bytes }, frames: drawn.frames };
}

class ThreadMaker {
  private readonly machine: Machine;
  private made = 0;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  private finish(drawing: StackDrawing, process: ProcessObject, reason: number, teb: bigint): SceneThread {
    const index = this.made++;
    return waitingThread(drawing, { process, address: THREAD_AREA + BigInt(index) * 0x900n, id: process.id + 4 + index * 4, reason, teb });
  }

  private nextStack(): StackDrawing {
    return new StackDrawing(STACK_AREA + BigInt(this.made + 1) * STACK_STEP, 0x2000);
  }

  /** A system worker that waits for work. Its KernelStack is where SwapContext left it (KSWITCH_FRAME). */
  worker(process: ProcessObject): SceneThread {
    const { nt } = this.machine;
    const drawing = this.nextStack().push(0n).enter(nt, 'KiStartSystemThread').call(nt, 'PspSystemThreadStartup').call(nt, 'ExpWorkerThread', 'StartRoutine');
    drawing.call(nt, 'KeRemovePriQueue').call(nt, 'KiCommitThreadWait').call(nt, 'KiSwapThread').call(nt, 'KiSwapContext').call(nt, 'SwapContext');
    return this.finish(drawing, process, 15, 0n);
  }

  /** A user thread in NtWaitForSingleObject: the system call's frame stands at the top of its kernel stack. */
  waiter(process: ProcessObject, rip: bigint): SceneThread {
    const { nt } = this.machine;
    const drawing = this.nextStack();
    const index = BigInt(this.made);
    drawing.trap(nt, 'KiSystemServiceCopyEnd', { fromUser: { rip, rsp: 0x7ff000000f00n + (index << 16n) }, registers: { rax: 4n, rcx: rip } });
    drawing.call(nt, 'NtWaitForSingleObject', 'SystemService').call(nt, 'KeWaitForSingleObject').call(nt, 'KiCommitThreadWait');
    drawing.call(nt, 'KiSwapThread').call(nt, 'KiSwapContext').call(nt, 'SwapContext');
    return this.finish(drawing, process, 6, 0x7ff700000000n + (index << 13n));
  }
}

/** A PEB with ImageBaseAddress, and the page a user thread stands in. */
function userMemory(peb: bigint): { address: bigint; bytes: Uint8Array }[] {
  const page = new Uint8Array(0x100);
  put(page, 0x10, 8, 0x7ff6a0000000n);
  // NtWaitForSingleObject as every system call stub: mov r10,rcx; mov eax,4; syscall; ret
  const stub = Uint8Array.of(0x4c, 0x8b, 0xd1, 0xb8, 4, 0, 0, 0, 0x0f, 0x05, 0xc3);
  return [
    { address: peb, bytes: page },
    { address: 0x7ffb10001000n, bytes: stub },
  ];
}

const NAMES: readonly (readonly [name: string, id: number, parent: number, threads: number])[] = [
  ['smss.exe', 0x1d4, 4, 1],
  ['csrss.exe', 0x240, 0x234, 3],
  ['wininit.exe', 0x294, 0x234, 1],
  ['services.exe', 0x2e0, 0x294, 2],
  ['lsass.exe', 0x2f4, 0x294, 3],
  ['svchost.exe', 0x368, 0x2e0, 2],
  ['explorer.exe', 0x11a8, 0x1190, 4],
  ['examplegame.exe', 0x1f3c, 0x11a8, 5],
];

/** System with four workers, and the processes above with threads that wait. */
export function ordinaryProcesses(machine: Machine): SceneProcess[] {
  const maker = new ThreadMaker(machine);
  const system = { object: SYSTEM_PROCESS, threads: Array.from({ length: 4 }, () => maker.worker(SYSTEM_PROCESS)) };
  const others = NAMES.map(([imageName, id, parentId, threads], index): SceneProcess => {
    const peb = 0x30f6e2000n + BigInt(index) * 0x10000n;
    const object: ProcessObject = {
      ...{ address: 0xffffe08130100080n + BigInt(index) * 0x1000n, imageName, id, parentId, peb },
      ...{ directoryTableBase: 0x300000n + BigInt(index) * 0x7000n, createTime: CRASH_TIME - 40_000_000_000n + BigInt(index) },
    };
    return { object, threads: Array.from({ length: threads }, () => maker.waiter(object, 0x7ffb1000100an)), memory: userMemory(peb) };
  });
  return [system, ...others];
}
