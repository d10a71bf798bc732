/** Disk, file system, registry, boot. The status decides, not the code. */
import { hex } from '../../base/hex.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { text } from '../words.ts';
import { showNoSuspect, showSubCode } from './evidence.ts';
import { judgeFault } from './fault.ts';
import { weakenInGuest } from './guest.ts';

interface StatusHint {
  readonly hint: string;
  readonly disk: boolean;
  /** The disk answered; what it gave does not fit together. */
  readonly volume?: true;
}
/** ntstatus.h; groups as the 0x7A page has them. */
const STATUS: Readonly<Record<number, StatusHint>> = {
  0xc000009c: { hint: 'the drive reports a bad block', disk: true },
  0xc000016a: { hint: 'the drive reports a damaged sector', disk: true },
  0xc000009d: { hint: 'the drive was not there: cable, power or firmware', disk: true },
  0xc0000185: { hint: 'the controller reports an I/O error: cable, controller, drive', disk: true },
  0xc000000e: { hint: 'the drive was gone: cable, power, controller', disk: true },
  0xc0000010: { hint: 'the drive refused the request', disk: true },
  0xc0000006: { hint: 'reading the page failed', disk: true },
  0xc00000a3: { hint: 'the drive was not ready', disk: true },
  0xc0000102: { hint: 'a file is damaged', disk: true, volume: true },
  0xc0000032: { hint: 'the volume is damaged', disk: true, volume: true },
  0xc000014f: { hint: 'the volume is not recognised', disk: true, volume: true },
  0xc0000034: { hint: 'something was not found', disk: true },
  0xc0000011: { hint: 'read beyond the end of the file', disk: true },
  0xc000014c: { hint: 'the registry on the disk is damaged', disk: true },
  0xc000014d: { hint: 'the registry could not be read or written', disk: true },
  0xc0000005: { hint: 'damaged data, which no disk returns', disk: false },
  0xc000000d: { hint: 'a wrong parameter, which no disk returns', disk: false },
};

export const ntstatus = (value: bigint): number => Number(value & 0xffff_ffffn);
const looksLikeStatus = (value: bigint): boolean => {
  const low = ntstatus(value);
  return (value >> 32n === 0n || value >> 32n === 0xffff_ffffn) && low >>> 28 >= 0x8 && low >>> 28 <= 0xc;
};

/** STATUS_NO_MEMORY, STATUS_INSUFFICIENT_RESOURCES: no disk was asked. */
const USED_UP: ReadonlySet<number> = new Set([0xc0000017, 0xc000009a]);

/** Whether the status says that memory ran out, and then judges so. */
function usedUp(c: Case, f: Finding, status: number): boolean {
  if (!USED_UP.has(status)) return false;
  f.head('h-used-up', { name: c.name, what: c.status(status) }).judge('resource-exhaustion', 'likely');
  f.rival({}, text('r-any-driver', {}));
  return true;
}

function showStatus(c: Case, f: Finding, status: number, index: number): string {
  const words = c.status(status);
  f.show(text('e-status', { status: words, index: String(index) }), `!error ${hex(status)}`, { weighs: 'decides' });
  return words;
}

/** Whether a disk can have answered so: memory that ran out, damaged data and wrong parameters are of others. */
export const isDiskStatus = (status: number): boolean => !USED_UP.has(status) && STATUS[status]?.disk !== false;

/** What a drive, its cable or its controller reports, and a page that could not be read because of it. */
const DEVICE: ReadonlySet<number> = new Set([0xc0000006, 0xc000000e, 0xc0000010, 0xc000009c, 0xc000009d, 0xc00000a3, 0xc000016a, 0xc0000185]);
/** Whether the status by itself tells the cause: of a device, or of a resource that ran out. */
export const tellsCause = (status: number): boolean => DEVICE.has(status) || USED_UP.has(status);

/** `index`: of the argument or exception parameter that holds the status. */
export function judgeStatus(c: Case, f: Finding, status: number, index: number): void {
  const words = showStatus(c, f, status, index);
  if (usedUp(c, f, status)) return;
  const hint = STATUS[status];
  f.say(hint?.disk === false ? 'x-paging-damaged' : hint?.volume ? 'x-volume-damaged' : 'x-inpage-disk', {
    status: words,
    hint: hint?.hint ?? 'a status of the I/O system',
  });
  if (hint?.disk === false) {
    f.head('h-paging-not-disk', { name: c.name, what: words }).judge('hardware', 'possible').blame(undefined, 'ram');
    f.oppose('a-driver-could', {}).rival({ part: 'cpu' }, text('r-cpu', {})).rival({ part: 'disk' }, text('r-disk', {}));
    return;
  }
  f.head(hint?.volume ? 'h-volume' : 'h-disk', { name: c.name, what: words })
    .judge('storage', hint ? 'likely' : 'possible')
    .blame(undefined, 'disk');
  if (hint?.volume) f.step(text('d-backup', {})).step(text('d-disk-scan', {}));
  f.rival({ part: 'ram' }, text('r-ram', {}));
  weakenInGuest(c, f);
}

/** 0x7A: P2 is the status. 0x77: P1 and P2 are, unless P1 is 0, 1 or 2. */
export function inPage(c: Case, f: Finding): void {
  f.detector = 'ntoskrnl.exe';
  const [first, second] = c.params;
  if (c.code === 0x77 && first <= 2n) {
    showSubCode(c, f, 1);
    const short = first === 2n;
    f.head(short ? 'h-disk' : 'h-paging-not-disk', { name: c.name, what: short ? 'a short read of the page file' : 'the stack page lost its mark' });
    f.judge(short ? 'storage' : 'hardware', 'possible')
      .blame(undefined, short ? 'disk' : 'ram')
      .rival({ part: short ? 'ram' : 'disk' }, text(short ? 'r-ram' : 'r-disk', {}));
    return;
  }
  if (looksLikeStatus(second)) judgeStatus(c, f, ntstatus(second), 2);
  else if (looksLikeStatus(first)) judgeStatus(c, f, ntstatus(first), 1);
  else
    f.head('h-disk', { name: c.name, what: 'a page could not be read' })
      .judge('storage', 'possible')
      .blame(undefined, 'disk')
      .rival({ part: 'ram' }, text('r-ram', {}));
}

/** Where the first of the named arguments with a status stands, from 1. */
function statusIndex(c: Case, ...indices: readonly number[]): number | undefined {
  return indices.find((index) => looksLikeStatus(c.params[index - 1] ?? 0n));
}
const statusAt = (c: Case, index: number): number => ntstatus(c.params[index - 1] ?? 0n);

/** 0x7B, 0xED: P2 the status; some builds give it in P4. */
export function bootDevice(c: Case, f: Finding): void {
  const index = statusIndex(c, 2, 4);
  if (index !== undefined && !isDiskStatus(statusAt(c, index))) {
    judgeStatus(c, f, statusAt(c, index), index);
    return;
  }
  const what = index === undefined ? 'no status given' : showStatus(c, f, statusAt(c, index), index);
  f.head('h-boot', { name: c.name, what }).judge('storage', 'likely').blame(undefined, 'disk').rival({ part: 'firmware' }, text('r-firmware', {}));
  weakenInGuest(c, f);
}

/** Whose source file argument 1 names. */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0x23: 'fastfat.sys',
  0x24: 'Ntfs.sys',
  0x27: 'rdbss.sys',
  0x12c: 'exfat.sys',
  0x149: 'ReFS.sys',
};

/** Without its record it tells of no disk (its page names nonpaged pool that ran out). */
const CACHE_MANAGER = 0x34;

/** 0x24 and its kin: file and line in P1, exception in P2 and P3. */
export function fileSystem(c: Case, f: Finding): void {
  const [place] = c.params;
  const { status } = c.fault;
  const words = status === undefined ? 'status not readable here' : c.status(status);
  const driver = FILE_SYSTEMS[c.code] ?? 'ntoskrnl.exe';
  f.detector = driver;
  f.say('x-ntfs', { driver, file: hex((place >> 16n) & 0xffffn), line: (place & 0xffffn).toString(), status: words });
  if (status === 0xc0000005) {
    judgeFault(c, f);
    return;
  }
  if (status !== undefined) {
    judgeStatus(c, f, status, 2);
    return;
  }
  showNoSuspect(c, f);
  f.head('h-filesystem', { name: c.name, what: `file system source ${hex(place)}` });
  if (c.code !== CACHE_MANAGER) f.judge('storage', 'possible').blame(undefined, 'disk');
  f.rival({ part: 'ram' }, text('r-ram', {})).rival({}, text('r-any-driver', {}));
}

/** 0x51, 0x67, 0x74: 0x67 gives the status in P3, 0x74 in P4; what 0x51 gives in P4 is the check's own number. */
export function registry(c: Case, f: Finding): void {
  f.detector = 'ntoskrnl.exe';
  const index = statusIndex(c, 4, 3, 2);
  const what = index === undefined ? (showSubCode(c, f, 1) ?? 'registry data not usable') : showStatus(c, f, statusAt(c, index), index);
  if (index !== undefined && usedUp(c, f, statusAt(c, index))) return;
  f.head('h-registry', { name: c.name, what }).judge('storage', 'possible').blame(undefined, 'disk').rival({ part: 'ram' }, text('r-ram', {}));
  weakenInGuest(c, f);
}
