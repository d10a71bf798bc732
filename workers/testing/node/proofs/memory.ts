/** The memory manager's tables, compressed memory, and rules that the kernel's callers break. */
import { exceptionRecord64 } from '../../build/dumpheader.ts';
import { deviceObject, driverObject } from '../../build/irp.ts';
import { PTE_BASE, words } from '../../build/scene.ts';
import { addressIn } from '../../build/stack.ts';
import type { Draw } from '../../faults/draw.ts';
import { KernelStage } from '../../faults/kernelstage.ts';
import { byDriver } from '../../faults/kinds/access.ts';
import { nameOf } from '../../faults/kinds/callers.ts';
import { bufferList, poolHeader } from '../../faults/kinds/pool.ts';
import { BIT_CHANGED, DISK, type MadeFault, type Truth } from '../../faults/truth.ts';
import { runInto, runTo, type Way } from '../../faults/ways.ts';
import { type Expected, type Proof, type Proved, ofKind, staged } from './proof.ts';

const bitChanged: Truth = { causes: ['hardware', 'memory'], culprits: BIT_CHANGED };
const nobody: Truth = { causes: ['driver', 'memory'], culprits: [], undecidable: true };
const LIKELY: Expected = { cause: 'driver-bug', sureness: 'likely', culprit: 'true' };
const SUSPECT: Expected = { cause: 'driver-bug', sureness: 'possible', culprit: 'true', doubts: ['a-single-dump'] };
const UNKNOWN: Expected = { cause: 'driver-bug', sureness: 'not-known', culprit: 'nobody' };
const SPOILED: Expected = { cause: 'memory-corruption', sureness: 'possible', culprit: 'nobody', doubts: ['a-single-dump'] };
const RAM: Expected = { cause: 'memory-corruption', sureness: 'possible', culprit: 'true' };

type Params = readonly [bigint, bigint, bigint, bigint];

interface Call {
  readonly way?: Way;
  /** The kernel's routines, the first called by the driver, directly or through a pointer. */
  readonly through: readonly string[];
  readonly pointer?: true;
  readonly truth?: Truth;
  /** Nothing at hand: the stack can only be scanned. */
  readonly scanned?: true;
}

/** A driver calls the kernel, which refuses. */
function called(draw: Draw, code: number, params: (stage: KernelStage) => Params, call: Call): MadeFault {
  const { way = 'ioctl', through, pointer, truth, scanned } = call;
  const [first = '', ...rest] = through;
  const stage = new KernelStage(draw, { actors: ['filter', 'usb'] });
  stage.atHand = scanned ? 'nothing' : 'names';
  stage.file = { kind: 'triage', keepCode: true };
  runInto(stage, way);
  stage.call(stage.nt, first, pointer ? 'Pointer' : undefined).chain(stage.nt, ...rest);
  return stage.stop(code, params(stage), truth ?? byDriver(stage));
}

/** Windows alone: a thread of its own, or a program that ends. */
function alone(draw: Draw, code: number, params: (stage: KernelStage) => Params, { through, truth }: { through: readonly string[]; truth: Truth }): MadeFault {
  const [first = '', ...rest] = through;
  const stage = new KernelStage(draw, { loud: true });
  stage.atHand = 'names';
  if (first.startsWith('Nt')) stage.fromUser(first);
  else {
    runTo(stage, 'worker');
    stage.call(stage.nt, first, 'WorkerRoutine');
  }
  stage.chain(stage.nt, ...rest);
  return stage.stop(code, params(stage), truth);
}

const STORE = ['SmStWorker', 'SmpKeyedStoreFault', 'SmStUnhandledExceptionFilter'];
const UNLOCK = ['MmUnlockPages', 'MiDecrementShareCount', 'MiBadShareCount'];
const frame = (draw: Draw): bigint => BigInt(draw.between(0x1000, 0x1fffff));
const unlock =
  (state?: 'unlocked' | 'spoiled') =>
  (stage: KernelStage): Params => [0x1236n, state ? bufferList(stage, state) : stage.draw.pool(), stage.draw.pool(), frame(stage.draw)];

/** One bit in an entry that should be empty, by the arguments; in the dump the entry is empty. */
function entryElsewhere(draw: Draw): MadeFault {
  const pte = PTE_BASE + BigInt(draw.u32()) * 8n;
  return alone(
    draw,
    0x1a,
    (stage) => {
      stage.memory.push(words(pte, [0x8a00_0000_1234_5863n]));
      return [0x41792n, pte, 1n << 37n, 0n];
    },
    {
      through: [
        'NtTerminateProcess',
        'PspExitThread',
        'PspRundownSingleProcess',
        'MmCleanProcessAddressSpace',
        'MiCleanVad',
        'MiDeleteVad',
        'MiWalkPageTablesRecursively',
        'MiDeleteVa',
      ],
      truth: bitChanged,
    },
  );
}

/** Bug check 0x154: P2 the exception's pointers, record first. */
function store(draw: Draw, status: number | undefined, truth: Truth): MadeFault {
  return alone(
    draw,
    0x154,
    (stage) => {
      const [pointers, record] = [stage.stack.low + 0x280n, stage.stack.low + 0x300n];
      stage.memory.push(words(pointers, [record, stage.stack.low + 0x400n]));
      if (status !== undefined) stage.memory.push({ address: record, bytes: exceptionRecord64(status, stage.nt.base + 0x231000n, [0n, draw.heap(), 0n]) });
      return [draw.pool(), pointers, 2n, 0n];
    },
    { through: STORE, truth },
  );
}

/** Bug check 0xD8: P1 the name of the driver that holds the most, P2 how many, P3 free, P4 all. */
function holding(draw: Draw, holder: 0 | 1): MadeFault {
  let name = '';
  const made = called(
    draw,
    0xd8,
    (stage) => {
      ({ name } = stage.actor(holder));
      return [nameOf(stage, name), 0x3_a000n, 0n, 0x4_0000n];
    },
    { through: ['MmMapLockedPagesSpecifyCache', 'MiReservePtes'] },
  );
  return { ...made, truth: { causes: ['driver', 'resource'], culprits: [name] } };
}

/** Bug check 0xCA: a bus driver tells of a device that it had deleted. */
function deletedDevice(draw: Draw): MadeFault {
  const stage = new KernelStage(draw, { actors: ['usb'] });
  stage.atHand = 'names';
  runTo(stage, 'worker');
  stage.call(stage.nt, 'PipEnumerateCompleted', 'WorkerRoutine');
  const [device, driver] = [draw.pool() & ~0xffn, draw.pool() & ~0xffn];
  const { base, pe, name } = stage.actor();
  stage.memory.push(deviceObject({ address: device, driver }), ...driverObject({ address: driver, name, start: base, size: pe.sizeOfImage, device }));
  return stage.stop(0xca, [4n, device, 0n, 0n], byDriver(stage));
}

/** Bug check 0xCB: a program ends whose pages are still locked. */
function locked(draw: Draw, params: (stage: KernelStage) => readonly [bigint, bigint], truth?: (stage: KernelStage) => Truth): MadeFault {
  const stage = new KernelStage(draw, { actors: ['tool', 'filter'] });
  stage.fromUser('NtTerminateProcess').chain(stage.nt, 'PspExitThread', 'PspExitProcess');
  const [where, caller] = params(stage);
  return stage.stop(0xcb, [where, caller, draw.pool(), BigInt(draw.between(1, 0x200))], truth?.(stage) ?? byDriver(stage));
}
const codeOf = (stage: KernelStage, index = 0): bigint => addressIn(stage.actor(index), 'Fault') + 0x40n;

const call = (says: string, code: number, params: (stage: KernelStage) => Params, of: Call & { readonly expected: Expected }): Proved =>
  staged(says, (draw) => called(draw, code, params, of), of.expected);

const tag = (text: string): bigint => poolHeader(0, 0, text) >> 32n;
const object = ({ draw }: KernelStage): bigint => draw.pool();

const RECORD_CHANGED = staged(
  'the record of a compressed page changed while the page was read; no hash is wrong',
  (draw) => alone(draw, 0x1c7, () => [3n, draw.pool(), draw.pool(), 0n], { through: STORE, truth: { ...nobody, causes: ['memory', 'hardware'] } }),
  { cause: 'memory-corruption', sureness: 'possible', culprit: 'nobody', shows: ['e-subcode'] },
);

export const MEMORY_PROOFS: readonly Proof[] = [
  {
    rule: 'memory-management',
    fires: [
      ofKind('1a-one-bit', 0, { cause: 'hardware', sureness: 'likely', culprit: 'true', shows: ['e-subcode', 'e-one-bit'], doubts: ['a-driver-could'] }),
      call('a driver unlocks a buffer that is not locked', 0x1a, unlock('unlocked'), {
        ...{ through: ['MmUnlockPages'], expected: { ...LIKELY, shows: ['e-subcode', 'e-suspect', 'e-mdl-unlocked'] } },
      }),
    ],
    nearly: [
      ofKind('1a-damaged-pte', 0, { ...RAM, lacks: ['e-one-bit'] }),
      call('a driver unlocks its buffer in good order; the description of the buffer was run over', 0x1a, unlock('spoiled'), {
        ...{ through: ['MmUnlockPages'], truth: nobody, expected: { ...SPOILED, shows: ['e-mdl-spoiled'] } },
      }),
      call('an unlock of a buffer is refused, and who asked is only scanned from the stack', 0x1a, unlock(), {
        ...{ through: ['MmUnlockPages'], scanned: true, expected: { ...SUSPECT, doubts: ['a-scan'] } },
      }),
    ],
    against: [
      staged('one bit in an empty entry by the arguments, another value in the dump', entryElsewhere, {
        ...{ cause: 'hardware', sureness: 'possible', culprit: 'true', shows: ['e-one-bit', 'e-points-other'] },
      }),
    ],
  },
  {
    rule: 'page-frames',
    fires: [
      call('a driver unlocks the pages of a buffer once too often', 0x4e, ({ draw }) => [7n, frame(draw), 1n, 0n], { through: UNLOCK, expected: SUSPECT }),
      call('a driver frees a page that is locked for a transfer', 0x4e, ({ draw }) => [0x9an, frame(draw), 3n, 2n], { through: UNLOCK, expected: SUSPECT }),
    ],
    nearly: [
      call("a driver unlocks a buffer in good order; the page's entry was damaged before", 0x4e, ({ draw }) => [0x99n, frame(draw), 2n, 0n], {
        ...{ through: UNLOCK, truth: bitChanged, expected: { ...RAM, doubts: ['a-driver-could'] } },
      }),
      call('a driver unlocks a buffer in good order; a list of free pages was damaged before', 0x4e, ({ draw }) => [0x8fn, frame(draw), frame(draw), 0n], {
        ...{ through: UNLOCK, truth: bitChanged, expected: { ...RAM, doubts: ['a-driver-could'] } },
      }),
    ],
    against: [
      staged(
        'pages are unlocked whose share count is a single high bit',
        (draw) => {
          const made = called(draw, 0x4e, () => [7n, frame(draw), 1n << 29n, 0n], { through: UNLOCK });
          return { ...made, truth: { causes: ['hardware', 'driver', 'memory'], culprits: [...BIT_CHANGED, ...made.truth.culprits], undecidable: true } };
        },
        { ...SUSPECT, shows: ['e-count-bit'] },
      ),
    ],
  },
  {
    rule: 'corrupted-page',
    fires: [
      staged(
        'a page that must be zero has one bit set',
        (draw) => alone(draw, 0x12b, () => [draw.pool() & ~0xfffn, frame(draw), 0n, 0n], { through: STORE, truth: bitChanged }),
        {
          ...{ cause: 'hardware', sureness: 'likely', culprit: 'true' },
        },
      ),
      ofKind('12b-zero-page', 0, { cause: 'hardware', sureness: 'likely', culprit: 'true', shows: ['e-status'] }),
      ofKind('1c7-store', 0, { cause: 'hardware', sureness: 'likely', culprit: 'true', shows: ['e-subcode'] }),
      staged(
        'compressed memory does not unpack; a transfer of a device could have run over it',
        (draw) => alone(draw, 0x1c7, () => [0n, draw.pool(), draw.u64(), frame(draw)], { through: STORE, truth: bitChanged }),
        { cause: 'hardware', sureness: 'likely', culprit: 'true', doubts: ['a-driver-could'] },
      ),
      staged(
        'the prefetcher finds its data damaged; the stop tells no more',
        (draw) => alone(draw, 0x191, () => [0n, 0n, 0n, 0n], { through: ['MmStoreCheckPage'], truth: { ...bitChanged, undecidable: true } }),
        RAM,
      ),
    ],
    nearly: [RECORD_CHANGED],
    against: [RECORD_CHANGED],
  },
  {
    rule: 'store-exception',
    fires: [ofKind('154-store', 0, { cause: 'storage', sureness: 'likely', culprit: 'true', shows: ['e-status'] })],
    nearly: [
      staged('unpacking compressed memory reads a bad address', (draw) => store(draw, 0xc0000005, bitChanged), {
        ...{ cause: 'memory-corruption', sureness: 'likely', culprit: 'true', shows: ['e-status'], doubts: ['a-driver-could'] },
      }),
    ],
    against: [
      staged(
        'the exception of the store is not in the dump',
        (draw) => store(draw, undefined, { causes: ['storage', 'memory', 'hardware'], culprits: [...DISK, ...BIT_CHANGED], undecidable: true }),
        {
          ...{ cause: ['memory-corruption', 'storage'], sureness: 'possible', culprit: 'true', lacks: ['e-status'], doubts: ['a-single-dump'] },
        },
      ),
    ],
  },
  {
    rule: 'caller-broke-rule',
    fires: [
      call('a driver frees a mapping that is free already', 0xda, ({ draw }) => [0x306n, draw.pool(), draw.pool(), 4n], {
        ...{ through: ['MmUnmapLockedPages', 'MiReturnSystemPtes'], expected: { ...SUSPECT, shows: ['e-subcode'] } },
      }),
      call('a driver frees a mapping that another has reserved', 0xda, ({ draw }) => [0x101n, draw.pool(), tag('Zx01'), tag('Nb01')], {
        ...{ through: ['MmUnmapLockedPages', 'MiReturnSystemPtes'], expected: { ...LIKELY, shows: ['e-subcode', 'e-tag'] } },
      }),
      call("a driver's thread ends in a region that it never left", 0x20, (stage) => [object(stage), 0xffffn, 0n, 0n], {
        ...{ way: 'thread', through: ['PsTerminateSystemThread', 'PspTerminateThreadByPointer', 'PspExitThread'], pointer: true, expected: SUSPECT },
      }),
      call('a driver releases a fast resource that another thread holds', 0x1c6, (stage) => [9n, object(stage), object(stage), 0n], {
        ...{ through: ['ExReleaseFastResource'], pointer: true, expected: { ...LIKELY, shows: ['e-subcode'] } },
      }),
      staged('a driver has used up the system’s page table entries; the stop names it', (draw) => holding(draw, 0), { ...LIKELY, shows: ['e-pte-holder'] }),
      call('a driver unlocks pages of a process that are not locked', 0x76, (stage) => [1n, object(stage), 0x20n, 0n], {
        ...{ through: ['MmUnlockPages'], expected: { ...SUSPECT, shows: ['e-subcode'] } },
      }),
      staged('a bus driver tells of a device that it has deleted', deletedDevice, { ...LIKELY, shows: ['e-device-owner', 'e-subcode'] }),
      call('a driver registers an interface for a device that is none', 0xca, (stage) => [2n, object(stage), object(stage), 0n], {
        ...{ through: ['IoRegisterDeviceInterface'], pointer: true, expected: { ...SUSPECT, shows: ['e-subcode'] } },
      }),
      call('a driver releases a resource that it does not hold', 0xe3, (stage) => [object(stage), object(stage), 0n, 2n], {
        ...{ through: ['ExReleaseResourceLite'], pointer: true, expected: LIKELY },
      }),
      call('a driver releases a fast mutex that it does not hold', 0x162, (stage) => [object(stage), object(stage), 0xffff_ffffn, 0n], {
        ...{ through: ['ExReleaseFastMutex', 'KeAbPostRelease'], pointer: true, expected: LIKELY },
      }),
      call('a driver waits for a fast mutex in its deferred routine', 0x192, (stage) => [object(stage), object(stage), 2n, 0n], {
        ...{ way: 'dpc', through: ['ExAcquireFastMutex', 'KeAbPreAcquire'], pointer: true, expected: SUSPECT },
      }),
      call('a driver frees a work item that is still queued; the stop names its routine', 0xe4, (stage) => [2n, object(stage), codeOf(stage), 0n], {
        ...{ through: ['IoFreeWorkItem'], pointer: true, expected: { ...LIKELY, shows: ['e-owner-tag', 'e-subcode'] } },
      }),
      call(
        'a driver frees memory that holds a work item still in the queue; the item names its routine',
        0xe4,
        (stage) => {
          const item = object(stage);
          stage.memory.push(words(item, [item + 0x100n, item + 0x200n, codeOf(stage), object(stage)]));
          return [0n, item, item - 0x20n, item + 0x40n];
        },
        { through: ['IoFreeWorkItem'], pointer: true, expected: { ...LIKELY, shows: ['e-work-routine', 'e-subcode'] } },
      ),
      call('a driver asks for a mapping of nothing; the stop names who called', 0xda, (stage) => [0x100n, 0n, tag('Zx01'), codeOf(stage)], {
        ...{ through: ['MmMapLockedPagesSpecifyCache', 'MiReservePtes'], expected: { ...LIKELY, shows: ['e-owner-tag', 'e-tag'] } },
      }),
    ],
    nearly: [
      call(
        'a driver frees a mapping in good order; the description of the buffer was run over',
        0xda,
        (stage) => [6n, bufferList(stage, 'spoiled'), object(stage), 8n],
        {
          ...{ through: ['MmUnmapLockedPages', 'MiReturnSystemPtes'], truth: nobody, expected: { ...SPOILED, shows: ['e-mdl-spoiled'] } },
        },
      ),
      staged(
        'a program ends whose pages are still locked; who locked them was not noted',
        (draw) =>
          alone(draw, 0x76, (stage) => [0n, stage.process.address, 0x20n, 0n], {
            through: ['NtTerminateProcess', 'PspExitThread', 'PspExitProcess'],
            truth: nobody,
          }),
        { ...UNKNOWN, shows: ['e-subcode'] },
      ),
      call(
        "a driver unlocks a process's pages in good order; the description of the buffer was run over",
        0x76,
        (stage) => [1n, bufferList(stage, 'spoiled'), 0x20n, 0n],
        {
          ...{ through: ['MmUnlockPages'], truth: nobody, expected: { ...SPOILED, shows: ['e-mdl-spoiled'] } },
        },
      ),
      staged(
        'a program ends and a kernel call is still due; who left it is not there',
        (draw) => alone(draw, 0x20, (stage) => [object(stage), 0n, 0n, 0n], { through: ['NtTerminateProcess', 'PspExitThread'], truth: nobody }),
        UNKNOWN,
      ),
    ],
    against: [
      staged('page table entries are used up; one driver holds the most, another asked', (draw) => holding(draw, 1), {
        ...{ ...LIKELY, shows: ['e-pte-holder'], doubts: ['a-two-drivers'] },
      }),
    ],
  },
  {
    rule: 'locked-pages',
    fires: [
      staged(
        'a driver leaves pages of a program locked; the stop names where it locked them',
        (draw) => locked(draw, (stage) => [codeOf(stage), codeOf(stage) - 0x10n]),
        { ...LIKELY, shows: ['e-owner-tag'] },
      ),
    ],
    nearly: [
      staged(
        'a part of Windows locked the pages, and who called it is not there',
        (draw) =>
          locked(
            draw,
            (stage) => [addressIn(stage.nt, 'MmProbeAndLockPages') + 0x20n, addressIn(stage.nt, 'IofCallDriver') + 0x20n],
            () => nobody,
          ),
        UNKNOWN,
      ),
    ],
    against: [
      staged(
        'the I/O manager locked the pages for a request; the topmost driver of its way is named',
        (draw) =>
          locked(
            draw,
            (stage) => [addressIn(stage.actor(), 'Dispatch'), draw.pool()],
            (stage) => ({ causes: ['driver'], culprits: stage.actors.map(({ name }) => name), undecidable: true }),
          ),
        { cause: 'driver-bug', sureness: 'possible', culprit: 'true', shows: ['e-owner-tag'], doubts: ['a-top-driver'] },
      ),
    ],
  },
];
