/** What to do about a driver: whose it is, where its updates come from, and how to do without it. */
import { standardLine } from '../knowledge/guides/waves.ts';
import { isGraphics } from './actors.ts';
import type { Case } from './case.ts';
import type { Finding } from './finding.ts';
import { wavesOf } from './watch.ts';
import { text } from './words.ts';
import { watchArgs, whoseLine } from './words/lines.ts';

/** Kinds of the driver table that a program brings; those of devices are seen in Device Manager. */
const OF_A_PROGRAM =
  /^(filter-\w+|av|edr|security|firewall|anticheat|vpn|encryption|backup|hsm-cloud|cloud|virtualization|monitoring|overclocking|rgb-fan|tweaker|drm|hotkey|oem-tool|profiler|diagnostics|undelete|recovery|replication|compression|quota|test-crash)$/;

/** Without its controller Windows does not find its disk: such a driver is replaced, not switched off. */
const OF_A_DISK = /^storage$/;
const NAMED_AFTER_DISKS = /sata|stor|raid|nvme|ahci|vmd|disk/i;

const POWER = 0x9f;
/** Verifier's own stops, and those of special pool, which it switches on. */
const OF_VERIFIER: ReadonlySet<number> = new Set([0xc4, 0xc9, 0xc6, 0xc1, 0xcc, 0xcd, 0xd5, 0xd6]);

export function driverSteps(c: Case, f: Finding, module: string): void {
  const { feature } = f.headline.args;
  if (f.headline.id === 'h-feature' && feature !== undefined)
    f.step(text('d-driver-older', { module, feature, from: makerOf(c, module) }), whoseLine(module)).step(text('d-report-driver', { module }));
  else if (isGraphics(module) || f.culprit?.part === 'gpu') graphicsSteps(c, f);
  else if (c.knowledge.driver(module)?.microsoft) f.step(text('d-windows-update', {})).step(text('d-system', {}));
  else otherDriver(c, f, module);
}

function otherDriver(c: Case, f: Finding, module: string): void {
  const kind = c.knowledge.driver(module)?.kind ?? '';
  const ofProgram = OF_A_PROGRAM.test(kind);
  f.step(newer(c, module, ofProgram), whoseLine(module));
  if (OF_VERIFIER.has(c.code)) f.step(text('d-verifier-off', {}));
  if (OF_A_DISK.test(kind) || (kind === '' && NAMED_AFTER_DISKS.test(module))) f.step(text('d-storage-standard', {}));
  else f.step(text(ofProgram ? 'd-program-remove' : 'd-driver-remove', { module }));
  if (f.sureness === 'possible') watchDrivers(c, f);
  else f.step(text('d-report-driver', { module }));
}

function newer(c: Case, module: string, ofProgram: boolean) {
  if (!c.knowledge.driver(module)?.vendor) return text('d-driver-whose', { module });
  return ofProgram
    ? text('d-program-from', { who: c.who(module), from: makerOf(c, module, '') })
    : text('d-driver-from', { who: c.who(module), from: makerOf(c, module) });
}

/** Of graphics: the clocks first, but not where a sleeping device did not answer; then the driver. */
export function graphicsSteps(c: Case, f: Finding): void {
  const module = f.culprit?.module;
  if (c.code !== POWER) f.step(text('d-gpu-stock', {}));
  f.step(module === undefined ? text('d-gpu-clean', {}) : text('d-gpu-from', { from: makerOf(c, module) })).step(text('d-gpu-older', {}));
}

/** Where its updates come from: as the tables say, which nobody has checked, else by its maker's name. */
export function makerOf({ knowledge }: Pick<Case, 'knowledge'>, module: string, orElse = ' or the maker of the computer'): string {
  const entry = knowledge.driver(module) ?? knowledge.userModule(module);
  if (entry && 'update' in entry && entry.update !== undefined) return `${entry.update} (believed)`;
  return entry?.vendor ? `${entry.vendor}${orElse}` : 'its maker';
}

/** The first wave; the guide has those that come after it. */
export function watchDrivers(c: Case, f: Finding): void {
  const [first] = wavesOf(c, f);
  if (!first) {
    f.step(text('d-verifier-on', {}));
    return;
  }
  f.step(text('d-verifier-these', watchArgs(first.files)), standardLine(first.files));
}
