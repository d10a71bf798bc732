/**
 * PCI configuration space as pci.sys kept it: records of "PCfg", size, number of regions, place, then from 0x38 on regions of
 * { offset, length, bytes }. By content: in the sixteen real dumps that hold it (19041 to 26100) the regions fill their record to the byte.
 * Registers: PCI Local Bus 3.0, 6.2 (status); PCI Express Base, "PCI Express capability" and "Advanced Error Reporting"; the
 * numbers as in linux/include/uapi/linux/pci_regs.h.
 */
import { readStructAt, struct, u16, u32, viewOf } from '../../bytes/struct.ts';

const SIGNATURE = 0x6766_4350;
const RECORD = struct('PCI_CFG_RECORD', 0x38, 'content', { signature: u32(0), size: u32(4), regions: u32(8), place: u32(12) });
const REGION = struct('region', 4, 'content', { offset: u16(0), length: u16(2) });
const SPACE = 0x1000;
const MAX_FUNCTIONS = 4096;

const CAPABILITIES = 0x34;
const FIRST_EXTENDED = 0x100;
const EXPRESS = 0x10;
const AER = 1;
const NOWHERE = 0xffff;

export interface PciFunction {
  readonly bus: number;
  readonly device: number;
  readonly function: number;
  readonly vendorId: number;
  readonly deviceId: number;
  readonly command: number;
  readonly status: number;
  readonly revision: number;
  /** Base class, subclass, interface. */
  readonly classCode: number;
  /** False where every bit read as one: the device is switched off or does not answer. */
  readonly answers: boolean;
  /** PCI Express device status; AER uncorrectable status without what the device masks, and correctable status. */
  readonly deviceStatus?: number;
  readonly uncorrectable?: number;
  readonly correctable?: number;
}

/** The parts of one function's 4096 bytes that were kept. */
class ConfigSpace {
  readonly #bytes = new Uint8Array(SPACE);
  readonly #held = new Uint8Array(SPACE);

  constructor(record: Uint8Array, regions: number) {
    let at = RECORD.size;
    for (let index = 0; index < regions; index++) {
      const region = readStructAt(REGION, record, at);
      if (!region.ok) return;
      const { offset, length } = region.value;
      const from = at + REGION.size;
      if (offset + length > SPACE || from + length > record.length) return;
      this.#bytes.set(record.subarray(from, from + length), offset);
      this.#held.fill(1, offset, offset + length);
      at = from + length;
    }
  }

  read(at: number, size: 1 | 2 | 4): number | undefined {
    if (at + size > SPACE || this.#held.subarray(at, at + size).includes(0)) return undefined;
    const view = viewOf(this.#bytes);
    return size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
  }

  /** Offset of a capability of the first 256 bytes. Each is looked at once, so that no list goes round. */
  capability(id: number): number | undefined {
    const seen = new Set<number>();
    let at = (this.read(CAPABILITIES, 1) ?? 0) & 0xfc;
    while (at >= 0x40 && !seen.has(at)) {
      seen.add(at);
      if (this.read(at, 1) === id) return at;
      at = (this.read(at + 1, 1) ?? 0) & 0xfc;
    }
    return undefined;
  }

  extended(id: number): number | undefined {
    const seen = new Set<number>();
    let at = FIRST_EXTENDED;
    while (at >= FIRST_EXTENDED && !seen.has(at)) {
      seen.add(at);
      const head = this.read(at, 4);
      if (head === undefined) return undefined;
      if ((head & 0xffff) === id) return at;
      at = (head >>> 20) & 0xffc;
    }
    return undefined;
  }
}

const optional = <K extends string>(key: K, value: number | undefined): Partial<Record<K, number>> =>
  value === undefined ? {} : ({ [key]: value } as Record<K, number>);

function errorsOf(space: ConfigSpace): Pick<PciFunction, 'deviceStatus' | 'uncorrectable' | 'correctable'> {
  const [express, aer] = [space.capability(EXPRESS), space.extended(AER)];
  const raised = aer === undefined ? undefined : space.read(aer + 4, 4);
  const masked = (aer === undefined ? undefined : space.read(aer + 8, 4)) ?? 0;
  return {
    ...optional('deviceStatus', express === undefined ? undefined : space.read(express + 0xa, 2)),
    ...optional('uncorrectable', raised === undefined ? undefined : (raised & ~masked) >>> 0),
    ...optional('correctable', aer === undefined ? undefined : space.read(aer + 0x10, 4)),
  };
}

function functionOf(place: number, space: ConfigSpace): PciFunction | undefined {
  const vendorId = space.read(0, 2);
  const deviceId = space.read(2, 2);
  if (vendorId === undefined || deviceId === undefined) return undefined;
  const answers = vendorId !== NOWHERE;
  return {
    bus: (place >> 8) & 0xff,
    device: (place >> 3) & 0x1f,
    function: place & 7,
    vendorId,
    deviceId,
    command: space.read(4, 2) ?? 0,
    status: space.read(6, 2) ?? 0,
    revision: space.read(8, 1) ?? 0,
    classCode: (space.read(8, 4) ?? 0) >>> 8,
    answers,
    ...(answers ? errorsOf(space) : {}),
  };
}

/** Ends at the first record that is none. */
export function readPciConfig(data: Uint8Array): readonly PciFunction[] {
  const functions: PciFunction[] = [];
  for (let at = 0; functions.length < MAX_FUNCTIONS;) {
    const head = readStructAt(RECORD, data, at);
    if (!head.ok || head.value.signature !== SIGNATURE) break;
    const { size, regions, place } = head.value;
    if (size < RECORD.size || at + size > data.length) break;
    const read = functionOf(place, new ConfigSpace(data.subarray(at, at + size), regions));
    if (read) functions.push(read);
    at += size;
  }
  return functions;
}

/** Status bits that are set when something went wrong on the bus, not by enumeration (PCI 3.0, 6.2.3). */
const STATUS_ERRORS: readonly (readonly [bit: number, words: string])[] = [
  [0x8000, 'parity error detected'],
  [0x4000, 'system error signalled'],
  [0x0100, 'master data parity error'],
];
/** AER uncorrectable errors but "unsupported request" and "completer abort", which enumeration leaves set on sound devices. */
const UNCORRECTABLE: readonly (readonly [bit: number, words: string])[] = [
  [0x10, 'data link protocol error'],
  [0x20, 'surprise down'],
  [0x1000, 'poisoned TLP'],
  [0x2000, 'flow control protocol error'],
  [0x4000, 'completion timeout'],
  [0x10000, 'unexpected completion'],
  [0x20000, 'receiver overflow'],
  [0x40000, 'malformed TLP'],
  [0x80000, 'ECRC error'],
];
const FATAL_SEEN = 4;
/** What the link repaired itself; "advisory non-fatal" and "header log overflow" say nothing of it. */
const CORRECTABLE: readonly (readonly [bit: number, words: string])[] = [
  [0x1, 'receiver error'],
  [0x40, 'bad TLP'],
  [0x80, 'bad DLLP'],
  [0x100, 'replay number rollover'],
  [0x1000, 'replay timer timeout'],
];

const wordsOf = (bits: number, table: readonly (readonly [number, string])[]): string[] =>
  table.filter(([bit]) => (bits & bit) !== 0).map(([, words]) => words);

/** What the function itself reports as gone wrong; empty where nothing did. */
export function pciErrors(one: PciFunction): readonly string[] {
  if (!one.answers) return [];
  const fatal = ((one.deviceStatus ?? 0) & FATAL_SEEN) !== 0 ? ['fatal error detected'] : [];
  return [...wordsOf(one.status, STATUS_ERRORS), ...fatal, ...wordsOf(one.uncorrectable ?? 0, UNCORRECTABLE)];
}

export const pciRepaired = (one: PciFunction): readonly string[] => wordsOf(one.correctable ?? 0, CORRECTABLE);
