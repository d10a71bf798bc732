/**
 * The framework's own log in a small dump (Wdf01000!WdfDumpGuid) is the in-flight recorder of one driver. A stop by the framework itself
 * keeps the log of the driver that broke the rule.
 */
import { readWdfLogs } from '../formats/secondary/wdfdrivers.ts';
import { secondaryBytes } from '../target/secondary.ts';
import type { Target } from '../target/target.ts';

/** The service's name, such as "USBXHCI"; undefined where the dump has no such log. */
export function wdfLogDriver(target: Target): string | undefined {
  const bytes = secondaryBytes(target, 'wdfLog');
  return bytes.ok ? readWdfLogs(bytes.value)[0]?.driver : undefined;
}
