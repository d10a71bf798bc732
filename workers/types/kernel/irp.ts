/** IRP and its stack locations by field name. */
import { type Va, vaAdd } from '../../base/address.ts';
import { type Found, found, mapFound, notValid, thenFound } from '../../base/found.ts';
import type { TypedMemory, TypedView } from '../typedview.ts';
import { type Kind, viewOfKind } from './object.ts';

export interface IrpLocation {
  readonly view: TypedView;
  /** IRP_MJ_… and IRP_MN_… by number. */
  readonly major: Found<number>;
  readonly minor: Found<number>;
  readonly flags: Found<number>;
  /** SL_PENDING_RETURNED 1, SL_ERROR_RETURNED 2, SL_INVOKE_ON_CANCEL 0x20, …SUCCESS 0x40, …ERROR 0x80 (wdm.h). */
  readonly control: Found<number>;
  readonly device: Found<Va>;
  readonly file: Found<Va>;
  readonly completionRoutine: Found<Va>;
  readonly context: Found<Va>;
  /** Parameters.Others.Argument1 to 4: what they mean depends on `major`. */
  readonly arguments: readonly Found<bigint>[];
}
export interface Irp {
  readonly view: TypedView;
  readonly stackCount: number;
  /** 1 is the lowest driver's; `stackCount + 1` means that no driver has it yet or all are done. */
  readonly currentLocation: number;
  readonly thread: Found<Va>;
  readonly mdl: Found<Va>;
  readonly systemBuffer: Found<Va>;
  readonly userBuffer: Found<Va>;
  readonly status: Found<number>;
  readonly information: Found<bigint>;
  readonly cancel: Found<boolean>;
  readonly cancelRoutine: Found<Va>;
  readonly pendingReturned: Found<boolean>;
  readonly file: Found<Va>;
  /** From the lowest driver's, number 1, up. */
  readonly locations: readonly IrpLocation[];
  /** The location of the driver that has the IRP now. */
  readonly current: Found<IrpLocation>;
}

/** IO_TYPE_IRP. */
const IRP: Kind = { type: '_IRP', path: 'Type', value: 6 };
/** StackCount is a signed byte; a device stack has about ten drivers. */
const MAX_LOCATIONS = 127;

export function readIrp(kernel: TypedMemory, at: Va): Found<Irp> {
  return thenFound(viewOfKind(kernel, at, IRP), (view) =>
    thenFound(view.number('StackCount'), (stackCount) =>
      thenFound(view.number('CurrentLocation'), (currentLocation) => {
        if (stackCount < 1 || stackCount > MAX_LOCATIONS) return notValid('_IRP.StackCount', String(stackCount), `1 to ${MAX_LOCATIONS}`);
        if (currentLocation > stackCount + 1) return notValid('_IRP.CurrentLocation', String(currentLocation), `at most ${stackCount + 1}`);
        return mapFound(readLocations(view, stackCount), (locations) => irpOf(view, { stackCount, currentLocation, locations }));
      }),
    ),
  );
}

function irpOf(view: TypedView, parts: Pick<Irp, 'stackCount' | 'currentLocation' | 'locations'>): Irp {
  const current = parts.locations[parts.currentLocation - 1];
  return {
    view,
    ...parts,
    thread: view.pointer('Tail.Overlay.Thread'),
    mdl: view.pointer('MdlAddress'),
    systemBuffer: view.pointer('AssociatedIrp.SystemBuffer'),
    userBuffer: view.pointer('UserBuffer'),
    status: view.number('IoStatus.Status'),
    information: view.uint('IoStatus.Information'),
    cancel: view.flag('Cancel'),
    cancelRoutine: view.pointer('CancelRoutine'),
    pendingReturned: view.flag('PendingReturned'),
    file: view.pointer('Tail.Overlay.OriginalFileObject'),
    current: current ? found(current) : notValid('_IRP.CurrentLocation', String(parts.currentLocation), `1 to ${parts.stackCount}`),
  };
}

/** Stack locations lie right behind the IRP. */
function readLocations(irp: TypedView, count: number): Found<readonly IrpLocation[]> {
  const first = vaAdd(irp.at, irp.type.sizeBytes);
  return mapFound(irp.memory.view('_IO_STACK_LOCATION', first), ({ memory, type }) =>
    Array.from({ length: count }, (_, index) => locationOf(memory.viewAs(type, vaAdd(first, index * type.sizeBytes)))),
  );
}

function locationOf(view: TypedView): IrpLocation {
  return {
    view,
    major: view.number('MajorFunction'),
    minor: view.number('MinorFunction'),
    flags: view.number('Flags'),
    control: view.number('Control'),
    device: view.pointer('DeviceObject'),
    file: view.pointer('FileObject'),
    completionRoutine: view.pointer('CompletionRoutine'),
    context: view.pointer('Context'),
    arguments: [1, 2, 3, 4].map((number) => view.uint(`Parameters.Others.Argument${number}`)),
  };
}
