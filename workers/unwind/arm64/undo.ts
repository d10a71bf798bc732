/** Undoes a function of an ARM64 image by its unwind codes: the registers as its caller had them. */
import { type Va, va } from '../../base/address.ts';
import { type Found, found, notValid } from '../../base/found.ts';
import { viewOf } from '../../bytes/struct.ts';
import { ARM64 as CONTEXT, registerAt } from '../../formats/context/layouts.ts';
import { KTRAP_FRAME_ARM64, trapRegisters } from '../../formats/dump/trapframearm64.ts';
import { codesToUndo } from '../armxdata.ts';
import type { Frame, Registers } from '../frame.ts';
import type { Arm64Code, Arm64Record } from './codes.ts';

const FP = 29;
const LR = 30;
export const generalName = (index: number): string => (index === FP ? 'fp' : index === LR ? 'lr' : `x${index}`);

/** Takes pointer authentication bits off: bit 55 tells which half of the space, bits 48 to 63 follow it. */
export function stripPac(pointer: bigint): Va {
  const upper = ((pointer >> 55n) & 1n) === 1n;
  const low = BigInt.asUintN(48, pointer);
  return va(upper ? low | 0xffff_0000_0000_0000n : low);
}

export interface Memory {
  word(at: Va): Found<bigint>;
  bytes(at: Va, length: number): Found<Uint8Array>;
}

export interface Undone {
  readonly registers: Registers;
  readonly boundary?: Frame['boundary'];
}

class Machine {
  readonly registers: Record<string, bigint>;
  readonly memory: Memory;
  boundary: Frame['boundary'];
  /** The program counter comes from elsewhere than LR. */
  pcKnown = false;

  constructor(registers: Registers, memory: Memory) {
    this.registers = { ...registers };
    this.memory = memory;
  }

  get sp(): bigint {
    return this.registers['sp'] ?? 0n;
  }
  set sp(value: bigint) {
    this.registers['sp'] = BigInt.asUintN(64, value);
  }

  load(index: number, at: bigint): Found<bigint> {
    const word = this.memory.word(va(BigInt.asUintN(64, at)));
    if (word.ok) this.registers[generalName(index)] = word.value;
    return word;
  }
}

/** `offset`: bytes into the function, of the place where it stands. */
export function undoRecord(record: Arm64Record, offset: number, start: { readonly registers: Registers; readonly memory: Memory }): Found<Undone> {
  const machine = new Machine(start.registers, start.memory);
  let pending = 0;
  for (const code of codesToUndo(record, offset)) {
    if (code.op === 'end') break;
    if (code.op === 'save-next') {
      pending += 1;
      continue;
    }
    if (pending > 0 && !(code.op === 'save' && code.count === 2)) return notValid('save_next', `before ${code.op}`, 'before the save of a pair');
    const done = undoCode(machine, code, pending);
    if (!done.ok) return done;
    pending = 0;
  }
  if (!machine.pcKnown) {
    const lr = machine.registers['lr'];
    if (lr === undefined) return notValid('register lr', 'not known here', 'its value in this frame');
    machine.registers['pc'] = stripPac(lr);
  }
  return found({ registers: machine.registers, ...(machine.boundary ? { boundary: machine.boundary } : {}) });
}

/** `pending`: pairs of save_next that lie behind this one. */
function undoCode(machine: Machine, code: Arm64Code, pending: number): Found<unknown> {
  switch (code.op) {
    case 'alloc':
      machine.sp += BigInt(code.size);
      return found(undefined);
    case 'save':
      return undoSave(machine, code, code.count + 2 * pending);
    case 'save-lrpair': {
      const at = machine.sp + BigInt(code.offset);
      const first = machine.load(code.first, at);
      return first.ok ? machine.load(LR, at + 8n) : first;
    }
    case 'set-fp':
      if (machine.registers['fp'] === undefined) return notValid('register fp', 'not known here', 'its value in this frame');
      machine.sp = machine.registers['fp'] - BigInt(code.offset);
      return found(undefined);
    case 'custom':
      return CUSTOM[code.frame](machine);
    case 'pac-sign-lr':
      if (machine.registers['lr'] !== undefined) machine.registers['lr'] = stripPac(machine.registers['lr']);
      return found(undefined);
    default:
      return found(undefined);
  }
}

function undoSave(machine: Machine, code: Extract<Arm64Code, { op: 'save' }>, count: number): Found<unknown> {
  // No frame needs a vector register to be found.
  if (code.bank === 'x') {
    if (code.first + count > LR + 1) return notValid('saved register', `x${code.first + count - 1}`, 'x0 to x30');
    for (let index = 0; index < count; index++) {
      const word = machine.load(code.first + index, machine.sp + BigInt(code.offset + index * 8));
      if (!word.ok) return word;
    }
  }
  machine.sp += BigInt(code.push);
  return found(undefined);
}

/** Frames that the processor or the kernel laid down: what stands in them replaces what is known. */
const CUSTOM: Readonly<Record<Extract<Arm64Code, { op: 'custom' }>['frame'], (machine: Machine) => Found<unknown>>> = {
  'trap-frame': (machine) => replace(machine, 'trap-frame', KTRAP_FRAME_ARM64.size, trapRegisters),
  'machine-frame': (machine) =>
    replace(machine, 'machine-frame', 16, (bytes) => {
      const view = viewOf(bytes);
      return { sp: view.getBigUint64(0, true), pc: view.getBigUint64(8, true) };
    }),
  context: (machine) =>
    replace(machine, 'context-record', CONTEXT.size, (bytes) => {
      const view = viewOf(bytes);
      return Object.fromEntries(CONTEXT.rows.map((row) => [row[0], registerAt(view, row)]));
    }),
  'clear-unwound-to-call': (machine) => {
    const lr = machine.registers['lr'];
    if (lr !== undefined) machine.registers['pc'] = stripPac(lr);
    machine.pcKnown = lr !== undefined;
    return found(undefined);
  },
};

function replace(machine: Machine, boundary: NonNullable<Frame['boundary']>, size: number, parse: (bytes: Uint8Array) => Registers): Found<unknown> {
  const bytes = machine.memory.bytes(va(machine.sp), size);
  if (!bytes.ok) return bytes;
  Object.assign(machine.registers, parse(bytes.value));
  machine.boundary = boundary;
  machine.pcKnown = true;
  return found(undefined);
}
