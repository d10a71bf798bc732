/**
 * Which registers the crash is about. The stop code's arguments say where to look (windows-driver-docs, bug check reference);
 * the bytes must agree, else the header's context stands.
 */
import { type Va, va } from '../base/address.ts';
import { type Found, found, missing, mapFound, thenFound } from '../base/found.ts';
import { contextSize, type DumpArch, parseContext } from '../formats/dump/context.ts';
import { EXCEPTION_RECORD_SIZE, type ExceptionRecord, parseExceptionRecord } from '../formats/dump/exception.ts';
import type { KernelHeader } from '../formats/dump/header.ts';
import { isTrapFrame } from '../formats/dump/trapframe.ts';
import { baseBugCheck } from '../knowledge/bugchecks.ts';
import { readAll } from '../memory/bytespace.ts';
import type { AddressSpace } from '../memory/space.ts';
import type { Context, ExceptionInfo } from './target.ts';
import { contextOfTrapFrame, findTrapFrame, readTrapFrame, type StackRange, type TrapFrameWanted } from './trapframe.ts';

type Argument = 1 | 2 | 3 | 4;

/** How a stop code's arguments lead to the registers. */
interface Road {
  readonly code: number;
  /** Argument that holds the address of a CONTEXT, an EXCEPTION_RECORD, a KTRAP_FRAME. */
  readonly context?: Argument;
  readonly record?: Argument;
  readonly trapFrame?: Argument;
  /** Arguments that a trap frame on the stack must repeat: the instruction's address, the memory it touched (CR2). */
  readonly rip?: Argument;
  readonly memory?: Argument;
  /** Only for this value of the first argument. */
  readonly when?: bigint;
}

const ROADS: readonly Road[] = [
  { code: 0x7e, record: 3, context: 4 },
  { code: 0x3b, context: 3 },
  { code: 0x135, context: 2 },
  { code: 0x23, record: 2, context: 3 },
  { code: 0x24, record: 2, context: 3 },
  { code: 0x27, record: 2, context: 3 },
  { code: 0x34, record: 2, context: 3 },
  { code: 0x12c, record: 2, context: 3 },
  { code: 0x149, record: 2, context: 3 },
  { code: 0x139, trapFrame: 2, record: 3 },
  { code: 0x8e, trapFrame: 3, rip: 2 },
  { code: 0x1e, rip: 2 },
  { code: 0x0a, memory: 1, rip: 4 },
  { code: 0xd1, memory: 1, rip: 4 },
  { code: 0xc5, memory: 1, rip: 4 },
  { code: 0xd0, memory: 1, rip: 4 },
  { code: 0xd3, memory: 1, rip: 4 },
  { code: 0xd4, memory: 1, rip: 4 },
  { code: 0x50, memory: 1, rip: 3 },
  { code: 0xcc, memory: 1, rip: 3 },
  { code: 0xcd, memory: 1, rip: 3 },
  { code: 0xce, memory: 1, rip: 3 },
  { code: 0xd5, memory: 1, rip: 3 },
  { code: 0xd6, memory: 1, rip: 3 },
  { code: 0xbe, memory: 1 },
  { code: 0xfc, memory: 1, rip: 1 },
  { code: 0x1a, memory: 2, when: 0x41287n },
];

/** The memory a 0x1E access violation touched: fourth argument, unless the processor named none (all ones). */
const ACCESS_VIOLATION = 0xc000_0005n;
const NO_ADDRESS = 0xffff_ffff_ffff_ffffn;

export interface ContextChoice {
  readonly context: Found<Context>;
  readonly headerContext: Found<Context>;
  readonly exception: ExceptionInfo | null;
}

export interface ContextInput {
  readonly header: KernelHeader;
  readonly arch: DumpArch;
  readonly memory: AddressSpace;
  readonly stack: Found<StackRange>;
}

export function headerContextOf(header: KernelHeader): Found<Context> {
  return mapFound(header.context, (record): Context => ({ source: 'header', registers: record.registers, unknown: [] }));
}

export function exceptionInfo(record: ExceptionRecord): ExceptionInfo {
  return { code: record.code, flags: record.flags, address: va(record.address), parameters: record.parameters, nested: va(record.nested) };
}

/**
 * The header's own record is the break instruction of KeBugCheckEx in every dump that Windows writes; a debugger that
 * writes a dump at an exception puts that exception there.
 */
const STATUS_BREAKPOINT = 0x8000_0003;
export function headerException(header: KernelHeader): ExceptionInfo | null {
  return header.exception.ok && header.exception.value.code !== STATUS_BREAKPOINT && header.exception.value.code !== 0
    ? exceptionInfo(header.exception.value)
    : null;
}

export function chooseContext(input: ContextInput): ContextChoice {
  const { header } = input;
  const headerContext = headerContextOf(header);
  const road = ROADS.find(
    (known) => known.code === baseBugCheck(header.bugCheckCode) && (known.when === undefined || known.when === header.bugCheckParameters[0]),
  );
  const argument = (index: Argument | undefined): bigint | undefined => (index === undefined ? undefined : header.bugCheckParameters[index - 1]);
  const record = argument(road?.record);
  const exception = record === undefined ? undefined : readExceptionRecord(input.memory, va(record));
  const found = road ? followRoad(road, input, argument) : undefined;
  return {
    context: found?.ok ? found : headerContext,
    headerContext,
    exception: exception?.ok ? exceptionInfo(exception.value) : headerException(header),
  };
}

function followRoad(road: Road, input: ContextInput, argument: (index: Argument | undefined) => bigint | undefined): Found<Context> {
  const contextAt = argument(road.context);
  if (contextAt !== undefined) return readContextRecord(input.memory, va(contextAt), input.arch);
  if (input.arch !== 'x64') return missing({ why: 'unknown-layout', type: '_KTRAP_FRAME', build: input.arch });
  const frameAt = argument(road.trapFrame);
  const given = frameAt === undefined ? undefined : givenTrapFrame(input.memory, va(frameAt), argument(road.rip));
  if (given?.ok) return given;
  const wanted = wantedFrame(road, input.header, argument);
  if (wanted.rip === undefined && wanted.faultAddress === undefined) return given ?? missing({ why: 'not-computed' });
  return thenFound(input.stack, (stack) => mapFound(findTrapFrame(input.memory, stack, wanted), ({ frame, at }) => contextOfTrapFrame(frame, at)));
}

function givenTrapFrame(memory: AddressSpace, at: Va, rip: bigint | undefined): Found<Context> {
  return thenFound(readTrapFrame(memory, at), (frame) =>
    isTrapFrame(frame) && (rip === undefined || frame.registers.rip === rip)
      ? found(contextOfTrapFrame(frame, at))
      : missing({ why: 'not-valid', what: 'trap frame', got: `cs ${frame.registers.cs.toString(16)}`, wanted: 'a frame that the processor pushed' }),
  );
}

function wantedFrame(road: Road, header: KernelHeader, argument: (index: Argument | undefined) => bigint | undefined): TrapFrameWanted {
  const rip = argument(road.rip);
  const faultAddress = road.code === 0x1e ? faultOf1E(header) : argument(road.memory);
  return { ...(rip ? { rip } : {}), ...(faultAddress === undefined ? {} : { faultAddress }) };
}

function faultOf1E(header: KernelHeader): bigint | undefined {
  const [code, , , address] = header.bugCheckParameters;
  return BigInt.asUintN(32, code) === ACCESS_VIOLATION && address !== NO_ADDRESS ? address : undefined;
}

export function readContextRecord(memory: AddressSpace, at: Va, arch: DumpArch): Found<Context> {
  const size = contextSize(arch);
  return thenFound(readAll(memory, at, size), (data) =>
    mapFound(parseContext(data, arch), (record): Context => ({ source: 'context-record', at, registers: record.registers, unknown: [] })),
  );
}

export function readExceptionRecord(memory: AddressSpace, at: Va): Found<ExceptionRecord> {
  return thenFound(readAll(memory, at, EXCEPTION_RECORD_SIZE), (data) => parseExceptionRecord(data, 64));
}
