/**
 * The kernel's own list of loaded modules, walked in memory: PsLoadedModuleList links KLDR_DATA_TABLE_ENTRY
 * (public type tables; wdbgexts.h names the list head), MmUnloadedDrivers holds the last drivers that went away.
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import { type Found, found, missing, type MissingReason, notValid, thenFound } from '../base/found.ts';
import { hex } from '../base/hex.ts';
import { readStructAt, struct, u16, u32, u64, viewOf } from '../bytes/struct.ts';
import { readAll } from '../memory/bytespace.ts';
import type { AddressSpace } from '../memory/space.ts';
import type { UnloadedModule } from './module.ts';

const TYPES = 'public type tables of ntkrnlmp.pdb (Windows 10 1507 to 11 23H2 agree)';
const KLDR_DATA_TABLE_ENTRY64 = struct('_KLDR_DATA_TABLE_ENTRY', 0xa0, TYPES, {
  Flink: u64(0),
  DllBase: u64(0x30),
  EntryPoint: u64(0x38),
  SizeOfImage: u32(0x40),
  FullDllNameLength: u16(0x48),
  FullDllNameBuffer: u64(0x50),
  BaseDllNameLength: u16(0x58),
  BaseDllNameBuffer: u64(0x60),
  CheckSum: u32(0x78),
  // Not where the copies in a triage dump have it. Kernels before Windows 10 have no such field.
  TimeDateStamp: u32(0x9c),
});
const UNLOADED_DRIVERS64 = struct('_UNLOADED_DRIVERS', 0x28, TYPES, {
  NameLength: u16(0),
  NameBuffer: u64(8),
  StartAddress: u64(0x10),
  EndAddress: u64(0x18),
});

export interface LoadedEntry {
  /** Address of the KLDR_DATA_TABLE_ENTRY. */
  readonly at: Va;
  readonly base: Va;
  readonly size: number;
  readonly checksum: number;
  /** TimeDateStamp as the entry holds it; true of kernels from Windows 10 on. */
  readonly timestamp: number;
  readonly fileName: Found<string>;
  readonly path: Found<string>;
}

export interface LoadedList {
  readonly entries: readonly LoadedEntry[];
  /** Why the walk ended before it came back to the head; absent when it did. */
  readonly cut?: MissingReason;
}

/** A system has some two hundred; a damaged list is left after this many. */
const MAX_MODULES = 4096;
/** UNICODE_STRING.Length is 16 bits; a path longer than this is damage. */
const MAX_NAME_BYTES = 2048;
/** MI_UNLOADED_DRIVERS. */
const UNLOADED_SLOTS = 50;

/** The text of a UNICODE_STRING, by its Length (bytes) and Buffer. */
export function readUnicode(space: AddressSpace, length: number, buffer: bigint): Found<string> {
  if (length === 0 || length > MAX_NAME_BYTES || length % 2 !== 0) return notValid('UNICODE_STRING.Length', String(length), `even, 2 to ${MAX_NAME_BYTES}`);
  return thenFound(readAll(space, va(buffer), length), (data) => found(new TextDecoder('utf-16le').decode(data)));
}

/** Missing only where the head itself cannot be read. */
export function walkLoadedModules(space: AddressSpace, head: Va): Found<LoadedList> {
  const first = space.u64(head);
  if (!first.ok) return first;
  const entries: LoadedEntry[] = [];
  const seen = new Set<bigint>([head]);
  let at = va(first.value);
  while (at !== head) {
    if (seen.has(at))
      return found({ entries, cut: { why: 'not-valid', what: 'PsLoadedModuleList', got: `a loop at ${hex(at)}`, wanted: 'an end at its head' } });
    if (entries.length >= MAX_MODULES) {
      return found({ entries, cut: { why: 'not-valid', what: 'PsLoadedModuleList', got: `more than ${MAX_MODULES} modules`, wanted: 'an end' } });
    }
    seen.add(at);
    const here = at;
    const raw = thenFound(readAll(space, here, KLDR_DATA_TABLE_ENTRY64.size), (data) => readStructAt(KLDR_DATA_TABLE_ENTRY64, data, 0));
    if (!raw.ok) return found({ entries, cut: raw.missing });
    const entry = raw.value;
    entries.push({
      at: here,
      base: va(entry.DllBase),
      size: entry.SizeOfImage,
      checksum: entry.CheckSum,
      timestamp: entry.TimeDateStamp,
      fileName: readUnicode(space, entry.BaseDllNameLength, entry.BaseDllNameBuffer),
      path: readUnicode(space, entry.FullDllNameLength, entry.FullDllNameBuffer),
    });
    at = va(entry.Flink);
  }
  return found({ entries });
}

/** `table` and `last` are the addresses that KDBG names MmUnloadedDrivers and MmLastUnloadedDriver. Newest first. */
export function readUnloadedDrivers(space: AddressSpace, table: Va, last: Va): Found<readonly UnloadedModule[]> {
  const array = space.pointer(table);
  const next = space.u32(last);
  if (!array.ok) return array;
  if (!next.ok) return next;
  if (array.value === 0n) return missing({ why: 'not-valid', what: 'MmUnloadedDrivers', got: '0', wanted: 'the address of a table' });
  const data = readAll(space, array.value, UNLOADED_SLOTS * UNLOADED_DRIVERS64.size);
  if (!data.ok) return data;
  const list: UnloadedModule[] = [];
  for (let back = 1; back <= UNLOADED_SLOTS; back++) {
    const slot = ((next.value % UNLOADED_SLOTS) - back + UNLOADED_SLOTS) % UNLOADED_SLOTS;
    const entry = readStructAt(UNLOADED_DRIVERS64, data.value, slot * UNLOADED_DRIVERS64.size);
    if (!entry.ok || entry.value.StartAddress === 0n || entry.value.EndAddress <= entry.value.StartAddress) continue;
    const name = readUnicode(space, entry.value.NameLength, entry.value.NameBuffer);
    list.push({
      name: name.ok ? name.value : `unknown_${entry.value.StartAddress.toString(16)}`,
      start: va(entry.value.StartAddress),
      end: va(entry.value.EndAddress),
    });
  }
  return found(list);
}

/** The processors' control blocks: an array of `count` pointers. */
export function readPointers(space: AddressSpace, at: Va, count: number): Found<readonly Va[]> {
  return thenFound(readAll(space, at, count * 8), (data) => {
    const view = viewOf(data);
    return found(Array.from({ length: count }, (_, index) => va(view.getBigUint64(index * 8, true))));
  });
}

/** LIST_ENTRY: the addresses of the records linked from `head`, each `linkOffset` before its link. Ends at a gap, a loop or the limit. */
export function* walkList(space: AddressSpace, head: Va, linkOffset: number, limit: number): Generator<Va, MissingReason | undefined> {
  const seen = new Set<bigint>([head]);
  let link = space.pointer(head);
  for (let count = 0; count < limit; count++) {
    if (!link.ok) return link.missing;
    if (link.value === head) return undefined;
    if (link.value === 0n) return { why: 'not-valid', what: 'list', got: 'a link of 0', wanted: 'an entry or its head' };
    if (seen.has(link.value)) return { why: 'not-valid', what: 'list', got: `a loop at ${hex(link.value)}`, wanted: 'an end at its head' };
    seen.add(link.value);
    yield vaAdd(link.value, -linkOffset);
    link = space.pointer(link.value);
  }
  return { why: 'not-valid', what: 'list', got: `more than ${limit} entries`, wanted: 'an end' };
}
