/** Pieces of evidence that many rules use. */
import { hex } from '../../base/hex.ts';
import { type Actor, imageOf, isScanned, placeWords } from '../actors.ts';
import { type AddressClass, onlyBit } from '../address.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import type { Instruction } from '../../code/decoder.ts';
import { encodingOf } from '../../code/encoding.ts';
import { matchOperand, type OperandReading, wordsOf } from '../instruction.ts';
import { findRefused } from '../protection.ts';
import type { Weight } from '../verdict.ts';
import { text } from '../words.ts';

export const ACCESS_WORDS = { read: 'read', write: 'write to', execute: 'run code at' } as const;

/** The fault's place as WinDbg writes it: "nvlddmkm+0x12634e", or the address. */
export function faultPlace(c: Case): string {
  const { place, ip } = c.fault;
  if (!place) return ip === undefined ? 'an unknown place' : hex(ip);
  const frame = c.actors.find((actor) => actor.frame.ip === ip);
  return frame ? placeWords(frame) : `${imageOf(place.module)}+${hex(place.rva)}`;
}

export function setPlace(c: Case, f: Finding): void {
  const { place } = c.fault;
  if (place) f.place = { module: imageOf(place.module), offset: BigInt(place.rva), ...symbolAt(c) };
}

function symbolAt(c: Case): { readonly symbol?: string } {
  const symbol = c.actors.find((actor) => actor.frame.ip === c.fault.ip)?.frame.symbol;
  return symbol?.ok ? { symbol: symbol.value.name } : {};
}

export function placeOf(f: Finding, actor: Actor): void {
  const { symbol } = actor.frame;
  f.place = { module: imageOf(actor.module), offset: actor.offset, ...(symbol.ok ? { symbol: symbol.value.name } : {}) };
}

/** The place, the address touched and what kind of address that is. */
export function showFault(c: Case, f: Finding): AddressClass | undefined {
  const { fault } = c;
  setPlace(c, f);
  if (fault.place)
    f.show(text('e-place', { who: c.who(imageOf(fault.place.module)), place: faultPlace(c) }), `${c.instruction ? 'u' : 'ln'} ${hex(fault.ip ?? 0n)}`);
  if (fault.status !== undefined && c.kernel) f.show(text('e-status', { status: c.status(fault.status), index: '1' }), recordCommand(c), { weighs: 'context' });
  if (fault.address === undefined) return undefined;
  const kind = c.classify(fault.address);
  f.show(
    text('e-address', { kind: kind.words, plain: kind.plain, address: hex(fault.address), access: fault.access ?? 'access' }),
    fault.computed ? fault.command : recordCommand(c),
    {
      how: 'derived',
    },
  );
  if (kind.flippedBit !== undefined) {
    f.show(text('e-canonical-bit', { address: hex(fault.address), bit: String(kind.flippedBit) }), `.formats ${hex(fault.address)}`, {
      how: 'derived',
      from: ['e-address'],
    });
  }
  return kind;
}

function recordCommand(c: Case): string {
  if (!c.kernel) return '.exr -1';
  return c.code === 0x7e ? `.exr ${hex(c.params[2])}` : '.bugcheck';
}

export interface OperandVerdict {
  readonly matched: boolean;
  /** All operands could be computed and none fits. */
  readonly mismatch: boolean;
  readonly bit?: number;
  /** What the address really was, where Windows could report only -1. */
  readonly real?: AddressClass;
}

/** The instruction and whether its operands explain the address. */
export function showInstruction(c: Case, f: Finding): OperandVerdict {
  const { instruction, fault, operands } = c;
  if (!instruction || fault.ip === undefined) return { matched: false, mismatch: false };
  const words = wordsOf(instruction);
  f.show(text('e-instruction', { instruction: words, bytes: encodingOf(instruction, c.target.arch).join(' '), place: faultPlace(c) }), `u ${hex(fault.ip)}`, {
    weighs: 'context',
  });
  const { address } = fault;
  if (address === undefined) return { matched: false, mismatch: false };
  const match = matchOperand(operands, address);
  if (match) {
    const args = { instruction: words, inputs: match.inputs, address: hex(address) };
    f.show(text('e-operand', args), fault.command, { how: 'derived', from: ['e-instruction', 'e-address'] });
    showBase(c, f, match);
    const bit = match.base === undefined ? undefined : onlyBit(match.base.value);
    if (bit === undefined || bit < 16) return { matched: true, mismatch: false };
    f.show(text('e-register-bit', { register: match.base?.name ?? '', value: hex(match.base?.value ?? 0n), bit: String(bit) }), fault.command, {
      how: 'derived',
      weighs: 'against',
    });
    return { matched: true, mismatch: false, bit };
  }
  const real = showRefusal(c, f, words);
  if (real) return { matched: true, mismatch: false, real };
  return { matched: false, mismatch: operands.length > 0 && operands.length === instruction.memory.length };
}

/** Kinds of value that say by themselves where they come from. */
const TELLING: ReadonlySet<AddressClass['kind']> = new Set(['pattern', 'unloaded', 'non-canonical']);

/** The register that made the address, where its value says what it was: freed memory, text, a driver that is gone. */
function showBase(c: Case, f: Finding, reading: OperandReading): void {
  const { base } = reading;
  const kind = base && c.classify(base.value);
  if (!base || !kind || !TELLING.has(kind.kind)) return;
  f.show(text('e-base-value', { register: base.name, value: hex(base.value), kind: kind.words, plain: kind.plain }), c.fault.command, {
    how: 'derived',
    from: ['e-operand'],
  });
}

/** A fault without an address of its own: what the operand shows. */
function showRefusal(c: Case, f: Finding, instruction: string): AddressClass | undefined {
  const refused = findRefused(c);
  if (!refused) return undefined;
  const { reading, why } = refused;
  const kind = c.classify(reading.address);
  const args = { instruction, inputs: reading.inputs, address: hex(reading.address) };
  f.show(text(why === 'not-aligned' ? 'e-unaligned' : 'e-refused', args), c.fault.command, { how: 'derived', from: ['e-instruction', 'e-address'] });
  showBase(c, f, reading);
  if (kind.flippedBit !== undefined) {
    f.show(text('e-canonical-bit', { address: hex(reading.address), bit: String(kind.flippedBit) }), `.formats ${hex(reading.address)}`, {
      how: 'derived',
      from: ['e-refused'],
    });
  }
  return kind;
}

/** x86 and x64: instructions that use memory without naming it, by the stack, by the string registers, or by jumping. */
const IMPLICIT =
  /^(push|pop|call|ret|iret|enter|leave|int|syscall|sysenter|j|loop|movs|stos|lods|scas|cmps|ins|outs|rep|xlat|maskmov|f|v|x(save|rstor)|cl|sys|ud|hlt|in|out)/;

/** Whether it may touch memory besides the operands that it names. */
export const touchesUnnamed = (instruction: Instruction): boolean => IMPLICIT.test(instruction.mnemonic);

/**
 * An access was reported at an instruction that can make none: what ran is not what the file holds. Zero bytes are "add [rax],al"
 * (in 32-bit code "add [eax],al"), so where that register holds the very address, the processor ran zeros.
 */
export function showNoOperand(c: Case, f: Finding): boolean {
  const { instruction, fault } = c;
  const { address, access, place, registers } = fault;
  if (!instruction || !place || !registers || address === undefined || (access !== 'read' && access !== 'write')) return false;
  if (!/^x(64|86)$/.test(c.target.arch) || instruction.memory.length > 0 || touchesUnnamed(instruction)) return false;
  f.show(text('e-no-operand', { instruction: wordsOf(instruction), access, address: hex(address) }), `u ${hex(fault.ip ?? 0n)} L1`, {
    weighs: 'decides',
    how: 'derived',
    from: ['e-instruction', 'e-address'],
  });
  const register = c.target.arch === 'x64' ? 'rax' : 'eax';
  if (access === 'write' && registers[register] === address) {
    f.show(text('e-zero-code', { register, address: hex(address) }), fault.command, { weighs: 'for', how: 'derived', from: ['e-no-operand'] });
  }
  return true;
}

export function showSuspect(f: Finding, c: Case, actor: Actor, weighs: Weight = 'for'): void {
  f.show(text('e-suspect', { who: c.who(imageOf(actor.module)), place: placeWords(actor), trust: trustWords(actor) }), 'k', {
    weighs,
    how: isScanned(actor) ? 'inferred' : 'read',
  });
}

/** Drivers on the stack that nothing ties to it, as other answers. */
export function rivalDrivers(c: Case, f: Finding, actors: readonly Actor[] = c.suspects.slice(0, 2)): void {
  for (const actor of actors) f.rival({ module: imageOf(actor.module) }, text('r-driver', { who: c.who(imageOf(actor.module)) }));
}

const TRUST_WORDS: Readonly<Record<string, string>> = {
  context: 'the registers themselves',
  'unwind-info': 'found by unwind data',
  'frame-pointer': 'found by the frame pointer',
  'scan-call-checked': 'found by scanning, with a call before it',
  scan: 'a stray value',
  given: 'given by the dump',
};
export const trustWords = (actor: Actor): string => TRUST_WORDS[actor.frame.trust] ?? actor.frame.trust;

/** The argument with the code's own words for it, where the tables have them. */
export function showSubCode(c: Case, f: Finding, index: 1 | 2 | 3 | 4, weighs: 'for' | 'decides' | 'context' = 'for'): string | undefined {
  const meaning = subMeaning(c, index);
  const value = c.params[index - 1];
  if (meaning === undefined || value === undefined) return undefined;
  f.show(text('e-subcode', { meaning, index: String(index), value: hex(value) }), '.bugcheck', { how: 'table', weighs });
  return meaning;
}

export function subMeaning(c: Case, index: 1 | 2 | 3 | 4): string | undefined {
  const value = c.params[index - 1];
  const holds = (when: Readonly<Partial<Record<1 | 2 | 3 | 4, bigint>>> | undefined): boolean =>
    when === undefined || Object.entries(when).every(([at, wanted]) => c.params[Number(at) - 1] === wanted);
  return c.entry?.subCodes.find((sub) => sub.param === index && sub.value === value && holds(sub.when))?.meaning;
}

/** What is known of the stack where nobody can be named. */
export function showNoSuspect(c: Case, f: Finding): void {
  if (c.stack.frames.length <= 1) f.show(text('e-no-stack', { why: c.stack.ended.detail }), 'k', { weighs: 'context' });
  else if (c.actors.filter((actor) => actor.trusted).length < 3) f.show(text('e-scan-only', {}), 'k', { weighs: 'context', how: 'derived' });
  else if (c.suspects.length === 0) f.show(text('e-only-windows', {}), 'k', { weighs: 'context', how: 'derived' });
}
