/** Modules of a triage dump: its driver list and its list of unloaded drivers. */
import { type Va, va } from '../base/address.ts';
import { type Found, found, missing, valueOf } from '../base/found.ts';
import { type TriageDriver, type TriageDump, UNLOADED_NAME_BYTES } from '../formats/dump/triage.ts';
import type { AddressSpace } from '../memory/space.ts';
import { readPdbIdentity } from '../modules/imageidentity.ts';
import type { Module, PdbIdentity, PeIdentity, UnloadedModule } from '../modules/module.ts';
import { SortedModuleList } from '../modules/modulelist.ts';
import { fileNameOf, windbgName } from '../modules/names.ts';

/** The PDB's identity is read when it is first asked for: a list of two hundred modules costs nothing until then. */
export function lazyIdentity(pe: Found<PeIdentity>, memory: AddressSpace, base: Va): Module['identity'] {
  let pdb: Found<PdbIdentity> | undefined;
  return {
    pe,
    get pdb() {
      return (pdb ??= readPdbIdentity(memory, base));
    },
  };
}

function moduleOf(driver: TriageDriver, memory: AddressSpace): Module {
  const path = valueOf(driver.name) ?? `unknown_${driver.base.toString(16)}`;
  const base = va(driver.base);
  const unwritten = (what: string): Found<never> => missing({ why: 'not-written-by', writer: 'the writer of this triage dump', what });
  const pe = { timestamp: driver.timeDateStamp, sizeOfImage: driver.size };
  return {
    name: windbgName(path),
    imageName: fileNameOf(path),
    path,
    base,
    size: driver.size,
    checksum: driver.checkSum === 0 ? unwritten('CheckSum') : found(driver.checkSum),
    version: unwritten('file version'),
    identity: lazyIdentity(driver.timeDateStamp === 0 || driver.size === 0 ? unwritten('TimeDateStamp') : found(pe), memory, base),
    origin: 'driver list of the triage dump',
  };
}

export function triageModules(triage: TriageDump, memory: AddressSpace): SortedModuleList {
  const modules = (valueOf(triage.drivers) ?? []).map((driver) => moduleOf(driver, memory));
  const unloaded = (valueOf(triage.unloaded) ?? []).map((driver): UnloadedModule => ({
    name: driver.name,
    start: va(driver.start),
    end: va(driver.end),
    ...(driver.nameLength >= UNLOADED_NAME_BYTES ? { truncatedName: true } : {}),
  }));
  return new SortedModuleList(modules, unloaded);
}
