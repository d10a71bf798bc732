/** How the kernel comes to run a driver: the calls between the processor and the driver's first function. */
import type { KernelStage } from './kernelstage.ts';
import type { LoadedDriver } from './drivers.ts';

export type Way = 'dpc' | 'timer' | 'network' | 'firewall' | 'worker' | 'workItem' | 'thread' | 'ioctl' | 'create';

interface Road {
  readonly irql: number;
  /** The driver's function that is entered, and the name of the call through which. */
  readonly entry: string;
  readonly via: string;
  draw(stage: KernelStage): void;
}

function idleDpc(stage: KernelStage, list: string): void {
  stage.thread = { id: 0, priority: 0 };
  stage.enter(stage.nt, 'KiIdleLoop').chain(stage.nt, 'KiRetireDpcList', list);
}
function systemThread(stage: KernelStage): void {
  stage.thread = { id: stage.draw.between(3, 200) * 4 };
  stage.enter(stage.nt, 'KiStartSystemThread').call(stage.nt, 'PspSystemThreadStartup');
}
const worker = (stage: KernelStage): void => {
  systemThread(stage);
  stage.call(stage.nt, 'ExpWorkerThread', 'StartRoutine');
};

const ROADS: Readonly<Record<Way, Road>> = {
  dpc: { irql: 2, entry: 'Dpc', via: 'DeferredRoutine', draw: (stage) => idleDpc(stage, 'KiExecuteAllDpcs') },
  timer: { irql: 2, entry: 'Dpc', via: 'DeferredRoutine', draw: (stage) => idleDpc(stage, 'KiProcessExpiredTimerList') },
  network: {
    ...{ irql: 2, entry: 'Dpc', via: 'MiniportInterruptDpc' },
    draw: (stage) => {
      idleDpc(stage, 'KiExecuteAllDpcs');
      stage.call(stage.image('ndis.sys'), 'ndisInterruptDpc', 'DeferredRoutine');
    },
  },
  firewall: {
    ...{ irql: 2, entry: 'Callback', via: 'ClassifyFn' },
    draw: (stage) => {
      idleDpc(stage, 'KiExecuteAllDpcs');
      stage.call(stage.image('ndis.sys'), 'ndisInterruptDpc', 'DeferredRoutine').call(stage.image('tcpip.sys'), 'FlpReceive', 'MiniportInterruptDpc');
      stage.chain(stage.image('tcpip.sys'), 'TcpReceive', 'IppDeliver', 'InetInspectReceive');
    },
  },
  worker: { irql: 0, entry: 'Work', via: 'WorkerRoutine', draw: worker },
  workItem: {
    ...{ irql: 0, entry: 'Work', via: 'WorkItemRoutine' },
    draw: (stage) => {
      worker(stage);
      stage.call(stage.nt, 'IopProcessWorkItem', 'WorkerRoutine');
    },
  },
  thread: { irql: 0, entry: 'Work', via: 'StartRoutine', draw: systemThread },
  ioctl: {
    ...{ irql: 0, entry: 'Dispatch', via: 'DriverDispatch' },
    draw: (stage) => {
      stage.fromUser('NtDeviceIoControlFile').chain(stage.nt, 'IopXxxControlFile', 'IopSynchronousServiceTail', 'IofCallDriver');
    },
  },
  create: {
    ...{ irql: 0, entry: 'PreOperation', via: 'PreOperation' },
    draw: (stage) => {
      stage.fromUser('NtCreateFile').chain(stage.nt, 'IopCreateFile', 'ObOpenObjectByName', 'IopParseDevice', 'IofCallDriver');
      const manager = stage.image('FLTMGR.SYS');
      stage.call(manager, 'FltpCreate', 'DriverDispatch').chain(manager, 'FltpPassThrough', 'FltpPerformPreCallbacks');
    },
  },
};

/** Runs down to the driver's first function, and mostly a step or two further; ends in its function `Fault`. */
export function runInto(stage: KernelStage, way: Way, driver: LoadedDriver = stage.actor()): void {
  const { irql, entry, via, draw } = ROADS[way];
  draw(stage);
  stage.irql = irql;
  stage.call(driver, entry, via);
  if (stage.draw.chance(0.6)) stage.call(driver, 'Step');
  stage.call(driver, 'Fault');
}

/** Runs to where the way would enter a driver. */
export function runTo(stage: KernelStage, way: Way): void {
  ROADS[way].draw(stage);
  stage.irql = ROADS[way].irql;
}
