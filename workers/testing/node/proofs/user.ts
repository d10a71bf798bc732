/** Applications that touch what they may not: what the address was, whose code stood there, whether the code could have done it. */
import { put } from '../../build/binary.ts';
import { words } from '../../build/scene.ts';
import { imageBytes } from '../../build/pe.ts';
import { accessOf } from '../../faults/code.ts';
import type { Draw } from '../../faults/draw.ts';
import { byProgram, inProgram } from '../../faults/kinds/user.ts';
import { BIT_CHANGED, DISK, type MadeFault, PROCESSOR, type Truth } from '../../faults/truth.ts';
import type { UserOptions, UserStage } from '../../faults/userstage.ts';
import { type Expected, type Proof, type Proved, ofKind, staged } from './proof.ts';

const OWN: Expected = { cause: 'application-bug', sureness: 'likely', culprit: 'true' };

/** The program's own function goes through a pointer that is there, or is not. */
const touches = (says: string, pointer: (stage: UserStage, draw: Draw) => bigint, expected: Partial<Expected>, options: UserOptions = {}): Proved =>
  staged(
    says,
    (draw) => {
      const stage = inProgram(draw, { whole: true, ...options });
      return stage.write(stage.thread.touch(pointer(stage, draw)), byProgram(stage));
    },
    { ...OWN, ...expected },
  );

/** The touching instruction's displacement is taken off, so that `address` is what is reported. */
function touchesAt(says: string, address: (stage: UserStage) => bigint, expected: Partial<Expected>): Proved {
  const at = (stage: UserStage): bigint => address(stage) - BigInt(accessOf(stage.program, 'Fault').displacement);
  return touches(says, at, { shows: ['e-address'], ...expected });
}

/** The program goes to an address as if code were there. */
const runs = (says: string, target: (stage: UserStage, draw: Draw) => bigint, expected: Partial<Expected>, options: UserOptions = {}): Proved =>
  staged(
    says,
    (draw) => {
      const stage = inProgram(draw, options);
      const address = target(stage, draw);
      return stage.write({ code: 0xc0000005, address, parameters: [8n, address] }, byProgram(stage));
    },
    { ...OWN, sureness: ['possible', 'likely'], shows: ['e-address'], ...expected },
  );

const UNLOADED = { base: 0x7ffa_0000_0000n, size: 0x10000, name: String.raw`C:\Program Files\Example\kepshell.dll`, timestamp: 0x62000000 };

const ADDRESSES: Proof = {
  rule: 'e-address',
  fires: [
    touchesAt('a null pointer', () => 0n, { words: [/null pointer/] }),
    touchesAt('a field of a structure that is not there', () => 0x28n, { words: [/null pointer plus 0x28/] }),
    touches('heap that the debug heap filled when it was freed', () => 0xfeee_feee_feee_feeen, { words: [/fill pattern of freed heap memory/] }),
    touches('memory that was never written since it was handed out', () => 0xcdcd_cdcd_cdcd_cdcdn, { words: [/fill pattern of fresh memory/] }),
    touches('the guard bytes behind a heap block', () => 0xabab_abab_abab_ababn, { words: [/guard pattern behind a heap block/] }),
    touches('text where a pointer was', () => 0x6f6c_6c65_4820_6e69n, { words: [/text: the characters/] }),
    touchesAt('the read-only code of a library of Windows', (stage) => stage.loaded('ntdll.dll').base + 0x2000n, { words: [/inside ntdll\.dll\+0x2000/] }),
    staged(
      'a library that was unloaded',
      (draw) => {
        const stage = inProgram(draw, { whole: true });
        const pointer = UNLOADED.base + 0x1200n - BigInt(accessOf(stage.program, 'Fault').displacement);
        return stage.write(stage.thread.touch(pointer), byProgram(stage), { unloaded: [UNLOADED] });
      },
      { ...OWN, words: [/inside kepshell\.dll, which had been unloaded \(\+0x1200\)/] },
    ),
    staged(
      'the guard page of a buffer of its own',
      (draw) => {
        const stage = inProgram(draw, { whole: true });
        const { address } = stage.thread.touch(0n);
        return stage.write({ code: 0x80000001, address, parameters: [0n, 0x1f0_0000_5000n] }, byProgram(stage));
      },
      { ...OWN, words: [/0x1f000005000: a user-mode address/] },
    ),
    runs('its own stack, as code', (stage) => stage.thread.stack.rsp + 0x40n, { words: [/on this thread's stack/] }),
    runs('its heap, as code', (_, draw) => draw.heap(), { words: [/a user-mode address/] }),
  ],
  nearly: [ofKind('u-divide', 0, { ...OWN, lacks: ['e-address'] }), ofKind('u-handle', 0, { ...OWN, lacks: ['e-address'] })],
  against: [
    touches('Windows reports -1; the instruction shows text', () => 0x6f6c_6c65_4820_6e69n, {
      shows: ['e-refused', 'e-base-value'],
      doubts: ['a-hardware-could'],
    }),
  ],
};

const ntdllFault = (draw: Draw, pointer: bigint): MadeFault => {
  const stage = inProgram(draw, { whole: true });
  stage.thread.call('ntdll.dll', 'RtlFreeHeap').call('ntdll.dll', 'RtlpFreeHeapInternal');
  return stage.write(stage.thread.touch(pointer), byProgram(stage));
};

const OWN_CODE: Proof = {
  rule: 'h-app-own',
  fires: [ofKind('u-null', 0, OWN), ofKind('u-divide', 1, OWN), touches('its own wild pointer', () => 0x7f3a_0000n, {})],
  nearly: [ofKind('u-overlay-faults', 0, OWN), ofKind('u-plugin', 1, OWN), ofKind('u-display-driver', 0, OWN)],
  against: [
    touches('a pointer but for one bit, and nothing at the proper place', () => 0x0080_0123_4567_8900n, {
      sureness: 'possible',
      shows: ['e-canonical-bit'],
      doubts: ['a-hardware-could'],
    }),
  ],
};

const LIBRARY: Proof = {
  rule: 'h-app',
  fires: [ofKind('u-overlay-faults', 0, OWN), ofKind('u-plugin', 0, OWN), ofKind('u-display-driver', 1, OWN)],
  nearly: [ofKind('u-overlay-passes', 0, OWN), ofKind('u-null', 2, OWN)],
  against: [
    staged('the heap of ntdll goes through a bad link: it holds the data of everybody in the process', (draw) => ntdllFault(draw, 0x18n), {
      ...OWN,
      sureness: 'possible',
      doubts: ['a-hardware-could'],
    }),
  ],
};

/** The processor reports an access at an instruction that makes none: "xor ecx,ecx" in front of a call, or the null-pointer read beside it. */
function otherCode(draw: Draw, fact: 'zeros' | 'elsewhere' | 'true'): MadeFault {
  const stage = inProgram(draw, { whole: true });
  const { thread, program } = stage;
  const raised = thread.touch(0x1_2340_0000n, true);
  if (fact === 'true') return stage.write(raised, byProgram(stage));
  const address = thread.placeOf('failfast') - 5n;
  const touched = 0x1_2345_6000n;
  thread.stack.set({ rax: fact === 'zeros' ? touched : 0n });
  const truth: Truth = { causes: ['hardware', 'memory'], culprits: PROCESSOR, bystanders: [program] };
  return stage.write({ code: 0xc0000005, address, parameters: [1n, touched] }, truth);
}
const PROCESSOR_FIRST: Expected = {
  cause: 'hardware',
  sureness: 'possible',
  culprit: 'true',
  shows: ['h-app-code', 'e-no-operand'],
  doubts: ['a-single-dump'],
};

const CODE: Proof = {
  rule: 'h-app-code',
  fires: [
    staged('a write is reported at an instruction that moves a number', (draw) => otherCode(draw, 'elsewhere'), { ...PROCESSOR_FIRST, lacks: ['e-zero-code'] }),
    staged('the processor ran zeros where the file holds code', (draw) => otherCode(draw, 'zeros'), { ...PROCESSOR_FIRST, shows: ['e-zero-code'] }),
  ],
  nearly: [staged('a write is reported at an instruction that writes there', (draw) => otherCode(draw, 'true'), OWN)],
  against: [ofKind('u-flipped-pointer', 1, { cause: ['application-bug', 'hardware'], sureness: 'possible', culprit: 'true' })],
};

/** The loader may not have read a page: P3 is the status of the disk or the share. */
function inPage(draw: Draw, status: bigint, truth: Partial<Truth>): MadeFault {
  const stage = inProgram(draw);
  const address = stage.thread.placeOf('read');
  return stage.write({ code: 0xc0000006, address, parameters: [8n, address, status] }, { causes: ['storage', 'hardware'], culprits: DISK, ...truth });
}
const IN_PAGE: Proof = {
  rule: 'h-app-disk',
  fires: [
    ofKind('u-in-page', 0, { cause: 'storage', sureness: 'likely', culprit: 'true' }),
    ofKind('x86-in-page', 0, { cause: 'storage', sureness: 'likely', culprit: 'true' }),
    staged('a file on a disk that was pulled out', (draw) => inPage(draw, 0xc000000en, {}), { cause: 'storage', sureness: 'likely', culprit: 'true' }),
  ],
  nearly: [
    ofKind('u-in-page-network', 0, { cause: 'storage', sureness: 'likely', culprit: 'nobody', shows: ['h-network-file'] }),
    staged('an access violation at the same place', (draw) => inProgramNull(draw), OWN),
  ],
  against: [
    staged(
      'a page that comes damaged out of compressed memory: no disk answers with an access violation',
      (draw) => inPage(draw, 0xffff_ffff_c000_0005n, { causes: ['hardware', 'memory', 'storage'], culprits: BIT_CHANGED }),
      { cause: ['hardware', 'memory-corruption'], sureness: 'possible', culprit: 'true', doubts: ['a-driver-could'] },
    ),
  ],
};
function inProgramNull(draw: Draw): MadeFault {
  const stage = inProgram(draw, { whole: true });
  return stage.write(stage.thread.touch(0n), byProgram(stage));
}

/** A byte of the program's code in memory that differs from its file in one bit or in none; the developer has the file. */
function codeByte(draw: Draw, mask: number): MadeFault {
  const stage = inProgram(draw, { whole: true, developer: true });
  stage.atHand = 'names';
  const raised = stage.thread.touch(0n);
  const { base, pe } = stage.loaded(stage.program);
  const rva = Number(raised.address - base) - 0x40;
  const bytes = imageBytes(pe, rva, 0x60);
  put(bytes, 0x40, 1, (bytes[0x40] ?? 0) ^ mask);
  stage.memory.push({ address: base + BigInt(rva), bytes });
  return stage.write(raised, mask === 0 ? byProgram(stage) : { causes: ['hardware', 'memory'], culprits: BIT_CHANGED });
}
const CODE_BIT: Proof = {
  rule: 'e-code-bit',
  fires: [
    staged('one bit of the program’s code turned over', (draw) => codeByte(draw, 0x04), { cause: 'hardware', sureness: 'likely', culprit: 'true' }),
    ofKind('d1-code-bit', 2, { cause: 'hardware', sureness: ['likely', 'certain'], culprit: 'true' }),
  ],
  nearly: [staged('the code is that of the file', (draw) => codeByte(draw, 0), OWN)],
  against: [ofKind('u-flipped-pointer', 0, { cause: ['application-bug', 'hardware'], sureness: 'possible', culprit: 'true' })],
};

/** The pointer's proper place is in the dump, or is not. */
const flippedHeap = (draw: Draw, held: boolean): MadeFault => {
  const stage = inProgram(draw, { whole: true });
  const good = draw.heap();
  const { displacement } = accessOf(stage.program, 'Fault');
  if (held) stage.memory.push(words(good + BigInt(displacement), [1n, 2n]));
  const truth: Truth = { causes: ['hardware', 'memory', 'application'], culprits: [...BIT_CHANGED, stage.program] };
  return stage.write(stage.thread.touch(good ^ (1n << 52n)), truth);
};
const FLIP_HELD: Proof = {
  rule: 'e-flip-held',
  fires: [
    staged('a pointer with one bit turned leads, put right, to memory of the program', (draw) => flippedHeap(draw, true), {
      cause: 'hardware',
      sureness: 'likely',
      culprit: 'true',
      shows: ['e-canonical-bit'],
      doubts: ['a-driver-could'],
    }),
  ],
  nearly: [
    staged('put right it leads nowhere that the dump holds', (draw) => flippedHeap(draw, false), { ...OWN, sureness: 'possible' }),
    touches('text is more than a bit from any address', () => 0x6f6c_6c65_4820_6e69n, {}),
  ],
  against: [
    staged('put right it leads to nothing: the program is the first suspect, less sure', (draw) => flippedHeap(draw, false), {
      ...OWN,
      sureness: 'possible',
      doubts: ['a-hardware-could'],
    }),
  ],
};

const NO_OPERAND: Proof = { ...CODE, rule: 'e-no-operand' };
const ZERO_CODE: Proof = { ...CODE, rule: 'e-zero-code', fires: [CODE.fires[1] ?? CODE.fires[0]], nearly: [CODE.fires[0], ...CODE.nearly] };

export const USER_PROOFS: readonly Proof[] = [ADDRESSES, OWN_CODE, LIBRARY, CODE, NO_OPERAND, ZERO_CODE, IN_PAGE, CODE_BIT, FLIP_HELD];
