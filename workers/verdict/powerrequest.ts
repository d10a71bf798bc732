/**
 * What a held power request (0x9F, argument 1 = 3) asks for, the id of the device it is for, and the device that Plug and Play waits for
 * (argument 1 = 4).
 * IO_STACK_LOCATION of x64 and ARM64 (wdm.h): MajorFunction +0, MinorFunction +1, Parameters.Power.Type +0x10, .State +0x18.
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import { type Found, notValid, thenFound, valueOf } from '../base/found.ts';
import { kernelMemory } from '../target/kernelmemory.ts';
import { readDevice } from '../types/kernel/device.ts';
import type { Case } from './case.ts';
import { currentLocation, type DeviceOwner, ownerOfDevice } from './devicestack.ts';

const POWER = 0x16;
const SET_POWER = 2;
const TYPE = 0x10;
const STATE = 0x18;
/** PowerDeviceD0 and PowerSystemWorking: what lies above is less power (wdm.h, DEVICE_POWER_STATE and SYSTEM_POWER_STATE). */
const FULL_POWER = 1;

/** True for a set-power request to less than full power, false for another request; undefined where it cannot be read. */
export function isPowerDown(c: Case, irp: bigint): boolean | undefined {
  const { memory } = c.target;
  const location = currentLocation(c, irp);
  if (location === undefined) return undefined;
  const [major, minor] = memory.read(location, 2).bytes;
  const [type, state] = [TYPE, STATE].map((offset) => memory.u32(vaAdd(location, offset)));
  if (!type?.ok || !state?.ok || type.value > 1) return undefined;
  return major === POWER && minor === SET_POWER && state.value > FULL_POWER;
}

/** "AMDI0010" of the instance path "ACPI\AMDI0010\3" that the node of a physical device keeps. */
export function deviceId(c: Case, physical: bigint): string | undefined {
  const kernel = kernelMemory(c.session);
  if (!kernel.ok) return undefined;
  const node: Va | undefined = valueOf(thenFound(readDevice(kernel.value, va(physical)), (device) => device.deviceNode));
  const path = node === undefined ? undefined : valueOf(thenFound(kernel.value.view('_DEVICE_NODE', node), (view) => view.text('InstancePath')));
  return path === undefined ? undefined : /^[^\\]+\\([\w&]+)\\/.exec(path)?.[1];
}

/** PNP_DEVICE_COMPLETION_REQUEST: ListEntry +0, DeviceNode +0x10 (vergiliusproject.com, x64 of Windows 8 and later). */
const REQUEST_NODE = 0x10;

/** Of argument 4, nt!TRIAGE_9F_PNP: the bus driver of the first device whose start, removal or change is not done. */
export function pnpDevice(c: Case): DeviceOwner | undefined {
  const kernel = kernelMemory(c.session);
  if (!kernel.ok) return undefined;
  const triage = kernel.value.view('_TRIAGE_9F_PNP', va(c.params[3]));
  const queue = thenFound(triage, (block) => block.pointer('CompletionQueue'));
  const node = thenFound(queue, (list) => thenFound(firstOf(c, list), (request) => c.target.memory.pointer(vaAdd(request, REQUEST_NODE))));
  const physical = valueOf(thenFound(node, (at) => thenFound(kernel.value.view('_TRIAGE_DEVICE_NODE', at), (view) => view.pointer('PhysicalDeviceObject'))));
  if (physical === undefined) return undefined;
  // The device leads back to its node: what was read is one.
  const back = valueOf(thenFound(readDevice(kernel.value, physical), (device) => device.deviceNode));
  return back !== undefined && back === valueOf(node) ? ownerOfDevice(c, physical) : undefined;
}

/** The dispatched list is the queue's first field; an empty one points at itself. */
function firstOf(c: Case, list: Va): Found<Va> {
  return thenFound(c.target.memory.pointer(list), (first) =>
    first === list ? notValid('list of requests', 'empty', 'a request') : { ok: true, value: first },
  );
}
