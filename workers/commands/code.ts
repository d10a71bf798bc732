/** `u`, `ub` and the instruction line under `r`. */
import { type Va, va, vaAdd } from '../base/address.ts';
import type { Found } from '../base/found.ts';
import { hexDigits } from '../base/hex.ts';
import type { Job } from '../base/job.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { encodingOf } from '../code/encoding.ts';
import type { Instruction, MemoryOperand } from '../code/decoder.ts';
import { evaluateRange } from '../expr/range.ts';
import { sessionScope } from '../expr/sessionscope.ts';
import type { Context, Session } from '../target/target.ts';
import { ROWS_PER_SLICE, address, findName, nameText, placeSpan, rowsStep } from './names.ts';
import { type CommandSpec, type OutputNode, type Span, line, note, text } from './spec.ts';

/** Longest instruction of x86 (Intel SDM vol. 2, 2.3.11). */
const MAX_LENGTH = 15;
const BYTE_COLUMN = 15;
const MNEMONIC_COLUMN = 7;
const ARM64_COLUMNS = [8, 11] as const;

export function decodeAt(session: Session, at: Va): Found<Instruction> {
  const read = session.memory.read(at, MAX_LENGTH);
  if (read.got === 0) return { ok: false, missing: read.missing ?? { why: 'not-in-dump', space: 'virtual', at } };
  return session.decoder.decode(read.bytes, at, session.target.arch);
}

/** Targets of calls and jumps and absolute addresses get their names, as `u` prints: `nt!Fn+0x5 (fffff803`12345678)`. */
function operandSpans(session: Session, instruction: Instruction): readonly Span[] {
  const absolute = instruction.target ?? instruction.memory.find((operand) => operand.absolute !== undefined)?.absolute;
  if (absolute === undefined) return [text(instruction.operands)];
  const shown = address(session, absolute).text;
  const at = instruction.operands.indexOf(shown);
  if (at < 0) return [text(instruction.operands)];
  const place = placeSpan(session, absolute);
  const spot: Span[] = place ? [place, text(' ('), address(session, absolute), text(')')] : [address(session, absolute)];
  return [text(instruction.operands.slice(0, at)), ...spot, text(instruction.operands.slice(at + shown.length))];
}

export function instructionLine(session: Session, instruction: Instruction, after: readonly Span[] = []): OutputNode {
  // ARM64 code is shown as the words that it is: "fffff802`8c407570 d43e0000 brk         #0xF000".
  const { arch } = session.target;
  const [byteColumn, mnemonicColumn] = arch === 'arm64' ? ARM64_COLUMNS : [BYTE_COLUMN, MNEMONIC_COLUMN];
  const bytes = encodingOf(instruction, arch).join('').padEnd(byteColumn);
  const operands =
    instruction.operands === ''
      ? [text(instruction.mnemonic)]
      : [text(`${instruction.mnemonic.padEnd(mnemonicColumn)} `), ...operandSpans(session, instruction)];
  return line(address(session, instruction.at), ` ${bytes} `, ...operands, ...after);
}

/** The address that a memory operand means in a context; undefined where a register of it is not known. */
export function operandAddress(operand: MemoryOperand, context: Context): Va | undefined {
  if (operand.absolute !== undefined) return operand.absolute;
  let sum = operand.displacement;
  for (const [name, scale] of [
    [operand.base, 1],
    [operand.index, operand.scale],
  ] as const) {
    if (name === undefined) continue;
    const value = context.registers[name];
    if (value === undefined || context.unknown.includes(name)) return undefined;
    sum += value * BigInt(scale);
  }
  return va(sum);
}

const SEGMENT_OF: Readonly<Record<string, string>> = { rsp: 'ss', rbp: 'ss', esp: 'ss', ebp: 'ss' };

/** Code selector of 64-bit user mode. */
const USER_CODE64 = 0x33n;

/** The memory that the instruction's text names; what it does to the stack besides is not shown. */
function writtenOperand(instruction: Instruction): MemoryOperand | undefined {
  if (!instruction.operands.includes('[')) return undefined;
  const named = instruction.memory.filter((operand) => operand.access !== 'none');
  const isStack = (operand: MemoryOperand): boolean => operand.base !== undefined && /^[re]sp$/.test(operand.base);
  return (/[re]sp/.test(instruction.operands) ? undefined : named.find((operand) => !isStack(operand))) ?? named[0];
}

/** ` ds:002b:41414141`41414139=????????` as `r` ends its line. */
function operandValue(session: Session, instruction: Instruction, context: Context): readonly Span[] {
  const operand = writtenOperand(instruction);
  const at = operand && operandAddress(operand, context);
  if (!operand || at === undefined) return [];
  const segment = operand.segment ?? SEGMENT_OF[operand.base ?? ''] ?? 'ds';
  // A trap frame keeps no data segment, and in 64-bit user mode segments mean nothing: WinDbg then writes none.
  const flat = context.registers['ds'] === undefined || context.registers['cs'] === USER_CODE64;
  const selector = flat ? undefined : context.registers[segment];
  const size = [1, 2, 4, 8].includes(operand.sizeBytes) ? operand.sizeBytes : 8;
  const read = session.memory.read(at, size);
  const value: Span =
    read.got === size
      ? text(
          [...read.bytes]
            .reverse()
            .map((byte) => hexDigits(byte, 2))
            .join(''),
        )
      : { span: 'missing', reason: read.missing ?? { why: 'not-in-dump', space: 'virtual', at }, text: '?'.repeat(size * 2) };
  return [text(` ${segment}:${selector === undefined ? '' : `${hexDigits(selector, 4)}:`}`), address(session, at), text('='), value];
}

/** The place and the instruction at an address, as `r` and `u` begin. */
export function instructionNodes(session: Session, at: Va, context: Context): readonly OutputNode[] {
  const named = findName(session, at);
  const head = named ? [line({ span: 'module', name: named.module, text: nameText(named) }, ':')] : [];
  const decoded = decodeAt(session, at);
  if (!decoded.ok) return [...head, line(address(session, at), ' ', { span: 'missing', reason: decoded.missing, text: '??              ???' })];
  return [...head, instructionLine(session, decoded.value, operandValue(session, decoded.value, context))];
}

const DEFAULT_COUNT = 8;
const MAX_COUNT = 0x400;

interface CodeRange {
  readonly start: Va;
  readonly count: number;
  readonly end: Va | undefined;
}

function codeRange(session: Session, tail: string): Reply<CodeRange> {
  const ip = session.scope?.registers['rip'] ?? session.scope?.registers['eip'] ?? session.scope?.registers['pc'];
  if (tail.trim() === '')
    return ip === undefined ? refuse('BAD_ARGUMENT', 'an address is wanted', { at: 0 }) : reply({ start: va(ip), count: DEFAULT_COUNT, end: undefined });
  const range = evaluateRange(tail, sessionScope(session));
  if (!range.ok) return range;
  if (!range.value.ok) return refuse('BAD_ARGUMENT', describeMissing(range.value.missing), { at: 0 });
  const { start, count, end } = range.value.value;
  const wanted = count ?? (end === undefined ? BigInt(DEFAULT_COUNT) : BigInt(MAX_COUNT));
  if (wanted > BigInt(MAX_COUNT)) return refuse('BAD_ARGUMENT', `at most ${MAX_COUNT} instructions are shown at once`, { at: 0 });
  return reply({ start, count: Number(wanted), end });
}

const rangeArg = { name: 'range', kind: 'range', optional: true, summary: 'address, address Lcount, or address end' } as const;

const unassembleCommand: CommandSpec = {
  name: 'u',
  aliases: [],
  group: 'memory',
  summary: 'instructions from an address on',
  args: [rangeArg],
  needs: ['memory'],
  examples: [{ line: 'u @rip L4', fixture: 'sample' }],
  *run({ session }, tail) {
    const range = codeRange(session, tail);
    if (!range.ok) return range;
    const nodes: OutputNode[] = [...labelNodes(session, range.value.start)];
    let at = range.value.start;
    for (let index = 0; index < range.value.count; index++) {
      if (index % ROWS_PER_SLICE === ROWS_PER_SLICE - 1) yield rowsStep(index, range.value.count);
      if (range.value.end !== undefined && at > range.value.end) break;
      const decoded = decodeAt(session, at);
      if (!decoded.ok)
        return reply([
          ...nodes,
          line(address(session, at), ' ', { span: 'missing', reason: decoded.missing, text: '??              ???' }),
          note(describeMissing(decoded.missing)),
        ]);
      if (index > 0 && findName(session, at)?.displacement === 0) nodes.push(...labelNodes(session, at));
      nodes.push(instructionLine(session, decoded.value));
      at = vaAdd(at, decoded.value.length);
    }
    return reply(nodes);
  },
};

function labelNodes(session: Session, at: Va): readonly OutputNode[] {
  const named = findName(session, at);
  return named ? [line({ span: 'module', name: named.module, text: nameText(named) }, ':')] : [];
}

/**
 * The instructions that end at `end`. x86 cannot be read backwards: of all starts up to 15 × count bytes before, the one
 * is taken whose decoding meets `end` exactly and is longest in agreement with its neighbours, farthest start first.
 */
function* instructionsBefore(session: Session, end: Va, count: number): Job<readonly Instruction[]> {
  if (session.target.arch === 'arm64') return chainTo(session, vaAdd(end, -4 * count), end).slice(-count);
  const startsPerSlice = Math.max(1, Math.floor(ROWS_PER_SLICE / count));
  for (const wanted of [count, 1]) {
    for (let back = MAX_LENGTH * count; back > 0; back--) {
      if (back % startsPerSlice === 0) yield rowsStep(MAX_LENGTH * count - back, MAX_LENGTH * count);
      const chain = chainTo(session, vaAdd(end, -back), end);
      if (chain.length >= wanted) return chain.slice(-count);
    }
  }
  return [];
}

function chainTo(session: Session, start: Va, end: Va): readonly Instruction[] {
  const chain: Instruction[] = [];
  let at = start;
  while (at < end) {
    const decoded = decodeAt(session, at);
    if (!decoded.ok) return [];
    chain.push(decoded.value);
    at = vaAdd(at, decoded.value.length);
  }
  return at === end ? chain : [];
}

const unassembleBackCommand: CommandSpec = {
  name: 'ub',
  aliases: [],
  group: 'memory',
  summary: 'the instructions before an address',
  args: [rangeArg],
  needs: ['memory'],
  examples: [{ line: 'ub @rip', fixture: 'sample' }],
  *run({ session }, tail) {
    const range = codeRange(session, tail);
    if (!range.ok) return range;
    const before = yield* instructionsBefore(session, range.value.start, range.value.count);
    const first = before[0];
    if (!first) return refuse('BAD_ARGUMENT', 'the code before this address is not in the dump, or cannot be read backwards to it', { at: 0 });
    return reply([...labelNodes(session, first.at), ...before.map((instruction) => instructionLine(session, instruction))]);
  },
};

export const CODE_COMMANDS: readonly CommandSpec[] = [unassembleCommand, unassembleBackCommand];
