/**
 * SMBIOS tables (DMTF DSP0134 3.6): an 8-byte head { calling method, major, minor, DMI revision, length } as in RawSMBIOSData
 * (learn.microsoft.com, GetSystemFirmwareTable), then structures { type, length, handle }, their strings behind them.
 * Serial numbers, UUIDs and asset tags are in no field here: they are never read.
 */
import { type Found, found, notValid, thenFound } from '../../base/found.ts';
import { readStructAt, struct, u16, u32, u8, viewOf } from '../../bytes/struct.ts';

const HEAD = struct('RawSMBIOSData', 8, 'DSP0134; GetSystemFirmwareTable', { major: u8(1), minor: u8(2), dmi: u8(3), length: u32(4) });
const STRUCTURE = struct('SMBIOS structure', 4, 'DSP0134 6.1', { type: u8(0), length: u8(1), handle: u16(2) });
const END = 127;
const MAX_STRUCTURES = 4096;
const MAX_TEXT = 128;

export interface SmbiosStructure {
  readonly type: number;
  readonly handle: number;
  readonly length: number;
  u8(at: number): number | undefined;
  u16(at: number): number | undefined;
  u32(at: number): number | undefined;
  /** The string whose number stands at `at`. */
  text(at: number): string | undefined;
}

export interface Smbios {
  readonly version: string;
  readonly dmi: number;
  readonly sizeBytes: number;
  readonly structures: readonly SmbiosStructure[];
}

class Structure implements SmbiosStructure {
  readonly type: number;
  readonly handle: number;
  readonly #formatted: Uint8Array;
  readonly #strings: readonly string[];

  constructor(head: { readonly type: number; readonly handle: number }, formatted: Uint8Array, strings: readonly string[]) {
    this.type = head.type;
    this.handle = head.handle;
    this.#formatted = formatted;
    this.#strings = strings;
  }
  get length(): number {
    return this.#formatted.length;
  }
  u8(at: number): number | undefined {
    return this.#formatted[at];
  }
  u16(at: number): number | undefined {
    return at + 2 <= this.length ? viewOf(this.#formatted).getUint16(at, true) : undefined;
  }
  u32(at: number): number | undefined {
    return at + 4 <= this.length ? viewOf(this.#formatted).getUint32(at, true) : undefined;
  }
  text(at: number): string | undefined {
    const number = this.u8(at) ?? 0;
    return number === 0 ? undefined : this.#strings[number - 1];
  }
}

/** The strings end with an empty one; a structure without strings has two NULs. */
function stringsOf(data: Uint8Array, from: number): { readonly strings: readonly string[]; readonly end: number } {
  const strings: string[] = [];
  let at = from;
  while (at < data.length) {
    const end = data.indexOf(0, at);
    if (end < 0) return { strings, end: data.length };
    if (end === at) return { strings, end: strings.length === 0 ? at + 2 : at + 1 };
    strings.push(String.fromCharCode(...data.subarray(at, Math.min(end, at + MAX_TEXT))).trim());
    at = end + 1;
  }
  return { strings, end: at };
}

export function readSmbios(data: Uint8Array): Found<Smbios> {
  return thenFound(readStructAt(HEAD, data, 0), ({ major, minor, dmi, length }) => {
    if (major < 2 || major > 9) return notValid('version of SMBIOS', String(major), '2 or 3');
    const tables = data.subarray(HEAD.size, HEAD.size + length);
    const structures: SmbiosStructure[] = [];
    for (let at = 0; structures.length < MAX_STRUCTURES;) {
      const head = readStructAt(STRUCTURE, tables, at);
      if (!head.ok || head.value.length < STRUCTURE.size || at + head.value.length > tables.length) break;
      const { strings, end } = stringsOf(tables, at + head.value.length);
      structures.push(new Structure(head.value, tables.subarray(at, at + head.value.length), strings));
      if (head.value.type === END) break;
      at = end;
    }
    return found({ version: `${String(major)}.${String(minor)}`, dmi, sizeBytes: length, structures });
  });
}

/** What makers leave in where they have nothing to say. */
const EMPTY = /^(|none|unknown|n\/a|not specified|\[?empty\]?|default string|to be filled by o\.?e\.?m\.?|undefined|system .*|manufacturer\d*|partnum\d*)$/i;
export const meaningful = (value: string | undefined): string | undefined => (value === undefined || EMPTY.test(value) ? undefined : value);

export interface Firmware {
  readonly vendor?: string;
  readonly version?: string;
  /** Milliseconds since 1970. */
  readonly date?: number;
}

/** "06/01/2022", also "05/ 6/2021"; two digits of a year are of the 1900s (DSP0134 7.1). */
function dateOf(value: string | undefined): number | undefined {
  const [, month, day, year] = /^(\d{1,2})\/\s*(\d{1,2})\/(\d{2}|\d{4})$/.exec(value ?? '') ?? [];
  if (month === undefined || day === undefined || year === undefined) return undefined;
  const ms = Date.UTC(year.length === 2 ? 1900 + Number(year) : Number(year), Number(month) - 1, Number(day));
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31 ? ms : undefined;
}

const BIOS = 0;
const MEMORY_DEVICE = 17;

export function firmwareOf({ structures }: Smbios): Firmware | undefined {
  const bios = structures.find((one) => one.type === BIOS);
  if (!bios) return undefined;
  const [vendor, version, date] = [meaningful(bios.text(4)), meaningful(bios.text(5)), dateOf(bios.text(8))];
  return { ...(vendor === undefined ? {} : { vendor }), ...(version === undefined ? {} : { version }), ...(date === undefined ? {} : { date }) };
}

const CHASSIS = 3;
/** DSP0134 7.4.1: portable, laptop, notebook, hand held, sub notebook, tablet, convertible, detachable; bit 7 tells of a lock. */
const PORTABLE: ReadonlySet<number> = new Set([8, 9, 0xa, 0xb, 0xe, 0x1e, 0x1f, 0x20]);
/** DSP0134 7.4.1: "other" and "unknown". */
const UNTOLD_CHASSIS = 2;
/** DSP0134 7.18.1. */
const SODIMM = 0xd;

/** A laptop or tablet by its chassis; where that is not told, small memory modules alone speak for one. */
export function isPortable({ structures }: Smbios): boolean {
  const type = (structures.find((one) => one.type === CHASSIS)?.u8(5) ?? 0) & 0x7f;
  if (type > UNTOLD_CHASSIS) return PORTABLE.has(type);
  const devices = structures.filter((one) => one.type === MEMORY_DEVICE && (sizeOf(one) ?? 0) > 0);
  return devices.length > 0 && devices.every((one) => one.u8(0xe) === SODIMM);
}

export interface MemoryModule {
  /** "DIMM 1, P0 CHANNEL A". */
  readonly slot: string;
  readonly sizeMb: number;
  /** "DDR4"; by its number where it is no DDR kind. */
  readonly kind: string;
  /** MT/s that the module is made for, and that it runs at. */
  readonly speed?: number;
  readonly configured?: number;
  readonly millivolts?: number;
  readonly maker?: string;
  readonly part?: string;
}

/** DSP0134 7.18.2. */
const MEMORY_KINDS: Readonly<Record<number, string>> = {
  0x13: 'DDR2',
  0x18: 'DDR3',
  0x1a: 'DDR4',
  0x1d: 'LPDDR3',
  0x1e: 'LPDDR4',
  0x22: 'DDR5',
  0x23: 'LPDDR5',
};
const IN_KB = 0x8000;
const EXTENDED = 0x7fff;
const UNKNOWN_SIZE = 0xffff;

/** Kilobytes; 0 where no module is plugged in, undefined where the size is not known (DSP0134 7.18.1, 7.18.5). */
export function sizeOf(device: SmbiosStructure): number | undefined {
  const size = device.u16(0xc);
  if (size === undefined || size === UNKNOWN_SIZE) return undefined;
  if (size !== EXTENDED) return (size & IN_KB) !== 0 ? size & EXTENDED : size * 1024;
  const extended = device.u32(0x1c);
  return extended === undefined ? undefined : (extended & 0x7fff_ffff) * 1024;
}
const megabytesOf = (device: SmbiosStructure): number => Math.floor((sizeOf(device) ?? 0) / 1024);

/** 0 is "unknown", 0xFFFF "see the extended field" (DSP0134 7.18.4). */
const speedOf = (device: SmbiosStructure, at: number, extendedAt: number): number | undefined => {
  const speed = device.u16(at);
  return speed === 0xffff ? device.u32(extendedAt) : speed === 0 ? undefined : speed;
};

/** The slots that hold a module of a known size. */
export function memoryModules({ structures }: Smbios): readonly MemoryModule[] {
  return structures
    .filter((one) => one.type === MEMORY_DEVICE && megabytesOf(one) > 0)
    .map((device) => {
      const kind = device.u8(0x12) ?? 0;
      const optional = {
        speed: speedOf(device, 0x15, 0x54),
        configured: speedOf(device, 0x20, 0x58),
        millivolts: device.u16(0x26) === 0 ? undefined : device.u16(0x26),
        maker: meaningful(device.text(0x17)),
        part: meaningful(device.text(0x1a)),
      };
      const held = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
      const slot = [device.text(0x10), device.text(0x11)].map(meaningful).filter((part) => part !== undefined);
      return { slot: slot.join(', '), sizeMb: megabytesOf(device), kind: MEMORY_KINDS[kind] ?? `type ${String(kind)}`, ...held };
    });
}
