/**
 * Secondary data ("blobs") of a dump. GUIDs and content as public sources tell them (symbol names of Windows images;
 * DMTF DSP0134 for SMBIOS). The machine described is invented.
 */
import { Binary, ascii, concat, guidBytes, put, utf16 } from './binary.ts';
import type { BlobSpec } from './triage.ts';

export const BLOB = {
  smbios: 'bc5c008f-1e3a-44d7-988d-86f6884c6758',
  bios: '6c7ac389-4313-47dc-9f34-a8800a0fb56c',
  registers: 'd03dc06f-d88e-44c5-ba2a-fae035172d19',
  pnpBlackBox: 'b7631941-532a-4cd6-b1b1-edb5917d4557',
  bootStatus: 'f57308df-cc45-4e01-ad76-29a4ebb010ec',
  winlogonBlackBox: '80cc79cf-a719-4af1-bf97-fe29ff76ebc1',
  ntfsBlackBox: '00afe9c4-940d-4213-8016-cd3719b5bc20',
  codeIntegrity: '4ee76bd8-3cf4-44a0-a0ac-3937643e37a3',
  pci: '9276c055-eb87-425c-b8b5-04e4d247f6cd',
  storage: 'da82441d-7142-4bc1-b844-0807c5a4b67f',
  wdfDrivers: 'f87e4a4c-c5a1-4d2f-bff0-d5de63a5e4c3',
  wdfLog: '54c84888-01d1-4c1e-bed6-282c98241303',
  acpi: 'e83b40d2-b0a0-4842-abea-71c9e3463dd1',
  traces: '2b88b710-1c93-4f7c-b06c-655ecc50decc',
  crashDump: '65755a40-f146-43ea-8c91-36b85728fd35',
  unknown: '00000000-0000-0000-0000-000000000000',
} as const;

/** An SMBIOS structure: type, length, handle, formatted area, strings, double NUL (DSP0134, "Structure standards"). */
function smbiosStructure(type: number, handle: number, formatted: Uint8Array, strings: readonly string[]): Uint8Array {
  const text = strings.length === 0 ? ascii('\0\0') : concat(...strings.map((each) => ascii(`${each}\0`)), ascii('\0'));
  return concat(
    new Binary()
      .u8(type)
      .u8(4 + formatted.length)
      .u16(handle)
      .finish(),
    formatted,
    text,
  );
}

export interface ModuleSpec {
  readonly sizeMb: number;
  readonly speed: number;
  readonly configured: number;
  readonly millivolts: number;
  readonly maker: string;
  readonly part: string;
}
const MODULE: ModuleSpec = { sizeMb: 8192, speed: 2666, configured: 2666, millivolts: 1200, maker: 'Example Memory', part: 'EX8G-2666' };

/** DSP0134 7.18: 0x28 bytes, the strings in the order slot, bank, maker, serial number, asset tag, part. */
function memoryDevice(handle: number, slot: number, of: ModuleSpec & { readonly formFactor: number }): Uint8Array {
  const formatted = new Binary()
    .u16(0x10)
    .u16(0xfffe)
    .u16(64)
    .u16(64)
    .u16(of.sizeMb)
    .u8(of.formFactor)
    .u8(0)
    .u8(1)
    .u8(2)
    .u8(0x1a)
    .u16(0x80)
    .u16(of.speed)
    .u8(3)
    .u8(4)
    .u8(5)
    .u8(6)
    .u8(1)
    .u32(0)
    .u16(of.configured)
    .u16(of.millivolts)
    .u16(of.millivolts)
    .u16(of.millivolts)
    .finish();
  return smbiosStructure(17, handle, formatted, [`DIMM ${slot}`, 'BANK 0', of.maker, `EXAMPLE-SERIAL-${slot}`, 'EXAMPLE-ASSET', of.part]);
}

export interface SmbiosSpec {
  /** "03/14/2023". */
  readonly date?: string;
  readonly modules?: readonly ModuleSpec[];
  /** DSP0134 7.4.1; without it no chassis is told. */
  readonly chassis?: number;
  /** DSP0134 7.18.1, of all modules; 9 is a DIMM. */
  readonly formFactor?: number;
}

export function smbiosBlob(spec: SmbiosSpec = {}): BlobSpec {
  const bios = new Binary().u8(1).u8(2).u16(0xf000).u8(3).u8(0xff).u64(8).zeros(2).u8(1).u8(4).u8(0xff).u8(0xff).finish();
  const system = new Binary().u8(1).u8(2).u8(3).u8(4).append(ascii('EXAMPLE-UUID-XYZ')).u8(6).u8(0).u8(0).finish();
  const board = new Binary().u8(1).u8(2).u8(3).u8(4).u8(0).u8(9).u8(0).u16(3).u8(10).u8(0).finish();
  const tables = concat(
    smbiosStructure(0, 0, bios, ['Example Firmware', '1.04', spec.date ?? '03/14/2023']),
    smbiosStructure(1, 1, system, ['Example Systems', 'Example Desktop 1', '1.0', 'EXAMPLE-SERIAL-0']),
    smbiosStructure(2, 2, board, ['Example Systems', 'EX-100', '1.0', 'EXAMPLE-SERIAL-9']),
    ...(spec.chassis === undefined ? [] : [smbiosStructure(3, 3, Uint8Array.of(1, spec.chassis, 0, 0, 0), ['Example Systems'])]),
    ...(spec.modules ?? [MODULE, MODULE]).map((one, index) => memoryDevice(17 + index, index + 1, { ...one, formFactor: spec.formFactor ?? 9 })),
    smbiosStructure(127, 127, new Uint8Array(), []),
  );
  // RawSMBIOSData: Used20CallingMethod, major, minor, DMI revision, length
  return { guid: BLOB.smbios, data: concat(Uint8Array.of(0, 3, 4, 0), new Binary().u32(tables.length).finish(), tables) };
}

export interface ProcessorSpec {
  readonly vendor: string;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  readonly microcode?: number;
  readonly brand: string;
}
/** A Coffee Lake desktop processor, without a published fault that a dump could show. */
export const PROCESSOR: ProcessorSpec = { vendor: 'GenuineIntel', family: 6, model: 0x9e, stepping: 10, microcode: 0xf4, brand: 'Example Core(TM) i7-8700' };

/** CPUID leaf 1, EAX: the base family holds at most 15, the rest stands in the extended one (Intel SDM volume 2A). */
const signatureOf = ({ family, model, stepping }: ProcessorSpec): number =>
  ((Math.max(0, family - 15) << 20) | ((model >> 4) << 16) | (Math.min(family, 15) << 8) | ((model & 15) << 4) | stepping) >>> 0;

export function registersBlob(of: ProcessorSpec = PROCESSOR): BlobSpec {
  const out = new Binary();
  const record = (kind: number, number: number, value: Uint8Array): Binary => out.u32(kind).u32(number).append(value).append(value);
  const vendor = ascii(of.vendor);
  record(0, 0, concat(new Binary().u32(0x16).finish(), vendor.subarray(0, 4), vendor.subarray(8, 12), vendor.subarray(4, 8)));
  record(0, 1, new Binary().u32(signatureOf(of)).zeros(12).finish());
  if (of.microcode !== undefined) record(1, 0x8b, new Binary().u32(0).u32(of.microcode).zeros(8).finish());
  const brand = ascii(of.brand.padEnd(48, '\0'));
  for (const leaf of [0, 1, 2]) record(0, 0x80000002 + leaf, brand.subarray(leaf * 16, leaf * 16 + 16));
  return { guid: BLOB.registers, data: out.finish() };
}

/** The registry's values of the first processor: name, type, data, each with its size. */
export function processorValuesBlob(of: ProcessorSpec = PROCESSOR): BlobSpec {
  const out = new Binary();
  const value = (name: string, type: number, data: Uint8Array): Binary =>
    out
      .u32(name.length * 2 + 2)
      .append(utf16(`${name}\0`))
      .u32(type)
      .u32(data.length)
      .append(data);
  value('~MHz', 4, new Binary().u32(3192).finish());
  const kind = of.vendor === 'GenuineIntel' ? 'Intel64' : 'AMD64';
  value('Identifier', 1, utf16(`${kind} Family ${of.family} Model ${of.model} Stepping ${of.stepping}\0`));
  value('ProcessorNameString', 1, utf16(`${of.brand}\0`));
  value('VendorIdentifier', 1, utf16(`${of.vendor}\0`));
  if (of.microcode !== undefined) value('MSR8B', 11, new Binary().u32(0).u32(of.microcode).finish());
  return { guid: BLOB.bios, data: out.finish() };
}

export interface PnpSpec {
  readonly device: string;
  /** FILETIME. */
  readonly when: bigint;
  readonly inProgress?: boolean;
  readonly veto?: string;
}

/** Black box of plug and play: activity, time, event, in progress, problem (24: not there), kind of veto, where its text is, the device. */
export function pnpBlackBox({ device, when, inProgress = false, veto = '' }: PnpSpec): BlobSpec {
  const name = utf16(`${device}\0`);
  const data = new Binary()
    .zeros(16)
    .u64(when)
    .u32(3)
    .u32(inProgress ? 1 : 0)
    .u32(24)
    .u32(veto === '' ? 0 : 6)
    .u32(veto === '' ? 0 : 0x2c + name.length)
    .append(name)
    .append(utf16(`${veto}\0`))
    .finish();
  return { guid: BLOB.pnpBlackBox, data };
}

export interface BootSpec {
  /** Bits of the power transition: 1 running, 4 user shutdown, 8 system shutdown; the high half the state of sleep. */
  readonly flags?: number;
  readonly bootId?: number;
  readonly shutdownBootId?: number;
  readonly abnormalBootId?: number;
  /** FILETIME. */
  readonly reference?: bigint;
  readonly press?: { readonly when: bigint; readonly bootId: number };
  readonly size?: number;
}

/** Black box of the boot: the first dword is the size, whichever version it is of. */
export function bootStatusBlob(spec: BootSpec = {}): BlobSpec {
  const data = new Uint8Array(spec.size ?? 0xb0);
  const bootId = spec.bootId ?? 21;
  for (const [at, width, value] of [
    [0, 4, data.length],
    [4, 4, 1],
    [9, 1, 30],
    [0xa, 1, 1],
    [0x18, 1, spec.flags ?? 1],
    [0x20, 8, spec.reference ?? 0n],
    [0x2c, 4, bootId],
    [0x30, 1, 1],
    [0x31, 1, 1],
    [0x34, 4, bootId],
    [0x38, 4, spec.shutdownBootId ?? bootId - 1],
    [0x3c, 4, spec.abnormalBootId ?? 4],
    ...(spec.press
      ? ([
          [0x58, 8, spec.press.when],
          [0x60, 4, 7],
          [0x64, 2, spec.press.bootId],
        ] as const)
      : []),
    [data.length === 0xb0 ? 0xa8 : 0xb8, 4, data.length >= 0xb0 ? 4 : 0],
  ] as const)
    if (at + width <= data.length) put(data, at, width, value);
  return { guid: BLOB.bootStatus, data };
}

export function winlogonBlackBox(operation: string, pending: boolean): BlobSpec {
  const name = utf16(`${operation}\0`);
  return {
    guid: BLOB.winlogonBlackBox,
    data: new Binary()
      .u32(1)
      .u32(12 + name.length)
      .u32(pending ? 1 : 0)
      .append(name)
      .finish(),
  };
}

/** Code integrity: size, version, a FILETIME at 0x18, an NTSTATUS at 0x38, the path's length and 0x100 bytes of it at the end. */
export function codeIntegrityBlob(path: string, status: number, when: bigint): BlobSpec {
  const data = new Uint8Array(0x1d6);
  const units = utf16(path).subarray(0, 0x100);
  for (const [at, width, value] of [
    [0, 2, data.length],
    [2, 2, 2],
    [0x18, 8, when],
    [0x38, 4, status],
    [0xd4, 2, units.length],
  ] as const)
    put(data, at, width, value);
  data.set(units, 0xd6);
  return { guid: BLOB.codeIntegrity, data };
}

export interface OplockSpec {
  readonly reason: number;
  readonly owner: string;
  readonly breaker: string;
}

/** Black box of NTFS: eight slots for slow requests, then a chain of records. */
export function ntfsBlackBox(when: bigint, slowIrps: readonly bigint[] = [], oplocks: readonly OplockSpec[] = []): BlobSpec {
  const data = new Uint8Array(0x1000);
  const chain = 0x18 + 8 * 32;
  for (const [at, width, value] of [
    [2, 2, 0x1000],
    [4, 2, chain],
    [8, 8, when],
    [0x10, 2, 8],
    [0x12, 2, 0x18],
  ] as const)
    put(data, at, width, value);
  slowIrps.forEach((irp, index) => {
    const at = 0x18 + 32 * index;
    put(data, at, 8, irp);
    put(data, at + 8, 8, irp + 0x1000n);
    put(data, at + 16, 8, irp + 0x2000n);
  });
  oplocks.forEach(({ reason, owner, breaker }, index) => {
    const at = chain + 0x40 * index;
    put(data, at, 2, 2);
    put(data, at + 2, 2, 0x40);
    put(data, at + 4, 2, index + 1 < oplocks.length ? at + 0x40 : 0);
    put(data, at + 8, 8, 0xffffe08155550010n);
    put(data, at + 16, 8, 0xffffe08155550020n);
    put(data, at + 24, 4, reason);
    data.set(ascii(owner.slice(0, 15)), at + 28);
    data.set(ascii(breaker.slice(0, 15)), at + 43);
  });
  return { guid: BLOB.ntfsBlackBox, data };
}

export interface PciSpec {
  readonly place: readonly [bus: number, device: number, fn: number];
  readonly vendor: number;
  readonly device: number;
  readonly classCode: number;
  readonly status?: number;
  /** PCI Express device status; AER uncorrectable and correctable status and what is masked of the first. */
  readonly express?: { readonly deviceStatus?: number; readonly uncorrectable?: number; readonly mask?: number; readonly correctable?: number };
  readonly absent?: boolean;
}

/** A record of pci.sys: head of 0x38 bytes, then regions of offset, length, bytes. */
function pciRecord(of: PciSpec): Uint8Array {
  const header = new Uint8Array(0x40);
  const express = new Uint8Array(0x3c);
  const aer = new Uint8Array(0x48);
  const [bus, device, fn] = of.place;
  for (const [at, width, value] of [
    [0, 2, of.vendor],
    [2, 2, of.device],
    [4, 2, 0x406],
    [6, 2, (of.status ?? 0) | 0x10],
    [8, 4, (of.classCode << 8) | 0xa1],
    [0x34, 1, of.express ? 0x50 : 0],
  ] as const)
    put(header, at, width, value);
  put(express, 0, 2, 0x10);
  put(express, 0xa, 2, of.express?.deviceStatus ?? 0);
  for (const [at, value] of [
    [0, 0x1_0001],
    [4, of.express?.uncorrectable ?? 0],
    [8, of.express?.mask ?? 0],
    [0x10, of.express?.correctable ?? 0],
  ] as const)
    put(aer, at, 4, value);
  const regions: readonly (readonly [number, Uint8Array])[] = of.express
    ? [
        [0, header],
        [0x50, express],
        [0x100, aer],
      ]
    : [[0, header]];
  const body = new Binary();
  for (const [offset, bytes] of regions)
    body
      .u16(offset)
      .u16(bytes.length)
      .append(of.absent ? bytes.fill(0xff) : bytes);
  const bytes = body.finish();
  return concat(
    new Binary()
      .append(ascii('PCfg'))
      .u32(0x38 + bytes.length)
      .u32(regions.length)
      .u32((bus << 8) | (device << 3) | fn)
      .zeros(0x28)
      .finish(),
    bytes,
  );
}

const ORDINARY_PCI: readonly PciSpec[] = [
  { place: [0, 0, 0], vendor: 0x8086, device: 0x3ec2, classCode: 0x060000 },
  // "Unsupported request" and "advisory non-fatal" are what enumeration leaves on most devices.
  { place: [1, 0, 0], vendor: 0x10de, device: 0x1f08, classCode: 0x030000, express: { deviceStatus: 9, uncorrectable: 0x100000, correctable: 0xa000 } },
  { place: [2, 0, 0], vendor: 0x144d, device: 0xa808, classCode: 0x010802, express: {} },
];

export function pciBlob(functions: readonly PciSpec[] = ORDINARY_PCI): BlobSpec {
  return { guid: BLOB.pci, data: concat(...functions.map(pciRecord)) };
}

export interface CommandSpec {
  readonly operation: number;
  /** FILETIME; 0 where it was not noted. */
  readonly start: bigint;
  readonly end: bigint;
  readonly status?: number;
}

/** DEVICEDUMP_STORAGESTACK_PUBLIC_DUMP of winioctl.h, as StorPort (newest command first) or ATAPort (oldest first) signs it. */
export function storageBlob(commands: readonly CommandSpec[], port: 'DSTP' | 'DATA' = 'DSTP'): BlobSpec {
  const out = new Binary().append(ascii(port)).u32(0x60).u32(0xfdc).u32(0);
  out.append(ascii((port === 'DSTP' ? 'storport.sys' : 'ataport.sys').padEnd(16, '\0'))).u32(commands.length);
  for (const { operation, start, end, status = 1 } of commands) out.u8(operation).zeros(31).u64(start).u64(end).u32(status).u32(0).u32(0x1234);
  return { guid: BLOB.storage, data: out.upTo(Math.max(0xfdc, 36 + 60 * commands.length)).finish() };
}

/** FX_DUMP_DRIVER_INFO_ENTRY of Windows-Driver-Frameworks, 64-bit. */
export function wdfDriversBlob(names: readonly string[]): BlobSpec {
  const out = new Binary();
  names.forEach((name, index) =>
    out
      .u64(index === 0 ? 0n : 0xffffe08141000010n + BigInt(index) * 0x1000n)
      .u32(1)
      .u32(index === 0 ? 31 : 15)
      .u32(0)
      .append(ascii(name.padEnd(32, '\0')))
      .u32(0),
  );
  return { guid: BLOB.wdfDrivers, data: out.finish() };
}

/** WDF_IFR_HEADER of fxifr.h in front of an empty page. */
export function wdfLogBlob(driver: string): BlobSpec {
  const head = new Binary().append(guidBytes('544d4c9d-942c-46d5-bf50-df5cd9524a50')).u64(0xffffe08141000048n).u32(4024).u32(0).u32(20);
  return {
    guid: BLOB.wdfLog,
    data: head
      .append(ascii(driver.padEnd(32, '\0')))
      .upTo(0x1000)
      .finish(),
  };
}

/** DESCRIPTION_HEADER of each table; the longer ones are cut to 0x2d bytes, as mssmbios does with code. */
export function acpiBlob(tables: readonly (readonly [signature: string, size: number])[]): BlobSpec {
  const heads = tables.map(([signature, size]) =>
    new Binary()
      .append(ascii(signature))
      .u32(size)
      .u16(0x1101)
      .append(ascii('EXMPLE'))
      .append(ascii('EXAMPLE1'))
      .zeros(12)
      .zeros(Math.min(size, 0x2d) - 36)
      .finish(),
  );
  return { guid: BLOB.acpi, data: concat(...heads) };
}

/** Sessions with buffers of the given sizes; before 26100 a name takes twice its room. */
export function tracesBlob(sessions: readonly { readonly id: number; readonly name: string; readonly kept: readonly number[] }[], room: 1 | 2): BlobSpec {
  const out = new Binary().u32(0x2625a).zeros(28);
  for (const { id, name, kept } of sessions) {
    const units = utf16(name);
    out.u32(0).u16(id).u16(0).u32(0x400).u32(2).u32(0x10000).u16(units.length).u16(0).zeros(24);
    out.append(units).zeros(units.length * (room - 1));
    for (const size of kept) {
      const buffer = new Uint8Array(size);
      put(buffer, 0, 4, 0x10000);
      put(buffer, 0x2a, 2, id);
      put(buffer, 0x30, 4, size);
      out.append(buffer);
    }
  }
  return { guid: BLOB.traces, data: out.finish() };
}

const READ = 0x28;
const WRITE = 0x2a;

export function ordinaryBlobs(when: bigint): BlobSpec[] {
  const commands = [READ, WRITE, WRITE].map((operation, index): CommandSpec => {
    const end = when - BigInt(index) * 20_000n;
    return { operation, start: end - 4_000n, end };
  });
  return [
    { guid: BLOB.crashDump, data: new Uint8Array() },
    bootStatusBlob(),
    pnpBlackBox({ device: String.raw`PCI\VEN_1AF4&DEV_1000\EXAMPLE`, when }),
    winlogonBlackBox('ShellStartupShellStarted', false),
    ntfsBlackBox(when),
    { guid: BLOB.unknown, data: new Uint8Array() },
    smbiosBlob(),
    processorValuesBlob(),
    registersBlob(),
    pciBlob(),
    storageBlob(commands),
    wdfDriversBlob(['Wdf01000', 'acpiex', 'msisadrv']),
  ];
}
