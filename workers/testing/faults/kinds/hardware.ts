/** The machine itself: memory, processor, buses. What stands on the stack did nothing. */
import type { X64Registers } from '../../build/context.ts';
import { machineCheckRecord, pcieRecord } from '../../build/whea.ts';
import { CRASH_TIME, PRCB_ADDRESS, PTE_BASE, words } from '../../build/scene.ts';
import { StackDrawing, addressIn } from '../../build/stack.ts';
import { accessOf, otherHalf, withoutPrefix } from '../code.ts';
import type { Draw } from '../draw.ts';
import { accessException, dispatched, irqlStop, nonpagedStop } from '../ends.ts';
import { KernelStage, type StageOptions } from '../kernelstage.ts';
import { BIT_CHANGED, type MadeFault, PROCESSOR, type Truth } from '../truth.ts';
import { runInto, runTo } from '../ways.ts';
import { kind } from './kind.ts';

export const bitChanged = (stage: KernelStage): Truth => ({
  causes: ['hardware', 'memory'],
  culprits: BIT_CHANGED,
  bystanders: stage.actors.map((one) => one.name),
});
export const processor: Truth = { causes: ['hardware'], culprits: PROCESSOR };
export const nobodyKnows: Truth = { causes: ['hardware', 'memory', 'driver'], culprits: [...BIT_CHANGED, 'firmware'], undecidable: true };

/** A user process ends; the memory manager takes its page tables down. */
function takeDown(draw: Draw, options: StageOptions = {}): KernelStage {
  const stage = new KernelStage(draw, options);
  stage.fromUser('NtTerminateProcess').chain(stage.nt, 'PspExitThread', 'PspRundownSingleProcess', 'MmCleanProcessAddressSpace', 'MiCleanVad', 'MiDeleteVad');
  return stage.chain(stage.nt, 'MiWalkPageTablesRecursively', 'MiDeleteVa');
}
const pteOf = (draw: Draw): bigint => PTE_BASE + BigInt(draw.u32() & 0x7fff_ffff) * 8n;

function emptyPteBit(stage: KernelStage, bit: number): MadeFault {
  const pte = pteOf(stage.draw);
  const value = 1n << BigInt(bit);
  if (stage.draw.chance(0.7)) stage.memory.push(words(pte, [value]));
  return stage.stop(0x1a, [0x41792n, pte, value, 0n], bitChanged(stage));
}

interface Reported {
  /** P1: 0 machine check, 4 PCI Express. */
  readonly source: bigint;
  readonly record: Uint8Array;
  readonly truth: Truth;
  /** MCi_STATUS of a machine check. */
  readonly status?: bigint;
  /** 0x124 where nothing else is told; the record need not be in the dump, and the machine may have gone on. */
  readonly held?: boolean;
  readonly live?: boolean;
  readonly alsoLoaded?: readonly string[];
}

/** An error that firmware or processor reported: the record stands at P2. */
export function whea(draw: Draw, { source, record, truth, status = 0n, held = true, live = false, alsoLoaded = [] }: Reported): MadeFault {
  const stage = new KernelStage(draw, { loud: draw.chance(0.3), alsoLoaded });
  const at = draw.pool();
  if (held) stage.memory.push({ address: at, bytes: record });
  stage.enter(stage.nt, 'KiIdleLoop').call(stage.nt, 'PoIdle');
  stage.placeOf('halted');
  stage.trap('KiInterruptDispatchNoLockNoEtw', { mark: 'halted' });
  stage.chain(stage.nt, 'KiMcheckHandler', 'WheaReportHwError', 'HalBugCheckSystem');
  return stage.stop(0x124, [source, at, status >> 32n, status & 0xffff_ffffn], truth, { live });
}

function machineCheck(draw: Draw, codes: readonly bigint[], truth: Truth, banks: readonly number[]): MadeFault {
  const status = draw.pick(codes);
  const vendor = draw.pick(['intel', 'amd'] as const);
  const number = draw.below(8);
  const record = machineCheckRecord({ vendor, bank: draw.pick(banks), status, apicId: number, processor: number, when: CRASH_TIME });
  return whea(draw, { source: 0n, record, truth, status });
}

/** Device classes of the PCI code and ID assignment: what stands at the end of the failing link. */
const PCI = [
  { vendorId: 0x8086, deviceId: 0xa340 },
  { vendorId: 0x10de, deviceId: 0x2484 },
  { vendorId: 0x144d, deviceId: 0xa808 },
  { vendorId: 0x1022, deviceId: 0x1483 },
] as const;

/** Non-canonical by one bit: a good kernel pointer with bit 47 to 62 cleared. */
const flipHigh = (draw: Draw, good: bigint): bigint => good ^ (1n << BigInt(draw.between(48, 62)));

/** "mov rax,[base+d]" entered behind its REX prefix: it loads eax, through another register where the prefix chose one. */
export function misexecuted(stage: KernelStage): MadeFault {
  const rip = stage.placeOf('read') + 1n;
  const { base, displacement } = stage.access();
  const register = withoutPrefix(base);
  const pointer = BigInt(stage.draw.between(0x10, 0x400));
  const cr2 = pointer + BigInt(displacement);
  stage.stack.set({ [register]: pointer });
  const trapFrame = stage.trap('KiPageFault', { rip, cr2, registers: { [register]: pointer } });
  stage.call(stage.nt, 'KiBugCheckDispatch');
  return stage.stop(0xa, [cr2, BigInt(stage.irql), 0n, rip], processor, { trapFrame, cr2 });
}

/** The lowest bit of a REX prefix turned over: the base register is its neighbour eight further, which holds something else. */
function codeBit(draw: Draw): MadeFault {
  const stage = new KernelStage(draw, { actors: ['network'] });
  runTo(stage, 'network');
  stage.call(stage.image('tcpip.sys'), 'FlpReceive', 'MiniportInterruptDpc').chain(stage.image('tcpip.sys'), 'TcpReceive');
  const rip = stage.placeOf('read');
  const { base, displacement } = stage.access();
  const pointer = BigInt(draw.between(0, 0x80) * 8);
  const cr2 = pointer + BigInt(displacement);
  stage.flip(rip, 1);
  const values = { [base]: draw.pool(), [otherHalf(base)]: pointer };
  stage.stack.set(values);
  const trapFrame = stage.trap('KiPageFault', { rip, cr2, registers: values });
  stage.call(stage.nt, 'KiBugCheckDispatch');
  // Only who has the file to compare with can tell.
  const truth = stage.atHand === 'nothing' ? { ...bitChanged(stage), undecidable: true } : bitChanged(stage);
  return stage.stop(0xd1, [cr2, BigInt(stage.irql), 0n, rip], truth, { trapFrame, cr2 });
}

export interface SilentCore {
  readonly alsoLoaded?: readonly string[];
  /** The dump holds what the silent core ran: a driver with interrupts off, a lock that a driver waits for so, the idle loop; or that it took no freeze. */
  readonly ran?: 'driver' | 'lock' | 'idle' | 'nothing saved';
}

/** EFLAGS without and with IF (SDM volume 1, "EFLAGS register"). */
const MASKED = 0x46;
const TAKEN = 0x246;

function frozenIn(stage: KernelStage, ran: 'driver' | 'lock' | 'idle'): X64Registers {
  const { draw, nt } = stage;
  const high = draw.stackTop();
  if (ran === 'driver') return { rip: addressIn(stage.actor(), 'Loop') + 8n, rsp: high - 0x400n, eflags: MASKED };
  if (ran === 'idle') return { rip: addressIn(nt, 'PoIdle:halted'), rsp: high - 0x400n, eflags: TAKEN };
  const drawing = new StackDrawing(high, 0x2000).push(0n).enter(nt, 'KiIdleLoop').call(nt, 'KiRetireDpcList').call(nt, 'KiExecuteAllDpcs');
  drawing.call(stage.actor(), 'Dpc', 'DeferredRoutine').call(stage.actor(), 'Fault');
  drawing.call(nt, 'KeAcquireSpinLockRaiseToDpc', 'nt!KeAcquireSpinLockRaiseToDpc').call(nt, 'KxWaitForSpinLockAndAcquire');
  const rip = addressIn(nt, 'KxWaitForSpinLockAndAcquire:divide');
  stage.memory.push(drawing.finish(rip));
  return { ...drawing.context(rip), eflags: MASKED };
}

/** Another processor counts the ticks that the silent one misses. */
export function silentCore(draw: Draw, { alsoLoaded = [], ran }: SilentCore = {}): MadeFault {
  const stage = new KernelStage(draw, { loud: draw.chance(0.4), actors: ['network'], alsoLoaded });
  if (draw.chance(0.5)) runInto(stage, 'network');
  else stage.enter(stage.nt, 'KiIdleLoop').call(stage.nt, 'PoIdle');
  stage.placeOf('read');
  const trapFrame = stage.trap('KiInterruptDispatchNoLockNoEtw', { mark: 'read' });
  stage.chain(stage.nt, 'KeClockInterruptNotify', 'KeAccumulateTicks');
  const hung = draw.below(8);
  const params = [0xcn, 0n, PRCB_ADDRESS(hung), BigInt(hung)] as const;
  const options = { trapFrame, processor: (hung + 1) % 8 };
  if (ran === undefined) return stage.stop(0x101, params, { ...processor, bystanders: [stage.actor().name] }, options);
  const busy = ran === 'driver' || ran === 'lock';
  const frozen = new Map([[hung, ran === 'nothing saved' ? { rip: 0n } : frozenIn(stage, ran)]]);
  const truth: Truth = busy ? { causes: ['driver', 'hang'], culprits: [stage.actor().name] } : processor;
  return stage.stop(0x101, params, truth, { ...options, file: { kind: 'bitmap-kernel' }, change: (made) => ({ ...made, frozen }) });
}

export const HARDWARE_KINDS = [
  kind('1a-one-bit', 'a bit of an empty page table entry turned over', (draw) => emptyPteBit(takeDown(draw), draw.between(8, 62))),
  kind('1a-damaged-pte', 'a page table entry holds nonsense; what wrote it is unknown', (draw) => {
    const stage = takeDown(draw);
    const pte = pteOf(draw);
    const value = draw.u64();
    stage.memory.push(words(pte, [value]));
    return stage.stop(0x1a, [0x41792n, pte, value, 0n], nobodyKnows);
  }),
  kind('3b-flipped-pointer', "a bit of a pointer turned over in Windows' own structure; the file system faults with it", (draw) => {
    const stage = new KernelStage(draw, { actors: ['filter'] });
    runTo(stage, 'create');
    stage.call(stage.actor(), 'PreOperation', 'PreOperation');
    const ntfs = stage.image('Ntfs.sys');
    stage.call(stage.actor(), 'Fault').call(stage.nt, 'IofCallDriver');
    stage.call(ntfs, 'NtfsFsdCreate', 'DriverDispatch').chain(ntfs, 'NtfsCommonCreate', 'NtfsLookupEntry');
    return accessException(stage, { code: 0x3b, pointer: flipHigh(draw, draw.pool()), truth: bitChanged(stage) });
  }),
  kind('7e-flipped-pointer', "a bit of a pointer turned over; a third-party driver's thread is the one that meets it", (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['audio', 'network'])] });
    runInto(stage, draw.pick(['thread', 'workItem']));
    const good = draw.pool();
    stage.memory.push(words(draw.pool(), [good, good + 0x10n, good]));
    return accessException(stage, { code: 0x7e, pointer: flipHigh(draw, good), truth: bitChanged(stage) });
  }),
  kind('d1-flipped-high', 'a bit of a pointer turned over; a driver meets it in its DPC', (draw) => {
    const stage = new KernelStage(draw, { actors: ['network'] });
    runInto(stage, 'network');
    const good = draw.pool() & ~0xfffn;
    // The good value is still held in another register and in memory: one bit apart.
    stage.stack.set({ r14: good, r15: good });
    stage.memory.push(words(good, [good, 0n, draw.pool()]));
    return irqlStop(stage, 0xd1, { pointer: good ^ (1n << BigInt(draw.between(33, 46))), truth: bitChanged(stage) });
  }),
  kind('1e-illegal-good-code', "the processor calls a good instruction illegal in the kernel's own code", (draw) => {
    const stage = new KernelStage(draw, { loud: draw.chance(0.4) });
    runTo(stage, 'timer');
    const rip = stage.placeOf('read');
    const registers = stage.stack.context(rip);
    const trapFrame = stage.trap('KiInvalidOpcodeFault', { mark: 'read' });
    return dispatched(stage, { rip, trapFrame, registers }, { code: 0x1e, status: 0xc000001d, information: [0n, 0n], truth: processor });
  }),
  kind('mis-execution', 'the processor went on in the middle of an instruction', (draw) => {
    const stage = new KernelStage(draw, { loud: draw.chance(0.4) });
    runTo(stage, draw.pick(['timer', 'worker']));
    return misexecuted(stage);
  }),
  kind('d1-code-bit', "a bit of a Windows driver's code turned over in memory; the instruction is another one", (draw) => codeBit(draw)),
  kind('124-cache', 'a cache of a core reports an error it cannot correct', (draw) =>
    machineCheck(draw, [0xb200_0000_0000_0135n, 0xbf80_0000_0000_0124n, 0xb200_0000_0000_0151n, 0xbe00_0000_0080_0110n], processor, [0, 1, 2]),
  ),
  kind('124-internal', 'a core reports an internal timer or an unclassified internal error', (draw) =>
    machineCheck(draw, [0xb200_0000_0000_0400n, 0xbe00_0000_0000_0402n], processor, [3, 5]),
  ),
  kind('124-memory', 'the memory controller reports an error it cannot correct', (draw) =>
    machineCheck(
      draw,
      [0xbe00_0000_0001_0090n, 0xfe00_0040_0001_0091n, 0xbe00_0000_0001_009fn],
      { causes: ['hardware', 'memory'], culprits: BIT_CHANGED },
      [7, 8, 13],
    ),
  ),
  kind('124-pcie', 'a PCI Express link fails for good', (draw) => {
    const at = {
      ...draw.pick(PCI),
      bus: draw.below(4),
      device: draw.below(32),
      function: 0,
      uncorrectable: draw.pick([1 << 4, 1 << 5, 1 << 14, 1 << 18, 1 << 20]),
      when: CRASH_TIME,
    };
    return whea(draw, {
      source: 4n,
      record: pcieRecord(at),
      truth: { causes: ['hardware', 'storage'], culprits: ['device', 'hardware', 'gpu', 'disk', 'cpu'] },
    });
  }),
  kind('101-silent-core', 'a core stopped answering the clock', (draw) => silentCore(draw)),
  kind('12b-zero-page', 'a page that must be zero has one bit set', (draw) => {
    const stage = new KernelStage(draw);
    runTo(stage, 'worker');
    stage.call(stage.nt, 'SmStWorker', 'WorkerRoutine').chain(stage.nt, 'SmpKeyedStoreFault', 'SmStUnhandledExceptionFilter');
    return stage.stop(0x12b, [0xffff_ffff_c000_02c4n, BigInt(draw.between(0x400, 0x900)), draw.pool() & ~0xfffn, draw.pool() & ~0xfffn], bitChanged(stage));
  }),
  kind('f7-one-bit', 'one bit of a stack cookie differs from what it should be', (draw) => {
    const stage = new KernelStage(draw, { actors: ['usb'] });
    runInto(stage, 'workItem');
    stage.call(stage.actor(), 'CookieFail');
    const expected = draw.u64() & 0xffff_ffff_ffffn;
    return stage.stop(0xf7, [expected ^ (1n << BigInt(draw.below(48))), expected, BigInt.asUintN(64, ~expected), 0n], bitChanged(stage));
  }),
  kind('50-shared-page', 'reading the page that every process shares faults: the page tables are damaged', (draw) => {
    const stage = new KernelStage(draw);
    stage.fromUser('NtReadFile');
    const { displacement } = accessOf('ntoskrnl.exe', 'NtReadFile');
    return nonpagedStop(stage, {
      pointer: 0xffff_f780_0000_0320n - BigInt(displacement),
      kind: 0n,
      truth: { causes: ['hardware', 'memory'], culprits: BIT_CHANGED },
    });
  }),
  kind('109-structure', 'kernel data is not what it was; a bit or a tool, the dump does not hold it', (draw) => {
    const stage = new KernelStage(draw, { loud: draw.chance(0.5) });
    runTo(stage, 'worker');
    return stage
      .call(stage.nt, 'MiCheckPte', 'WorkerRoutine')
      .stop(0x109, [0xa3a0_1f58_92c7_96d9n, draw.u64(), draw.pool(), draw.pick([0n, 1n, 0x2n, 0x19n])], nobodyKnows);
  }),
  kind('20001-hypervisor', 'the hypervisor gave up', (draw) => {
    const stage = new KernelStage(draw);
    runTo(stage, 'timer');
    return stage
      .call(stage.nt, 'KiTimerExpiration')
      .call(stage.nt, 'KiTimerWaitTest')
      .stop(0x20001, [0x11n, draw.u64() & 0xffffffn, 0x1001n, 0n], { ...nobodyKnows, culprits: [...PROCESSOR, 'firmware'] });
  }),
];
