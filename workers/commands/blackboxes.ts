/**
 * `!blackboxbsd`, `!blackboxntfs`, `!blackboxpnp`, `!blackboxwinlogon`, `!blackboxscm`, `!blackboxpci`: notes that parts of Windows keep
 * for a crash. Layouts: windows-driver-docs, -blackboxbsd and -blackboxscm; for the others WinDbg's lines in public reports.
 */
import { va } from '../base/address.ts';
import type { Found } from '../base/found.ts';
import { hex, hexDigits } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { type BootStatus, readBootStatus } from '../formats/secondary/bootstatus.ts';
import { kindOfDevice, readPnpNote, readWinlogonNote, type PnpNote } from '../formats/secondary/notes.ts';
import { type NtfsBox, readNtfsBox } from '../formats/secondary/ntfsbox.ts';
import { type PciFunction, pciErrors, pciRepaired, readPciConfig } from '../formats/secondary/pciconfig.ts';
import { readSecondary, secondaryBytes } from '../target/secondary.ts';
import type { Session } from '../target/target.ts';
import { fileTime } from '../types/kernel/object.ts';
import { address } from './names.ts';
import { line, note, type OutputNode, text } from './spec.ts';

const PERSONAL = 'hidden: it can name a person or hold a serial number; -p shows it';
const wantsPersonal = (tail: string): boolean => /^\s*-p\s*$/i.test(tail);
const truth = (value: number): string => (value === 0 ? 'FALSE' : 'TRUE');
/** As %#x: a zero stays bare. */
const hexOrZero = (value: number | bigint): string => (value === 0 || value === 0n ? '0' : hex(value));

function timeNote(value: bigint): OutputNode[] {
  const ms = fileTime({ ok: true, value });
  return ms.ok && ms.value < 8.64e15 ? [note(`that is ${new Date(ms.value).toISOString()}`)] : [];
}

/** Label, then its value or a node that explains it. */
type Row = readonly [label: string, value: string, more?: readonly OutputNode[]];
const rowNodes = (rows: readonly Row[]): OutputNode[] => [...rows.flatMap(([label, value, more = []]) => [line(`${label}: ${value}`), ...more]), line('')];

function startRows({ start }: BootStatus): OutputNode[] {
  return [
    ...rowNodes([
      ['Version', String(start.version)],
      ['Product type', String(start.productType)],
    ]),
    ...rowNodes([
      ['Auto advanced boot', truth(start.autoAdvancedBoot)],
      ['Advanced boot menu timeout', String(start.advancedBootMenuTimeout)],
      ['Last boot succeeded', truth(start.lastBootSucceeded)],
      ['Last boot shutdown', truth(start.lastBootShutdown)],
      ['Sleep in progress', truth(start.sleepInProgress)],
    ]),
    ...rowNodes([
      ['Power button timestamp', hexOrZero(start.powerButtonTimestamp), timeNote(start.powerButtonTimestamp)],
      ['System running', truth(start.systemRunning)],
      ['Connected standby in progress', truth(start.connectedStandbyInProgress)],
      ['User shutdown in progress', truth(start.userShutdownInProgress)],
      ['System shutdown in progress', truth(start.systemShutdownInProgress)],
      ['Sleep in progress', String(start.sleepTarget)],
      ['Connected standby scenario instance id', String(start.scenarioInstanceId)],
      ['Connected standby entry reason', String(start.standbyEntryReason)],
      ['Connected standby exit reason', String(start.standbyExitReason)],
      ['System sleep transitions to on', String(start.sleepTransitions)],
      ['Last reference time', hexOrZero(start.lastReferenceTime), timeNote(start.lastReferenceTime)],
      ['Last reference time checksum', hexOrZero(start.lastReferenceTimeChecksum)],
      ['Last update boot id', String(start.lastUpdateBootId)],
    ]),
    ...rowNodes([
      ['Boot attempt count', String(start.bootAttemptCount)],
      ['Last boot checkpoint', truth(start.lastBootCheckpoint)],
      ['Checksum', hexOrZero(start.checksum)],
      ['Last boot id', String(start.lastBootId)],
      ['Last successful shutdown boot id', String(start.lastShutdownBootId)],
      ['Last reported abnormal shutdown boot id', String(start.lastAbnormalBootId)],
    ]),
  ];
}

const ifRead = <T>(part: Found<T>, rows: (value: T) => readonly Row[]): OutputNode[] =>
  part.ok ? rowNodes(rows(part.value)) : [note(describeMissing(part.missing))];

const FEATURE_STATES = ['Uninitialized', 'Boot Pending', 'LKG Pending', 'Rollback Pending', 'Committed'];

function bootStatusNodes(status: BootStatus): OutputNode[] {
  return [
    ...startRows(status),
    ...ifRead(status.error, (error) => [
      ['Error info boot id', String(error.bootId)],
      ['Error info repeat count', String(error.repeatCount)],
      ['Error info other error count', String(error.otherCount)],
      ['Error info code', String(error.code)],
      ['Error info status', hexOrZero(error.status)],
    ]),
    ...ifRead(status.button, (button) => [
      ['Power button last press time', hexOrZero(button.lastPressTime), timeNote(button.lastPressTime)],
      ['Power button cumulative press count', String(button.pressCount)],
      ['Power button last press boot id', String(button.lastPressBootId)],
      ['Power button last power watchdog stage', hexOrZero(button.watchdogStage)],
      ['Power button watchdog armed', truth(button.watchdogArmed)],
      ['Power button shutdown in progress', truth(button.shutdownInProgress)],
      ['Power button last release time', hexOrZero(button.lastReleaseTime), timeNote(button.lastReleaseTime)],
      ['Power button cumulative release count', String(button.releaseCount)],
      ['Power button last release boot id', String(button.lastReleaseBootId)],
      ['Power button error count', String(button.errorCount)],
      ['Power button current connected standby phase', String(button.standbyPhase)],
      ['Power button transition latest checkpoint id', String(button.checkpointId)],
      ['Power button transition latest checkpoint type', String(button.checkpointType)],
      ['Power button transition latest checkpoint sequence number', String(button.checkpointNumber)],
    ]),
    ...ifRead(status.extension, (extension) => [
      ['Power transition Shutdown Device Type', String(extension.shutdownDeviceType)],
      ['Power transition Setup In Progress', truth(extension.setupInProgress)],
      ['Power transition OOBE In Progress', truth(extension.oobeInProgress)],
      ['Power transition Sleep Checkpoint Source', String(extension.checkpointSource)],
      ['Power transition Sleep Checkpoint', String(extension.sleepCheckpoint)],
    ]),
    ...ifRead(status.featureState, (state) => [['Feature Configuration State ', FEATURE_STATES[state] ?? `Unknown Value (${String(state)})`]]),
  ];
}

const OPLOCK_REASONS = ['<Unknown>', 'NtfsFsdSetInformation', 'NtfsFspDispatch', 'NtfsFsdCleanup', 'NtfsFsdCreate', 'NtfsFsdWrite'];
const SLOT_SIZE = 32;

function ntfsNodes(session: Session, box: NtfsBox, personal: boolean): OutputNode[] {
  const pointer = (label: string, value: bigint): OutputNode => line(`        ${label.padEnd(9)} `, value === 0n ? '<null>' : address(session, va(value)));
  const head = (index: number, kind: string, length: number): OutputNode[] => [
    line(''),
    line(`Record ${String(index)}:`),
    line(`  Record type:    ${kind}`),
    line(`  Record length:  ${String(length)}`),
  ];
  const program = (name: string): string => (personal ? name : '…');
  const hidden = box.oplockBreaks.length > 0 && !personal;
  return [
    line('NTFS Blackbox Data'),
    ...box.slowIo.flatMap((one, index) => [
      ...head(index, '1 (Slow I/O Timeout)', SLOT_SIZE),
      ...[pointer('Irp:', one.irp), pointer('Scb:', one.scb), pointer('Thread:', one.thread)],
    ]),
    ...box.oplockBreaks.flatMap((one, index) => [
      ...head(box.slowIo.length + index, '2 (Oplock Break Timeout)', one.length),
      line(`  Break Reason: ${String(one.reason)} (${OPLOCK_REASONS[one.reason] ?? '<Unknown>'})`),
      ...[pointer('Irp:', one.irp), pointer('Scb:', one.scb)],
      line(`  Owner Process Name: '${program(one.owner)}'`),
      line(`  Breaking Process Name: '${program(one.breaker)}'`),
    ]),
    line(''),
    line(`${String(box.slowIo.length)} Slow I/O Timeout Records Found`),
    line(`${String(box.oplockBreaks.length)} Oplock Break Timeout Records Found`),
    ...(hidden ? [note(`names of programs are ${PERSONAL}`)] : []),
  ];
}

function pnpNodes(pnp: PnpNote, personal: boolean): OutputNode[] {
  const shown = personal ? pnp.deviceId : `${kindOfDevice(pnp.deviceId)}\\…`;
  const rows: readonly (readonly [string, string])[] = [
    ['PnpActivityId', `{${pnp.activityId.toUpperCase()}}`],
    ['PnpActivityTime', pnp.activityTime.toString()],
    ['PnpEventInformation', String(pnp.eventInformation)],
    ['PnpEventInProgress', pnp.eventInProgress ? '1' : '0'],
    ['PnpProblemCode', String(pnp.problemCode)],
    ['PnpVetoType', String(pnp.vetoType)],
    ['DeviceId', shown],
    ['VetoString', personal || pnp.vetoText === '' ? pnp.vetoText : '…'],
  ];
  const hidden = personal ? [] : [note(`the end of the device's id is ${PERSONAL}`)];
  return [...rows.map(([label, value]) => line(`    ${label.padEnd(19)}: ${value}`)), ...timeNote(pnp.activityTime), ...hidden];
}

/** Letters as `!pci` prints them (windows-driver-docs, -pci). */
const COMMAND_LETTERS: readonly (readonly [number, string])[] = [
  [1, 'i'],
  [2, 'm'],
  [4, 'b'],
  [0x20, 'v'],
  [0x40, 'p'],
  [0x100, 's'],
];
const STATUS_LETTERS: readonly (readonly [number, string])[] = [
  [0x10, 'c'],
  [0x20, '6'],
  [0x100, 'P'],
  [0x800, 'A'],
  [0x4000, 'S'],
];
const lettersOf = (bits: number, table: readonly (readonly [number, string])[]): string => table.map(([bit, letter]) => (bits & bit ? letter : '.')).join('');

function pciNodes(session: Session, one: PciFunction): OutputNode[] {
  const two = (value: number) => hexDigits(value, 2);
  const four = (value: number) => hexDigits(value, 4);
  const place = `${two(one.bus)}:${two(one.device)}:${String(one.function)}`;
  const said = [...pciErrors(one), ...pciRepaired(one).map((words) => `${words} (repaired)`)];
  const ids = `${four(one.vendorId)}:${four(one.deviceId)}.${two(one.revision)}`;
  const registers = `Cmd[${four(one.command)}:${lettersOf(one.command, COMMAND_LETTERS)}]  Sts[${four(one.status)}:${lettersOf(one.status, STATUS_LETTERS)}]`;
  return [
    line(`${place}  ${ids}  ${registers}`),
    ...(one.answers ? [] : [note('every bit reads as one: the device is switched off or does not answer')]),
    ...(said.length > 0 ? [note(`${session.knowledge.pciVendor(one.vendorId) ?? 'vendor not known'}: ${said.join(', ')}`)] : []),
  ];
}

const found = <T>(value: Found<T>, nodes: (value: T) => readonly OutputNode[]): Found<readonly OutputNode[]> =>
  value.ok ? { ok: true, value: nodes(value.value) } : value;

export type Box = 'bsd' | 'ntfs' | 'pnp' | 'winlogon' | 'pci';

const BOXES: Readonly<Record<Box, (session: Session, personal: boolean) => Found<readonly OutputNode[]>>> = {
  bsd: ({ target }) => found(readSecondary(target, 'bootStatus', readBootStatus), bootStatusNodes),
  ntfs: (session, personal) => found(readSecondary(session.target, 'ntfs', readNtfsBox), (box) => ntfsNodes(session, box, personal)),
  pnp: ({ target }, personal) => found(readSecondary(target, 'pnp', readPnpNote), (pnp) => pnpNodes(pnp, personal)),
  winlogon: ({ target }) =>
    found(readSecondary(target, 'winlogon', readWinlogonNote), ({ operation, pending }) => [
      line(`    ThreadName         : ${operation}`),
      line(`    IsOperationPending : ${pending ? '1' : '0'}`),
    ]),
  pci: (session) => found(secondaryBytes(session.target, 'pci'), (bytes) => readPciConfig(bytes).flatMap((one) => pciNodes(session, one))),
};

export function boxAnswer(box: Box, session: Session, tail: string): Reply<readonly OutputNode[]> {
  const nodes = BOXES[box](session, wantsPersonal(tail));
  return nodes.ok ? reply(nodes.value) : refuse('BAD_ARGUMENT', describeMissing(nodes.missing));
}

export function scmAnswer(): Reply<readonly OutputNode[]> {
  // No block of its own is known, in public or in real dumps; the layout of the output alone is published.
  return reply([
    note(
      text('the tag of this block and its layout are not published, and no real dump was seen with one; '),
      { span: 'command', line: '.enumtag', text: '.enumtag' },
      ' lists the blocks that are here',
    ),
  ]);
}
