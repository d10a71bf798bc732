/** Header fields, DUMP_MM_STORAGE and KDBG as named facts, each with its class for sharing. */
import { type Found, found, mapFound, missing, thenFound } from '../base/found.ts';
import { formatVa, hex } from '../base/hex.ts';
import type { KernelHeader } from '../formats/dump/header.ts';
import type { KernelDebuggerData } from '../formats/dump/kdbg.ts';
import type { MmStorage, TriageDump } from '../formats/dump/triage.ts';
import type { Fact } from './target.ts';

const PAGE_SIZE = 4096n;
const flags = (value: Found<number>): Found<string> => mapFound(value, hex);
const pointer = (value: Found<bigint>): Found<string> => mapFound(value, (at) => formatVa(at));

export function headerFacts(header: KernelHeader): Fact[] {
  const fact = (name: string, value: Found<string>, privacy: Fact['privacy'] = 'public'): Fact => ({ group: 'header', name, value, privacy });
  return [
    fact('MajorVersion', found(hex(header.majorVersion))),
    fact('DumpType', flags(header.dumpType)),
    fact('DirectoryTableBase', mapFound(header.directoryTableBase, hex), 'machine'),
    fact('PfnDataBase', pointer(header.pfnDataBase), 'machine'),
    fact('PsLoadedModuleList', pointer(header.psLoadedModuleList), 'machine'),
    fact('PsActiveProcessHead', pointer(header.psActiveProcessHead), 'machine'),
    fact('KdDebuggerDataBlock', pointer(header.kdDebuggerDataBlock), 'machine'),
    fact('RequiredDumpSpace', mapFound(header.requiredDumpSpace, hex)),
    fact('MiniDumpFields', flags(header.miniDumpFields)),
    fact('SecondaryDataState', flags(header.secondaryDataState)),
    fact('SuiteMask', flags(header.suiteMask)),
    fact('WriterStatus', flags(header.writerStatus)),
    fact('Attributes', flags(header.attributes)),
    fact('BootId', mapFound(header.bootId, String), 'machine'),
    fact('Comment', header.comment, 'person'),
    fact('VersionUser', header.versionUser, 'person'),
    fact(
      'PhysicalMemory',
      mapFound(header.physicalMemory, (block) => `${block.numberOfPages} pages in ${block.runs.length} runs`),
      'machine',
    ),
    fact(
      'Exception',
      mapFound(header.exception, (record) => `${hex(record.code)} at ${formatVa(record.address)}`),
      'machine',
    ),
    ...(header.paeEnabled === undefined ? [] : [fact('PaeEnabled', found(header.paeEnabled ? 'yes' : 'no'))]),
  ];
}

type SizeName =
  | 'MmMaximumNonPagedPool'
  | 'MmAllocatedNonPagedPool'
  | 'PagedPoolMaximum'
  | 'PagedPoolAllocated'
  | 'CommittedPages'
  | 'CommittedPagesPeak'
  | 'CommitLimitMaximum';
const PAGE_COUNTS: readonly SizeName[] = [
  'MmMaximumNonPagedPool',
  'MmAllocatedNonPagedPool',
  'PagedPoolMaximum',
  'PagedPoolAllocated',
  'CommittedPages',
  'CommittedPagesPeak',
  'CommitLimitMaximum',
];
const FLAG_NAMES = ['MmSpecialPoolTag', 'MiTriageActionTaken', 'MmVerifyDriverLevel', 'KernelVerifier'] as const;

/** The writer that extracts triage dumps leaves this block zero from Windows 10 on: then a zero says nothing. */
function mmFacts(mm: Found<MmStorage>): Fact[] {
  const unwritten = missing({ why: 'not-written-by', writer: 'the writer of this triage dump', what: 'DUMP_MM_STORAGE' });
  const empty = mm.ok && PAGE_COUNTS.every((name) => mm.value[name] === 0n) && FLAG_NAMES.every((name) => mm.value[name] === 0);
  const fact = (name: string, value: Found<string>): Fact => ({ group: 'memory', name, value, privacy: 'machine' });
  const size = (name: SizeName): Found<string> =>
    thenFound(mm, (known) => (known[name] === 0n ? unwritten : found(`${known[name]} pages (${(known[name] * PAGE_SIZE) >> 20n} MiB)`)));
  return [
    ...PAGE_COUNTS.map((name) => fact(name, size(name))),
    ...FLAG_NAMES.map((name) =>
      fact(
        name,
        thenFound(mm, (known) => (empty ? unwritten : found(hex(known[name])))),
      ),
    ),
  ];
}

export function triageFacts(triage: TriageDump): Fact[] {
  const { header } = triage;
  const fact = (name: string, value: Found<string>): Fact => ({ group: 'triage', name, value, privacy: 'public' });
  const count = (value: Found<readonly unknown[]>): Found<string> => mapFound(value, (list) => String(list.length));
  return [
    fact('ServicePackBuild', found(String(header.ServicePackBuild))),
    fact('SizeOfDump', found(hex(header.SizeOfDump))),
    fact('TriageOptions', found(hex(header.TriageOptions))),
    fact('Drivers', count(triage.drivers)),
    fact('UnloadedDrivers', count(triage.unloaded)),
    fact('DataBlocks', count(triage.dataBlocks)),
    fact(
      'EndMark',
      mapFound(triage.valid, () => 'TRGD'),
    ),
    { group: 'triage', name: 'BrokenDriver', value: triage.brokenDriver, privacy: 'module' },
    ...mmFacts(triage.mmStorage),
  ];
}

/** `where`: how the block was had, such as "triage dump" or "memory, encoded". */
export function kdbgFacts(kdbg: Found<KernelDebuggerData>, where: string): Fact[] {
  const fact = (name: string, value: Found<string>, privacy: Fact['privacy']): Fact => ({ group: 'KDBG', name, value, privacy });
  if (!kdbg.ok) return [fact('KDBG', kdbg, 'public')];
  return [
    fact('KDBG', found(`${hex(kdbg.value.size)} bytes, ${where}`), 'public'),
    ...Object.entries(kdbg.value.pointers).map(([name, at]) => fact(name, found(formatVa(at)), 'machine')),
    ...Object.entries(kdbg.value.offsets).map(([name, offset]) => fact(name, found(hex(offset)), 'public')),
  ];
}
