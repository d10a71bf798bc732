/**
 * Layouts of kernel crash dumps. Field names are those of the Windows SDK metadata
 * (github.com/microsoft/win32metadata, DUMP_HEADER64), of rizin's librz/bin/format/dmp/dmp_specs.h and of
 * kdmp-parser's src/lib/kdmp-parser-structs.h; offsets were checked on real dumps.
 */
import { bytes, chars, guid, struct, u16, u32, u64, u8 } from '../../bytes/struct.ts';

const HEADERS = 'win32metadata DUMP_HEADER64 / DUMP_HEADER32; kdmp-parser-structs.h HEADER64';
const TRIAGE = 'rizin dmp_specs.h; checked on real triage dumps';

export const DUMP_HEADER64 = struct('DUMP_HEADER64', 0x2000, HEADERS, {
  Signature: chars(0, 4),
  ValidDump: chars(4, 4),
  MajorVersion: u32(8),
  MinorVersion: u32(0xc),
  DirectoryTableBase: u64(0x10),
  PfnDataBase: u64(0x18),
  PsLoadedModuleList: u64(0x20),
  PsActiveProcessHead: u64(0x28),
  MachineImageType: u32(0x30),
  NumberProcessors: u32(0x34),
  BugCheckCode: u32(0x38),
  BugCheckParameter1: u64(0x40),
  BugCheckParameter2: u64(0x48),
  BugCheckParameter3: u64(0x50),
  BugCheckParameter4: u64(0x58),
  VersionUser: chars(0x60, 32),
  KdDebuggerDataBlock: u64(0x80),
  PhysicalMemoryBlock: bytes(0x88, 700),
  ContextRecord: bytes(0x348, 3000),
  DumpType: u32(0xf98),
  RequiredDumpSpace: u64(0xfa0),
  SystemTime: u64(0xfa8),
  Comment: chars(0xfb0, 128),
  SystemUpTime: u64(0x1030),
  MiniDumpFields: u32(0x1038),
  SecondaryDataState: u32(0x103c),
  ProductType: u32(0x1040),
  SuiteMask: u32(0x1044),
  WriterStatus: u32(0x1048),
  Unused1: u8(0x104c),
  KdSecondaryVersion: u8(0x104d),
  Attributes: u32(0x1050),
  BootId: u32(0x1054),
});
export const EXCEPTION_AT_64 = 0xf00;

export const DUMP_HEADER32 = struct('DUMP_HEADER32', 0x1000, HEADERS, {
  Signature: chars(0, 4),
  ValidDump: chars(4, 4),
  MajorVersion: u32(8),
  MinorVersion: u32(0xc),
  DirectoryTableBase: u32(0x10),
  PfnDataBase: u32(0x14),
  PsLoadedModuleList: u32(0x18),
  PsActiveProcessHead: u32(0x1c),
  MachineImageType: u32(0x20),
  NumberProcessors: u32(0x24),
  BugCheckCode: u32(0x28),
  BugCheckParameter1: u32(0x2c),
  BugCheckParameter2: u32(0x30),
  BugCheckParameter3: u32(0x34),
  BugCheckParameter4: u32(0x38),
  VersionUser: chars(0x3c, 32),
  PaeEnabled: u8(0x5c),
  KdSecondaryVersion: u8(0x5d),
  KdDebuggerDataBlock: u32(0x60),
  PhysicalMemoryBlock: bytes(0x64, 700),
  ContextRecord: bytes(0x320, 1200),
  Comment: chars(0x820, 128),
  Attributes: u32(0x8a0),
  BootId: u32(0x8a4),
  DumpType: u32(0xf88),
  MiniDumpFields: u32(0xf8c),
  SecondaryDataState: u32(0xf90),
  ProductType: u32(0xf94),
  SuiteMask: u32(0xf98),
  WriterStatus: u32(0xf9c),
  RequiredDumpSpace: u64(0xfa0),
  SystemUpTime: u64(0xfb8),
  SystemTime: u64(0xfc0),
});
export const EXCEPTION_AT_32 = 0x7d0;

/** winnt.h; the fifteen parameters follow `NumberParameters`. */
export const EXCEPTION_RECORD64 = struct('EXCEPTION_RECORD64', 0x98, 'winnt.h EXCEPTION_RECORD64', {
  ExceptionCode: u32(0),
  ExceptionFlags: u32(4),
  ExceptionRecord: u64(8),
  ExceptionAddress: u64(0x10),
  NumberParameters: u32(0x18),
  ExceptionInformation: bytes(0x20, 120),
});
export const EXCEPTION_RECORD32 = struct('EXCEPTION_RECORD32', 0x50, 'winnt.h EXCEPTION_RECORD32', {
  ExceptionCode: u32(0),
  ExceptionFlags: u32(4),
  ExceptionRecord: u32(8),
  ExceptionAddress: u32(0xc),
  NumberParameters: u32(0x10),
  ExceptionInformation: bytes(0x14, 60),
});

export const TRIAGE_DUMP64 = struct('TRIAGE_DUMP64', 0x80, TRIAGE, {
  ServicePackBuild: u32(0),
  SizeOfDump: u32(4),
  ValidOffset: u32(8),
  ContextOffset: u32(0xc),
  ExceptionOffset: u32(0x10),
  MmOffset: u32(0x14),
  UnloadedDriversOffset: u32(0x18),
  PrcbOffset: u32(0x1c),
  ProcessOffset: u32(0x20),
  ThreadOffset: u32(0x24),
  CallStackOffset: u32(0x28),
  SizeOfCallStack: u32(0x2c),
  DriverListOffset: u32(0x30),
  DriverCount: u32(0x34),
  StringPoolOffset: u32(0x38),
  StringPoolSize: u32(0x3c),
  BrokenDriverOffset: u32(0x40),
  TriageOptions: u32(0x44),
  TopOfStack: u64(0x48),
  BStoreOffset: u32(0x50),
  SizeOfBStore: u32(0x54),
  LimitOfBStore: u64(0x58),
  DataPageAddress: u64(0x60),
  DataPageOffset: u32(0x68),
  DataPageSize: u32(0x6c),
  DebuggerDataOffset: u32(0x70),
  DebuggerDataSize: u32(0x74),
  DataBlocksOffset: u32(0x78),
  DataBlocksCount: u32(0x7c),
});
export const TRIAGE_AT_64 = 0x2000;

export const DUMP_MM_STORAGE64 = struct('DUMP_MM_STORAGE64', 0x50, 'public descriptions of triage dumps; positions checked on real dumps', {
  Version: u32(0),
  Size: u32(4),
  MmSpecialPoolTag: u32(8),
  MiTriageActionTaken: u32(0xc),
  MmVerifyDriverLevel: u32(0x10),
  KernelVerifier: u32(0x14),
  MmMaximumNonPagedPool: u64(0x18),
  MmAllocatedNonPagedPool: u64(0x20),
  PagedPoolMaximum: u64(0x28),
  PagedPoolAllocated: u64(0x30),
  CommittedPages: u64(0x38),
  CommittedPagesPeak: u64(0x40),
  CommitLimitMaximum: u64(0x48),
});

/** The UNICODE_STRING in front points nowhere in the file; the name is the WCHAR[12] behind it, cut at twelve characters. */
export const DUMP_UNLOADED_DRIVERS64 = struct('DUMP_UNLOADED_DRIVERS64', 56, TRIAGE, {
  NameLength: u16(0),
  DriverName: bytes(0x10, 24),
  StartAddress: u64(0x28),
  EndAddress: u64(0x30),
});

/** DUMP_DRIVER_ENTRY64: the offset of the name, then KLDR_DATA_TABLE_ENTRY64 from +8. */
export const DUMP_DRIVER_ENTRY64 = struct('DUMP_DRIVER_ENTRY64', 0x90, 'rizin dmp_specs.h; winternl-style KLDR_DATA_TABLE_ENTRY64', {
  DriverNameOffset: u32(0),
  DllBase: u64(0x38),
  EntryPoint: u64(0x40),
  SizeOfImage: u32(0x48),
  Flags: u32(0x70),
  LoadCount: u16(0x74),
  CheckSum: u32(0x80),
  TimeDateStamp: u32(0x88),
});

export const TRIAGE_DATA_BLOCK = struct('TRIAGE_DATA_BLOCK', 16, TRIAGE, { Address: u64(0), Offset: u32(8), Size: u32(12) });

const BLOBS = 'DumpBlob secondary data: public descriptions; checked on real dumps';
export const DUMP_BLOB_FILE_HEADER = struct('DUMP_BLOB_FILE_HEADER', 16, BLOBS, { Signature: chars(0, 8), HeaderSize: u32(8), BuildNumber: u32(12) });
export const DUMP_BLOB_HEADER = struct('DUMP_BLOB_HEADER', 32, BLOBS, {
  HeaderSize: u32(0),
  Tag: guid(4),
  DataSize: u32(20),
  PrePad: u32(24),
  PostPad: u32(28),
});

/** Bitmap dumps: behind the 64-bit header. `Pages` bits follow at +0x38, one a page of physical memory. */
export const BMP_HEADER64 = struct('BMP_HEADER64', 0x38, 'kdmp-parser-structs.h BMP_HEADER64', {
  Signature: chars(0, 4),
  ValidDump: chars(4, 4),
  FirstPage: u64(0x20),
  TotalPresentPages: u64(0x28),
  Pages: u64(0x30),
});
/** Dumps that `.dump /k`, `/ka`, `/f` of newer debuggers write (DumpType 8, 9, 0xA). */
export const RDMP_HEADER64 = struct('RDMP_HEADER64', 0x30, 'kdmp-parser-structs.h RDMP_HEADER64', {
  Marker: u32(0),
  Signature: chars(4, 4),
  ValidDump: chars(8, 4),
  MetadataSize: u64(0x10),
  FirstPageOffset: u64(0x18),
});
export const PAGES_HEADER_AT_64 = 0x2000;
