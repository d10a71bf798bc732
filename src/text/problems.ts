/** One entry a code: what was seen, what to do. `{detail}` is the engine's own words for what it saw. */
import type { ProblemCode } from '../../workers/base/problem.ts';

export interface ProblemText {
  readonly title: string;
  readonly todo: string;
  /** A command to copy, where one helps. */
  readonly copy?: readonly string[];
}

export const COPY_MINIDUMPS = 'copy C:\\Windows\\Minidump\\*.dmp "%USERPROFILE%\\Desktop\\"';
export const COPY_MEMORY_DUMP = 'copy C:\\Windows\\MEMORY.DMP "%USERPROFILE%\\Desktop\\"';

export const PROBLEMS: Readonly<Record<ProblemCode, ProblemText>> = {
  NOT_A_DUMP: {
    title: 'This is not a Windows crash dump',
    todo: 'Crash dumps end in .dmp, .mdmp or .hdmp. Windows keeps them in C:\\Windows\\Minidump, in C:\\Windows\\MEMORY.DMP and, for programs, in %LOCALAPPDATA%\\CrashDumps.',
  },
  EMPTY: {
    title: 'The file is empty',
    todo: 'Windows made the file but could not write into it: often the disk was full or gone at that moment. The event log (System, event 161 or 1001) says why. Look for an older dump beside it.',
  },
  ALL_ZERO: {
    title: 'The file holds only zeros',
    todo: 'Its space was reserved but the content never reached the disk, as happens when power fails or the disk drops out while the dump is written. Nothing can be read from it; the disk itself deserves a look.',
  },
  TRUNCATED: {
    title: 'The file ends too early',
    todo: 'It is shorter than its own header says. If it was downloaded or uploaded, fetch it again; if it was copied from the computer that crashed, copy it again.',
  },
  UNSUPPORTED_KIND: {
    title: 'This kind of dump is not read yet',
    todo: 'The file was recognised, but nothing more of it can be shown.',
  },
  SOURCE_CHANGED: {
    title: 'The file changed or vanished while it was open',
    todo: 'What is shown may be out of date. Open the file again; if it lies on a network or USB drive, copy it to this computer first.',
  },
  READ_DENIED: {
    title: 'Windows does not let the browser read this file',
    todo: 'Dumps in C:\\Windows are for administrators only. Open a command prompt as administrator (press the Windows key, type cmd, press Ctrl+Shift+Enter), run one of these lines, and open the copy from the Desktop.',
    copy: [COPY_MINIDUMPS, COPY_MEMORY_DUMP],
  },
  ARCHIVE_UNSUPPORTED: {
    title: 'This archive cannot be opened here',
    todo: 'Unpack it first and open the .dmp file inside. Archives of the kinds .zip, .gz and .cab are opened directly.',
  },
  ARCHIVE_BROKEN: { title: 'The archive is damaged', todo: 'It could not be unpacked to its end. Fetch it again, or unpack it with another program.' },
  ARCHIVE_NO_DUMP: { title: 'The archive holds no crash dump', todo: 'Nothing inside begins as a crash dump does. Look for a file that ends in .dmp.' },
  ARCHIVE_TOO_LARGE: {
    title: 'The archive is too large to unpack here',
    todo: 'Unpack it on this computer first, then open the .dmp file: a dump itself may have any size.',
  },
  NOT_ON_SERVER: { title: 'The server does not have this file', todo: 'That is common for drivers of other makers. Drop the symbol file here if you have it.' },
  MISMATCH: {
    title: 'The file belongs to another build',
    todo: 'Its identity differs from the one in the dump, so its names would be wrong. Find the file of exactly this build.',
  },
  OFFLINE: { title: 'There is no connection', todo: 'Everything that needs no names still works. Ask again when you are online.' },
  DECLINED: { title: 'You did not agree to ask this server', todo: 'Nothing was sent. You can change this in Symbols.' },
  PROXY: { title: 'The symbol proxy could not do it', todo: 'The server behind it did not answer as it should. Try again later.' },
  BAD_CAB: { title: 'The packed symbol file is damaged', todo: 'Ask again; if it stays so, the copy on the server is broken.' },
  BAD_PDB: { title: 'The symbol file is damaged', todo: 'It does not read as a PDB. Ask again, or find another copy.' },
  BAD_PE: { title: 'The program file is damaged', todo: 'It does not read as an EXE, DLL or SYS file. Find another copy.' },
  HTML_ANSWER: { title: 'A web page came instead of a file', todo: 'Something between you and the server answered in its place, a login page for instance.' },
  EMPTY_ANSWER: { title: 'The answer was empty', todo: 'The server knows the name but sent no content. Try again later.' },
  TOO_LARGE: { title: 'The file is larger than allowed', todo: 'Fetch it another way and drop it here.' },
  QUOTA: { title: 'The browser has no room left', todo: 'Remove stored symbols in Symbols, or free space on the disk.' },
  UNKNOWN_COMMAND: { title: 'There is no such command', todo: 'Press ? for the list.' },
  BAD_ARGUMENT: { title: 'An argument does not fit', todo: 'Press ? for how the command is written.' },
  NEEDS: { title: 'This dump does not hold what the command needs', todo: 'A larger kind of dump would.' },
  CANCELLED: { title: 'Cancelled', todo: 'Nothing was changed.' },
  DEFECT: {
    title: 'Faultline itself made a mistake',
    todo: 'This says nothing about your computer. Copy the details into a report; no content of the dump is in them. The other views still work.',
  },
};
