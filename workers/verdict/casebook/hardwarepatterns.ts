/** Patterns that speak for hardware: one page, one core, one part, or unrelated places. */
import { hex } from '../../base/hex.ts';
import type { Part } from '../verdict.ts';
import { type DumpFacts, isKernel, keptOr } from './facts.ts';
import { baseCode, CaseFinding, crashArgs, opposeOthers, ownProof } from './finding.ts';
import { isMost, pointsToHardware } from './softwarepatterns.ts';
import { tally } from './tally.ts';
import { caseText } from './words.ts';

const counts = (members: readonly DumpFacts[], crashes: readonly DumpFacts[]) => ({ k: String(members.length), n: String(crashes.length) });

/** Windows hands out pages anew at each start: that two stops name one of millions by chance is out of the question. */
export function onePage(crashes: readonly DumpFacts[]): CaseFinding | undefined {
  const [top] = tally(crashes, ({ page }) => page);
  if (!top || top.items.length < 2) return undefined;
  const page = hex(top.key);
  const f = new CaseFinding('one-page', caseText('c-page', { page, ...counts(top.items, crashes) }), top.items, crashes);
  f.judge('hardware', 'likely').blame(undefined, 'ram');
  for (const one of top.items) f.show(caseText('e-page', { ...crashArgs(one), page }), [{ dump: one.id, command: '.bugcheck' }], 'decides');
  opposeOthers(f);
  f.rival({}, caseText('r-driver', {})).settle(caseText('s-swap-memory', {}));
  return f.step(caseText('d-mem-profile', {})).step(caseText('d-mem-test', {})).step(caseText('d-mem-stick', {}));
}

/** Stops that a timer or a watching thread raises: the processor that wrote them is the watcher, not the place of the fault. */
const RAISED_ELSEWHERE: ReadonlySet<number> = new Set([0x101, 0x133, 0x1ca, 0x1cf, 0x1db, 0x9f, 0x116, 0xea, 0x124, 0x9c, 0xe2, 0x1c8]);

/** The processor that a crash tells of; a driver that is blamed runs on any. */
function tellingCpu(one: DumpFacts): number | undefined {
  if (one.silentCpu !== undefined) return one.silentCpu;
  return one.verdict.module === undefined && !RAISED_ELSEWHERE.has(baseCode(one)) ? keptOr(one.cpu) : undefined;
}
const MANY = 4;
const isWitness = (one: DumpFacts): boolean => one.silentCpu !== undefined || one.verdict.part === 'cpu';

/**
 * Windows numbers the two threads of a core one after the other, an even number first. One processor must be named twice, by a
 * crash that speaks of the processor itself among them; the neighbour's crashes then count with it.
 */
export function oneCore(crashes: readonly DumpFacts[]): CaseFinding | undefined {
  const telling = crashes.filter((one) => tellingCpu(one) !== undefined);
  const [top] = tally(telling, tellingCpu);
  if (!top || top.items.length < 2) return oneApic(crashes);
  const cpu = top.key;
  const members = telling.filter((one) => (tellingCpu(one) ?? -1) >> 1 === cpu >> 1);
  // With few processors, two crashes on one of them are nothing remarkable.
  const few = crashes.some(({ processors }) => (keptOr(processors) ?? MANY) < MANY);
  if (!members.some(isWitness) || !isMost(members, crashes) || few) return oneApic(crashes);
  const f = new CaseFinding('one-core', caseText('c-core', { cpu: String(cpu), ...counts(members, crashes) }), members, crashes);
  f.judge('hardware', members.length * 5 >= telling.length * 3 ? 'likely' : 'possible').blame(undefined, 'cpu');
  for (const one of members) showCpu(f, one, cpu);
  return aboutCore(f, String(cpu));
}

function showCpu(f: CaseFinding, one: DumpFacts, cpu: number): void {
  const args = { ...crashArgs(one), cpu: String(tellingCpu(one)) };
  if (one.silentCpu !== undefined) f.show(caseText('e-silent', args), [{ dump: one.id, command: '.bugcheck' }], 'decides');
  else if (tellingCpu(one) === cpu) f.show(caseText('e-ran-on', args), [{ dump: one.id, command: '!analyze -v' }]);
  else f.show(caseText('e-sibling', { ...args, of: String(cpu) }), [{ dump: one.id, command: '!analyze -v' }]);
  if (pointsToHardware(one) && one.silentCpu === undefined) f.show(caseText('e-hardware', crashArgs(one)), [ownProof(one)]);
}

/** Machine checks inside one core, by the id that the hardware gives it. */
function oneApic(crashes: readonly DumpFacts[]): CaseFinding | undefined {
  const [top] = tally(crashes, ({ failingApic }) => failingApic);
  if (!top || top.items.length < 2) return undefined;
  const f = new CaseFinding('one-core', caseText('c-core', { cpu: `with APIC id ${String(top.key)}`, ...counts(top.items, crashes) }), top.items, crashes);
  f.judge('hardware', 'likely').blame(undefined, 'cpu');
  for (const one of top.items) f.show(caseText('e-apic', { ...crashArgs(one), apic: String(top.key) }), [ownProof(one)], 'decides');
  return aboutCore(f, `with APIC id ${String(top.key)}`);
}

function aboutCore(f: CaseFinding, cpu: string): CaseFinding {
  opposeOthers(f);
  f.rival({ part: 'power' }, caseText('r-power', {})).rival({ part: 'firmware' }, caseText('r-firmware', {})).settle(caseText('s-core-off', { cpu }));
  return f.step(caseText('d-cpu-defaults', {})).step(caseText('d-cpu-bios', {})).step(caseText('d-cpu-stress', {}));
}

const SCATTERED_AT_LEAST = 3;

/** Different codes at different places, and no module or place that repeats in half of them. */
function isScattered(crashes: readonly DumpFacts[]): boolean {
  const places = tally(crashes, ({ verdict }) => verdict.signature);
  const modules = tally(crashes, ({ verdict }) => verdict.module?.toLowerCase());
  const repeats = Math.max(modules[0]?.items.length ?? 0, places[0]?.items.length ?? 0);
  return places.length >= SCATTERED_AT_LEAST && tally(crashes, baseCode).length >= 2 && repeats * 2 <= crashes.length;
}

/** Memory or processor, as most of the crashes that speak of hardware say. */
function scatteredPart(witnesses: readonly DumpFacts[]): Part {
  return tally(witnesses, ({ verdict: { part } }) => (part === 'cpu' || part === 'ram' ? part : undefined))[0]?.key ?? 'hardware';
}

/** Scattered crashes of the kernel, one of which at least speaks of hardware by itself: programs that fail in many ways have many faults. */
export function scattered(crashes: readonly DumpFacts[]): CaseFinding | undefined {
  const witnesses = crashes.filter(pointsToHardware);
  if (!crashes.every(isKernel) || witnesses.length === 0 || !isScattered(crashes)) return undefined;
  const count = (keyOf: (one: DumpFacts) => string | number): string => String(tally(crashes, keyOf).length);
  const args = { n: String(crashes.length), codes: count(baseCode), places: count(({ verdict }) => verdict.signature) };
  const f = new CaseFinding('scattered', caseText('c-scattered', args), crashes, crashes);
  const part = scatteredPart(witnesses);
  f.judge('hardware', isMost(witnesses, crashes) ? 'likely' : 'possible').blame(undefined, part);
  for (const one of crashes) f.show(caseText('e-hardware', crashArgs(one)), [ownProof(one)], pointsToHardware(one) ? 'for' : 'context');
  for (const one of crashes) if (one.verdict.module !== undefined) f.oppose(caseText('a-elsewhere', crashArgs(one)), [ownProof(one)]);
  if (part !== 'cpu') f.rival({ part: 'cpu' }, caseText('r-cpu', {}));
  if (part !== 'ram') f.rival({ part: 'ram' }, caseText('r-ram', {}));
  f.rival({}, caseText('r-driver', {})).settle(caseText('s-swap-memory', {}));
  return f.step(caseText('d-mem-profile', {})).step(caseText('d-mem-test', {})).step(caseText('d-cpu-defaults', {}));
}

const STEPS: Readonly<
  Partial<
    Record<
      Part,
      readonly (
        | 'd-mem-profile'
        | 'd-mem-test'
        | 'd-cpu-defaults'
        | 'd-cpu-bios'
        | 'd-gpu-stock'
        | 'd-backup'
        | 'd-disk-health'
        | 'd-disk-cable'
        | 'd-defaults'
        | 'd-firmware-update'
        | 'd-usb-halves'
        | 'd-pcie-reseat'
      )[]
    >
  >
> = {
  ram: ['d-mem-profile', 'd-mem-test'],
  cpu: ['d-cpu-defaults', 'd-cpu-bios'],
  gpu: ['d-gpu-stock', 'd-pcie-reseat'],
  disk: ['d-backup', 'd-disk-health', 'd-disk-cable'],
  firmware: ['d-defaults', 'd-firmware-update'],
  device: ['d-usb-halves', 'd-pcie-reseat'],
};

/** The same part by the evidence of half of the crashes. */
export function onePart(crashes: readonly DumpFacts[]): CaseFinding | undefined {
  const [top] = tally(crashes, ({ verdict }) => (verdict.sureness === 'not-known' ? undefined : verdict.part));
  if (!top || !isMost(top.items, crashes)) return undefined;
  const f = new CaseFinding('one-part', caseText('c-part', { part: PART_WORDS[top.key], ...counts(top.items, crashes) }), top.items, crashes);
  const sure = top.items.filter(({ verdict }) => verdict.sureness !== 'possible').length;
  f.judge(tally(top.items, ({ verdict }) => verdict.cause)[0]?.key ?? 'hardware', sure >= 2 ? 'likely' : 'possible').blame(undefined, top.key);
  for (const one of top.items) f.show(caseText('e-hardware', crashArgs(one)), [ownProof(one)]);
  opposeOthers(f);
  for (const id of STEPS[top.key] ?? ['d-collect' as const]) f.step(caseText(id, {}));
  return f.settle(caseText('s-mark', {}));
}

const PART_WORDS: Readonly<Record<Part, string>> = {
  ram: 'memory (RAM)',
  cpu: 'processor',
  gpu: 'graphics card',
  disk: 'disk',
  power: 'power supply',
  firmware: 'firmware',
  device: 'a device',
  hardware: 'hardware, which part is not decided',
};
