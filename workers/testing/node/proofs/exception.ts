/** Exceptions, traps, and the kernel's own checks. */
import { addressIn } from '../../build/stack.ts';
import type { Draw } from '../../faults/draw.ts';
import { statusWord } from '../../faults/ends.ts';
import { KernelStage } from '../../faults/kernelstage.ts';
import { byDriver } from '../../faults/kinds/access.ts';
import { registryCallback } from '../../faults/kinds/callers.ts';
import { brokenList, fastFail } from '../../faults/kinds/pool.ts';
import { onOwnStack } from '../../faults/kinds/watch.ts';
import { BIT_CHANGED, DISK, type MadeFault, PROCESSOR, type Truth } from '../../faults/truth.ts';
import { runInto, runTo } from '../../faults/ways.ts';
import { type Expected, type Proof, ofKind, staged } from './proof.ts';

const LIKELY: Expected = { cause: 'driver-bug', sureness: 'likely', culprit: 'true' };
const bitChanged: Truth = { causes: ['hardware', 'memory'], culprits: BIT_CHANGED };
const byDisk: Truth = { causes: ['storage', 'hardware'], culprits: DISK };
const ACCESS_VIOLATION = 0xc0000005;

/** Windows' names at hand, so that the stack is proved. */
function named(draw: Draw, ...actors: readonly ('filter' | 'usb' | 'tool')[]): KernelStage {
  const stage = new KernelStage(draw, { actors });
  stage.atHand = 'names';
  return stage;
}

/** A driver follows a pointer through a field that is not there; P3 is the trap frame. */
function withTrapFrame(draw: Draw): MadeFault {
  const stage = named(draw, 'tool');
  runInto(stage, 'ioctl');
  const { rip, cr2, trapFrame } = stage.touch(0x38n);
  stage.chain(stage.nt, 'KiExceptionDispatch', 'KiDispatchException');
  return stage.stop(0x1000008e, [statusWord(ACCESS_VIOLATION), rip, trapFrame, 0n], byDriver(stage), { trapFrame, cr2 });
}

/** A trap of the processor at a mark of the driver's function. */
function trapAt(draw: Draw, mark: 'divide' | 'read', truth?: Truth): MadeFault {
  const stage = named(draw, 'tool');
  runInto(stage, 'ioctl');
  stage.placeOf(mark);
  const trapFrame = stage.trap('KiDivideErrorFault', { mark, registers: { r8: 0n } });
  stage.call(stage.nt, 'KiBugCheckDispatch');
  return stage.stop(0x7f, [0n, 0n, 0n, 0n], truth ?? byDriver(stage), { trapFrame });
}

/** A double fault under two filters; `room`: bytes of the stack that were free. */
function doubleFault(draw: Draw, room: bigint, truth?: Truth): MadeFault {
  const stage = named(draw, 'filter', 'tool');
  runTo(stage, 'create');
  stage.call(stage.actor(0), 'PreOperation', 'PreOperation').call(stage.actor(0), 'Fault').call(stage.nt, 'IofCallDriver');
  stage.call(stage.actor(1), 'Dispatch', 'DriverDispatch').call(stage.actor(1), 'Fault');
  const stackLimit = stage.stack.rsp - room;
  const rip = stage.placeOf('read');
  const trapFrame = stage.trap('KiDoubleFaultAbort', { mark: 'read' });
  stage.call(stage.nt, 'KiBugCheckDispatch');
  const both: Truth = { causes: ['driver', 'resource'], culprits: stage.actors.map(({ name }) => name), undecidable: true };
  return onOwnStack(stage, { trapFrame, rip, stackLimit, truth: truth ?? both });
}

/** A driver's function finds its cookie changed (bug check 0xF7: P1 found, P2 expected, P3 complement). */
function cookie(draw: Draw, change: (expected: bigint) => readonly [found: bigint, complement: bigint], truth?: Truth): MadeFault {
  const stage = named(draw, 'usb');
  runInto(stage, 'workItem');
  stage.call(stage.actor(), 'CookieFail');
  const expected = draw.u64() & 0xffff_ffff_ffffn;
  const [found, complement] = change(expected);
  return stage.stop(0xf7, [found, expected, complement, 0n], truth ?? byDriver(stage));
}
const complementOf = (value: bigint): bigint => BigInt.asUintN(64, ~value);
const TEXT = 0x6c69_6146_6461_6f6cn;

/** A driver takes an entry off its list, or checks another thing of its own. */
function check(draw: Draw, reason: bigint, entry?: (stage: KernelStage) => bigint, truth?: Truth): MadeFault {
  const stage = named(draw, 'usb');
  runInto(stage, 'ioctl');
  return fastFail(stage, reason, truth ?? byDriver(stage), entry?.(stage));
}
const nobodyKnows: Truth = { causes: ['memory', 'driver'], culprits: [], undecidable: true };

/** A system call comes back at DISPATCH_LEVEL; nothing but leftovers lies on the stack (bug check 0x4A: P1 routine, P2 IRQL). */
function systemCall(draw: Draw, hooked: boolean, level = 2n): MadeFault {
  const stage = new KernelStage(draw, { actors: ['tool'], loud: true });
  stage.irql = 2;
  stage.atHand = 'nothing';
  stage.fromUser().call(stage.nt, 'KiBugCheckDispatch');
  const truth: Truth = hooked ? byDriver(stage) : { causes: ['driver'], culprits: [], undecidable: true };
  const routine = hooked ? addressIn(stage.actor(), 'Dispatch') : addressIn(stage.nt, 'NtReadFile');
  return stage.stop(0x4a, [routine, level, 0n, 0n], truth);
}

/** A reference is given back that nobody held (bug check 0x18: P1 type, P2 object). */
function reference(stage: KernelStage, truth: Truth): MadeFault {
  stage.chain(stage.nt, 'ObfDereferenceObject', 'ObfDereferenceObjectWithTag');
  return stage.stop(0x18, [stage.draw.pool(), stage.draw.pool(), 2n, 0xffff_ffff_ffff_ffffn], truth);
}

export const EXCEPTION_PROOFS: readonly Proof[] = [
  {
    rule: 'unhandled-exception',
    fires: [
      ofKind('1e-driver', 0, LIKELY),
      ofKind('3b-driver', 0, LIKELY),
      ofKind('7e-driver', 0, LIKELY),
      staged('a driver reads a field of a structure that is not there; the trap frame is argument 3', withTrapFrame, { ...LIKELY, shows: ['e-operand'] }),
      staged('a registry callback reads a field of a structure that is not there', (draw) => registryCallback(named(draw, 'filter'), { pointer: 0x28n }), {
        ...{ ...LIKELY, shows: ['e-owner-tag', 'e-operand'] },
      }),
      staged('a registry callback has the kernel copy from nowhere', (draw) => registryCallback(named(draw, 'filter'), { pointer: 0x41c0_2000n, copy: true }), {
        ...{ ...LIKELY, shows: ['e-owner-tag'] },
      }),
    ],
    nearly: [
      ofKind('7e-in-page', 0, { cause: 'storage', sureness: 'likely', culprit: 'true' }),
      ofKind('1e-illegal-good-code', 0, { cause: 'hardware', sureness: 'possible', culprit: 'true', shows: ['e-good-code'] }),
      staged(
        'a page that a registry callback needs does not come back from the disk',
        (draw) => registryCallback(named(draw, 'filter'), { pointer: draw.pool(), status: 0xc0000006, truth: byDisk }),
        { cause: 'storage', sureness: 'likely', culprit: 'true' },
      ),
    ],
    against: [
      ofKind('7e-flipped-pointer', 0, { cause: 'hardware', sureness: ['possible', 'likely'], culprit: 'true', doubts: ['a-driver-could'] }),
      staged(
        'a registry callback follows a pointer of which one bit turned over',
        (draw) => registryCallback(named(draw, 'filter'), { pointer: draw.pool() ^ (1n << 58n), truth: bitChanged }),
        { cause: 'hardware', sureness: ['possible', 'likely'], culprit: 'true', shows: ['e-canonical-bit', 'e-owner-tag'], doubts: ['a-driver-could'] },
      ),
    ],
  },
  {
    rule: 'processor-trap',
    fires: [
      ofKind('7f-filter-chain', 0, { ...LIKELY, shows: ['e-double-fault'] }),
      staged('a driver divides by zero', (draw) => trapAt(draw, 'divide'), LIKELY),
    ],
    nearly: [
      staged('a double fault with half of the stack free', (draw) => doubleFault(draw, 0x3000n, { causes: ['hardware'], culprits: PROCESSOR }), {
        cause: 'hardware',
        sureness: 'possible',
        culprit: 'true',
        shows: ['e-double-fault'],
      }),
      staged('the processor reports a division where the code has none', (draw) => trapAt(draw, 'read', { causes: ['hardware'], culprits: PROCESSOR }), {
        cause: 'hardware',
        sureness: 'possible',
        culprit: 'true',
        shows: ['e-trap-other'],
      }),
    ],
    against: [
      staged('two filters, each once, have used the stack up', (draw) => doubleFault(draw, 0x100n), {
        ...{ cause: ['driver-bug', 'resource-exhaustion'], sureness: 'possible', culprit: 'true', doubts: ['a-single-dump'] },
      }),
    ],
  },
  {
    rule: 'stack-cookie',
    fires: [
      staged('a driver writes text over the cookie of its own function', (draw) => cookie(draw, (expected) => [TEXT, complementOf(expected)]), {
        ...{ ...LIKELY, shows: ['e-cookie', 'e-suspect'] },
      }),
    ],
    nearly: [ofKind('f7-one-bit', 0, { cause: 'hardware', sureness: 'likely', culprit: 'true', shows: ['e-cookie-bit'] })],
    against: [
      staged(
        "the check's own constants disagree with each other",
        (draw) => cookie(draw, (expected) => [draw.u64(), complementOf(expected) ^ 0x7_1004n], { ...bitChanged, undecidable: true }),
        { cause: ['hardware', 'memory-corruption'], sureness: 'possible', culprit: 'true', doubts: ['a-driver-could'] },
      ),
    ],
  },
  {
    rule: 'security-check',
    fires: [
      staged('a driver takes an entry off its list twice; the links show it', (draw) => check(draw, 3n, (stage) => brokenList(stage, 'removed-twice')), {
        ...{ ...LIKELY, shows: ['e-corrupt-list', 'e-list-twice'] },
      }),
      staged('a driver writes past a buffer of its own stack', (draw) => check(draw, 2n), LIKELY),
    ],
    nearly: [
      staged(
        "a driver takes an entry off its list; another's overrun has spoiled the entry beside it",
        (draw) => check(draw, 3n, (stage) => brokenList(stage, 'neighbour-spoiled'), nobodyKnows),
        { cause: 'memory-corruption', sureness: 'possible', culprit: 'nobody', shows: ['e-list-link'], lacks: ['e-list-twice'] },
      ),
    ],
    against: [
      staged(
        'a driver takes an entry off its list; one bit of a link turned over',
        (draw) => check(draw, 3n, (stage) => brokenList(stage, 'one-bit'), bitChanged),
        {
          ...{ cause: 'hardware', sureness: 'likely', culprit: 'true', shows: ['e-list-bit'], doubts: ['a-driver-could'] },
        },
      ),
      ofKind('139-refcount', 0, { cause: 'driver-bug', sureness: 'possible', culprit: 'true', doubts: ['a-single-dump'] }),
    ],
  },
  {
    rule: 'syscall-irql',
    fires: [staged('a driver has put its own routine in the place of a system call and leaves the level raised', (draw) => systemCall(draw, true), LIKELY)],
    nearly: [
      staged('a system call of Windows comes back at a raised level; what innocent drivers left covers the stack', (draw) => systemCall(draw, false), {
        ...{ cause: 'driver-bug', sureness: 'not-known', culprit: 'nobody' },
      }),
    ],
    against: [
      staged("the routine is a driver's, and the level that came back is one that no processor has", (draw) => systemCall(draw, true, 0x42n), {
        ...{ cause: 'driver-bug', sureness: 'possible', culprit: 'true', shows: ['e-no-irql'], doubts: ['a-single-dump'] },
      }),
    ],
  },
  {
    rule: 'reference-count',
    fires: [
      staged(
        'a driver gives back a reference once too often',
        (draw) => {
          const stage = named(draw, 'usb');
          runInto(stage, 'ioctl');
          return reference(stage, byDriver(stage));
        },
        { cause: 'driver-bug', sureness: 'possible', culprit: 'true', shows: ['e-suspect'] },
      ),
    ],
    nearly: [
      staged(
        'a program closes its handle in good order; a driver had given back one reference too many before',
        (draw) => {
          const stage = named(draw);
          stage.fromUser('NtClose').call(stage.nt, 'ObpCloseHandle');
          return reference(stage, { causes: ['driver'], culprits: [], undecidable: true });
        },
        { cause: 'driver-bug', sureness: 'not-known', culprit: 'nobody' },
      ),
    ],
    against: [
      staged(
        'two drivers that hold the object stand on the stack; which miscounted is not there',
        (draw) => {
          const stage = named(draw, 'filter', 'tool');
          runTo(stage, 'create');
          stage.call(stage.actor(0), 'PreOperation', 'PreOperation').call(stage.actor(0), 'Fault').call(stage.nt, 'IofCallDriver');
          stage.call(stage.actor(1), 'Dispatch', 'DriverDispatch').call(stage.actor(1), 'Fault');
          return reference(stage, { causes: ['driver'], culprits: stage.actors.map(({ name }) => name), undecidable: true });
        },
        { cause: 'driver-bug', sureness: 'possible', culprit: 'true', doubts: ['a-single-dump'] },
      ),
    ],
  },
];
