/** Errors that the hardware itself reports, and processors that stop answering. */
import { va } from '../../base/address.ts';
import { hex } from '../../base/hex.ts';
import { fourLetters } from '../../base/letters.ts';
import type { MachineCheck } from '../../knowledge/knowledge.ts';
import { imageOf, isScanned } from '../actors.ts';
import type { Case } from '../case.ts';
import { aerWords, type ErrorRecord, readErrorRecord } from '../cper.ts';
import { ipOf } from '../fault.ts';
import type { Finding } from '../finding.ts';
import { numberAt, prcbNumber } from '../prcb.ts';
import { virtualMachine } from '../guests.ts';
import type { Part } from '../verdict.ts';
import { text } from '../words.ts';
import { changedAt } from './bits.ts';
import { placeOf, showSubCode, showSuspect } from './evidence.ts';
import { weakenInGuest } from './guest.ts';
import { pciFailures } from './secondary.ts';

/** Which part a machine check points at. Bus and timer errors have many sources. */
const PART_OF: Readonly<Record<MachineCheck['kind'], Part>> = {
  none: 'hardware',
  cache: 'cpu',
  tlb: 'cpu',
  internal: 'cpu',
  memory: 'ram',
  bus: 'hardware',
  timer: 'cpu',
  unknown: 'hardware',
};

/** The same for someone who does not know processors; the exact words stand beside it. */
const PLAIN_OF: Readonly<Record<MachineCheck['kind'], string>> = {
  none: 'no place of its own',
  cache: 'a cache inside the processor',
  tlb: 'an address table inside the processor',
  internal: 'the inside of the processor',
  memory: 'the memory or its controller',
  bus: 'a connection between the processor and other parts',
  timer: 'something that the processor waited for in vain',
  unknown: 'a place that only the maker of the processor can name',
};

function flagsOf(check: MachineCheck): string {
  const flags = [check.uncorrected ? 'uncorrected' : 'corrected', check.contextCorrupt ? 'context lost' : '', check.overflow ? 'more than one' : ''].filter(
    (flag) => flag !== '',
  );
  return ` (${flags.join(', ')})`;
}

function machineCheck(c: Case, f: Finding, check: MachineCheck): void {
  const status = hex(check.status);
  const plain = PLAIN_OF[check.kind];
  f.show(text('e-mca', { status, what: check.words, plain, flags: flagsOf(check), code: hex(check.code) }), `.formats ${status}`, {
    weighs: 'decides',
    how: 'derived',
  });
  const part = PART_OF[check.kind];
  f.head('h-machine-check', { name: c.name, what: check.words, plain, status })
    .judge('hardware', check.valid ? 'certain' : 'likely')
    .blame(undefined, part);
  if (!check.valid) f.oppose('a-mca-not-valid', { status });
  if (part === 'cpu') f.rival({ part: 'firmware' }, text('r-firmware', {})).rival({ part: 'power' }, text('r-power', {}));
  else f.rival({ part: 'cpu' }, text('r-cpu', {}));
  weakenInGuest(c, f);
}

/** "AMD device 1002:73bf at bus 3, device 0, function 0". */
function pcieWords(c: Case, pcie: NonNullable<ErrorRecord['pcie']>): string {
  const vendor = c.knowledge.pciVendor(pcie.vendorId) ?? 'vendor';
  const ids = `${pcie.vendorId.toString(16).padStart(4, '0')}:${pcie.deviceId.toString(16).padStart(4, '0')}`;
  return `${vendor} ${ids} at bus ${String(pcie.bus)}, device ${String(pcie.device)}, function ${String(pcie.function)}`;
}

/** PCI class codes (PCI Code and ID Assignment): 0x03 display, 0x01 storage; the class byte is the highest. */
const partOfClass = (classCode: number): Part => (classCode >> 16 === 3 ? 'gpu' : classCode >> 16 === 1 ? 'disk' : 'device');

function fromRecord(c: Case, f: Finding, record: ErrorRecord): boolean {
  const at = hex(c.params[1]);
  f.show(text('e-cper', { at, sections: record.sections.join(', ') }), `db ${at}`, { weighs: 'context' });
  if (record.mca) {
    machineCheck(c, f, record.mca.check);
    f.show(
      text('e-bank', { bank: String(record.mca.bank), unit: record.mca.unit ?? 'the unit that has this bank number', cpu: String(record.mca.apicId) }),
      `db ${at}`,
      {
        weighs: 'for',
      },
    );
    return true;
  }
  if (record.pcie) {
    const device = pcieWords(c, record.pcie);
    f.show(text('e-pcie', { device, bits: aerWords(record.pcie.uncorrectable) }), `db ${at}`, { weighs: 'decides' });
    f.head('h-whea', { name: c.name, source: `PCI Express, ${device}`, what: aerWords(record.pcie.uncorrectable) })
      .judge('hardware', 'certain')
      .blame(undefined, partOfClass(record.pcie.classCode));
    weakenInGuest(c, f);
    return true;
  }
  if (record.memory) {
    f.head('h-whea', { name: c.name, source: 'memory', what: `physical address ${hex(record.memory.physicalAddress)}` })
      .judge('hardware', 'certain')
      .blame(undefined, 'ram');
    return true;
  }
  return false;
}

const NMI_SOURCE = 3n;
const PCIE_SOURCE = 4n;
const WHEA_INTERNAL = 0x122;

/** The record itself is not in the dump, but configuration space was kept: the only function that reports an error is the one. */
function fromConfiguration(c: Case, f: Finding): boolean {
  const [failure, other] = pciFailures(c);
  if (!failure || other) return false;
  f.head('h-whea', { name: c.name, source: `PCI Express, ${failure.device}`, what: failure.what })
    .judge('hardware', 'likely')
    .blame(undefined, partOfClass(failure.classCode))
    .rival({ part: 'firmware' }, text('r-firmware', {}));
  weakenInGuest(c, f);
  return true;
}

/** 0x124: P1 source, P2 record, for machine checks P3 and P4 the two halves of MCi_STATUS. */
export function whea(c: Case, f: Finding): void {
  const [source, at, high, low] = c.params;
  const words = showSubCode(c, f, 1) ?? c.knowledge.wheaSource(Number(source & 0xffffn)) ?? hex(source);
  if (c.code === WHEA_INTERNAL) {
    reporterFailed(c, f, words);
    return;
  }
  const record = readErrorRecord(c.session.memory, va(at), c.knowledge);
  if (record.ok && fromRecord(c, f, record.value)) return;
  if (source === 0n && (high !== 0n || low !== 0n)) {
    machineCheck(c, f, c.knowledge.machineCheck(((high & 0xffff_ffffn) << 32n) | (low & 0xffff_ffffn)));
    return;
  }
  if ((source === PCIE_SOURCE || source === NMI_SOURCE) && fromConfiguration(c, f)) return;
  f.head('h-whea', { name: c.name, source: words, what: record.ok ? record.value.sections.join(', ') : 'record not in this dump' });
  f.judge('hardware', 'likely')
    .blame(undefined, source === PCIE_SOURCE ? 'device' : 'hardware')
    .rival({ part: 'cpu' }, text('r-cpu', {}))
    .rival({ part: 'firmware' }, text('r-firmware', {}));
}

/** 0x122: not the error but its reporting failed: what the firmware tells of its error sources, or a vendor's plug-in (the code's page). */
function reporterFailed(c: Case, f: Finding, what: string): void {
  f.head('h-firmware', { name: c.name, what }).judge('firmware', 'possible').blame(undefined, 'firmware');
  f.rival({}, text('r-any-driver', {})).rival({ part: 'hardware' }, text('r-hardware', {}));
}

/** 0x9C: P3 and P4 are the halves of MCi_STATUS, P1 the bank. */
export function oldMachineCheck(c: Case, f: Finding): void {
  const [bank, , high, low] = c.params;
  machineCheck(c, f, c.knowledge.machineCheck(((high & 0xffff_ffffn) << 32n) | (low & 0xffff_ffffn)));
  f.show(text('e-bank', { bank: bank.toString(), unit: 'the unit that has this bank number', cpu: 'the reporting processor' }), '.bugcheck', {
    weighs: 'context',
  });
}

/** Argument 3 read: the number in the KPRCB itself proves which processor the stop means. */
function showPrcb(c: Case, f: Finding, cpu: bigint): void {
  const prcb = va(c.params[2]);
  const at = numberAt(c.target, prcb);
  const { processor } = c.target;
  if (at === undefined || prcbNumber(c.target, prcb) !== Number(cpu)) return;
  const reporter = processor.ok ? String(processor.value) : 'not told';
  f.show(text('e-prcb', { cpu: cpu.toString(), prcb: hex(prcb), reporter }), `dd ${hex(at)} L1`, { weighs: 'decides', from: ['e-hung-cpu'] });
}

const INTERRUPTS = 1n << 9n;

/** What the silent processor ran, where the dump holds the registers it was frozen with. EFLAGS bit 9: interrupts are taken. */
function showFrozen(c: Case, f: Finding, cpu: string): void {
  const registers = c.subject?.context.registers;
  const ip = registers && ipOf(registers, c.target.arch);
  const place = ip === undefined ? undefined : c.target.modules.find(ip);
  if (ip === 0n) f.show(text('e-hung-unsaved', { cpu }), '~', { how: 'derived' });
  else if (!place) f.say('x-hung-context', {});
  if (!place) return;
  const flags = registers?.['efl'];
  const masked = flags !== undefined && (flags & INTERRUPTS) === 0n;
  const image = imageOf(place.module);
  const slots = { cpu, who: c.who(image), place: `${image}+${hex(place.rva)}`, masked: flags === undefined ? 'not told' : masked ? 'off' : 'on' };
  f.show(text('e-hung-ran', slots), `~${cpu}s`, { weighs: masked ? 'against' : 'context' });
  if (masked) masker(c, f, cpu);
}

/** A sound processor with its interrupts off misses the clock too: the driver that ran there, or for which Windows' code did. */
function masker(c: Case, f: Finding, cpu: string): void {
  const actor = c.subject?.suspects.find((one) => !isScanned(one));
  if (!actor) return;
  const image = imageOf(actor.module);
  showSuspect(f, c, actor, 'against');
  f.judge('driver-bug', 'possible')
    .blame(image)
    .oppose('a-in-driver', { cpu, who: c.who(image) });
  placeOf(f, actor);
  f.rival({ part: 'cpu' }, text('r-cpu', {}));
}

/** 0x101: P1 ticks, P3 the PRCB of the silent processor, P4 its index. */
export function clockWatchdog(c: Case, f: Finding): void {
  const [ticks, , prcb, cpu] = c.params;
  f.show(text('e-hung-cpu', { cpu: cpu.toString(), ticks: ticks.toString(), prcb: hex(prcb) }), '.bugcheck', { weighs: 'decides' });
  f.detector = 'ntoskrnl.exe';
  f.head('h-cpu-hang', { name: c.name, cpu: cpu.toString() }).judge('hardware', 'likely').blame(undefined, 'cpu');
  showPrcb(c, f, cpu);
  showFrozen(c, f, cpu.toString());
  if (virtualMachine(c) !== undefined) f.say('x-guest', {});
  weakenInGuest(c, f);
  f.rival({ part: 'firmware' }, text('r-firmware', {})).rival({}, text('r-interrupts', {}));
}

/** Third-party programs that run virtual machines: they stand beside the hypervisor of Windows. */
function showHypervisors(c: Case, f: Finding): void {
  const names = c.target.modules.modules.map(imageOf).filter((image) => {
    const entry = c.knowledge.driver(image);
    return entry?.kind === 'virtualization' && !entry.microsoft;
  });
  if (names.length > 0) f.show(text('e-hypervisors', { names: names.join(', ') }), 'lm', { weighs: 'against', how: 'table' });
}

/** What failed by itself; the other codes are watchdogs. */
const BELOW: Readonly<Record<number, string>> = { 0x20001: 'The hypervisor below Windows', 0x18b: 'The secure kernel beside Windows' };

/** 0x1CA, 0x1DB, 0x1CF, 0x20001, 0x18B: the platform below Windows. In a guest that is the host. */
export function platform(c: Case, f: Finding): void {
  const args = c.params.map(hex).join(', ');
  const what = BELOW[c.code];
  if (what === undefined) f.head('h-cpu-watchdog', { name: c.name, args });
  else f.head('h-below', { name: c.name, what, args });
  if (virtualMachine(c) !== undefined) {
    f.say('x-guest', {}).rival({}, text('r-hypervisor', {})).rival({ part: 'cpu' }, text('r-cpu', {}));
    return;
  }
  f.judge('hardware', 'possible').blame(undefined, 'cpu');
  showHypervisors(c, f);
  f.rival({ part: 'firmware' }, text('r-firmware', {}))
    .rival({}, text('r-hypervisor', {}))
    .rival({ part: 'ram' }, text('r-ram', {}))
    .oppose('a-single-dump', {});
}

/** Four characters of an ACPI name. */
function acpiName(value: bigint): string {
  const name = fourLetters(value) ?? '';
  return /^[A-Z0-9_]{4}$/.test(name) ? ` (${name})` : '';
}

/** 0xA5, 0x5C, 0x79: what the firmware handed over. */
export function firmware(c: Case, f: Finding): void {
  const meaning = showSubCode(c, f, 1, 'decides') ?? `kind ${hex(c.params[0])}`;
  const name = c.code === 0xa5 ? acpiName(c.params[3]) || acpiName(c.params[2]) : '';
  f.say('x-acpi', { meaning, name });
  f.detector = c.code === 0xa5 ? 'ACPI.sys' : 'hal.dll';
  f.head('h-firmware', { name: c.name, what: `${meaning}${name}` })
    .judge('firmware', 'likely')
    .blame(undefined, 'firmware');
  // What a guest takes for its firmware is made by the host.
  if (virtualMachine(c) !== undefined) f.culprit = undefined;
  else f.rival({}, text('r-hypervisor', {}));
  weakenInGuest(c, f);
  askedBy(c, f);
}

/** A driver that had called the firmware's method may have asked for what it cannot give. */
function askedBy(c: Case, f: Finding): void {
  const [caller] = c.suspects;
  if (!caller) return;
  showSuspect(f, c, caller, 'against');
  const image = imageOf(caller.module);
  f.rival({ module: image }, text('r-driver', { who: c.who(image) }));
  f.weaken();
}

const TABLE_TYPES: ReadonlySet<bigint> = new Set([1n, 2n, 3n, 6n, 7n, 0xan, 0xcn, 0xdn]);

/** 0x109: P4 the kind; the stack is that of the check. */
export function patchGuard(c: Case, f: Finding): void {
  const meaning = showSubCode(c, f, 4, 'decides') ?? `kind ${hex(c.params[3])}`;
  f.say('x-patchguard', { meaning, type: hex(c.params[3]) });
  f.detector = 'ntoskrnl.exe';
  // Arguments 2 and 3 are reserved; in practice one of them is the item that failed.
  if (c.params.slice(1, 3).some((value) => changedAt(c, f, va(value)))) return;
  f.head('h-memory', { name: c.name, what: meaning }).judge('memory-corruption', 'possible').oppose('a-single-dump', {});
  f.rival({ part: 'ram' }, text('r-ram', {})).rival({ part: 'cpu' }, text('r-cpu', {}));
  if (TABLE_TYPES.has(c.params[3])) f.rival({}, text('r-any-driver', {}));
}
