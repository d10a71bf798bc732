/** What the header of a kernel dump tells by itself. */
import { va, type Va } from '../base/address.ts';
import { type Found, found, mapFound, notValid, thenFound, valueOf } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import type { ByteSource } from '../bytes/source.ts';
import type { DumpArch } from '../formats/dump/context.ts';
import type { KernelHeader } from '../formats/dump/header.ts';
import type { TriageDump } from '../formats/dump/triage.ts';
import { headerException } from './kernelcontext.ts';
import { kindOf, liveOf, writerOf } from './kernelkind.ts';
import type { BugCheck, FirstTarget, OsInfo } from './target.ts';
import { productTypeName, windowsName } from './windows.ts';

/** Units of 100 ns between 1601 and 1970. */
const FILETIME_EPOCH = 116_444_736_000_000_000n;
const FILETIME_LAST = 0x7fff_ffff_ffff_ffffn;

export function timeOf(filetime: bigint): Found<number> {
  return filetime > FILETIME_EPOCH && filetime <= FILETIME_LAST
    ? found(Number((filetime - FILETIME_EPOCH) / 10_000n))
    : notValid('SystemTime', hex(filetime), 'a FILETIME after 1970');
}

/** A hundred years; more is no uptime. */
const MAX_UPTIME = 100n * 366n * 86_400n * 10_000_000n;
export function uptimeOf(units: bigint): Found<number> {
  return units >= 0n && units <= MAX_UPTIME ? found(Number(units) / 1e7) : notValid('SystemUpTime', hex(units), 'below a hundred years');
}

function osOf(header: KernelHeader): OsInfo {
  const productType = valueOf(header.productType);
  return {
    family: 'Windows',
    build: header.build,
    name: thenFound(header.build, (build) => windowsName(build, productType)),
    productType: thenFound(header.productType, productTypeName),
    processors: header.processors,
  };
}

function bugCheckOf(header: KernelHeader): BugCheck {
  return { code: header.bugCheckCode, params: header.bugCheckParameters };
}

export function firstOf(source: ByteSource, header: KernelHeader, arch: DumpArch, triage: TriageDump | undefined): FirstTarget {
  return {
    source,
    kind: kindOf(header),
    live: liveOf(header),
    dumpType: header.dumpType,
    writer: writerOf(header, triage),
    arch,
    os: osOf(header),
    crashTime: thenFound(header.systemTime, timeOf),
    uptimeSeconds: thenFound(header.systemUpTime, uptimeOf),
    bugCheck: bugCheckOf(header),
    exception: headerException(header),
  };
}

/** The header's addresses by their names, those that were written. */
export function headerPointers(header: KernelHeader): Record<string, Va> {
  const { pfnDataBase: PfnDataBase, psLoadedModuleList: PsLoadedModuleList, psActiveProcessHead: PsActiveProcessHead } = header;
  const named = { PfnDataBase, PsLoadedModuleList, PsActiveProcessHead, KdDebuggerDataBlock: header.kdDebuggerDataBlock };
  const pointers: Record<string, Va> = {};
  for (const [name, value] of Object.entries(named)) {
    const at = valueOf(mapFound(value, va));
    if (at !== undefined && at !== 0n) pointers[name] = at;
  }
  return pointers;
}
