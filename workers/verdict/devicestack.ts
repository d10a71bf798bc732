/**
 * A request and the devices it goes through: IRP (Type 6; CurrentStackLocation +0xb8), IO_STACK_LOCATION (DeviceObject +0x28),
 * DEVICE_OBJECT (Type 3; DriverObject +8, AttachedDevice +0x18) and DRIVER_OBJECT (DriverStart +0x18), x64 and ARM64: ntddk.h;
 * vergiliusproject.com agrees from 7601 to 22631.
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import type { Module } from '../modules/module.ts';
import { imageOf, isThirdParty } from './actors.ts';
import type { Case } from './case.ts';

const IRP_TYPE = 6;
const DEVICE_TYPE = 3;
const IRP_CURRENT = 0xb8;
const LOCATION_DEVICE = 0x28;
const DEVICE_DRIVER = 8;
const DEVICE_ATTACHED = 0x18;
const DRIVER_START = 0x18;
/** Real stacks have four to ten; a damaged one is left after this many. */
const MAX_DEVICES = 24;

export interface DeviceOwner {
  readonly module: Module;
  readonly image: string;
  readonly thirdParty: boolean;
  /** Where DRIVER_OBJECT.DriverStart was read. */
  readonly from: Va;
}

/** Whose driver made a device object. */
export function ownerOfDevice(c: Case, device: bigint): DeviceOwner | undefined {
  const { memory, arch, modules } = c.target;
  if (arch !== 'x64' && arch !== 'arm64') return undefined;
  const type = memory.u16(va(device));
  const driver = memory.pointer(vaAdd(va(device), DEVICE_DRIVER));
  if (!type.ok || type.value !== DEVICE_TYPE || !driver.ok) return undefined;
  const from = vaAdd(driver.value, DRIVER_START);
  const start = memory.pointer(from);
  const place = start.ok ? modules.find(start.value) : undefined;
  return place && { module: place.module, image: imageOf(place.module), thirdParty: isThirdParty(place.module, c.session), from };
}

/** IO_STACK_LOCATION of the driver that has a request now. */
export function currentLocation(c: Case, irp: bigint): Va | undefined {
  const { memory } = c.target;
  const type = memory.u16(va(irp));
  const location = memory.pointer(vaAdd(va(irp), IRP_CURRENT));
  return memory.pointerSize === 8 && type.ok && type.value === IRP_TYPE && location.ok ? location.value : undefined;
}

/** Who works on a request: the device of its current stack location. */
export function holderOfIrp(c: Case, irp: bigint): DeviceOwner | undefined {
  const location = currentLocation(c, irp);
  const device = location === undefined ? undefined : c.target.memory.pointer(vaAdd(location, LOCATION_DEVICE));
  return device?.ok ? ownerOfDevice(c, device.value) : undefined;
}

/** The drivers over a device, from the physical device object up; empty where it is not readable. */
export function deviceStack(c: Case, physical: bigint): readonly DeviceOwner[] {
  const owners: DeviceOwner[] = [];
  const seen = new Set<bigint>();
  for (let device = physical; device !== 0n && !seen.has(device) && seen.size < MAX_DEVICES;) {
    seen.add(device);
    const owner = ownerOfDevice(c, device);
    if (!owner) break;
    owners.push(owner);
    const next = c.target.memory.pointer(vaAdd(va(device), DEVICE_ATTACHED));
    if (!next.ok) break;
    device = next.value;
  }
  return owners;
}
