/**
 * `!verifier`: the options of Driver Verifier that were on, what it counted, and with flag 2 the blocks that a driver left behind (0xC4,
 * argument 1 = 0x62). Layout: windows-driver-docs, devtest/debugging-memory-leaks---driver-verifier-detected-violation--c4---0x62.
 * KDBG's MmVerifierData is the address of a MM_DRIVER_VERIFIER_DATA; small dumps hold the level alone (DUMP_MM_STORAGE).
 */
import { type Va, va } from '../base/address.ts';
import { type Found, firstFound, found, mapFound, missing, notValid, thenFound } from '../base/found.ts';
import { hex, hexDigits } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import { refuse, reply } from '../base/problem.ts';
import { kernelMemory } from '../target/kernelmemory.ts';
import type { Session } from '../target/target.ts';
import { verifiedBlocks, verifiedDriverAt } from '../types/kernel/verifieddriver.ts';
import type { TypedView } from '../types/typedview.ts';
import { gapOr, layoutNotes } from './devices.ts';
import { placeSpan, plainAddress } from './names.ts';
import { type CommandRun, line, note, type OutputNode, type Span } from './spec.ts';

function verifierData(session: Session): Found<TypedView> {
  const at = session.target.kernelPointers['MmVerifierData'];
  if (at === undefined) return missing({ why: 'not-computed', detail: 'KDBG does not name MmVerifierData' });
  return thenFound(kernelMemory(session), (kernel) => kernel.view('_MM_DRIVER_VERIFIER_DATA', at));
}

function levelOf(session: Session, data: Found<TypedView>): Found<number> {
  const fact = session.target.facts.find(({ name }) => name === 'MmVerifyDriverLevel')?.value;
  const small = (): Found<number> => (fact ? mapFound(fact, Number) : missing({ why: 'not-computed', detail: 'no small dump that tells the level' }));
  return thenFound(
    firstFound([() => thenFound(data, (view) => view.number('Level')), small]),
    // The writer's mark for "off".
    (level) => (level === 0xffff_ffff ? notValid('the level', hex(level), 'a set of options') : found(level)),
  );
}

function levelNodes(session: Session, level: number): OutputNode[] {
  const options = session.knowledge.verifierOptions.filter(({ flag, name }) => flag !== undefined && !name.startsWith('Reserved'));
  const row = (flag: number, name: string): OutputNode =>
    line(`    [${flag === 0 ? (level === 0 ? ' ' : 'X') : (level & flag) === 0 ? ' ' : 'X'}] (0x${hexDigits(flag, 8)}) ${name}`);
  const rows = (standard: boolean): OutputNode[] => options.filter((option) => option.standard === standard).map(({ flag = 0, name }) => row(flag, name));
  return [
    line(`Verify Flags Level 0x${hexDigits(level, 8)}`),
    line(''),
    line('  STANDARD FLAGS:'),
    row(0, 'Automatic Checks'),
    ...rows(true),
    line(''),
    line('  ADDITIONAL FLAGS:'),
    ...rows(false),
    line(''),
    line('    [X] Indicates flag is enabled'),
  ];
}

/** A label and its field; a blank line where there is no field. */
const STATISTICS: readonly (readonly [label: string, width: number, field: string])[] = [
  ['RaiseIrqls', 21, 'RaiseIrqls'],
  ['AcquireSpinLocks', 21, 'AcquireSpinLocks'],
  ['Synch Executions', 21, 'SynchronizeExecutions'],
  ['Trims', 21, 'Trims'],
  ['', 0, ''],
  ['Pool Allocations Attempted', 39, 'AllocationsAttempted'],
  ['Pool Allocations Succeeded', 39, 'AllocationsSucceeded'],
  ['Pool Allocations Succeeded SpecialPool', 39, 'AllocationsSucceededSpecialPool'],
  ['Pool Allocations With NO TAG', 39, 'AllocationsWithNoTag'],
  ['Pool Allocations Failed', 39, 'AllocationsFailed'],
];

const POOLS: readonly (readonly [label: string, count: string, bytes: string])[] = [
  ['Current paged pool allocations', 'CurrentPagedPoolAllocations', 'PagedBytes'],
  ['Peak paged pool allocations', 'PeakPagedPoolAllocations', 'PeakPagedBytes'],
  ['Current nonpaged pool allocations', 'CurrentNonPagedPoolAllocations', 'NonPagedBytes'],
  ['Peak nonpaged pool allocations', 'PeakNonPagedPoolAllocations', 'PeakNonPagedBytes'],
];

const asHex = (value: Found<bigint>): Span => gapOr(mapFound(value, hex));
const padded = (value: Found<bigint>): Span => gapOr(mapFound(value, (known) => hexDigits(known, 8).toUpperCase()));

function statisticNodes(data: TypedView): OutputNode[] {
  return [
    line(''),
    line('Summary of All Verifier Statistics'),
    line(''),
    ...STATISTICS.map(([label, width, field]) => (label === '' ? line('') : line(`  ${label.padEnd(width)}`, asHex(data.uint(field))))),
    line(''),
    ...POOLS.map(([label, count, bytes]) => line(`  ${label.padEnd(39)}`, asHex(data.uint(count)), ' for ', padded(data.uint(bytes)), ' bytes')),
  ];
}

/** Both pools of one driver: "Current Pool Allocations: ( 0x00000003 / 0x00000000 )". */
const DRIVER_ROWS: readonly (readonly [label: string, nonPaged: string, paged: string])[] = [
  ['Current Pool Allocations:', 'CurrentNonPagedPoolAllocations', 'CurrentPagedPoolAllocations'],
  ['Current Pool Bytes:', 'NonPagedBytes', 'PagedBytes'],
  ['Peak Pool Allocations:', 'PeakNonPagedPoolAllocations', 'PeakPagedPoolAllocations'],
  ['Peak Pool Bytes:', 'PeakNonPagedBytes', 'PeakPagedBytes'],
];

function driverNodes(session: Session, driver: TypedView, name: Va): OutputNode[] {
  const { blocks, ended } = verifiedBlocks(driver);
  const eight = (value: bigint): string => `0x${hexDigits(value, 8)}`;
  return [
    line(''),
    line('  MODULE: 0x', plainAddress(session, driver.at), ', whose name is at argument 2: ', {
      span: 'command',
      line: `du ${hex(name)}`,
      text: `du ${hex(name)}`,
    }),
    line(''),
    line('    Pool Allocation Statistics: ( NonPagedPool / PagedPool )'),
    line(''),
    ...DRIVER_ROWS.map(([label, nonPaged, paged]) =>
      line(`      ${label.padEnd(26)}( 0x`, padded(driver.uint(nonPaged)), ' / 0x', padded(driver.uint(paged)), ' )'),
    ),
    line(''),
    line('    Pool Allocations:'),
    line(''),
    line('      Address             Length      Tag   Caller'),
    line('      ------------------  ----------  ----  ------------------'),
    ...blocks.map(({ at, bytes, tag, caller }) => {
      const place = placeSpan(session, caller);
      return line('      0x', plainAddress(session, at), `  ${eight(bytes)}  ${tag}  0x`, plainAddress(session, caller), ...(place ? ['  ', place] : []));
    }),
    ...(ended ? [note(`the list goes on: ${describeMissing(ended)}`)] : []),
  ];
}

const LEAK_AT_UNLOAD = 0x62n;
const NO_DRIVERS =
  'which drivers were verified is told by nt!ViTargetDriversAvl, for which no layout is kept; for 0xC4 with argument 1 = 0x62 flag 2 lists what the driver left';

/** The driver that 0xC4/0x62 is about. */
function leakNodes(session: Session, flags: number): OutputNode[] {
  const { bugCheck } = session.target;
  if (bugCheck?.code !== 0xc4 || bugCheck.params[0] !== LEAK_AT_UNLOAD) return (flags & 3) === 0 ? [] : [note(NO_DRIVERS)];
  const driver = thenFound(kernelMemory(session), (kernel) => verifiedDriverAt(kernel, va(bugCheck.params[2]), bugCheck.params[3]));
  return driver.ok
    ? driverNodes(session, driver.value, va(bugCheck.params[1]))
    : [note(`what the driver left cannot be listed: ${describeMissing(driver.missing)}`)];
}

const LOGS = 'flags 4 to 400 print logs that symbols of nt alone name; 1 and 3 show what is counted';

export const verifier: CommandRun = function* ({ session }, tail) {
  const [, digits = '0'] = /^\s*(?:0x)?([0-9a-f]+)(?:\s|$)/i.exec(tail) ?? [];
  const flags = Number.parseInt(digits, 16);
  if (flags > 3) return refuse('BAD_ARGUMENT', LOGS, { at: 0 });
  const data = verifierData(session);
  const level = levelOf(session, data);
  if (!level.ok) return refuse('BAD_ARGUMENT', `whether Driver Verifier was on cannot be read: ${describeMissing(level.missing)}`, { at: 0 });
  const counted =
    data.ok && data.value.uint('Level').ok
      ? [...layoutNotes(data.value.memory), ...statisticNodes(data.value)]
      : [note('this dump holds no counts of the verifier')];
  return reply([...levelNodes(session, level.value), ...counted, ...leakNodes(session, flags)]);
};
