/** What expressions may name in an opened dump: registers of the scope, pseudo-registers, modules and symbols. */
import { type Va, vaAdd } from '../base/address.ts';
import { type Found, found, mapFound, missing, thenFound } from '../base/found.ts';
import type { Arch } from '../code/decoder.ts';
import { readImageHeaders } from '../modules/imageidentity.ts';
import { currentThread } from '../target/currentthread.ts';
import type { Session, ThreadInfo } from '../target/target.ts';
import type { ExpressionScope } from './scope.ts';

interface RegisterPart {
  readonly whole: string;
  readonly shift: bigint;
  readonly mask: bigint;
}

/** Parts of x64 and x86 registers: eax, ax, al, ah of rax … (Intel SDM vol. 1, 3.4.1). */
function x86Parts(wide: boolean): ReadonlyMap<string, RegisterPart> {
  const parts = new Map<string, RegisterPart>();
  const prefix = wide ? 'r' : 'e';
  const add = (name: string, whole: string, bits: bigint, shift = 0n) => parts.set(name, { whole, shift, mask: (1n << bits) - 1n });
  for (const letter of ['a', 'b', 'c', 'd']) {
    if (wide) add(`e${letter}x`, `r${letter}x`, 32n);
    add(`${letter}x`, `${prefix}${letter}x`, 16n);
    add(`${letter}l`, `${prefix}${letter}x`, 8n);
    add(`${letter}h`, `${prefix}${letter}x`, 8n, 8n);
  }
  for (const name of ['si', 'di', 'bp', 'sp', 'ip']) {
    if (wide) add(`e${name}`, `r${name}`, 32n);
    add(name, `${prefix}${name}`, 16n);
    if (wide && name !== 'ip') add(`${name}l`, `r${name}`, 8n);
  }
  for (let number = 8; wide && number < 16; number++) {
    add(`r${number}d`, `r${number}`, 32n);
    add(`r${number}w`, `r${number}`, 16n);
    add(`r${number}b`, `r${number}`, 8n);
  }
  return parts;
}

function armParts(): ReadonlyMap<string, RegisterPart> {
  const parts = new Map<string, RegisterPart>();
  for (let number = 0; number <= 30; number++) parts.set(`w${number}`, { whole: `x${number}`, shift: 0n, mask: 0xffff_ffffn });
  return parts;
}

const PARTS: Readonly<Record<Arch, ReadonlyMap<string, RegisterPart>>> = { x64: x86Parts(true), x86: x86Parts(false), arm64: armParts(), arm: new Map() };
/** Other spellings of the same register. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  efl: ['eflags'],
  eflags: ['efl'],
  fp: ['x29'],
  x29: ['fp'],
  lr: ['x30'],
  x30: ['lr'],
  cpsr: ['psr'],
};
const IP_NAMES = ['rip', 'eip', 'pc'];
const SP_NAMES = ['rsp', 'esp', 'sp'];
const RETURN_NAMES = ['rax', 'eax', 'x0', 'r0'];

const FLAG_NAMES = ['efl', 'eflags', 'cpsr', 'psr'];
const SEGMENT_NAMES = ['cs', 'ss', 'ds', 'es', 'fs', 'gs'];

/** How wide a register is written. */
export function registerBits(arch: Arch, name: string): number {
  const part = PARTS[arch].get(name);
  if (part) return part.mask.toString(2).length;
  if (SEGMENT_NAMES.includes(name)) return 16;
  return FLAG_NAMES.includes(name) || arch === 'x86' || arch === 'arm' ? 32 : 64;
}

/** A register of the session's scope by WinDbg's name, parts of registers included; undefined where no such name exists. */
export function readRegister(session: Session, name: string): Found<bigint> | undefined {
  const { scope, target } = session;
  const part = PARTS[target.arch].get(name);
  const whole = part?.whole ?? name;
  if (!scope)
    return part || IP_NAMES.includes(name) || SP_NAMES.includes(name) ? missing({ why: 'not-computed', detail: 'no register context is set' }) : undefined;
  if (scope.unknown.includes(whole)) return missing({ why: 'not-computed', detail: `the ${scope.source} does not hold ${whole}` });
  const value = [whole, ...(SAME[whole] ?? [])].map((candidate) => scope.registers[candidate]).find((candidate) => candidate !== undefined);
  if (value === undefined) return undefined;
  return found(part ? (value >> part.shift) & part.mask : value);
}

function firstRegister(session: Session, names: readonly string[]): Found<bigint> | undefined {
  for (const name of names) {
    const value = session.scope?.registers[name];
    if (value !== undefined) return found(value);
  }
  return undefined;
}

const noScope = (): Found<bigint> => missing({ why: 'not-computed', detail: 'no register context is set' });

/** Pseudo-registers: learn.microsoft.com/windows-hardware/drivers/debuggercmds/pseudo-register-syntax. */
const PSEUDO: Readonly<Record<string, (session: Session) => Found<bigint>>> = {
  $ip: (session) => firstRegister(session, IP_NAMES) ?? noScope(),
  $scopeip: (session) => firstRegister(session, IP_NAMES) ?? noScope(),
  $csp: (session) => firstRegister(session, SP_NAMES) ?? noScope(),
  $retreg: (session) => firstRegister(session, RETURN_NAMES) ?? noScope(),
  $exentry: entryPoint,
  $ptrsize: (session) => found(BigInt(session.memory.pointerSize)),
  $pagesize: () => found(0x1000n),
  $bug_code: (session) => (session.target.bugCheck ? found(BigInt(session.target.bugCheck.code)) : missing({ why: 'stream-absent', stream: 'bug check' })),
  $bug_param1: (session) => bugParameter(session, 0),
  $bug_param2: (session) => bugParameter(session, 1),
  $bug_param3: (session) => bugParameter(session, 2),
  $bug_param4: (session) => bugParameter(session, 3),
  $proc: (session) => objectAddress(session.target.process.object, 'process object'),
  $thread: (session) => objectAddress(session.scope?.thread ?? currentThread(session)?.object, 'thread object'),
  $tid: (session) => ofThread(session, ({ id }) => found(BigInt(id))),
  $tpid: (session) => mapFound(session.target.process.id, BigInt),
  $teb: (session) => ofThread(session, ({ teb }) => teb),
  $peb: ({ target }) => target.process.peb ?? missing({ why: 'not-computed', detail: 'the address of the PEB is not known' }),
  $prcb: currentPrcb,
};

function bugParameter(session: Session, index: 0 | 1 | 2 | 3): Found<bigint> {
  return session.target.bugCheck ? found(session.target.bugCheck.params[index]) : missing({ why: 'stream-absent', stream: 'bug check' });
}
function objectAddress(at: Va | undefined, what: string): Found<bigint> {
  return at === undefined ? missing({ why: 'not-computed', detail: `the address of the ${what} is not known` }) : found(at);
}
function ofThread(session: Session, read: (thread: ThreadInfo) => Found<bigint>): Found<bigint> {
  const thread = session.scope?.thread === undefined ? currentThread(session) : undefined;
  return thread ? read(thread) : missing({ why: 'not-computed', detail: 'the thread of this scope is not in the list of threads' });
}
/** KDBG's KiProcessorBlock: the processors' KPRCBs by number. */
function currentPrcb({ target, memory }: Session): Found<bigint> {
  const block = target.kernelPointers['KiProcessorBlock'];
  if (block === undefined) return missing({ why: 'not-computed', detail: 'KDBG does not tell where the KPRCBs are' });
  return thenFound(target.processor, (number) => memory.pointer(vaAdd(block, number * memory.pointerSize)));
}
/** The program is the first module of the loader's list. */
function entryPoint({ target, memory }: Session): Found<bigint> {
  const [program] = target.modules.modules;
  if (target.kind !== 'user' || !program) return missing({ why: 'not-computed', detail: 'only an application dump has one' });
  return mapFound(readImageHeaders(memory, program.base), (headers) => vaAdd(program.base, headers.entryPoint));
}

/** Two modules deep is enough: a bare name is looked for in the modules whose symbols are here. */
function findSymbol(session: Session, name: string): Found<Va> | undefined {
  const cut = name.indexOf('!');
  if (cut >= 0) return inModule(session, name.slice(0, cut), name.slice(cut + 1));
  const module = session.target.modules.byName(name);
  if (module) return found(module.base);
  for (const candidate of session.target.modules.modules) {
    const table = session.symbols.table(candidate);
    const at = table.ok ? table.value.byName(name) : undefined;
    if (at?.ok) return found(vaAdd(candidate.base, at.value));
  }
  return undefined;
}

function inModule(session: Session, moduleName: string, symbol: string): Found<Va> | undefined {
  const module = session.target.modules.byName(moduleName);
  if (!module) return undefined;
  const table = session.symbols.table(module);
  if (!table.ok) return table;
  const at = table.value.byName(symbol);
  return at.ok ? found(vaAdd(module.base, at.value)) : at;
}

export function sessionScope(session: Session): ExpressionScope {
  return {
    memory: session.memory,
    register: (name) => readRegister(session, name),
    pseudo: (name) => PSEUDO[name]?.(session),
    symbol: (name) => findSymbol(session, name),
  };
}
