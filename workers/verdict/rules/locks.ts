/** An application that does not answer: which threads wait for which, over critical sections. */
import { hex } from '../../base/hex.ts';
import { imageOf } from '../actors.ts';
import type { Case } from '../case.ts';
import { ipOf } from '../fault.ts';
import type { Finding } from '../finding.ts';
import type { ThreadInfo } from '../../target/target.ts';
import { findBlocker, findCircle, findLockWaits, type LockWait } from '../waits.ts';
import { text } from '../words.ts';

const SHOWN = 6;

function showWait(f: Finding, wait: LockWait): void {
  const { waiter, owner, section, waiters } = wait;
  const args = {
    waiter: String(waiter.index),
    waiterId: hex(waiter.id),
    owner: String(owner.index),
    ownerId: hex(owner.id),
    section: hex(section),
    count: String(waiters),
  };
  f.show(text('e-lock-wait', args), `dps ${hex(section)} L3`, { weighs: 'decides', how: 'derived' });
}

/** A circle of waits is a deadlock; else the owner at the end of the waits is shown. */
export function showLocks(c: Case, f: Finding, app: string): void {
  const waits = findLockWaits(c.target);
  const circle = findCircle(waits);
  const blocker = findBlocker(waits);
  for (const wait of (circle.length > 0 ? circle : waits).slice(0, SHOWN)) showWait(f, wait);
  if (circle.length > 0) {
    f.head('h-app-deadlock', { app, count: String(circle.length) }).judge('hang', 'likely');
    return;
  }
  if (!blocker) return;
  showOwner(c, f, blocker);
  const count = String(waits.filter((wait) => wait.owner === blocker).length);
  f.head('h-app-blocked', { app, count, owner: String(blocker.index) }).judge('hang', 'likely');
}

function showOwner(c: Case, f: Finding, owner: ThreadInfo): void {
  const ip = owner.context.ok ? ipOf(owner.context.value.registers, c.target.arch) : undefined;
  const place = ip === undefined ? undefined : c.target.modules.find(ip);
  if (place) f.show(text('e-owner-at', { owner: String(owner.index), place: `${imageOf(place.module)}+${hex(place.rva)}` }), '~', { weighs: 'for' });
}
