/** What the first streams of a user minidump tell: processor, system, time, writer, exception. Reads no list. */
import { va } from '../base/address.ts';
import { type Found, found, missing, notValid, thenFound } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { type CpuContext, guessArch, readContext } from '../formats/minidump/context.ts';
import { findStream, type MinidumpFile } from '../formats/minidump/file.ts';
import { type MinidumpArch, STREAM } from '../formats/minidump/names.ts';
import { type MiscInfo, readMiscInfo, readSystemInfo, type SystemInfo } from '../formats/minidump/system.ts';
import { type RawException, readException, readThreads } from '../formats/minidump/threads.ts';
import { readExactly } from '../bytes/struct.ts';
import type { ExceptionInfo, FirstTarget } from './target.ts';
import { describeOs } from './useros.ts';
import { findWriter } from './userwriter.ts';

export const instructionPointer = ({ registers }: Pick<CpuContext, 'registers'>): bigint | undefined => registers['rip'] ?? registers['eip'] ?? registers['pc'];

export interface UserBasics {
  readonly file: MinidumpFile;
  readonly arch: MinidumpArch;
  readonly system: Found<SystemInfo>;
  readonly misc: Found<MiscInfo>;
  readonly exception: Found<RawException>;
  readonly oddities: readonly string[];
}

/** Codes that tools write into dumps of processes that go on living. */
const REQUESTED = new Map<number, string>([
  [0xffffffff, 'Breakpad: dump requested'],
  [0x0517a7ed, 'Crashpad: simulated'],
]);
const BREAK_IN = new Set([0x80000003, 0x80000004, 0x4000001f, 0x4000001e]);

/** The processor by the first CONTEXT whose flags name one; for files without SystemInfoStream. */
function archByContext(file: MinidumpFile, exception: Found<RawException>): MinidumpArch | undefined {
  const threads = readThreads(file);
  const places = [
    ...(exception.ok ? [exception.value.context] : []),
    ...(threads.ok ? threads.value.entries.slice(0, 8).map((thread) => ({ size: thread.contextSize, rva: thread.contextRva })) : []),
  ];
  for (const place of places) {
    const bytes = readExactly(file.source, place.rva, Math.min(place.size, 4096));
    const arch = bytes.ok ? guessArch(bytes.value) : undefined;
    if (arch) return arch;
  }
  return undefined;
}

export function readBasics(file: MinidumpFile): Reply<UserBasics> {
  const system = readSystemInfo(file);
  const exception = readException(file);
  if (system.ok && !system.value.arch) return refuse('UNSUPPORTED_KIND', `a minidump of ${system.value.processor}; x64, x86, ARM64 and ARM are read`);
  const arch = system.ok ? system.value.arch : archByContext(file, exception);
  if (!arch) return refuse('TRUNCATED', 'no SystemInfoStream could be read and no thread context names the processor');
  const oddities = system.ok ? file.oddities : [...file.oddities, `SystemInfoStream could not be read; the processor ${arch} follows from a thread context`];
  return reply({ file, arch, system, misc: readMiscInfo(file), exception, oddities });
}

/** In a 32-bit dump some writers sign-extend 32-bit values to 64 bits (breakpad-minidump_32bit_crash_addr): only the low half is meant. */
export function narrow(value: bigint, arch: MinidumpArch): bigint {
  return arch === 'x86' || arch === 'arm' ? value & 0xffff_ffffn : value;
}

/** SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS: the signals whose siginfo_t holds an address (sigaction(2), "si_addr"). */
const WITH_ADDRESS: ReadonlySet<number> = new Set([4, 5, 7, 8, 11, 31]);
const LAST_SIGNAL = 64;

/**
 * On Linux the writers copy si_addr (Breakpad, client/linux/minidump_writer) and si_code into the flags. Of a signal that was sent
 * (SIGABRT; si_code below 0 in sigaction(2)) that field is the sender's pid and uid: the exception is where the thread stood.
 */
function addressOf({ file, arch, system }: UserBasics, { code, flags, address, context }: RawException): bigint {
  const { family } = describeOs(file, system);
  const signal = (family === 'Linux' || family === 'Android') && code > 0 && code <= LAST_SIGNAL;
  if (!signal || (WITH_ADDRESS.has(code) && (flags | 0) >= 0)) return address;
  const cpu = readContext(file.source, context, arch);
  return (cpu.ok ? instructionPointer(cpu.value) : undefined) ?? address;
}

function exceptionOf(basics: UserBasics): ExceptionInfo | null {
  const { exception, arch } = basics;
  if (!exception.ok) return null;
  const { value } = exception;
  return {
    code: value.code,
    flags: value.flags,
    address: va(narrow(addressOf(basics, value), arch)),
    parameters: value.parameters.map((parameter) => narrow(parameter, arch)),
    nested: va(narrow(value.record, arch)),
    threadId: value.threadId,
  };
}

function liveOf({ exception, misc, file }: UserBasics): Found<boolean> {
  if (!findStream(file, STREAM.exception)) return missing({ why: 'stream-absent', stream: 'ExceptionStream' });
  if (!exception.ok) return exception;
  const { code } = exception.value;
  if (REQUESTED.has(code)) return found(true);
  // dbgeng writes the break-in of the debugger as the exception (radare2-calc): the process was only stopped.
  const byDebugger = misc.ok && misc.value.dbgBldStr.ok && misc.value.dbgBldStr.value.startsWith('dbgeng');
  return found(byDebugger && BREAK_IN.has(code));
}

function crashTimeOf(file: MinidumpFile): Found<number> {
  const seconds = file.header.timeDateStamp;
  return seconds === 0 ? notValid('TimeDateStamp of the header', '0', 'seconds since 1970') : found(seconds * 1000);
}

/** How long the process had been running, in seconds. */
function processUptime({ file, misc }: UserBasics): Found<number> {
  const crash = file.header.timeDateStamp;
  return thenFound(misc, (info) =>
    thenFound(info.times, ({ createTime }) => {
      if (createTime === 0 || crash === 0) return notValid('ProcessCreateTime and time of the dump', `${createTime} and ${crash}`, 'both written');
      if (crash < createTime) return notValid('time of the dump', hex(crash), `not before the process’s start ${hex(createTime)}`);
      return found(crash - createTime);
    }),
  );
}

export function firstTargetOf(basics: UserBasics): FirstTarget {
  const { file, arch } = basics;
  return {
    source: file.source,
    kind: 'user',
    live: liveOf(basics),
    dumpType: found(Number(file.header.flags & 0xffff_ffffn)),
    writer: findWriter(file, basics.misc, basics.system),
    arch,
    os: describeOs(file, basics.system),
    crashTime: crashTimeOf(file),
    uptimeSeconds: processUptime(basics),
    bugCheck: null,
    exception: exceptionOf(basics),
  };
}
