/** Signs in what Windows itself wrote down, and in code that was rewritten. Dumps of the scored set are held against their own truth. */
import { BLOB } from '../../build/blobs.ts';
import { words } from '../../build/scene.ts';
import { addressIn } from '../../build/stack.ts';
import type { Draw } from '../../faults/draw.ts';
import { irqlStop } from '../../faults/ends.ts';
import { KernelStage } from '../../faults/kernelstage.ts';
import { byDisplay } from '../../faults/kinds/graphics.ts';
import { silentCore } from '../../faults/kinds/hardware.ts';
import type { MadeFault, Truth } from '../../faults/truth.ts';
import { runInto, runTo } from '../../faults/ways.ts';
import { type Expected, type Proof, type Proved, ofKind, staged } from './proof.ts';
import { OF_ITS_DEVICE } from './pnp.ts';
import { rewrite } from './signscode.ts';

const RIGHTLY = { asTrue: true } as const;
const DRIVER: Expected = { cause: 'driver-bug', sureness: 'likely', culprit: 'true' };
const SUSPECT: Expected = { cause: 'driver-bug', sureness: 'possible', culprit: 'true', doubts: ['a-single-dump'] };
const CORE: Expected = { cause: 'hardware', sureness: 'likely', culprit: 'true' };

type Named = readonly [kind: string, number: number];
interface Row {
  readonly rule: Proof['rule'];
  readonly fires: Named;
  readonly nearly: Named;
  /** The same sign, or what stands for it, with the doubt that is told. */
  readonly against: readonly [...Named, doubt: NonNullable<Expected['doubts']>[number]];
}
const ROWS: readonly Row[] = [
  { rule: 'e-owner-tag', fires: ['116-tdr', 0], nearly: ['119-submit', 0], against: ['116-tdr', 1, 'a-offset-tag'] },
  { rule: 'e-corrupt-list', fires: ['139-own-list', 0], nearly: ['139-cookie', 0], against: ['139-kernel-list', 0, 'a-single-dump'] },
  { rule: 'e-cookie', fires: ['f7-overrun', 1], nearly: ['139-cookie', 0], against: ['f7-one-bit', 0, 'a-driver-could'] },
  { rule: 'e-shared-page', fires: ['50-shared-page', 0], nearly: ['50-freed', 0], against: ['50-freed', 1, 'a-hardware-could'] },
  { rule: 'e-points-at', fires: ['1a-damaged-pte', 0], nearly: ['1a-mdl', 0], against: ['1a-damaged-pte', 1, 'a-driver-could'] },
  { rule: 'e-caller', fires: ['own-code', 0], nearly: ['d1-null-field', 0], against: ['own-code', 1, 'a-hardware-could'] },
  { rule: 'e-status', fires: ['7a-disk', 0], nearly: ['d1-null-field', 0], against: ['7a-damaged', 0, 'a-driver-could'] },
  { rule: 'e-returned', fires: ['twin-fc-smashed', 0], nearly: ['fc-freed-callback', 2], against: ['fc-freed-callback', 1, 'a-scan'] },
  { rule: 'e-called', fires: ['fc-freed-callback', 2], nearly: ['twin-fc-smashed', 0], against: ['twin-fc-smashed', 1, 'a-single-dump'] },
];
const rowOf = ({ rule, fires, nearly, against: [kind, number, doubt] }: Row): Proof => ({
  rule,
  fires: [ofKind(...fires, RIGHTLY)],
  nearly: [ofKind(...nearly, RIGHTLY)],
  against: [ofKind(kind, number, { ...RIGHTLY, doubts: [doubt] })],
});

const PNP_WAIT: Proof = {
  ...{ rule: 'e-pnp-wait', fires: [ofKind('1d5-pnp', 0, RIGHTLY)], nearly: [ofKind('9f-network', 0, RIGHTLY)], against: [OF_ITS_DEVICE] },
};
const SERVICE: Proof = { ...PNP_WAIT, rule: 'e-service', nearly: [ofKind('9f-usb-client', 0, RIGHTLY)] };

const IN_IDLE = staged('a core stopped in the idle loop', (draw) => silentCore(draw, { ran: 'idle' }), CORE);
const IN_DRIVER = staged('a core ran a driver with its interrupts off', (draw) => silentCore(draw, { ran: 'driver' }), {
  ...{ cause: 'driver-bug', sureness: 'possible', culprit: 'true', doubts: ['a-in-driver'] },
});
const SMALL_DUMP = ofKind('101-silent-core', 0, RIGHTLY);
const HUNG_RAN: Proof = { rule: 'e-hung-ran', fires: [IN_IDLE, IN_DRIVER], nearly: [SMALL_DUMP], against: [IN_DRIVER] };
const HUNG_CPU: Proof = { rule: 'e-hung-cpu', fires: [IN_IDLE, SMALL_DUMP], nearly: [ofKind('133-one-dpc', 0, RIGHTLY)], against: [IN_DRIVER] };
const OWN_BLOCK: Proof = { rule: 'e-prcb', fires: [IN_IDLE], nearly: [SMALL_DUMP], against: [IN_DRIVER] };

/** A tool has put a jump over the start of a kernel function; another driver calls it and the function faults. `away`: it leads to the tool. */
function hooked(draw: Draw, away: boolean): MadeFault {
  const stage = new KernelStage(draw, { actors: ['tool', 'network'] });
  stage.atHand = 'names';
  stage.file = { kind: 'triage', keepCode: true };
  runInto(stage, 'dpc', stage.actor(1));
  stage.call(stage.nt, 'KeSetEvent');
  const start = addressIn(stage.nt, 'KeSetEvent');
  const to = away ? addressIn(stage.actor(0), 'Callback') : addressIn(stage.nt, 'KiTryUnwaitThread');
  const jump = BigInt.asUintN(32, to - start - 5n);
  rewrite(stage, stage.nt, start, [0xe9, ...[0n, 8n, 16n, 24n].map((shift) => Number((jump >> shift) & 0xffn))]);
  const truth: Truth = { causes: ['driver', 'memory'], culprits: [stage.actor(away ? 0 : 1).name] };
  return irqlStop(stage, 0xa, { pointer: 0x10n, truth });
}
const PATCHED: Proof = {
  rule: 'e-code-patched',
  fires: [staged('the function jumps to a tool', (draw) => hooked(draw, true), SUSPECT)],
  nearly: [staged('the function jumps to another of its own image, as an update of running code does', (draw) => hooked(draw, false), SUSPECT)],
  against: [staged('a tool sits in a function of the kernel: that alone is no fault', (draw) => hooked(draw, true), SUSPECT)],
};

/** watchdog!WdDxgkSecondaryDataGUID. */
const DXGKRNL = '270a33fd-3da6-460d-ba89-3c1bae21e39b';
/** 0x116 with or without graphics' own notes. */
function timedOut(draw: Draw, noted: boolean): MadeFault {
  const stage = new KernelStage(draw, { actors: ['display'] });
  runTo(stage, 'worker');
  const dxgkrnl = stage.image('dxgkrnl.sys');
  stage.call(dxgkrnl, 'TdrResetFromTimeoutWorkItem', 'WorkerRoutine').chain(dxgkrnl, 'TdrIsRecoveryRequired', 'TdrBugcheckOnTimeout');
  const blobs = noted ? [{ guid: DXGKRNL, data: new Uint8Array(0x40).fill(1) }] : [{ guid: BLOB.crashDump, data: new Uint8Array() }];
  return stage.stop(0x116, [draw.pool(), addressIn(stage.actor(), 'Callback'), 0xc000_009an, 4n], byDisplay(stage.actor()), {
    blobs,
    file: { kind: 'triage' },
  });
}
const BLOBS: Proof = {
  rule: 'e-blobs',
  context: true,
  fires: [staged('graphics left its notes in the dump of a display timeout', (draw) => timedOut(draw, true), DRIVER)],
  nearly: [staged('graphics left none', (draw) => timedOut(draw, false), DRIVER)],
  against: [staged('notes of graphics, and a tag that proves no place', (draw) => timedOut(draw, true), { ...DRIVER, doubts: ['a-offset-tag'] })],
};

/** 0xEA without anything at hand: words of the display driver on the stack, which is that of the stuck thread or of another. */
function stuck(draw: Draw, { count, own }: { readonly count: number; readonly own: boolean }): MadeFault {
  const stage = new KernelStage(draw, { actors: ['display'], first: { name: 'nvlddmkm.sys' }, innocentRoles: ['network'] });
  stage.atHand = 'nothing';
  runTo(stage, 'worker');
  stage.call(stage.image('dxgkrnl.sys'), 'DpiFdoStartDevice', 'WorkerRoutine');
  const [room, word] = [0x200n, addressIn(stage.actor(), 'Step>Fault')];
  stage.stack.rsp -= room;
  for (let index = 0; index < count; index++) stage.stack.poke(stage.stack.rsp + BigInt(index * 8), word + BigInt(index * 0x13));
  stage.call(stage.actor(), 'Callback', 'DdiStartDevice').call(stage.actor(), 'Fault');
  const thread = draw.pool() & ~0x3fn;
  stage.memory.push(words(thread + 0x30n, [stage.stack.high - 0x6000n, stage.stack.high]));
  const stop = { thread: { address: own ? thread : draw.pool() & ~0x3fn }, file: { kind: 'triage', keepCode: false } } as const;
  return stage.stop(0x100000ea, [own ? thread : draw.pool(), draw.pool(), 0n, 1n], byDisplay(stage.actor()), stop);
}
const inStuck = (says: string, how: { readonly count: number; readonly own: boolean }, sureness: Expected['sureness']): Proved =>
  staged(says, (draw) => stuck(draw, how), { cause: 'driver-bug', sureness, culprit: 'true', doubts: ['a-leftovers'] });
const FILLED = inStuck('the display driver’s words fill the stuck thread’s stack', { count: 60, own: true }, 'likely');
const OF_ANOTHER = inStuck('they fill the stack of another thread', { count: 60, own: false }, 'possible');
const A_FEW = inStuck('a few words of it are left over', { count: 2, own: true }, 'possible');
const SAMPLES_STUCK: Proof = { rule: 'e-samples-stuck', fires: [FILLED, OF_ANOTHER], nearly: [A_FEW], against: [OF_ANOTHER] };
const STUCK_THREAD: Proof = { rule: 'e-stuck-thread', fires: [FILLED, A_FEW], nearly: [OF_ANOTHER], against: [OF_ANOTHER] };

export const SIGN_RECORD_PROOFS: readonly Proof[] = [
  ...ROWS.map(rowOf),
  PNP_WAIT,
  SERVICE,
  HUNG_RAN,
  HUNG_CPU,
  OWN_BLOCK,
  PATCHED,
  BLOBS,
  SAMPLES_STUCK,
  STUCK_THREAD,
];
