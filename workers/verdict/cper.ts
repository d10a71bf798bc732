/** Hardware error records ("CPER"): UEFI specification, appendix N; WHEA_ERROR_RECORD in the Windows SDK's wheadef.h and cper.h. */
import type { Va } from '../base/address.ts';
import { type Found, found, missing, notValid } from '../base/found.ts';
import { guid, readStructAt, struct, u16, u32, u64, u8, viewOf } from '../bytes/struct.ts';
import type { Knowledge, MachineCheck } from '../knowledge/knowledge.ts';
import type { AddressSpace } from '../memory/space.ts';

const SOURCE = 'UEFI specification, appendix N.2';
const HEADER = struct('WHEA_ERROR_RECORD_HEADER', 128, SOURCE, {
  signature: u32(0),
  end: u32(6),
  sectionCount: u16(10),
  severity: u32(12),
  length: u32(20),
  notifyType: guid(80),
});
const DESCRIPTOR = struct('WHEA_ERROR_RECORD_SECTION_DESCRIPTOR', 72, SOURCE, { offset: u32(0), length: u32(4), type: guid(16), severity: u32(48) });
const MCA = struct('WHEA_XPF_MCA_SECTION', 80, 'cper.h', {
  version: u32(0),
  vendor: u32(4),
  processor: u32(16),
  bank: u32(36),
  status: u64(40),
  address: u64(48),
  misc: u64(56),
  apicId: u32(68),
  ipid: u64(72),
});
const PCIE = struct('WHEA_PCIEXPRESS_ERROR_SECTION', 208, 'cper.h', {
  valid: u64(0),
  portType: u32(8),
  vendorId: u16(24),
  deviceId: u16(26),
  classCode0: u8(28),
  classCode1: u8(29),
  classCode2: u8(30),
  functionNumber: u8(31),
  deviceNumber: u8(32),
  segment: u16(33),
  bus: u8(35),
  uncorrectable: u32(116),
});
const MEMORY = struct('WHEA_MEMORY_ERROR_SECTION', 73, 'cper.h', {
  valid: u64(0),
  physicalAddress: u64(16),
  card: u16(34),
  module: u16(36),
  errorType: u8(72),
});

const MCA_GUID = '8a1e1d01-42f9-4557-9c33-565e5cc3f7e8';
const PCIE_GUID = 'd995e954-bbc1-430f-ad91-b44dcb3c6f35';
const MEMORY_GUID = 'a5bc1114-6f64-4ede-b863-3e83ed7c83b1';

/** 'CPER' as it lies in memory. */
const SIGNATURE = 0x52455043;
const MAX_LENGTH = 0x8000;
const MAX_SECTIONS = 64;

export interface McaSection {
  readonly check: MachineCheck;
  readonly bank: number;
  readonly apicId: number;
  readonly vendor: number;
  readonly unit?: string;
}
export interface PcieSection {
  readonly vendorId: number;
  readonly deviceId: number;
  readonly bus: number;
  readonly device: number;
  readonly function: number;
  readonly classCode: number;
  readonly uncorrectable: number;
}
export interface ErrorRecord {
  readonly sections: readonly string[];
  readonly mca?: McaSection;
  readonly pcie?: PcieSection;
  readonly memory?: { readonly physicalAddress: bigint; readonly module: number; readonly errorType: number };
}

interface Section {
  readonly type: string;
  readonly bytes: Uint8Array;
}

function sectionsOf(bytes: Uint8Array, count: number): Section[] {
  const sections: Section[] = [];
  for (let index = 0; index < Math.min(count, MAX_SECTIONS); index++) {
    const descriptor = readStructAt(DESCRIPTOR, bytes, HEADER.size + index * DESCRIPTOR.size);
    if (!descriptor.ok) break;
    const { offset, length, type } = descriptor.value;
    sections.push({ type, bytes: offset < bytes.length ? bytes.subarray(offset, Math.min(bytes.length, offset + length)) : new Uint8Array(0) });
  }
  return sections;
}

function readMca(bytes: Uint8Array, knowledge: Knowledge): McaSection | undefined {
  const read = readStructAt(MCA, bytes, 0);
  if (!read.ok) return undefined;
  const { status, bank, apicId, vendor, ipid } = read.value;
  const unit = vendor === 2 ? knowledge.smcaUnit(ipid) : undefined;
  return { check: knowledge.machineCheck(status), bank, apicId, vendor, ...(unit === undefined ? {} : { unit }) };
}

function readPcie(bytes: Uint8Array): PcieSection | undefined {
  // A short section still names the device: only the AER block is at its end.
  const padded = bytes.length >= PCIE.size ? bytes : pad(bytes, PCIE.size, 40);
  const read = padded && readStructAt(PCIE, padded, 0);
  if (!read?.ok) return undefined;
  const { vendorId, deviceId, bus, deviceNumber, functionNumber, classCode0, classCode1, classCode2, uncorrectable } = read.value;
  return {
    vendorId,
    deviceId,
    bus,
    device: deviceNumber,
    function: functionNumber,
    classCode: classCode0 | (classCode1 << 8) | (classCode2 << 16),
    uncorrectable,
  };
}

function pad(bytes: Uint8Array, size: number, least: number): Uint8Array | undefined {
  if (bytes.length < least) return undefined;
  const out = new Uint8Array(size);
  out.set(bytes);
  return out;
}

export function parseErrorRecord(bytes: Uint8Array, knowledge: Knowledge): Found<ErrorRecord> {
  const header = readStructAt(HEADER, bytes, 0);
  if (!header.ok) return header;
  if (header.value.signature !== SIGNATURE) return notValid('error record', header.value.signature.toString(16), 'CPER');
  const sections = sectionsOf(bytes, header.value.sectionCount);
  const of = (type: string): Uint8Array | undefined => sections.find((section) => section.type === type)?.bytes;
  const mcaBytes = of(MCA_GUID);
  const pcieBytes = of(PCIE_GUID);
  const memory = of(MEMORY_GUID) && readStructAt(MEMORY, of(MEMORY_GUID) ?? bytes, 0);
  const mca = mcaBytes && readMca(mcaBytes, knowledge);
  const pcie = pcieBytes && readPcie(pcieBytes);
  return found({
    sections: sections.map((section) => (knowledge.wheaGuid(section.type) ?? section.type).replace(/_SECTION_GUID$/, '')),
    ...(mca ? { mca } : {}),
    ...(pcie ? { pcie } : {}),
    ...(memory?.ok ? { memory: memory.value } : {}),
  });
}

/** The record that 0x124's second argument points at, where the dump holds it. */
export function readErrorRecord(memory: AddressSpace, at: Va, knowledge: Knowledge): Found<ErrorRecord> {
  const head = memory.read(at, HEADER.size);
  if (head.got < HEADER.size) return missing(head.missing ?? { why: 'not-in-dump', space: 'virtual', at });
  const length = viewOf(head.bytes).getUint32(20, true);
  const { bytes } = memory.read(at, Math.min(Math.max(length, HEADER.size), MAX_LENGTH));
  return parseErrorRecord(bytes, knowledge);
}

/** PCI Express base specification, uncorrectable error status register. */
const AER: readonly (readonly [number, string])[] = [
  [4, 'data link protocol'],
  [5, 'surprise link down'],
  [12, 'poisoned packet'],
  [13, 'flow control'],
  [14, 'completion timeout'],
  [15, 'completer abort'],
  [16, 'unexpected completion'],
  [17, 'receiver overflow'],
  [18, 'malformed packet'],
  [19, 'ECRC'],
  [20, 'unsupported request'],
  [21, 'access control'],
  [22, 'internal error'],
];
export function aerWords(status: number): string {
  const words = AER.filter(([bit]) => ((status >>> bit) & 1) === 1).map(([, name]) => name);
  return words.length === 0 ? 'no error bit readable' : words.join(', ');
}
