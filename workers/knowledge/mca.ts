/**
 * MCi_STATUS: Intel SDM volume 3B, "Interpreting machine-check error codes"; AMD APM volume 2, "Machine check architecture".
 * Bit 12 of the error code is the filter bit (Intel) and does not change the meaning.
 */
import type { MachineCheck } from './knowledge.ts';

const TRANSACTION = ['instruction', 'data', 'generic', 'reserved'];
const LEVEL = ['level 0', 'level 1', 'level 2', 'generic level'];
const REQUEST = ['generic error', 'generic read', 'generic write', 'data read', 'data write', 'instruction fetch', 'prefetch', 'eviction', 'snoop'];
const MEMORY = ['generic', 'read', 'write', 'address or command', 'scrub'];
const PARTICIPATION = ['local processor originated', 'local processor responded', 'local processor observed', 'generic'];
const SPACE = ['memory', 'reserved', 'I/O', 'other'];

type Shape = readonly [mask: number, value: number, kind: MachineCheck['kind'], words: (code: number) => string];

const transaction = (code: number): string => TRANSACTION[(code >> 2) & 3] ?? '';
const level = (code: number): string => LEVEL[code & 3] ?? '';
const request = (code: number): string => REQUEST[(code >> 4) & 0xf] ?? 'reserved request';
const channel = (code: number): string => ((code & 0xf) === 0xf ? 'channel not given' : `channel ${String(code & 0xf)}`);

/** Compound codes, the most specific first; `code` has the filter bit cleared. */
const COMPOUND: readonly Shape[] = [
  [0xfffc, 0x000c, 'cache', (code) => `cache hierarchy, ${level(code)}`],
  [0xfff0, 0x0010, 'tlb', (code) => `TLB, ${transaction(code)}, ${level(code)}`],
  [0xff80, 0x0080, 'memory', (code) => `memory controller, ${MEMORY[(code >> 4) & 7] ?? 'reserved'}, ${channel(code)}`],
  [0xff80, 0x0280, 'memory', (code) => `memory as cache, ${MEMORY[(code >> 4) & 7] ?? 'reserved'}, ${channel(code)}`],
  [0xff00, 0x0100, 'cache', (code) => `${transaction(code)} cache, ${level(code)}, ${request(code)}`],
  [
    0xf800,
    0x0800,
    'bus',
    (code) =>
      `bus or interconnect, ${PARTICIPATION[(code >> 9) & 3] ?? ''}, ${request(code)}, ${SPACE[(code >> 2) & 3] ?? ''}, ${level(code)}${(code & 0x100) === 0 ? '' : ', timed out'}`,
  ],
];

const KIND_OF_SIMPLE: Readonly<Record<number, MachineCheck['kind']>> = { 0x0000: 'none', 0x0400: 'timer', 0x0e0b: 'bus' };

const bit = (status: bigint, index: number): boolean => ((status >> BigInt(index)) & 1n) === 1n;

export function readMachineCheck(status: bigint, simple: ReadonlyMap<number, string>): MachineCheck {
  const code = Number(status & 0xffffn);
  const plain = code & ~0x1000;
  const shape = COMPOUND.find(([mask, value]) => (plain & mask) === value);
  const named = simple.get(code);
  const kind = named === undefined ? (shape?.[2] ?? 'unknown') : (KIND_OF_SIMPLE[code] ?? 'internal');
  return {
    status,
    valid: bit(status, 63),
    overflow: bit(status, 62),
    uncorrected: bit(status, 61),
    enabled: bit(status, 60),
    addressValid: bit(status, 58),
    contextCorrupt: bit(status, 57),
    code,
    kind,
    words: named ?? shape?.[3](plain) ?? 'a model-specific code',
  };
}
