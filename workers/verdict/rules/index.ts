/** Base code → rule. A code that is not here gets the generic reading; a vendor's code its caller. */
import type { Case } from '../case.ts';
import { nonPaged, noExecute, poolTouched, raisedIrql, readOnlyWrite, specialPoolFault } from './access.ts';
import { callerBrokeRule, lockedPages } from './callers.ts';
import { completedTwice, leftBehind, usb } from './devices.ts';
import { trap, unhandled } from './exception.ts';
import { graphics, liveTdr, stuckThread, tdr } from './graphics.ts';
import { clockWatchdog, firmware, oldMachineCheck, patchGuard, platform, whea } from './hardware.ts';
import { corruptedPage, memoryManagement, pageFrames, storeException } from './memory.ts';
import { badCaller, badHeader, kernelHeap, otherPool, specialPool } from './pool.ts';
import { dpcWatchdog, internalPower, pnpWatchdog, powerState } from './power.ts';
import { byHand, criticalProcess, generic, live, noStop, vendorCode, winlogon } from './process.ts';
import type { Rule } from './rule.ts';
import { cookie, reference, securityCheck, syscallIrql } from './security.ts';
import { bootDevice, fileSystem, inPage, registry } from './storage.ts';
import { userMode } from './user.ts';
import { dma, verifier, wdf } from './verifier.ts';

type Row = readonly [name: string, rule: Rule, ...codes: number[]];

const ROWS: readonly Row[] = [
  ['raised-irql', raisedIrql, 0x0a, 0xd1, 0xd3],
  ['nonpaged-fault', nonPaged, 0x50],
  ['special-pool-fault', specialPoolFault, 0xcc, 0xcd, 0xd5, 0xd6],
  ['readonly-write', readOnlyWrite, 0xbe],
  ['no-execute', noExecute, 0xfc],
  ['unhandled-exception', unhandled, 0x1e, 0x3b, 0x7e, 0x8e, 0x135],
  ['processor-trap', trap, 0x7f],
  ['stack-cookie', cookie, 0xf7],
  ['security-check', securityCheck, 0x139],
  ['syscall-irql', syscallIrql, 0x4a],
  ['reference-count', reference, 0x18],
  ['pool-header', badHeader, 0x19],
  ['pool-caller', badCaller, 0xc2],
  ['pool-touched', poolTouched, 0xc5],
  ['special-pool', specialPool, 0xc1],
  ['kernel-heap', kernelHeap, 0x13a],
  ['other-pool', otherPool, 0xde, 0xd0],
  ['memory-management', memoryManagement, 0x1a],
  ['page-frames', pageFrames, 0x4e],
  ['corrupted-page', corruptedPage, 0x12b, 0x1c7, 0x191],
  ['store-exception', storeException, 0x154],
  ['caller-broke-rule', callerBrokeRule, 0xda, 0x20, 0x1c6, 0xd8, 0x76, 0xca, 0xe3, 0x162, 0x192, 0xe4],
  ['locked-pages', lockedPages, 0xcb],
  ['verifier', verifier, 0xc4, 0xc9, 0xc6],
  ['dma', dma, 0xe6],
  ['wdf', wdf, 0x10d],
  ['in-page', inPage, 0x7a, 0x77],
  ['boot-device', bootDevice, 0x7b, 0xed],
  ['file-system', fileSystem, 0x24, 0x23, 0x27, 0x34, 0x12c, 0x149],
  ['registry', registry, 0x51, 0x67, 0x74],
  ['completed-twice', completedTwice, 0x44],
  ['left-behind', leftBehind, 0xce, 0xd4],
  ['whea', whea, 0x124, 0x122],
  ['machine-check', oldMachineCheck, 0x9c],
  ['clock-watchdog', clockWatchdog, 0x101],
  ['platform', platform, 0x1ca, 0x1db, 0x1cf, 0x20001, 0x18b],
  ['firmware', firmware, 0xa5, 0x5c],
  ['patchguard', patchGuard, 0x109],
  ['power-state', powerState, 0x9f],
  ['pnp-watchdog', pnpWatchdog, 0x1d5],
  ['internal-power', internalPower, 0xa0],
  ['dpc-watchdog', dpcWatchdog, 0x133],
  ['tdr', tdr, 0x116],
  ['tdr-live', liveTdr, 0x117, 0x141],
  ['display-stuck', stuckThread, 0xea],
  ['graphics', graphics, 0x119, 0x10e, 0x113, 0x1e4, 0x114],
  ['usb', usb, 0xfe, 0x144],
  ['critical-process', criticalProcess, 0xef, 0xf4],
  ['winlogon', winlogon, 0xc000021a],
  ['by-hand', byHand, 0xe2, 0xdeaddead, 0x161, 0x1c8, 0x5454414d],
];

/** The codes of each rule; those that no code of its own calls have none. */
export const RULE_CODES: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...ROWS.map(([name, , ...codes]) => [name, codes] as const),
  ...['live', 'generic', 'vendor-code', 'no-stop', 'user-mode'].map((name) => [name, []] as const),
]);

export interface NamedRule {
  readonly name: string;
  readonly rule: Rule;
}
const RULES = new Map<number, NamedRule>(ROWS.flatMap(([name, rule, ...codes]) => codes.map((code) => [code, { name, rule }] as const)));

/** A live report, by its code or by the header. 0x124 and 0x144 exist as both. */
export function isLive(c: Case): boolean {
  if (c.entry?.liveDump === true) return true;
  return c.kernel && c.target.live.ok && c.target.live.value && c.code !== 0;
}

export function ruleFor(c: Case): NamedRule {
  if (!c.kernel) return { name: 'user-mode', rule: userMode };
  if (c.code === 0) return { name: 'no-stop', rule: noStop };
  const own = RULES.get(c.code);
  if (isLive(c) && own?.name !== 'tdr-live' && own?.name !== 'by-hand') return { name: 'live', rule: live };
  if (own) return own;
  return c.entry ? { name: 'generic', rule: generic } : { name: 'vendor-code', rule: vendorCode };
}
