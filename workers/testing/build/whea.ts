/** WHEA_ERROR_RECORD: UEFI specification 2.10, appendix N (record, sections N.2.1 to N.2.4); cper.h for the MCA section. */
import { Binary, ascii, concat, guidBytes } from './binary.ts';

const GUIDS = {
  creator: 'cf07c4bd-b789-4e18-b3c4-1f732cb57131',
  machineCheck: 'e8f56ffe-919c-4cc5-ba88-65abe14913bb',
  pcie: 'cf93c01f-1a16-4dfc-b8bc-9c4daf67c104',
  processorGeneric: '9876ccad-47b4-4bdb-b65e-16f193c4f3db',
  xpfProcessor: 'dc3ea0b0-a144-4797-b95b-53fa242b6e1d',
  mca: '8a1e1d01-42f9-4557-9c33-565e5cc3f7e8',
  pcieSection: 'd995e954-bbc1-430f-ad91-b44dcb3c6f35',
} as const;
const FATAL = 1;

interface Section {
  readonly type: string;
  readonly bytes: Uint8Array;
}

function errorRecord(notify: string, sections: readonly Section[], when: bigint): Uint8Array {
  const body = new Binary();
  let offset = 128 + sections.length * 72;
  const length = offset + sections.reduce((sum, each) => sum + each.bytes.length, 0);
  body.append(ascii('CPER')).u16(0x210).u32(0xffffffff).u16(sections.length).u32(FATAL).u32(2).u32(length);
  // Timestamp: a FILETIME would be wrong here; seconds, minutes, hours, flags, day, month, year, century
  const seconds = Number(when / 10_000_000n) - 11644473600;
  const date = new Date(seconds * 1000);
  body.u8(date.getUTCSeconds()).u8(date.getUTCMinutes()).u8(date.getUTCHours()).u8(1);
  body
    .u8(date.getUTCDate())
    .u8(date.getUTCMonth() + 1)
    .u8(date.getUTCFullYear() % 100)
    .u8(Math.floor(date.getUTCFullYear() / 100));
  body.zeros(32).append(guidBytes(GUIDS.creator)).append(guidBytes(notify)).u64(when).u32(0).zeros(20);
  for (const { type, bytes } of sections) {
    body
      .u32(offset)
      .u32(bytes.length)
      .u16(0x300)
      .u8(0)
      .u8(0)
      .u32(type === GUIDS.processorGeneric ? 1 : 0);
    body.append(guidBytes(type)).zeros(16).u32(FATAL).zeros(20);
    offset += bytes.length;
  }
  return concat(body.finish(), ...sections.map((each) => each.bytes));
}

export interface MachineCheckSpec {
  readonly vendor: 'intel' | 'amd';
  readonly bank: number;
  readonly status: bigint;
  readonly apicId: number;
  readonly processor: number;
  readonly address?: bigint;
  readonly when: bigint;
}

/** A machine check: generic processor section, XPF processor section, MCA section. */
export function machineCheckRecord(spec: MachineCheckSpec): Uint8Array {
  // ValidBits: processor type, instruction set, error type, flags, level, version, brand, id
  const brand = new Uint8Array(128);
  brand.set(ascii(spec.vendor === 'intel' ? 'Example(R) Core(TM) CPU @ 3.60GHz' : 'Example Ryzen 8-Core Processor'));
  const generic = new Binary()
    .u64(0x7f | 0x80)
    .u8(0)
    .u8(2)
    .u8(1)
    .u8(0)
    .u8(0)
    .u8(1)
    .u16(0)
    .u64(0x906ea)
    .append(brand);
  generic
    .u64(spec.apicId)
    .u64(spec.address ?? 0n)
    .u64(0)
    .u64(0)
    .u64(0);
  const xpf = new Binary().u64(0x3).u64(spec.apicId).append(ascii('\xea\x06\x09\0')).zeros(44);
  const mca = new Binary()
    .u32(2)
    .u32(spec.vendor === 'intel' ? 1 : 2)
    .u64(spec.when)
    .u32(spec.processor)
    .u64(5n)
    .u64(0n)
    .u32(spec.bank);
  mca
    .u64(spec.status)
    .u64(spec.address ?? 0n)
    .u64(0n)
    .u32(0)
    .u32(spec.apicId)
    .upTo(0x108);
  return errorRecord(
    GUIDS.machineCheck,
    [
      { type: GUIDS.processorGeneric, bytes: generic.finish() },
      { type: GUIDS.xpfProcessor, bytes: xpf.finish() },
      { type: GUIDS.mca, bytes: mca.finish() },
    ],
    spec.when,
  );
}

export interface PcieErrorSpec {
  readonly vendorId: number;
  readonly deviceId: number;
  readonly bus: number;
  readonly device: number;
  readonly function: number;
  /** AER uncorrectable error status. */
  readonly uncorrectable: number;
  readonly when: bigint;
}

export function pcieRecord(spec: PcieErrorSpec): Uint8Array {
  const out = new Binary().u64(0xff).u32(4).u32(0x101).u32(0x00100407).u32(0);
  out
    .u16(spec.vendorId)
    .u16(spec.deviceId)
    .u8(0)
    .u8(4)
    .u8(6)
    .u8(spec.function)
    .u8(spec.device)
    .u16(0)
    .u8(spec.bus)
    .u8(spec.bus + 1)
    .u16(0)
    .u8(0);
  out.upTo(112).u32(0x00020001).u32(spec.uncorrectable).upTo(208);
  return errorRecord(GUIDS.pcie, [{ type: GUIDS.pcieSection, bytes: out.finish() }], spec.when);
}
