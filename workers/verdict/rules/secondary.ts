/** What parts of Windows and drivers noted for the crash: boot status, winlogon, plug and play, NTFS, storage commands, PCI. Context by itself. */
import { type Found, valueOf } from '../../base/found.ts';
import { type BootStatus, readBootStatus } from '../../formats/secondary/bootstatus.ts';
import { SECONDARY } from '../../formats/secondary/guids.ts';
import { kindOfDevice, readIntegrityNote, readPnpNote, readWinlogonNote } from '../../formats/secondary/notes.ts';
import { readNtfsBox } from '../../formats/secondary/ntfsbox.ts';
import { type PciFunction, pciErrors, readPciConfig } from '../../formats/secondary/pciconfig.ts';
import { failureOf, operationName, readStorageTrace, type StorageTrace, underWay } from '../../formats/secondary/storagetrace.ts';
import { timeOf } from '../../target/kernelfirst.ts';
import { readSecondary, secondaryBytes } from '../../target/secondary.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import type { Part } from '../verdict.ts';
import { text } from '../words.ts';

const DISPLAY: ReadonlySet<number> = new Set([0x116, 0x117, 0x119, 0x141, 0x10e, 0x113, 0xea]);
const STORAGE: ReadonlySet<number> = new Set([0x7a, 0x77, 0xef, 0xf4, 0x154, 0x24, 0x7b]);
const MACHINE: ReadonlySet<number> = new Set([0x124, 0x122, 0x9c, 0x80, 0x101, 0x1ca]);
const POWER_STATE = 0x9f;
const LONG_PRESS = 0x1c8;

/** Which parts of Windows and which drivers put notes of their own into the dump, by the names of their secondary data. */
const TESTIFY: readonly (readonly [codes: ReadonlySet<number>, names: RegExp])[] = [
  [DISPLAY, /dxg|watchdog|nvidia|nvlddmkm|amdkmdag|igdkmd|graphics/i],
  [STORAGE, /stor|nvme|disk|ntfs/i],
  [new Set([0x124, 0x122, 0x9c]), /whea|pshed/i],
  [new Set([0xfe, 0x144]), /usb|ucx/i],
];

function showBlobs(c: Case, f: Finding): void {
  const pattern = TESTIFY.find(([codes]) => codes.has(c.code))?.[1];
  const held = pattern ? c.target.blobs.filter((blob) => blob.size > 0 && pattern.test(blob.name)) : [];
  const names = [...new Set(held.map((blob) => blob.name))].slice(0, 4).join(', ');
  if (names !== '') f.show(text('e-blobs', { names }), '.enumtag', { weighs: 'context' });
}

/** Clocks may differ by so much. */
const CLOCK_SLACK = 60;

/** Seconds from a FILETIME to the crash; undefined where one of them is not known, or the time lies well behind it. */
function secondsBefore(c: Case, filetime: bigint): number | undefined {
  const crash = valueOf(c.target.crashTime);
  const at = valueOf(timeOf(filetime));
  if (crash === undefined || at === undefined) return undefined;
  const seconds = (crash - at) / 1000;
  return seconds < -CLOCK_SLACK ? undefined : Math.max(0, seconds);
}
const secondsText = (seconds: number): string => (seconds < 10 ? seconds.toFixed(1) : String(Math.round(seconds)));

/** POWER_SYSTEM… of SYSTEM_POWER_STATE (wdm.h). */
const SLEEP_STATES: Readonly<Record<number, string>> = { 2: 'sleep (S1)', 3: 'sleep (S2)', 4: 'sleep (S3)', 5: 'hibernation (S4)' };
const NEAR_SLEEP = 300;
const NEAR_PRESS = 60;
const MOST_BOOTS = 1000;

function showBoot(c: Case, f: Finding, { start, button }: BootStatus): void {
  const stopping = start.userShutdownInProgress === 1 || start.systemShutdownInProgress === 1;
  const noted = secondsBefore(c, start.lastReferenceTime);
  const when = noted === undefined ? 'at a time that is not known' : `${secondsText(noted)} seconds before the stop`;
  if (stopping) f.show(text('e-shutting-down', { when }), '!blackboxbsd', { weighs: 'context' });
  const state = SLEEP_STATES[start.sleepTarget];
  const asleep = noted;
  if (state !== undefined && asleep !== undefined && asleep < NEAR_SLEEP)
    f.show(text('e-sleeping', { state, seconds: secondsText(asleep) }), '!blackboxbsd', { weighs: 'context' });
  const press = button.ok && button.value.lastPressBootId === (start.lastBootId & 0xffff) ? secondsBefore(c, button.value.lastPressTime) : undefined;
  if (press !== undefined && press < NEAR_PRESS)
    f.show(text('e-power-button', { seconds: secondsText(press) }), '!blackboxbsd', { weighs: c.code === LONG_PRESS ? 'for' : 'context' });
  const lost = start.lastBootId - 1 - start.lastShutdownBootId;
  if (start.lastShutdownBootId > 0 && lost > 0 && lost < MOST_BOOTS)
    f.show(text('e-boots-lost', { count: String(lost), boot: String(start.lastBootId), shutdown: String(start.lastShutdownBootId) }), '!blackboxbsd', {
      weighs: 'context',
    });
}

const NEAR_EVENT = 10;
const NOT_THERE = 24;

/** A word that a driver or a program wrote: its letters, and no more of them than a name has. */
const plain = (word: string): string => word.replace(/[^\w&.\\ -]/g, '…').slice(0, 64);

function showNotes(c: Case, f: Finding): void {
  const winlogon = readSecondary(c.target, 'winlogon', readWinlogonNote);
  if (winlogon.ok && winlogon.value.pending)
    f.show(text('e-winlogon', { operation: plain(winlogon.value.operation) }), '!blackboxwinlogon', { weighs: 'context' });
  const pnp = readSecondary(c.target, 'pnp', readPnpNote);
  const before = pnp.ok ? secondsBefore(c, pnp.value.activityTime) : undefined;
  if (pnp.ok && before !== undefined && (pnp.value.eventInProgress || before < NEAR_EVENT)) {
    const args = { device: kindOfDevice(pnp.value.deviceId), seconds: secondsText(before) };
    if (pnp.value.eventInProgress) f.show(text('e-pnp-busy', args), '!blackboxpnp', { weighs: c.code === POWER_STATE ? 'for' : 'context' });
    else if (pnp.value.problemCode === NOT_THERE) f.show(text('e-pnp-gone', args), '!blackboxpnp', { weighs: 'context' });
  }
  const ntfs = readSecondary(c.target, 'ntfs', readNtfsBox);
  const [slow, oplocks] = ntfs.ok ? [ntfs.value.slowIo.length, ntfs.value.oplockBreaks.length] : [0, 0];
  if (slow > 0) f.show(text('e-ntfs-slow', { count: String(slow) }), '!blackboxntfs', { weighs: STORAGE.has(c.code) ? 'for' : 'context' });
  if (oplocks > 0) f.show(text('e-ntfs-oplock', { count: String(oplocks) }), '!blackboxntfs', { weighs: 'context' });
}

const NEAR_REFUSAL = 60;
const INVALID_IMAGE_HASH = 0xc0000428;
const CORRUPTED: ReadonlySet<Part | undefined> = new Set(['ram', 'disk', 'hardware']);

/** A file that no table knows says what the person runs. */
function showRefused(c: Case, f: Finding): void {
  const note = readSecondary(c.target, 'codeIntegrity', readIntegrityNote);
  const before = note.ok ? secondsBefore(c, note.value.time) : undefined;
  if (!note.ok || before === undefined || before > NEAR_REFUSAL) return;
  const { status, path } = note.value;
  const file = path.replace(/^.*\\/, '');
  const known = c.knowledge.driver(file) !== undefined;
  const args = { file: plain(file), status: c.status(status), seconds: secondsText(before) };
  const command = `.enumtag ${SECONDARY.codeIntegrity}`;
  if (known && status === INVALID_IMAGE_HASH) f.show(text('e-ci-damaged', args), command, { weighs: CORRUPTED.has(f.culprit?.part) ? 'for' : 'context' });
  else f.show(text('e-ci-refused', args), command, { weighs: 'context', ...(known ? {} : { private: true }) });
}

const STUCK_SECONDS = 5;
const TICKS = 10_000_000;

/**
 * How long the oldest unfinished command had waited; 0 where all had ended, undefined where the time of the crash is not known.
 * ATAPort counts from the boot, by a clock of its own: its newest time bounds it too.
 */
function oldestWait(c: Case, trace: StorageTrace): number | undefined {
  const starts = underWay(trace).map(({ start }) => start);
  const oldest = starts.reduce<bigint | undefined>((least, start) => (least === undefined || start < least ? start : least), undefined);
  if (oldest === undefined) return 0;
  if (trace.port === 'storport') return secondsBefore(c, oldest);
  const newest = trace.commands.reduce((most, { start, end }) => (start > most ? start : end > most ? end : most), 0n);
  return Math.max(Number(newest) / TICKS, valueOf(c.target.uptimeSeconds) ?? 0) - Number(oldest) / TICKS;
}

function showStorage(c: Case, f: Finding, trace: StorageTrace): void {
  const command = `.enumtag ${SECONDARY.storage}`;
  const concerned = STORAGE.has(c.code) || f.culprit?.part === 'disk';
  const failed = trace.commands.flatMap((one) => {
    const how = failureOf(trace, one);
    return how === undefined ? [] : [`${operationName(one.operation)}: ${how}`];
  });
  const waited = oldestWait(c, trace);
  const count = String(trace.commands.length);
  if (failed.length > 0) {
    const args = { failed: String(failed.length), count, what: [...new Set(failed)].slice(0, 3).join(', ') };
    f.show(text('e-storage-failed', args), command, { weighs: concerned ? 'for' : 'context' });
  }
  if (waited !== undefined && waited >= STUCK_SECONDS)
    f.show(text('e-storage-stuck', { seconds: secondsText(waited), driver: trace.driver }), command, { weighs: concerned ? 'for' : 'context' });
  if (concerned && failed.length === 0 && waited !== undefined && waited < STUCK_SECONDS && trace.commands.length > 0)
    f.show(text('e-storage-well', { count, driver: trace.driver }), command, { weighs: f.culprit?.part === 'disk' ? 'against' : 'context' });
}

/** "NVIDIA Corporation 10de:1f08 at bus 1, device 0, function 0". */
function pciWords(c: Case, one: PciFunction): string {
  const four = (value: number): string => value.toString(16).padStart(4, '0');
  const maker = c.knowledge.pciVendor(one.vendorId) ?? 'vendor';
  return `${maker} ${four(one.vendorId)}:${four(one.deviceId)} at bus ${String(one.bus)}, device ${String(one.device)}, function ${String(one.function)}`;
}

export interface PciFailure {
  readonly device: string;
  readonly what: string;
  /** Base class, subclass, interface. */
  readonly classCode: number;
}

/** Functions that report an error of their own. */
export function pciFailures(c: Case): readonly PciFailure[] {
  const functions = pciFunctions(c);
  return functions.flatMap((one) => {
    const errors = pciErrors(one);
    return errors.length === 0 ? [] : [{ device: pciWords(c, one), what: errors.join(', '), classCode: one.classCode }];
  });
}

const pciFunctions = (c: Case): readonly PciFunction[] => {
  const bytes: Found<Uint8Array> = secondaryBytes(c.target, 'pci');
  return bytes.ok ? readPciConfig(bytes.value) : [];
};

/** PCI base class 3 is a display, 1 is storage (PCI Code and ID Assignment). */
const CONCERNED: readonly (readonly [codes: ReadonlySet<number>, base: number, part: Part])[] = [
  [DISPLAY, 3, 'gpu'],
  [STORAGE, 1, 'disk'],
];

function showPci(c: Case, f: Finding): void {
  const own = CONCERNED.find(([codes]) => codes.has(c.code));
  if (!own && !MACHINE.has(c.code) && c.code !== POWER_STATE) return;
  for (const { device, what, classCode } of pciFailures(c).slice(0, 3)) {
    const fits = MACHINE.has(c.code) || classCode >> 16 === own?.[1];
    f.show(text('e-pci-error', { device, what }), '!blackboxpci', { weighs: fits ? 'for' : 'context' });
  }
  const silent = pciFunctions(c).filter((one) => !one.answers);
  const places = silent.map((one) => `${one.bus.toString(16)}:${one.device.toString(16)}.${String(one.function)}`);
  if (places.length > 0) f.show(text('e-pci-silent', { places: places.slice(0, 6).join(', ') }), '!blackboxpci', { weighs: 'context' });
}

export function showSecondary(c: Case, f: Finding): void {
  showBlobs(c, f);
  const boot = readSecondary(c.target, 'bootStatus', readBootStatus);
  if (boot.ok) showBoot(c, f, boot.value);
  showNotes(c, f);
  showRefused(c, f);
  const trace = readSecondary(c.target, 'storage', readStorageTrace);
  if (trace.ok) showStorage(c, f, trace.value);
  showPci(c, f);
}
