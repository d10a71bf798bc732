/** The processors of a full or bitmap dump, their current threads, and which of them crashed. */
import { isKernelHalf, type Va, vaAdd } from '../base/address.ts';
import { type Found, found, missing, thenFound, valueOf } from '../base/found.ts';
import { contextSize, type DumpArch, parseContext } from '../formats/dump/context.ts';
import type { KernelHeader } from '../formats/dump/header.ts';
import { readAll } from '../memory/bytespace.ts';
import type { AddressSpace } from '../memory/space.ts';
import { readPointers } from '../modules/loadedlist.ts';
import { type LayoutChoice, type ParsedThread, parseProcess, parseThread } from './kernelobjects.ts';
import type { Context, ProcessInfo, ThreadInfo } from './target.ts';

/** Windows' limit is 2048; the pointers of so many take 16 KiB. */
const MAX_PROCESSORS = 2048;
/** Reads of objects whose size KDBG does not tell. */
const OBJECT_SIZE = 0x1000;

export interface Processor {
  readonly number: number;
  readonly prcb: Va;
  readonly thread: ParsedThread;
  readonly threadAt: Found<Va>;
  /** Registers saved when the processor was frozen. */
  readonly context: Found<Context>;
}

export interface ProcessorsInput {
  readonly memory: AddressSpace;
  readonly header: KernelHeader;
  readonly arch: DumpArch;
  readonly choice: LayoutChoice;
  readonly kdbgOffsets: Readonly<Record<string, number>>;
  /** KDBG's KiProcessorBlock. */
  readonly processorBlock: Found<Va>;
}

export function readObject(memory: AddressSpace, at: Va, size: number | undefined): Found<Uint8Array> {
  return readAll(memory, at, Math.min(size ?? OBJECT_SIZE, OBJECT_SIZE));
}

export function readProcessors(input: ProcessorsInput): Found<readonly Processor[]> {
  const count = Math.min(valueOf(input.header.processors) ?? 0, MAX_PROCESSORS);
  return thenFound(input.processorBlock, (block) =>
    thenFound(readPointers(input.memory, block, count), (pointers) => found(pointers.map((prcb, number) => readProcessor(input, prcb, number)))),
  );
}

function readProcessor(input: ProcessorsInput, prcb: Va, number: number): Processor {
  const { memory, arch, choice, kdbgOffsets } = input;
  const offset = choice.offsets.prcbCurrentThread;
  const threadAt: Found<Va> =
    offset === undefined ? missing({ why: 'unknown-layout', type: '_KPRCB.CurrentThread', build: 'not told by KDBG' }) : memory.pointer(vaAdd(prcb, offset));
  const bytes = thenFound(threadAt, (at) => readObject(memory, at, kdbgOffsets['SizeEThread']));
  const thread = bytes.ok ? parseThread(bytes.value, choice, threadAt) : { thread: bytes, process: bytes };
  return { number, prcb, thread, threadAt, context: savedContext(memory, prcb, arch, kdbgOffsets['OffsetPrcbProcStateContext']) };
}

/** KPRCB.ProcessorState.ContextFrame: filled when the processor is frozen for the dump. */
export function savedContext(memory: AddressSpace, prcb: Va, arch: DumpArch, offset: number | undefined): Found<Context> {
  const size = contextSize(arch);
  if (offset === undefined) return missing({ why: 'unknown-layout', type: '_KPRCB.ProcessorState', build: 'not told by KDBG' });
  const at = vaAdd(prcb, offset);
  return thenFound(readAll(memory, at, size), (data) =>
    thenFound(parseContext(data, arch), (record) => found<Context>({ source: 'thread', at, registers: record.registers, unknown: [] })),
  );
}

const stackPointer = (registers: Readonly<Record<string, bigint>>): bigint | undefined => registers['rsp'] ?? registers['sp'];
const instruction = (registers: Readonly<Record<string, bigint>>): bigint | undefined => registers['rip'] ?? registers['pc'];

/** The crashed processor is the one whose saved registers, or whose thread's stack, are the header's. */
export function crashedProcessor(processors: readonly Processor[], header: KernelHeader): Found<Processor> {
  const registers = valueOf(header.context)?.registers;
  const sp = registers && stackPointer(registers);
  if (!registers || sp === undefined) return missing({ why: 'not-computed', detail: 'the header holds no registers' });
  const same = processors.find((processor) => {
    const saved = valueOf(processor.context)?.registers;
    return saved !== undefined && stackPointer(saved) === sp && instruction(saved) === instruction(registers);
  });
  const onStack = processors.find((processor) => {
    const range = valueOf(thenFound(processor.thread.thread, (thread) => thread.stackRange));
    return range !== undefined && sp >= range.low && sp < range.high;
  });
  const chosen = same ?? onStack;
  return chosen
    ? found(chosen)
    : missing({ why: 'not-valid', what: 'stack pointer of the header', got: sp.toString(16), wanted: 'an address in the stack of a running thread' });
}

/** One row a processor, as `~` lists them in a kernel dump. */
export function processorThreads(
  processors: readonly Processor[],
  crashed: Found<Processor>,
  context: Found<Context>,
): { readonly threads: ThreadInfo[]; readonly crashThread: Found<number> } {
  const threads: ThreadInfo[] = [];
  let crashThread: Found<number> = crashed.ok ? missing({ why: 'not-computed', detail: 'the thread of the crashed processor is not in the dump' }) : crashed;
  for (const processor of processors) {
    const thread = valueOf(processor.thread.thread);
    if (!thread) continue;
    const isCrash = crashed.ok && crashed.value === processor;
    if (isCrash) crashThread = found(threads.length);
    threads.push({ ...thread, index: processor.number, context: isCrash ? context : processor.context });
  }
  return { threads, crashThread };
}

export function processOf(processor: Found<Processor>, input: ProcessorsInput): ProcessInfo {
  const at = thenFound(processor, (known) => known.thread.process);
  const data = thenFound(at, (object) =>
    isKernelHalf(object) ? readObject(input.memory, object, input.kdbgOffsets['SizeEProcess']) : missing({ why: 'not-computed' }),
  );
  return data.ok ? parseProcess(data.value, input.choice, at) : { name: data, id: data };
}
