/** The instruction at the fault: what it computes, whether it could have touched the address, whether it is one at all. */
import { type Va, vaAdd } from '../base/address.ts';
import { hex } from '../base/hex.ts';
import type { Instruction, MemoryOperand } from '../code/decoder.ts';
import type { Session } from '../target/target.ts';
import type { Fault } from './fault.ts';

const MAX_LENGTH = 15;

export interface OperandReading {
  readonly operand: MemoryOperand;
  readonly address: bigint;
  /** "rdx=0x0, rcx=0x4". */
  readonly inputs: string;
  /** Register whose value is the odd one, where a single register makes the address. */
  readonly base?: { readonly name: string; readonly value: bigint };
}

export function decodeAt(session: Session, at: Va): Instruction | undefined {
  const { bytes } = session.memory.read(at, MAX_LENGTH);
  const decoded = session.decoder.decode(bytes, at, session.target.arch);
  return decoded.ok ? decoded.value : undefined;
}

export const wordsOf = (instruction: Instruction): string => `${instruction.mnemonic} ${instruction.operands}`.replace(/\s+/g, ' ').trim();

function readOperand(operand: MemoryOperand, fault: Fault, mask: bigint): OperandReading | undefined {
  const { registers } = fault;
  if (operand.segment === 'fs' || operand.segment === 'gs') return undefined;
  if (operand.absolute !== undefined) return { operand, address: operand.absolute, inputs: 'a fixed address' };
  if (!registers) return undefined;
  const names = [operand.base, operand.index].filter((name) => name !== undefined);
  const values = names.map((name) => (fault.unknown.includes(name) ? undefined : registers[name]));
  if (values.some((value) => value === undefined)) return undefined;
  const base = operand.base === undefined ? 0n : (registers[operand.base] ?? 0n);
  const index = operand.index === undefined ? 0n : (registers[operand.index] ?? 0n);
  const address = (base + index * BigInt(operand.scale) + operand.displacement) & mask;
  const inputs = names.map((name, at) => `${name}=${hex(values[at] ?? 0n)}`).join(', ');
  return { operand, address, inputs, ...(operand.base !== undefined && operand.index === undefined ? { base: { name: operand.base, value: base } } : {}) };
}

/** Every memory operand whose registers are known. */
export function readOperands(session: Session, instruction: Instruction, fault: Fault): OperandReading[] {
  const mask = session.memory.pointerSize === 8 ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn;
  return instruction.memory.flatMap((operand) => {
    const reading = readOperand(operand, fault, mask);
    return reading ? [reading] : [];
  });
}

/** The operand that covers `address`: the processor reports the first byte that failed, which may be the next page's. */
export function matchOperand(readings: readonly OperandReading[], address: bigint): OperandReading | undefined {
  return readings.find((reading) => address >= reading.address && address < reading.address + BigInt(Math.max(1, reading.operand.sizeBytes)));
}

/** String instructions move through memory, so their registers no longer show where they began. */
export const movesThroughMemory = (instruction: Instruction): boolean =>
  /^(rep|movs|stos|cmps|scas|lods|ins|outs|v?gather|v?scatter|xsave|xrstor|fxsave|fxrstor)/.test(instruction.mnemonic);

export interface InsideInstruction {
  /** Start of the instruction that the code really holds there. */
  readonly start: Va;
  readonly instruction: Instruction;
  readonly streams: number;
}

const WINDOWS: readonly number[] = [96, 64, 48, 32, 24];

/**
 * Whether `ip` stands inside an instruction. Code read from a wrong start falls back into step after a few instructions, so
 * streams from many starts before `ip` are decoded: where nearly all of them step over `ip` at one place, that place is the code.
 */
export function findInsideInstruction(session: Session, ip: Va): InsideInstruction | undefined {
  if (session.target.arch !== 'x64' && session.target.arch !== 'x86') return undefined;
  for (const window of WINDOWS) {
    const from = vaAdd(ip, -window);
    const { bytes, got } = session.memory.read(from, window + MAX_LENGTH);
    if (got < window + 2) continue;
    return countStreams(session, bytes, from, window);
  }
  return undefined;
}

function countStreams(session: Session, bytes: Uint8Array, from: Va, window: number): InsideInstruction | undefined {
  const over = new Map<number, number>();
  let hits = 0;
  let streams = 0;
  for (let start = 0; start <= window - 8; start++) {
    const last = runStream(session, bytes, from, { start, window });
    if (last === undefined) continue;
    streams++;
    if (last === window) hits++;
    else over.set(last, (over.get(last) ?? 0) + 1);
  }
  const [best, count] = [...over.entries()].sort((a, b) => b[1] - a[1])[0] ?? [0, 0];
  if (streams < 12 || hits * 8 > streams || count * 4 < streams * 3) return undefined;
  const decoded = session.decoder.decode(bytes.subarray(best), vaAdd(from, best), session.target.arch);
  return decoded.ok ? { start: vaAdd(from, best), instruction: decoded.value, streams: count } : undefined;
}

/** Offset of the instruction that covers `window` (the instruction pointer), or `window` itself where the stream meets it. */
function runStream(session: Session, bytes: Uint8Array, from: Va, run: { readonly start: number; readonly window: number }): number | undefined {
  let at = run.start;
  while (at < run.window) {
    const decoded = session.decoder.decode(bytes.subarray(at, at + MAX_LENGTH), vaAdd(from, at), session.target.arch);
    if (!decoded.ok || decoded.value.length === 0) return undefined;
    const next = at + decoded.value.length;
    if (next > run.window) return at;
    at = next;
  }
  return at;
}
