/** Signs in memory: a bit that turned over, whose a block is, links of a list, a driver that is gone. */
import { words } from '../../build/scene.ts';
import type { Draw } from '../../faults/draw.ts';
import { irqlStop } from '../../faults/ends.ts';
import { KernelStage, type StopOptions } from '../../faults/kernelstage.ts';
import { byDriver } from '../../faults/kinds/access.ts';
import { bitChanged, misexecuted } from '../../faults/kinds/hardware.ts';
import { fastFail, poolHeader } from '../../faults/kinds/pool.ts';
import type { MadeFault, Truth } from '../../faults/truth.ts';
import { runInto, runTo } from '../../faults/ways.ts';
import { type Expected, type Proof, type Proved, ofKind, staged } from './proof.ts';

const DRIVER: Expected = { cause: 'driver-bug', sureness: 'likely', culprit: 'true' };
const SUSPECT: Expected = { cause: 'driver-bug', sureness: 'possible', culprit: 'true' };
const DAMAGE: Expected = { cause: 'memory-corruption', sureness: 'possible', culprit: 'nobody', doubts: ['a-single-dump'] };
const BIT: Expected = { cause: 'hardware', sureness: 'likely', culprit: 'true', doubts: ['a-driver-could'] };
const SMALL: StopOptions = { file: { kind: 'triage', keepCode: true } };
const nobody: Truth = { causes: ['memory', 'driver', 'hardware'], culprits: [], undecidable: true };

/** 0x1A/41792: an entry of the page tables that must be empty holds `value`. */
function emptyEntry(draw: Draw, value: bigint, truth: (stage: KernelStage) => Truth): MadeFault {
  const stage = new KernelStage(draw);
  runTo(stage, 'worker');
  return stage.call(stage.nt, 'MiCheckPte', 'WorkerRoutine').stop(0x1a, [0x41792n, 0xffff_dd01_0bc5_d3f8n, value, 0n], truth(stage));
}
const ONE_BIT: Proof = {
  rule: 'e-one-bit',
  fires: [ofKind('1a-one-bit', 0, BIT), staged('an empty entry with one bit', (draw) => emptyEntry(draw, 1n << 37n, bitChanged), BIT)],
  nearly: [
    staged('an empty entry with two bits', (draw) => emptyEntry(draw, 3n << 36n, () => ({ ...nobody, culprits: ['ram'] })), {
      ...DAMAGE,
      culprit: 'true',
      doubts: ['a-driver-could'],
    }),
  ],
  against: [
    staged('a second bit beside it is wrong too', (draw) => emptyEntry(draw, 3n << 40n, () => ({ ...nobody, culprits: ['ram'] })), {
      ...{ ...DAMAGE, culprit: 'true', doubts: ['a-driver-could'] },
    }),
  ],
};

const cookie = (draw: Draw, wrong: bigint): MadeFault => {
  const stage = new KernelStage(draw, { actors: ['usb'] });
  stage.atHand = 'names';
  runInto(stage, 'workItem');
  stage.call(stage.actor(), 'CookieFail');
  const expected = 0x9d3a_41c7_0b52n;
  return stage.stop(0xf7, [expected ^ wrong, expected, BigInt.asUintN(64, ~expected), 0n], wrong === 1n << 20n ? bitChanged(stage) : byDriver(stage), SMALL);
};
const COOKIE_BIT: Proof = {
  rule: 'e-cookie-bit',
  fires: [staged('a cookie is wrong by one bit', (draw) => cookie(draw, 1n << 20n), { ...BIT, doubts: [] })],
  nearly: [staged('text stands where the cookie was', (draw) => cookie(draw, 0x6c69_6146_6461_6f6cn), DRIVER)],
  against: [staged('many bits are wrong: the buffer’s owner wrote there', (draw) => cookie(draw, 0x4141_4141n), { ...DRIVER, doubts: ['a-hardware-could'] })],
};

/** A register holds the pointer as it should be; the one that is used differs in `wrong`. */
function twin(draw: Draw, wrong: bigint): MadeFault {
  const stage = new KernelStage(draw, { actors: ['network'] });
  runInto(stage, 'dpc');
  const good = 0xffff_9a00_1234_5000n;
  const held = ['rax', 'rcx', 'rdx', 'r8'].find((name) => name !== stage.access().base) ?? 'r9';
  const { rip, cr2, registers } = stage.aim(good ^ wrong);
  const trapFrame = stage.trap('KiPageFault', { mark: 'read', cr2, registers: { ...registers, [held]: good } });
  stage.call(stage.nt, 'KiBugCheckDispatch');
  const truth = wrong === 1n << 36n ? bitChanged(stage) : byDriver(stage);
  return stage.stop(0xd1, [cr2, 2n, 0n, rip], truth, { cr2, trapFrame, ...SMALL });
}
const TWIN: Proof = {
  rule: 'e-pointer-twin',
  fires: [staged('a register holds the same pointer without the wrong bit', (draw) => twin(draw, 1n << 36n), { ...BIT, sureness: 'possible' })],
  nearly: [
    staged('a register holds a pointer of the same kind: many bits differ', (draw) => twin(draw, 0x70_0003_1230n), DRIVER),
    staged('a register holds a neighbour: one low bit differs', (draw) => twin(draw, 1n << 12n), DRIVER),
  ],
  against: [staged('a twin that is no memory of this dump', (draw) => twin(draw, 1n << 36n), { ...BIT, sureness: 'possible' })],
};

const UNLOADED = { name: 'kepvimio.sys', start: 0xffff_f805_9990_0000n, end: 0xffff_f805_9991_0000n };
/** The kernel's dispatcher reads an object of a driver; that driver was unloaded, or is there. */
function intoUnloaded(draw: Draw, address: bigint, culprits: readonly string[]): MadeFault {
  const stage = new KernelStage(draw);
  runTo(stage, 'timer');
  const { displacement } = stage.access();
  const truth: Truth = { causes: ['driver'], culprits };
  return irqlStop(stage, 0xa, { pointer: address - BigInt(displacement), truth, stop: { unloaded: [UNLOADED], ...SMALL } });
}
const GONE: Proof = {
  rule: 'e-unloaded',
  fires: [
    staged('a timer of a driver that was unloaded', (draw) => intoUnloaded(draw, UNLOADED.start + 0x3120n, [UNLOADED.name]), DRIVER),
    ofKind('ce-unload', 0, { ...DRIVER, sureness: ['likely', 'certain'] }),
  ],
  nearly: [
    staged('just behind where it was', (draw) => intoUnloaded(draw, UNLOADED.end + 0x10n, []), {
      cause: ['not-known', 'memory-corruption'],
      sureness: ['not-known', 'possible'],
      culprit: 'nobody',
    }),
  ],
  against: [
    staged('nowhere near: one dump says no more', (draw) => intoUnloaded(draw, UNLOADED.end + 0x9_0000n, []), {
      cause: ['not-known', 'memory-corruption'],
      sureness: ['not-known', 'possible'],
      culprit: 'nobody',
      doubts: ['a-single-dump'],
    }),
  ],
};

type Links = 'twice' | 'overwritten' | 'bit' | 'whole';
/** A driver takes an entry off its list (LIST_ENTRY: Flink, Blink); what its neighbours say of it. */
function listCheck(draw: Draw, links: Links): MadeFault {
  const stage = new KernelStage(draw, { actors: ['filter'] });
  stage.atHand = 'names';
  stage.file = { kind: 'triage', keepCode: true };
  runInto(stage, 'ioctl');
  const page = draw.pool() & ~0xfffn;
  const [entry, next, previous] = [page + 0x100n, page + 0x300n, page + 0x500n];
  const back = links === 'twice' ? previous : entry;
  const forth = { twice: next, overwritten: 0xffff_9a00_4141_4141n & ~7n, bit: entry ^ (1n << 21n), whole: entry }[links];
  stage.memory.push(words(entry, [next, previous]), words(next, [page + 0x700n, back]), words(previous, [forth, page + 0x800n]));
  const truth: Truth = links === 'twice' || links === 'whole' ? byDriver(stage) : links === 'bit' ? bitChanged(stage) : nobody;
  return fastFail(stage, 3n, truth, entry);
}
const list = (says: string, links: Links, expected: Expected): Proved => staged(says, (draw) => listCheck(draw, links), expected);
const TWICE = list('a driver takes an entry off twice', 'twice', { ...SUSPECT, sureness: ['possible', 'likely'], shows: ['e-list-twice'] });
const OVERWRITTEN = list('the neighbour’s link was run over', 'overwritten', { ...DAMAGE, shows: ['e-list-link'], lacks: ['e-list-bit'] });
const LINK_BIT = list('the neighbour’s link is wrong by one bit', 'bit', { ...BIT, shows: ['e-list-link', 'e-list-bit'] });
const WHOLE = list('the links that the dump holds agree', 'whole', { ...SUSPECT, sureness: ['possible', 'likely'] });
const LIST_TWICE: Proof = { rule: 'e-list-twice', fires: [TWICE], nearly: [OVERWRITTEN, WHOLE], against: [WHOLE] };
const LIST_LINK: Proof = { rule: 'e-list-link', fires: [OVERWRITTEN, LINK_BIT], nearly: [TWICE, WHOLE], against: [OVERWRITTEN] };
const LIST_BIT: Proof = { rule: 'e-list-bit', fires: [LINK_BIT], nearly: [OVERWRITTEN, TWICE], against: [OVERWRITTEN] };

/** Blocks of one page, whose headers chain; the last one is freed and found damaged. */
function poolPage(draw: Draw, headers: 'chain' | 'alone' | 'none'): MadeFault {
  const stage = new KernelStage(draw, { actors: ['filter'] });
  stage.atHand = 'names';
  runInto(stage, 'ioctl');
  stage.call(stage.nt, 'ExFreePoolWithTag');
  const page = draw.pool() & ~0xfffn;
  const filler = Array.from({ length: 6 }, () => 0x4141_4141_4141_4141n);
  const second = [poolHeader(8, 4, 'Irp '), 0n, ...filler];
  if (headers === 'chain') stage.memory.push(words(page, [poolHeader(4, 0, 'File'), 0n, ...filler, ...second]));
  if (headers === 'alone') stage.memory.push(words(page + 0x40n, second));
  return stage.stop(0x19, [0x20n, page + 0x40n, page + 0xc0n, 0x0c08_0001n], nobody, { file: { kind: 'triage', keepCode: true } });
}
const pool = (says: string, headers: 'chain' | 'alone' | 'none', more: Partial<Expected>): Proved =>
  staged(says, (draw) => poolPage(draw, headers), { ...DAMAGE, ...more });
const CHAIN = pool('the page of the block is there, with the block in front', 'chain', {
  words: [/tag “Irp ”/, /block in front, at 0x[0-9a-f]+, has the tag “File”/],
});
const ALONE = pool('the header of the block alone is there', 'alone', { words: [/tag “Irp ”/] });
const NOWHERE = pool('nothing of the block is there', 'none', {});
const POOL_BLOCK: Proof = { rule: 'e-pool-block', fires: [CHAIN, ALONE], nearly: [NOWHERE], against: [CHAIN], context: true };
const POOL_BEFORE: Proof = { rule: 'e-pool-before', fires: [CHAIN], nearly: [ALONE, NOWHERE], against: [CHAIN] };

/** 0xC2/A: a block is freed under another tag (P3 the tag it was got with, P4 the tag it is freed with). */
function wrongTag(draw: Draw, tag: bigint, atHand: KernelStage['atHand'] = 'names'): MadeFault {
  const stage = new KernelStage(draw, { actors: ['filter'] });
  stage.atHand = atHand;
  runInto(stage, 'ioctl');
  stage.call(stage.nt, 'ExFreePoolWithTag');
  return stage.stop(0xc2, [0xan, draw.pool(), tag, 0x3130_785an], byDriver(stage), SMALL);
}
const TAG: Proof = {
  rule: 'e-tag',
  fires: [
    staged('a driver frees a block of the file system’s', (draw) => wrongTag(draw, 0x656c_6946n), {
      ...DRIVER,
      sureness: ['likely', 'possible'],
      words: [/“File”/],
    }),
  ],
  nearly: [staged('the tag is no text', (draw) => wrongTag(draw, 0x0102_0304n), { ...DRIVER, sureness: ['likely', 'possible'] })],
  against: [
    staged('a tag that the list does not know, and words on the stack alone for who frees it', (draw) => wrongTag(draw, 0x3131_717an, 'nothing'), {
      ...{ ...SUSPECT, words: [/not in the tables/], doubts: ['a-scan'] },
    }),
  ],
};

const TIMER_WAIT = ['KiTimerExpiration', 'KiTimerWaitTest'] as const;
/** The processor goes on in the middle of an instruction whose register the trap frame keeps. */
function insideKept(draw: Draw): MadeFault {
  const stage = new KernelStage(draw);
  runTo(stage, 'timer');
  stage.chain(stage.nt, ...TIMER_WAIT);
  stage.file = { kind: 'triage', keepCode: true };
  return misexecuted(stage);
}
const INSIDE: Expected = { cause: 'hardware', sureness: 'likely', culprit: 'true', shows: ['e-inside', 'h-cpu-misstep'], doubts: ['a-wild-jump'] };
const INSIDE_PROOF: Proof = {
  rule: 'e-inside-proof',
  fires: [staged('what it misread makes the very address', insideKept, INSIDE)],
  nearly: [
    staged('the same place, reached in step', inStep, {
      cause: ['not-known', 'driver-bug', 'memory-corruption'],
      sureness: ['not-known', 'possible'],
      culprit: 'nobody',
    }),
  ],
  against: [ofKind('mis-execution', 0, { ...INSIDE, sureness: ['possible', 'likely'] })],
};
function inStep(draw: Draw): MadeFault {
  const stage = new KernelStage(draw);
  runTo(stage, 'timer');
  stage.chain(stage.nt, ...TIMER_WAIT);
  return irqlStop(stage, 0xa, { pointer: 0x1_2340n, truth: nobody, stop: SMALL });
}
const INSIDE_INSTRUCTION: Proof = {
  ...INSIDE_PROOF,
  rule: 'e-inside',
  fires: [...INSIDE_PROOF.fires, ofKind('mis-execution', 1, { ...INSIDE, sureness: ['possible', 'likely'] })],
};

export const SIGN_MEMORY_PROOFS: readonly Proof[] = [
  ...[ONE_BIT, COOKIE_BIT, TWIN, GONE, LIST_TWICE, LIST_LINK, LIST_BIT, POOL_BLOCK, POOL_BEFORE, TAG, INSIDE_PROOF, INSIDE_INSTRUCTION],
];
