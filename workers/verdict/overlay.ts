/** What speaks for or against in every dump: virtual machine, uptime, Verifier, drivers known for trouble. Context, never a culprit. */
import { imageOf, knownAs } from './actors.ts';
import type { Case } from './case.ts';
import type { Finding } from './finding.ts';
import { virtualMachine } from './guests.ts';
import { showFirmware, showProcessor } from './rules/machine.ts';
import { showSecondary } from './rules/secondary.ts';
import { text } from './words.ts';

const TOOL_KINDS: ReadonlySet<string> = new Set(['overclocking', 'rgb-fan', 'monitoring', 'anticheat', 'tweaker']);
const SHORT_UPTIME = 120;
const MAX_NAMES = 6;

function listed(names: readonly string[]): string {
  const unique = [...new Set(names)];
  return unique.length > MAX_NAMES ? `${unique.slice(0, MAX_NAMES).join(', ')} and ${String(unique.length - MAX_NAMES)} more` : unique.join(', ');
}

function showUptime(c: Case, f: Finding): void {
  const uptime = c.target.uptimeSeconds;
  if (!uptime.ok || uptime.value >= SHORT_UPTIME || uptime.value <= 0) return;
  f.show(text('e-boot-soon', { uptime: shortSpan(uptime.value), seconds: uptime.value.toFixed(1) }), '.time', { weighs: 'context' });
}

/** Under two minutes, as a person says it. */
const shortSpan = (seconds: number): string => (seconds < 1 ? 'less than a second' : seconds < 2 ? 'a second' : `${String(Math.floor(seconds))} seconds`);

function verifierLevel(c: Case): string | undefined {
  const fact = c.target.facts.find((one) => one.name === 'MmVerifyDriverLevel');
  if (!fact?.value.ok) return undefined;
  const level = fact.value.value;
  return /^(0x)?0+$/.test(level) || level === '4294967295' || /^0xffffffff$/i.test(level) ? undefined : level;
}

/** "0x209bb: special pool, force IRQL checking …": the options that the level's bits stand for. */
function levelWords(c: Case, level: string): string {
  const bits = Number(level);
  const names = c.knowledge.verifierOptions.filter(({ flag }) => flag !== undefined && (bits & flag) !== 0).map(({ name }) => name);
  return names.length === 0 ? level : `${level}: ${names.join(', ')}`;
}

/** The maker in the headline comes from a table by file name: said where that is all that speaks for it. */
function showMaker(c: Case, f: Finding): void {
  const image = f.culprit?.module;
  const module = image === undefined ? undefined : c.target.modules.byName(image);
  const known = image === undefined ? undefined : knownAs(image, c.knowledge);
  if (image === undefined || !module || known?.believed !== true) return;
  f.show(text('e-maker', { module: image, maker: known.words }), `lmvm ${module.name}`, { weighs: 'context', how: 'table' });
}

export function addOverlay(c: Case, f: Finding): void {
  showMaker(c, f);
  showProcessor(c, f);
  if (!c.kernel) return;
  showUptime(c, f);
  showSecondary(c, f);
  const vm = virtualMachine(c);
  showFirmware(c, f, vm !== undefined);
  if (vm !== undefined) f.show(text('e-vm', { vm }), 'lm', { weighs: 'context', how: 'inferred' });
  const level = verifierLevel(c);
  if (level !== undefined) f.show(text('e-verifier', { level: levelWords(c, level) }), '!analyze -v', { weighs: 'context' });
  const drivers = c.target.modules.modules.map((module) => ({ name: imageOf(module), entry: c.knowledge.driver(imageOf(module)) }));
  showVulnerable(c, f);
  const tools = drivers.filter(({ entry }) => entry && TOOL_KINDS.has(entry.kind)).map(({ name }) => name);
  if (tools.length > 0) f.show(text('e-tools', { names: listed(tools) }), 'lm', { weighs: 'context', how: 'table' });
  if (f.culprit?.module !== undefined) showAge(c, f, f.culprit.module);
}

/** A name on a list of vulnerable drivers says nothing of a crash; it is told of the driver that is blamed, and where core code was changed. */
function showVulnerable(c: Case, f: Finding): void {
  const tells = (image: string): boolean => c.code === CODE_CHANGED || image.toLowerCase() === f.culprit?.module?.toLowerCase();
  const names = c.target.modules.modules.map(imageOf).filter((image) => {
    const entry = c.knowledge.driver(image);
    return entry?.vulnerable === true && !entry.microsoft && tells(image);
  });
  if (names.length > 0) f.show(text('e-vulnerable', { names: listed(names) }), 'lm', { weighs: 'context', how: 'table' });
}

const CODE_CHANGED = 0x109;
const YEAR = 31_557_600;

/** A link date that can be one: between 2000 and the crash. Reproducible builds put a hash there. */
function showAge(c: Case, f: Finding, image: string): void {
  const module = c.target.modules.byName(image);
  const crash = c.target.crashTime;
  if (!module?.identity.pe.ok || !crash.ok) return;
  const built = module.identity.pe.value.timestamp;
  const age = crash.value / 1000 - built;
  if (built < 946_684_800 || age < 3 * YEAR || age > 25 * YEAR) return;
  const date = new Date(built * 1000).toISOString().slice(0, 10);
  f.show(text('e-old-driver', { who: c.who(image), years: String(Math.floor(age / YEAR)), date }), `lmvm ${module.name}`, {
    weighs: 'context',
    how: 'inferred',
  });
}
