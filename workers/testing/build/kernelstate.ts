/**
 * Machines whose kernel has kept books: pool tags, DPCs that wait, what Driver Verifier counted and its graph of locks. Layouts of
 * 10.0.19041 x64: vergiliusproject.com (_POOL_TRACKER_TABLE, _POOL_HEADER, _KPRCB, _KDPC, _VF_TARGET_…, _VI_POOL_…) and
 * github.com/ntdiff/headers (_MM_DRIVER_VERIFIER_DATA, _VI_DEADLOCK_…).
 */
import { ascii, put, utf16 } from './binary.ts';
import type { BugCheckParams } from './dumpheader.ts';
import { ordinaryProcesses } from './processes.ts';
import { PRCB_ADDRESS, type Scene, bugCheckHere, kernelStack, machine, scene, words } from './scene.ts';
import { exampleNic } from './scenes.ts';
import type { LoadedPe, StackDrawing } from './stack.ts';
import type { MemoryBlock } from './triage.ts';

const POOL = 0xffffe081_70000000n;
/** Pages, one behind the other. */
const AT = {
  poolPage: POOL,
  track: POOL + 0x1000n,
  track1: POOL + 0x3000n,
  idle: POOL + 0x4000n,
  dpc: POOL + 0x5000n,
  target: POOL + 0x6000n,
  verified: POOL + 0x6100n,
  entries: POOL + 0x7000n,
  name: POOL + 0x8000n,
  locks: POOL + 0x9000n,
} as const;
/** Where the kernel's variables stand, from its base. */
const VARIABLE = { PoolTrackTable: 0xc168a8, ExPoolTagTables: 0xc168c0, MmVerifierData: 0xc2a7a0, counts: 0xc2b000 } as const;
export const POOL_ROWS = 64;

type Row = readonly [
  tag: string,
  nonPaged: readonly [allocs: number, frees: number, bytes: number],
  paged: readonly [allocs: number, frees: number, bytes: number],
];

/** _POOL_TRACKER_TABLE: Key, then NonPagedBytes, NonPagedAllocs, NonPagedFrees, PagedBytes, PagedAllocs, PagedFrees of eight bytes. */
function trackTable(address: bigint, rows: readonly Row[]): MemoryBlock {
  const bytes = new Uint8Array(POOL_ROWS * 56);
  rows.forEach(([tag, nonPaged, paged], index) => {
    // Rows are found by a hash of the tag: they stand apart.
    const at = index * 2 * 56;
    bytes.set(ascii(tag), at);
    [nonPaged, paged].forEach(([allocs, frees, held], pool) => {
      [held, allocs, frees].forEach((value, field) => put(bytes, at + 8 + pool * 24 + field * 8, 8, BigInt(value)));
    });
  });
  return { address, bytes };
}

/** Blocks by their size in bytes, tag and type: 2 in use, 1 paged. */
function poolPage(address: bigint, blocks: readonly (readonly [size: number, tag: string, type: number])[]): MemoryBlock {
  const bytes = new Uint8Array(0x1000);
  let at = 0;
  let previous = 0;
  for (const [size, tag, type] of blocks) {
    put(bytes, at, 1, previous / 16);
    put(bytes, at + 2, 1, size / 16);
    put(bytes, at + 3, 1, type);
    bytes.set(ascii(tag), at + 4);
    previous = size;
    at += size;
  }
  return { address, bytes };
}

/** Two DPCs wait on processor 2; the second's memory is not there. */
function dpcBlocks(driver: LoadedPe): MemoryBlock[] {
  const prcb = PRCB_ADDRESS(2);
  const gone = 0xffffe0813fff0dd0n;
  const counters = new Uint8Array(8);
  put(counters, 0, 4, 0x501);
  put(counters, 4, 4, 0x500);
  return [
    // DpcData[0].DpcList.ListHead.Next; KDPC: DpcListEntry at 8, DeferredRoutine at 0x18
    words(prcb + 0x30c0n, [AT.dpc + 8n]),
    words(AT.dpc + 8n, [gone + 8n, 0n, driver.base + 0x1010n]),
    // DpcTimeCount, DpcTimeLimit
    { address: prcb + 0x7e9cn, bytes: counters },
    { address: prcb + 0x7e98n, bytes: Uint8Array.of(2) },
  ];
}

interface Leak {
  readonly at: bigint;
  readonly caller: bigint;
  readonly bytes: number;
  readonly tag: string;
}

/** VF_TARGET_DRIVER.VerifiedData at 0x38; VI_POOL_PAGE_HEADER in the first slot of 32 bytes, then VI_POOL_ENTRYs; free slots name the next. */
function verifiedBlocks(leaks: readonly Leak[]): MemoryBlock[] {
  const total = leaks.reduce((sum, { bytes }) => sum + bytes, 0);
  const data = new Uint8Array(0x130);
  // Signature, PoolPageHeaders (depth, next), counts of both pools, their peaks, bytes of both pools
  put(data, 0x28, 8, 0x98761940);
  put(data, 0x40, 8, 1);
  put(data, 0x48, 8, AT.entries);
  [0, leaks.length, 1, leaks.length + 5].forEach((value, index) => put(data, 0x68 + index * 4, 4, value));
  [0, total, 0x40, 0x4000].forEach((value, index) => put(data, 0x78 + index * 8, 8, BigInt(value)));
  const page = new Uint8Array(0x1000);
  put(page, 8, 8, AT.verified);
  leaks.forEach(({ at, caller, bytes, tag }, index) => {
    const slot = 32 * (index + 2);
    [at, caller, BigInt(bytes)].forEach((value, field) => put(page, slot + field * 8, 8, value));
    page.set(ascii(tag), slot + 24);
  });
  return [{ address: AT.verified, bytes: data }, { address: AT.entries, bytes: page }, words(AT.target + 0x38n, [AT.verified])];
}

/** MM_DRIVER_VERIFIER_DATA: Level, then counters of four bytes in the order of the header. */
function verifierData(address: bigint): MemoryBlock {
  const bytes = new Uint8Array(0xa8);
  // Level … AllocationsFailedDeliberately; the current and peak counts from 0x40, bytes of both pools from 0x50
  [0x209bb, 0, 7, 0, 0x2db1a, 0x2db1a, 0x2db1a].forEach((value, index) => put(bytes, index * 4, 4, value));
  [0, 3, 0, 0x13].forEach((value, index) => put(bytes, 0x40 + index * 4, 4, value));
  [0, 0x1058, 0, 0x4a4a0].forEach((value, index) => put(bytes, 0x50 + index * 8, 8, BigInt(value)));
  return { address, bytes };
}

/** These scenes are about the kernel's books: any way into KeBugCheckEx does for the stack. */
function stackTo(nt: LoadedPe, params: BugCheckParams): StackDrawing {
  const drawing = kernelStack().push(0n).enter(nt, 'PopIrpWatchdogBugcheck').reach(nt, 'KeBugCheckEx');
  return bugCheckHere(drawing, 0xc4, params);
}

/** 0xC4/0x62: examplenic.sys left three blocks behind; the kernel's pool tags say so as well. */
export function leakC4(): Scene & { readonly poolTagTables: bigint } {
  const on = machine([exampleNic()]);
  const driver = on.image('examplenic.sys');
  const params: BugCheckParams = [0x62n, AT.name, AT.target, 3n];
  const drawing = stackTo(on.nt, params);
  const nt = (rva: number): bigint => on.nt.base + BigInt(rva);
  const memory: MemoryBlock[] = [
    poolPage(AT.poolPage, [
      [0x40, 'MmDT', 2],
      [0x200, 'ExNc', 2],
      [0x40, 'Irp ', 2],
      [0xd80, 'Free', 0],
    ]),
    // What processor 1 took is given back on processor 0.
    trackTable(AT.track, [
      ['ExNc', [400, 30, 1_000_000], [0, 0, 0]],
      ['Irp ', [10, 60, -5_000], [0, 0, 0]],
      ['CM31', [0, 0, 0], [900, 100, 3_000_000]],
      ['Gone', [50, 50, 0], [7, 7, 0]],
    ]),
    trackTable(AT.track1, [['Irp ', [100, 0, 25_000], [2, 1, 64]]]),
    words(nt(VARIABLE.PoolTrackTable) - 8n, [BigInt(POOL_ROWS), AT.track]),
    trackTable(AT.idle, []),
    words(nt(VARIABLE.ExPoolTagTables), [AT.track, AT.track1, ...Array<bigint>(6).fill(AT.idle)]),
    ...dpcBlocks(driver),
    ...verifiedBlocks([
      { at: POOL + 0x50n, caller: driver.base + 0x1687n, bytes: 0x1008, tag: 'mdrv' },
      { at: POOL + 0x250n, caller: driver.base + 0x16acn, bytes: 0x20, tag: 'VMdl' },
      { at: POOL + 0x290n, caller: driver.base + 0x16edn, bytes: 0x30, tag: 'Vfwi' },
    ]),
    verifierData(nt(VARIABLE.MmVerifierData)),
    { address: AT.name, bytes: utf16('examplenic.sys\0') },
    words(nt(VARIABLE.counts), [1_541_186n, 470_550n, 2_355_436n, 5_990_642n]),
  ];
  const kdbg = {
    ...{ PoolTrackTable: nt(VARIABLE.PoolTrackTable), MmVerifierData: nt(VARIABLE.MmVerifierData) },
    ...{ MmNumberOfPhysicalPages: nt(VARIABLE.counts), MmAvailablePages: nt(VARIABLE.counts + 8) },
    ...{ MmTotalCommittedPages: nt(VARIABLE.counts + 16), MmTotalCommitLimit: nt(VARIABLE.counts + 24) },
  };
  const drawn = scene({ title: 'verifier-leak', machine: on, drawing, bugCheck: 0xc4, params, memory, kdbg, others: ordinaryProcesses(on) });
  return { ...drawn, poolTagTables: nt(VARIABLE.ExPoolTagTables) };
}

/** _VI_DEADLOCK_NODE: Parent 0, ResourceList 0x28, Root 0x38, ThreadEntry 0x40, StackTrace[8] 0x50. */
function lockNode(address: bigint, of: { parent: bigint; next: bigint; root: bigint; thread: bigint; stack: readonly bigint[] }): MemoryBlock[] {
  return [
    words(address, [of.parent, 0n, 0n, 0n, 0n, of.next, of.next, of.root, of.thread, 0n]),
    words(address + 0x50n, [...of.stack, ...Array<bigint>(16 - of.stack.length).fill(0n)]),
  ];
}

/** _VI_DEADLOCK_RESOURCE: Type 0 (5 is a spin lock), ResourceAddress 8, ThreadOwner 0x10, ResourceList 0x18. */
const lockRecord = (address: bigint, lock: bigint, first: bigint): MemoryBlock => words(address, [5n, lock, 0n, first, first]);

/**
 * 0xC4/0x1001: a thread that has ended took Alpha, then Bravo of examplenic.sys; now one that holds Bravo asks for Alpha. The order is that of
 * windows-driver-docs, devtest/debugging-deadlocks---driver-verifier-detected-violation--c4---0x1001.
 */
export function deadlockC4(): Scene {
  const on = machine([exampleNic()]);
  const { base } = on.image('examplenic.sys');
  const [alpha, bravo] = [base + 0x800cn, base + 0x8008n];
  const [recordA, recordB, firstA, firstB, lastB, endedThread, thisThread] = [0n, 0x100n, 0x200n, 0x300n, 0x400n, 0x500n, 0x540n].map(
    (offset) => AT.locks + offset,
  ) as [bigint, bigint, bigint, bigint, bigint, bigint, bigint];
  const params: BugCheckParams = [0x1001n, alpha, lastB, 0n];
  const drawing = stackTo(on.nt, params);
  const link = 0x28n;
  const memory: MemoryBlock[] = [
    lockRecord(recordA, alpha, firstA + link),
    lockRecord(recordB, bravo, firstB + link),
    ...lockNode(firstA, { parent: 0n, next: recordA + 0x18n, root: recordA, thread: endedThread, stack: [base + 0x65b7n, base + 0x605an] }),
    ...lockNode(firstB, { parent: firstA, next: lastB + link, root: recordB, thread: endedThread, stack: [base + 0x65c5n] }),
    ...lockNode(lastB, { parent: 0n, next: recordB + 0x18n, root: recordB, thread: thisThread, stack: [base + 0x65efn] }),
    words(endedThread, [0n]),
    words(thisThread, [0xffffe0812e0d7040n]),
  ];
  return scene({ title: 'verifier-deadlock', machine: on, drawing, bugCheck: 0xc4, params, memory, others: ordinaryProcesses(on) });
}
