/** Processes that Windows cannot run without; stops made on purpose; live reports; codes of vendors; unknown codes. */
import { type Va, va, vaAdd } from '../../base/address.ts';
import type { Found } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import { fourLetters } from '../../base/letters.ts';
import { type Actor, imageOf, isGraphics, isKernelImage, isScanned, isThirdParty, placeWords } from '../actors.ts';
import type { Case } from '../case.ts';
import { criticalObject, readExitStatus } from '../exitstatus.ts';
import { ipOf, spOf } from '../fault.ts';
import type { Finding } from '../finding.ts';
import { processTold } from '../processname.ts';
import { text } from '../words.ts';
import { placeOf, showNoSuspect, showSubCode, showSuspect, trustWords } from './evidence.ts';
import { suspect } from './fault.ts';
import { weakenInGuest } from './guest.ts';
import { whea } from './hardware.ts';
import type { Rule } from './rule.ts';
import { judgeStatus, tellsCause } from './storage.ts';
import { verifier } from './verifier.ts';

/** 0xEF, 0xF4. The process in the dump is the crashing one, which in 0xEF is mostly the one that ended. A thread has no such status. */
export function criticalProcess(c: Case, f: Finding): void {
  f.detector = 'ntoskrnl.exe';
  f.say('x-critical', {});
  const object = criticalObject(c.code, c.params);
  const name = processTold(c.target);
  const known = object.process && c.target.process.object === object.at && name.ok ? name.value : undefined;
  if (name.ok) f.show(text('e-process', { process: name.value }), '!analyze -v', { weighs: known === undefined ? 'context' : 'for' });
  const running = name.ok ? `${name.value} (running at that moment)` : 'not readable here';
  f.head('h-process', { name: c.name, process: known ?? (object.process ? running : `a thread of it, ${running}`) }).judge('not-known', 'not-known');
  const exit = object.process ? readExitStatus(c.target, object.at) : undefined;
  const ended = known ?? 'the process of the argument';
  if (known !== undefined) f.show(text('e-own-process', { process: known }), '!analyze -v', { how: 'inferred', weighs: 'context' });
  if (exit) endedWith(c, f, { process: ended, status: exit.status, at: exit.at });
  f.rival({ part: 'disk' }, text('r-disk', {})).rival({ part: 'ram' }, text('r-ram', {}));
  f.rival({}, known === undefined ? text('r-killer', {}) : text('r-injected', {}));
}

const FAST_FAIL = 0xc0000409;

/** An error status means that it ended from within; STATUS_IN_PAGE_ERROR that its own file or the page file could not be read. */
function endedWith(c: Case, f: Finding, exit: { readonly process: string; readonly status: number; readonly at: bigint }): void {
  const status = c.status(exit.status);
  f.show(text('e-exit-status', { process: exit.process, status }), `dd ${hex(exit.at)} L1`, { weighs: 'decides' });
  if (exit.status >>> 30 !== 3) return;
  f.head('h-process-status', { name: c.name, process: exit.process, status });
  if (exit.status === FAST_FAIL) f.say('x-fast-fail', { status });
  if (exit.status !== 0xc0000006) return;
  f.judge('storage', 'likely').blame(undefined, 'disk');
  weakenInGuest(c, f);
}

/** 0xC000021A: P2 the status that the part of Windows ended with. */
export function winlogon(c: Case, f: Finding): void {
  const ended = Number(c.params[1] & 0xffff_ffffn);
  if (tellsCause(ended)) {
    judgeStatus(c, f, ended, 2);
    return;
  }
  const status = c.status(c.params[1]);
  f.show(text('e-status', { status, index: '2' }), `!error ${hex(c.params[1] & 0xffff_ffffn)}`, { weighs: 'decides' });
  f.head('h-winlogon', { name: c.name, what: status })
    .judge('not-known', 'not-known')
    .rival({ part: 'disk' }, text('r-disk', {}))
    .rival({ part: 'ram' }, text('r-ram', {}));
}

/** 'MATT': the code that the Comae and MoonSols tools write where no stop happened. */
const MEMORY_TOOL = 0x5454414d;
const KEYBOARD = 0xe2;
const BY_HAND: Readonly<Record<number, string>> = {
  0xe2: 'keys pressed on the keyboard',
  0xdeaddead: 'asked for by a debugger or tool',
  0x161: 'asked for in the running system',
};

/** 0xE2, 0xDEADDEAD, 0x161, 0x1C8. */
export function byHand(c: Case, f: Finding): void {
  if (c.code === 0x1c8) {
    const held = c.params[0] !== 0n;
    f.head('h-manual-hang', { name: c.name, time: `${(Number(c.params[0]) / 1000).toFixed(1)} seconds` }).judge('manual', held ? 'certain' : 'likely');
    if (!held) f.oppose('a-no-hold', {});
    f.detector = 'ntoskrnl.exe';
    f.say('x-look-stuck', {}).show(
      text('e-subcode', { meaning: 'the time, in milliseconds, that the button was held', index: '1', value: hex(c.params[0]) }),
      '.bugcheck',
      { how: 'table', weighs: 'decides' },
    );
    return;
  }
  if (c.code === MEMORY_TOOL) {
    const mark = [BigInt(c.code), ...c.params].map((value) => fourLetters(value) ?? hex(value)).join(' ');
    f.show(text('e-tool-mark', { mark }), '.bugcheck', { weighs: 'decides', how: 'derived' });
    f.head('h-tool', { what: 'written by a memory tool' }).judge('manual', 'certain').say('x-tool', {});
    return;
  }
  const asker = c.code === KEYBOARD ? callerOfBugCheck(c) : undefined;
  if (asker?.thirdParty && asker.index === 1) {
    askedByDriver(c, f, asker);
    return;
  }
  f.head('h-manual', { name: c.name, what: BY_HAND[c.code] ?? 'asked for' })
    .judge('manual', 'certain')
    .say('x-on-purpose', {});
}

/** The keys' own code comes from Windows' drivers of the keyboard; from another it is that driver's wish. */
function askedByDriver(c: Case, f: Finding, asker: Actor): void {
  const image = imageOf(asker.module);
  f.show(text('e-caller', { who: c.who(image), place: placeWords(asker), trust: trustWords(asker) }), 'k', { weighs: 'decides' });
  placeOf(f, asker);
  f.head('h-manual', { name: c.name, what: `asked for by ${c.who(image)}` })
    .judge('manual', 'likely')
    .blame(image);
  f.detector = image;
}

/** Live codes whose evidence is the same as that of a stop: the hardware's record, the driver that Verifier caught. */
const LIVE_EVIDENCE = new Map<number, Rule>([
  [0x124, whea],
  [0x1c4, verifier],
]);

/** Live codes: the machine went on. */
export function live(c: Case, f: Finding): void {
  const meaning = showSubCode(c, f, 1) ?? c.entry?.gist ?? 'a part of it took too long';
  LIVE_EVIDENCE.get(c.code)?.(c, f);
  // That the machine went on is certain; who is named is as sure as the evidence.
  const sureness = f.culprit ? f.sureness : 'certain';
  f.say('x-live', {});
  f.head('h-live', { name: c.name, what: meaning }).judge('live-dump', sureness);
  notedAsStop(c, f);
  for (const actor of c.suspects.slice(0, 1)) {
    showSuspect(f, c, actor, 'context');
    f.rival({ module: imageOf(actor.module) }, text('r-driver', { who: c.who(imageOf(actor.module)) }));
  }
}

/** A report is written without KeBugCheckEx: where the kernel noted its code and the registers stand in that routine, the machine did not go on. */
function notedAsStop(c: Case, f: Finding): void {
  const noted = c.target.kind === 'kernel-triage' || stopsIn(c) === undefined ? undefined : notedStop(c);
  if (noted === undefined || noted.code !== c.target.bugCheck?.code) return;
  f.oppose('a-noted-stop', { at: hex(noted.at) });
  if (f.sureness === 'certain') f.sureness = 'likely';
}

const KEBUGCHECKEX_START: readonly number[] = [0x48, 0x89, 0x4c, 0x24, 0x08];

/** Stack pointer of a context that stands at KeBugCheckEx' first instruction, where the code there can be read (mov [rsp+8],rcx on x64). */
function atBugCheck(c: Case): Va | undefined {
  const context = c.target.headerContext.ok ? c.target.headerContext.value : undefined;
  const ip = context && ipOf(context.registers, c.target.arch);
  if (!context || ip === undefined || c.target.arch !== 'x64') return undefined;
  const { bytes } = c.session.memory.read(ip, KEBUGCHECKEX_START.length);
  return KEBUGCHECKEX_START.every((byte, index) => bytes[index] === byte) ? spOf(context.registers, c.target.arch) : undefined;
}

/** The routine of a stop that the registers stand in, by its code or its name. */
function stopsIn(c: Case): string | undefined {
  if (atBugCheck(c) !== undefined) return 'KeBugCheckEx';
  const symbol = c.actors[0]?.frame.symbol;
  return symbol?.ok && symbol.value.name.startsWith('KeBugCheck') ? symbol.value.name : undefined;
}

/** Who called KeBugCheckEx: the context of a stop is taken at its first instruction, so the word at rsp is the return address. */
export function callerOfBugCheck(c: Case): Actor | undefined {
  const walked = c.actors.find((actor) => actor.trusted && actor.index > 0 && !isKernelImage(actor.module));
  const sp = atBugCheck(c);
  const caller = sp === undefined ? undefined : c.session.memory.pointer(sp);
  const place = caller?.ok ? c.target.modules.find(caller.value) : undefined;
  if (sp === undefined || !place || !caller?.ok) return walked;
  const frame = c.stack.frames.find((one) => one.ip === caller.value) ?? {
    ip: caller.value,
    sp: va(sp + 8n),
    trust: 'given' as const,
    place,
    symbol: { ok: false as const, missing: { why: 'no-symbols' as const, module: place.module.name, detail: 'not looked up' } },
    returnAddress: { ok: false as const, missing: { why: 'not-computed' as const } },
    args: [],
    registers: {},
  };
  const driver = c.knowledge.driver(imageOf(place.module));
  return {
    index: 1,
    frame,
    module: place.module,
    offset: BigInt(place.rva),
    ...(driver ? { driver } : {}),
    thirdParty: isThirdParty(place.module, c.session),
    trusted: true,
  };
}

/** A driver's own code: its maker alone knows the meaning, but the caller is plain. */
export function vendorCode(c: Case, f: Finding): void {
  const code = `0x${c.code.toString(16).toUpperCase()}`;
  const caller = callerOfBugCheck(c);
  const actor = caller && caller.thirdParty ? caller : c.suspects[0];
  if (!actor) {
    unknownCode(c, f);
    return;
  }
  const image = imageOf(actor.module);
  // Found by scanning it is who called only where nothing lies between.
  const direct = caller === actor && (actor.index === 1 || !isScanned(actor));
  const display = isGraphics(image);
  f.show(text('e-caller', { who: c.who(image), place: placeWords(actor), trust: trustWords(actor) }), 'k', { weighs: 'decides' });
  placeOf(f, actor);
  f.detector = image;
  f.say('x-vendor', {})
    .head('h-vendor', { who: c.who(image), code, place: placeWords(actor) })
    .judge('driver-bug', direct ? 'likely' : 'possible')
    .blame(image, display ? 'gpu' : undefined);
  f.oppose('a-hardware-could', {}).rival({ part: display ? 'gpu' : 'device' }, text(display ? 'r-gpu' : 'r-hardware', {}));
  if (!direct && isScanned(actor)) f.oppose('a-scan', {});
}

function unknownCode(c: Case, f: Finding): void {
  f.head('h-unknown-code', { code: `0x${c.code.toString(16).toUpperCase()}` });
  showNoSuspect(c, f);
  f.rival({}, text('r-any-driver', {})).rival({ part: 'ram' }, text('r-ram', {}));
}

/** A documented code without a reading of its own: what the table says, who stood there, no more. */
export function generic(c: Case, f: Finding): void {
  showSubCode(c, f, 1);
  f.detector = 'ntoskrnl.exe';
  const near = c.suspects[0] ?? c.subject?.suspects[0];
  if (near) {
    suspect(c, f, near);
    placeOf(f, near);
    return;
  }
  showNoSuspect(c, f);
  f.head('h-unknown', { name: c.name }).rival({}, text('r-any-driver', {})).rival({ part: 'ram' }, text('r-ram', {}));
}

/** No stop at all in it, unless the kernel's own memory says otherwise. */
export function noStop(c: Case, f: Finding): void {
  if (stoppedInMemory(c, f)) return;
  f.show(text('e-no-stop', {}), '.bugcheck', { weighs: 'decides' });
  f.head('h-not-crash', {}).judge('manual', 'likely');
  if (c.target.live.ok && c.target.live.value) f.head('h-tool', { what: c.target.writer.ok ? c.target.writer.value : 'live system' }).say('x-tool', {});
  const routine = stopsIn(c);
  if (routine !== undefined) f.oppose('a-in-bugcheck', { routine }).weaken();
}

interface NotedStop {
  readonly at: Va;
  readonly code: number;
  readonly params: readonly Found<Va>[];
}

/** KiBugcheckData: code and arguments, five words, as KeBugCheckEx notes them before anything is written. */
function notedStop(c: Case): NotedStop | undefined {
  const { memory, kernelPointers } = c.target;
  const at = kernelPointers['KiBugcheckData'];
  if (at === undefined) return undefined;
  const [code, ...params] = [0, 1, 2, 3, 4].map((index) => memory.pointer(vaAdd(at, index * memory.pointerSize)));
  return code?.ok && code.value !== 0n && code.value <= 0xffff_ffffn ? { at, code: Number(code.value), params } : undefined;
}

function stoppedInMemory(c: Case, f: Finding): boolean {
  const noted = notedStop(c);
  if (!noted) return false;
  const name = c.knowledge.bugCheck(noted.code)?.name ?? 'a code of no table';
  const stop = `0x${noted.code.toString(16).toUpperCase()} ${name}`;
  const values = noted.params.map((value) => (value.ok ? hex(value.value) : 'not in the dump')).join(', ');
  f.show(text('e-stop-in-memory', { stop, values }), `dps ${hex(noted.at)} L5`, { weighs: 'decides' });
  f.head('h-stop-in-memory', { stop });
  f.rival({}, text('r-any-driver', {})).rival({ part: 'hardware' }, text('r-hardware', {}));
  return true;
}

/** Sysinternals NotMyFault: a driver whose only work is to crash, and its program. */
export function notMyFault(c: Case): { readonly actor?: Actor; readonly process?: string } | undefined {
  const loaded = c.target.modules.byName('myfault.sys') ?? c.target.modules.byName('myfault');
  if (!loaded) return undefined;
  const actor = c.actors.find((one) => one.trusted && /^myfault\.sys$/i.test(imageOf(one.module)));
  const name = processTold(c.target);
  const process = name.ok && /^notmyfault/i.test(name.value) ? name.value : undefined;
  const atFault = c.fault.place && /^myfault\.sys$/i.test(imageOf(c.fault.place.module));
  return actor || process !== undefined || atFault ? { ...(actor ? { actor } : {}), ...(process === undefined ? {} : { process }) } : undefined;
}
