/** ETHREAD by field name: what it runs, what it waits for. */
import { type Va, vaAdd } from '../../base/address.ts';
import { type Found, found, mapFound, missing, type MissingReason, thenFound } from '../../base/found.ts';
import { readCountedString } from '../text.ts';
import type { TypedMemory, TypedView } from '../typedview.ts';
import { fileTime, type Kind, viewOfKind } from './object.ts';

export interface KernelThread {
  readonly view: TypedView;
  readonly id: Found<number>;
  readonly processId: Found<number>;
  /** EPROCESS whose address space the thread runs in; EPROCESS it belongs to. */
  readonly attachedProcess: Found<Va>;
  readonly process: Found<Va>;
  readonly state: Found<string>;
  /** Only where the state is Waiting. */
  readonly waitReason: Found<string>;
  readonly waitMode: Found<'KernelMode' | 'UserMode'>;
  readonly alertable: Found<boolean>;
  /** Clock ticks at which the wait began, of 32 bits. */
  readonly waitTime: Found<number>;
  readonly waitObjects: WaitObjects;
  readonly priority: Found<number>;
  readonly basePriority: Found<number>;
  readonly contextSwitches: Found<number>;
  readonly stackBase: Found<Va>;
  readonly stackLimit: Found<Va>;
  readonly kernelStack: Found<Va>;
  readonly trapFrame: Found<Va>;
  readonly teb: Found<Va>;
  readonly win32Thread: Found<Va>;
  readonly startAddress: Found<Va>;
  readonly win32StartAddress: Found<Va>;
  /** Milliseconds since 1970. */
  readonly createTime: Found<number>;
  /** Set with SetThreadDescription, Windows 10 1607 and later. */
  readonly name: Found<string>;
}
export interface WaitObjects {
  readonly objects: readonly Va[];
  /** Why not all are listed. */
  readonly ended?: MissingReason;
}

/** KOBJECTS: ThreadObject. */
const THREAD: Kind = { type: '_ETHREAD', path: 'Tcb.Header.Type', value: 6 };
/** KTHREAD_STATE (public type tables of the kernel). */
const STATES: readonly string[] = [
  'Initialized',
  'Ready',
  'Running',
  'Standby',
  'Terminated',
  'Waiting',
  'Transition',
  'DeferredReady',
  'GateWaitObsolete',
  'WaitingForProcessInSwap',
];
/** KWAIT_REASON (wdm.h). */
const REASONS: readonly string[] = [
  ...['Executive', 'FreePage', 'PageIn', 'PoolAllocation', 'DelayExecution', 'Suspended', 'UserRequest', 'WrExecutive', 'WrFreePage', 'WrPageIn'],
  ...['WrPoolAllocation', 'WrDelayExecution', 'WrSuspended', 'WrUserRequest', 'WrEventPair', 'WrQueue', 'WrLpcReceive', 'WrLpcReply', 'WrVirtualMemory'],
  ...['WrPageOut', 'WrRendezvous', 'WrKeyedEvent', 'WrTerminated', 'WrProcessInSwap', 'WrCpuRateControl', 'WrCalloutStack', 'WrKernel', 'WrResource'],
  ...['WrPushLock', 'WrMutex', 'WrQuantumEnd', 'WrDispatchInt', 'WrPreempted', 'WrYieldExecution', 'WrFastMutex', 'WrGuardedMutex', 'WrRundown'],
  ...['WrAlertByThreadId', 'WrDeferredPreempt', 'WrPhysicalFault', 'WrIoRing', 'WrMdlCache', 'WrRcu'],
];
/** MAXIMUM_WAIT_OBJECTS. */
const MAX_WAIT_BLOCKS = 64;

export function readThread(kernel: TypedMemory, at: Va): Found<KernelThread> {
  return mapFound(viewOfKind(kernel, at, THREAD), (view) => {
    const state = nameFrom(view.number('Tcb.State'), STATES, 'state');
    const whileWaiting = <T>(value: Found<T>): Found<T> =>
      thenFound(state, (name) => (name === 'Waiting' ? value : missing({ why: 'not-computed', detail: 'the thread does not wait' })));
    return {
      view,
      id: view.number('Cid.UniqueThread'),
      processId: view.number('Cid.UniqueProcess'),
      attachedProcess: view.pointer('Tcb.ApcState.Process'),
      process: view.pointer('Tcb.Process'),
      state,
      waitReason: whileWaiting(nameFrom(view.number('Tcb.WaitReason'), REASONS, 'reason')),
      waitMode: whileWaiting(mapFound(view.number('Tcb.WaitMode'), (mode) => (mode === 0 ? 'KernelMode' : 'UserMode'))),
      alertable: whileWaiting(view.flag('Tcb.Alertable')),
      waitTime: whileWaiting(view.number('Tcb.WaitTime')),
      waitObjects: waitObjects(view, state),
      priority: view.number('Tcb.Priority'),
      basePriority: view.number('Tcb.BasePriority'),
      contextSwitches: view.number('Tcb.ContextSwitches'),
      stackBase: view.pointer('Tcb.StackBase'),
      stackLimit: view.pointer('Tcb.StackLimit'),
      kernelStack: view.pointer('Tcb.KernelStack'),
      trapFrame: view.pointer('Tcb.TrapFrame'),
      teb: view.pointer('Tcb.Teb'),
      win32Thread: view.pointer('Tcb.Win32Thread'),
      startAddress: view.pointer('StartAddress'),
      win32StartAddress: view.pointer('Win32StartAddress'),
      createTime: fileTime(view.uint('CreateTime.QuadPart')),
      name: thenFound(view.follow('ThreadName'), readCountedString),
    };
  });
}

function nameFrom(value: Found<number>, names: readonly string[], what: string): Found<string> {
  return mapFound(value, (known) => names[known] ?? `${what} ${known}`);
}

/** What the thread waits for: wait blocks lie one behind the other from WaitBlockList on, or in older kernels in a ring. */
function waitObjects(view: TypedView, state: Found<string>): WaitObjects {
  if (!state.ok) return { objects: [], ended: state.missing };
  if (state.value !== 'Waiting') return { objects: [] };
  const count = view.has('Tcb.WaitBlockCount') ? view.number('Tcb.WaitBlockCount') : found(MAX_WAIT_BLOCKS);
  const first = view.follow('Tcb.WaitBlockList');
  if (!count.ok) return { objects: [], ended: count.missing };
  if (!first.ok) return { objects: [], ended: first.missing };
  return first.value.has('NextWaitBlock') ? waitRing(first.value) : waitRow(first.value, Math.min(count.value, MAX_WAIT_BLOCKS));
}

function waitRow(first: TypedView, count: number): WaitObjects {
  const objects: Va[] = [];
  for (let index = 0; index < count; index++) {
    const object = first.memory.viewOf(first.type, vaAdd(first.at, index * first.type.sizeBytes));
    const at = thenFound(object, (block) => block.pointer('Object'));
    if (!at.ok) return { objects, ended: at.missing };
    objects.push(at.value);
  }
  return { objects };
}

function waitRing(first: TypedView): WaitObjects {
  const objects: Va[] = [];
  let block = first;
  while (objects.length < MAX_WAIT_BLOCKS) {
    const at = block.pointer('Object');
    if (!at.ok) return { objects, ended: at.missing };
    objects.push(at.value);
    const next = block.follow('NextWaitBlock');
    if (!next.ok) return { objects, ended: next.missing };
    if (next.value.at === first.at) return { objects };
    block = next.value;
  }
  return { objects, ended: { why: 'not-valid', what: 'wait blocks', got: `more than ${MAX_WAIT_BLOCKS}`, wanted: 'an end' } };
}

/** IRPs that the thread issued and that are not complete, newest first. */
const MAX_IRPS = 1024;
export function threadIrps(thread: TypedView): { readonly irps: readonly Va[]; readonly ended?: MissingReason } {
  const irps: Va[] = [];
  const members = thread.members('IrpList', { type: '_IRP', link: 'ThreadListEntry', limit: MAX_IRPS });
  for (let next = members.next(); ; next = members.next()) {
    if (next.done) return next.value ? { irps, ended: next.value } : { irps };
    irps.push(next.value.at);
  }
}
