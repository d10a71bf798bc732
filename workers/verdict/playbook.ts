/** Where no rule can answer: the commands that an expert would type for this code, with this dump's own arguments. */
import { hex } from '../base/hex.ts';
import type { Case } from './case.ts';
import type { Look } from './verdict.ts';
import { text } from './words.ts';
import type { LOOKS } from './words/looks.ts';

/**
 * A command with slots, what it shows, and for which first arguments it holds. {p1} to {p4} are arguments as they stand; {a1} to {a4} and
 * {ip} must be addresses that the kernel could use. What each argument is, case by case: windows-driver-docs, page of each code.
 */
type Row = readonly [line: string, shows: keyof typeof LOOKS, holds?: (first: bigint) => boolean];

const when =
  (...values: readonly bigint[]) =>
  (first: bigint): boolean =>
    values.includes(first);
const unless =
  (...values: readonly bigint[]) =>
  (first: bigint): boolean =>
    !values.includes(first);

const FAULT: readonly Row[] = [
  ['u {ip}', 'l-code'],
  ['ln {a1}', 'l-address'],
  ['!pool {a1}', 'l-pool'],
  ['kv', 'l-stack'],
];
const POOL: readonly Row[] = [
  ['!pool {a2}', 'l-pool'],
  ['db {a2} L80', 'l-bytes'],
  ['kv', 'l-stack'],
];
const SPECIAL_POOL: readonly Row[] = [
  ['!pool {a1}', 'l-pool'],
  ['!verifier 80 {a1}', 'l-verifier'],
  ['u {ip}', 'l-code'],
];
const STACK: readonly Row[] = [['kv', 'l-stack']];
const RUNNING: readonly Row[] = [
  ['!running -it', 'l-running'],
  ['!dpcs', 'l-dpcs'],
];
const REQUEST: readonly Row[] = [
  ['!irp {a1}', 'l-irp'],
  ['kv', 'l-stack'],
];

/** Cases of 0x1A whose second argument is the address of a page table entry. */
const PTE_IN_2 = [0x403n, 0x411n, 0x41201n, 0x41202n, 0x41792n];

const ROWS: readonly (readonly [codes: readonly number[], rows: readonly Row[]])[] = [
  [[0x0a, 0xd1, 0xd3, 0xd4, 0xc5], FAULT],
  [
    [0x50],
    [
      ['u {a3}', 'l-code'],
      ['!pte {a1}', 'l-pte'],
      ['!pool {a1}', 'l-pool'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x1e],
    [
      ['u {a2}', 'l-code'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x3b],
    [
      ['.cxr {a3}', 'l-context'],
      ['u {a2}', 'l-code'],
    ],
  ],
  [
    [0x7e],
    [
      ['.exr {a3}', 'l-record'],
      ['.cxr {a4}', 'l-context'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x8e],
    [
      ['.trap {a3}', 'l-trap'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x135],
    [
      ['.cxr {p2}', 'l-context'],
      ['ln {p3}', 'l-address'],
    ],
  ],
  [
    [0x7f],
    [
      ['kf', 'l-stack'],
      ['r', 'l-registers'],
    ],
  ],
  [
    [0x139],
    [
      ['.trap {a2}', 'l-trap'],
      ['.exr {a3}', 'l-record'],
      ['kv', 'l-stack'],
    ],
  ],
  [[0x19], POOL],
  [
    [0xc2],
    [
      ['!pool {a4}', 'l-pool'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x13a],
    [
      ['!pool {a3}', 'l-pool'],
      ['db {a3} L80', 'l-bytes'],
      ['kv', 'l-stack'],
    ],
  ],
  [[0xc1, 0xcc, 0xcd, 0xd5, 0xd6], SPECIAL_POOL],
  [
    [0x1a],
    [
      ['!pte {a2}', 'l-pte', when(...PTE_IN_2)],
      ['dq {a2} L2', 'l-bytes'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x4e],
    [
      ['!pfn {p2}', 'l-frame', when(6n, 7n, 0x8dn, 0x99n, 0x9an)],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x12b],
    [
      ['!pfn {p2}', 'l-frame'],
      ['db {a1}', 'l-bytes'],
    ],
  ],
  [[0x154], [['dps {a2} L2', 'l-pointers']]],
  [
    [0x7a],
    [
      ['!error {p2}', 'l-status'],
      ['!pte {a4}', 'l-pte'],
    ],
  ],
  [
    [0x77],
    [
      ['dq {a4} L1', 'l-signature', when(0n, 1n, 2n)],
      ['!error {p1}', 'l-status', unless(0n, 1n, 2n)],
      ['!error {p2}', 'l-status', unless(0n, 1n, 2n)],
    ],
  ],
  [
    [0x24],
    [
      ['.exr {a2}', 'l-record'],
      ['.cxr {a3}', 'l-context'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x9f],
    [
      ['!irp {a4}', 'l-irp', when(3n)],
      ['!thread {a3}', 'l-thread', when(4n)],
      ['!devstack {a2}', 'l-devices', when(1n, 2n, 3n, 5n)],
      ['!devstack {a4}', 'l-devices', when(0x500n)],
      ['!poaction', 'l-power'],
      ['!locks', 'l-locks'],
    ],
  ],
  [
    [0xa0],
    [
      ['!poaction', 'l-power'],
      ['!locks', 'l-locks'],
    ],
  ],
  [[0x133], [['!dpcwatchdog', 'l-watchdog'], ...RUNNING]],
  [[0x101, 0x1ca, 0x1db], RUNNING],
  [[0x124, 0x122], [['!errrec {a2}', 'l-whea']]],
  [
    [0x109],
    [
      ['!chkimg -d nt', 'l-image'],
      ['u {a3}', 'l-code'],
    ],
  ],
  [
    [0x10d],
    [
      ['!wdfkd.wdflogdump', 'l-wdf'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0xc4, 0xc9, 0xc6],
    [
      ['ln {a2}', 'l-address'],
      ['!verifier 3', 'l-verifier'],
      ['!deadlock', 'l-deadlock'],
      ['kv', 'l-stack'],
    ],
  ],
  [[0xe6], [['!devstack {a2}', 'l-devices', when(0x26n)]]],
  [[0x44], REQUEST],
  [
    [0xce],
    [
      ['ln {a1}', 'l-address'],
      ['lm', 'l-unloaded'],
    ],
  ],
  [
    [0x18],
    [
      ['!object {a2}', 'l-object'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0xea],
    [
      ['!thread {a1}', 'l-thread'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x116, 0x117, 0x141],
    [
      ['ln {a2}', 'l-address'],
      ['!error {p3}', 'l-status'],
    ],
  ],
  [
    [0xef],
    [
      ['!process {a1} 3', 'l-process'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0xf4],
    [
      ['!process {a2} 3', 'l-process'],
      ['kv', 'l-stack'],
    ],
  ],
  [[0xc000021a], [['!error {p2}', 'l-status']]],
  [
    [0xfe, 0x144],
    [
      ['!usb3kd.usb3tree', 'l-usb'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x1c8, 0xe2],
    [...RUNNING, ['!locks', 'l-locks'], ['!poaction', 'l-power']],
  ],
];
const BY_CODE = new Map(ROWS.flatMap(([codes, rows]) => codes.map((code) => [code, rows] as const)));

const APPLICATION: readonly Row[] = [
  ['.ecxr', 'l-context'],
  ['kv', 'l-stack'],
  ['u {ip}', 'l-code'],
  ['~*k', 'l-threads'],
];
const NO_ANSWER: readonly Row[] = [
  ['!analyze -hang', 'l-hang'],
  ['~*k', 'l-threads'],
];
const HEAP: readonly Row[] = [
  ['!heap -s -v', 'l-heap'],
  ['kv', 'l-stack'],
];
const HEAP_CORRUPTION = 0xc0000374;

function rowsOf(c: Case): readonly Row[] {
  if (c.kernel) return BY_CODE.get(c.code) ?? STACK;
  if (!c.target.exception) return NO_ANSWER;
  return c.target.exception.code === HEAP_CORRUPTION ? HEAP : APPLICATION;
}

/** What a pointer may not be: near null, a pattern, out of range; in the kernel nothing of a program either. */
function isAddress(c: Case, value: bigint): boolean {
  const { kind } = c.classify(value);
  return kind === 'module' || kind === 'unloaded' || kind === 'stack' || kind === 'kernel' || (kind === 'user' && !c.kernel);
}

/** The slots that this dump fills; an argument of 0 fills none. */
function slotsOf(c: Case): ReadonlyMap<string, bigint> {
  const slots = new Map<string, bigint>();
  const fill = (name: string, value: bigint | undefined, fits: boolean): void => {
    if (value !== undefined && value !== 0n && fits) slots.set(name, value);
  };
  fill('ip', c.fault.ip, c.fault.ip !== undefined && isAddress(c, c.fault.ip));
  c.params.forEach((value, index) => {
    fill(`p${String(index + 1)}`, value, true);
    fill(`a${String(index + 1)}`, value, isAddress(c, value));
  });
  return slots;
}

export function looksOf(c: Case): readonly Look[] {
  const slots = slotsOf(c);
  return rowsOf(c).flatMap(([template, shows, holds]): Look[] => {
    if (holds && !holds(c.params[0])) return [];
    const line = template.replace(/\{(\w+)\}/g, (slot, name: string) => {
      const value = slots.get(name);
      return value === undefined ? slot : hex(value);
    });
    return line.includes('{') ? [] : [{ line, says: text(shows, {}) }];
  });
}
