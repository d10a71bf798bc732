/** Device and driver objects by field name, and the stack that devices form. */
import type { Va } from '../../base/address.ts';
import { type Found, mapFound, type MissingReason, thenFound } from '../../base/found.ts';
import type { TypedMemory, TypedView } from '../typedview.ts';
import { type Kind, viewOfKind } from './object.ts';

/** Pointers are as they stand: null where there is no such thing. */
export interface DriverObject {
  readonly view: TypedView;
  /** "\Driver\storahci". */
  readonly name: Found<string>;
  readonly start: Found<Va>;
  readonly sizeBytes: Found<number>;
  readonly firstDevice: Found<Va>;
  readonly unload: Found<Va>;
}
export interface DeviceObject {
  readonly view: TypedView;
  readonly driver: Found<Va>;
  readonly nextDevice: Found<Va>;
  /** The device right above and right below in its stack. */
  readonly above: Found<Va>;
  readonly below: Found<Va>;
  readonly currentIrp: Found<Va>;
  readonly extension: Found<Va>;
  readonly flags: Found<number>;
  readonly characteristics: Found<number>;
  /** FILE_DEVICE_… */
  readonly deviceType: Found<number>;
  readonly referenceCount: Found<number>;
  readonly vpb: Found<Va>;
  /** DEVICE_NODE: there for the physical device at the bottom of a stack alone. */
  readonly deviceNode: Found<Va>;
}
export interface DeviceStack {
  /** The highest device first. */
  readonly devices: readonly DeviceObject[];
  /** Why the stack may go on above or below what is listed. */
  readonly ended: readonly MissingReason[];
}

/** IO_TYPE_DEVICE, IO_TYPE_DRIVER. */
const DEVICE: Kind = { type: '_DEVICE_OBJECT', path: 'Type', value: 3 };
const DRIVER: Kind = { type: '_DRIVER_OBJECT', path: 'Type', value: 4 };
/** A damaged stack is left after this many. */
const MAX_DEVICES = 64;

export function readDriver(kernel: TypedMemory, at: Va): Found<DriverObject> {
  return mapFound(viewOfKind(kernel, at, DRIVER), (view) => ({
    view,
    name: view.text('DriverName'),
    start: view.pointer('DriverStart'),
    sizeBytes: view.number('DriverSize'),
    firstDevice: view.pointer('DeviceObject'),
    unload: view.pointer('DriverUnload'),
  }));
}

export function readDevice(kernel: TypedMemory, at: Va): Found<DeviceObject> {
  return mapFound(viewOfKind(kernel, at, DEVICE), (view) => {
    const extension = view.follow('DeviceObjectExtension', '_DEVOBJ_EXTENSION');
    return {
      view,
      driver: view.pointer('DriverObject'),
      nextDevice: view.pointer('NextDevice'),
      above: view.pointer('AttachedDevice'),
      below: thenFound(extension, (block) => block.pointer('AttachedTo')),
      currentIrp: view.pointer('CurrentIrp'),
      extension: view.pointer('DeviceExtension'),
      flags: view.number('Flags'),
      characteristics: view.number('Characteristics'),
      deviceType: view.number('DeviceType'),
      referenceCount: view.number('ReferenceCount'),
      vpb: view.pointer('Vpb'),
      deviceNode: thenFound(extension, (block) => block.pointer('DeviceNode')),
    };
  });
}

/** The whole stack that a device stands in, from any device of it. */
export function readDeviceStack(kernel: TypedMemory, at: Va): Found<DeviceStack> {
  return mapFound(readDevice(kernel, at), (device) => {
    const above = climb(kernel, device, 'above');
    const below = climb(kernel, device, 'below');
    return { devices: [...above.devices.reverse(), device, ...below.devices], ended: [above.ended, below.ended].filter((reason) => reason !== undefined) };
  });
}

function climb(kernel: TypedMemory, from: DeviceObject, way: 'above' | 'below'): { devices: DeviceObject[]; ended: MissingReason | undefined } {
  const devices: DeviceObject[] = [];
  let here = from;
  while (devices.length < MAX_DEVICES) {
    const next = here[way];
    if (!next.ok) return { devices, ended: next.missing };
    if (next.value === 0n) return { devices, ended: undefined };
    const device = readDevice(kernel, next.value);
    if (!device.ok) return { devices, ended: device.missing };
    devices.push(device.value);
    here = device.value;
  }
  return { devices, ended: { why: 'not-valid', what: 'device stack', got: `more than ${MAX_DEVICES} devices`, wanted: 'an end' } };
}
