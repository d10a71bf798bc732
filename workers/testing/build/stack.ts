/**
 * Draws the stack that a chain of calls leaves behind: saved registers, locals, return addresses after true call
 * instructions, interrupt frames. What an unwinder must find again is kept beside it.
 */
import { Defect } from '../../base/problem.ts';
import type { X64Register } from './assembler.ts';
import { type X64Registers } from './context.ts';
import { get, put, recordBytes } from './binary.ts';
import { KTRAP_FRAME } from './layouts.ts';
import { type BuiltPe, rvaIn } from './pe.ts';

/** An image at its place. */
export interface LoadedPe {
  readonly base: bigint;
  readonly pe: BuiltPe;
}

export interface DrawnFrame {
  readonly module: string;
  readonly function: string;
  /** Where execution stands in this frame: the return address, or the exact place of a trap. */
  readonly ip: bigint;
  /** rsp when this frame's next inner function is about to be entered (after the return). */
  readonly sp: bigint;
}

export const addressIn = (image: LoadedPe, place: string): bigint => image.base + BigInt(rvaIn(image.pe, place));

export class StackDrawing {
  readonly bytes: Uint8Array;
  readonly low: bigint;
  readonly high: bigint;
  rsp: bigint;
  readonly registers: Record<string, bigint> = {};
  /** Outermost first. */
  private readonly outer: DrawnFrame[] = [];
  private current: { image: LoadedPe; name: string } | undefined;

  /** `high`: the first address above the stack. `room`: bytes kept below it. */
  constructor(high: bigint, room: number) {
    this.high = high;
    this.low = high - BigInt(room);
    this.bytes = new Uint8Array(room);
    this.rsp = high;
  }

  private at(address: bigint): number {
    const offset = Number(address - this.low);
    if (offset < 0 || offset + 8 > this.bytes.length) throw new Defect(`stack address ${address.toString(16)} lies outside the drawing`);
    return offset;
  }

  poke(address: bigint, value: bigint): this {
    put(this.bytes, this.at(address), 8, value);
    return this;
  }

  peek(address: bigint): bigint {
    return get(this.bytes, this.at(address), 8);
  }

  push(value: bigint): this {
    this.rsp -= 8n;
    return this.poke(this.rsp, value);
  }

  /** Sets registers as the running function would. */
  set(registers: Partial<Record<X64Register, bigint>>): this {
    Object.assign(this.registers, registers);
    return this;
  }

  private setCurrent(image: LoadedPe, name: string): void {
    this.current = { image, name };
  }

  /** Enters a function: runs its prologue. rsp must stand on the return address. */
  enter(image: LoadedPe, name: string): this {
    const built = image.pe.functions.get(name);
    if (!built) throw new Defect(`${image.pe.spec.name} has no ${name}`);
    const { push = [], alloc = 0, save = [], frame } = built.prologue;
    for (const register of push) this.push(this.registers[register] ?? 0n);
    this.rsp -= BigInt(alloc);
    if (frame) this.registers[frame.register] = this.rsp + BigInt(frame.offset);
    for (const [register, offset] of save) this.poke(this.rsp + BigInt(offset), this.registers[register] ?? 0n);
    this.setCurrent(image, name);
    return this;
  }

  /** Writes a local at rsp+offset of the running function: an argument in its home, a stale pointer. */
  local(offset: number, value: bigint): this {
    return this.poke(this.rsp + BigInt(offset), value);
  }

  /** The running function calls `callee`; the call stands in its code. */
  call(image: LoadedPe, callee: string, viaName?: string): this {
    if (!this.current) throw new Defect('nothing is running');
    const { image: from, name } = this.current;
    const back = addressIn(from, `${name}>${viaName ?? callee}`);
    this.outer.push({ module: from.pe.spec.name, function: name, ip: back, sp: this.rsp });
    this.push(back);
    return this.enter(image, callee);
  }

  /** As `call`, but the callee's first instruction has not run yet: where a bug check's context stands. */
  reach(image: LoadedPe, callee: string, viaName?: string): this {
    if (!this.current) throw new Defect('nothing is running');
    const { image: from, name } = this.current;
    const back = addressIn(from, `${name}>${viaName ?? callee}`);
    this.outer.push({ module: from.pe.spec.name, function: name, ip: back, sp: this.rsp });
    this.push(back);
    this.setCurrent(image, callee);
    return this;
  }

  /** A fault at `mark` of the running function: the processor's frame and KTRAP_FRAME of the handler. Returns its address. */
  trap(handler: LoadedPe, handlerName: string, fault: TrapSpec): bigint {
    const { rip, interrupted } = this.interruptedPlace(fault);
    // The processor aligns the stack to 16 before it pushes (SDM volume 3, "64-bit mode stack frame").
    this.rsp = ((fault.fromUser ? this.rsp : interrupted) & ~0xfn) - 0x28n - 8n;
    const frame = this.rsp - 0x160n;
    const saved = { ...this.registers };
    const registers = fault.registers ?? {};
    const value = (register: X64Register): bigint => registers[register] ?? saved[register] ?? 0n;
    const bytes = recordBytes(KTRAP_FRAME, {
      ...{ PreviousMode: fault.fromUser ? 1 : 0, PreviousIrql: fault.irql ?? 0, ExceptionActive: 1, MxCsr: 0x1f80, FaultAddress: fault.cr2 ?? 0n },
      ...{ Rax: value('rax'), Rcx: value('rcx'), Rdx: value('rdx'), R8: value('r8'), R9: value('r9'), R10: value('r10'), R11: value('r11') },
      ...{ Rbx: value('rbx'), Rdi: value('rdi'), Rsi: value('rsi'), Rbp: saved['rbp'] ?? 0n },
      ...{
        ErrorCode: fault.errorCode ?? 0n,
        Rip: rip,
        SegCs: fault.fromUser ? 0x33 : 0x10,
        EFlags: 0x10246,
        Rsp: interrupted,
        SegSs: fault.fromUser ? 0x2b : 0x18,
      },
    });
    this.enter(handler, handlerName);
    if (this.rsp !== frame) throw new Defect(`${handlerName} leaves its trap frame at ${this.rsp.toString(16)}, not ${frame.toString(16)}`);
    this.bytes.set(bytes, Number(frame - this.low));
    return frame;
  }

  /** Where the interrupted code stands; from user mode the frame goes to the top of the kernel stack. */
  private interruptedPlace(fault: TrapSpec): { readonly rip: bigint; readonly interrupted: bigint } {
    if (fault.fromUser) {
      this.outer.push({ module: 'user', function: '', ip: fault.fromUser.rip, sp: fault.fromUser.rsp });
      return { rip: fault.fromUser.rip, interrupted: fault.fromUser.rsp };
    }
    if (!this.current) throw new Defect('nothing is running');
    const { image, name } = this.current;
    const rip = fault.rip ?? addressIn(image, `${name}:${fault.mark ?? 'fault'}`);
    this.outer.push({ module: image.pe.spec.name, function: name, ip: rip, sp: this.rsp });
    return { rip, interrupted: this.rsp };
  }

  /** The bytes from rsp up, and the frames an unwinder must give, innermost first. */
  finish(ip?: bigint): { readonly address: bigint; readonly bytes: Uint8Array; readonly frames: readonly DrawnFrame[] } {
    if (!this.current) throw new Defect('nothing is running');
    const { image, name } = this.current;
    const here = { module: image.pe.spec.name, function: name, ip: ip ?? addressIn(image, name), sp: this.rsp };
    return { address: this.rsp, bytes: this.bytes.slice(Number(this.rsp - this.low)), frames: [here, ...[...this.outer].reverse()] };
  }

  context(rip: bigint): X64Registers {
    return { ...this.registers, rsp: this.rsp, rip };
  }
}

export interface TrapSpec {
  /** Mark in the running function; 'fault' by default. */
  readonly mark?: string;
  readonly rip?: bigint;
  readonly cr2?: bigint;
  readonly errorCode?: bigint;
  readonly irql?: number;
  /** The fault or system call came from user mode: the drawing's stack is empty then. */
  readonly fromUser?: { readonly rip: bigint; readonly rsp: bigint };
  /** Volatile registers at the fault. */
  readonly registers?: Partial<Record<X64Register, bigint>>;
}
