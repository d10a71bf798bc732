/** Damage to pool, lists and objects, found by whoever comes next. */
import { exceptionRecord64 } from '../../build/dumpheader.ts';
import { words } from '../../build/scene.ts';
import { type Draw } from '../draw.ts';
import { irqlStop, nonpagedStop } from '../ends.ts';
import { KernelStage } from '../kernelstage.ts';
import type { MadeFault, Truth } from '../truth.ts';
import { runInto, runTo } from '../ways.ts';
import { byDriver } from './access.ts';
import { kind } from './kind.ts';

/** The actor only found the damage: the one that wrote too far is elsewhere and left nothing. */
const foundBy = (stage: KernelStage): Truth => ({ causes: ['memory', 'driver'], culprits: [], undecidable: true, bystanders: [stage.actor().name] });

function poolStage(draw: Draw): KernelStage {
  const stage = new KernelStage(draw, { actors: [draw.pick(['filter', 'network', 'tool', 'usb', 'storage'])] });
  runInto(stage, draw.pick(['ioctl', 'create', 'workItem', 'network']));
  return stage;
}

/** POOL_HEADER of 10.0.19041 x64: previous size and pool index, block size and type, tag; sizes in 16 bytes (vergiliusproject.com, _POOL_HEADER). */
export function poolHeader(size: number, previous: number, tag: string): bigint {
  const tagWord = [...tag].reduce((value, char, index) => value | (BigInt(char.charCodeAt(0)) << BigInt(index * 8)), 0n);
  return (tagWord << 32n) | (0x02n << 24n) | (BigInt(size) << 16n) | BigInt(previous);
}

/** How the links about a list entry look (ntdef.h, LIST_ENTRY: Flink, Blink). */
export type ListDamage = 'removed-twice' | 'neighbour-spoiled' | 'one-bit';

/** A list entry and its neighbours, in memory; the entry's address, which the check still has in a register. */
export function brokenList(stage: KernelStage, damage: ListDamage): bigint {
  const { draw, memory } = stage;
  const [entry, next, last] = [draw.pool(), draw.pool(), draw.pool()];
  const back = { 'removed-twice': last, 'neighbour-spoiled': 0x0061_0074_0061_0064n, 'one-bit': entry ^ (1n << BigInt(draw.between(33, 44))) }[damage];
  const spoiled = damage === 'neighbour-spoiled';
  memory.push(
    words(entry, [next, last]),
    words(next, [spoiled ? back : draw.pool(), back]),
    words(last, [damage === 'removed-twice' ? next : entry, draw.pool()]),
  );
  return entry;
}

/** A fast-fail in the running function: int 29h, KiRaiseSecurityCheckFailure, then 0x139 with trap frame and record. */
export function fastFail(stage: KernelStage, reason: bigint, truth: Truth, entry?: bigint): MadeFault {
  const rip = stage.placeOf('failfast');
  const trapFrame = stage.trap('KiRaiseSecurityCheckFailure', { mark: 'failfast', registers: { rcx: reason, ...(entry === undefined ? {} : { r8: entry }) } });
  const record = stage.stack.low + 0x300n;
  stage.memory.push({ address: record, bytes: exceptionRecord64(0xc0000409, rip, [reason], 1) });
  stage.chain(stage.nt, 'KiFastFailDispatch', 'KiBugCheckDispatch');
  return stage.stop(0x139, [reason, trapFrame, record, 0n], truth, { trapFrame });
}

/** A memory descriptor list of one page in memory (wdm.h, _MDL): Next, Size and flags, process, mapping, start, length and offset, page. */
export function bufferList(stage: KernelStage, state: 'unlocked' | 'spoiled'): bigint {
  const { draw, memory } = stage;
  const at = draw.pool();
  const size = 0x38n;
  const mapped = 0x9n;
  const start = draw.pool() & ~0xfffn;
  const sound = [0n, size | (mapped << 16n), draw.pool(), start + 0x40n, start, 0x200n | (0x40n << 32n), BigInt(draw.between(1, 0x1fffff))];
  memory.push(words(at, state === 'unlocked' ? sound : sound.map(() => 0x0061_0074_0061_0064n)));
  return at;
}

export interface AfterUnload {
  readonly code?: 0xce | 0xd4;
  /** What Windows noted of the range: the driver, nothing, or another driver that stood there before as well. */
  readonly noted?: 'once' | 'never' | 'twice';
}

/** A timer runs into a driver that is gone. 0xCE: P2 the access, P3 the instruction; 0xD4: P2 the IRQL, P3 the access, P4 the instruction. */
export function calledAfterUnload(draw: Draw, { code = 0xce, noted = 'once' }: AfterUnload = {}): MadeFault {
  const stage = new KernelStage(draw);
  runTo(stage, draw.pick(['timer', 'dpc']));
  const last = stage.machine.modules.at(-1);
  const start = (last ? last.base + BigInt(last.size) : 0n) + 0x800000n;
  const name = draw.pick(['kepvimio.sys', 'cpuz_x64.sys', 'zorflt.sys']);
  const rip = start + BigInt(draw.between(0x1000, 0x8000));
  stage.stack.push(stage.returnOf('DeferredRoutine'));
  const trapFrame = stage.trap('KiPageFault', { rip, cr2: rip, errorCode: 0x10n });
  stage.call(stage.nt, 'MmAccessFault');
  const unloaded = [
    ...(noted === 'never' ? [] : [{ name, start, end: start + 0xa000n }]),
    ...(noted === 'twice' ? [{ name: 'tivdal64.sys', start: start - 0x2000n, end: start + 0x9000n }] : []),
    { name: 'dump_storport.sys', start: start + 0x100000n, end: start + 0x11c000n },
  ];
  const params = code === 0xce ? ([rip, 0x10n, rip, 0n] as const) : ([rip, 2n, 0n, rip] as const);
  const truth: Truth = { causes: ['driver'], culprits: noted === 'never' ? [] : [name], undecidable: noted === 'never' };
  return stage.stop(code, params, truth, { trapFrame, cr2: rip, unloaded });
}

export const POOL_KINDS = [
  kind('c2-double-free', 'a driver frees a block twice', (draw) => {
    const stage = poolStage(draw);
    stage.call(stage.nt, 'ExFreePoolWithTag');
    const block = draw.pool();
    const header = poolHeader(0x12, draw.between(1, 0x1f), 'Zx01');
    if (draw.chance(0.5)) stage.memory.push(words(block - 0x10n, [header, 0n, 0n, draw.pool()]));
    return stage.stop(0xc2, [7n, 0n, header & 0xffff_ffffn, block], byDriver(stage));
  }),
  kind('c2-wrong-address', 'a driver frees an address that pool never gave out', (draw) => {
    const stage = poolStage(draw);
    stage.call(stage.nt, 'ExFreePoolWithTag');
    return stage.stop(0xc2, [draw.pick([0x46n, 0x99n]), draw.pool() + 0x8n, 0n, 0n], byDriver(stage));
  }),
  kind('19-neighbour', "a driver frees its own block; the block before it, another's, ran over the header", (draw) => {
    const stage = poolStage(draw);
    stage.call(stage.nt, 'ExFreePoolWithTag');
    const block = draw.pool() - 0x10n;
    if (draw.chance(0.5))
      stage.memory.push(words(block - 0x40n, [poolHeader(4, draw.between(1, 0x1f), 'Nb  '), 0n, ...Array.from({ length: 10 }, () => 0x4141_4141_4141_4141n)]));
    return stage.stop(0x19, [0x20n, block, block + 0x200n, 0x0c20_0041n], foundBy(stage));
  }),
  kind('19-freed-header', 'the header of a free block changed; the next allocation finds it', (draw) => {
    const stage = poolStage(draw);
    stage.call(stage.nt, 'ExAllocatePoolWithTag').chain(stage.nt, 'ExAllocateHeapPool');
    return stage.stop(0x19, [draw.pick([0x3n, 0xen, 0xdn]), draw.pool() - 0x10n, draw.pool(), draw.u64()], foundBy(stage));
  }),
  kind('c5-free-list', "an allocation walks a free list that someone's overrun has broken", (draw) => {
    const stage = poolStage(draw);
    stage.call(stage.nt, 'ExAllocatePoolWithTag').chain(stage.nt, 'ExAllocateHeapPool', 'RtlpHpLfhSlotAllocate');
    const fault = stage.touch(draw.u64() & 0x7fff_ffff_ffffn, true);
    stage.call(stage.nt, 'KiBugCheckDispatch');
    return stage.stop(0xc5, [fault.cr2, 2n, 1n, fault.rip], foundBy(stage), { trapFrame: fault.trapFrame, cr2: fault.cr2 });
  }),
  kind('13a-heap', 'the kernel heap finds a block whose neighbour overran it', (draw) => {
    const stage = poolStage(draw);
    stage.call(stage.nt, 'ExFreePoolWithTag').chain(stage.nt, 'ExFreeHeapPool', 'RtlpHpFreeHeap', 'RtlpHeapHandleError');
    return stage.stop(0x13a, [draw.pick([0x6n, 0x3n, 0x12n]), draw.pool(), draw.pool(), 0n], foundBy(stage));
  }),
  kind('139-own-list', 'a driver removes an entry of its own list twice', (draw) => {
    const stage = poolStage(draw);
    return fastFail(stage, 3n, byDriver(stage), draw.chance(0.5) ? brokenList(stage, 'removed-twice') : draw.pool());
  }),
  kind('139-kernel-list', 'the kernel finds a broken list of timers or waiters; who broke it is gone', (draw) => {
    const stage = new KernelStage(draw);
    runTo(stage, draw.pick(['dpc', 'timer']));
    return fastFail(stage.call(stage.nt, 'KiTimerExpiration'), 3n, { causes: ['memory', 'driver'], culprits: [], undecidable: true });
  }),
  kind('139-cookie', 'a driver writes past a buffer on its own stack', (draw) => {
    const stage = poolStage(draw);
    return fastFail(stage, 2n, byDriver(stage));
  }),
  kind('f7-overrun', 'a driver writes past a buffer on its own stack; text stands where the cookie was', (draw) => {
    const stage = poolStage(draw);
    stage.call(stage.actor(), 'CookieFail');
    const expected = draw.u64() & 0xffff_ffff_ffffn;
    return stage.stop(0xf7, [0x6c69_6146_6461_6f6cn ^ BigInt(draw.below(0x10000)), expected, BigInt.asUintN(64, ~expected), 0n], byDriver(stage));
  }),
  kind('ce-unload', 'a driver unloads with a timer still set; the timer runs into nothing', (draw) => calledAfterUnload(draw)),
  kind('fc-freed-callback', 'a driver calls through a function pointer in freed pool', (draw) => {
    const stage = poolStage(draw);
    const target = draw.pool();
    stage.stack.push(stage.returnOf('Pointer'));
    const trapFrame = stage.trap('KiPageFault', { rip: target, cr2: target, errorCode: 0x11n });
    stage.chain(stage.nt, 'MmAccessFault', 'MiSystemFault');
    const pte = 0x8000_0000_0000_0963n | (BigInt(draw.below(0xfffff)) << 12n);
    return stage.stop(0xfc, [target, pte, trapFrame, 2n], byDriver(stage), { trapFrame, cr2: target });
  }),
  kind('be-readonly', 'a driver patches code that Windows keeps read-only', (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['tool', 'filter'])] });
    runInto(stage, draw.pick(['ioctl', 'workItem', 'thread']));
    const code = stage.nt.base + BigInt(draw.between(0x210000, 0x280000));
    const fault = stage.touch(code, true);
    stage.chain(stage.nt, 'MmAccessFault', 'MiSystemFault');
    const pte = 0x0900_0000_0000_0021n | (BigInt(draw.below(0xfffff)) << 12n);
    return stage.stop(0xbe, [fault.cr2, pte, fault.trapFrame, 0xbn], byDriver(stage), { trapFrame: fault.trapFrame, cr2: fault.cr2 });
  }),
  kind('18-references', 'a driver gives back a reference once too often', (draw) => {
    const stage = poolStage(draw);
    stage.chain(stage.nt, 'ObfDereferenceObject', 'ObfDereferenceObjectWithTag');
    return stage.stop(0x18, [0n, draw.pool(), 2n, 0xffff_ffff_ffff_ffffn], byDriver(stage));
  }),
  kind('44-completed-twice', 'a driver completes a request that it has completed before', (draw) => {
    const stage = poolStage(draw);
    stage.chain(stage.nt, 'IofCompleteRequest', 'IopfCompleteRequest');
    return stage.stop(0x44, [draw.pool(), 0x1d7bn, 0n, 0n], byDriver(stage));
  }),
  kind('4e-unlocked-twice', 'a driver unlocks the pages of a buffer twice', (draw) => {
    const stage = poolStage(draw);
    stage.chain(stage.nt, 'MmUnlockPages', 'MiDecrementShareCount', 'MiBadShareCount');
    return stage.stop(0x4e, [draw.pick([7n, 0x9an]), BigInt(draw.between(0x1000, 0x1fffff)), 2n, 0n], byDriver(stage));
  }),
  kind('1a-mdl', 'a driver unlocks or maps a buffer description that is not locked', (draw) => {
    const stage = poolStage(draw);
    stage.call(stage.nt, draw.pick(['MmUnlockPages', 'MmMapLockedPagesSpecifyCache', 'MmProbeAndLockPages']));
    const [kind, place, page] = [draw.pick([0x1233n, 0x1234n, 0x1236n, 0x1240n]), draw.pool(), BigInt(draw.between(1, 0x1fffff))];
    const list = draw.chance(0.5) ? bufferList(stage, 'unlocked') : draw.pool();
    return stage.stop(0x1a, [kind, list, place, page], byDriver(stage));
  }),
  kind('da-mapping', 'a driver frees a mapping twice', (draw) => {
    const stage = poolStage(draw);
    stage.chain(stage.nt, 'MmUnmapLockedPages', 'MiReturnSystemPtes');
    return stage.stop(0xda, [0x504n, draw.pool(), BigInt(draw.between(1, 0x40)), 1n], byDriver(stage));
  }),
  kind('cb-locked-pages', 'a driver leaves pages of a process locked after its request is done', (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['tool', 'filter', 'audio'])] });
    stage.fromUser('NtTerminateProcess').chain(stage.nt, 'PspExitThread');
    stage.call(stage.nt, 'PspExitProcess');
    const actor = stage.actor();
    const lock = actor.base + BigInt(actor.pe.functions.get('Fault')?.rva ?? 0) + 0x40n;
    return stage.stop(0xcb, [lock, 0n, draw.pool(), BigInt(draw.between(1, 0x200))], byDriver(stage));
  }),
  kind('d1-overrun-victim', "a driver's own structure was overwritten by its neighbour in pool; the driver faults on it", (draw) => {
    const stage = new KernelStage(draw, { actors: [draw.pick(['network', 'usb'])] });
    runInto(stage, draw.pick(['dpc', 'network']));
    const pointer = 0x4141_4141_4141n;
    stage.memory.push(
      words(
        draw.pool(),
        Array.from({ length: 12 }, () => 0x4141_4141_4141_4141n),
      ),
    );
    // The driver is where it shows; that it did not do it cannot be read from the bytes, so its name is right only as a possibility.
    return irqlStop(stage, 0xd1, { pointer, truth: { causes: ['memory', 'driver'], culprits: [stage.actor().name], undecidable: true } });
  }),
  kind('d5-freed-special-pool', 'Verifier watches a driver; it touches a block after freeing it', (draw) => {
    const stage = poolStage(draw);
    return nonpagedStop(stage, { code: 0xd5, pointer: ((draw.pool() >> 12n) << 12n) + 0xf00n, write: draw.chance(0.5), kind: 0n, truth: byDriver(stage) });
  }),
  kind('d6-beyond-special-pool', 'Verifier watches a driver; it reaches past the end of its block', (draw) => {
    const stage = poolStage(draw);
    return nonpagedStop(stage, { code: 0xd6, pointer: (draw.pool() >> 12n) << 12n, write: draw.chance(0.5), kind: 0n, truth: byDriver(stage) });
  }),
  kind('c1-special-pool', 'a driver frees a block of special pool that it wrote past', (draw) => {
    const stage = poolStage(draw);
    stage.call(stage.nt, 'ExFreePoolWithTag');
    const block = ((draw.pool() >> 12n) << 12n) + 0xe80n;
    return stage.stop(0xc1, [block, block + 0x180n, BigInt(draw.between(1, 0x17f)), draw.pick([0x23n, 0x24n])], byDriver(stage));
  }),
];
