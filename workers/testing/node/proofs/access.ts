/** Faults of memory access. */
import { addressIn } from '../../build/stack.ts';
import { words } from '../../build/scene.ts';
import { imageBytes } from '../../build/pe.ts';
import type { Draw } from '../../faults/draw.ts';
import { irqlStop, nonpagedStop } from '../../faults/ends.ts';
import { KernelStage } from '../../faults/kernelstage.ts';
import { byDriver } from '../../faults/kinds/access.ts';
import { BIT_CHANGED, type MadeFault, type Truth } from '../../faults/truth.ts';
import { runInto } from '../../faults/ways.ts';
import { type Expected, type Proof, type Proved, ofKind, staged } from './proof.ts';

const bitChanged: Truth = { causes: ['hardware', 'memory'], culprits: BIT_CHANGED };
const BIT: Expected = { cause: 'hardware', sureness: 'likely', culprit: 'true', shows: ['e-flip-held'], doubts: ['a-driver-could'] };

/** A pointer of which one high bit turned over; the memory that it should lead to is in the dump. */
function flipped(stage: KernelStage): bigint {
  const good = stage.draw.pool() & ~0xfffn;
  stage.memory.push(words(good, [good, 0n, stage.draw.pool()]));
  return good ^ (1n << 40n);
}

/** Special pool gives a block pages of its own and takes them away when it is freed. */
function special(
  draw: Draw,
  code: number,
  { pointer, truth, through }: { pointer?: (stage: KernelStage) => bigint; truth?: Truth; through?: string },
): MadeFault {
  const stage = new KernelStage(draw, { actors: ['filter'] });
  stage.atHand = 'names';
  runInto(stage, 'ioctl');
  if (through) stage.call(stage.nt, through);
  const freed = ((draw.pool() >> 12n) << 12n) + 0xf00n;
  return nonpagedStop(stage, { code, pointer: pointer?.(stage) ?? freed, write: true, kind: 0n, truth: truth ?? byDriver(stage) });
}

/** A packet is handed from the network driver to a filter; one of the two freed it. */
function handedOn(draw: Draw): MadeFault {
  const stage = new KernelStage(draw, { actors: ['network', 'firewall'] });
  stage.atHand = 'names';
  runInto(stage, 'network');
  const ndis = stage.image('ndis.sys');
  stage.call(ndis, 'NdisMIndicateReceiveNetBufferLists', 'ndis!NdisMIndicateReceiveNetBufferLists').call(ndis, 'ndisMIndicateReceive');
  stage.call(stage.actor(1), 'Callback', 'ReceiveHandler').call(stage.actor(1), 'Fault');
  const truth: Truth = { causes: ['driver', 'memory'], culprits: [stage.actor(0).name, stage.actor(1).name], undecidable: true };
  return nonpagedStop(stage, { code: 0xd5, pointer: draw.pool(), kind: 0n, truth });
}

/** A write that the page's entry forbids (bug check 0xBE: P1 address, P2 entry). */
function readOnly(draw: Draw, { pte, target, by }: { pte: bigint; target: (stage: KernelStage) => bigint; by?: string }, truth?: Truth): MadeFault {
  const stage = new KernelStage(draw, { actors: ['filter'] });
  stage.atHand = 'names';
  runInto(stage, 'ioctl');
  if (by) stage.call(stage.nt, by);
  const { displacement } = stage.access();
  const fault = stage.touch(target(stage) - BigInt(displacement), true);
  stage.chain(stage.nt, 'MmAccessFault', 'MiSystemFault');
  const { trapFrame, cr2 } = fault;
  return stage.stop(0xbe, [cr2, pte | (BigInt(draw.below(0xfffff)) << 12n), trapFrame, 0xbn], truth ?? byDriver(stage), { trapFrame, cr2 });
}
const kernelCode = (stage: KernelStage): bigint => stage.nt.base + 0x234560n;

/** The processor is sent to memory that holds no code (bug check 0xFC: P1 address, P2 entry with bit 63). */
function noExecute(stage: KernelStage, target: bigint, truth: Truth, unloaded?: string): MadeFault {
  stage.atHand = 'names';
  stage.stack.push(stage.returnOf('Pointer'));
  const trapFrame = stage.trap('KiPageFault', { rip: target, cr2: target, errorCode: 0x11n });
  stage.chain(stage.nt, 'MmAccessFault', 'MiSystemFault');
  const gone = unloaded === undefined ? {} : { unloaded: [{ name: unloaded, start: target & ~0xffffn, end: (target & ~0xffffn) + 0x20000n }] };
  return stage.stop(0xfc, [target, 0x8000_0000_0010_0963n, trapFrame, 2n], truth, { trapFrame, cr2: target, ...gone });
}

function throughPointer(draw: Draw): KernelStage {
  const stage = new KernelStage(draw, { actors: ['network'] });
  runInto(stage, 'workItem');
  return stage;
}

const CERTAIN: Expected = { cause: 'driver-bug', sureness: 'certain', culprit: 'true', shows: ['e-place', 'e-address'] };
const specialProof = (code: number, says: string, through?: string): Proved =>
  staged(says, (draw) => special(draw, code, through ? { through } : {}), through ? { ...CERTAIN, sureness: ['possible', 'likely'] } : CERTAIN);

export const ACCESS_PROOFS: readonly Proof[] = [
  {
    rule: 'raised-irql',
    fires: [
      ofKind('d1-null-field', 0, { cause: 'driver-bug', sureness: 'likely', culprit: 'true', shows: ['e-place', 'e-address'] }),
      ofKind('a-bad-argument', 1, { cause: 'driver-bug', sureness: 'possible', culprit: 'true' }),
      staged(
        'a driver runs a part of itself that it let Windows page out, at DISPATCH_LEVEL',
        (draw) => {
          const stage = new KernelStage(draw, { actors: ['usb'] });
          runInto(stage, 'dpc');
          const { rip, cr2, trapFrame } = stage.touch(stage.actor().base + 0x3000n);
          stage.chain(stage.nt, 'MmAccessFault', 'MiSystemFault');
          return stage.stop(0xd3, [cr2, 2n, 0n, rip], byDriver(stage), { cr2, trapFrame });
        },
        { cause: 'driver-bug', sureness: ['likely', 'certain'], culprit: 'true' },
      ),
    ],
    nearly: [
      ofKind('a-timer-of-nobody', 0, { cause: ['memory-corruption', 'not-known'], sureness: ['possible', 'not-known'], culprit: 'nobody' }),
      staged(
        'a driver reads in its DPC through a pointer one bit off memory that is there',
        (draw) => {
          const stage = new KernelStage(draw, { actors: ['network'] });
          runInto(stage, 'dpc');
          return irqlStop(stage, 0xd1, { pointer: flipped(stage), truth: bitChanged });
        },
        BIT,
      ),
    ],
    against: [
      staged(
        'a driver reads through a pointer of which one bit turned over',
        (draw) => {
          const stage = new KernelStage(draw, { actors: ['network'] });
          runInto(stage, 'dpc');
          return irqlStop(stage, 0xd1, { pointer: draw.pool() ^ (1n << 55n), truth: bitChanged });
        },
        { cause: ['hardware', 'memory-corruption'], sureness: ['possible', 'likely'], culprit: 'true', shows: ['e-canonical-bit'] },
      ),
    ],
  },
  {
    rule: 'nonpaged-fault',
    fires: [ofKind('50-freed', 0, { cause: 'driver-bug', sureness: 'likely', culprit: 'true', shows: ['e-place', 'e-address', 'e-subcode'] })],
    nearly: [
      ofKind('50-shared-page', 0, { cause: ['hardware', 'memory-corruption'], sureness: 'likely', culprit: 'true', shows: ['e-shared-page'] }),
      staged(
        'a driver reads through a pointer one bit off memory that is there, outside non-paged areas',
        (draw) => {
          const stage = new KernelStage(draw, { actors: ['tool'] });
          runInto(stage, 'ioctl');
          return nonpagedStop(stage, { pointer: flipped(stage), truth: bitChanged });
        },
        BIT,
      ),
    ],
    against: [
      staged(
        'a driver reads a null pointer of which one bit is set',
        (draw) => {
          const stage = new KernelStage(draw, { actors: ['tool'] });
          runInto(stage, 'ioctl');
          return nonpagedStop(stage, { pointer: 1n << 38n, kind: 0xfn, truth: { ...byDriver(stage), undecidable: true } });
        },
        { cause: 'driver-bug', sureness: ['possible', 'likely'], culprit: 'true', shows: ['e-register-bit'], doubts: ['a-register-bit'] },
      ),
    ],
  },
  {
    rule: 'special-pool-fault',
    fires: [
      specialProof(0xd5, 'Verifier watches a driver: it writes to a block that it has freed'),
      specialProof(0xd6, 'Verifier watches a driver: it writes past the end of its block'),
      specialProof(0xcc, 'the kernel copies for a driver into special pool that the driver has freed', 'memmove'),
      specialProof(0xcd, 'the kernel copies for a driver past the end of its block of special pool', 'memmove'),
    ],
    nearly: [
      staged(
        'a driver writes to its block of special pool, and one bit of the pointer turned over',
        (draw) => special(draw, 0xd5, { pointer: flipped, truth: bitChanged }),
        BIT,
      ),
    ],
    against: [
      staged('a filter reads a packet in freed special pool that another driver handed on', handedOn, {
        cause: 'driver-bug',
        sureness: 'possible',
        culprit: 'true',
      }),
    ],
  },
  {
    rule: 'readonly-write',
    fires: [
      staged('a driver writes over code of the kernel', (draw) => readOnly(draw, { pte: 0x0900_0000_0000_0021n, target: kernelCode }), {
        ...{ cause: 'driver-bug', sureness: 'likely', culprit: 'true' },
        shows: ['e-place', 'e-address', 'e-operand'],
      }),
    ],
    nearly: [
      staged(
        'a driver writes to its own block of pool, whose page has lost its write bit',
        (draw) => readOnly(draw, { pte: 0x8a00_0000_0000_0961n, target: (stage) => stage.draw.pool() }, bitChanged),
        { cause: ['memory-corruption', 'hardware'], sureness: 'possible', culprit: 'true', shows: ['e-pte-write'], doubts: ['a-driver-could'] },
      ),
    ],
    against: [
      staged(
        'the kernel writes over code because a driver gave it that address as a buffer',
        (draw) => readOnly(draw, { pte: 0x0900_0000_0000_0021n, target: kernelCode, by: 'memmove' }),
        { cause: 'driver-bug', sureness: 'possible', culprit: 'true', doubts: ['a-single-dump'] },
      ),
    ],
  },
  {
    rule: 'no-execute',
    fires: [
      staged(
        'a driver calls through a pointer in pool that it has freed',
        (draw) => {
          const stage = throughPointer(draw);
          return noExecute(stage, draw.pool(), byDriver(stage));
        },
        { cause: 'driver-bug', sureness: 'possible', culprit: 'true', shows: ['e-called'], doubts: ['a-single-dump'] },
      ),
      staged(
        'a driver calls a driver that was unloaded, whose memory serves as data now',
        (draw) => {
          const stage = throughPointer(draw);
          const last = stage.machine.modules.at(-1);
          const gone = ((last ? last.base + BigInt(last.size) : 0n) + 0x80_0000n) & ~0xffffn;
          return noExecute(stage, gone + 0x1230n, { causes: ['driver'], culprits: ['zorflt.sys', stage.actor().name] }, 'zorflt.sys');
        },
        { cause: 'driver-bug', sureness: 'likely', culprit: 'true', shows: ['e-unloaded'] },
      ),
    ],
    nearly: [
      staged(
        "a driver's return address was run over: it returns into data",
        (draw) => {
          const stage = throughPointer(draw);
          stage.atHand = 'names';
          const target = draw.pool();
          const trapFrame = stage.trap('KiPageFault', { rip: target, cr2: target, errorCode: 0x11n });
          stage.chain(stage.nt, 'MmAccessFault', 'MiSystemFault');
          const truth: Truth = { causes: ['memory', 'driver'], culprits: [], undecidable: true, bystanders: [stage.actor().name] };
          return stage.stop(0xfc, [target, 0x8000_0000_0010_0963n, trapFrame, 2n], truth, { trapFrame, cr2: target });
        },
        { cause: 'memory-corruption', sureness: 'possible', culprit: 'nobody', shows: ['e-returned'], lacks: ['e-called'] },
      ),
    ],
    against: [
      staged(
        'a driver calls a function of its own through a pointer of which one bit turned over',
        (draw) => {
          const stage = throughPointer(draw);
          const actor = stage.actor();
          const entry = addressIn(actor, 'Callback');
          stage.memory.push({ address: entry, bytes: imageBytes(actor.pe, Number(entry - actor.base), 0x40) });
          return noExecute(stage, entry ^ (1n << 41n), bitChanged);
        },
        BIT,
      ),
    ],
  },
];
