/** What every rule needs, gathered once. */
import { va } from '../base/address.ts';
import { hex } from '../base/hex.ts';
import type { Job, Step } from '../base/job.ts';
import type { Instruction } from '../code/decoder.ts';
import { baseBugCheck } from '../knowledge/bugchecks.ts';
import type { BugCheckEntry, Knowledge } from '../knowledge/knowledge.ts';
import type { MemoryRange } from '../memory/space.ts';
import type { Session, Target } from '../target/target.ts';
import type { Stack } from '../unwind/frame.ts';
import { type Actor, findActors, findSuspects, who } from './actors.ts';
import { type AddressClass, type AddressWorld, classifyAddress } from './address.ts';
import { type Fault, optional, readFault, spOf } from './fault.ts';
import { signalName } from './signals.ts';
import { readSubject, type Subject } from './subject.ts';
import { decodeAt, type OperandReading, readOperands } from './instruction.ts';

export interface Case {
  readonly session: Session;
  readonly target: Target;
  readonly knowledge: Knowledge;
  readonly kernel: boolean;
  /** Base code: 0x7E for 0x1000007E; 0 in a user dump. */
  readonly code: number;
  readonly params: readonly [bigint, bigint, bigint, bigint];
  readonly entry?: BugCheckEntry;
  /** "0x7E SYSTEM_THREAD_EXCEPTION_NOT_HANDLED", "exception 0xc0000005 STATUS_ACCESS_VIOLATION". */
  readonly name: string;
  readonly stack: Stack;
  readonly fault: Fault;
  readonly instruction?: Instruction;
  readonly operands: readonly OperandReading[];
  readonly world: AddressWorld;
  readonly actors: readonly Actor[];
  /** Third-party modules on the stack by more than a stray word, innermost first. */
  readonly suspects: readonly Actor[];
  /** The thread that the stop is about, where another one stopped. */
  readonly subject?: Subject;
  classify(value: bigint): AddressClass;
  who(image: string): string;
  /** "0xc000009c STATUS_DEVICE_DATA_ERROR". */
  status(value: bigint | number): string;
}

const ACCESS_VIOLATION = 0xc0000005;
const STACK_ROOM = 0x8000n;
const NO_PARAMS = [0n, 0n, 0n, 0n] as const;

function stackBounds(session: Session): AddressWorld['stack'] {
  const { target } = session;
  const index = target.crashThread;
  const thread = index.ok ? target.threads[index.value] : undefined;
  if (thread?.stackRange.ok) return thread.stackRange.value;
  const context = target.context.ok ? target.context.value : undefined;
  const sp = context && spOf(context.registers, target.arch);
  if (sp === undefined) return undefined;
  const range = rangeAt(target.memory.ranges(), sp);
  return range && range.size <= STACK_ROOM * 4n ? { low: range.start, high: range.start + range.size } : undefined;
}

/** The range that holds an address, by bisection: a space lists its ranges by their starts, and a large dump has many. */
export function rangeAt(ranges: readonly MemoryRange[], at: bigint): MemoryRange | undefined {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const start = ranges[middle]?.start;
    if (start !== undefined && start <= at) low = middle + 1;
    else high = middle;
  }
  const found = ranges[low - 1];
  return found && at < found.start + found.size ? found : undefined;
}

/** One slice of the work is done: what the next reads may have to come from the disk. */
export const slice = (progress: string): Step => ({ progress, done: 0, of: null });

export function statusWords(knowledge: Knowledge, value: bigint | number): string {
  const code = Number(BigInt.asUintN(32, BigInt(value)));
  // Small numbers are a program's own; as NTSTATUS they would be kinds of success.
  const name = code < 0x1000_0000 && !knowledge.exception(code)?.gloss ? undefined : knowledge.exception(code)?.name;
  return name === undefined ? `0x${code.toString(16)}` : `0x${code.toString(16)} ${name}`;
}

function nameOf(session: Session, code: number, entry: BugCheckEntry | undefined): string {
  const { target, knowledge } = session;
  if (target.bugCheck) return entry ? `0x${code.toString(16).toUpperCase()} ${entry.name.replace(/_M$/, '')}` : `0x${code.toString(16).toUpperCase()}`;
  if (!target.exception) return 'a snapshot without an exception';
  return signalName(target) ?? `exception ${target.os.family === 'Windows' ? statusWords(knowledge, target.exception.code) : hex(target.exception.code)}`;
}

/** 0x3B keeps no exception record: what an access violation reached for is what its only memory operand says. */
function reached(fault: Fault, instruction: Instruction | undefined, operands: readonly OperandReading[]): Fault {
  const [only] = operands;
  if (fault.status !== ACCESS_VIOLATION || fault.address !== undefined || !only || instruction?.memory.length !== 1) return fault;
  const { access } = only.operand;
  return { ...fault, address: only.address, computed: true, ...(access === 'read' || access === 'write' ? { access } : {}) };
}

export function* gatherCase(session: Session): Job<Case> {
  const { target, knowledge } = session;
  const stack = yield* session.crashStack();
  yield slice('Reading the fault');
  const code = target.bugCheck ? baseBugCheck(target.bugCheck.code) : 0;
  const entry = target.bugCheck ? knowledge.bugCheck(target.bugCheck.code) : undefined;
  const stated = readFault(session, code);
  yield slice('Reading the instruction');
  const instruction = stated.ip === undefined ? undefined : decodeAt(session, stated.ip);
  const operands = instruction ? readOperands(session, instruction, stated) : [];
  const fault = reached(stated, instruction, operands);
  yield slice('Reading the stack');
  const bounds = stackBounds(session);
  const world: AddressWorld = {
    ...{ modules: target.modules, pointerSize: target.memory.pointerSize, user: target.kind === 'user' },
    ...optional('stack', bounds),
  };
  yield slice('Naming who stands on the stack');
  const actors = findActors(session, stack.frames);
  const params = target.bugCheck?.params ?? NO_PARAMS;
  const subject = yield* readSubject(session, code, params);
  return {
    session,
    target,
    knowledge,
    kernel: target.kind !== 'user',
    code,
    params,
    ...optional('entry', entry),
    name: nameOf(session, code, entry),
    stack,
    fault,
    ...optional('instruction', instruction),
    operands,
    world,
    actors,
    suspects: findSuspects(actors),
    ...optional('subject', subject),
    classify: (value) => classifyAddress(va(value), world),
    who: (image) => who(image, knowledge),
    status: (value) => statusWords(knowledge, value),
  };
}
