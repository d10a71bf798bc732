/** Labels of `!analyze -v` that belong to single codes or to how the dump was written. */
import { va } from '../base/address.ts';
import { baseBugCheck } from '../knowledge/bugchecks.ts';
import type { Session } from '../target/target.ts';
import { one, two, BLANK, labelSpan } from './analyzelabel.ts';
import { plainAddress } from './names.ts';
import { type OutputNode, line } from './spec.ts';

/** DUMP_FILE_ATTRIBUTES of the header (wdbgexts.h, DUMP_HEADER attributes): the bits that WinDbg names. */
const ATTRIBUTES: readonly (readonly [bit: number, name: string])[] = [
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

/** Four letters of a pool tag, where the low 32 bits are letters. */
function tagOf(value: bigint): string | undefined {
  const letters = [0n, 8n, 16n, 24n].map((shift) => String.fromCharCode(Number((value >> shift) & 0x7fn))).join('');
  return /^[\x20-\x7e]{4}$/.test(letters) && value <= 0xffff_ffffn ? letters : undefined;
}

type Params = readonly [bigint, bigint, bigint, bigint];
type Detail = (session: Session, params: Params) => readonly OutputNode[];

const DETAILS: Readonly<Record<number, Detail>> = {
  0x133: (_session, [kind]) => two('DPC_TIMEOUT_TYPE', kind === 0n ? 'SINGLE_DPC_TIMEOUT_EXCEEDED' : 'DPC_QUEUE_EXECUTION_TIMEOUT_EXCEEDED'),
  0x9f: (_session, [kind, device]) => [
    ...two('DRVPOWERSTATE_SUBCODE', kind.toString(16)),
    ...(kind === 3n ? one('DEVICE_OBJECT', { span: 'address', at: va(device), text: device.toString(16) }) : []),
  ],
  0x19: (session, [, at]) => two('POOL_ADDRESS', plainAddress(session, at), ' '),
  0xc2: (session, [kind, , tag, at]) => {
    const letters = tagOf(tag);
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
