/** Pool and kernel heap: who finds the damage and who did it. */
import { words } from '../../build/scene.ts';
import type { Draw } from '../../faults/draw.ts';
import { KernelStage } from '../../faults/kernelstage.ts';
import { byDriver } from '../../faults/kinds/access.ts';
import { addressIn } from '../../build/stack.ts';
import { poolHeader } from '../../faults/kinds/pool.ts';
import { BIT_CHANGED, type MadeFault, type Truth } from '../../faults/truth.ts';
import { runInto, runTo } from '../../faults/ways.ts';
import { type Expected, type Proof, ofKind, staged } from './proof.ts';

const bitChanged: Truth = { causes: ['hardware', 'memory'], culprits: BIT_CHANGED };
const foundBy = (stage: KernelStage): Truth => ({
  causes: ['memory', 'driver'],
  culprits: [],
  undecidable: true,
  bystanders: stage.actors.map(({ name }) => name),
});
const LIKELY: Expected = { cause: 'driver-bug', sureness: 'likely', culprit: 'true' };
const SUSPECT: Expected = { cause: 'driver-bug', sureness: 'possible', culprit: 'true', doubts: ['a-single-dump'] };
const NOBODY: Expected = { cause: 'memory-corruption', sureness: 'possible', culprit: 'nobody', doubts: ['a-single-dump'] };
const BIT: Expected = { cause: 'hardware', sureness: 'likely', culprit: 'true', doubts: ['a-driver-could'] };

/** What is told of one call into pool code. */
interface Call {
  readonly through?: readonly string[];
  readonly truth?: (stage: KernelStage) => Truth;
  /** Two drivers, the second called by the first. */
  readonly below?: boolean;
  /** Nothing at hand: the stack can only be scanned. */
  readonly scanned?: boolean;
}

type Params = readonly [bigint, bigint, bigint, bigint];

/** A driver gives memory back or asks for some, and pool code stops the machine. */
function poolStop(draw: Draw, code: number, params: (stage: KernelStage) => Params, call: Call = {}): MadeFault {
  const { through = ['ExFreePoolWithTag'], truth = byDriver, below = false, scanned = false } = call;
  const stage = new KernelStage(draw, { actors: below ? ['filter', 'tool'] : ['filter'] });
  stage.atHand = scanned ? 'nothing' : 'names';
  stage.file = { kind: 'triage', keepCode: true };
  runInto(stage, 'ioctl');
  if (below) {
    stage.call(stage.nt, 'IofCallDriver').call(stage.actor(1), 'Dispatch', 'DriverDispatch').call(stage.actor(1), 'Fault');
  }
  stage.chain(stage.nt, ...through);
  return stage.stop(code, [...params(stage)], truth(stage));
}

/** Two blocks from the start of a page, whose headers chain; the address of the second's header. */
function neighbours(stage: KernelStage): bigint {
  const page = stage.draw.pool() & ~0xfffn;
  const filler = Array.from({ length: 6 }, () => 0x4141_4141_4141_4141n);
  stage.memory.push(words(page, [poolHeader(4, 0, 'Nb01'), 0n, ...filler, poolHeader(8, 4, 'Zx01'), 0n, ...filler]));
  return page + 0x40n;
}

/** A list of free blocks: entry, and what its links lead back to. */
const freeList =
  (change: (entry: bigint) => bigint) =>
  (stage: KernelStage): Params => {
    const entry = stage.draw.pool();
    return [3n, entry, change(entry), entry];
  };

/** Pool code touches an address that its own tables gave it (bug checks 0xC5 and 0xD0: P1 address, P2 IRQL, P3 access, P4 instruction). */
function touched(draw: Draw, code: number, pointer: (stage: KernelStage) => bigint, truth?: Truth): MadeFault {
  const stage = new KernelStage(draw, { actors: ['network'] });
  stage.atHand = 'names';
  runInto(stage, 'network');
  stage.chain(stage.nt, 'ExAllocatePoolWithTag', 'ExAllocateHeapPool', 'RtlpHpLfhSlotAllocate');
  const fault = stage.touch(pointer(stage), true);
  stage.call(stage.nt, 'KiBugCheckDispatch');
  return stage.stop(code, [fault.cr2, 2n, 1n, fault.rip], truth ?? foundBy(stage), { trapFrame: fault.trapFrame, cr2: fault.cr2 });
}

const wild = (stage: KernelStage): bigint => 0x2_3a51_0000_0000n + BigInt(stage.draw.u32());
/** One far bit off memory that the dump holds. */
function far(stage: KernelStage): bigint {
  const good = stage.draw.pool() & ~0xfffn;
  stage.memory.push(words(good - 0x10n, [poolHeader(4, 0, 'Zx01'), 0n, good, good, 0n, 0n]));
  return good ^ (1n << 39n);
}

/** The thread that takes sections down finds the pool under one damaged; a filter may stand on its stack. */
function fileArea(draw: Draw, filter: boolean): MadeFault {
  const stage = new KernelStage(draw, { actors: filter ? ['filter'] : [] });
  stage.atHand = 'names';
  if (filter) runInto(stage, 'workItem');
  else runTo(stage, 'worker');
  stage.call(stage.nt, 'MiSegmentDelete', filter ? 'Pointer' : 'WorkerRoutine');
  return stage.stop(0xde, [0n, 0n, 0n, 0n], foundBy(stage));
}

const special =
  (kind: bigint) =>
  (stage: KernelStage): Params => {
    const block = (stage.draw.pool() & ~0xfffn) + 0xe80n;
    return [block, block + 0x17fn, 0n, kind];
  };
const heap =
  (kind: bigint) =>
  (stage: KernelStage): Params => [kind, stage.draw.pool(), stage.draw.pool(), 0n];
const HEAP_CALLS = ['ExFreePoolWithTag', 'ExFreeHeapPool', 'RtlpHpFreeHeap', 'RtlpHeapHandleError'];
const tag = (text: string): bigint => poolHeader(0, 0, text) >> 32n;

export const POOL_PROOFS: readonly Proof[] = [
  {
    rule: 'pool-header',
    fires: [
      staged(
        'a driver frees a block behind whose end it has written',
        (draw) => poolStop(draw, 0x19, ({ draw: at }) => [0x21n, at.pool(), 0x38n, 0x4141_4141n]),
        {
          ...{ ...SUSPECT, shows: ['e-subcode', 'e-suspect'] },
        },
      ),
    ],
    nearly: [
      staged(
        "a driver frees its block, whose header the block before it, another's, ran over",
        (draw) =>
          poolStop(
            draw,
            0x19,
            (stage) => {
              const entry = neighbours(stage);
              return [0x20n, entry, entry + 0x80n, 0x0c20_0041n];
            },
            { truth: foundBy },
          ),
        { ...NOBODY, shows: ['e-pool-block', 'e-pool-before'] },
      ),
      staged(
        'a driver asks for memory, and one bit of a free block’s link turned over',
        (draw) =>
          poolStop(
            draw,
            0x19,
            freeList((entry) => entry ^ (1n << 21n)),
            { through: ['ExAllocatePoolWithTag', 'ExAllocateHeapPool'], truth: () => bitChanged },
          ),
        { ...BIT, shows: ['e-list-bit'] },
      ),
      staged(
        'a driver asks for memory, and a free block’s link leads elsewhere',
        (draw) =>
          poolStop(
            draw,
            0x19,
            freeList(() => 0x0061_0074_0061_0064n),
            { through: ['ExAllocatePoolWithTag', 'ExAllocateHeapPool'], truth: foundBy },
          ),
        { ...NOBODY, lacks: ['e-list-bit'] },
      ),
    ],
    against: [
      staged(
        'a block behind whose end somebody has written is freed; who frees it is only scanned from the stack',
        (draw) => poolStop(draw, 0x19, ({ draw: at }) => [0x21n, at.pool(), 0x38n, 0x4141_4141n], { scanned: true }),
        { ...SUSPECT, doubts: ['a-scan', 'a-single-dump'] },
      ),
    ],
  },
  {
    rule: 'pool-caller',
    fires: [
      staged('a driver frees an address inside its block', (draw) => poolStop(draw, 0xc2, ({ draw: at }) => [0x46n, at.pool() + 0x8n, 0n, 0n]), {
        ...{ ...LIKELY, shows: ['e-subcode', 'e-suspect'] },
      }),
      staged(
        'a driver frees a block by another tag than it was given out with',
        (draw) => poolStop(draw, 0xc2, ({ draw: at }) => [0xan, at.pool(), tag('File'), tag('Zx01')]),
        { ...LIKELY, shows: ['e-tag'] },
      ),
      staged(
        'a driver asks for memory without a tag; the stop names the caller',
        (draw) =>
          poolStop(draw, 0xc2, (stage) => [0x9bn, 0x200n, 0x80n, addressIn(stage.actor(), 'Fault') + 0x20n], {
            through: ['ExAllocatePoolWithTag', 'ExAllocateHeapPool'],
          }),
        { ...LIKELY, shows: ['e-owner-tag'] },
      ),
    ],
    nearly: [
      staged(
        'a driver frees a block that is free already; who freed it first is not there',
        (draw) => poolStop(draw, 0xc2, ({ draw: at }) => [7n, 0n, 0x0212_0007n, at.pool()]),
        {
          ...SUSPECT,
        },
      ),
      staged(
        'a driver frees its block, whose header was damaged before',
        (draw) => poolStop(draw, 0xc2, ({ draw: at }) => [1n, at.pool() - 0x10n, 0x4141_4141n, 0n], { truth: foundBy }),
        { ...NOBODY, shows: ['e-subcode'] },
      ),
    ],
    against: [
      staged(
        'a driver frees its block, and one bit of the pointer turned over',
        (draw) => poolStop(draw, 0xc2, (stage) => [0x99n, far(stage), 0n, 0n], { truth: () => bitChanged }),
        { ...BIT, shows: ['e-flip-held'] },
      ),
    ],
  },
  {
    rule: 'pool-touched',
    fires: [
      staged('an allocation walks a free list that somebody’s overrun has broken', (draw) => touched(draw, 0xc5, wild), {
        ...NOBODY,
        shows: ['e-place', 'e-address'],
      }),
    ],
    nearly: [
      staged('an allocation walks a free list of which one bit turned over', (draw) => touched(draw, 0xc5, far, bitChanged), {
        ...BIT,
        shows: ['e-flip-held'],
      }),
    ],
    against: [
      staged(
        'an allocation finds an address of a single bit in a free list',
        (draw) => touched(draw, 0xc5, (stage) => (1n << 44n) - BigInt(stage.access().displacement), { ...bitChanged, undecidable: true }),
        {
          ...{ cause: 'memory-corruption', sureness: 'possible', culprit: 'true', shows: ['e-one-bit'], doubts: ['a-single-dump'] },
        },
      ),
    ],
  },
  {
    rule: 'special-pool',
    fires: [
      staged('a driver frees a block of special pool that it wrote past', (draw) => poolStop(draw, 0xc1, special(0x24n)), {
        ...LIKELY,
        shows: ['e-subcode', 'e-suspect'],
      }),
      staged(
        'a driver frees a block of special pool at a level where it must not',
        (draw) => poolStop(draw, 0xc1, ({ draw: at }) => [2n, 1n, at.pool(), 0x31n]),
        LIKELY,
      ),
    ],
    nearly: [
      staged(
        'a driver frees its block of special pool, and one bit beside it turned over',
        (draw) => poolStop(draw, 0xc1, special(0x32n), { truth: () => bitChanged }),
        { ...BIT, shows: ['e-subcode'] },
      ),
    ],
    against: [
      staged(
        'a block of special pool is freed that was written past; who frees it is only scanned from the stack',
        (draw) => poolStop(draw, 0xc1, special(0x24n), { scanned: true }),
        {
          ...{ ...SUSPECT, doubts: ['a-scan'] },
        },
      ),
    ],
  },
  {
    rule: 'kernel-heap',
    fires: [
      staged('the heap finds a block that its neighbour ran over', (draw) => poolStop(draw, 0x13a, heap(6n), { through: HEAP_CALLS, truth: foundBy }), {
        ...{ ...NOBODY, shows: ['e-subcode'] },
      }),
      ofKind('13a-heap', 1, NOBODY),
    ],
    nearly: [staged('a driver gives a block back that is free already', (draw) => poolStop(draw, 0x13a, heap(0xfn), { through: HEAP_CALLS }), SUSPECT)],
    against: [
      staged(
        'the heap finds a damaged block, and two drivers stand over it on the stack',
        (draw) =>
          poolStop(draw, 0x13a, (stage) => [3n, stage.draw.pool(), neighbours(stage) + 0x10n, 0n], { through: HEAP_CALLS, truth: foundBy, below: true }),
        { ...NOBODY, shows: ['e-pool-before', 'e-suspect'] },
      ),
    ],
  },
  {
    rule: 'other-pool',
    fires: [
      staged('the memory manager lets a file go and finds the pool under it damaged', (draw) => fileArea(draw, false), NOBODY),
      staged('an allocation of many pages goes through tables that somebody has run over', (draw) => touched(draw, 0xd0, wild), {
        ...NOBODY,
        shows: ['e-place', 'e-address'],
      }),
    ],
    nearly: [
      staged('an allocation of many pages goes through a link of which one bit turned over', (draw) => touched(draw, 0xd0, far, bitChanged), {
        ...BIT,
        shows: ['e-flip-held'],
      }),
    ],
    against: [
      staged('a filter lets a file go in good order; the pool under it was damaged before', (draw) => fileArea(draw, true), {
        ...{ ...NOBODY, shows: ['e-suspect'] },
      }),
    ],
  },
];
