/** Records that lie in the dump's memory: CONTEXT, KTRAP_FRAME, EXCEPTION_RECORD. */
import { type Va, va } from '../base/address.ts';
import { type Found, mapFound, missing } from '../base/found.ts';
import { contextSize, parseContext } from '../formats/dump/context.ts';
import { EXCEPTION_RECORD_SIZE, parseExceptionRecord } from '../formats/dump/exception.ts';
import { KTRAP_FRAME64, TRAP_FRAME_UNKNOWN, parseTrapFrame } from '../formats/dump/trapframe.ts';
import { KTRAP_FRAME_ARM64, parseTrapFrameArm64, TRAP_FRAME_ARM64_UNKNOWN } from '../formats/dump/trapframearm64.ts';
import type { Context, ExceptionInfo, Session } from '../target/target.ts';

function readRecord<T>(session: Session, at: Va, size: number, parse: (bytes: Uint8Array) => Found<T>): Found<T> {
  const read = session.memory.read(at, size);
  if (read.got < size) return missing(read.missing ?? { why: 'not-in-dump', space: 'virtual', at });
  return parse(read.bytes);
}

/** The CONTEXT record at an address. */
export function readContextAt(session: Session, at: Va): Found<Context> {
  const { arch } = session.target;
  const size = contextSize(arch);
  const record = readRecord(session, at, size, (bytes) => parseContext(bytes, arch));
  return mapFound(record, ({ registers }): Context => ({ source: 'context-record', registers, unknown: [], at }));
}

/** The KTRAP_FRAME at an address. */
export function readTrapFrameAt(session: Session, at: Va): Found<Context> {
  if (session.target.arch === 'arm64') {
    const read = readRecord(session, at, KTRAP_FRAME_ARM64.size, parseTrapFrameArm64);
    return mapFound(read, (registers): Context => ({ source: 'trap-frame', registers, unknown: TRAP_FRAME_ARM64_UNKNOWN, at }));
  }
  if (session.target.arch !== 'x64') return missing({ why: 'unknown-layout', type: '_KTRAP_FRAME', build: session.target.arch });
  const frame = readRecord(session, at, KTRAP_FRAME64.size, (bytes) => parseTrapFrame(bytes));
  return mapFound(frame, ({ registers }): Context => ({ source: 'trap-frame', registers, unknown: TRAP_FRAME_UNKNOWN, at }));
}

/** Of a 32-bit process or kernel (winnt.h, EXCEPTION_RECORD32). */
const EXCEPTION_RECORD32_SIZE = 0x50;

/** The EXCEPTION_RECORD at an address. */
export function readExceptionAt(session: Session, at: Va): Found<ExceptionInfo> {
  const bits = session.memory.pointerSize === 8 ? 64 : 32;
  const record = readRecord(session, at, bits === 64 ? EXCEPTION_RECORD_SIZE : EXCEPTION_RECORD32_SIZE, (bytes) => parseExceptionRecord(bytes, bits));
  return mapFound(record, (value): ExceptionInfo => ({
    code: value.code,
    flags: value.flags,
    address: va(value.address),
    parameters: value.parameters,
    nested: va(value.nested),
  }));
}
