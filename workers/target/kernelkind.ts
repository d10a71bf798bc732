/** What kind of kernel dump the header announces, whether the machine really crashed, and who wrote the file. */
import { type Found, found, mapFound, missing } from '../base/found.ts';
import type { KernelHeader } from '../formats/dump/header.ts';
import type { TriageDump } from '../formats/dump/triage.ts';
import type { DumpKind } from './target.ts';

/** win32metadata DUMP_TYPE_*; everything else is 'kernel-other'. */
const KINDS: Readonly<Record<number, DumpKind>> = {
  1: 'kernel-full',
  2: 'kernel-summary',
  4: 'kernel-triage',
  5: 'kernel-bitmap-full',
  6: 'kernel-bitmap',
};

export function kindOf(header: KernelHeader): DumpKind {
  return header.dumpType.ok ? (KINDS[header.dumpType.value] ?? 'kernel-other') : 'kernel-other';
}

/** DUMP_FILE_ATTRIBUTES.LiveDumpGeneratedDump. */
const LIVE_DUMP_ATTRIBUTE = 0x10;

/**
 * Codes that are only ever written to live dumps (windows-driver-docs, "Kernel live dump code reference").
 * 0x124, 0x144, 0x164 and 0xAB serve both: they do not decide.
 */
const LIVE_CODES: ReadonlySet<number> = new Set([
  0x117, 0x141, 0x142, 0x156, 0x15c, 0x15d, 0x15e, 0x15f, 0x161, 0x165, 0x166, 0x167, 0x168, 0x169, 0x16a, 0x16b, 0x16f, 0x175, 0x179, 0x17c, 0x17d, 0x180,
  0x181, 0x182, 0x183, 0x184, 0x185, 0x186, 0x187, 0x188, 0x190, 0x193, 0x195, 0x198, 0x19d, 0x19f, 0x1a1, 0x1a3, 0x1a4, 0x1a5, 0x1a6, 0x1a7, 0x1a8, 0x1a9,
  0x1b0, 0x1b8, 0x1c4, 0x1c5, 0x1c9, 0x1cc, 0x1d1, 0x1d4, 0x1e1, 0x1e5, 0x1e7, 0x1ec, 0x1f5, 0x207, 0x11c8, 0x21c8,
]);

/** Marks that tools leave in BugCheckCode instead of a code: the characters 'MATT' of MoonSols / Comae DumpIt. */
const DUMPIT_MARK = 0x5454414d;

export function liveOf(header: KernelHeader): Found<boolean> {
  if (LIVE_CODES.has(header.bugCheckCode) || header.bugCheckCode === DUMPIT_MARK) return found(true);
  if (header.attributes.ok && (header.attributes.value & LIVE_DUMP_ATTRIBUTE) !== 0) return found(true);
  if (header.comment.ok && header.comment.value.startsWith('LiveKD')) return found(true);
  if (header.bugCheckCode !== 0) return found(false);
  return mapFound(header.attributes, () => false);
}

const WRITERS: Readonly<Record<TriageDump['style'], string>> = {
  extracted: 'Windows, made from a larger dump at the next start',
  direct: 'Windows, written by the crashing system',
  unknown: 'Windows, small memory dump',
};

export function writerOf(header: KernelHeader, triage: TriageDump | undefined): Found<string> {
  if (header.bugCheckCode === DUMPIT_MARK) return found('MoonSols or Comae DumpIt');
  if (header.comment.ok && header.comment.value.startsWith('LiveKD')) return found('LiveKD');
  if (triage) return found(WRITERS[triage.style]);
  return missing({ why: 'not-computed', detail: 'a kernel dump does not name its writer' });
}
