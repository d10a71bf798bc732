/**
 * The processor as mssmbios kept it. Registers (D03DC06F…): 40-byte records { kind 0 = CPUID or 1 = MSR, number, 16 bytes of one
 * processor, 16 of another }; values of the registry key CentralProcessor\0 (6C7AC389…): { name size, UTF-16 name, type, size, data }.
 * Both by content: in forty-one and forty-two real dumps they fill their block to the byte and agree with each other.
 * CPUID leaves and MSR 8B: Intel SDM volume 2A (CPUID) and volume 4; display family and model as there.
 */
import { readStructAt, struct, u32, viewOf } from '../../bytes/struct.ts';
import { decodeUtf16, fixedUtf16 } from '../minidump/text.ts';

const RECORD = struct('register', 40, 'content', { kind: u32(0), number: u32(4), a: u32(8), b: u32(12), c: u32(16), d: u32(20) });
const CPUID = 0;
const MSR = 1;
const MAX_VALUES = 256;
const REG_SZ = 1;

export interface ProcessorId {
  /** "GenuineIntel". */
  readonly vendor: string;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  /** Revision of the microcode where it was read; a hypervisor may show a made-up one. */
  readonly microcode?: number;
  readonly brand?: string;
}

export interface ProcessorRegister {
  readonly kind: 'CPUID' | 'MSR';
  readonly number: number;
  readonly words: readonly [number, number, number, number];
}

export function readProcessorRegisters(data: Uint8Array): readonly ProcessorRegister[] {
  const registers: ProcessorRegister[] = [];
  for (let at = 0; at + RECORD.size <= data.length; at += RECORD.size) {
    const record = readStructAt(RECORD, data, at);
    if (!record.ok || record.value.kind > MSR) break;
    const { kind, number, a, b, c, d } = record.value;
    registers.push({ kind: kind === CPUID ? 'CPUID' : 'MSR', number, words: [a, b, c, d] });
  }
  return registers;
}

function lettersOf(words: readonly number[]): string {
  return words.map((word) => String.fromCharCode(word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24)).join('');
}

/** Family and model of CPUID leaf 1, EAX. */
export function displayModel(signature: number): Pick<ProcessorId, 'family' | 'model' | 'stepping'> {
  const base = (signature >>> 8) & 0xf;
  const family = base === 0xf ? base + ((signature >>> 20) & 0xff) : base;
  const model = (signature >>> 4) & 0xf;
  return { family, model: base === 6 || base === 0xf ? model | ((signature >>> 12) & 0xf0) : model, stepping: signature & 0xf };
}

/** A hypervisor answers all ones for the revision. */
const microcodeOf = (revision: number | undefined): { microcode?: number } =>
  revision === undefined || revision === 0 || revision === 0xffff_ffff ? {} : { microcode: revision };

export function processorOfRegisters(registers: readonly ProcessorRegister[]): ProcessorId | undefined {
  const find = (kind: ProcessorRegister['kind'], number: number) => registers.find((one) => one.kind === kind && one.number === number)?.words;
  const [leaf0, leaf1] = [find('CPUID', 0), find('CPUID', 1)];
  if (!leaf0 || !leaf1) return undefined;
  const vendor = lettersOf([leaf0[1], leaf0[3], leaf0[2]]);
  if (!/^[A-Za-z ]{12}$/.test(vendor)) return undefined;
  const named = [2, 3, 4].flatMap((leaf) => find('CPUID', 0x8000_0000 + leaf) ?? []);
  const brand = named.length === 12 ? (lettersOf(named).split('\0')[0] ?? '').trim() : '';
  return { vendor, ...displayModel(leaf1[0]), ...microcodeOf(find('MSR', 0x8b)?.[1]), ...(/^[ -~]+$/.test(brand) ? { brand } : {}) };
}

export interface RegistryValue {
  readonly name: string;
  readonly type: number;
  readonly data: Uint8Array;
}

export function readProcessorValues(block: Uint8Array): readonly RegistryValue[] {
  const values: RegistryValue[] = [];
  const view = viewOf(block);
  for (let at = 0; at + 4 <= block.length && values.length < MAX_VALUES;) {
    const nameSize = view.getUint32(at, true);
    const typeAt = at + 4 + nameSize;
    if (typeAt + 8 > block.length) break;
    const size = view.getUint32(typeAt + 4, true);
    if (typeAt + 8 + size > block.length) break;
    const data = block.subarray(typeAt + 8, typeAt + 8 + size);
    values.push({ name: fixedUtf16(block.subarray(at + 4, typeAt)), type: view.getUint32(typeAt, true), data });
    at = typeAt + 8 + size;
  }
  return values;
}

/** "Intel64 Family 6 Model 183 Stepping 1", which Windows writes; an ARM64 processor's has no stepping. */
const IDENTIFIER = /Family (\d+) Model (\d+) Stepping (\d+)/;

export function processorOfValues(values: readonly RegistryValue[]): ProcessorId | undefined {
  const find = (name: string) => values.find((one) => one.name === name);
  const text = (name: string): string => {
    const value = find(name);
    return value?.type === REG_SZ ? decodeUtf16(value.data).replace(/\0.*$/s, '').trim() : '';
  };
  const [, family, model, stepping] = IDENTIFIER.exec(text('Identifier')) ?? [];
  const vendor = text('VendorIdentifier');
  if (family === undefined || vendor === '') return undefined;
  const update = find('MSR8B')?.data;
  const revision = update?.length === 8 ? viewOf(update).getUint32(4, true) : undefined;
  const brand = text('ProcessorNameString');
  const id = { vendor, family: Number(family), model: Number(model), stepping: Number(stepping) };
  return { ...id, ...microcodeOf(revision), ...(brand === '' ? {} : { brand }) };
}

/** "~MHz": what Windows measured at boot. */
export function clockOfValues(values: readonly RegistryValue[]): number | undefined {
  const data = values.find((one) => one.name === '~MHz')?.data;
  return data?.length === 4 ? viewOf(data).getUint32(0, true) : undefined;
}
