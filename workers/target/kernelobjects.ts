/** Process, thread and processor from the bytes of EPROCESS, ETHREAD and KPRCB. Each value is checked before it is believed. */
import { isKernelHalf, type Va, va } from '../base/address.ts';
import { type Found, found, mapFound, missing, notValid, thenFound } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import { viewOf } from '../bytes/struct.ts';
import type { DumpArch } from '../formats/dump/context.ts';
import { type KernelLayout, kernelLayout, type ObjectOffsets } from './kernellayout.ts';
import type { ProcessInfo, ThreadInfo } from './target.ts';

export interface LayoutChoice {
  readonly layout: Found<KernelLayout>;
  readonly offsets: ObjectOffsets;
}

export function chooseLayout(arch: DumpArch, build: Found<number>): Found<KernelLayout> {
  return thenFound(build, (known) => {
    const layout = kernelLayout(arch, known);
    return layout ? found(layout) : missing({ why: 'unknown-layout', type: '_EPROCESS', build: `${arch} ${known}` });
  });
}

const noOffset = (what: string): Found<never> => missing({ why: 'unknown-layout', type: what, build: 'not told by KDBG' });

function u64At(data: Uint8Array, offset: number | undefined, what: string): Found<bigint> {
  if (offset === undefined) return noOffset(what);
  if (offset + 8 > data.length) return missing({ why: 'outside-file', at: offset, length: 8, fileSize: data.length });
  return found(viewOf(data).getBigUint64(offset, true));
}

function pointerAt(data: Uint8Array, offset: number | undefined, what: string): Found<Va> {
  return mapFound(u64At(data, offset, what), va);
}

/** A pointer into the kernel, such as the address of an object. */
function objectAt(data: Uint8Array, offset: number | undefined, what: string): Found<Va> {
  return thenFound(pointerAt(data, offset, what), (at) => (isKernelHalf(at) ? found(at) : notValid(what, hex(at), 'a kernel address')));
}

/** Process and thread ids are multiples of four that fit 32 bits. */
function idAt(data: Uint8Array, offset: number, what: string): Found<number> {
  return thenFound(u64At(data, offset, what), (value) =>
    value < 0x1_0000_0000n && value % 4n === 0n ? found(Number(value)) : notValid(what, hex(value), 'a multiple of four below 2^32'),
  );
}

/** EPROCESS.ImageFileName: up to fifteen bytes, so longer names are cut. */
const NAME_SIZE = 15;

function imageNameOf(data: Uint8Array, layout: KernelLayout): Found<string> {
  const at = layout.process.ImageFileName;
  if (at === undefined) return missing({ why: 'unknown-layout', type: '_EPROCESS.ImageFileName', build: String(layout.fromBuild) });
  if (at + NAME_SIZE > data.length) return missing({ why: 'outside-file', at, length: NAME_SIZE, fileSize: data.length });
  const bytes = data.subarray(at, at + NAME_SIZE);
  const end = bytes.indexOf(0);
  const text = new TextDecoder('utf-8').decode(end < 0 ? bytes : bytes.subarray(0, end));
  const printable = text !== '' && [...text].every((character) => character >= ' ' && character !== '\ufffd');
  return printable ? found(text) : notValid('EPROCESS.ImageFileName', `${text.length} characters`, 'printable text');
}

export function parseProcess(data: Uint8Array, choice: LayoutChoice, object: Found<Va>): ProcessInfo {
  const { layout, offsets } = choice;
  return {
    name: thenFound(layout, (known) => imageNameOf(data, known)),
    id: thenFound(layout, (known) => idAt(data, known.process.UniqueProcessId, 'EPROCESS.UniqueProcessId')),
    peb: pointerAt(data, offsets.processPeb, '_EPROCESS.Peb'),
    parentId:
      offsets.processParentId === undefined
        ? noOffset('_EPROCESS.InheritedFromUniqueProcessId')
        : idAt(data, offsets.processParentId, 'EPROCESS.InheritedFromUniqueProcessId'),
    directoryTableBase: u64At(data, offsets.processDirectoryTableBase, '_KPROCESS.DirectoryTableBase'),
    ...(object.ok ? { object: object.value } : {}),
  };
}

export interface ParsedThread {
  readonly thread: Found<ThreadInfo>;
  /** EPROCESS the thread runs in. */
  readonly process: Found<Va>;
}

export function parseThread(data: Uint8Array, choice: LayoutChoice, object: Found<Va>): ParsedThread {
  const { layout, offsets } = choice;
  const cid = thenFound(layout, (known) =>
    known.thread ? found(known.thread.Cid) : missing({ why: 'unknown-layout', type: '_ETHREAD.Cid', build: String(known.fromBuild) }),
  );
  const id = thenFound(cid, (at) => idAt(data, at + 8, 'ETHREAD.Cid.UniqueThread'));
  const low = pointerAt(data, offsets.threadStackLimit, '_KTHREAD.StackLimit');
  const high = pointerAt(data, offsets.threadStackBase, '_KTHREAD.StackBase');
  return {
    process: objectAt(data, offsets.threadProcess, '_KTHREAD.ApcState.Process'),
    thread: mapFound(id, (known): ThreadInfo => ({
      id: known,
      index: 0,
      name: missing({ why: 'not-computed', detail: 'the name stands outside the object' }),
      teb: pointerAt(data, offsets.threadTeb, '_KTHREAD.Teb'),
      kernelStack: pointerAt(data, offsets.threadKernelStack, '_KTHREAD.KernelStack'),
      suspendCount: missing({ why: 'not-computed' }),
      context: missing({ why: 'not-computed' }),
      stackRange: thenFound(low, (from) =>
        thenFound(high, (to) => (from < to && isKernelHalf(from) ? found({ low: from, high: to }) : notValid('kernel stack', hex(from), `below ${hex(to)}`))),
      ),
      ...(object.ok ? { object: object.value } : {}),
    })),
  };
}

export interface ParsedProcessor {
  readonly number: Found<number>;
  readonly currentThread: Found<Va>;
}

export function parsePrcb(data: Uint8Array, offsets: ObjectOffsets, processors: Found<number>): ParsedProcessor {
  const at = offsets.prcbNumber;
  const number = at === undefined ? noOffset('_KPRCB.Number') : at + 4 > data.length ? noOffset('_KPRCB.Number') : found(viewOf(data).getUint32(at, true));
  return {
    number: thenFound(number, (value) =>
      !processors.ok || value < processors.value ? found(value) : notValid('KPRCB.Number', String(value), `below ${processors.value}`),
    ),
    currentThread: objectAt(data, offsets.prcbCurrentThread, '_KPRCB.CurrentThread'),
  };
}
