/** x64 and x86 instructions in WinDbg's spelling (`u` as it prints: learn.microsoft.com, "u, ub, uu (Unassemble)"). */
import { type Va, va } from '../base/address.ts';
import { type Found, found, missing, notValid } from '../base/found.ts';
import { formatVa } from '../base/hex.ts';
import { BASE_FEATURES, CPU_FEATURES } from './cpufeatures.ts';
import type { FlowKind, Instruction, MemoryOperand } from './decoder.ts';
import type { Iced, RawMemory } from './iced.ts';

/** Longest instruction, in bytes (Intel SDM volume 2, 2.3.11). */
const MAX_LENGTH = 15;

/** By the decoder's FlowControl numbers. */
const FLOW: readonly FlowKind[] = ['next', 'jump', 'indirect-jump', 'conditional-jump', 'return', 'call', 'indirect-call', 'interrupt', 'other', 'exception'];
/** By the decoder's OpAccess numbers; a conditional access counts as one. */
const READS = new Set([1, 2, 5, 6]);
const WRITES = new Set([3, 4, 5, 6]);
/** By the decoder's OpKind numbers. */
const NEAR_BRANCH = new Set([1, 2, 3]);
const FAR_BRANCH = new Set([4, 5]);
const OP_MEMORY = 24;
/** Code numbers of the moves between accumulator and a bare address, opcodes A0 to A3. */
const MOFFS_FIRST = 323;
const MOFFS_LAST = 330;

/** String instructions: WinDbg writes "movs byte ptr [rdi],byte ptr [rsi]" for movsb. Operands by position. */
const STRINGS: Readonly<Record<string, readonly ('destination' | 'source' | 'port')[]>> = {
  movs: ['destination', 'source'],
  cmps: ['source', 'destination'],
  stos: ['destination'],
  lods: ['source'],
  scas: ['destination'],
  ins: ['destination', 'port'],
  outs: ['port', 'source'],
};
const STRING_MNEMONIC = /^(rep |repe |repne )?(movs|cmps|stos|lods|scas|ins|outs)([bwdq])$/;
const SIZE_WORDS: Readonly<Record<string, string>> = { b: 'byte', w: 'word', d: 'dword', q: 'qword' };

export function decodeX86(iced: Iced, bytes: Uint8Array, at: Va, bitness: 32 | 64): Found<Instruction> {
  const code = bytes.length > MAX_LENGTH ? bytes.subarray(0, MAX_LENGTH) : bytes;
  if (code.length === 0) return missing({ why: 'not-valid', what: 'instruction', got: 'no bytes', wanted: 'at least one' });
  if (!iced.decode(code, at, bitness)) {
    const got = [...code].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return notValid('instruction', got, bitness === 64 ? 'x64 code' : 'x86 code');
  }
  return found(describe(iced, code, at, bitness));
}

function describe(iced: Iced, code: Uint8Array, at: Va, bitness: 32 | 64): Instruction {
  const length = iced.number('length');
  const firstOperand = iced.number('op0Kind');
  const operandCount = iced.number('opCount');
  const near = operandCount > 0 && NEAR_BRANCH.has(firstOperand);
  const flow = flowOf(iced, operandCount > 0 && (near || FAR_BRANCH.has(firstOperand)));
  const target = near ? va(iced.wide('nearBranchTarget')) : undefined;
  const uses = iced.uses();
  const spelled = spell(iced, { bitness, target });
  return {
    at,
    length,
    bytes: code.slice(0, length),
    ...spelled,
    flow,
    ...(target === undefined ? {} : { target }),
    memory: memoryOf(iced, uses.memory, bitness),
    reads: registersOf(iced, uses.registers, { wanted: READS, bitness }),
    writes: registersOf(iced, uses.registers, { wanted: WRITES, bitness }),
    cpuFeatures: iced.cpuFeatures.map((feature) => CPU_FEATURES[feature] ?? `feature ${feature}`).filter((name) => !BASE_FEATURES.has(name)),
  };
}

/** syscall, sysenter and their kin are "calls" to the decoder; they push no return address, so here they are 'other'. */
function flowOf(iced: Iced, branch: boolean): FlowKind {
  const kind = FLOW[iced.number('flowControl')] ?? 'other';
  return kind === 'call' && !branch ? 'other' : kind;
}

interface Wanted {
  readonly wanted: ReadonlySet<number>;
  readonly bitness: 32 | 64;
}

function registersOf(iced: Iced, list: readonly { register: number; access: number }[], { wanted, bitness }: Wanted): string[] {
  const names = new Set<string>();
  for (const { register, access } of list) {
    if (wanted.has(access)) names.add(iced.registerName(iced.isGeneral(register) ? iced.fullRegister(register, bitness) : register));
  }
  return [...names];
}

function accessOf(access: number): MemoryOperand['access'] {
  const reads = READS.has(access);
  const writes = WRITES.has(access);
  if (reads) return writes ? 'read-write' : 'read';
  return writes ? 'write' : 'none';
}

/** The operand as written comes first; what the instruction touches besides (the stack of a push or call) follows. */
function memoryOf(iced: Iced, used: readonly RawMemory[], bitness: 32 | 64): MemoryOperand[] {
  const list = used.map((one) => operandOf(iced, one));
  const ipRelative = iced.call('instruction_isIpRelMemoryOperand', iced.instruction) !== 0;
  const own = ownOperand(iced, bitness);
  if (!own) return list;
  if (ipRelative)
    return [{ ...own, base: 'rip', displacement: 0n, absolute: va(iced.wide('ipRelMemoryAddress')), access: list[0]?.access ?? 'none' }, ...list.slice(1)];
  return list.length > 0 ? list : [own];
}

function operandOf(iced: Iced, raw: RawMemory): MemoryOperand {
  const bare = raw.base === 0 && raw.index === 0;
  const segment = raw.segment === 0 ? '' : iced.registerName(raw.segment);
  return {
    ...(raw.base === 0 ? {} : { base: iced.registerName(raw.base) }),
    ...(raw.index === 0 ? {} : { index: iced.registerName(raw.index) }),
    scale: raw.scale as 1 | 2 | 4 | 8,
    displacement: BigInt.asIntN(64, raw.displacement),
    ...(segment === 'fs' || segment === 'gs' ? { segment } : bare ? { absolute: va(raw.displacement) } : {}),
    // A repeated string instruction touches a range; one element is named.
    sizeBytes: raw.sizeBytes === 0 ? iced.memorySizeBytes : raw.sizeBytes,
    access: accessOf(raw.access),
  };
}

/** The memory operand that an instruction names without touching it: lea, nop, prefetch. */
function ownOperand(iced: Iced, bitness: 32 | 64): MemoryOperand | undefined {
  const count = iced.number('opCount');
  const names = ['op0Kind', 'op1Kind', 'op2Kind'].slice(0, count);
  if (!names.some((name) => iced.number(name) === OP_MEMORY)) return undefined;
  const base = iced.number('memoryBase');
  const index = iced.number('memoryIndex');
  const displacement = iced.wide('memoryDisplacement');
  return {
    ...(base === 0 ? {} : { base: iced.registerName(base) }),
    ...(index === 0 ? {} : { index: iced.registerName(index) }),
    scale: iced.number('memoryIndexScale') as 1 | 2 | 4 | 8,
    displacement: BigInt.asIntN(bitness, displacement),
    sizeBytes: iced.memorySizeBytes,
    access: 'none',
  };
}

interface Spelling {
  readonly bitness: 32 | 64;
  readonly target: Va | undefined;
}

function spell(iced: Iced, { bitness, target }: Spelling): { mnemonic: string; operands: string } {
  const mnemonic = iced.mnemonic;
  const string = STRING_MNEMONIC.exec(mnemonic);
  if (string && iced.number('op0Kind') !== OP_MEMORY && iced.operands === '') return spellString(string, bitness);
  if (target !== undefined) return { mnemonic, operands: iced.operands.replace(/[0-9A-F]+h$/, formatVa(target, bitness === 64 ? 8 : 4)) };
  return { mnemonic, operands: spellAddress(iced, bitness) };
}

/** Absolute addresses as WinDbg writes them: fffff803`12345678, and ds:[00000000h] for the A0–A3 moves of 32-bit code. */
function spellAddress(iced: Iced, bitness: 32 | 64): string {
  const operands = iced.operands;
  const code = iced.number('code');
  const moffs = code >= MOFFS_FIRST && code <= MOFFS_LAST;
  if (bitness === 32) return moffs ? operands.replace(/\[([0-9A-F]+)h?\]/, (_all, digits: string) => `[${eightDigits(digits)}h]`) : operands;
  const ipRelative = iced.call('instruction_isIpRelMemoryOperand', iced.instruction) !== 0;
  if (!ipRelative && !moffs) return operands;
  const address = ipRelative ? iced.wide('ipRelMemoryAddress') : iced.wide('memoryDisplacement');
  return operands.replace(/\[[0-9A-F]+h?\]/, `[${formatVa(address)}]`);
}

const eightDigits = (digits: string): string => digits.slice(-8).padStart(8, '0');

function spellString(match: RegExpExecArray, bitness: 32 | 64): { mnemonic: string; operands: string } {
  const [, prefix = '', verb = '', size = ''] = match;
  const word = `${SIZE_WORDS[size] ?? 'byte'} ptr `;
  const wide = bitness === 64;
  const spellings = {
    destination: wide ? `${word}[rdi]` : `${word}es:[edi]`,
    source: wide ? `${word}[rsi]` : `${word}[esi]`,
    port: 'dx',
  };
  return { mnemonic: `${prefix}${verb}`, operands: (STRINGS[verb] ?? []).map((role) => spellings[role]).join(',') };
}
