/** Layouts of the cabinet format: [MS-CAB] (learn.microsoft.com/openspecs/exchange_server_protocols/ms-cab), section 2. */
import { struct, u16, u32, u8 } from '../../bytes/struct.ts';

const MS_CAB = '[MS-CAB]';

export const CFHEADER = struct('CFHEADER', 36, MS_CAB, {
  signature: u32(0),
  cbCabinet: u32(8),
  coffFiles: u32(16),
  versionMinor: u8(24),
  versionMajor: u8(25),
  cFolders: u16(26),
  cFiles: u16(28),
  flags: u16(30),
});
/** Follows the header where FLAG_RESERVE is set. */
export const CFRESERVE = struct('CFHEADER reserve', 4, MS_CAB, { cbCFHeader: u16(0), cbCFFolder: u8(2), cbCFData: u8(3) });
export const CFFOLDER = struct('CFFOLDER', 8, MS_CAB, { coffCabStart: u32(0), cCFData: u16(4), typeCompress: u16(6) });
/** A NUL-terminated name follows. */
export const CFFILE = struct('CFFILE', 16, MS_CAB, { cbFile: u32(0), uoffFolderStart: u32(4), iFolder: u16(8), attribs: u16(14) });
export const CFDATA = struct('CFDATA', 8, MS_CAB, { csum: u32(0), cbData: u16(4), cbUncomp: u16(6) });

export const MSCF = 0x4643534d;
export const FLAG_PREV = 1;
export const FLAG_NEXT = 2;
export const FLAG_RESERVE = 4;
export const ATTRIB_UTF8 = 0x80;
/** Values of iFolder that mean "begun in the cabinet before" or "goes on in the next". */
export const FIRST_CONTINUED = 0xfffd;
