/**
 * The last commands of a storage port driver: DEVICEDUMP_STORAGESTACK_PUBLIC_DUMP of winioctl.h, packed to bytes, as StorPort
 * ("DSTP", newest first) and ATAPort ("DATA", oldest first) write it in forty-two real dumps. Cdb of StorPort holds the operation code alone.
 * A command without an end was still under way: its two words of status then mean nothing.
 */
import { type Found, found, notValid, thenFound } from '../../base/found.ts';
import { chars, readStructAt, struct, u32, u64, u8 } from '../../bytes/struct.ts';

const SOURCE = 'winioctl.h, DEVICEDUMP_STORAGESTACK_PUBLIC_DUMP';
const HEAD = struct('DEVICEDUMP_STORAGESTACK_PUBLIC_DUMP', 0x24, SOURCE, {
  signature: chars(0, 4),
  size: u32(8),
  reason: u32(12),
  driver: chars(16, 16),
  count: u32(32),
});
const RECORD = struct('DEVICEDUMP_STORAGESTACK_PUBLIC_STATE_RECORD', 60, SOURCE, {
  operation: u8(0),
  command: u8(16),
  start: u64(32),
  end: u64(40),
  status: u32(48),
  error: u32(52),
});
const PORTS: Readonly<Record<string, 'storport' | 'ataport'>> = { DSTP: 'storport', DATA: 'ataport' };

export interface StorageCommand {
  /** SCSI operation code. */
  readonly operation: number;
  /** StorPort: system time. ATAPort: time since boot. Both in units of 100 ns; 0 where it was not noted. */
  readonly start: bigint;
  readonly end: bigint;
  /** StorPort: SRB_STATUS_* (srb.h). ATAPort: the drive's status register. */
  readonly status: number;
  readonly error: number;
}
export interface StorageTrace {
  readonly port: 'storport' | 'ataport';
  readonly driver: string;
  /** Why it was collected: 0 is the bug check. */
  readonly reason: number;
  /** Newest first. */
  readonly commands: readonly StorageCommand[];
}

/** Real blocks hold 64; a hostile one could hold as many as fit. */
const MOST_RECORDS = 1024;

export function readStorageTrace(data: Uint8Array): Found<StorageTrace> {
  return thenFound(readStructAt(HEAD, data, 0), ({ signature, reason, driver, count }) => {
    const port = PORTS[signature];
    if (!port) return notValid('storage port', signature.replace(/[^ -~]/g, '.'), 'DSTP or DATA');
    const held = Math.min(count, MOST_RECORDS, Math.floor((data.length - HEAD.size) / RECORD.size));
    const records = Array.from({ length: held }, (_, index) => readStructAt(RECORD, data, HEAD.size + index * RECORD.size));
    const commands = records.flatMap((record) => (record.ok && (record.value.start !== 0n || record.value.end !== 0n) ? [record.value] : []));
    const list = commands.map(({ operation, start, end, status, error }) => ({ operation, start, end, status, error }));
    return found({ port, driver, reason, commands: port === 'ataport' ? list.reverse() : list });
  });
}

/** SPC-4 and SBC-3 operation codes that disks get most. */
const OPERATIONS: Readonly<Record<number, string>> = {
  ...{ 0x00: 'TEST UNIT READY', 0x03: 'REQUEST SENSE', 0x12: 'INQUIRY', 0x1b: 'START STOP UNIT', 0x25: 'READ CAPACITY', 0x28: 'READ', 0x2a: 'WRITE' },
  ...{ 0x35: 'SYNCHRONIZE CACHE', 0x42: 'UNMAP', 0x85: 'ATA PASS-THROUGH', 0x88: 'READ', 0x8a: 'WRITE', 0x91: 'SYNCHRONIZE CACHE', 0xa1: 'ATA PASS-THROUGH' },
};
export const operationName = (operation: number): string => OPERATIONS[operation] ?? `operation 0x${operation.toString(16)}`;

/** srb.h; bits 6 and 7 say that the queue is frozen and that sense data is there. */
const SRB: Readonly<Record<number, string>> = {
  ...{ 0x02: 'aborted', 0x03: 'abort failed', 0x04: 'error', 0x05: 'busy', 0x06: 'invalid request', 0x07: 'no such path', 0x08: 'no device', 0x09: 'timeout' },
  ...{ 0x0a: 'selection timeout', 0x0b: 'command timeout', 0x0d: 'message rejected', 0x0e: 'bus reset', 0x0f: 'parity error', 0x10: 'request sense failed' },
  ...{ 0x11: 'no host adapter', 0x12: 'data overrun', 0x13: 'unexpected bus free', 0x14: 'phase sequence failure', 0x20: 'no such logical unit' },
};
const SRB_SUCCESS = 1;
const SRB_OVERRUN = 0x12;
/** ATA: ERR and DF of the status register. */
const ATA_FAILED = 0x21;

/** What went wrong with a command that ended; undefined where nothing did, and while it runs. A data overrun is no fault of a disk. */
export function failureOf({ port }: Pick<StorageTrace, 'port'>, { end, status }: StorageCommand): string | undefined {
  if (end === 0n) return undefined;
  if (port === 'ataport') return (status & ATA_FAILED) === 0 ? undefined : `drive status 0x${status.toString(16)}`;
  const code = status & 0x3f;
  return code === SRB_SUCCESS || code === SRB_OVERRUN ? undefined : (SRB[code] ?? `SRB status 0x${status.toString(16)}`);
}

/** Commands that had begun and not ended. */
export const underWay = ({ commands }: StorageTrace): readonly StorageCommand[] => commands.filter(({ start, end }) => start !== 0n && end === 0n);
