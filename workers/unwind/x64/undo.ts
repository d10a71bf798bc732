/**
 * Takes one x64 frame down: the unwind procedure of learn.microsoft.com, "x64 exception handling" ("Unwind procedure").
 * Registers that are not known stay unknown: a step that needs one is refused with the reason.
 */
import { type Va, vaAdd } from '../../base/address.ts';
import { type Found, found, notValid } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import type { Registers } from '../frame.ts';
import type { RuntimeFunction, UnwindCode, UnwindInfo } from './unwindinfo.ts';
import { type Epilog, findEpilog } from './epilog.ts';

/** What undoing needs of an image. Offsets are RVAs. */
export interface UnwindTables {
  info(entry: RuntimeFunction): Found<UnwindInfo>;
  /** Code bytes, as many as are at hand up to `length`. */
  code(at: number, length: number): Uint8Array;
  /** The entry that a chained one belongs to in the end; itself where it is not chained. */
  root(entry: RuntimeFunction): RuntimeFunction;
  find(at: number): RuntimeFunction | undefined;
}

export type ReadWord = (at: Va) => Found<bigint>;

export interface Undone {
  readonly registers: Registers;
  /** An exception or interrupt pushed the registers: not a call. */
  readonly machineFrame: boolean;
}

/** Each entry of a chain is another piece of the same function; real chains have two or three. */
export const MAX_CHAIN = 32;

/** The entry that a chained one belongs to in the end. */
export function rootOf(tables: Pick<UnwindTables, 'info'>, entry: RuntimeFunction): RuntimeFunction {
  let at = entry;
  for (let depth = 0; depth < MAX_CHAIN; depth++) {
    const info = tables.info(at);
    if (!info.ok || !info.value.chained) return at;
    at = info.value.chained;
  }
  return at;
}

class Machine {
  readonly registers: Record<string, bigint>;
  readonly #read: ReadWord;
  /** Base of the fixed frame, once known: kept along a chain. */
  frameBase: bigint | undefined;
  machineFrame = false;

  constructor(registers: Registers, read: ReadWord) {
    this.registers = { ...registers };
    this.#read = read;
  }

  get sp(): Va {
    return (this.registers['rsp'] ?? 0n) as Va;
  }
  set sp(value: bigint) {
    this.registers['rsp'] = BigInt.asUintN(64, value);
  }

  load(register: string, at: bigint): Found<bigint> {
    const word = this.#read(BigInt.asUintN(64, at) as Va);
    if (word.ok) this.registers[register] = word.value;
    return word;
  }

  pop(register: string): Found<bigint> {
    const word = this.load(register, this.sp);
    // `pop rsp` is no epilog or prolog of any compiler; the push of rsp itself is undone by skipping it.
    if (word.ok && register !== 'rsp') this.sp = vaAdd(this.sp, 8);
    return word;
  }
}

/** Version 2 lists a function's epilogs; version 1 leaves them to be told by their code. */
function mayBeEpilog({ epilogs }: UnwindInfo, entry: RuntimeFunction, at: number): boolean {
  return !epilogs || epilogs.fromEnd.some((distance) => at >= entry.end - distance && at <= entry.end - distance + epilogs.size);
}

/** Undoes the function `entry` in which `at` lies. */
export function undoFunction(tables: UnwindTables, entry: RuntimeFunction, at: number, start: { registers: Registers; read: ReadWord }): Found<Undone> {
  const machine = new Machine(start.registers, start.read);
  const first = tables.info(entry);
  if (!first.ok) return first;
  // An indirect entry leads to a function whose own piece need not hold `at`: then its whole prolog has run.
  const inside = at >= entry.begin && at < entry.end;
  const offset = inside ? at - entry.begin : Number.POSITIVE_INFINITY;
  // At the very end stands the return address of a last call: the code there is another function's. A prolog may hold an early
  // way out, so its size does not tell that there is no epilog.
  const epilog = at !== entry.end && mayBeEpilog(first.value, entry, at) ? findEpilog(tables, entry, at) : undefined;
  const done = epilog ? undoEpilog(machine, epilog) : undoProlog(tables, first.value, offset, machine);
  if (!done.ok) return done;
  if (!machine.machineFrame) {
    const ip = machine.pop('rip');
    if (!ip.ok) return ip;
  }
  return found({ registers: machine.registers, machineFrame: machine.machineFrame });
}

/** A function without unwind data neither moves the stack pointer nor saves registers: its return address lies on top. */
export function undoLeaf(registers: Registers, read: ReadWord): Found<Undone> {
  const machine = new Machine(registers, read);
  const ip = machine.pop('rip');
  return ip.ok ? found({ registers: machine.registers, machineFrame: false }) : ip;
}

function undoEpilog(machine: Machine, epilog: Epilog): Found<void> {
  if (epilog.release?.kind === 'add') machine.sp = machine.sp + epilog.release.size;
  if (epilog.release?.kind === 'lea') {
    const base = machine.registers[epilog.release.register];
    if (base === undefined) return unknownRegister(epilog.release.register);
    machine.sp = base + epilog.release.displacement;
  }
  for (const register of epilog.pops) {
    const word = machine.pop(register);
    if (!word.ok) return word;
  }
  return found(undefined);
}

function unknownRegister(register: string): Found<never> {
  return notValid(`register ${register}`, 'not known here', 'its value in this frame');
}

function undoProlog(tables: UnwindTables, first: UnwindInfo, offset: number, machine: Machine): Found<void> {
  let info = first;
  let reached = offset;
  for (let depth = 0; depth < MAX_CHAIN; depth++) {
    const done = undoInfo(info, reached, machine);
    if (!done.ok) return done;
    if (!info.chained) return found(undefined);
    const next = tables.info(info.chained);
    if (!next.ok) return next;
    info = next.value;
    // Whoever is in a chained piece has run the whole prolog before it.
    reached = Number.POSITIVE_INFINITY;
  }
  return notValid('chain of unwind data', `more than ${MAX_CHAIN} entries`, 'an end');
}

function undoInfo(info: UnwindInfo, offset: number, machine: Machine): Found<void> {
  const frame = info.frame;
  const established = frame !== undefined && !info.codes.some((code) => code.op === 'set-frame' && code.at > offset);
  if (frame && established && machine.frameBase === undefined) {
    const value = machine.registers[frame.register];
    if (value === undefined) return unknownRegister(frame.register);
    machine.frameBase = value - BigInt(frame.offset);
  }
  const base = established && machine.frameBase !== undefined ? machine.frameBase : machine.sp;
  for (const code of info.codes) {
    if (code.at > offset) continue;
    const done = undoCode(code, base, machine);
    if (!done.ok) return done;
  }
  return found(undefined);
}

function undoCode(code: UnwindCode, base: bigint, machine: Machine): Found<unknown> {
  switch (code.op) {
    case 'push':
      return machine.pop(code.register);
    case 'alloc':
      machine.sp = machine.sp + BigInt(code.size);
      return found(undefined);
    case 'set-frame':
      machine.sp = base;
      return found(undefined);
    case 'save':
      return machine.load(code.register, base + BigInt(code.offset));
    case 'save-xmm':
      // No frame needs a vector register to be found.
      return found(undefined);
    case 'machine-frame':
      return undoMachineFrame(machine, code.errorCode);
  }
}

/** What the processor pushes: [error code], RIP, CS, EFLAGS, RSP, SS (AMD64 manual, volume 2, "Long-mode stack switches"). */
function undoMachineFrame(machine: Machine, errorCode: boolean): Found<bigint> {
  const at = machine.sp + (errorCode ? 8n : 0n);
  const ip = machine.load('rip', at);
  if (!ip.ok) return ip;
  const sp = machine.load('rsp', at + 24n);
  machine.machineFrame = true;
  return sp.ok && sp.value === 0n ? notValid('stack pointer in a machine frame', hex(sp.value), 'a stack') : sp;
}
