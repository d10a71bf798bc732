/** Kernel objects as bytes, at the offsets of a named build (layouts.ts). */
import { ascii, put } from './binary.ts';
import { vendorBytes } from './context.ts';
import type { ObjectOffsets } from './layouts.ts';

export interface ProcessObject {
  readonly address: bigint;
  readonly imageName: string;
  readonly id: number;
  readonly parentId: number;
  readonly directoryTableBase: bigint;
  readonly peb?: bigint;
  readonly createTime?: bigint;
  /** Links as the kernel holds them; a lone object points at itself. */
  readonly links?: { readonly flink: bigint; readonly blink: bigint };
  readonly threadList?: { readonly flink: bigint; readonly blink: bigint };
  readonly kernelThreadList?: { readonly flink: bigint; readonly blink: bigint };
  readonly activeThreads?: number;
  /** NTSTATUS the process ended with. */
  readonly exitStatus?: number;
}

export interface ThreadObject {
  readonly address: bigint;
  readonly process: bigint;
  readonly processId: number;
  readonly id: number;
  readonly stackBase: bigint;
  readonly stackLimit: bigint;
  readonly kernelStack: bigint;
  /** KTHREAD_STATE: 2 running, 5 waiting. */
  readonly state: number;
  readonly waitReason?: number;
  readonly priority?: number;
  readonly teb?: bigint;
  readonly trapFrame?: bigint;
  readonly startAddress?: bigint;
  readonly processor?: number;
  readonly createTime?: bigint;
  readonly links?: { readonly flink: bigint; readonly blink: bigint };
  readonly kernelLinks?: { readonly flink: bigint; readonly blink: bigint };
}

export interface PrcbObject {
  readonly address: bigint;
  readonly number: number;
  readonly currentThread: bigint;
  readonly idleThread: bigint;
  readonly directoryTableBase: bigint;
  readonly cr2?: bigint;
  readonly mhz?: number;
  readonly vendor?: 'GenuineIntel' | 'AuthenticAMD';
  /** CONTEXT saved at the stop. */
  readonly context: Uint8Array;
}

function putList(bytes: Uint8Array, at: number, self: bigint, links: { readonly flink: bigint; readonly blink: bigint } | undefined): void {
  put(bytes, at, 8, links?.flink ?? self);
  put(bytes, at + 8, 8, links?.blink ?? self);
}

/** DISPATCHER_HEADER: Type 3 process, 6 thread; an empty wait list. */
function putHeader(bytes: Uint8Array, type: number, address: bigint): void {
  put(bytes, 0, 1, type);
  putList(bytes, 8, address + 8n, undefined);
}

export function processBytes(offsets: ObjectOffsets, process: ProcessObject): Uint8Array {
  const at = offsets.eprocess;
  const bytes = new Uint8Array(offsets.sizes.eprocess);
  putHeader(bytes, 3, process.address);
  put(bytes, at.DirectoryTableBase, 8, process.directoryTableBase);
  putList(bytes, at.ThreadListHead, process.address + BigInt(at.ThreadListHead), process.kernelThreadList);
  put(bytes, at.UniqueProcessId, 8, process.id);
  putList(bytes, at.ActiveProcessLinks, process.address + BigInt(at.ActiveProcessLinks), process.links);
  put(bytes, at.CreateTime, 8, process.createTime ?? 0n);
  put(bytes, at.InheritedFromUniqueProcessId, 8, process.parentId);
  put(bytes, at.Peb, 8, process.peb ?? 0n);
  bytes.set(ascii(process.imageName.slice(0, 14)), at.ImageFileName);
  putList(bytes, at.EThreadListHead, process.address + BigInt(at.EThreadListHead), process.threadList);
  put(bytes, at.ActiveThreads, 4, process.activeThreads ?? 0);
  put(bytes, at.ExitStatus, 4, process.exitStatus ?? 0);
  return bytes;
}

export function threadBytes(offsets: ObjectOffsets, thread: ThreadObject): Uint8Array {
  const at = offsets.ethread;
  const bytes = new Uint8Array(offsets.sizes.ethread);
  putHeader(bytes, 6, thread.address);
  const words: readonly (readonly [number, bigint])[] = [
    [at.InitialStack, thread.stackBase - 0x50n],
    [at.StackLimit, thread.stackLimit],
    [at.StackBase, thread.stackBase],
    [at.KernelStack, thread.kernelStack],
    [at.TrapFrame, thread.trapFrame ?? 0n],
    [at.ApcProcess, thread.process],
    [at.Teb, thread.teb ?? 0n],
    [at.Process, thread.process],
    [at.CreateTime, thread.createTime ?? 0n],
    [at.StartAddress, thread.startAddress ?? 0n],
    [at.ClientId, BigInt(thread.processId)],
    [at.ClientId + 8, BigInt(thread.id)],
    [at.Win32StartAddress, thread.startAddress ?? 0n],
  ];
  for (const [offset, value] of words) put(bytes, offset, 8, value);
  put(bytes, at.Running, 1, thread.state === 2 ? 1 : 0);
  put(bytes, at.State, 1, thread.state);
  put(bytes, at.WaitReason, 1, thread.waitReason ?? 0);
  put(bytes, at.Priority, 1, thread.priority ?? 8);
  put(bytes, at.BasePriority, 1, thread.priority ?? 8);
  put(bytes, at.NextProcessor, 4, thread.processor ?? 0);
  putList(bytes, at.IrpList, thread.address + BigInt(at.IrpList), undefined);
  putList(bytes, at.ThreadListEntry, thread.address + BigInt(at.ThreadListEntry), thread.links);
  putList(bytes, at.KThreadListEntry, thread.address + BigInt(at.KThreadListEntry), thread.kernelLinks);
  return bytes;
}

export function prcbBytes(offsets: ObjectOffsets, prcb: PrcbObject): Uint8Array {
  const at = offsets.prcb;
  const bytes = new Uint8Array(offsets.sizes.prcb);
  const contextAt = at.ProcessorState + (offsets.arch === 'x64' ? 0xf0 : 0x40);
  put(bytes, 0, 4, 0x1f80);
  put(bytes, at.CurrentThread, 8, prcb.currentThread);
  put(bytes, at.IdleThread, 8, prcb.idleThread);
  put(bytes, at.Number, 4, prcb.number);
  put(bytes, at.Mhz, 4, prcb.mhz ?? 3600);
  bytes.set(vendorBytes(prcb.vendor ?? 'GenuineIntel'), at.VendorString);
  put(bytes, at.Context, 8, prcb.address + BigInt(contextAt));
  if (offsets.arch === 'x64') {
    // CpuType, CpuID, CpuStep (stepping, model); KSPECIAL_REGISTERS Cr0, Cr2, Cr3, Cr4
    put(bytes, at.CpuType, 4, 0x0203_0106);
    [0x80050033n, prcb.cr2 ?? 0n, prcb.directoryTableBase, 0x370678n].forEach((value, index) => put(bytes, at.ProcessorState + index * 8, 8, value));
  }
  bytes.set(prcb.context, contextAt);
  return bytes;
}
