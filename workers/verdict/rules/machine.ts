/** The computer itself: a published fault of its processor, the age of its firmware, how its memory runs. Context; nothing of it is a culprit. */
import { hex } from '../../base/hex.ts';
import { valueOf } from '../../base/found.ts';
import { firmwareOf, type MemoryModule, memoryModules, readSmbios } from '../../formats/secondary/smbios.ts';
import { readSecondary } from '../../target/secondary.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { processorFault, processorOf } from '../processor.ts';
import type { Cause, Part, Text, Weight } from '../verdict.ts';
import { text } from '../words.ts';

const PROCESSOR_PARTS: ReadonlySet<Part | undefined> = new Set(['cpu', 'hardware', 'ram']);
/** Causes with which the computer itself may be what failed. */
const UNSOUND: ReadonlySet<Cause> = new Set(['hardware', 'memory-corruption', 'firmware', 'not-known']);

/** An application's fault that is explained says nothing of the processor; of the kernel, which all of it runs on, only a certain one does not. */
function processorInDoubt(c: Case, f: Finding): boolean {
  if (f.cause === 'manual' || f.cause === 'live-dump') return false;
  if (!c.kernel) return f.sureness === 'possible' || f.sureness === 'not-known';
  return f.sureness !== 'certain' || f.culprit?.part === 'cpu';
}

/** First where the processor may be what failed; elsewhere last, as firmware cannot be taken back. */
function correct(f: Finding, step: Text, blamed: boolean): void {
  if (blamed) f.step(step);
  else f.lastStep = step;
}

export function showProcessor(c: Case, f: Finding): void {
  if (!processorInDoubt(c, f)) return;
  const id = processorOf(c.session);
  const known = id.ok ? processorFault(c.session, id.value) : undefined;
  if (!id.ok || !known) return;
  const blamed = PROCESSOR_PARTS.has(f.culprit?.part);
  const microcode = id.value.microcode === undefined ? 'not in this dump' : hex(id.value.microcode);
  const args = { model: known.model, microcode, fault: known.fault.fault, published: known.fault.published };
  if (!known.corrected) {
    f.show(text('e-cpu-fault', args), id.value.command, { weighs: blamed ? 'for' : 'context', how: 'table' });
    if (f.culprit?.part !== 'cpu' && !f.rivals.some(({ part }) => part === 'cpu')) f.rival({ part: 'cpu' }, text('r-cpu', {}));
    const { fixedBy } = known.fault;
    if (fixedBy !== undefined) correct(f, text('d-cpu-microcode', { wanted: hex(fixedBy), microcode }), blamed);
  }
  if (known.corrected && blamed) f.show(text('e-cpu-fixed', args), id.value.command, { weighs: 'context', how: 'table' });
}

const YEAR_MS = 31_557_600_000;
const OLD_FIRMWARE = 2;

/** JEDEC's highest speed and its voltage: JESD79-3, JESD79-4. DDR5 has higher steps with every revision, so that its voltage alone tells. */
const STANDARD: Readonly<Record<string, { readonly speed: number; readonly millivolts: number }>> = {
  DDR3: { speed: 2133, millivolts: 1500 },
  DDR4: { speed: 3200, millivolts: 1200 },
  DDR5: { speed: 8800, millivolts: 1100 },
};

const volts = (millivolts: number): string => `${(millivolts / 1000).toFixed(2)} V`;

/** How memory runs beyond what the module says it is made for, or beyond what its kind is standardised for, and that limit. */
function excessOf({ kind, speed, configured, millivolts = 0 }: MemoryModule): { readonly what: string; readonly limit: string } | undefined {
  const standard = STANDARD[kind];
  if (configured === undefined) return undefined;
  if (speed !== undefined && configured > speed) return { what: 'faster than it is made for', limit: `${speed} MT/s` };
  if (standard === undefined) return undefined;
  if (configured > standard.speed) return { what: 'faster than the standard', limit: `${standard.speed} MT/s` };
  return millivolts > standard.millivolts ? { what: 'at a higher voltage than the standard', limit: volts(standard.millivolts) } : undefined;
}

function showMemory(f: Finding, modules: readonly MemoryModule[], weighs: Weight): void {
  const fast = modules.find((one) => excessOf(one) !== undefined);
  const excess = fast && excessOf(fast);
  if (fast && excess) {
    const { kind, configured, millivolts } = fast;
    const voltage = millivolts === undefined ? 'a voltage that is not told' : volts(millivolts);
    f.show(text('e-memory-fast', { kind, configured: String(configured), volts: voltage, ...excess }), '!sysinfo smbios -memory', { weighs, private: true });
  }
  const kinds = new Set(modules.map(({ maker, part, sizeMb }) => `${maker ?? ''} ${part ?? ''} ${String(sizeMb / 1024)} GB`.trim()));
  if (kinds.size > 1)
    f.show(text('e-memory-mixed', { modules: [...kinds].slice(0, 4).join('; ') }), '!sysinfo smbios -memory', { weighs: 'context', private: true });
}

/** What the firmware's tables tell stays on this computer: it is private, whatever it says. */
export function showFirmware(c: Case, f: Finding, guest: boolean): void {
  if (guest || !UNSOUND.has(f.cause)) return;
  const smbios = readSecondary(c.target, 'smbios', readSmbios);
  if (!smbios.ok) return;
  const firmware = firmwareOf(smbios.value);
  const crash = valueOf(c.target.crashTime);
  const years = firmware?.date === undefined || crash === undefined ? 0 : (crash - firmware.date) / YEAR_MS;
  if (firmware?.date !== undefined && years >= OLD_FIRMWARE && years < 40) {
    const which = [firmware.vendor, firmware.version].filter((part) => part !== undefined).join(' ');
    const date = new Date(firmware.date).toISOString().slice(0, 10);
    f.show(text('e-firmware-old', { which, date, years: String(Math.floor(years)) }), '!sysinfo machineid', { weighs: 'context', private: true });
  }
  showMemory(f, memoryModules(smbios.value), f.culprit?.part === 'ram' ? 'for' : 'context');
}
