/**
 * Walks a function's code and asks at every boundary between two instructions what the unwinder makes of the state there.
 * The prolog is run from the entry on. The body keeps the prolog's frame, with every register that was saved unknown. The straight
 * code before a return or a jump out is run from the body's state; where it does not end with the registers of the entry it is not
 * modelled, and counted.
 */
import { type Va, va } from '../../base/address.ts';
import type { Arch, Decoder, Instruction } from '../../code/decoder.ts';
import type { State, Stepped } from './state.ts';

export interface Piece {
  /** RVAs. */
  readonly begin: number;
  readonly end: number;
  readonly prologBytes: number;
  /** Registers that the body needs kept: the frame register. */
  readonly frame?: string;
}

export interface Machine {
  readonly arch: Arch;
  readonly sp: string;
  step(state: State, instruction: Instruction): Stepped;
}

export interface Walked {
  readonly where: 'prolog' | 'body' | 'epilog';
  readonly at: number;
  readonly state: State;
}

export interface Code {
  read(at: number, length: number): Uint8Array;
  readonly decoder: Decoder;
}

const MAX_INSTRUCTIONS = 20_000;
const MAX_LENGTH = 15;

/** Every instruction from `begin` to `end`; stops at bytes that are none. */
function* instructions(code: Code, arch: Arch, { begin, end }: { readonly begin: number; readonly end: number }): Generator<Instruction> {
  let at = begin;
  for (let count = 0; at < end && count < MAX_INSTRUCTIONS; count++) {
    const decoded = code.decoder.decode(code.read(at, Math.min(MAX_LENGTH, end - at)), va(BigInt(at)), arch);
    if (!decoded.ok && arch !== 'arm64') return;
    if (decoded.ok) yield decoded.value;
    at += decoded.ok ? decoded.value.length : 4;
  }
}

/** Instructions of a called function that are looked through. */
const MAX_HELPER = 16;
/** A linker's thunk leads to it by a jump. */
const MAX_JUMPS = 3;

/**
 * How far a called function moves its caller's stack pointer: __security_push_cookie and its kin do, on ARM64. 0 where the
 * function is not a short run of modelled instructions.
 */
function spMoved(code: Code, machine: Machine, state: State, { flow, target }: Instruction): bigint {
  if (machine.arch !== 'arm64' || flow !== 'call' || target === undefined) return 0n;
  const inside = state.copy();
  let begin = rvaOf(target);
  for (let jumps = 0; jumps < MAX_JUMPS; jumps++) {
    let next: number | undefined;
    for (const instruction of instructions(code, machine.arch, { begin, end: begin + MAX_HELPER * 4 })) {
      const done = instruction.flow === 'call' ? 'unknown' : machine.step(inside, instruction);
      if (done === 'return') return (inside.get(machine.sp) ?? 0n) - (state.get(machine.sp) ?? 0n);
      if (done === 'next') continue;
      const target = instruction.target ?? inside.get(instruction.operands.replace('xip0', 'x16'));
      next = done === 'jump' && target !== undefined ? Number(target) : undefined;
      break;
    }
    if (next === undefined) return 0n;
    begin = next;
  }
  return 0n;
}

function step(code: Code, machine: Machine, state: State, instruction: Instruction): Stepped {
  const moved = spMoved(code, machine, state, instruction);
  const done = machine.step(state, instruction);
  if (moved !== 0n) state.set(machine.sp, (state.get(machine.sp) ?? 0n) + moved);
  return done;
}

const rvaOf = (at: Va): number => Number(at);

/** Boundaries of the prolog; `state` is left as it is behind it. False where an instruction is not modelled. */
export function* prologOf(code: Code, machine: Machine, piece: Piece, state: State): Generator<Walked, boolean> {
  for (const instruction of instructions(code, machine.arch, { begin: piece.begin, end: piece.begin + piece.prologBytes })) {
    yield { where: 'prolog', at: rvaOf(instruction.at), state: state.copy() };
    if (step(code, machine, state, instruction) !== 'next') return false;
  }
  return true;
}

/** The state of the body: the frame as the prolog left it, every register that it saved unknown. */
function bodyState(machine: Machine, piece: Piece, { entry, after }: { readonly entry: State; readonly after: State }): State {
  const body = after.copy();
  const saved = new Set(after.words.values());
  const isKept = (name: string): boolean => name === machine.sp || name === piece.frame || !saved.has(entry.get(name) ?? 0n);
  for (const name of after.registers.keys()) if (!entry.registers.has(name) || !isKept(name)) body.set(name, undefined);
  return body;
}

const spOf = (machine: Machine, state: State): bigint | undefined => state.get(machine.sp);

/** Straight code: what follows an instruction in memory follows it in time. */
const isStraight = ({ flow }: Instruction): boolean => flow === 'next' || flow === 'call' || flow === 'indirect-call';
/** Instructions before a return or a jump out that are run for it. */
const RUN = 40;

interface Body {
  readonly all: readonly Instruction[];
  /** The frame as the body has it. */
  readonly state: State;
  readonly entry: State;
}

interface Settled {
  /** Index of the first instruction behind. */
  readonly next: number;
  /** The lowest stack pointer, which is the frame's. */
  readonly sp: bigint | undefined;
  readonly unmodelled: 0 | 1;
}

/**
 * First boundaries of the body, up to its first branch or return: there it makes room for its locals by code that is no part of
 * the prolog. A function that returns with another stack pointer than it was given (__security_push_cookie), or a piece that begins
 * in an epilog, is not modelled.
 */
function* settle(
  code: Code,
  machine: Machine,
  all: readonly Instruction[],
  { lead, entrySp }: { lead: State; entrySp: bigint | undefined },
): Generator<Walked, Settled> {
  let sp = spOf(machine, lead);
  for (const [index, one] of all.entries()) {
    if (one.flow === 'return' && spOf(machine, lead) !== entrySp) return { next: index + 1, sp, unmodelled: 1 };
    yield { where: 'body', at: rvaOf(one.at), state: lead.copy() };
    const ended = !isStraight(one) || step(code, machine, lead, one) === 'unknown';
    const now = spOf(machine, lead);
    if (sp === undefined || now === undefined || now < sp) sp = now;
    if (ended) return { next: index + 1, sp, unmodelled: 0 };
  }
  return { next: all.length, sp, unmodelled: 0 };
}

/** The boundaries of the straight code that ends with instruction `end`; undefined where that code is not modelled. */
function runOf(
  code: Code,
  machine: Machine,
  { all, state, entry }: Body,
  { from, end }: { readonly from: number; readonly end: number },
): Walked[] | undefined {
  const run = state.copy();
  const boundaries: Walked[] = [];
  for (const one of all.slice(from, end)) {
    boundaries.push({ where: 'epilog', at: rvaOf(one.at), state: run.copy() });
    if (step(code, machine, run, one) !== 'next') return undefined;
  }
  const last = all[end];
  if (last) boundaries.push({ where: 'epilog', at: rvaOf(last.at), state: run });
  // A return stands where the caller's registers are back; a jump out may also lead to another part of the same function.
  const gone = [...entry.registers].every(([name, value]) => run.get(name) === value);
  return gone || (last?.flow !== 'return' && spOf(machine, run) === spOf(machine, state)) ? boundaries : undefined;
}

/** Boundaries of the body and of the epilogs in it; gives the number of epilogs that are not modelled. */
export function* bodyOf(code: Code, machine: Machine, piece: Piece, states: { readonly entry: State; readonly after: State }): Generator<Walked, number> {
  const all = [...instructions(code, machine.arch, { begin: piece.begin + piece.prologBytes, end: piece.end })];
  const state = bodyState(machine, piece, states);
  const lead = state.copy();
  const entrySp = spOf(machine, states.entry);
  const settled = yield* settle(code, machine, all, { lead, entrySp });
  state.set(machine.sp, settled.sp);
  const body: Body = { all, state, entry: states.entry };
  let unmodelled: number = settled.unmodelled;
  let from = settled.next;
  for (let index = settled.next; index < all.length; index++) {
    const one = all[index];
    if (!one) continue;
    if (isStraight(one)) {
      from = Math.max(from, index + 1 - RUN);
      continue;
    }
    const run = mayLeave(piece, one) ? runOf(code, machine, body, { from, end: index }) : undefined;
    if (run) yield* run;
    else if (one.flow === 'return') unmodelled += 1;
    else yield* plainOf(body, from, index);
    from = index + 1;
  }
  return unmodelled;
}

function* plainOf({ all, state }: Body, from: number, end: number): Generator<Walked> {
  for (const one of all.slice(from, end + 1)) yield { where: 'body', at: rvaOf(one.at), state };
}

const mayLeave = ({ begin, end }: Piece, { flow, target }: Instruction): boolean =>
  flow === 'return' || flow === 'indirect-jump' || (flow === 'jump' && target !== undefined && (target < BigInt(begin) || target >= BigInt(end)));
