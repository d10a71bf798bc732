/**
 * What a person pastes who has no dump: a stop code, a line of the event log, a problem report, text of WinDbg, a bucket, a file.
 * Windows writes these texts in the person's language; the numbers, the field names of events and the file names stay, and
 * mostly only those are read. Shapes: events 1001 (BugCheck, Windows Error Reporting), 41 (Kernel-Power: its BugcheckCode is
 * decimal), 1000, 1002 and 1026 as Windows writes them; WinDbg's `!analyze`, `.bugcheck` and `.exr`.
 */
import type { Knowledge, StatusKind } from '../../knowledge/knowledge.ts';
import { readAnywhere, readFile, readName, readNumber } from './pasted/code.ts';
import { readEvents } from './pasted/event.ts';
import { readProgramReport } from './pasted/program.ts';
import { readBlueScreenReport, readEvent41, readStopLine } from './pasted/stop.ts';
import type { Reader } from './pasted/text.ts';
import { readBucketText, readWinDbg } from './pasted/windbg.ts';

export type PastedKind = 'code' | 'stop' | 'windbg' | 'event-41' | 'event' | 'blue-screen-report' | 'program-report' | 'bucket' | 'status' | 'file' | 'nothing';
export interface PastedStop {
  readonly code: number;
  /** As many of the four arguments as the text gives. */
  readonly params: readonly bigint[];
}
export interface Pasted {
  readonly kind: PastedKind;
  readonly stop?: PastedStop;
  /** A status or exception code: where there is no stop, or beside it. */
  readonly status?: { readonly code: number; readonly kind?: StatusKind };
  readonly bucket?: string;
  /** File names that the text blames, and the program that crashed. */
  readonly modules: readonly string[];
  readonly program?: string;
  /** Event 41 without a stop code: what else it says. */
  readonly power?: { readonly buttonHeld: boolean; readonly sleeping: boolean };
  /** What the text says beyond its code, in sentences. */
  readonly notes: readonly string[];
}

/** A whole event log is not read; what a person pastes from one fits. */
const MAX_TEXT = 200_000;

const READERS: readonly Reader[] = [
  readNumber,
  readBucketText,
  readWinDbg,
  readStopLine,
  readEvent41,
  readBlueScreenReport,
  readProgramReport,
  readEvents,
  readName,
  readAnywhere,
  readFile,
];

/** Never fails: what holds nothing that is known is `nothing`. */
export function readPasted(text: string, knowledge: Knowledge): Pasted {
  const start = text.slice(0, MAX_TEXT);
  for (const read of READERS) {
    const found = read(start, knowledge);
    if (found) return found;
  }
  return { kind: 'nothing', modules: [], notes: [] };
}
