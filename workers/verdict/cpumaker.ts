/** Who made the processor of a kernel dump: "GenuineIntel", "AuthenticAMD". */
import { vaAdd } from '../base/address.ts';
import { type Found, missing } from '../base/found.ts';
import { processorOfRegisters, readProcessorRegisters } from '../formats/secondary/processor.ts';
import { secondaryBytes } from '../target/secondary.ts';
import type { Target } from '../target/target.ts';
import { findPrcb } from './prcb.ts';

/** Windows loads the processor driver of the maker at hand; KPRCB.VendorString says it outright where it is in the dump; else CPUID, where mssmbios kept it. */
export function cpuMaker(target: Target): Found<string> {
  const told = vendorString(target);
  if (told !== undefined) return { ok: true, value: told };
  const driver = Object.keys(PROCESSOR_DRIVERS).find((name) => target.modules.byName(name));
  const maker = driver === undefined ? registered(target) : PROCESSOR_DRIVERS[driver];
  return maker === undefined ? missing({ why: 'not-computed', detail: 'no driver of a processor maker is loaded' }) : { ok: true, value: maker };
}
const PROCESSOR_DRIVERS: Readonly<Record<string, string>> = { 'intelppm.sys': 'GenuineIntel', 'amdppm.sys': 'AuthenticAMD' };

/** What mssmbios kept of CPUID. */
function registered(target: Target): string | undefined {
  const bytes = secondaryBytes(target, 'processorRegisters');
  return bytes.ok ? processorOfRegisters(readProcessorRegisters(bytes.value))?.vendor : undefined;
}

/** Twelve characters and an end (CPUID leaf 0), where KDBG's OffsetPrcbVendorString leads. */
function vendorString(target: Target): string | undefined {
  const offset = target.kernelOffsets?.['OffsetPrcbVendorString'];
  const prcb = target.processor.ok ? findPrcb(target, target.processor.value) : undefined;
  if (offset === undefined || prcb === undefined) return undefined;
  const { bytes, got } = target.memory.read(vaAdd(prcb, offset), 12);
  const name = String.fromCharCode(...bytes.subarray(0, got));
  return /^[A-Za-z ]{12}$/.test(name) ? name : undefined;
}
