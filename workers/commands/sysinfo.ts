/**
 * `!sysinfo`: processor, SMBIOS and ACPI tables that mssmbios put into the dump. Layouts of machineid and smbios:
 * learn.microsoft.com KB 2732934 and mikemstech.blogspot.com/2010/09; of cpuinfo and cpuspeed: outputs in public reports.
 * Serial numbers, UUIDs and asset tags are not read and so not shown.
 */
import { type Found, mapFound } from '../base/found.ts';
import { hexDigits } from '../base/hex.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { viewOf } from '../bytes/struct.ts';
import { decodeUtf16 } from '../formats/minidump/text.ts';
import { clockOfValues, readProcessorRegisters, readProcessorValues, type RegistryValue } from '../formats/secondary/processor.ts';
import { readSmbios, sizeOf, type Smbios, type SmbiosStructure } from '../formats/secondary/smbios.ts';
import { readAcpiTables } from '../formats/secondary/tables.ts';
import { readSecondary, secondaryBytes } from '../target/secondary.ts';
import type { Session } from '../target/target.ts';
import { line, note, type OutputNode } from './spec.ts';

type Answer = Found<readonly OutputNode[]>;
/** Label, kind of field, offset. */
type FieldRow = readonly [label: string, kind: 'text' | 'number' | 'mhz' | 'size' | 'hex' | 'word', at: number];

const NOT_READ = note('serial numbers, UUIDs and asset tags are left out');

function sizeText(device: SmbiosStructure): string | undefined {
  const size = sizeOf(device);
  if (size === undefined) return undefined;
  return size === 0 ? '[No Module Installed]' : size % 1024 === 0 ? `${String(size / 1024)}MB` : `${String(size)}KB`;
}

function valueText(one: SmbiosStructure, kind: FieldRow[1], at: number): string | undefined {
  if (kind === 'text') return one.text(at);
  if (kind === 'size') return sizeText(one);
  const wide = kind === 'mhz' || kind === 'word';
  const value = wide ? one.u16(at) : one.u8(at);
  if (value === undefined) return undefined;
  if (kind === 'mhz') return value === 0 ? undefined : `${String(value)}MHz`;
  return kind === 'number' ? String(value) : `${hexDigits(value, kind === 'word' ? 4 : 2)}h`;
}

const MACHINE_ID: readonly (readonly [type: number, rows: readonly FieldRow[]])[] = [
  [
    0,
    [
      ['BiosMajorRelease', 'number', 0x14],
      ['BiosMinorRelease', 'number', 0x15],
      ['FirmwareMajorRelease', 'number', 0x16],
      ['FirmwareMinorRelease', 'number', 0x17],
      ['BiosVendor', 'text', 4],
      ['BiosVersion', 'text', 5],
      ['BiosReleaseDate', 'text', 8],
    ],
  ],
  [
    1,
    [
      ['SystemManufacturer', 'text', 4],
      ['SystemProductName', 'text', 5],
      ['SystemFamily', 'text', 0x1a],
      ['SystemVersion', 'text', 6],
      ['SystemSKU', 'text', 0x19],
    ],
  ],
  [
    2,
    [
      ['BaseBoardManufacturer', 'text', 4],
      ['BaseBoardProduct', 'text', 5],
      ['BaseBoardVersion', 'text', 6],
    ],
  ],
];

function machineId({ version, dmi, sizeBytes, structures }: Smbios): OutputNode[] {
  const rows = MACHINE_ID.flatMap(([type, fields]) => {
    const one = structures.find((each) => each.type === type);
    return fields.flatMap(([label, kind, at]) => {
      const value = one && valueText(one, kind, at);
      return value === undefined || value === '' ? [] : [line(`${label} = ${value}`)];
    });
  });
  return [line(`Machine ID Information [From Smbios ${version}, DMIVersion ${String(dmi)}, Size=${String(sizeBytes)}]`), ...rows, NOT_READ];
}

interface Described {
  readonly title: string;
  /** The parameter of `!sysinfo smbios` that picks it. */
  readonly flag: string;
  readonly rows: readonly FieldRow[];
}
const DESCRIBED: Readonly<Record<number, Described>> = {
  0: {
    title: 'BIOS Information',
    flag: '-system',
    rows: [
      ['Vendor', 'text', 4],
      ['BIOS Version', 'text', 5],
      ['BIOS Starting Address Segment', 'word', 6],
      ['BIOS Release Date', 'text', 8],
      ['BIOS Major Revision', 'number', 0x14],
      ['BIOS Minor Revision', 'number', 0x15],
      ['EC Firmware Major Revision', 'number', 0x16],
      ['EC Firmware Minor Revision', 'number', 0x17],
    ],
  },
  1: {
    title: 'System Information',
    flag: '-system',
    rows: [
      ['Manufacturer', 'text', 4],
      ['Product Name', 'text', 5],
      ['Version', 'text', 6],
      ['SKUNumber', 'text', 0x19],
      ['Family', 'text', 0x1a],
    ],
  },
  2: {
    title: 'BaseBoard Information',
    flag: '-system',
    rows: [
      ['Manufacturer', 'text', 4],
      ['Product', 'text', 5],
      ['Version', 'text', 6],
    ],
  },
  4: {
    title: 'Processor Information',
    flag: '-processor',
    rows: [
      ['Socket Designation', 'text', 4],
      ['Processor Family', 'hex', 6],
      ['Processor Manufacturer', 'text', 7],
      ['Processor Version', 'text', 0x10],
      ['External Clock', 'mhz', 0x12],
      ['Max Speed', 'mhz', 0x14],
      ['Current Speed', 'mhz', 0x16],
    ],
  },
  16: {
    title: 'Physical Memory Array',
    flag: '-memory',
    rows: [
      ['Location', 'hex', 4],
      ['Use', 'hex', 5],
      ['Memory Error Correction', 'hex', 6],
      ['Number of Memory Devices', 'number', 0xd],
    ],
  },
  17: {
    title: 'Memory Device',
    flag: '-memory',
    rows: [
      ['Size', 'size', 0xc],
      ['Form Factor', 'hex', 0xe],
      ['Device Locator', 'text', 0x10],
      ['Bank Locator', 'text', 0x11],
      ['Memory Type', 'hex', 0x12],
      ['Speed', 'mhz', 0x15],
      ['Manufacturer', 'text', 0x17],
      ['Part Number', 'text', 0x1a],
      ['Configured Memory Speed', 'mhz', 0x20],
    ],
  },
};
const LABEL_WIDTH = 30;

function smbiosNodes({ version, dmi, sizeBytes, structures }: Smbios, flags: string): OutputNode[] {
  const wanted = flags.match(/-(system|processor|memory)\b/gi)?.map((flag) => flag.toLowerCase()) ?? [];
  const sections = structures.flatMap((one) => {
    const described = DESCRIBED[one.type];
    if (!described || (wanted.length > 0 && !wanted.includes(described.flag))) return [];
    const head = `[${described.title} (Type ${String(one.type)}) - Length ${String(one.length)} - Handle ${hexDigits(one.handle, 4)}h]`;
    const rows = described.rows.flatMap(([label, kind, at]) => {
      const value = valueText(one, kind, at);
      return value === undefined || value === '' ? [] : [line(`  ${label.padEnd(LABEL_WIDTH)}${value}`)];
    });
    return [line(head), ...rows];
  });
  const head = [
    `[SMBIOS Data Tables v${version}]`,
    `[DMI Version - ${String(dmi)}]`,
    '[2.0 Calling Convention - No]',
    `[Table Size - ${String(sizeBytes)} bytes]`,
  ];
  return [...head.map((one) => line(one)), ...sections, NOT_READ];
}

const REGISTRY: Readonly<Record<number, readonly [name: string, show: (data: Uint8Array) => string]>> = {
  1: ['REG_SZ', (data) => decodeUtf16(data).replaceAll('\0', '')],
  3: ['REG_BINARY', (data) => Array.from(data, (byte) => byte.toString(16)).join(',')],
  4: ['REG_DWORD', (data) => (data.length === 4 ? String(viewOf(data).getUint32(0, true)) : '?')],
  9: ['REG_FULL_RESOURCE_DESCRIPTOR', (data) => Array.from(data, (byte) => byte.toString(16)).join(',')],
  11: ['REG_QWORD', (data) => (data.length === 8 ? viewOf(data).getBigUint64(0, true).toString(16) : '?')],
};

const registryLine = ({ name, type, data }: RegistryValue): OutputNode => {
  const [kind, show] = REGISTRY[type] ?? [`type ${String(type)}`, () => `${String(data.length)} bytes`];
  return line(`${name} = ${kind} ${show(data)}`);
};

/** The value names that hold the microcode's revision (high half). */
const MICROCODE = /^(MSR8B|Update Signature|Previous Update Signature)$/;

function cpuSpeed({ target }: Session, values: readonly RegistryValue[]): OutputNode[] {
  const name = values.find((one) => one.name === 'ProcessorNameString');
  const smbios = readSecondary(target, 'smbios', readSmbios);
  const rated = smbios.ok ? smbios.value.structures.find((one) => one.type === 4)?.u16(0x16) : undefined;
  const clock = clockOfValues(values);
  return [
    line(`CPUID:        "${name ? decodeUtf16(name.data).replaceAll('\0', '').trim() : '????'}"`),
    line(`MaxSpeed:     ${rated === undefined ? '????' : String(rated)}`),
    line(`CurrentSpeed: ${clock === undefined ? '????' : String(clock)}`),
  ];
}

const withValues = ({ target }: Session, show: (values: readonly RegistryValue[]) => readonly OutputNode[]): Answer =>
  mapFound(secondaryBytes(target, 'processorValues'), (bytes) => show(readProcessorValues(bytes)));
const withSmbios = ({ target }: Session, show: (smbios: Smbios) => readonly OutputNode[]): Answer =>
  mapFound(readSecondary(target, 'smbios', readSmbios), show);

const PARTS: Readonly<Record<string, (session: Session, flags: string) => Answer>> = {
  machineid: (session) => withSmbios(session, machineId),
  smbios: (session, flags) => withSmbios(session, (smbios) => smbiosNodes(smbios, flags)),
  cpuinfo: (session) => withValues(session, (values) => [line('[CPU Information]'), ...values.map(registryLine)]),
  cpuspeed: (session) => withValues(session, (values) => cpuSpeed(session, values)),
  cpumicrocode: (session) => withValues(session, (values) => values.filter(({ name }) => MICROCODE.test(name)).map(registryLine)),
  registers: ({ target }) =>
    mapFound(secondaryBytes(target, 'processorRegisters'), (bytes) => [
      note('EAX, EBX, ECX, EDX of a CPUID leaf; the low and high half of an MSR'),
      ...readProcessorRegisters(bytes).map(({ kind, number, words }) =>
        line(`${kind.padEnd(5)} ${hexDigits(number, 8)}  ${(kind === 'MSR' ? words.slice(0, 2) : words).map((word) => hexDigits(word, 8)).join(' ')}`),
      ),
    ]),
  gbl: ({ target }) =>
    mapFound(secondaryBytes(target, 'acpi'), (bytes) =>
      readAcpiTables(bytes).map(({ signature, sizeBytes, oem, table }) =>
        line(`${signature} - ${oem.padEnd(6)} ${table.padEnd(8)} ${String(sizeBytes)} bytes`),
      ),
    ),
};

export function sysinfoAnswer(session: Session, tail: string): Reply<readonly OutputNode[]> {
  const [, part = '', flags = ''] = /^\s*(\S*)(.*)$/.exec(tail) ?? [];
  const answer = Object.hasOwn(PARTS, part.toLowerCase()) ? PARTS[part.toLowerCase()] : undefined;
  if (!answer) return refuse('BAD_ARGUMENT', `!sysinfo ${Object.keys(PARTS).join(' | ')}`, { at: 0 });
  const nodes = answer(session, flags);
  if (!nodes.ok) return refuse('BAD_ARGUMENT', describeMissing(nodes.missing));
  return reply(nodes.value.length > 0 ? nodes.value : [note('the block is here and holds nothing of it')]);
}
