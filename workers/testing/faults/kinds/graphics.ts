/** Display drivers and the processors they drive. */
import { utf16 } from '../../build/binary.ts';
import { words } from '../../build/scene.ts';
import { addressIn } from '../../build/stack.ts';
import type { Draw } from '../draw.ts';
import type { LoadedDriver } from '../drivers.ts';
import { KernelStage } from '../kernelstage.ts';
import type { MadeFault, Truth } from '../truth.ts';
import { runTo } from '../ways.ts';
import { kind } from './kind.ts';

const display = (draw: Draw): KernelStage => new KernelStage(draw, { actors: ['display'] });
/** Whether the driver or the card hung cannot be told from one dump: both are right. */
export const byDisplay = (driver: LoadedDriver): Truth => ({ causes: ['driver', 'hardware'], culprits: [driver.name, 'gpu', 'hardware'] });

interface Timeout {
  readonly code: number;
  /** P3 of 0x116. */
  readonly status?: bigint;
  readonly live?: boolean;
  readonly driver?: LoadedDriver;
  /** P2 is the driver's owner tag. */
  readonly tagged?: boolean;
  /** First word of TDR_RECOVERY_CONTEXT: 'vTDR'. */
  readonly signature?: bigint;
}

/** The graphics processor does not answer: 0x116 where it cannot be reset, 0x117 and 0x141 where it can. */
export function timeout(stage: KernelStage, spec: Timeout): MadeFault {
  const { code, status = 0n, live = false, driver = stage.actor(), tagged = true, signature = 0x52445476n } = spec;
  const { draw } = stage;
  const context = draw.pool();
  stage.memory.push(words(context, [signature, 9n, 0n, draw.pool()]));
  runTo(stage, 'worker');
  const dxgkrnl = stage.image('dxgkrnl.sys');
  stage.call(dxgkrnl, 'TdrResetFromTimeoutWorkItem', 'WorkerRoutine').chain(dxgkrnl, 'TdrIsRecoveryRequired', 'TdrBugcheckOnTimeout');
  const owner = tagged ? addressIn(driver, 'Callback') : 0n;
  const truth: Truth = code === 0x116 ? byDisplay(driver) : { ...byDisplay(driver), causes: ['live', 'driver', 'hardware'], namelessToo: true };
  return stage.stop(code, [context, owner, status, 4n], truth, { live });
}

/** A thread does not come back from the display driver; argument 3 leads to a driver's name. */
export function stuckThread(stage: KernelStage, driver: LoadedDriver, named: string | undefined): MadeFault {
  const { draw } = stage;
  runTo(stage, 'worker');
  const dxgkrnl = stage.image('dxgkrnl.sys');
  stage.call(dxgkrnl, 'DpiFdoStartDevice', 'WorkerRoutine').call(driver, 'Callback', 'DdiStartDevice').call(driver, 'Fault');
  const name = draw.pool();
  if (named !== undefined) stage.memory.push({ address: name, bytes: utf16(`${named}\0`) });
  return stage.stop(0x100000ea, [draw.pool(), draw.pool(), name, 1n], byDisplay(driver));
}

/** The stuck thread's stack is full of calls of the driver; a small dump without code proves none of them. */
export function stuckDeep(stage: KernelStage, driver: LoadedDriver): MadeFault {
  const { draw } = stage;
  runTo(stage, 'worker');
  stage.call(stage.image('dxgkrnl.sys'), 'DpiFdoStartDevice', 'WorkerRoutine').call(driver, 'Callback', 'DdiStartDevice').chain(driver, 'Step', 'Recurse');
  for (let depth = 0; depth < 30; depth++) stage.call(driver, 'Recurse');
  const thread = draw.pool() & ~0x3fn;
  stage.call(stage.nt, 'IofCallDriver', 'nt!IofCallDriver').call(stage.image('dxgkrnl.sys'), 'DpiFatal', 'DriverDispatch');
  stage.atHand = 'nothing';
  return stage.stop(0x100000ea, [thread, draw.pool(), draw.pool(), 1n], byDisplay(driver), {
    thread: { address: thread },
    file: { kind: 'triage', keepCode: false },
  });
}

/** Windows' part of graphics stops the machine over what the display driver did, or over its own state. */
export function graphicsStop(stage: KernelStage, code: number, params: readonly [bigint, bigint, bigint, bigint], truth: Truth): MadeFault {
  runTo(stage, 'thread');
  const [mms, dxgkrnl] = [stage.image('dxgmms2.sys'), stage.image('dxgkrnl.sys')];
  stage.call(mms, 'VidSchiWorkerThread', 'StartRoutine').call(mms, 'VidSchiSubmitRender').call(dxgkrnl, 'DxgkSubmitCommand', 'dxgkrnl!DxgkSubmitCommand');
  return stage.call(dxgkrnl, 'DpiFatal').stop(code, params, truth);
}

export const GRAPHICS_KINDS = [
  kind('116-tdr', 'the graphics processor does not answer and cannot be reset', (draw) =>
    timeout(display(draw), { code: 0x116, status: draw.pick([0xc000009an, 0xffff_ffff_c000_0001n, 0n]) }),
  ),
  kind('141-live', 'one engine of the graphics processor hung and was reset; the machine went on', (draw) =>
    timeout(display(draw), { code: draw.pick([0x141, 0x117]), live: draw.chance(0.6) }),
  ),
  kind('119-submit', 'the display driver refuses a command that it made itself', (draw) => {
    const stage = display(draw);
    runTo(stage, 'thread');
    const [mms, dxgkrnl, actor] = [stage.image('dxgmms2.sys'), stage.image('dxgkrnl.sys'), stage.actor()];
    stage.call(mms, 'VidSchiWorkerThread', 'StartRoutine').call(mms, 'VidSchiSubmitRender');
    if (draw.chance(0.5)) stage.stack.local(0x38, addressIn(dxgkrnl, 'DxgkSubmitCommand>DdiSubmitCommand')).local(0x40, addressIn(actor, 'Callback>Step'));
    stage.call(mms, 'VidSchFatal').call(stage.image('watchdog.sys'), 'WdLogEvent5');
    return stage.stop(0x119, [2n, 0xffff_ffff_c000_000dn, draw.pool(), draw.pool()], { ...byDisplay(actor), namelessToo: true });
  }),
  kind('ea-stuck', 'the display driver waits for its card in a loop', (draw) => {
    const stage = display(draw);
    return stuckThread(stage, stage.actor(), stage.actor().name);
  }),
];
