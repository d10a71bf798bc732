/** Layouts inside a PDB: llvm.org/docs/PDB (PdbStream, DbiStream, ModiStream) and microsoft-pdb, include/cvinfo.h. */
import { guid, i32, struct, u16, u32, u8 } from '../../bytes/struct.ts';

export const PDB_INFO = struct('PDB_STREAM_HEADER', 28, 'llvm.org/docs/PDB/PdbStream.html', {
  version: u32(0),
  signature: u32(4),
  age: u32(8),
  guid: guid(12),
});

export const DBI_HEADER = struct('DBI_STREAM_HEADER', 64, 'llvm.org/docs/PDB/DbiStream.html', {
  versionSignature: i32(0),
  versionHeader: u32(4),
  age: u32(8),
  globalStreamIndex: u16(12),
  publicStreamIndex: u16(16),
  symRecordStream: u16(20),
  modInfoSize: u32(24),
  sectionContributionSize: u32(28),
  sectionMapSize: u32(32),
  sourceInfoSize: u32(36),
  typeServerMapSize: u32(40),
  optionalDbgHeaderSize: u32(48),
  ecSubstreamSize: u32(52),
  flags: u16(56),
  machine: u16(58),
});

export const MOD_INFO = struct('DBI_MODULE_INFO', 64, 'llvm.org/docs/PDB/DbiStream.html', {
  moduleSymStream: u16(34),
  symByteSize: u32(36),
  c11ByteSize: u32(40),
  c13ByteSize: u32(44),
});

/** Version 2 has four bytes more at the end. */
export const SECTION_CONTRIBUTION = struct('SECTION_CONTRIB', 28, 'llvm.org/docs/PDB/DbiStream.html', {
  section: u16(0),
  offset: u32(4),
  sizeBytes: u32(8),
  characteristics: u32(12),
  moduleIndex: u16(16),
});

/** Streams named by position in the optional debug header. */
export const DEBUG_STREAM = { fpo: 0, omapToSrc: 3, omapFromSrc: 4, sectionHdr: 5, newFpo: 9, sectionHdrOrig: 10 } as const;

export const OMAP_ENTRY = struct('OMAP', 8, 'learn.microsoft.com/windows/win32/api/dbghelp/ns-dbghelp-omap', { rva: u32(0), rvaTo: u32(4) });

const CVINFO = 'microsoft-pdb, include/cvinfo.h';
/** Offsets count from the record's length field; the name follows the fixed part. */
export const PUBSYM32 = struct('PUBSYM32', 14, CVINFO, { flags: u32(4), offset: u32(8), segment: u16(12) });
export const PROCSYM32 = struct('PROCSYM32', 39, CVINFO, { end: u32(8), length: u32(16), offset: u32(32), segment: u16(36), flags: u8(38) });
export const THUNKSYM32 = struct('THUNKSYM32', 25, CVINFO, { end: u32(8), offset: u32(16), segment: u16(20), length: u16(22) });
export const LABELSYM32 = struct('LABELSYM32', 11, CVINFO, { offset: u32(4), segment: u16(8) });
export const DATASYM32 = struct('DATASYM32', 14, CVINFO, { offset: u32(8), segment: u16(12) });
/** Code of a procedure that was put elsewhere; the procedure by its own place. */
export const SEPCODESYM = struct('SEPCODESYM', 32, CVINFO, {
  end: u32(8),
  length: u32(12),
  offset: u32(20),
  parentOffset: u32(24),
  segment: u16(28),
  parentSegment: u16(30),
});
export const ANNOTATIONSYM = struct('ANNOTATIONSYM', 12, CVINFO, { offset: u32(4), segment: u16(8), count: u16(10) });
/** Annotations follow the fixed part. */
export const INLINESITESYM = struct('INLINESITESYM', 16, CVINFO, { end: u32(8), inlinee: u32(12) });
export const INLINESITESYM2 = struct('INLINESITESYM2', 20, CVINFO, { end: u32(8), inlinee: u32(12) });

const C13 = 'llvm.org/docs/PDB/ModiStream.html, llvm/DebugInfo/CodeView/DebugLinesSubsection.h';
/** A C13 subsection: kind and length, then its bytes. */
export const C13_SUBSECTION = struct('CV_DebugSSubsectionHeader', 8, C13, { kind: u32(0), length: u32(4) });
export const C13_KIND = { lines: 0xf2, fileChecksums: 0xf4, inlineeLines: 0xf6 } as const;
export const C13_LINES = struct('CV_DebugSLinesHeader', 12, C13, { offset: u32(0), segment: u16(4), flags: u16(6), sizeBytes: u32(8) });
export const C13_LINES_BLOCK = struct('CV_DebugSLinesFileBlockHeader', 12, C13, { file: u32(0), count: u32(4), sizeBytes: u32(8) });
export const C13_LINE = struct('CV_Line', 8, C13, { offset: u32(0), flags: u32(4) });
export const C13_CHECKSUM = struct('FileChecksumEntryHeader', 6, C13, { name: u32(0), sizeBytes: u8(4), kind: u8(5) });
export const C13_INLINEE = struct('InlineeSourceLineHeader', 12, C13, { inlinee: u32(0), file: u32(4), line: u32(8) });
/** Head of the TPI and IPI streams; offsets of buffers count in the hash stream. */
export const TPI_HEADER = struct('TPI_STREAM_HEADER', 56, 'llvm.org/docs/PDB/TpiStream.html', {
  version: u32(0),
  headerSize: u32(4),
  typeIndexBegin: u32(8),
  typeIndexEnd: u32(12),
  typeRecordBytes: u32(16),
  hashStreamIndex: u16(20),
  hashKeySize: u32(24),
  numHashBuckets: u32(28),
  hashValueBufferOffset: u32(32),
  hashValueBufferLength: u32(36),
  indexOffsetBufferOffset: u32(40),
  indexOffsetBufferLength: u32(44),
});
/** The stream "/names". */
export const STRING_TABLE = struct('PDBStringTableHeader', 12, 'llvm/DebugInfo/PDB/Native/RawTypes.h', {
  signature: u32(0),
  version: u32(4),
  sizeBytes: u32(8),
});
