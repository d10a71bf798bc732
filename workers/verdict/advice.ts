/** What to do first, and what would settle the matter: by cause and part, at most three steps, the first one reversible. */
import { imageOf, isGraphics } from './actors.ts';
import type { Case } from './case.ts';
import type { Finding } from './finding.ts';
import { appName } from './rules/app.ts';
import type { Cause, Part } from './verdict.ts';
import { text } from './words.ts';

type Advise = (c: Case, f: Finding) => void;

const memory: Advise = (_c, f) => {
  f.step(text('d-mem-profile', {})).step(text('d-mem-test', {}), 'mdsched.exe').step(text('d-mem-stick', {}));
};
const processor: Advise = (_c, f) => {
  f.step(text('d-cpu-defaults', {})).step(text('d-cpu-bios', {})).step(text('d-cpu-stress', {}));
};
const graphics: Advise = (c, f) => {
  const module = f.culprit?.module;
  f.step(text('d-gpu-stock', {}))
    .step(module === undefined ? text('d-gpu-clean', {}) : text('d-gpu-from', { from: makerOf(c, module) }))
    .step(text('d-gpu-older', {}));
};
const disk: Advise = (_c, f) => {
  f.step(text('d-disk-health', {}), 'Get-PhysicalDisk | Get-StorageReliabilityCounter | Format-List *')
    .step(text('d-disk-cable', {}))
    .step(text('d-disk-scan', {}), 'chkdsk C: /scan');
};
const firmware: Advise = (_c, f) => {
  f.step(text('d-firmware-update', {})).step(text('d-hypervisor-off', {})).step(text('d-collect', {}));
};
const device: Advise = (_c, f) => {
  f.step(text('d-usb-halves', {})).step(text('d-firmware-update', {})).step(text('d-pcie-reseat', {}));
};
const anyHardware: Advise = (_c, f) => {
  f.step(text('d-mem-test', {}), 'mdsched.exe').step(text('d-firmware-update', {})).step(text('d-collect', {}));
};

const BY_PART: Readonly<Record<Part, Advise>> = {
  ram: memory,
  cpu: processor,
  gpu: graphics,
  disk,
  power: anyHardware,
  firmware,
  device,
  hardware: anyHardware,
};

const driver: Advise = (c, f) => {
  const module = f.culprit?.module;
  if (module === undefined) {
    unknown(c, f);
    return;
  }
  const { feature } = f.headline.args;
  if (f.headline.id === 'h-feature' && feature !== undefined) {
    f.step(text('d-driver-older', { module, feature })).step(text('d-driver-find', { module }), `driverquery /v | findstr /i "${safeName(module)}"`);
    return;
  }
  if (isGraphics(module) || f.culprit?.part === 'gpu') {
    graphics(c, f);
    return;
  }
  f.step(
    text('d-driver-from', { who: c.who(module), from: makerOf(c, module) }),
    `Get-CimInstance Win32_SystemDriver | Where-Object PathName -like '*${safeName(module)}*' | Format-List Name, DisplayName, PathName`,
  );
  if (c.code === 0xc4 || c.code === 0xc9 || c.code === 0xc6) f.step(text('d-verifier-off', {}), 'verifier /reset');
  f.step(text('d-driver-remove', { module }), 'pnputil /enum-drivers').step(
    text('d-driver-find', { module }),
    `driverquery /v | findstr /i "${safeName(module)}"`,
  );
};

/** Where its updates come from: as the tables say, which nobody has checked, else by its maker's name. */
function makerOf(c: Case, module: string): string {
  const entry = c.knowledge.driver(module);
  if (entry?.update !== undefined) return `${entry.update} (believed)`;
  return entry?.vendor ? `${entry.vendor} or the maker of the computer` : 'its maker';
}

/** Names from a dump go into a command to copy: only what a file name of a driver may hold. */
function safeName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/g, '');
}

const unknown: Advise = (_c, f) => {
  f.step(text('d-collect', {}))
    .step(text('d-dump-kernel', {}), 'Set-ItemProperty HKLM:\\SYSTEM\\CurrentControlSet\\Control\\CrashControl CrashDumpEnabled 2')
    .step(text('d-mem-test', {}), 'mdsched.exe');
};

/** The writer is not known: rule out the memory, then let Windows watch the drivers. */
const corruption: Advise = (c, f) => {
  if (!c.kernel) {
    f.step(text('d-reinstall-app', { app: appName(c) })).step(text('d-page-heap', { app: appName(c) }), `gflags /p /enable ${safeName(appName(c))} /full`);
    return;
  }
  f.step(text('d-mem-profile', {})).step(text('d-mem-test', {}), 'mdsched.exe');
  watchDrivers(c, f);
};

/** Of a longer list the sentence names these; the command holds them all. */
const NAMED = 4;
/** The command line of verifier.exe takes this many names without trouble; more are a job for several rounds. */
const MOST_WATCHED = 24;

/** Suspicious drivers first: rivals and what stands on the stack; else those of other makers that are loaded. */
function watchDrivers(c: Case, f: Finding): void {
  const suspicious = [...f.rivals.flatMap((rival) => rival.module ?? []), ...c.suspects.map((actor) => imageOf(actor.module))];
  const others = c.target.modules.modules.map(imageOf).filter((image) => c.knowledge.driver(image)?.microsoft === false);
  const all = [...new Set(suspicious.length > 0 ? suspicious : others)].map(safeName).filter((name) => /\.sys$/i.test(name));
  const names = all.slice(0, MOST_WATCHED);
  if (names.length === 0) f.step(text('d-verifier-on', {}), 'verifier');
  else {
    const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
    const args = { names: `${names.slice(0, NAMED).join(', ')}${more}`, count: String(names.length) };
    f.step(text('d-verifier-these', args), `verifier /standard /driver ${names.join(' ')}`);
  }
}

const application: Advise = (c, f) => {
  const app = appName(c);
  const module = f.culprit?.module;
  const kind = module === undefined ? undefined : c.knowledge.userModule(module)?.kind;
  if (module !== undefined && module.toLowerCase() !== app.toLowerCase() && kind !== undefined && !OWN_KINDS.has(kind))
    f.step(text('d-remove-addon', { who: c.who(module), app }));
  f.step(text('d-reinstall-app', { app })).step(text('d-report-app', { app }));
};
/** Engines, runtimes and system parts are not brought in by another program. */
const OWN_KINDS: ReadonlySet<string> = new Set(['runtime', 'system', 'graphics', 'gpu-driver', 'audio', 'codec']);

const BY_CAUSE: Readonly<Record<Cause, Advise>> = {
  'driver-bug': driver,
  hardware: anyHardware,
  'memory-corruption': corruption,
  'application-bug': application,
  hang: (_c, f) => void f.step(text('d-inspect', {})),
  'resource-exhaustion': unknown,
  storage: disk,
  firmware,
  manual: (_c, f) => void (f.headline.id === 'h-tool' || f.headline.id === 'h-not-crash' ? f.step(text('d-tool-image', {})) : f.step(text('d-inspect', {}))),
  'live-dump': (_c, f) => void f.step(text('d-no-action', {})),
  'not-known': unknown,
};

const HEALTH = 'Get-PhysicalDisk | Get-StorageReliabilityCounter | Format-List *';
const windowsBusy = (f: Finding): void =>
  void f.step(text('d-windows-update', {})).step(text('d-disk-health', {}), HEALTH).step(text('d-disk-scan', {}), 'chkdsk C: /scan');
const systemPart = (f: Finding): void =>
  void f.step(text('d-system', {}), 'DISM /Online /Cleanup-Image /RestoreHealth').step(text('d-foreign', {})).step(text('d-mem-test', {}), 'mdsched.exe');
const lostProcess = (f: Finding): void =>
  void f.step(text('d-disk-health', {}), HEALTH).step(text('d-system', {}), 'DISM /Online /Cleanup-Image /RestoreHealth');

const BY_CODE: Readonly<Record<number, Advise>> = {
  0x7b: (_c, f) => void f.step(text('d-boot-order', {})).step(text('d-winre', {})),
  0xed: (_c, f) => void f.step(text('d-boot-order', {})).step(text('d-winre', {}), 'chkdsk C: /r'),
  0xa0: (_c, f) => void f.step(text('d-hiber', {}), 'powercfg /h off'),
  0x133: (_c, f) => void (f.headline.id === 'h-dpc-windows' ? windowsBusy(f) : f.step(text('d-dpc-drivers', {})).step(text('d-ssd-firmware', {}))),
  0x9f: (_c, f) => void f.step(text('d-fast-startup', {}), 'powercfg /h off'),
  0xc000021a: (_c, f) => void f.step(text('d-winre', {})),
  0xef: (_c, f) => void (f.explanation.some((one) => one.id === 'x-fast-fail') ? systemPart(f) : lostProcess(f)),
  0x74: (_c, f) => void f.step(text('d-winre', {})),
};

export function addSteps(c: Case, f: Finding): void {
  if (f.cause === 'live-dump' || f.cause === 'manual') {
    BY_CAUSE[f.cause](c, f);
    return;
  }
  BY_CODE[c.code]?.(c, f);
  if (f.rule === 'whea' && f.culprit?.part === 'device') {
    f.step(text('d-pcie-reseat', {})).step(text('d-firmware-update', {})).step(text('d-collect', {}));
    return;
  }
  const part = f.culprit?.part;
  if (f.cause === 'driver-bug' && f.culprit?.module !== undefined) driver(c, f);
  else if (part !== undefined) BY_PART[part](c, f);
  else if (!c.kernel && f.cause !== 'hang' && f.cause !== 'memory-corruption') application(c, f);
  else BY_CAUSE[f.cause](c, f);
}

/** What a bigger dump would show, a code at a time (playbook of dump kinds). */
const BIGGER: Readonly<Record<number, string>> = {
  0x9f: 'every driver of the device and the waiting threads',
  0x101: 'what the silent processor was doing',
  0x133: 'the samples of what took the time',
  0x19: 'the neighbouring pool blocks',
  0xc2: 'the pool block and its neighbours',
  0xc5: 'the pool lists',
  0x13a: 'the heap block and its neighbours',
  0x139: 'the damaged object and its owner',
  0x109: 'the changed bytes',
  0x10d: 'the framework’s own log of the driver',
  0xef: 'the process and the thread that ended it',
  0xf4: 'the process and the thread that ended it',
  0x1c8: 'all threads and what they wait for',
  0x50: 'the page tables of the address',
  0x1a: 'the page tables around the address',
};
/** Where the user side decides. */
const WIDER: Readonly<Record<number, string>> = {
  0xef: 'the memory of the program that ended',
  0xf4: 'the memory of the program that ended',
  0xc000021a: 'the memory of the part that ended',
};
const REPEATS: ReadonlySet<string> = new Set(['hardware', 'memory-corruption', 'not-known', 'driver-bug', 'firmware']);

const BY_PART_SETTLES: Partial<Readonly<Record<Part, 's-memtest' | 's-smart' | 's-live-watchdog'>>> = {
  ram: 's-memtest',
  disk: 's-smart',
  gpu: 's-live-watchdog',
};
const NAMES_HELP: ReadonlySet<string> = new Set(['driver-bug', 'not-known', 'application-bug', 'memory-corruption', 'hang']);

export function addSettlers(c: Case, f: Finding): void {
  if (f.cause === 'manual' || f.cause === 'live-dump') return;
  biggerDumps(c, f);
  const part = f.culprit?.part;
  const byPart = part === undefined ? undefined : BY_PART_SETTLES[part];
  if (byPart !== undefined) f.settle(byPart, {});
  if (c.kernel) kernelSettlers(f);
  else if (f.cause === 'hardware') f.settle('s-several', {});
  namesMissing(c, f);
}

function biggerDumps(c: Case, f: Finding): void {
  const bigger = BIGGER[c.code];
  const sampled = f.headline.id === 'h-dpc-windows' || f.headline.id === 'h-dpc-driver';
  if (c.target.kind === 'kernel-triage' && bigger !== undefined && !sampled) f.settle('s-kernel-dump', { what: bigger });
  const wider = WIDER[c.code];
  if (wider !== undefined) f.settle('s-full-dump', { what: wider });
  if (!c.kernel && f.cause === 'hang') f.settle('s-full-user', { what: 'what every thread waits for' });
}

function kernelSettlers(f: Finding): void {
  if (f.cause === 'storage' || f.rule === 'whea') f.settle('s-event-log', {});
  if (f.sureness !== 'certain' && REPEATS.has(f.cause)) f.settle('s-several', {});
  if (f.cause === 'memory-corruption') f.settle('s-verifier', {});
}

function namesMissing(c: Case, f: Finding): void {
  if (f.sureness === 'certain' || !NAMES_HELP.has(f.cause)) return;
  const nameless = c.actors.filter((actor) => actor.trusted && !actor.frame.symbol.ok).map((actor) => imageOf(actor.module));
  const modules = [...new Set(nameless)].slice(0, 4).join(', ');
  if (modules !== '') f.settle('s-symbols', { modules });
}
