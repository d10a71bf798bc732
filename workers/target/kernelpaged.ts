/** Full, bitmap and live dumps: physical pages behind the header, virtual memory through page tables. */
import { type Va, va, vaAdd } from '../base/address.ts';
import { type Found, found, mapFound, missing, notValid, thenFound, valueOf } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import type { Job } from '../base/job.ts';
import type { ByteSource } from '../bytes/source.ts';
import { readBlobChain } from '../formats/dump/blobs.ts';
import type { DumpArch } from '../formats/dump/context.ts';
import type { KernelHeader } from '../formats/dump/header.ts';
import { KDBG_MIN_SIZE, KDDEBUGGER_DATA64, type KernelDebuggerData, parseKdbg } from '../formats/dump/kdbg.ts';
import { type PageMap, readPageMap } from '../formats/dump/pages.ts';
import { PagedSpace, PAGING_MODES } from '../memory/pagedspace.ts';
import { type PageMemory, physicalMemory } from '../memory/physical.ts';
import type { AddressSpace } from '../memory/space.ts';
import { UnreadableSpace } from '../memory/unreadablespace.ts';
import { chooseContext } from './kernelcontext.ts';
import { headerFacts, kdbgFacts } from './kernelfacts.ts';
import { headerPointers } from './kernelfirst.ts';
import { objectOffsets } from './kernellayout.ts';
import { memoryModules } from './kernelmodules.ts';
import { chooseLayout, type LayoutChoice } from './kernelobjects.ts';
import { crashedProcessor, processOf, type Processor, type ProcessorsInput, processorThreads, readProcessors } from './kernelprocessors.ts';
import { blobInfos } from './kerneltriage.ts';
import { kernelWalks } from './kernelwalks.ts';
import type { BlobInfo, FirstTarget, Target } from './target.ts';
import type { StackRange } from './trapframe.ts';

export interface PagedInput {
  readonly source: ByteSource;
  readonly header: KernelHeader;
  readonly arch: DumpArch;
  readonly first: FirstTarget;
}

/** How far above the header's stack pointer a trap frame is looked for when no thread tells the stack's end. */
const STACK_SEARCH = 64 * 1024;

interface Spaces {
  readonly map: Found<PageMap>;
  readonly physical: Found<PageMemory>;
  readonly memory: AddressSpace;
}

function openSpaces({ source, header, arch }: PagedInput): Spaces {
  const map = readPageMap(source, header);
  const physical = mapFound(map, (known) => physicalMemory(source, known));
  const space = thenFound(physical, (pages) => thenFound(header.directoryTableBase, (base) => chooseSpace(pages, base, header, arch)));
  return { map, physical, memory: space.ok ? space.value : new UnreadableSpace(space, header.bits === 64 ? 8 : 4) };
}

/**
 * The header does not say whether the processor used five levels: the mode is the one in which the kernel's own
 * addresses translate; four levels where none does.
 */
function chooseSpace(pages: PageMemory, base: bigint, header: KernelHeader, arch: DumpArch): Found<AddressSpace> {
  if (arch === 'x86') return found(new PagedSpace(pages, base, PAGING_MODES[header.paeEnabled ? 'x86-pae' : 'x86']));
  if (arch !== 'x64') return missing({ why: 'unknown-layout', type: 'page tables', build: arch });
  const four = new PagedSpace(pages, base, PAGING_MODES['x64-4']);
  const probes = Object.values(headerPointers(header));
  if (probes.some((at) => four.physicalAddress(at).ok)) return found(four);
  const five = new PagedSpace(pages, base, PAGING_MODES['x64-5']);
  return found(probes.some((at) => five.physicalAddress(at).ok) ? five : four);
}

/** KDBG in memory. Windows decodes it before it writes a crash dump; other writers leave it encoded, and the key needs symbols. */
function readKdbg(memory: AddressSpace, header: KernelHeader): Found<KernelDebuggerData> {
  return thenFound(header.kdDebuggerDataBlock, (at) => {
    const { bytes, got, missing: reason } = memory.read(va(at), KDDEBUGGER_DATA64.size);
    if (got < KDBG_MIN_SIZE) return missing(reason ?? { why: 'not-in-dump', space: 'virtual', at });
    const parsed = parseKdbg(bytes);
    if (parsed.ok) return parsed;
    return notValid('KdDebuggerDataBlock', `no KDBG tag at ${hex(at)}: the block is encoded, as Windows keeps it until it writes a crash dump`, 'KDBG');
  });
}

/** From the header's stack pointer to the base of the crashed thread's stack, where it lies in that. */
function stackOf(header: KernelHeader, crashed: Found<Processor>): Found<StackRange> {
  const range = valueOf(thenFound(crashed, (processor) => thenFound(processor.thread.thread, (thread) => thread.stackRange)));
  return thenFound(header.context, ({ registers }) => {
    const sp = registers['rsp'];
    if (sp === undefined) return missing({ why: 'not-computed', detail: 'no stack pointer' });
    const low = va(sp);
    return found({ low, high: range && low >= range.low && low < range.high ? range.high : vaAdd(low, STACK_SEARCH) });
  });
}

function odditiesOf(source: ByteSource, header: KernelHeader, map: Found<PageMap>): string[] {
  const list: string[] = [];
  if (!map.ok) list.push(source.size <= 0x2000 ? 'the file is cut behind its header: it holds no memory' : 'where the pages of memory lie cannot be told');
  else if (map.value.end > source.size) {
    list.push(`the file is cut: its ${map.value.pageCount} pages end at ${map.value.end}, the file at ${source.size}`);
  }
  if (header.bits === 32) list.push('32-bit dump: modules, threads and processes are not read');
  return list;
}

function blobsBehind(source: ByteSource, map: Found<PageMap>): BlobInfo[] {
  return map.ok && map.value.end < source.size ? blobInfos(readBlobChain(source, map.value.end)) : [];
}

function pointerOf(kdbg: Found<KernelDebuggerData>, name: string): Found<Va> {
  return thenFound(kdbg, ({ pointers }) => {
    const at = pointers[name];
    return at === undefined ? missing({ why: 'not-written-by', writer: 'this kernel', what: `KDBG.${name}` }) : found(va(at));
  });
}

export function* openPaged(input: PagedInput): Job<Omit<Target, 'counters'>> {
  const { source, header, arch, first } = input;
  const { map, physical, memory } = openSpaces(input);
  const kdbg: Found<KernelDebuggerData> = header.bits === 64 ? readKdbg(memory, header) : missing({ why: 'not-computed', detail: '32-bit dump' });
  yield { progress: 'Reading the module list', done: 0, of: null };
  const modules = memoryModules(memory, header, (name) => pointerOf(kdbg, name));
  yield { progress: 'Reading the processors', done: 0, of: null };
  const kdbgOffsets = valueOf(kdbg)?.offsets ?? {};
  const choice: LayoutChoice = { layout: chooseLayout(arch, header.build), offsets: objectOffsets(kdbgOffsets) };
  const objects: ProcessorsInput = { memory, header, arch, choice, kdbgOffsets, processorBlock: pointerOf(kdbg, 'KiProcessorBlock') };
  const processors = readProcessors(objects);
  const crashed = thenFound(processors, (list) => crashedProcessor(list, header));
  const chosen = chooseContext({ header, arch, memory, stack: stackOf(header, crashed) });
  const rows = processors.ok ? processorThreads(processors.value, crashed, chosen.context) : { threads: [], crashThread: processors };
  const pointers = Object.entries(valueOf(kdbg)?.pointers ?? {}).map(([name, at]): [string, Va] => [name, va(at)]);
  return {
    ...first,
    ...chosen,
    exception: chosen.exception ?? first.exception,
    memory,
    ...(physical.ok ? { physical: physical.value } : {}),
    modules: modules.list,
    ...rows,
    process: processOf(crashed, objects),
    processor: mapFound(crashed, (processor) => processor.number),
    streams: [],
    blobs: blobsBehind(source, map),
    facts: [...headerFacts(header), ...kdbgFacts(kdbg, 'read from memory'), ...modules.facts],
    oddities: [...odditiesOf(source, header, map), ...modules.oddities],
    kernelPointers: { ...Object.fromEntries(pointers), ...headerPointers(header) },
    kernelOffsets: kdbgOffsets,
    ...(memory instanceof PagedSpace && physical.ok ? { kernelWalks: kernelWalks(objects, memory, physical.value) } : {}),
  };
}
