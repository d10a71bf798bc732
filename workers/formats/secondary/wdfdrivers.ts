/**
 * The framework's list of its drivers (WdfDumpGuid2: FX_DUMP_DRIVER_INFO_ENTRY of Windows-Driver-Frameworks, fxldrkm.h) and the
 * headers of the in-flight recorder logs that it kept (WdfDumpGuid: WDF_IFR_HEADER of fxifr.h), one log a driver.
 */
import { chars, guid, readStructAt, struct, u32, u64 } from '../../bytes/struct.ts';

const NAME = /^[\w.-]+$/;
const entryOf = (pointer: 4 | 8) =>
  struct('FX_DUMP_DRIVER_INFO_ENTRY', pointer === 8 ? 56 : 48, 'fxldrkm.h', {
    globals: pointer === 8 ? u64(0) : u32(0),
    major: u32(pointer),
    minor: u32(pointer + 4),
    build: u32(pointer + 8),
    name: chars(pointer + 12, 32),
  });
const ENTRIES = { 4: entryOf(4), 8: entryOf(8) } as const;
const MAX_DRIVERS = 4096;

export interface WdfDriver {
  readonly name: string;
  /** "v1.33(0)" as `!wdfcrashdump` prints it. */
  readonly version: string;
  /** Address of FX_DRIVER_GLOBALS; 0 for the framework itself. */
  readonly globals: bigint;
}

export function readWdfDrivers(data: Uint8Array, pointer: 4 | 8): readonly WdfDriver[] {
  const layout = ENTRIES[pointer];
  const drivers: WdfDriver[] = [];
  for (let at = 0; drivers.length < MAX_DRIVERS; at += layout.size) {
    const entry = readStructAt(layout, data, at);
    if (!entry.ok || !NAME.test(entry.value.name)) break;
    const { name, major, minor, build, globals } = entry.value;
    drivers.push({ name, version: `v${String(major)}.${String(minor)}(${String(build)})`, globals: BigInt(globals) });
  }
  return drivers;
}

const RECORDER = '544d4c9d-942c-46d5-bf50-df5cd9524a50';
const LOG = struct('WDF_IFR_HEADER', 0x44, 'fxifr.h', { guid: guid(0), size: u32(0x18), sequence: u32(0x20), name: chars(0x24, 32) });
const PAGE = 0x1000;

export interface WdfLog {
  /** The service's name, such as "USBXHCI". */
  readonly driver: string;
  /** Bytes that the log holds. */
  readonly sizeBytes: number;
  readonly offset: number;
}

/** Logs begin at pages. */
export function readWdfLogs(data: Uint8Array): readonly WdfLog[] {
  const logs: WdfLog[] = [];
  for (let at = 0; at < data.length; at += PAGE) {
    const log = readStructAt(LOG, data, at);
    if (log.ok && log.value.guid === RECORDER && NAME.test(log.value.name)) logs.push({ driver: log.value.name, sizeBytes: log.value.size, offset: at });
  }
  return logs;
}
