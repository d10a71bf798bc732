/**
 * NTFS' notes of what it waited for too long, which `!blackboxntfs` prints. Layout as the public debugger ntoseye reads it off 26100:
 * version, size, offset of the first chained record, FILETIME at 8, number and offset of 32-byte slots of slow I/O at 0x10. The header
 * agrees with sixteen real dumps of 19041 to 26100, in all of which the slots are empty.
 */
import { type Found, found, notValid, thenFound } from '../../base/found.ts';
import { chars, readStructAt, struct, u16, u32, u64 } from '../../bytes/struct.ts';

const SOURCE = 'ntoseye, blackbox.rs';
const HEADER = struct('NTFS black box', 0x18, SOURCE, {
  version: u16(0),
  size: u16(2),
  firstRecord: u16(4),
  time: u64(8),
  slots: u16(0x10),
  slotsAt: u16(0x12),
});
const SLOT = struct('slow I/O', 32, SOURCE, { irp: u64(0), scb: u64(8), thread: u64(16) });
const RECORD = struct('record', 8, SOURCE, { kind: u16(0), length: u16(2), next: u16(4) });
const OPLOCK = struct('oplock break', 58, SOURCE, { irp: u64(8), scb: u64(16), reason: u32(24), owner: chars(28, 15), breaker: chars(43, 15) });
const OPLOCK_BREAK = 2;

export interface SlowIo {
  readonly irp: bigint;
  readonly scb: bigint;
  readonly thread: bigint;
}
export interface OplockBreak {
  readonly length: number;
  readonly irp: bigint;
  readonly scb: bigint;
  readonly reason: number;
  /** Names of programs. */
  readonly owner: string;
  readonly breaker: string;
}
export interface NtfsBox {
  /** FILETIME. */
  readonly time: bigint;
  readonly slowIo: readonly SlowIo[];
  readonly oplockBreaks: readonly OplockBreak[];
}

function slowIoOf(data: Uint8Array, at: number, count: number): SlowIo[] {
  return Array.from({ length: count }, (_, index) => readStructAt(SLOT, data, at + index * SLOT.size))
    .map((slot) => (slot.ok ? slot.value : undefined))
    .filter((slot) => slot !== undefined && (slot.irp !== 0n || slot.scb !== 0n)) as SlowIo[];
}

/** Offsets go forwards only, so that no chain goes round. */
function oplockBreaksOf(data: Uint8Array, first: number): OplockBreak[] {
  const breaks: OplockBreak[] = [];
  for (let at = first, next = 0; at !== 0; at = next > at ? next : 0) {
    const head = readStructAt(RECORD, data, at);
    if (!head.ok) break;
    next = head.value.next;
    const body = head.value.kind === OPLOCK_BREAK ? readStructAt(OPLOCK, data, at) : undefined;
    if (body?.ok) breaks.push({ ...body.value, length: head.value.length });
  }
  return breaks;
}

export function readNtfsBox(data: Uint8Array): Found<NtfsBox> {
  return thenFound(readStructAt(HEADER, data, 0), ({ version, size, firstRecord, time, slots, slotsAt }) => {
    if (version !== 0) return notValid('version of the NTFS black box', String(version), '0');
    const fits = slotsAt >= HEADER.size && slotsAt + slots * SLOT.size <= Math.min(size, data.length);
    if (!fits) return notValid('slots of the NTFS black box', `${slots} at ${slotsAt}`, `within ${Math.min(size, data.length)} bytes`);
    return found({ time, slowIo: slowIoOf(data, slotsAt, slots), oplockBreaks: oplockBreaksOf(data, firstRecord) });
  });
}
