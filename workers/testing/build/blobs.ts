/**
 * Secondary data ("blobs") of a dump. GUIDs and content as public sources tell them (symbol names of Windows images;
 * DMTF DSP0134 for SMBIOS). The machine described is invented.
 */
import { Binary, ascii, concat, guidBytes, put, utf16 } from './binary.ts';
import type { BlobSpec } from './triage.ts';

export const BLOB = {
  smbios: 'bc5c008f-1e3a-44d7-988d-86f6884c6758',
  bios: '6c7ac389-4313-47dc-9f34-a8800a0fb56c',
  pnpBlackBox: 'b7631941-532a-4cd6-b1b1-edb5917d4557',
  bootStatus: 'f57308df-cc45-4e01-ad76-29a4ebb010ec',
  winlogonBlackBox: '80cc79cf-a719-4af1-bf97-fe29ff76ebc1',
  crashDump: '65755a40-f146-43ea-8c91-36b85728fd35',
  triageData: '2b4ae195-a64d-4f04-8ede-7e4f981bd42a',
  dxgkrnl: '270a33fd-3da6-460d-ba89-3c1bae21e39b',
  wdf: '54c84888-01d1-4c1e-bed6-282c98241303',
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

export function smbiosBlob(): BlobSpec {
  const bios = new Binary().u8(1).u8(2).u16(0xf000).u8(3).u8(0xff).u64(8).zeros(2).u8(1).u8(4).u8(0xff).u8(0xff).finish();
  const system = new Binary().u8(1).u8(2).u8(3).u8(4).zeros(16).u8(6).u8(0).u8(0).finish();
  const board = new Binary().u8(1).u8(2).u8(3).u8(4).u8(0).u8(9).u8(0).u16(3).u8(10).u8(0).finish();
  const tables = concat(
    smbiosStructure(0, 0, bios, ['Example Firmware', '1.04', '03/14/2023']),
    smbiosStructure(1, 1, system, ['Example Systems', 'Example Desktop 1', '1.0', 'EXAMPLE-0000']),
    smbiosStructure(2, 2, board, ['Example Systems', 'EX-100', '1.0', 'EXAMPLE-0001']),
    smbiosStructure(127, 127, new Uint8Array(), []),
  );
  // RawSMBIOSData: Used20CallingMethod, major, minor, DMI revision, length
  return { guid: BLOB.smbios, data: concat(Uint8Array.of(0, 3, 4, 0), new Binary().u32(tables.length).finish(), tables) };
}

/** Black box of plug and play: a FILETIME at 24, the device's name at the end. */
export function pnpBlackBox(device: string, when: bigint): BlobSpec {
  const name = utf16(`${device}\0`);
  const data = new Binary()
    .u32(1)
    .u32(32 + name.length)
    .zeros(16)
    .u64(when)
    .append(name)
    .finish();
  return { guid: BLOB.pnpBlackBox, data };
}

/** Black box of the boot: the first dword is the size. */
export function bootStatusBlob(): BlobSpec {
  const data = new Uint8Array(0xb0);
  put(data, 0, 4, data.length);
  put(data, 4, 4, 1);
  return { guid: BLOB.bootStatus, data };
}

/** WDF_IFR_HEADER (fxifr.h, Windows-Driver-Frameworks): Guid, Base, Size, and at 0x24 DriverName[32]; no records behind it. */
export function wdfLogBlob(service: string): BlobSpec {
  const data = new Binary().append(guidBytes('544d4c9d-942c-46d5-bf50-df5cd9524a50')).u64(0xffffe08131000000n).u32(0x1000).u32(0).u32(0);
  return {
    guid: BLOB.wdf,
    data: data
      .append(ascii(service.slice(0, 31)))
      .upTo(0x1000)
      .finish(),
  };
}

export function ordinaryBlobs(when: bigint): BlobSpec[] {
  return [
    { guid: BLOB.crashDump, data: new Uint8Array() },
    bootStatusBlob(),
    pnpBlackBox(String.raw`PCI\VEN_1AF4&DEV_1000\EXAMPLE`, when),
    { guid: BLOB.unknown, data: new Uint8Array() },
    smbiosBlob(),
  ];
}
