/** Signs in the instruction at the fault: whether it could have done what was reported, whether it is one, what it needs. */
import type { X64Register } from '../../build/assembler.ts';
import { imageBytes } from '../../build/pe.ts';
import { words } from '../../build/scene.ts';
import { type LoadedPe, addressIn } from '../../build/stack.ts';
import type { Draw } from '../../faults/draw.ts';
import { type ExceptionSpec, accessException, dispatched, irqlStop, threadStop } from '../../faults/ends.ts';
import { KernelStage, type StopOptions } from '../../faults/kernelstage.ts';
import { byDriver } from '../../faults/kinds/access.ts';
import { bitChanged, processor } from '../../faults/kinds/hardware.ts';
import type { MadeFault, Truth } from '../../faults/truth.ts';
import { runInto, runTo } from '../../faults/ways.ts';
import { type Expected, type Proof, type Proved, ofKind, staged } from './proof.ts';

const DRIVER: Expected = { cause: 'driver-bug', sureness: 'likely', culprit: 'true' };
const SUSPECT: Expected = { cause: 'driver-bug', sureness: 'possible', culprit: 'true' };
const PROCESSOR: Expected = { cause: 'hardware', sureness: 'possible', culprit: 'true' };
const BIT: Expected = { cause: 'hardware', sureness: 'likely', culprit: 'true', doubts: ['a-driver-could'] };
const MINUS_ONE = 0xffff_ffff_ffff_ffffn;
const SMALL: StopOptions = { file: { kind: 'triage', keepCode: false } };

interface Met {
  readonly status?: number;
  /** Exception parameters. */
  readonly information?: readonly bigint[];
  readonly registers?: Partial<Record<X64Register, bigint>>;
  /** What memory holds at the instruction, where it is not what the driver was built with. */
  readonly code?: readonly number[];
  /** Function of the kernel that the driver calls, and that meets it. */
  readonly inKernel?: string;
  readonly truth?: (stage: KernelStage) => Truth;
}

/** Memory holds other bytes than the image from `at` on. */
export function rewrite(stage: KernelStage, image: LoadedPe, at: bigint, bytes: readonly number[]): void {
  const before = imageBytes(image.pe, Number(at - image.base), bytes.length);
  bytes.forEach((byte, index) => stage.flip(at + BigInt(index), byte ^ (before[index] ?? 0)));
}

/** A driver's own thread meets an exception at an instruction that reads memory: 0x7E, whose context holds every register. */
function meets(draw: Draw, { status = 0xc0000005, information = [], registers = {}, code, inKernel, truth = byDriver }: Met): MadeFault {
  const stage = new KernelStage(draw, { actors: ['audio'] });
  runInto(stage, 'thread');
  if (inKernel !== undefined) {
    stage.atHand = 'names';
    stage.call(stage.nt, inKernel);
  }
  const rip = stage.placeOf('read');
  if (code) rewrite(stage, inKernel === undefined ? stage.actor() : stage.nt, rip, code);
  stage.stack.set({ [stage.access().base]: draw.pool(), ...registers });
  const spec: ExceptionSpec = { code: 0x7e, status, information, truth: truth(stage), stop: SMALL };
  return threadStop(stage, { rip, registers: stage.stack.context(rip) }, spec);
}
const met = (says: string, spec: Met, expected: Expected): Proved => staged(says, (draw) => meets(draw, spec), expected);

/** The driver reads through a pointer; nothing else is odd. */
const reads = (says: string, pointer: bigint, expected: Expected, code: 0x3b | 0x7e = 0x7e): Proved =>
  staged(
    says,
    (draw) => {
      const stage = new KernelStage(draw, { actors: ['tool'] });
      runInto(stage, code === 0x7e ? 'thread' : 'ioctl');
      return accessException(stage, { code, pointer, truth: byDriver(stage), stop: SMALL });
    },
    expected,
  );

const ELSEWHERE: readonly bigint[] = [0n, 0xffff_9a00_1234_5000n];
const byProcessor = (stage: KernelStage): Truth => ({ ...processor, bystanders: [stage.actor().name] });
/** rep movsq: its registers have moved on when it faults. */
const STRING_MOVE = [0xf3, 0x48, 0xa5];
const MISMATCH: Proof = {
  rule: 'e-mismatch',
  fires: [
    met('the kernel reads one address and the processor reports another', { information: ELSEWHERE, inKernel: 'KeSetEvent', truth: byProcessor }, PROCESSOR),
    met('the same in a driver, which is the victim', { information: ELSEWHERE, truth: byProcessor }, { ...PROCESSOR, shows: ['h-cpu-mismatch'] }),
  ],
  nearly: [
    reads('the address that is reported is the one that the instruction makes', 0x41c0_2000n, DRIVER),
    met('a string move has gone on since it began', { information: ELSEWHERE, code: STRING_MOVE }, DRIVER),
  ],
  against: [met('a string move of the kernel that has gone on', { information: ELSEWHERE, code: STRING_MOVE, inKernel: 'KeSetEvent' }, SUSPECT)],
};

/** movaps xmm0,[rcx+8] */
const ALIGNED_MOVE = [0x0f, 0x28, 0x41, 0x08];
/** movups xmm0,[rcx+8] */
const ANY_MOVE = [0x0f, 0x10, 0x41, 0x08];
const refusedMove = (code: readonly number[], rcx: bigint): Met => ({ information: [0n, MINUS_ONE], code, registers: { rcx } });
const UNALIGNED: Proof = {
  rule: 'e-unaligned',
  fires: [met('an instruction that wants 16-byte alignment gets an odd address', refusedMove(ALIGNED_MOVE, 0xffff_9a00_1234_5001n), DRIVER)],
  nearly: [
    met('the address is aligned', refusedMove(ALIGNED_MOVE, 0xffff_9a00_1234_5008n), { ...DRIVER, sureness: ['likely', 'possible'] }),
    met('an instruction that takes any address', refusedMove(ANY_MOVE, 0xffff_9a00_1234_5001n), { ...DRIVER, sureness: ['likely', 'possible'] }),
  ],
  against: [
    met(
      'an odd address in the kernel’s own copy',
      { ...refusedMove(ALIGNED_MOVE, 0xffff_9a00_1234_5001n), inKernel: 'KeSetEvent' },
      { ...SUSPECT, doubts: ['a-single-dump'] },
    ),
  ],
};
const TEXT = 0x6f6c_6c65_4820_6e69n;
const REFUSED: Proof = {
  rule: 'e-refused',
  fires: [reads('text is taken for an address: the processor reports none', TEXT, { ...SUSPECT, shows: ['e-base-value'] })],
  nearly: [
    reads('a bad address that the processor can report', 0x41c0_2000n, DRIVER),
    met('a fault without an address, whose operand is a good one', { information: [0n, MINUS_ONE] }, { ...DRIVER, sureness: ['likely', 'possible'] }),
  ],
  against: [
    staged('what was refused is a pointer of the kernel but for one bit: memory did it', (draw) => oddRegister(draw, ONE_BIT, true), {
      ...{ ...BIT, sureness: 'possible' },
    }),
  ],
};
const BASE_VALUE: Proof = { ...REFUSED, rule: 'e-base-value' };

const ILLEGAL = { status: 0xc000001d, information: [] } as const;
/** popcnt ebx,eax */
const POPCNT = [0xf3, 0x0f, 0xb8, 0xd8];
/** push es: no instruction of 64-bit code */
const NONE = [0x06, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06];
const FEATURE: Proof = {
  rule: 'e-feature',
  fires: [
    met('a driver uses an instruction that the processor lacks', { ...ILLEGAL, code: POPCNT }, { ...DRIVER, shows: ['h-feature'], words: [/POPCNT/] }),
    met('Windows does', { ...ILLEGAL, code: POPCNT, inKernel: 'KeSetEvent', truth: byProcessor }, { ...PROCESSOR, sureness: 'likely', shows: ['h-feature'] }),
  ],
  nearly: [met('what stands there is no instruction', { ...ILLEGAL, code: NONE }, { ...DRIVER, sureness: ['likely', 'possible'] })],
  against: [
    met('an instruction that every processor has', { ...ILLEGAL, truth: byProcessor }, { ...PROCESSOR, shows: ['e-good-code'], doubts: ['a-single-dump'] }),
  ],
};
const NO_INSTRUCTION: Proof = {
  rule: 'e-no-instruction',
  fires: [met('a driver runs into bytes that are no instruction', { ...ILLEGAL, code: NONE }, { ...DRIVER, sureness: ['likely', 'possible'] })],
  nearly: [met('an instruction that the processor lacks', { ...ILLEGAL, code: POPCNT }, DRIVER)],
  against: [
    met(
      'the bytes stand in the kernel’s own code, where a driver called it',
      { ...ILLEGAL, code: NONE, inKernel: 'KeSetEvent' },
      { ...SUSPECT, doubts: ['a-single-dump'] },
    ),
  ],
};
const GOOD_CODE: Proof = {
  rule: 'e-good-code',
  fires: [ofKind('1e-illegal-good-code', 0, { ...PROCESSOR, sureness: ['possible', 'likely'] })],
  nearly: [met('an instruction that not every processor has', { ...ILLEGAL, code: POPCNT }, DRIVER)],
  against: [met('the kernel’s own bytes are no instruction', { ...ILLEGAL, code: NONE, inKernel: 'KeSetEvent' }, { ...SUSPECT, doubts: ['a-single-dump'] })],
};

/** A driver that acts on the firmware's tables, in a system thread; `early`: seconds after the start. */
function platformDriver(draw: Draw, information: readonly bigint[], early: boolean): MadeFault {
  const stage = new KernelStage(draw);
  runTo(stage, 'worker');
  stage.call(stage.image('intelppm.sys'), 'C1Idle', 'WorkerRoutine');
  const rip = stage.placeOf('read');
  const { base, displacement } = stage.access();
  const [, address = 0n] = information;
  stage.stack.set({ [base]: address === MINUS_ONE ? 0xffff_9a00_fed0_0000n : address - BigInt(displacement) });
  const truth: Truth = { causes: ['firmware'], culprits: ['firmware'], bystanders: ['intelppm.sys'] };
  const stop: StopOptions = { ...SMALL, upTime: early ? 8_000_000n : 51_873_406_250n };
  return threadStop(stage, { rip, registers: stage.stack.context(rip) }, { code: 0x7e, status: 0xc0000005, information, truth, stop });
}
const FIRMWARE: Expected = { cause: 'firmware', sureness: 'likely', culprit: 'true', shows: ['h-firmware-driver'], doubts: ['a-hypervisor'] };
const REFUSED_BELOW: Proof = {
  rule: 'e-gp',
  fires: [
    staged(
      'a processor driver reads where the firmware’s table says, and is refused, at the start',
      (draw) => platformDriver(draw, [0n, MINUS_ONE], true),
      FIRMWARE,
    ),
  ],
  nearly: [staged('the same driver goes through a null pointer', (draw) => platformDriver(draw, [0n, 0x10n], true), { ...FIRMWARE, sureness: 'possible' })],
  against: [
    staged('refused after hours: what the firmware told has worked until then', (draw) => platformDriver(draw, [0n, MINUS_ONE], false), {
      ...FIRMWARE,
      sureness: 'possible',
    }),
  ],
};
const REFUSED_CANONICAL: Proof = { ...REFUSED_BELOW, rule: 'e-gp-canonical' };

const pointers = (says: string, pointer: bigint, expected: Expected): Proved =>
  staged(
    says,
    (draw) => {
      const stage = new KernelStage(draw, { actors: ['network'] });
      runInto(stage, 'dpc');
      return irqlStop(stage, 0xd1, { pointer, truth: byDriver(stage), stop: SMALL });
    },
    expected,
  );
const REGISTER_BIT: Proof = {
  rule: 'e-register-bit',
  fires: [reads('a pointer that is null but for one bit', 1n << 40n, { ...DRIVER, doubts: ['a-register-bit'] })],
  nearly: [reads('a null pointer', 0n, DRIVER), reads('a small number: one bit as well, as many are', 8n, DRIVER)],
  against: [reads('null but for one bit: memory may have made it', 1n << 33n, { ...DRIVER, doubts: ['a-register-bit'] })],
};
const DOUBT_REGISTER_BIT: Proof = { ...REGISTER_BIT, rule: 'a-register-bit', nearly: [pointers('a wild number of many bits', 0x41c0_2000n, DRIVER)] };

/** 0x3B of a driver, with or without its code in the dump; a register is a pointer of the kernel but for `wrong`. */
function oddRegister(draw: Draw, wrong: bigint, withCode: boolean): MadeFault {
  const stage = new KernelStage(draw, { actors: ['filter'] });
  runInto(stage, 'ioctl');
  const { base, displacement } = stage.access();
  const pointer = draw.pool() ^ wrong;
  const rip = withCode ? stage.placeOf('read') : addressIn(stage.actor(), 'Fault:read');
  stage.stack.set({ rbx: 1n, rbp: 0n, rsi: 2n, rdi: 3n, r14: 0n, rcx: 0n, rdx: 0n, [base]: pointer });
  const registers = stage.stack.context(rip);
  const trapFrame = stage.trap('KiGeneralProtectionFault', { mark: 'read', registers: { [base]: pointer } });
  const truth: Truth = wrong === ONE_BIT ? bitChanged(stage) : byDriver(stage);
  stage.memory.push(words(draw.pool(), [BigInt(displacement)]));
  return dispatched(stage, { rip, trapFrame, registers }, { code: 0x3b, status: 0xc0000005, information: [0n, MINUS_ONE], truth, stop: SMALL });
}
const ONE_BIT = 1n << 55n;
const TWO_BITS = (1n << 55n) | (1n << 51n);
const GOOD_REGISTER: Proof = {
  rule: 'e-good-register',
  fires: [
    staged('one bit of a pointer turned over; the code is not in the dump', (draw) => oddRegister(draw, ONE_BIT, false), { ...BIT, sureness: 'possible' }),
  ],
  nearly: [
    staged('two bits are wrong', (draw) => oddRegister(draw, TWO_BITS, false), { ...DRIVER, sureness: ['likely', 'possible'] }),
    staged('the code is there, and the operand tells', (draw) => oddRegister(draw, ONE_BIT, true), {
      ...BIT,
      sureness: 'possible',
      shows: ['e-canonical-bit'],
    }),
  ],
  against: [staged('a second bit is wrong too: no cell of memory does that', (draw) => oddRegister(draw, TWO_BITS, true), SUSPECT)],
};
const CANONICAL_BIT: Proof = {
  rule: 'e-canonical-bit',
  fires: [
    ofKind('3b-flipped-pointer', 0, { ...BIT, sureness: ['possible', 'likely'] }),
    staged('in a driver’s code', (draw) => oddRegister(draw, ONE_BIT, true), { ...BIT, sureness: 'possible' }),
  ],
  nearly: [staged('two bits are wrong', (draw) => oddRegister(draw, TWO_BITS, true), SUSPECT)],
  against: [staged('a second bit is wrong too, and the code is there', (draw) => oddRegister(draw, TWO_BITS, true), SUSPECT)],
};

export const SIGN_CODE_PROOFS: readonly Proof[] = [
  ...[MISMATCH, UNALIGNED, REFUSED, BASE_VALUE, FEATURE, NO_INSTRUCTION, GOOD_CODE, REFUSED_BELOW, REFUSED_CANONICAL],
  ...[REGISTER_BIT, DOUBT_REGISTER_BIT, GOOD_REGISTER, CANONICAL_BIT],
];
