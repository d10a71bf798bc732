/**
 * A power request that somebody holds: IRP, device and driver objects as they lie in memory.
 * Layout: vergiliusproject.com, _IRP, _IO_STACK_LOCATION, _DEVICE_OBJECT, _DRIVER_OBJECT of 10.0.19041 x64 (stable since Windows 7).
 */
import { put, utf16 } from './binary.ts';
import { unicodeString } from './kerneldump.ts';
import type { MemoryBlock } from './triage.ts';

export interface DeviceSpec {
  readonly address: bigint;
  readonly driver: bigint;
  readonly attached?: bigint;
}
export interface DriverObjectSpec {
  readonly address: bigint;
  readonly name: string;
  readonly start: bigint;
  readonly size: number;
  readonly device: bigint;
}

export function deviceObject(spec: DeviceSpec): MemoryBlock {
  const bytes = new Uint8Array(0x150);
  put(bytes, 0, 2, 3);
  put(bytes, 2, 2, 0x150);
  put(bytes, 4, 4, 1);
  put(bytes, 8, 8, spec.driver);
  put(bytes, 0x18, 8, spec.attached ?? 0n);
  put(bytes, 0x30, 4, 0x3040);
  put(bytes, 0x4c, 1, 3);
  return { address: spec.address, bytes };
}

/** The driver object, and its name right behind it. */
export function driverObject(spec: DriverObjectSpec): MemoryBlock[] {
  const bytes = new Uint8Array(0x150);
  const nameAt = spec.address + 0x160n;
  put(bytes, 0, 2, 4);
  put(bytes, 2, 2, 0x150);
  put(bytes, 8, 8, spec.device);
  put(bytes, 0x10, 4, 0x12);
  put(bytes, 0x18, 8, spec.start);
  put(bytes, 0x20, 4, spec.size);
  bytes.set(unicodeString(spec.name, nameAt), 0x38);
  return [
    { address: spec.address, bytes },
    { address: nameAt, bytes: utf16(`${spec.name}\0`) },
  ];
}

export interface PowerIrp {
  readonly address: bigint;
  /** Of whose driver the middle one of three stack locations is. */
  readonly device: bigint;
  readonly physicalDevice: bigint;
  /** Every driver is done with it; behind its locations lies what an earlier request left. */
  readonly completed?: boolean;
}

/** IRP_MJ_POWER, IRP_MN_SET_POWER; the driver of the current stack location holds it. */
export function powerIrp({ address, device, physicalDevice, completed = false }: PowerIrp): MemoryBlock {
  const bytes = new Uint8Array(0xd0 + (completed ? 4 : 3) * 0x48);
  put(bytes, 0, 2, 6);
  put(bytes, 2, 2, 0xd0 + 3 * 0x48);
  put(bytes, 0x30, 4, 0xc00000bb);
  put(bytes, 0x42, 1, 3);
  put(bytes, 0x43, 1, completed ? 4 : 2);
  const location = (index: number): number => 0xd0 + index * 0x48;
  put(bytes, 0x78 + 0x40, 8, address + BigInt(location(completed ? 3 : 1)));
  [physicalDevice, device, 0n, ...(completed ? [device] : [])].forEach((of, index) => {
    put(bytes, location(index), 1, 0x16);
    put(bytes, location(index) + 1, 1, 2);
    // Parameters.Power: SystemContext, Type = DevicePowerState, State = PowerDeviceD0
    put(bytes, location(index) + 0x10, 4, 1);
    put(bytes, location(index) + 0x18, 4, 1);
    put(bytes, location(index) + 0x28, 8, of);
  });
  return { address, bytes };
}

/** nt!_TRIAGE_9F_POWER: signature 0x8000, revision 1, then the lists' heads. */
export function triage9f(address: bigint, irpList: bigint): MemoryBlock {
  const bytes = new Uint8Array(0x28);
  put(bytes, 0, 2, 0x8000);
  put(bytes, 2, 2, 1);
  put(bytes, 8, 8, irpList);
  return { address, bytes };
}

/** ERESOURCE held exclusively, once, by a thread (10.0.19041 x64: ActiveCount 0x18, Flag 0x1a, OwnerEntry 0x30, ContentionCount 0x44). */
export function heldResource(address: bigint, thread: bigint, contention: number): MemoryBlock {
  const bytes = new Uint8Array(0x68);
  put(bytes, 0, 8, address);
  put(bytes, 8, 8, address);
  put(bytes, 0x18, 2, 1);
  put(bytes, 0x1a, 2, 0x80);
  put(bytes, 0x30, 8, thread);
  put(bytes, 0x38, 4, 1 << 3);
  put(bytes, 0x40, 4, 1);
  put(bytes, 0x44, 4, contention);
  return { address, bytes };
}
