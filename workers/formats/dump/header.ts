/** The header of a kernel dump, 64-bit or 32-bit, as one record. Unset fields ('PAGE') are reasons, never values. */
import { type Found, found, mapFound, missing, notValid, thenFound } from '../../base/found.ts';
import type { ByteSource } from '../../bytes/source.ts';
import { readExactly, readStructAt, viewOf } from '../../bytes/struct.ts';
import { type ContextRecord, type DumpArch, parseContext } from './context.ts';
import { type ExceptionRecord, parseExceptionRecord } from './exception.ts';
import { FILLER32, FILLER64, set32, set64, setText } from './filler.ts';
import { DUMP_HEADER32, DUMP_HEADER64, EXCEPTION_AT_32, EXCEPTION_AT_64 } from './layout.ts';

export interface PhysicalRun {
  readonly basePage: number;
  readonly pageCount: number;
}
export interface PhysicalMemoryBlock {
  readonly numberOfPages: number;
  readonly runs: readonly PhysicalRun[];
}

export interface KernelHeader {
  readonly bits: 32 | 64;
  readonly machine: number;
  readonly arch: Found<DumpArch>;
  readonly majorVersion: number;
  /** MinorVersion: the Windows build. */
  readonly build: Found<number>;
  readonly processors: Found<number>;
  readonly bugCheckCode: number;
  readonly bugCheckParameters: readonly [bigint, bigint, bigint, bigint];
  readonly directoryTableBase: Found<bigint>;
  readonly pfnDataBase: Found<bigint>;
  readonly psLoadedModuleList: Found<bigint>;
  readonly psActiveProcessHead: Found<bigint>;
  readonly kdDebuggerDataBlock: Found<bigint>;
  readonly physicalMemory: Found<PhysicalMemoryBlock>;
  readonly context: Found<ContextRecord>;
  readonly exception: Found<ExceptionRecord>;
  readonly dumpType: Found<number>;
  readonly requiredDumpSpace: Found<bigint>;
  /** FILETIME, UTC. */
  readonly systemTime: Found<bigint>;
  /** Units of 100 ns. */
  readonly systemUpTime: Found<bigint>;
  readonly comment: Found<string>;
  readonly versionUser: Found<string>;
  readonly miniDumpFields: Found<number>;
  readonly secondaryDataState: Found<number>;
  readonly productType: Found<number>;
  readonly suiteMask: Found<number>;
  readonly writerStatus: Found<number>;
  readonly attributes: Found<number>;
  readonly bootId: Found<number>;
  /** 32-bit headers only. */
  readonly paeEnabled?: boolean;
}

/** winnt.h IMAGE_FILE_MACHINE_*. */
const MACHINES: Readonly<Record<number, DumpArch>> = { 0x8664: 'x64', 0xaa64: 'arm64', 0x14c: 'x86', 0x1c4: 'arm' };

export type KernelSignature = 'PAGEDU64' | 'PAGEDUMP';

/** What the first eight bytes say, or undefined when this is no kernel dump. */
export function kernelSignature(first: Uint8Array): KernelSignature | undefined {
  const text = String.fromCharCode(...first.subarray(0, 8));
  return text === 'PAGEDU64' || text === 'PAGEDUMP' ? text : undefined;
}

export function headerSize(signature: KernelSignature): number {
  return signature === 'PAGEDU64' ? DUMP_HEADER64.size : DUMP_HEADER32.size;
}

export function readKernelHeader(source: ByteSource): Found<KernelHeader> {
  const first = readExactly(source, 0, 8);
  if (!first.ok) return first;
  const signature = kernelSignature(first.value);
  if (!signature) return notValid('signature', hexBytes(first.value), 'PAGEDU64 or PAGEDUMP');
  const data = readExactly(source, 0, headerSize(signature));
  if (!data.ok) return data;
  return signature === 'PAGEDU64' ? parseHeader64(data.value) : parseHeader32(data.value);
}

function hexBytes(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** The header's record, or undefined where the type says that the other size was read. */
function parseHeader64(data: Uint8Array): Found<KernelHeader> {
  const read = readStructAt(DUMP_HEADER64, data, 0);
  if (!read.ok) return read;
  const raw = read.value;
  const arch = archOf(raw.MachineImageType);
  return found({
    ...shared(raw, arch),
    bits: 64,
    physicalMemory: parsePhysicalMemory(raw.PhysicalMemoryBlock, 64),
    exception: parseExceptionRecord(data.subarray(EXCEPTION_AT_64), 64),
    directoryTableBase: set64(raw.DirectoryTableBase, 'DirectoryTableBase'),
    pfnDataBase: set64(raw.PfnDataBase, 'PfnDataBase'),
    psLoadedModuleList: set64(raw.PsLoadedModuleList, 'PsLoadedModuleList'),
    psActiveProcessHead: set64(raw.PsActiveProcessHead, 'PsActiveProcessHead'),
    kdDebuggerDataBlock: set64(raw.KdDebuggerDataBlock, 'KdDebuggerDataBlock'),
  });
}

function parseHeader32(data: Uint8Array): Found<KernelHeader> {
  const read = readStructAt(DUMP_HEADER32, data, 0);
  if (!read.ok) return read;
  const raw = read.value;
  const arch = archOf(raw.MachineImageType);
  const pointer = (value: number, what: string): Found<bigint> => mapFound(set32(value, what), BigInt);
  return found({
    ...shared(raw, arch),
    bits: 32,
    physicalMemory: parsePhysicalMemory(raw.PhysicalMemoryBlock, 32),
    exception: parseExceptionRecord(data.subarray(EXCEPTION_AT_32), 32),
    directoryTableBase: pointer(raw.DirectoryTableBase, 'DirectoryTableBase'),
    pfnDataBase: pointer(raw.PfnDataBase, 'PfnDataBase'),
    psLoadedModuleList: pointer(raw.PsLoadedModuleList, 'PsLoadedModuleList'),
    psActiveProcessHead: pointer(raw.PsActiveProcessHead, 'PsActiveProcessHead'),
    kdDebuggerDataBlock: pointer(raw.KdDebuggerDataBlock, 'KdDebuggerDataBlock'),
    paeEnabled: raw.PaeEnabled === 1,
  });
}

type SharedRaw = {
  readonly [
    K in
      | 'MajorVersion'
      | 'MinorVersion'
      | 'MachineImageType'
      | 'NumberProcessors'
      | 'BugCheckCode'
      | 'DumpType'
      | 'MiniDumpFields'
      | 'SecondaryDataState'
      | 'ProductType'
      | 'SuiteMask'
      | 'WriterStatus'
      | 'Attributes'
      | 'BootId'
  ]: number;
} & { readonly [K in 'SystemTime' | 'SystemUpTime' | 'RequiredDumpSpace']: bigint } & {
  readonly [K in 'BugCheckParameter1' | 'BugCheckParameter2' | 'BugCheckParameter3' | 'BugCheckParameter4']: bigint | number;
} & { readonly [K in 'Comment' | 'VersionUser']: string } & { readonly ContextRecord: Uint8Array };

/** The fields that stand under the same name in both headers. */
function shared(raw: SharedRaw, arch: Found<DumpArch>) {
  return {
    machine: raw.MachineImageType,
    arch,
    majorVersion: raw.MajorVersion,
    build: set32(raw.MinorVersion, 'MinorVersion'),
    processors: set32(raw.NumberProcessors, 'NumberProcessors'),
    bugCheckCode: raw.BugCheckCode,
    bugCheckParameters: [
      BigInt(raw.BugCheckParameter1),
      BigInt(raw.BugCheckParameter2),
      BigInt(raw.BugCheckParameter3),
      BigInt(raw.BugCheckParameter4),
    ] as const,
    context: thenFound(arch, (known) => parseContext(raw.ContextRecord, known)),
    dumpType: set32(raw.DumpType, 'DumpType'),
    requiredDumpSpace: set64(raw.RequiredDumpSpace, 'RequiredDumpSpace'),
    systemTime: set64(raw.SystemTime, 'SystemTime'),
    systemUpTime: set64(raw.SystemUpTime, 'SystemUpTime'),
    comment: setText(raw.Comment, 'Comment'),
    versionUser: setText(raw.VersionUser, 'VersionUser'),
    miniDumpFields: set32(raw.MiniDumpFields, 'MiniDumpFields'),
    secondaryDataState: set32(raw.SecondaryDataState, 'SecondaryDataState'),
    productType: set32(raw.ProductType, 'ProductType'),
    suiteMask: set32(raw.SuiteMask, 'SuiteMask'),
    writerStatus: set32(raw.WriterStatus, 'WriterStatus'),
    attributes: set32(raw.Attributes, 'Attributes'),
    bootId: set32(raw.BootId, 'BootId'),
  };
}

function archOf(machine: number): Found<DumpArch> {
  const arch = MACHINES[machine];
  return arch ? found(arch) : notValid('MachineImageType', `0x${machine.toString(16)}`, '8664, aa64, 14c or 1c4');
}

/** Highest page number taken: 2^40 pages are 4 PiB, past what the 52 bits of a page table entry can name. */
const MAX_PFN = 2 ** 40;

/** PHYSICAL_MEMORY_DESCRIPTOR: the count is checked against the 700 bytes the header gives it. */
function parsePhysicalMemory(data: Uint8Array, bits: 32 | 64): Found<PhysicalMemoryBlock> {
  const view = viewOf(data);
  const count = view.getUint32(0, true);
  const total = bits === 64 ? view.getBigUint64(8, true) : BigInt(view.getUint32(4, true));
  if (count === FILLER32 || total === FILLER64) return missing({ why: 'not-written-by', writer: 'the dump writer', what: 'PhysicalMemoryBlock' });
  const [first, size] = bits === 64 ? [16, 16] : [8, 8];
  const room = Math.floor((data.length - first) / size);
  if (count > room) return notValid('NumberOfRuns', String(count), `at most ${room}`);
  const runs: PhysicalRun[] = [];
  for (let index = 0; index < count; index++) {
    const at = first + index * size;
    const basePage = bits === 64 ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true);
    const pageCount = bits === 64 ? Number(view.getBigUint64(at + 8, true)) : view.getUint32(at + 4, true);
    if (basePage + pageCount > MAX_PFN) return notValid('PHYSICAL_MEMORY_RUN', `${basePage} + ${pageCount} pages`, `below ${MAX_PFN}`);
    runs.push({ basePage, pageCount });
  }
  return found({ numberOfPages: Number(total), runs });
}
