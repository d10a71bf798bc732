/** Labels of `!analyze -v` that belong to single codes or to how the dump was written. */
import { va, vaAdd } from '../base/address.ts';
import { thenFound } from '../base/found.ts';
import { fourLetters, withoutProtection } from '../base/letters.ts';
import { baseBugCheck } from '../knowledge/bugchecks.ts';
import { kernelMemory } from '../target/kernelmemory.ts';
import type { Session } from '../target/target.ts';
import { readResource } from '../types/kernel/resource.ts';
import { one, two, BLANK, labelSpan } from './analyzelabel.ts';
import { resourceNodes } from './locks.ts';
import { plainAddress } from './names.ts';
import { type OutputNode, line } from './spec.ts';

/** DUMP_FILE_ATTRIBUTES of the header (wdbgexts.h, DUMP_HEADER attributes): the bits that WinDbg names. */
const ATTRIBUTES: readonly (readonly [bit: number, name: string])[] = [
  [0x4, 'Insufficient Dumpfile Size'],
  [0x8, 'Kernel Generated Triage Dump'],
  [0x10, 'Live Generated Dump'],
];

export function attributesOf({ target }: Session): number | undefined {
  const fact = target.facts.find((one) => one.group === 'header' && one.name === 'Attributes')?.value;
  const value = fact?.ok ? Number(fact.value) : undefined;
  return value === undefined || Number.isNaN(value) || value === 0 ? undefined : value;
}

export function dumpAttributes(session: Session): readonly OutputNode[] {
  const value = attributesOf(session);
  if (value === undefined) return [];
  const names = ATTRIBUTES.filter(([bit]) => (value & bit) !== 0).map(([, name]) => line(`  ${name}`));
  return [line(labelSpan('DUMP_FILE_ATTRIBUTES', ' '), `0x${value.toString(16)}`), ...names, BLANK];
}

/** DEVICE_OBJECT (x64 and ARM64): Type 3 +0, DriverObject +8. */
const DEVICE_TYPE = 3;
const DEVICE_DRIVER = 8;

function deviceLabels({ target: { memory } }: Session, device: bigint): readonly OutputNode[] {
  const object = (label: string, at: bigint): readonly OutputNode[] => one(label, { span: 'address', at: va(at), text: at.toString(16) });
  const type = memory.pointerSize === 8 ? memory.u16(va(device)) : undefined;
  const driver = type?.ok && type.value === DEVICE_TYPE ? memory.pointer(va(device + BigInt(DEVICE_DRIVER))) : undefined;
  return [...object('DEVICE_OBJECT', device), ...(driver?.ok ? object('DRIVER_OBJECT', driver.value) : [])];
}

type Params = readonly [bigint, bigint, bigint, bigint];
type Detail = (session: Session, params: Params) => readonly OutputNode[];

const DETAILS: Readonly<Record<number, Detail>> = {
  0x133: (_session, [kind]) => two('DPC_TIMEOUT_TYPE', kind === 0n ? 'SINGLE_DPC_TIMEOUT_EXCEEDED' : 'DPC_QUEUE_EXECUTION_TIMEOUT_EXCEEDED'),
  0x9f: (session, [kind, device]) => [...two('DRVPOWERSTATE_SUBCODE', kind.toString(16)), ...(kind === 3n ? deviceLabels(session, device) : [])],
  0x19: (session, [, at]) => two('POOL_ADDRESS', plainAddress(session, at), ' '),
  0xc2: (session, [kind, , tag, at]) => {
    const letters = tag <= 0xffff_ffffn ? fourLetters(withoutProtection(tag)) : undefined;
    return [...two('POOL_ADDRESS', plainAddress(session, at), ' '), ...(kind === 7n && letters !== undefined ? two('FREED_POOL_TAG', letters) : [])];
  },
  0x13a: (session, [, , at]) => two('CORRUPTING_POOL_ADDRESS', plainAddress(session, at), ' '),
};

export function codeDetails(session: Session): readonly OutputNode[] {
  const { bugCheck } = session.target;
  return bugCheck ? (DETAILS[baseBugCheck(bugCheck.code)]?.(session, bugCheck.params) ?? []) : [];
}

/** 0xEF and 0xF4 name the process that ended, where the dump's process is that one. */
export function criticalProcess({ target }: Session): readonly OutputNode[] {
  const { bugCheck, process } = target;
  const object = bugCheck && { 0xef: bugCheck.params[0], 0xf4: bugCheck.params[1] }[baseBugCheck(bugCheck.code)];
  return object !== undefined && object !== null && process.object === object && process.name.ok ? two('CRITICAL_PROCESS', process.name.value) : [];
}

/** 0x9F, argument 1 = 4: nt!PiEngineLock, which the power transition waits for, where the kernel's symbols name it. */
export function pnpLock(session: Session): readonly OutputNode[] {
  const { bugCheck, modules } = session.target;
  const own = bugCheck && baseBugCheck(bugCheck.code) === 0x9f && bugCheck.params[0] === 4n;
  const nt = own ? modules.byName('nt') : undefined;
  const kernel = kernelMemory(session);
  if (!nt || !kernel.ok) return [];
  const place = thenFound(session.symbols.table(nt), (table) => table.byName('PiEngineLock'));
  const resource = thenFound(place, (offset) => readResource(kernel.value, vaAdd(nt.base, offset)));
  if (!resource.ok) return [];
  const { view, owners } = resource.value;
  const at = plainAddress(session, view.at).text;
  const [owner] = owners;
  return [
    line(labelSpan('LOCK_ADDRESS', '  '), plainAddress(session, view.at), ' -- (', { span: 'command', line: `!locks ${at}`, text: `!locks ${at}` }, ')'),
    BLANK,
    ...resourceNodes(session, resource.value),
    BLANK,
    line('1 total locks'),
    BLANK,
    line(labelSpan('PNP_TRIAGE_DATA', ' ')),
    line('                Lock address  : 0x', plainAddress(session, view.at)),
    line(`                Thread Count  : ${owners.length}`),
    ...(owner ? [line('                Thread address: 0x', plainAddress(session, owner.thread))] : []),
    BLANK,
  ];
}
