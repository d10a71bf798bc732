/** A triage dump ("small memory dump") as a Target. */
import { isKernelHalf, type Va, va } from '../base/address.ts';
import { type Found, found, missing, notValid, thenFound, valueOf } from '../base/found.ts';
import type { ByteSource } from '../bytes/source.ts';
import { readExactly, viewOf } from '../bytes/struct.ts';
import { blobName } from '../formats/dump/blobnames.ts';
import { type BlobChain, readBlobChain } from '../formats/dump/blobs.ts';
import type { DumpArch } from '../formats/dump/context.ts';
import type { KernelHeader } from '../formats/dump/header.ts';
import { KDBG_MAX_SIZE, type KernelDebuggerData, parseKdbg } from '../formats/dump/kdbg.ts';
import type { TriageDump, TriagePart } from '../formats/dump/triage.ts';
import { type SparseRange, SparseSpace } from '../memory/sparsespace.ts';
import { chooseContext } from './kernelcontext.ts';
import { headerFacts, kdbgFacts, triageFacts } from './kernelfacts.ts';
import { headerPointers } from './kernelfirst.ts';
import { objectOffsets } from './kernellayout.ts';
import { triageModules } from './kernelmodules.ts';
import { chooseLayout, type LayoutChoice, type ParsedThread, parsePrcb, parseProcess, parseThread } from './kernelobjects.ts';
import type { BlobInfo, FirstTarget, ProcessInfo, Target, ThreadInfo } from './target.ts';
import type { StackRange } from './trapframe.ts';

/** Objects of the kernel are no larger than this; more is a damaged table of offsets. */
const MAX_OBJECT = 256 * 1024;

function readPart(source: ByteSource, part: Found<TriagePart>): Found<Uint8Array> {
  return thenFound(part, ({ fileOffset, size }) => readExactly(source, fileOffset, Math.min(size, MAX_OBJECT)));
}

export function readTriageKdbg(source: ByteSource, triage: TriageDump): Found<KernelDebuggerData> {
  return thenFound(triage.debuggerData, ({ fileOffset, size }) => thenFound(readExactly(source, fileOffset, Math.min(size, KDBG_MAX_SIZE)), parseKdbg));
}

interface Objects {
  readonly process: ProcessInfo;
  readonly thread: ParsedThread;
  readonly processor: Found<number>;
  readonly threadAt: Found<Va>;
  readonly processAt: Found<Va>;
}

/** ETHREAD's address is KPRCB.CurrentThread; EPROCESS' address stands in ETHREAD. */
function readObjects(source: ByteSource, header: KernelHeader, triage: TriageDump, choice: LayoutChoice): Objects {
  const prcb = readPart(source, triage.prcb);
  const processor = prcb.ok ? parsePrcb(prcb.value, choice.offsets, header.processors) : { number: prcb, currentThread: prcb };
  const threadBytes = readPart(source, triage.thread);
  const threadAt = processor.currentThread;
  const thread = threadBytes.ok ? parseThread(threadBytes.value, choice, threadAt) : { thread: threadBytes, process: threadBytes };
  const processBytes = thenFound(readPart(source, triage.process), (data) => checkDirectoryTableBase(data, choice, header));
  const processAt = thread.process;
  const process = processBytes.ok ? parseProcess(processBytes.value, choice, processAt) : { name: processBytes, id: processBytes };
  return { process, thread, processor: processor.number, threadAt, processAt };
}

/** The EPROCESS in the file is the one whose page tables the header names; low bits hold the PCID. */
function checkDirectoryTableBase(data: Uint8Array, choice: LayoutChoice, header: KernelHeader): Found<Uint8Array> {
  const at = choice.offsets.processDirectoryTableBase;
  if (at === undefined || !header.directoryTableBase.ok || at + 8 > data.length) return found(data);
  const here = viewOf(data).getBigUint64(at, true);
  const wanted = header.directoryTableBase.value;
  return here >> 12n === wanted >> 12n ? found(data) : notValid('EPROCESS.DirectoryTableBase', here.toString(16), wanted.toString(16));
}

/** Everything of the file that stood in virtual memory. The order does not matter: overlaps agree. */
function* memoryRanges(header: KernelHeader, triage: TriageDump, objects: Objects): Generator<SparseRange> {
  if (triage.stack.ok) yield { start: va(triage.stack.value.va), size: triage.stack.value.size, fileOffset: triage.stack.value.fileOffset, origin: 'stack' };
  if (triage.dataPage.ok) yield { ...triage.dataPage.value, start: va(triage.dataPage.value.va), origin: 'data page' };
  for (const block of valueOf(triage.dataBlocks) ?? []) {
    yield { start: va(block.va), size: block.size, fileOffset: block.fileOffset, origin: 'data block' };
  }
  const parts: readonly (readonly [Found<bigint>, Found<TriagePart>, string])[] = [
    [objects.threadAt, triage.thread, 'ETHREAD'],
    [objects.processAt, triage.process, 'EPROCESS'],
    [header.kdDebuggerDataBlock, triage.debuggerData, 'KDBG'],
  ];
  for (const [at, part, origin] of parts) {
    if (at.ok && part.ok && isKernelHalf(va(at.value))) yield { ...part.value, start: va(at.value), origin };
  }
}

export function blobInfos(chain: Found<BlobChain>): BlobInfo[] {
  return (valueOf(chain)?.blobs ?? []).map((blob) => {
    const name = blobName(blob.guid);
    return {
      guid: blob.guid,
      name: name?.owner || name?.holds || 'unknown',
      size: blob.dataSize,
      fileOffset: blob.dataOffset,
      private: name?.private ?? true,
    };
  });
}

function odditiesOf(source: ByteSource, triage: TriageDump, chain: Found<BlobChain>): string[] {
  const list: string[] = [];
  const { SizeOfDump } = triage.header;
  if (SizeOfDump > source.size) list.push(`the header says ${SizeOfDump} bytes, the file has ${source.size}: it is cut`);
  if (!triage.valid.ok) list.push('the mark at the end of the dump is absent: it was not written to its end');
  const blobs = valueOf(chain);
  const cutHead = blobs?.ended === 'file-end' && blobs.end < source.size;
  if (cutHead || blobs?.blobs.some((blob) => blob.truncated)) list.push('the file ends inside a block of secondary data');
  if (blobs?.ended === 'other-header' && blobs.end < source.size) {
    list.push(`${source.size - blobs.end} bytes behind the secondary data belong to no table of the dump and are not read`);
  }
  return list;
}

function stackOf(triage: TriageDump): Found<StackRange> {
  return thenFound(triage.stack, ({ va: low, size }) => found({ low: va(low), high: va(low + BigInt(size)) }));
}

function kernelPointers(header: KernelHeader, kdbg: Found<KernelDebuggerData>): Record<string, Va> {
  const pointers = Object.entries(valueOf(kdbg)?.pointers ?? {}).map(([name, at]): [string, Va] => [name, va(at)]);
  return { ...Object.fromEntries(pointers), ...headerPointers(header) };
}

export interface TriageInput {
  readonly source: ByteSource;
  readonly header: KernelHeader;
  readonly arch: DumpArch;
  readonly first: FirstTarget;
  readonly triage: TriageDump;
}

export function openTriage(input: TriageInput): Omit<Target, 'counters'> {
  const { source, header, arch, first, triage } = input;
  const kdbg = readTriageKdbg(source, triage);
  const offsets = valueOf(kdbg)?.offsets ?? {};
  const choice: LayoutChoice = { layout: chooseLayout(arch, header.build), offsets: objectOffsets(offsets) };
  const objects = readObjects(source, header, triage, choice);
  const memory = new SparseSpace(source, memoryRanges(header, triage, objects));
  const chosen = chooseContext({ header, arch, memory, stack: stackOf(triage) });
  const chain = readBlobChain(source, triage.header.SizeOfDump);
  const thread: Found<ThreadInfo> = thenFound(objects.thread.thread, (known) => found({ ...known, context: chosen.context }));
  return {
    ...first,
    ...chosen,
    memory,
    modules: triageModules(triage, memory),
    threads: thread.ok ? [thread.value] : [],
    crashThread: thread.ok ? found(0) : missing(thread.missing),
    process: objects.process,
    processor: objects.processor,
    streams: [],
    blobs: blobInfos(chain),
    facts: [...headerFacts(header), ...triageFacts(triage), ...kdbgFacts(kdbg, 'as the triage dump holds it')],
    oddities: odditiesOf(source, triage, chain),
    kernelPointers: kernelPointers(header, kdbg),
    kernelOffsets: offsets,
  };
}
