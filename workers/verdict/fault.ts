/** The fault: which instruction touched what, in which state. Arguments are read by the rules of their own code, never by another's. */
import { type Va, va } from '../base/address.ts';
import { hex } from '../base/hex.ts';
import type { Arch } from '../code/decoder.ts';
import type { ModulePlace } from '../modules/module.ts';
import type { Context, Session, Target } from '../target/target.ts';
import type { Registers } from '../unwind/frame.ts';
import { carriesAddress } from './signals.ts';

export type Access = 'read' | 'write' | 'execute';

export interface Fault {
  /** NTSTATUS of the exception, where the code carries one. */
  readonly status?: number;
  readonly ip?: Va;
  readonly place?: ModulePlace;
  readonly address?: bigint;
  readonly access?: Access;
  /** The address is no argument and in no record: it follows from the instruction's operand. */
  readonly computed?: true;
  readonly registers?: Registers;
  /** Registers that the source does not hold. */
  readonly unknown: readonly string[];
  /** The command that shows the registers. */
  readonly command: string;
}

type Index = 1 | 2 | 3 | 4;
/** Which argument holds what (windows-driver-docs, one page a code). */
interface FaultArguments {
  readonly status?: Index;
  readonly ip?: Index;
  readonly address?: Index;
  readonly access?: Index;
  /** Arguments 3 and 4 are the exception's two parameters. */
  readonly inline?: true;
}

const ARGUMENTS: Readonly<Record<number, FaultArguments>> = {
  0x0a: { address: 1, access: 3, ip: 4 },
  0xd1: { address: 1, access: 3, ip: 4 },
  0xd3: { address: 1, access: 3, ip: 4 },
  0xd4: { address: 1, access: 3, ip: 4 },
  0xc5: { address: 1, access: 3, ip: 4 },
  0xd0: { address: 1, access: 3, ip: 4 },
  0x50: { address: 1, access: 2, ip: 3 },
  0xcc: { address: 1, access: 2, ip: 3 },
  0xcd: { address: 1, access: 2, ip: 3 },
  0xd5: { address: 1, access: 2, ip: 3 },
  0xd6: { address: 1, access: 2, ip: 3 },
  0xce: { address: 1, access: 2, ip: 3 },
  0xbe: { address: 1 },
  0xfc: { address: 1, ip: 1 },
  0x1e: { status: 1, ip: 2, inline: true },
  0x8e: { status: 1, ip: 2 },
  0x3b: { status: 1, ip: 2 },
  0x7e: { status: 1, ip: 2 },
  0x135: { status: 1 },
};

const IP_NAMES: Readonly<Record<Arch, string>> = { x64: 'rip', x86: 'eip', arm64: 'pc', arm: 'pc' };
const SP_NAMES: Readonly<Record<Arch, string>> = { x64: 'rsp', x86: 'esp', arm64: 'sp', arm: 'sp' };
const asVa = (value: bigint | undefined): Va | undefined => (value === undefined ? undefined : va(value));
export const ipOf = (registers: Registers, arch: Arch): Va | undefined => asVa(registers[IP_NAMES[arch]]);
export const spOf = (registers: Registers, arch: Arch): Va | undefined => asVa(registers[SP_NAMES[arch]]);

/** windows-driver-docs gives 0x50's write as 2 and execute as 0x10 from 1507 on x86 and x64; older builds and ARM use bits 0 and 3. */
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

/** ExceptionInformation[0] of an access violation or in-page error (winnt.h). */
export function accessOfParameter(value: bigint | undefined): Access | undefined {
  return value === undefined ? undefined : ({ '0': 'read', '1': 'write', '8': 'execute' } as const)[value.toString()];
}

/** Of a guard page and of a stack that is used up the same two parameters are reported as of an access violation (ReactOS, ke/i386/traphdlr.c). */
const TOUCHED: ReadonlySet<number> = new Set([0xc0000005, 0xc0000006, 0x80000001, 0xc00000fd]);
const isMemoryFault = (status: number | undefined): boolean => status === 0xc0000005 || status === 0xc0000006;

function commandOf(context: Context): string {
  if (context.source === 'trap-frame' && context.at !== undefined) return `.trap ${hex(context.at)}`;
  if (context.source === 'context-record' && context.at !== undefined) return `.cxr ${hex(context.at)}`;
  return 'r';
}

/** The opened context, if it is the fault's: its instruction pointer agrees, or it was read where the code says. */
function registersAt(target: Target, ip: Va | undefined): Pick<Fault, 'registers' | 'unknown' | 'command'> {
  for (const context of [target.context, target.headerContext]) {
    if (!context.ok) continue;
    const { source, registers, unknown } = context.value;
    const own = ip === undefined ? source === 'trap-frame' || source === 'context-record' : ipOf(registers, target.arch) === ip;
    if (own) return { registers, unknown, command: commandOf(context.value) };
  }
  return { unknown: [], command: '.bugcheck' };
}

interface Touched {
  readonly status?: number;
  readonly address?: bigint;
  readonly access?: Access;
}

/** Status, address and kind of access from the arguments, else from the exception record. */
function touchedBy(target: Target, code: number, params: readonly bigint[]): Touched {
  const names = ARGUMENTS[code] ?? {};
  const argument = (index: Index | undefined): bigint | undefined => (index === undefined ? undefined : params[index - 1]);
  const given = argument(names.status);
  const status = given === undefined ? target.exception?.code : Number(given & 0xffff_ffffn);
  const parameters = names.inline ? params.slice(2) : (target.exception?.parameters ?? []);
  const memory = isMemoryFault(status);
  const kind = argument(names.access);
  return {
    ...optional('status', status),
    ...optional('address', argument(names.address) ?? (memory ? parameters[1] : undefined)),
    ...optional('access', kind === undefined ? (memory ? accessOfParameter(parameters[0]) : undefined) : accessOf(code, kind, target)),
  };
}

/** The argument that holds it, else the exception's address. */
function faultIp(target: Target, code: number, params: readonly bigint[]): Va | undefined {
  const index = ARGUMENTS[code]?.ip;
  const given = index === undefined ? undefined : params[index - 1];
  return given !== undefined && given !== 0n ? va(given) : target.exception?.address;
}

/** Only what the code says for sure; every part may be absent. */
export function readFault(session: Session, code: number): Fault {
  const { target } = session;
  if (target.kind === 'user' || !target.bugCheck) return readUserFault(target);
  const ip = faultIp(target, code, target.bugCheck.params);
  const source = registersAt(target, ip);
  const at = ip ?? (source.registers && ipOf(source.registers, target.arch));
  return { ...placed(target, at), ...source, ...touchedBy(target, code, target.bugCheck.params) };
}

function placed(target: Target, ip: Va | undefined): Pick<Fault, 'ip' | 'place'> {
  return { ...optional('ip', ip), ...optional('place', ip === undefined ? undefined : target.modules.find(ip)) };
}

/** Windows: the exception's own parameters. Elsewhere some signals carry the address that was touched. */
function userTouched(target: Target): Touched {
  const { exception } = target;
  if (!exception) return {};
  const windows = target.os.family === 'Windows';
  const memory = windows && TOUCHED.has(exception.code) ? exception.parameters : [];
  const address = windows ? memory[1] : carriesAddress(target) ? exception.address : undefined;
  return {
    status: exception.code,
    ...optional('address', address === undefined ? undefined : pointerOf(target, address)),
    ...optional('access', accessOfParameter(memory[0])),
  };
}

function readUserFault(target: Target): Fault {
  const context = target.context.ok ? target.context.value : undefined;
  const ip = (context && ipOf(context.registers, target.arch)) ?? target.exception?.address;
  return { ...placed(target, ip), ...optional('registers', context?.registers), unknown: context?.unknown ?? [], command: 'r', ...userTouched(target) };
}

/** Some writers sign-extend the address of a 32-bit process. */
const pointerOf = (target: Target, value: bigint): bigint => (target.memory.pointerSize === 4 ? value & 0xffff_ffffn : value);

/** A property that is absent rather than undefined. */
export function optional<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: T };
}
