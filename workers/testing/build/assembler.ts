/**
 * A few x64 instructions, enough for functions with true prologues, calls and one fault.
 * Encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2 (instruction formats, opcode tables).
 */
import { put } from './binary.ts';

export const X64_REGISTERS = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const;
export type X64Register = (typeof X64_REGISTERS)[number];
export const registerNumber = (register: X64Register): number => X64_REGISTERS.indexOf(register);

/** [base + displacement] */
export interface MemoryOperand {
  readonly base: X64Register;
  readonly displacement: number;
}

/** A 32-bit displacement that is filled in when the target's RVA is known. */
export interface CodeFixup {
  /** Offset of the four displacement bytes. */
  readonly at: number;
  readonly kind: 'call' | 'import' | 'data';
  readonly target: string;
}

export class Assembler {
  private readonly code: number[] = [];
  readonly fixups: CodeFixup[] = [];
  /** Name → offset of a marked place. */
  readonly marks = new Map<string, number>();
  /** Callee → offset of the instruction after the first call to it. */
  readonly returns = new Map<string, number>();

  get size(): number {
    return this.code.length;
  }

  raw(...bytes: readonly number[]): this {
    this.code.push(...bytes);
    return this;
  }

  mark(name: string): this {
    this.marks.set(name, this.size);
    return this;
  }

  private i32(value: number): this {
    const bytes = new Uint8Array(4);
    put(bytes, 0, 4, value);
    return this.raw(...bytes);
  }

  push(register: X64Register): this {
    const n = registerNumber(register);
    return n >= 8 ? this.raw(0x41, 0x50 + (n & 7)) : this.raw(0x50 + n);
  }
  pop(register: X64Register): this {
    const n = registerNumber(register);
    return n >= 8 ? this.raw(0x41, 0x58 + (n & 7)) : this.raw(0x58 + n);
  }

  /** sub rsp, size / add rsp, size: the short form where it fits. */
  subRsp(size: number): this {
    return size < 0x80 ? this.raw(0x48, 0x83, 0xec, size) : this.raw(0x48, 0x81, 0xec).i32(size);
  }
  addRsp(size: number): this {
    return size < 0x80 ? this.raw(0x48, 0x83, 0xc4, size) : this.raw(0x48, 0x81, 0xc4).i32(size);
  }

  private modrm(register: number, { base, displacement }: MemoryOperand): this {
    const rm = registerNumber(base) & 7;
    const short = displacement >= -0x80 && displacement < 0x80;
    const mod = displacement === 0 && rm !== 5 ? 0 : short ? 1 : 2;
    this.raw((mod << 6) | ((register & 7) << 3) | rm);
    if (rm === 4) this.raw(0x24);
    if (mod === 1) this.raw(displacement & 0xff);
    return mod === 2 ? this.i32(displacement) : this;
  }
  private rexW(register: number, base: X64Register): this {
    return this.raw(0x48 | (register >= 8 ? 4 : 0) | (registerNumber(base) >= 8 ? 1 : 0));
  }

  /** mov [base+displacement], register */
  store(to: MemoryOperand, from: X64Register): this {
    const n = registerNumber(from);
    return this.rexW(n, to.base).raw(0x89).modrm(n, to);
  }
  /** mov register, [base+displacement] */
  load(to: X64Register, from: MemoryOperand): this {
    const n = registerNumber(to);
    return this.rexW(n, from.base).raw(0x8b).modrm(n, from);
  }
  /** mov dword ptr [base+displacement], imm32; both registers below r8. */
  storeImmediate32(to: MemoryOperand, value: number): this {
    return this.raw(0xc7).modrm(0, to).i32(value);
  }
  /** mov eax-like, dword ptr [base+displacement] */
  load32(to: X64Register, from: MemoryOperand): this {
    const n = registerNumber(to);
    const rex = 0x40 | (n >= 8 ? 4 : 0) | (registerNumber(from.base) >= 8 ? 1 : 0);
    if (rex !== 0x40) this.raw(rex);
    return this.raw(0x8b).modrm(n, from);
  }
  /** lea register, [base+displacement] */
  lea(to: X64Register, from: MemoryOperand): this {
    const n = registerNumber(to);
    return this.rexW(n, from.base).raw(0x8d).modrm(n, from);
  }
  /** mov to, from */
  move(to: X64Register, from: X64Register): this {
    const [d, s] = [registerNumber(to), registerNumber(from)];
    return this.raw(0x48 | (s >= 8 ? 4 : 0) | (d >= 8 ? 1 : 0), 0x89, 0xc0 | ((s & 7) << 3) | (d & 7));
  }
  /** mov r32, imm32 */
  immediate32(to: X64Register, value: number): this {
    const n = registerNumber(to);
    if (n >= 8) this.raw(0x41);
    return this.raw(0xb8 + (n & 7)).i32(value);
  }
  /** xor r32, r32 */
  zero(register: X64Register): this {
    const n = registerNumber(register);
    if (n >= 8) this.raw(0x45);
    return this.raw(0x33, 0xc0 | ((n & 7) << 3) | (n & 7));
  }

  /** call rel32 to a function of the same image. */
  call(target: string): this {
    this.raw(0xe8);
    this.fixups.push({ at: this.size, kind: 'call', target });
    return this.i32(0).returnsFrom(target);
  }
  /** call qword ptr [rip+disp32] through the import table: target is "module!name". */
  callImport(target: string): this {
    this.raw(0xff, 0x15);
    this.fixups.push({ at: this.size, kind: 'import', target });
    return this.i32(0).returnsFrom(target);
  }
  /** call register: how a driver is entered through a dispatch table; `target` names who is meant. */
  callRegister(register: X64Register, target: string): this {
    const n = registerNumber(register);
    if (n >= 8) this.raw(0x41);
    return this.raw(0xff, 0xd0 | (n & 7)).returnsFrom(target);
  }
  private returnsFrom(target: string): this {
    if (!this.returns.has(target)) this.returns.set(target, this.size);
    return this;
  }

  ret(): this {
    return this.raw(0xc3);
  }
  int3(): this {
    return this.raw(0xcc);
  }
  /** One no-operation of up to nine bytes, as compilers pad (SDM table 4-12). */
  nop(size: number): this {
    const forms = [
      [],
      [0x90],
      [0x66, 0x90],
      [0x0f, 0x1f, 0x00],
      [0x0f, 0x1f, 0x40, 0x00],
      [0x0f, 0x1f, 0x44, 0x00, 0x00],
      [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
      [0x0f, 0x1f, 0x80, 0, 0, 0, 0],
      [0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0],
      [0x66, 0x0f, 0x1f, 0x84, 0x00, 0, 0, 0, 0],
    ];
    return this.raw(...(forms[Math.min(size, 9)] ?? []));
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.code);
  }
}
