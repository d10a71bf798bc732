/**
 * Prologues: from one description the instructions, the UNWIND_INFO that tells of them, and what they do to a stack.
 * Layout: learn.microsoft.com/cpp/build/exception-handling-x64, "struct UNWIND_INFO" and "Unwind operation code".
 */
import { Defect } from '../../base/problem.ts';
import { type Assembler, type X64Register, registerNumber } from './assembler.ts';
import { Binary, alignUp } from './binary.ts';

export interface Prologue {
  /** Pushed in this order. */
  readonly push?: readonly X64Register[];
  /** sub rsp, alloc: a multiple of 8. */
  readonly alloc?: number;
  /** mov [rsp+offset], register after the allocation. */
  readonly save?: readonly (readonly [X64Register, number])[];
  /** lea register, [rsp+offset]; a multiple of 16 below 0x100. */
  readonly frame?: { readonly register: X64Register; readonly offset: number };
  /** The processor pushed an interrupt frame before the first instruction; 1 with an error code. */
  readonly machineFrame?: 0 | 1;
}

export interface UnwindCode {
  readonly offset: number;
  readonly operation: number;
  readonly info: number;
  /** Extra 16-bit slots. */
  readonly slots: readonly number[];
}

const PUSH_NONVOL = 0;
const ALLOC_LARGE = 1;
const ALLOC_SMALL = 2;
const SET_FPREG = 3;
const SAVE_NONVOL = 4;
const PUSH_MACHFRAME = 10;

/** Writes the prologue's instructions and returns its unwind codes in the order of the instructions. */
export function writePrologue(code: Assembler, prologue: Prologue): UnwindCode[] {
  const start = code.size;
  const codes: UnwindCode[] = [];
  const add = (operation: number, info: number, slots: readonly number[] = []): void => {
    codes.push({ offset: code.size - start, operation, info, slots });
  };
  if (prologue.machineFrame !== undefined) add(PUSH_MACHFRAME, prologue.machineFrame);
  for (const register of prologue.push ?? []) {
    code.push(register);
    add(PUSH_NONVOL, registerNumber(register));
  }
  const alloc = prologue.alloc ?? 0;
  if (alloc % 8 !== 0) throw new Defect(`allocation of ${alloc} is no multiple of 8`);
  if (alloc > 0) {
    code.subRsp(alloc);
    if (alloc <= 128) add(ALLOC_SMALL, alloc / 8 - 1);
    else if (alloc < 0x80000) add(ALLOC_LARGE, 0, [alloc / 8]);
    else add(ALLOC_LARGE, 1, [alloc & 0xffff, alloc >>> 16]);
  }
  if (prologue.frame) {
    code.lea(prologue.frame.register, { base: 'rsp', displacement: prologue.frame.offset });
    add(SET_FPREG, 0);
  }
  for (const [register, offset] of prologue.save ?? []) {
    code.store({ base: 'rsp', displacement: offset }, register);
    add(SAVE_NONVOL, registerNumber(register), [offset / 8]);
  }
  return codes;
}

export function writeEpilogue(code: Assembler, prologue: Prologue): void {
  for (const [register, offset] of [...(prologue.save ?? [])].reverse()) code.load(register, { base: 'rsp', displacement: offset });
  if (prologue.alloc) code.addRsp(prologue.alloc);
  for (const register of [...(prologue.push ?? [])].reverse()) code.pop(register);
  code.ret();
}

/** UNWIND_INFO of version 1 without handler; the codes stand last instruction first. */
export function unwindInfoBytes(codes: readonly UnwindCode[], prologueSize: number, prologue: Prologue): Uint8Array {
  const slots = codes.reduce((sum, code) => sum + 1 + code.slots.length, 0);
  const frame = prologue.frame ? registerNumber(prologue.frame.register) | ((prologue.frame.offset / 16) << 4) : 0;
  const out = new Binary().u8(1).u8(prologueSize).u8(slots).u8(frame);
  for (const code of [...codes].reverse()) {
    out.u8(code.offset).u8(code.operation | (code.info << 4));
    for (const slot of code.slots) out.u16(slot);
  }
  return out.upTo(4 + alignUp(slots, 2) * 2).finish();
}
