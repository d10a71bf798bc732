/** What to do first: by code, cause and part, at most three steps, the first one reversible. */
import { isPortable, readSmbios } from '../formats/secondary/smbios.ts';
import { windbgName } from '../modules/names.ts';
import { readSecondary } from '../target/secondary.ts';
import type { Case } from './case.ts';
import { driverSteps, graphicsSteps, makerOf, watchDrivers } from './driveradvice.ts';
import type { Finding } from './finding.ts';
import { appName } from './rules/app.ts';
import type { Cause, Part } from './verdict.ts';
import { type PlainId, text } from './words.ts';
import { safeName } from './words/lines.ts';

type Advise = (c: Case, f: Finding) => void;

const plain =
  (...ids: readonly PlainId[]): Advise =>
  (_c, f) => {
    for (const id of ids) f.step(text(id, {}));
  };

const disk = plain('d-backup', 'd-disk-health', 'd-disk-cable');
const anyHardware = plain('d-defaults', 'd-mem-test', 'd-firmware-update');

const BY_PART: Readonly<Record<Part, Advise>> = {
  ram: plain('d-mem-profile', 'd-mem-test', 'd-mem-stick'),
  cpu: plain('d-cpu-defaults', 'd-cpu-bios', 'd-cpu-stress'),
  gpu: graphicsSteps,
  disk,
  power: anyHardware,
  firmware: plain('d-defaults', 'd-hypervisor-off', 'd-firmware-update'),
  device: plain('d-usb-halves', 'd-pcie-reseat', 'd-firmware-update'),
  hardware: anyHardware,
};

/** The small dump was made from a larger one at the next start, which may still be there. */
const largerDump: Advise = (c, f) => {
  if (c.target.kind === 'kernel-triage') f.step(text('d-memory-dmp', {})).step(text('d-dump-kernel', {}));
};

const unknown: Advise = (c, f) => {
  largerDump(c, f);
  if (c.target.kind !== 'kernel-triage') f.step(text('d-recent', {}));
  f.step(text('d-mem-test', {}));
  if (c.kernel) watchDrivers(c, f);
};

/** A driver is at fault, and the dump does not tell which. */
const nameless: Advise = (c, f) => {
  f.step(text('d-recent', {}));
  watchDrivers(c, f);
  largerDump(c, f);
};

const CODE_CHANGED = 0x109;
/** The writer is not known: rule out the memory, then let Windows watch the drivers. */
const corruption: Advise = (c, f) => {
  const app = appName(c);
  if (!c.kernel) f.step(text('d-reinstall-app', { app })).step(text('d-page-heap', { app }), `gflags /p /enable ${safeName(app)} /full`);
  else {
    f.step(text('d-mem-profile', {})).step(text('d-mem-test', {}));
    if (c.code === CODE_CHANGED) f.step(text('d-patchers', {}));
    else watchDrivers(c, f);
  }
};

const exhaustion: Advise = (c, f) => {
  if (c.kernel) plain('d-pool-leak', 'd-page-file')(c, f);
  else f.step(text('d-page-file', {})).step(text('d-reinstall-app', { app: appName(c) }));
};

/** Engines, runtimes and system parts are not brought in by another program. */
const OWN_KINDS: ReadonlySet<string> = new Set(['runtime', 'system', 'graphics', 'gpu-driver', 'audio', 'codec']);

/** An address that is good but for one bit: memory does that as well as the program. */
const isOneBit = (f: Finding): boolean => f.evidence.some(({ id }) => id === 'e-canonical-bit');

const application: Advise = (c, f) => {
  const app = appName(c);
  const module = f.culprit?.module;
  const kind = module === undefined ? undefined : c.knowledge.userModule(module)?.kind;
  if (module !== undefined && kind === 'gpu-driver') f.step(text('d-gpu-from', { from: makerOf(c, module) }));
  else if (module !== undefined && module.toLowerCase() !== app.toLowerCase()) {
    if (kind === undefined) f.step(text('d-module-whose', { module, command: `lmvm ${windbgName(module)}`, app }));
    else if (!OWN_KINDS.has(kind)) f.step(text('d-remove-addon', { who: c.who(module), app }));
  }
  f.step(text('d-reinstall-app', { app }));
  if (isOneBit(f)) plain('d-mem-profile', 'd-mem-test')(c, f);
  f.step(text('d-report-app', { app }));
};

/** Of a program's dump alone: a damaged file of the program looks the same, and is mended sooner. */
const programOnBadHardware: Advise = (c, f) => {
  f.step(text('d-verify-app', { app: appName(c) }));
  plain(f.culprit?.part === 'ram' ? 'd-mem-profile' : 'd-cpu-defaults', 'd-mem-test')(c, f);
};

const BY_KEYBOARD = 0xe2;
const manual: Advise = (c, f) => {
  if (f.headline.id === 'h-tool' || f.headline.id === 'h-not-crash') f.step(text('d-tool-image', {}));
  else if (f.headline.id === 'h-manual-hang') {
    f.step(text('d-inspect', {}));
    largerDump(c, f);
  } else f.step(text(c.code === BY_KEYBOARD ? 'd-if-hung' : 'd-wanted', {}));
};

const liveReport: Advise = (c, f) => {
  f.step(text('d-no-action', {}));
  if (f.culprit?.part === 'gpu') graphicsSteps(c, f);
};

const ofWindows = (c: Case): boolean => c.target.os.family === 'Windows';
const hang: Advise = (c, f) => plain('d-inspect', ...(ofWindows(c) ? (['d-hang-again'] as const) : []))(c, f);

const BY_CAUSE: Readonly<Record<Cause, Advise>> = {
  'driver-bug': nameless,
  hardware: anyHardware,
  'memory-corruption': corruption,
  'application-bug': application,
  hang,
  'resource-exhaustion': exhaustion,
  storage: disk,
  firmware: BY_PART.firmware,
  manual,
  'live-dump': liveReport,
  'not-known': unknown,
};

const brokenStart = plain('d-winre-restore', 'd-winre-undo', 'd-winre-files');
const faultyFirmware = plain('d-defaults', 'd-firmware-update');
/** Windows did not start, so that what is done is done from its recovery environment: nothing of a running Windows is offered. */
const NO_START: Readonly<Record<number, Advise>> = {
  0x5c: faultyFirmware,
  0xa5: faultyFirmware,
  0x5a: brokenStart,
  0x6b: brokenStart,
  0x7b: plain('d-boot-order', 'd-winre-undo', 'd-winre-check'),
  0xed: plain('d-boot-order', 'd-winre-check', 'd-winre-undo'),
  0x74: plain('d-winre-restore', 'd-winre-check'),
  0xc000021a: brokenStart,
  0xc0000221: brokenStart,
};

const endedProcess: Advise = (c, f) => {
  if (f.cause === 'storage') return;
  (f.explanation.some((one) => one.id === 'x-fast-fail') ? plain('d-system', 'd-foreign', 'd-mem-test') : plain('d-disk-health', 'd-system'))(c, f);
};

/** What comes before the steps of cause and part. */
const FIRST: Readonly<Record<number, Advise>> = {
  0x9f: plain('d-fast-startup'),
  0xa0: plain('d-hiber'),
  0xef: endedProcess,
  0x20001: plain('d-hypervisor-off'),
  0x18b: plain('d-hypervisor-off'),
};

const usb = plain('d-usb-halves', 'd-usb-drivers');
const plugAndPlay = plain('d-fast-startup', 'd-usb-halves', 'd-dpc-drivers');
const busy: Advise = (c, f) => {
  if (f.headline.id === 'h-dpc-windows') plain('d-disk-health', 'd-windows-update', 'd-disk-scan')(c, f);
  else plain('d-dpc-drivers', 'd-ssd-firmware')(c, f);
  largerDump(c, f);
};
/** Stops that tell the kind of driver, where none is named. */
const NAMELESS: Readonly<Record<number, Advise>> = {
  0x133: busy,
  0xfe: usb,
  0x144: usb,
  0x9f: plugAndPlay,
  0xa0: plain('d-usb-halves', 'd-dpc-drivers'),
  0x1d5: plugAndPlay,
};

/** What has an XMP profile, a curve optimizer or a card to reseat is a desktop; a laptop's firmware has its defaults. */
const ON_PORTABLE: ReadonlyMap<string, PlainId> = new Map([
  ['d-mem-profile', 'd-defaults'],
  ['d-cpu-defaults', 'd-defaults'],
  ['d-pcie-reseat', 'd-defaults'],
]);
function fitPortable(c: Case, f: Finding): void {
  const smbios = readSecondary(c.target, 'smbios', readSmbios);
  if (!smbios.ok || !isPortable(smbios.value)) return;
  for (const { says, copy } of f.steps.splice(0)) {
    const other = ON_PORTABLE.get(says.id);
    f.step(other ? text(other, {}) : says, copy);
  }
}

export function addSteps(c: Case, f: Finding): void {
  const noStart = NO_START[c.code];
  if (f.cause === 'live-dump' || f.cause === 'manual') BY_CAUSE[f.cause](c, f);
  else if (c.kernel && noStart) noStart(c, f);
  else {
    FIRST[c.code]?.(c, f);
    byCulprit(c, f);
  }
  fitPortable(c, f);
  if (f.lastStep) {
    f.steps.splice(2);
    f.step(f.lastStep);
  }
  if (!ofWindows(c)) f.dropCommands();
}

function byCulprit(c: Case, f: Finding): void {
  const { module, part } = f.culprit ?? {};
  if (f.cause === 'driver-bug' && module !== undefined) driverSteps(c, f, module);
  else if (f.rule === 'whea' && part === 'device') plain('d-pcie-reseat', 'd-defaults', 'd-firmware-update')(c, f);
  else if (c.code === 0x9f && part === 'device') usb(c, f);
  else if (part !== undefined && c.kernel) BY_PART[part](c, f);
  else if (c.kernel) kernelOpen(c, f);
  else ofProgram(c, f);
}

/** Neither driver nor part is named. */
function kernelOpen(c: Case, f: Finding): void {
  const byCode = f.cause === 'driver-bug' || f.cause === 'not-known' ? NAMELESS[c.code] : undefined;
  (byCode ?? BY_CAUSE[f.cause])(c, f);
}

function ofProgram(c: Case, f: Finding): void {
  const part = f.culprit?.part;
  if (f.cause === 'hardware') programOnBadHardware(c, f);
  else if (part !== undefined) BY_PART[part](c, f);
  else if (f.headline.id === 'h-network-file') f.step(text('d-local-copy', { app: appName(c) }));
  else if (f.cause === 'storage' || f.cause === 'not-known') application(c, f);
  else BY_CAUSE[f.cause](c, f);
}
