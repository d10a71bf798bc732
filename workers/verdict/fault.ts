/** The fault: which instruction touched what, in which state. Read by the rules of each code, never guessed. */
import { type Va, va, vaAdd } from '../base/address.ts';
import { hex } from '../base/hex.ts';
import { readStructAt, struct, u16, u32, u64 } from '../bytes/struct.ts';
import type { Arch } from '../code/decoder.ts';
import type { AddressSpace } from '../memory/space.ts';
import type { ModulePlace } from '../modules/module.ts';
import type { Session, Target } from '../target/target.ts';
import type { Registers } from '../unwind/frame.ts';

export type Access = 'read' | 'write' | 'execute';

export interface ExceptionRecord {
  readonly code: number;
  readonly address: Va;
  readonly parameters: readonly bigint[];
}

export interface Fault {
  /** NTSTATUS of the exception, where the code carries one. */
  readonly status?: number;
  readonly ip?: Va;
  readonly place?: ModulePlace;
  readonly address?: bigint;
  readonly access?: Access;
  readonly registers?: Registers;
  /** Registers that the source does not hold. */
  readonly unknown: readonly string[];
  /** The command that shows the registers. */
  readonly command: string;
}

type Index = 1 | 2 | 3 | 4;
/** Which argument holds what (windows-driver-docs, one page a code). Never reused for another code. */
interface FaultSources {
  readonly status?: Index;
  readonly ip?: Index;
  readonly address?: Index;
  readonly access?: Index;
  readonly record?: Index;
  readonly context?: Index;
  readonly trap?: Index;
  /** Arguments 3 and 4 are the exception's two parameters. */
  readonly inline?: true;
}

const SOURCES: Readonly<Record<number, FaultSources>> = {
  0x0a: { address: 1, access: 3, ip: 4 },
  0xd1: { address: 1, access: 3, ip: 4 },
  0xc5: { address: 1, access: 3, ip: 4 },
  0x50: { address: 1, access: 2, ip: 3 },
  0xcc: { address: 1, access: 2, ip: 3 },
  0xcd: { address: 1, access: 2, ip: 3 },
  0xd5: { address: 1, access: 2, ip: 3 },
  0xd6: { address: 1, access: 2, ip: 3 },
  0xce: { address: 1, access: 2, ip: 3 },
  0xbe: { address: 1 },
  0xfc: { address: 1, ip: 1 },
  0x1e: { status: 1, ip: 2, inline: true },
  0x8e: { status: 1, ip: 2, trap: 3 },
  0x3b: { status: 1, ip: 2, context: 3 },
  0x7e: { status: 1, ip: 2, record: 3, context: 4 },
  0x24: { record: 2, context: 3 },
  0x139: { record: 3, trap: 2 },
};

const RECORD64 = struct('EXCEPTION_RECORD64', 0x98, 'winnt.h', {
  code: u32(0),
  flags: u32(4),
  nested: u64(8),
  address: u64(0x10),
  count: u32(0x18),
  p0: u64(0x20),
  p1: u64(0x28),
  p2: u64(0x30),
});
const RECORD32 = struct('EXCEPTION_RECORD32', 0x50, 'winnt.h', {
  code: u32(0),
  flags: u32(4),
  nested: u32(8),
  address: u32(0xc),
  count: u32(0x10),
  p0: u32(0x14),
  p1: u32(0x18),
  p2: u32(0x1c),
});
/** winnt.h, AMD64 CONTEXT: the part with control and integer registers. */
const CONTEXT64 = struct('CONTEXT (AMD64)', 0x100, 'winnt.h', {
  contextFlags: u32(0x30),
  cs: u16(0x38),
  efl: u32(0x44),
  rax: u64(0x78),
  rcx: u64(0x80),
  rdx: u64(0x88),
  rbx: u64(0x90),
  rsp: u64(0x98),
  rbp: u64(0xa0),
  rsi: u64(0xa8),
  rdi: u64(0xb0),
  r8: u64(0xb8),
  r9: u64(0xc0),
  r10: u64(0xc8),
  r11: u64(0xd0),
  r12: u64(0xd8),
  r13: u64(0xe0),
  r14: u64(0xe8),
  r15: u64(0xf0),
  rip: u64(0xf8),
});
/** ntddk.h, AMD64 KTRAP_FRAME: volatile registers only; offsets as public symbols of every x64 build have them. */
const TRAP64 = struct('KTRAP_FRAME (AMD64)', 0x190, 'ntddk.h', {
  rax: u64(0x30),
  rcx: u64(0x38),
  rdx: u64(0x40),
  r8: u64(0x48),
  r9: u64(0x50),
  r10: u64(0x58),
  r11: u64(0x60),
  faultAddress: u64(0xd0),
  rbp: u64(0x158),
  rip: u64(0x168),
  cs: u16(0x170),
  efl: u32(0x178),
  rsp: u64(0x180),
});
const TRAP_UNKNOWN: readonly string[] = ['rbx', 'rsi', 'rdi', 'r12', 'r13', 'r14', 'r15'];
const TRAP_RIP = 0x168;
const TRAP_SEARCH = 0x6000;

const IP_NAMES: Readonly<Record<Arch, string>> = { x64: 'rip', x86: 'eip', arm64: 'pc', arm: 'pc' };
const SP_NAMES: Readonly<Record<Arch, string>> = { x64: 'rsp', x86: 'esp', arm64: 'sp', arm: 'sp' };
export const ipOf = (registers: Registers, arch: Arch): Va | undefined => asVa(registers[IP_NAMES[arch]]);
export const spOf = (registers: Registers, arch: Arch): Va | undefined => asVa(registers[SP_NAMES[arch]]);
const asVa = (value: bigint | undefined): Va | undefined => (value === undefined ? undefined : va(value));

export function readExceptionRecord(memory: AddressSpace, at: Va): ExceptionRecord | undefined {
  const { bytes } = memory.read(at, RECORD64.size);
  const read = memory.pointerSize === 8 ? readStructAt(RECORD64, bytes, 0) : readStructAt(RECORD32, bytes, 0);
  if (!read.ok) return undefined;
  const { code, address, count, p0, p1, p2 } = read.value;
  return { code, address: va(BigInt(address)), parameters: [p0, p1, p2].slice(0, Math.min(count, 3)).map(BigInt) };
}

type RegisterRecord = Readonly<Record<string, number | bigint>>;
const toRegisters = (record: RegisterRecord): Registers => Object.fromEntries(Object.entries(record).map(([name, value]) => [name, BigInt(value)]));

/** Access kinds by code and build: windows-driver-docs gives 0x50's write as 2 and execute as 0x10 from 1507 on x86 and x64. */
export function accessOf(code: number, value: bigint, target: Pick<Target, 'arch' | 'os'>): Access | undefined {
  const build = target.os.build.ok ? target.os.build.value : undefined;
  const intel = target.arch === 'x64' || target.arch === 'x86';
  if (code === 0x50 && intel && (build === undefined || build >= 10240)) {
    return ({ '0': 'read', '2': 'write', '16': 'execute' } as const)[value.toString()];
  }
  if (code === 0xd1 && value === 2n) return 'execute';
  if ((value & 8n) !== 0n) return 'execute';
  return (value & 1n) !== 0n ? 'write' : value === 0n ? 'read' : undefined;
}

/** ExceptionInformation[0] of an access violation or in-page error. */
export function accessOfParameter(value: bigint | undefined): Access | undefined {
  return value === undefined ? undefined : ({ '0': 'read', '1': 'write', '8': 'execute' } as const)[value.toString()];
}

const isMemoryFault = (status: number | undefined): boolean => status === 0xc0000005 || status === 0xc0000006;

interface RegisterSource {
  readonly registers: Registers;
  readonly unknown: readonly string[];
  readonly command: string;
}

function contextAt(session: Session, at: bigint): RegisterSource | undefined {
  if (session.target.arch !== 'x64') return undefined;
  const record = readStructAt(CONTEXT64, session.memory.read(va(at), CONTEXT64.size).bytes, 0);
  return record.ok ? { registers: toRegisters(record.value), unknown: [], command: `.cxr ${hex(at)}` } : undefined;
}

function trapAt(session: Session, at: bigint): RegisterSource | undefined {
  if (session.target.arch !== 'x64') return undefined;
  const record = readStructAt(TRAP64, session.memory.read(va(at), TRAP64.size).bytes, 0);
  return record.ok ? { registers: toRegisters(record.value), unknown: TRAP_UNKNOWN, command: `.trap ${hex(at)}` } : undefined;
}

/** The trap frame on the crash's stack whose saved RIP is `ip` and whose code selector is the kernel's. */
function findTrapFrame(session: Session, ip: Va): RegisterSource | undefined {
  const { target } = session;
  const header = target.headerContext.ok ? target.headerContext.value : target.context.ok ? target.context.value : undefined;
  const sp = header && spOf(header.registers, target.arch);
  if (target.arch !== 'x64' || sp === undefined) return undefined;
  const { bytes } = session.memory.read(sp, TRAP_SEARCH);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = TRAP_RIP; at + 0x28 <= bytes.length; at += 8) {
    if (view.getBigUint64(at, true) !== ip || view.getUint16(at + 8, true) !== 0x10) continue;
    const source = trapAt(session, vaAdd(sp, at - TRAP_RIP));
    if (source) return source;
  }
  return undefined;
}

/** Registers whose instruction pointer is the fault's: from the record the code names, else the opened contexts, else a trap frame. */
function registersFor(session: Session, sources: FaultSources, ip: Va | undefined): RegisterSource | undefined {
  const { target } = session;
  const argument = (index: Index | undefined): bigint | undefined => (index === undefined ? undefined : target.bugCheck?.params[index - 1]);
  const context = argument(sources.context);
  const trap = argument(sources.trap);
  const opened = [target.context, target.headerContext].flatMap((one): RegisterSource[] =>
    one.ok ? [{ registers: one.value.registers, unknown: one.value.unknown, command: commandOf(one.value.source, one.value.at, context) }] : [],
  );
  const tries: (RegisterSource | undefined)[] = [...opened];
  if (context !== undefined && context !== 0n) tries.push(contextAt(session, context));
  if (trap !== undefined && trap !== 0n) tries.push(trapAt(session, trap));
  const fits = (one: RegisterSource | undefined): one is RegisterSource =>
    one !== undefined && (ip === undefined ? one.command !== 'r' : ipOf(one.registers, target.arch) === ip);
  return tries.find(fits) ?? (ip === undefined ? undefined : findTrapFrame(session, ip));
}

function commandOf(source: string, at: Va | undefined, context: bigint | undefined): string {
  if (source === 'trap-frame' && at !== undefined) return `.trap ${hex(at)}`;
  if (source === 'context-record' && at !== undefined) return `.cxr ${hex(at)}`;
  return context === undefined || context === 0n ? 'r' : `.cxr ${hex(context)}`;
}

function recordFor(session: Session, sources: FaultSources): ExceptionRecord | undefined {
  const { target } = session;
  const params = target.bugCheck?.params;
  if (!params) return undefined;
  if (sources.record !== undefined) {
    const read = readExceptionRecord(session.memory, va(params[sources.record - 1] ?? 0n));
    if (read && read.code !== 0) return read;
  }
  if (sources.inline) return { code: Number(params[0] & 0xffff_ffffn), address: va(params[1]), parameters: [params[2], params[3]] };
  // The header's record is the break in KeBugCheckEx; only another one tells of the fault.
  const own = target.exception;
  return own && own.code !== 0x80000003 ? { code: own.code, address: own.address, parameters: own.parameters } : undefined;
}

/** Only what the code says for sure; every part may be absent. */
export function readFault(session: Session, code: number): Fault {
  const { target } = session;
  if (target.kind === 'user' || !target.bugCheck) return readUserFault(session);
  const sources = SOURCES[code] ?? {};
  const { params } = target.bugCheck;
  const argument = (index: Index | undefined): bigint | undefined => (index === undefined ? undefined : params[index - 1]);
  const record = recordFor(session, sources);
  const statusArgument = argument(sources.status);
  const status = statusArgument === undefined ? record?.code : Number(statusArgument & 0xffff_ffffn);
  const given = argument(sources.ip);
  const ip = given !== undefined && given !== 0n ? va(given) : record?.address;
  const source = registersFor(session, sources, ip);
  const at = ip ?? (source && ipOf(source.registers, target.arch));
  const kind = argument(sources.access);
  return {
    ...faultOf(session, at, source),
    ...optional('status', status),
    ...optional('address', argument(sources.address) ?? (isMemoryFault(status) ? record?.parameters[1] : undefined)),
    ...optional('access', kind === undefined ? (isMemoryFault(status) ? accessOfParameter(record?.parameters[0]) : undefined) : accessOf(code, kind, target)),
  };
}

function readUserFault(session: Session): Fault {
  const { target } = session;
  const { exception } = target;
  const context = target.context.ok ? target.context.value : undefined;
  const source: RegisterSource | undefined = context && { registers: context.registers, unknown: context.unknown, command: 'r' };
  const ip = (context && ipOf(context.registers, target.arch)) ?? exception?.address;
  const windows = target.os.family === 'Windows';
  const memory = windows && isMemoryFault(exception?.code) ? exception?.parameters : undefined;
  const mask = target.memory.pointerSize === 4 ? 0xffff_ffffn : 0xffff_ffff_ffff_ffffn;
  const touched = memory?.[1] ?? (windows ? undefined : exception?.address);
  return {
    ...faultOf(session, ip, source),
    ...optional('status', exception?.code),
    ...optional('address', touched === undefined ? undefined : touched & mask),
    ...optional('access', accessOfParameter(memory?.[0])),
  };
}

function faultOf(session: Session, ip: Va | undefined, source: RegisterSource | undefined): Fault {
  return {
    ...optional('ip', ip),
    ...optional('place', ip === undefined ? undefined : session.target.modules.find(ip)),
    ...optional('registers', source?.registers),
    unknown: source?.unknown ?? [],
    command: source?.command ?? 'r',
  };
}

/** A property that is absent rather than undefined. */
export function optional<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: T };
}
