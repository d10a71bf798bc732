/** The process of a user dump: name, id, command line, PEB. */
import { type Va, va, vaAdd } from '../base/address.ts';
import { type Found, found, mapFound, missing, notValid, thenFound } from '../base/found.ts';
import type { MinidumpArch } from '../formats/minidump/names.ts';
import { STREAM } from '../formats/minidump/names.ts';
import { decodeUtf16 } from '../formats/minidump/text.ts';
import { readTextStream } from '../formats/minidump/vendor.ts';
import { readFirstModuleName } from '../formats/minidump/modules.ts';
import type { AddressSpace } from '../memory/space.ts';
import { readAll } from '../memory/bytespace.ts';
import { fileNameOf } from '../modules/names.ts';
import type { ProcessInfo, ThreadInfo } from './target.ts';
import type { UserBasics } from './userfirst.ts';
import { readKeyValues } from './userkeyvalues.ts';

/** Offsets that have not moved since Windows XP: TEB.ProcessEnvironmentBlock, PEB.ProcessParameters, its CommandLine. */
const PEB_OFFSETS: Readonly<Record<8 | 4, { readonly peb: number; readonly parameters: number; readonly commandLine: number }>> = {
  8: { peb: 0x60, parameters: 0x20, commandLine: 0x70 },
  4: { peb: 0x30, parameters: 0x10, commandLine: 0x40 },
};

function processId({ file, misc }: UserBasics): Found<number> {
  const byMisc = thenFound(misc, (info) => info.processId);
  if (byMisc.ok) return byMisc;
  const status = readKeyValues(file, STREAM.linuxProcStatus, ':');
  const id = Number(status.get('Tgid') ?? status.get('Pid') ?? Number.NaN);
  return Number.isInteger(id) && id > 0 ? found(id) : byMisc;
}

/** The program is the first module of the list; Linux writers that list none of it still give its arguments. */
function processName({ file }: UserBasics): Found<string> {
  const first = mapFound(readFirstModuleName(file), fileNameOf);
  if (first.ok && first.value !== '') return first;
  const argv = readTextStream(file, STREAM.linuxCmdLine);
  const program = argv.ok ? fileNameOf(argv.value.split('\0')[0] ?? '') : '';
  if (program !== '') return found(program);
  const status = readKeyValues(file, STREAM.linuxProcStatus, ':').get('Name');
  return status ? found(status) : first.ok ? notValid('name of the first module', 'empty', 'a path') : first;
}

function readUnicodeString(memory: AddressSpace, at: Va): Found<string> {
  return thenFound(memory.u16(at), (length) =>
    thenFound(memory.pointer(vaAdd(at, memory.pointerSize)), (buffer) => mapFound(readAll(memory, buffer, length), decodeUtf16)),
  );
}

function pebOf(arch: MinidumpArch, memory: AddressSpace, threads: readonly ThreadInfo[]): Found<Va> {
  let last: Found<Va> = missing({ why: 'not-computed', detail: `no thread has a TEB (${arch})` });
  for (const thread of threads.slice(0, 64)) {
    if (!thread.teb.ok) continue;
    const peb = memory.pointer(vaAdd(thread.teb.value, PEB_OFFSETS[memory.pointerSize].peb));
    if (peb.ok && peb.value !== 0n) return found(va(peb.value));
    if (!peb.ok) last = peb;
  }
  return last;
}

export function processOf(basics: UserBasics, memory: AddressSpace, threads: readonly ThreadInfo[]): ProcessInfo {
  const windows = basics.system.ok && basics.system.value.platform === 'Windows';
  const name = processName(basics);
  const id = processId(basics);
  if (!windows) {
    const commandLine = mapFound(readTextStream(basics.file, STREAM.linuxCmdLine), (text) => text.split('\0').join(' ').trim());
    return { name, id, commandLine };
  }
  const offsets = PEB_OFFSETS[memory.pointerSize];
  const peb = pebOf(basics.arch, memory, threads);
  const commandLine = thenFound(peb, (at) =>
    thenFound(memory.pointer(vaAdd(at, offsets.parameters)), (parameters) => readUnicodeString(memory, vaAdd(parameters, offsets.commandLine))),
  );
  return { name, id, peb, commandLine };
}
