/**
 * Boot status data (bootstat.dat), which `!blackboxbsd` prints. Fields: RTL_BSD_DATA and its parts in phnt (ntrtl.h) and in ReactOS'
 * rtltypes.h, in the order of the published output (windows-driver-docs, -blackboxbsd). Offsets by content: the first word is the size
 * of the record, and its parts end where the sizes of the versions do: 0x58, 0x88 (the published output is of 0x88 = 136), 0xB0, 0xC0
 * and 0xC8 in fifteen real dumps of 19041 to 26100. From 0x98 on the power button's part holds 16 more bytes in front of the release.
 */
import { type Found, found, mapFound, missing, notValid, thenFound } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { type Field, type Fields, type RecordOf, readStructAt, type Struct, struct, u16, u32, u64, u8 } from '../../bytes/struct.ts';

const bits = (offset: number, shift: number, width: number): Field<number> => ({
  offset,
  size: 1,
  kind: 'bits',
  read: (view, at) => (view.getUint8(at) >> shift) & ((1 << width) - 1),
});
const SOURCE = 'phnt ntrtl.h, RTL_BSD_*';

const START = struct('RTL_BSD_DATA', 0x40, SOURCE, {
  version: u32(0),
  productType: u32(4),
  autoAdvancedBoot: u8(8),
  advancedBootMenuTimeout: u8(9),
  lastBootSucceeded: u8(0xa),
  lastBootShutdown: u8(0xb),
  sleepInProgress: u8(0xc),
  powerButtonTimestamp: u64(0x10),
  systemRunning: bits(0x18, 0, 1),
  connectedStandbyInProgress: bits(0x18, 1, 1),
  userShutdownInProgress: bits(0x18, 2, 1),
  systemShutdownInProgress: bits(0x18, 3, 1),
  sleepTarget: bits(0x18, 4, 4),
  scenarioInstanceId: u8(0x19),
  standbyEntryReason: bits(0x1a, 0, 6),
  standbyExitReason: bits(0x1b, 0, 6),
  sleepTransitions: u16(0x1c),
  lastReferenceTime: u64(0x20),
  lastReferenceTimeChecksum: u32(0x28),
  lastUpdateBootId: u32(0x2c),
  bootAttemptCount: u8(0x30),
  lastBootCheckpoint: u8(0x31),
  checksum: u8(0x32),
  lastBootId: u32(0x34),
  lastShutdownBootId: u32(0x38),
  lastAbnormalBootId: u32(0x3c),
});

const ERROR = struct('RTL_BSD_DATA_ERROR_INFO', 0x18, SOURCE, { bootId: u32(0), repeatCount: u32(4), otherCount: u32(8), code: u32(0xc), status: u32(0x10) });

const buttonOf = (size: number, release: number) =>
  struct('RTL_BSD_POWER_BUTTON_PRESS_INFO', size, SOURCE, {
    lastPressTime: u64(0),
    pressCount: u32(8),
    lastPressBootId: u16(0xc),
    watchdogStage: u8(0xe),
    watchdogArmed: bits(0xf, 0, 1),
    shutdownInProgress: bits(0xf, 1, 1),
    lastReleaseTime: u64(release),
    releaseCount: u32(release + 8),
    lastReleaseBootId: u16(release + 0xc),
    errorCount: u16(release + 0xe),
    standbyPhase: u8(release + 0x10),
    checkpointId: u32(release + 0x14),
    checkpointType: u32(release + 0x18),
    checkpointNumber: u32(release + 0x1c),
  });
const OLD_BUTTON = buttonOf(0x30, 0x10);
const BUTTON = buttonOf(0x40, 0x20);

const EXTENSION = struct('RTL_BSD_DATA_POWER_TRANSITION_EXTENSION', 0x10, SOURCE, {
  shutdownDeviceType: u8(0),
  setupInProgress: bits(1, 0, 1),
  oobeInProgress: bits(1, 1, 1),
  checkpointSource: bits(1, 2, 2),
  sleepCheckpoint: u8(2),
});

export interface BootStatus {
  readonly start: RecordOf<typeof START.fields>;
  readonly error: Found<RecordOf<typeof ERROR.fields>>;
  readonly button: Found<RecordOf<typeof BUTTON.fields>>;
  readonly extension: Found<RecordOf<typeof EXTENSION.fields>>;
  /** 0 uninitialized, 1 boot pending, 2 last known good pending, 3 rollback pending, 4 committed. */
  readonly featureState: Found<number>;
}

/** The extension is 0x10 bytes long in records of 0xB0, 0x20 in later ones; the state of the feature configuration follows it. */
const featureStateAt = (version: number): number => (version >= 0xc0 ? 0xb8 : 0xa8);

export function readBootStatus(data: Uint8Array): Found<BootStatus> {
  return thenFound(readStructAt(START, data, 0), (start) => {
    if (start.version < START.size || start.version > 0x1000) return notValid('size of the boot status data', hex(start.version), 'between 0x40 and 0x1000');
    const { version } = start;
    // What the version has and the block has not was cut off.
    const part = <F extends Fields>(layout: Struct<F>, at: number): Found<RecordOf<F>> =>
      at + layout.size <= version ? readStructAt(layout, data, at) : missing({ why: 'not-written-by', writer: `version ${hex(version)}`, what: layout.name });
    const state = struct('feature configuration state', 4, SOURCE, { state: u32(0) });
    return found({
      start,
      error: part(ERROR, 0x40),
      button: version < 0x98 ? part(OLD_BUTTON, 0x58) : part(BUTTON, 0x58),
      extension: part(EXTENSION, 0x98),
      featureState: mapFound(part(state, featureStateAt(version)), (record) => record.state),
    });
  });
}
