/** Layouts of the PE format, from "PE Format" (learn.microsoft.com/windows/win32/debug/pe-format) and the public winnt.h. */
import { chars, guid, struct, u16, u32, u64 } from '../../bytes/struct.ts';

const PE_FORMAT = 'learn.microsoft.com/windows/win32/debug/pe-format';

export const IMAGE_DOS_HEADER = struct('IMAGE_DOS_HEADER', 64, 'winnt.h', { e_magic: u16(0), e_lfanew: u32(60) });

/** "PE\0\0" and IMAGE_FILE_HEADER behind it. */
export const IMAGE_NT_HEADERS_START = struct('IMAGE_NT_HEADERS', 24, PE_FORMAT, {
  signature: u32(0),
  machine: u16(4),
  numberOfSections: u16(6),
  timeDateStamp: u32(8),
  sizeOfOptionalHeader: u16(20),
  characteristics: u16(22),
});

const optionalCommon = {
  magic: u16(0),
  addressOfEntryPoint: u32(16),
  sectionAlignment: u32(32),
  fileAlignment: u32(36),
  sizeOfImage: u32(56),
  sizeOfHeaders: u32(60),
  checkSum: u32(64),
  subsystem: u16(68),
  dllCharacteristics: u16(70),
};
export const IMAGE_OPTIONAL_HEADER32 = struct('IMAGE_OPTIONAL_HEADER32', 96, PE_FORMAT, {
  ...optionalCommon,
  imageBase: u32(28),
  numberOfRvaAndSizes: u32(92),
});
export const IMAGE_OPTIONAL_HEADER64 = struct('IMAGE_OPTIONAL_HEADER64', 112, PE_FORMAT, {
  ...optionalCommon,
  imageBase: u64(24),
  numberOfRvaAndSizes: u32(108),
});

export const IMAGE_DATA_DIRECTORY = struct('IMAGE_DATA_DIRECTORY', 8, PE_FORMAT, { virtualAddress: u32(0), size: u32(4) });

export const IMAGE_SECTION_HEADER = struct('IMAGE_SECTION_HEADER', 40, PE_FORMAT, {
  name: chars(0, 8),
  virtualSize: u32(8),
  virtualAddress: u32(12),
  sizeOfRawData: u32(16),
  pointerToRawData: u32(20),
  characteristics: u32(36),
});

export const IMAGE_EXPORT_DIRECTORY = struct('IMAGE_EXPORT_DIRECTORY', 40, PE_FORMAT, {
  timeDateStamp: u32(4),
  name: u32(12),
  base: u32(16),
  numberOfFunctions: u32(20),
  numberOfNames: u32(24),
  addressOfFunctions: u32(28),
  addressOfNames: u32(32),
  addressOfNameOrdinals: u32(36),
});

export const IMAGE_DEBUG_DIRECTORY = struct('IMAGE_DEBUG_DIRECTORY', 28, PE_FORMAT, {
  timeDateStamp: u32(4),
  type: u32(12),
  sizeOfData: u32(16),
  addressOfRawData: u32(20),
  pointerToRawData: u32(24),
});

/** CodeView records are described in LLVM's CVDebugRecord.h (llvm.org/doxygen, OMF::Signature, PDB70DebugInfo, PDB20DebugInfo). */
export const CV_INFO_PDB70 = struct('CV_INFO_PDB70', 24, 'llvm/DebugInfo/CodeView/CVDebugRecord.h', { signature: u32(0), guid: guid(4), age: u32(20) });
export const CV_INFO_PDB20 = struct('CV_INFO_PDB20', 16, 'llvm/DebugInfo/CodeView/CVDebugRecord.h', { signature: u32(0), timestamp: u32(8), age: u32(12) });

export const IMAGE_RESOURCE_DIRECTORY = struct('IMAGE_RESOURCE_DIRECTORY', 16, PE_FORMAT, { numberOfNamedEntries: u16(12), numberOfIdEntries: u16(14) });
export const IMAGE_RESOURCE_DIRECTORY_ENTRY = struct('IMAGE_RESOURCE_DIRECTORY_ENTRY', 8, PE_FORMAT, { name: u32(0), offset: u32(4) });
export const IMAGE_RESOURCE_DATA_ENTRY = struct('IMAGE_RESOURCE_DATA_ENTRY', 16, PE_FORMAT, { offsetToData: u32(0), size: u32(4) });

const VERSION = 'learn.microsoft.com/windows/win32/menurc/vs-versioninfo';
export const VS_NODE = struct('VS_VERSIONINFO', 6, VERSION, { wLength: u16(0), wValueLength: u16(2), wType: u16(4) });
export const VS_FIXEDFILEINFO = struct('VS_FIXEDFILEINFO', 52, 'learn.microsoft.com/windows/win32/api/verrsrc/ns-verrsrc-vs_fixedfileinfo', {
  dwSignature: u32(0),
  dwFileVersionMS: u32(8),
  dwFileVersionLS: u32(12),
  dwProductVersionMS: u32(16),
  dwProductVersionLS: u32(20),
  dwFileFlagsMask: u32(24),
  dwFileFlags: u32(28),
  dwFileType: u32(36),
});
