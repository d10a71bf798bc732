/**
 * The framework's own log in a small dump: secondary data {54c84888-01d1-4c1e-bed6-282c98241303} (Wdf01000!WdfDumpGuid) is the in-flight
 * recorder of one driver: WDF_IFR_HEADER with its GUID {544d4c9d-…} +0, Base +0x10, Size +0x18, DriverName[32] +0x24 (fxifr.h and
 * fxifrkm.h of Windows-Driver-Frameworks; the same in forty real dumps). A stop by the framework itself keeps the log of the driver
 * that broke the rule.
 */
import { guid, readExactly, readStructAt, struct, u32 } from '../bytes/struct.ts';
import type { Target } from '../target/target.ts';

const WDF_DUMP = '54c84888-01d1-4c1e-bed6-282c98241303';
const RECORDER = '544d4c9d-942c-46d5-bf50-df5cd9524a50';
const NAME_AT = 0x24;
const NAME_LENGTH = 32;
const HEADER = struct('WDF_IFR_HEADER', NAME_AT + NAME_LENGTH, 'fxifr.h', { Guid: guid(0), Size: u32(0x18) });

/** The service's name, such as "USBXHCI"; undefined where the dump has no such log. */
export function wdfLogDriver(target: Target): string | undefined {
  const blob = target.blobs.find((one) => one.guid === WDF_DUMP);
  const bytes = blob && blob.size >= HEADER.size ? readExactly(target.source, blob.fileOffset, HEADER.size) : undefined;
  const header = bytes?.ok ? readStructAt(HEADER, bytes.value, 0) : undefined;
  if (!bytes?.ok || !header?.ok || header.value.Guid !== RECORDER) return undefined;
  const name = String.fromCharCode(...bytes.value.subarray(NAME_AT)).split('\0')[0] ?? '';
  return /^[\w.-]+$/.test(name) ? name : undefined;
}
