/** `!irp`, `!devobj`, `!devstack`, `!drvobj`: I/O requests and the devices and drivers that hold them. */
import type { Va } from '../base/address.ts';
import { type Found, thenFound, valueOf } from '../base/found.ts';
import { hex, hexDigits } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { kernelMemory } from '../target/kernelmemory.ts';
import type { Session } from '../target/target.ts';
import { type DeviceObject, type DriverObject, readDevice, readDeviceStack, readDriver } from '../types/kernel/device.ts';
import { type Irp, type IrpLocation, readIrp } from '../types/kernel/irp.ts';
import { objectName } from '../types/kernel/object.ts';
import type { TypedMemory } from '../types/typedview.ts';
import { addressOf } from './arguments.ts';
import { majorName, minorName } from './irpnames.ts';
import { findName, nameText } from './names.ts';
import { type CommandSpec, line, note, type OutputNode, type Span, text } from './spec.ts';

/** The kernel's types and the address that the line gives. */
interface Asked {
  readonly session: Session;
  readonly kernel: TypedMemory;
  readonly at: Va;
}

/** Where the layouts are not those of the kernel's own PDB, the answer says which they are. */
export function layoutNotes({ types }: TypedMemory): OutputNode[] {
  return types.instead ? [note(`${types.origin}: ${describeMissing(types.instead)}`)] : [];
}

/** Answers a command whose argument is an object of the kernel. */
export function* answerObject(
  session: Session,
  tail: string,
  answer: (asked: Asked) => Found<readonly OutputNode[]>,
): Generator<never, Reply<readonly OutputNode[]>> {
  const at = addressOf(session, tail);
  if (!at.ok) return at;
  const kernel = kernelMemory(session);
  const nodes = thenFound(kernel, (memory) => answer({ session, kernel: memory, at: at.value }));
  if (!nodes.ok || !kernel.ok) return refuse('BAD_ARGUMENT', describeMissing(nodes.ok ? { why: 'not-computed' } : nodes.missing), { at: 0 });
  return reply([...layoutNotes(kernel.value), ...nodes.value]);
}

/** As WinDbg's %p: at least eight digits, a pointer that is not known as question marks. */
export function pointerSpan(value: Found<bigint>): Span {
  if (!value.ok) return { span: 'missing', reason: value.missing, text: '????????' };
  const digits = hexDigits(value.value, value.value > 0xffff_ffffn ? 16 : 8);
  return { span: 'address', at: value.value as Va, text: digits };
}

export const commandSpan = (command: string, at: Found<bigint>): Span => {
  const shown = pointerSpan(at);
  return at.ok && at.value !== 0n ? { span: 'command', line: `${command} ${shown.text}`, text: shown.text } : shown;
};

export const gapOr = (value: Found<string>, width = 0): Span =>
  value.ok ? text(value.value.padEnd(width)) : { span: 'missing', reason: value.missing, text: '????'.padEnd(width) };

function driverName(kernel: TypedMemory, device: Found<Va>): Found<string> {
  const driver = thenFound(device, (at) => thenFound(readDevice(kernel, at), ({ driver: owner }) => owner));
  return thenFound(driver, (at) => thenFound(readDriver(kernel, at), ({ name }) => name));
}

// SL_INVOKE_ON_SUCCESS, _ERROR, _CANCEL, SL_PENDING_RETURNED (wdm.h)
const CONTROL: readonly (readonly [bit: number, word: string])[] = [
  [0x40, 'Success'],
  [0x80, 'Error'],
  [0x20, 'Cancel'],
  [0x01, 'pending'],
];

/** "[IRP_MJ_POWER(16), IRP_MN_SET_POWER(2)]"; a location that no driver has used yet is empty, its 0 is no IRP_MJ_CREATE. */
function functionText({ major, minor, device }: IrpLocation): string {
  if (!major.ok || !minor.ok) return '[????, ????]';
  const used = major.value !== 0 || !device.ok || device.value !== 0n;
  const named = (name: string | undefined, value: number): string => `${(used && name) || 'N/A'}(${value.toString(16)})`;
  return `[${named(majorName(major.value), major.value)}, ${named(minorName(major.value, minor.value), minor.value)}]`;
}

const controlWords = (control: Found<number>): string => {
  const bits = valueOf(control) ?? 0;
  const words = CONTROL.filter(([bit]) => (bits & bit) !== 0).map(([, word]) => word);
  return words.join(' ') || '   ';
};

function locationNodes({ session, kernel }: Asked, location: IrpLocation, isCurrent: boolean): OutputNode[] {
  const { flags, control, device, completionRoutine } = location;
  const named = completionRoutine.ok && completionRoutine.value !== 0n ? findName(session, completionRoutine.value) : undefined;
  const owner = device.ok && device.value === 0n ? [] : ['\t       ', gapOr(driverName(kernel, device))];
  return [
    line(`${isCurrent ? '>' : ' '}${functionText(location)}`),
    line(
      `            ${hexText(flags)} ${hexText(control).padStart(2)} `,
      commandSpan('!devobj', device),
      ' ',
      commandSpan('dt nt!_FILE_OBJECT', location.file),
      ' ',
      pointerSpan(completionRoutine),
      '-',
      pointerSpan(location.context),
      ` ${controlWords(control)}`,
    ),
    line(...owner, ...(named ? [`\t${nameText(named)}`] : [])),
    line('\t\t\tArgs: ', ...location.arguments.flatMap((argument, index) => [index === 0 ? '' : ' ', pointerSpan(argument)])),
  ];
}

const hexText = (value: Found<number>): string => (value.ok ? value.value.toString(16) : '?');

function irpNodes(asked: Asked, irp: Irp): OutputNode[] {
  const { mdl, systemBuffer, thread, stackCount, currentLocation, locations } = irp;
  const at = irp.view.memory.types.find('_IO_STACK_LOCATION');
  const place = irp.view.at + BigInt(irp.view.type.sizeBytes + (currentLocation - 1) * (at.ok ? at.value.sizeBytes : 0));
  const has = (value: Found<Va>): boolean => !value.ok || value.value !== 0n;
  return [
    line(`Irp is active with ${stackCount} stacks ${currentLocation} is current (= `, { span: 'address', at: place as Va, text: hex(place) }, ')'),
    line(
      ...(has(mdl) ? [' Mdl=', pointerSpan(mdl), ':'] : [' No Mdl:']),
      ...(has(systemBuffer) ? [' System buffer=', pointerSpan(systemBuffer), ':'] : [' No System Buffer:']),
      ' Thread ',
      commandSpan('!thread', thread),
      ':  Irp stack trace.  ',
    ),
    line('     cmd  flg cl Device   File     Completion-Context'),
    ...locations.flatMap((location, index) => locationNodes(asked, location, index + 1 === currentLocation)),
  ];
}

/** FILE_DEVICE_… and DO_… are shown as numbers, as WinDbg does. */
function deviceNodes({ kernel, at }: Asked, device: DeviceObject): OutputNode[] {
  const name = objectName(kernel, at);
  const busy = device.view.flag('DeviceQueue.Busy');
  const neighbour = (label: string, other: Found<Va>): OutputNode[] =>
    other.ok && other.value === 0n ? [] : [line(`${label} `, commandSpan('!devobj', other), ' ', gapOr(driverName(kernel, other)))];
  const number = (value: Found<number>): Span => gapOr(value.ok ? { ok: true, value: hexDigits(value.value, 8) } : value);
  const references = device.referenceCount;
  return [
    line('Device object (', pointerSpan({ ok: true, value: at }), ') is for:'),
    line(` ${valueOf(name) ?? ''} `, gapOr(driverName(kernel, { ok: true, value: at })), ' DriverObject ', commandSpan('!drvobj', device.driver)),
    line(
      'Current Irp ',
      commandSpan('!irp', device.currentIrp),
      ' RefCount ',
      gapOr(references.ok ? { ok: true, value: String(references.value) } : references),
      ' Type ',
      number(device.deviceType),
      ' Flags ',
      number(device.flags),
    ),
    line(
      'DevExt ',
      pointerSpan(device.extension),
      ' DevObjExt ',
      pointerSpan(device.view.pointer('DeviceObjectExtension')),
      ' DevNode ',
      commandSpan('dt nt!_DEVICE_NODE', device.deviceNode),
    ),
    line('Characteristics (0x', number(device.characteristics), ')'),
    ...neighbour('AttachedDevice (Upper)', device.above),
    ...neighbour('AttachedTo (Lower)', device.below),
    line(...(busy.ok ? [`Device queue is ${busy.value ? '' : 'not '}busy.`] : [gapOr(busy)])),
  ];
}

const DRIVER_WIDTH = 19;

function stackNodes({ kernel, at }: Asked): Found<readonly OutputNode[]> {
  return thenFound(readDeviceStack(kernel, at), ({ devices, ended }) => {
    const rows = devices.map((device) =>
      line(
        device.view.at === at ? '> ' : '  ',
        commandSpan('!devobj', { ok: true, value: device.view.at }),
        '  ',
        gapOr(driverName(kernel, { ok: true, value: device.view.at }), DRIVER_WIDTH),
        pointerSpan(device.extension),
        `  ${valueOf(objectName(kernel, device.view.at)) ?? ''}`,
      ),
    );
    const node = devices.at(-1)?.deviceNode;
    const nodeView = node && thenFound(node, (address) => kernel.view('_DEVICE_NODE', address));
    const named = node?.ok && node.value !== 0n && nodeView?.ok ? nodeView.value : undefined;
    const nodeRows = named
      ? [
          line('!DevNode ', commandSpan('dt nt!_DEVICE_NODE', { ok: true, value: named.at }), ' :'),
          line('  DeviceInst is "', gapOr(named.text('InstancePath')), '"'),
          line('  ServiceName is "', gapOr(named.text('ServiceName')), '"'),
        ]
      : [];
    const gaps = ended.map((reason) => note(`the stack may go on: ${describeMissing(reason)}`));
    return { ok: true, value: [line('  !DevObj           !DrvObj            !DevExt           ObjectName'), ...rows, ...nodeRows, ...gaps] };
  });
}

const MAJOR_COUNT = 28;
/** A driver with more devices than this has a list that goes round. */
const MAX_DEVICES = 4096;

function driverNodes({ session, kernel, at }: Asked, driver: DriverObject, isLong: boolean): OutputNode[] {
  const nodes = [line('Driver object (', pointerSpan({ ok: true, value: at }), ') is for:'), line(' ', gapOr(driver.name))];
  if (!isLong) return [...nodes, line(''), line('Device Object list:'), ...deviceList(kernel, driver)];
  const routine = (label: string, value: Found<Va>): OutputNode => {
    const named = value.ok && value.value !== 0n ? findName(session, value.value) : undefined;
    return line(label, pointerSpan(value), named ? `\t${nameText(named)}` : '');
  };
  const { view } = driver;
  const majors = Array.from({ length: MAJOR_COUNT }, (_, index) =>
    routine(`[${hexDigits(index, 2)}] ${(majorName(index) ?? '').padEnd(35)}`, view.pointer(`MajorFunction[${index}]`)),
  );
  return [
    ...nodes,
    routine('DriverEntry:   ', view.pointer('DriverInit')),
    routine('DriverStartIo: ', view.pointer('DriverStartIo')),
    routine('DriverUnload:  ', driver.unload),
    routine(
      'AddDevice:     ',
      thenFound(view.follow('DriverExtension'), (extension) => extension.pointer('AddDevice')),
    ),
    line(''),
    line('Dispatch routines:'),
    ...majors,
  ];
}

function deviceList(kernel: TypedMemory, driver: DriverObject): OutputNode[] {
  const nodes: OutputNode[] = [];
  const seen = new Set<Va>();
  let next = driver.firstDevice;
  while (next.ok && next.value !== 0n && !seen.has(next.value) && seen.size < MAX_DEVICES) {
    seen.add(next.value);
    nodes.push(line(commandSpan('!devobj', next)));
    next = thenFound(readDevice(kernel, next.value), (device) => device.nextDevice);
  }
  return next.ok ? nodes : [...nodes, note(`the list goes on: ${describeMissing(next.missing)}`)];
}

const argument = (name: string) => ({ name, kind: 'expression', optional: false, summary: 'its address' }) as const;

const irpCommand: CommandSpec = {
  name: '!irp',
  aliases: [],
  group: 'memory',
  summary: 'an I/O request: the drivers it went through, and the one that has it',
  args: [argument('IRP')],
  needs: ['kernel', 'memory'],
  examples: [{ line: '!irp @$bug_param4', fixture: 'power' }],
  *run({ session }, tail) {
    return yield* answerObject(session, tail, (asked) => thenFound(readIrp(asked.kernel, asked.at), (irp) => ({ ok: true, value: irpNodes(asked, irp) })));
  },
};

const deviceCommand: CommandSpec = {
  name: '!devobj',
  aliases: [],
  group: 'memory',
  summary: 'a device object: its driver and the devices above and below',
  args: [argument('device')],
  needs: ['kernel', 'memory'],
  examples: [{ line: '!devobj @$bug_param2', fixture: 'power' }],
  *run({ session }, tail) {
    return yield* answerObject(session, tail, (asked) =>
      thenFound(readDevice(asked.kernel, asked.at), (device) => ({ ok: true, value: deviceNodes(asked, device) })),
    );
  },
};

const stackCommand: CommandSpec = {
  name: '!devstack',
  aliases: [],
  group: 'memory',
  summary: 'the stack of devices that a device stands in, the highest first',
  args: [argument('device')],
  needs: ['kernel', 'memory'],
  examples: [{ line: '!devstack @$bug_param2', fixture: 'power' }],
  *run({ session }, tail) {
    return yield* answerObject(session, tail, stackNodes);
  },
};

const driverCommand: CommandSpec = {
  name: '!drvobj',
  aliases: [],
  group: 'memory',
  summary: 'a driver object and its devices; with 2 behind it its routines',
  args: [argument('driver'), { name: 'flags', kind: 'flags', optional: true, summary: '2 or 7: routines' }],
  needs: ['kernel', 'memory'],
  examples: [{ line: '!drvobj poi(@$bug_param2+8)', fixture: 'power' }],
  *run({ session }, tail) {
    const [, at = tail, flags] = /^(.*\S)\s+(\d)\s*$/.exec(tail) ?? [];
    const isLong = flags !== undefined && (Number(flags) & 2) !== 0;
    return yield* answerObject(session, at, (asked) =>
      thenFound(readDriver(asked.kernel, asked.at), (driver) => ({ ok: true, value: driverNodes(asked, driver, isLong) })),
    );
  },
};

export const DEVICE_COMMANDS: readonly CommandSpec[] = [irpCommand, deviceCommand, stackCommand, driverCommand];
