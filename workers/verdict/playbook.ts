/** Where no rule can answer: the commands that an expert would type for this code, with this dump's own arguments. */
import { hex } from '../base/hex.ts';
import type { Case } from './case.ts';
import type { Look } from './verdict.ts';
import { text } from './words.ts';
import type { LOOKS } from './words/looks.ts';

/** A command with slots {p1} to {p4} and {ip}, and what it shows. */
type Row = readonly [line: string, shows: keyof typeof LOOKS];

const FAULT: readonly Row[] = [
  ['u {ip}', 'l-code'],
  ['ln {p1}', 'l-address'],
  ['!pool {p1}', 'l-pool'],
  ['kv', 'l-stack'],
];
const POOL: readonly Row[] = [
  ['!pool {p2}', 'l-pool'],
  ['db {p2} L80', 'l-bytes'],
  ['kv', 'l-stack'],
];
const SPECIAL_POOL: readonly Row[] = [
  ['!pool {p1}', 'l-pool'],
  ['!verifier 80 {p1}', 'l-verifier'],
  ['u {ip}', 'l-code'],
];
const STACK: readonly Row[] = [['kv', 'l-stack']];
const RUNNING: readonly Row[] = [
  ['!running -it', 'l-running'],
  ['!dpcs', 'l-dpcs'],
];
const REQUEST: readonly Row[] = [
  ['!irp {p1}', 'l-irp'],
  ['kv', 'l-stack'],
];

const ROWS: readonly (readonly [codes: readonly number[], rows: readonly Row[]])[] = [
  [[0x0a, 0xd1, 0xd3, 0xd4, 0xc5], FAULT],
  [
    [0x50],
    [
      ['u {p3}', 'l-code'],
      ['!pte {p1}', 'l-pte'],
      ['!pool {p1}', 'l-pool'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x1e],
    [
      ['u {p2}', 'l-code'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x3b],
    [
      ['.cxr {p3}', 'l-context'],
      ['u {p2}', 'l-code'],
    ],
  ],
  [
    [0x7e],
    [
      ['.exr {p3}', 'l-record'],
      ['.cxr {p4}', 'l-context'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x8e],
    [
      ['.trap {p3}', 'l-trap'],
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
      ['.trap {p2}', 'l-trap'],
      ['.exr {p3}', 'l-record'],
      ['kv', 'l-stack'],
    ],
  ],
  [[0x19], POOL],
  [
    [0xc2],
    [
      ['!pool {p4}', 'l-pool'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x13a],
    [
      ['!pool {p3}', 'l-pool'],
      ['db {p3} L80', 'l-bytes'],
      ['kv', 'l-stack'],
    ],
  ],
  [[0xc1, 0xcc, 0xcd, 0xd5, 0xd6], SPECIAL_POOL],
  [
    [0x1a],
    [
      ['!pte {p2}', 'l-pte'],
      ['dq {p2} L2', 'l-bytes'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x4e],
    [
      ['!pfn {p2}', 'l-frame'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x12b],
    [
      ['!pfn {p2}', 'l-frame'],
      ['db {p1}', 'l-bytes'],
    ],
  ],
  [[0x154], [['dps {p2} L2', 'l-record']]],
  [
    [0x7a, 0x77],
    [
      ['!error {p2}', 'l-status'],
      ['!pte {p1}', 'l-pte'],
    ],
  ],
  [
    [0x24],
    [
      ['.exr {p2}', 'l-record'],
      ['.cxr {p3}', 'l-context'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x9f],
    [
      ['!irp {p4}', 'l-irp'],
      ['!devstack {p2}', 'l-devices'],
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
  [[0x124, 0x122], [['!errrec {p2}', 'l-whea']]],
  [
    [0x109],
    [
      ['!chkimg -d nt', 'l-image'],
      ['u {p3}', 'l-code'],
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
      ['ln {p2}', 'l-address'],
      ['!verifier 3', 'l-verifier'],
      ['!deadlock', 'l-deadlock'],
      ['kv', 'l-stack'],
    ],
  ],
  [[0xe6], [['!devstack {p2}', 'l-devices']]],
  [[0x44], REQUEST],
  [
    [0xce],
    [
      ['ln {p1}', 'l-address'],
      ['lm', 'l-unloaded'],
    ],
  ],
  [
    [0x18],
    [
      ['!object {p2}', 'l-object'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0xea],
    [
      ['!thread {p1}', 'l-thread'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0x116, 0x117, 0x141],
    [
      ['ln {p2}', 'l-address'],
      ['!error {p3}', 'l-status'],
    ],
  ],
  [
    [0xef],
    [
      ['!process {p1} 3', 'l-process'],
      ['kv', 'l-stack'],
    ],
  ],
  [
    [0xf4],
    [
      ['!process {p2} 3', 'l-process'],
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

/** Rows whose slots this dump fills; an argument of 0 fills none. */
export function looksOf(c: Case): readonly Look[] {
  const slots: Readonly<Record<string, bigint | undefined>> = { ip: c.fault.ip, p1: c.params[0], p2: c.params[1], p3: c.params[2], p4: c.params[3] };
  return rowsOf(c).flatMap(([template, shows]): Look[] => {
    const line = template.replace(/\{(\w+)\}/g, (slot, name: string) => (slots[name] === undefined || slots[name] === 0n ? slot : hex(slots[name])));
    return line.includes('{') ? [] : [{ line, says: text(shows, {}) }];
  });
}
