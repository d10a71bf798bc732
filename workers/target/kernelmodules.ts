/** Modules of a kernel dump: the lists of a triage dump, or the kernel's own lists in memory. */
import { type Va, va } from '../base/address.ts';
import { type Found, found, mapFound, missing, type MissingReason, thenFound, valueOf } from '../base/found.ts';
import type { KernelHeader } from '../formats/dump/header.ts';
import { type TriageDriver, type TriageDump, UNLOADED_NAME_BYTES } from '../formats/dump/triage.ts';
import type { AddressSpace } from '../memory/space.ts';
import { readImageHeaders, readPdbIdentity } from '../modules/imageidentity.ts';
import { type LoadedEntry, readUnloadedDrivers, walkLoadedModules } from '../modules/loadedlist.ts';
import type { Module, PdbIdentity, PeIdentity, UnloadedModule } from '../modules/module.ts';
import { SortedModuleList } from '../modules/modulelist.ts';
import { fileNameOf, windbgName } from '../modules/names.ts';
import type { Fact } from './target.ts';

/** What needs reading is read when it is first asked for: a list of two hundred modules costs nothing until then. */
export function lazyIdentity(readPe: () => Found<PeIdentity>, memory: AddressSpace, base: Va): Module['identity'] {
  let pe: Found<PeIdentity> | undefined;
  let pdb: Found<PdbIdentity> | undefined;
  return {
    get pe() {
      return (pe ??= readPe());
    },
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
    identity: lazyIdentity(() => (driver.timeDateStamp === 0 || driver.size === 0 ? unwritten('TimeDateStamp') : found(pe)), memory, base),
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

/** _KLDR_DATA_TABLE_ENTRY got TimeDateStamp with Windows 10; before it the image's own headers tell. */
const FIRST_BUILD_WITH_TIMESTAMP = 10240;

function listedIdentity(entry: LoadedEntry, memory: AddressSpace, listsTimestamps: boolean): Found<PeIdentity> {
  if (listsTimestamps && entry.timestamp !== 0) return found({ timestamp: entry.timestamp, sizeOfImage: entry.size });
  return mapFound(readImageHeaders(memory, entry.base), (headers) => headers.pe);
}

function loadedModule(entry: LoadedEntry, memory: AddressSpace, listsTimestamps: boolean): Module {
  const fallback = `unknown_${entry.base.toString(16)}`;
  const path = valueOf(entry.path) ?? valueOf(entry.fileName) ?? fallback;
  const imageName = valueOf(entry.fileName) ?? fileNameOf(path);
  const unwritten = (what: string): Found<never> => missing({ why: 'not-written-by', writer: 'the loaded-module list', what });
  return {
    name: windbgName(imageName),
    imageName,
    path,
    base: entry.base,
    size: entry.size,
    checksum: entry.checksum === 0 ? unwritten('CheckSum') : found(entry.checksum),
    version: unwritten('file version'),
    identity: lazyIdentity(() => listedIdentity(entry, memory, listsTimestamps), memory, entry.base),
    origin: 'PsLoadedModuleList in memory',
  };
}

export interface MemoryModules {
  readonly list: SortedModuleList;
  readonly facts: Fact[];
  readonly oddities: string[];
}

const countFact = (name: string, value: Found<string>): Fact => ({ group: 'modules', name, value, privacy: 'public' });
const cutText = (reason: MissingReason): string => `the list of loaded modules could not be followed to its end (${reason.why})`;

/** `pointer` gives the addresses KDBG names. */
export function memoryModules(memory: AddressSpace, header: KernelHeader, pointer: (name: string) => Found<Va>): MemoryModules {
  const loaded =
    header.bits === 64
      ? thenFound(header.psLoadedModuleList, (head) => walkLoadedModules(memory, va(head)))
      : missing({ why: 'not-computed', detail: '32-bit dump' });
  const unloaded = thenFound(pointer('MmUnloadedDrivers'), (table) =>
    thenFound(pointer('MmLastUnloadedDriver'), (last) => readUnloadedDrivers(memory, table, last)),
  );
  const entries = valueOf(loaded)?.entries ?? [];
  const cut = valueOf(loaded)?.cut;
  return {
    list: new SortedModuleList(
      entries.map((entry) => loadedModule(entry, memory, header.build.ok && header.build.value >= FIRST_BUILD_WITH_TIMESTAMP)),
      valueOf(unloaded) ?? [],
    ),
    facts: [
      countFact(
        'PsLoadedModuleList',
        mapFound(loaded, (list) => `${list.entries.length} modules`),
      ),
      countFact(
        'MmUnloadedDrivers',
        mapFound(unloaded, (list) => `${list.length} unloaded drivers`),
      ),
    ],
    oddities: cut ? [cutText(cut)] : [],
  };
}
