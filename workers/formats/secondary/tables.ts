/**
 * Heads of what else was kept: ACPI tables one behind another (ACPI 6.5, 5.2.6), and the event trace sessions that Windows adds to a
 * small dump. Sessions by content: a head of 0x20 bytes, then for each session 0x30 bytes, room for its name (before 26100 twice as much),
 * then its buffers (WMI_BUFFER_HEADER: BufferSize +0, the session's number +0x2A, bytes kept +0x30).
 */
import { chars, readStructAt, struct, u16, u32, u64, viewOf } from '../../bytes/struct.ts';
import { fixedUtf16 } from '../minidump/text.ts';

const ACPI = struct('DESCRIPTION_HEADER', 36, 'ACPI 6.5, 5.2.6', { signature: chars(0, 4), length: u32(4), oemId: chars(10, 6), oemTable: chars(16, 8) });
const MAX_TABLES = 512;

export interface AcpiTable {
  readonly signature: string;
  readonly sizeBytes: number;
  readonly oem: string;
  readonly table: string;
}

/** Larger is no table of a firmware. */
const MAX_TABLE = 1 << 20;
/** ACPI 6.5, 5.2.6, "Reserved Signatures", and those of Microsoft's and AMD's documents: other letters inside a table are no head. */
const SIGNATURES: ReadonlySet<number> = new Set(
  (
    'FACP APIC DSDT SSDT PSDT RSDT XSDT HPET MCFG FPDT BGRT MSDM SLIC TPM2 TCPA DMAR IVRS WSMT WAET WPBT DBG2 DBGP SPCR CRAT CDIT PCCT PPTT GTDT ' +
    'IORT CSRT LPIT NHLT PHAT BOOT VFCT UEFI ECDT SRAT SLIT MSCT BERT EINJ ERST HEST FIDT MPST NFIT PDTT PRMT RASF SDEV SDEI SBST PMTT STAO XENV VIOT'
  )
    .split(' ')
    .map((letters) => viewOf(Uint8Array.from(letters, (letter) => letter.charCodeAt(0))).getUint32(0, true)),
);

/** mssmbios keeps most tables whole and the heads of large ones, so that a length does not lead to the next. */
export function readAcpiTables(data: Uint8Array): readonly AcpiTable[] {
  const tables: AcpiTable[] = [];
  const view = viewOf(data);
  for (let at = 0; at + ACPI.size <= data.length && tables.length < MAX_TABLES;) {
    const table = SIGNATURES.has(view.getUint32(at, true)) ? tableAt(data, at) : undefined;
    if (table) tables.push(table);
    at += table ? ACPI.size : 1;
  }
  return tables;
}

function tableAt(data: Uint8Array, at: number): AcpiTable | undefined {
  const head = readStructAt(ACPI, data, at);
  if (!head.ok) return undefined;
  const { signature, length, oemId, oemTable } = head.value;
  const isTable = length >= ACPI.size && length <= MAX_TABLE && /^[ -~]*$/.test(oemId + oemTable);
  return isTable ? { signature, sizeBytes: length, oem: oemId.trim(), table: oemTable.trim() } : undefined;
}

const TRACE_HEAD = 0x20;
const SESSION = struct('trace session', 0x30, 'content', { id: u16(4), bufferSize: u32(0x10), nameSize: u16(0x14), start: u64(0x18) });
const BUFFER = struct('WMI_BUFFER_HEADER', 0x48, 'vergiliusproject.com, _WMI_BUFFER_HEADER', { size: u32(0), session: u16(0x2a), kept: u32(0x30) });
const MAX_SESSIONS = 64;
const MAX_NAME = 1024;

export interface TraceSession {
  readonly id: number;
  readonly name: string;
  readonly buffers: number;
  readonly keptBytes: number;
}

export function readTraceSessions(data: Uint8Array): readonly TraceSession[] {
  const sessions: TraceSession[] = [];
  let at = TRACE_HEAD;
  while (sessions.length < MAX_SESSIONS) {
    const head = readStructAt(SESSION, data, at);
    if (!head.ok || head.value.nameSize === 0 || head.value.nameSize > MAX_NAME) break;
    const { id, bufferSize, nameSize } = head.value;
    const name = fixedUtf16(data.subarray(at + SESSION.size, at + SESSION.size + nameSize));
    if (!/^[ -~]+$/.test(name)) break;
    const behind = at + SESSION.size + nameSize;
    const tight = buffersOf(data, behind, { id, bufferSize });
    const kept = tight.count > 0 ? tight : buffersOf(data, behind + nameSize, { id, bufferSize });
    sessions.push({ id, name, buffers: kept.count, keptBytes: kept.bytes });
    at = kept.end;
  }
  return sessions;
}

function buffersOf(data: Uint8Array, from: number, of: { readonly id: number; readonly bufferSize: number }): { count: number; bytes: number; end: number } {
  let [count, bytes, end] = [0, 0, from];
  for (;;) {
    const buffer = readStructAt(BUFFER, data, end);
    if (!buffer.ok || buffer.value.size !== of.bufferSize || buffer.value.session !== of.id) break;
    if (buffer.value.kept < BUFFER.size || buffer.value.kept > of.bufferSize) break;
    count += 1;
    bytes += buffer.value.kept;
    end += buffer.value.kept;
  }
  return { count, bytes, end };
}
