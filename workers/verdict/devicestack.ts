/**
 * A request and the devices it goes through: IRP (Type 6; StackCount +0x42, CurrentLocation
 * +0x43, CurrentStackLocation +0xb8), IO_STACK_LOCATION (0x48 bytes each
 * from +0xd0; DeviceObject +0x28),
 * DEVICE_OBJECT (Type 3; DriverObject +8, AttachedDevice +0x18) and DRIVER_OBJECT (DriverStart +0x18), x64 and ARM64: ntddk.h;
 * vergiliusproject.com agrees from 7601 to 22631.
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import type { Module } from '../modules/module.ts';
import { imageOf, isThirdParty } from './actors.ts';
import type { Case } from './case.ts';

const IRP_TYPE = 6;
const DEVICE_TYPE = 3;
const IRP_STACK_COUNT = 0x42;
const IRP_CURRENT_LOCATION = 0x43;
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

/** The current location runs down from StackCount; one above it, every driver is done with the request. */
export function isCompleted(c: Case, irp: bigint): boolean {
  const [count, current] = [IRP_STACK_COUNT, IRP_CURRENT_LOCATION].map((at) => c.target.memory.u8(vaAdd(va(irp), at)));
  return count?.ok === true && current?.ok === true && current.value > count.value;
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
  const location = isCompleted(c, irp) ? undefined : currentLocation(c, irp);
  const device = location === undefined ? undefined : c.target.memory.pointer(vaAdd(location, LOCATION_DEVICE));
  return device?.ok ? ownerOfDevice(c, device.value) : undefined;
}

const LOCATIONS = 0xd0;
const LOCATION_SIZE = 0x48;

/** Whose devices the stack locations of a request lead to, lowest first. */
export function driversOfIrp(c: Case, irp: bigint): readonly DeviceOwner[] {
  const { memory } = c.target;
  const type = memory.u16(va(irp));
  const count = memory.u8(vaAdd(va(irp), IRP_STACK_COUNT));
  if (memory.pointerSize !== 8 || !type.ok || type.value !== IRP_TYPE || !count.ok) return [];
  return Array.from({ length: Math.min(count.value, MAX_DEVICES) }).flatMap((_, index): DeviceOwner[] => {
    const device = memory.pointer(vaAdd(va(irp), LOCATIONS + index * LOCATION_SIZE + LOCATION_DEVICE));
    const owner = device.ok ? ownerOfDevice(c, device.value) : undefined;
    return owner ? [owner] : [];
  });
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
