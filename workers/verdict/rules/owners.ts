/** Whose memory a pointer leads to, which links of a list are broken, whom the kernel noted: evidence that many rules use. */
import { hex } from '../../base/hex.ts';
import { fourLetters, withoutProtection } from '../../base/letters.ts';
import type { Module } from '../../modules/module.ts';
import { imageOf } from '../actors.ts';
import { type BrokenList, findBrokenList } from '../brokenlist.ts';
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { findKernelSuspect } from '../kernelsuspect.ts';
import { readMdl } from '../mdl.ts';
import { findPoolBlock, type PoolBlock } from '../poolblock.ts';
import { wdfLogDriver } from '../wdflog.ts';
import { text } from '../words.ts';

/** Who uses a pool tag, by the public list. */
export function tagOwner(c: Case, tag: string): string {
  const known = c.knowledge.poolTag(tag);
  return known === undefined ? 'a tag that is not in the tables' : [known.component, known.description].filter((part) => part).join(': ');
}

/** A tag of four printable characters in the low 32 bits. */
export function showTag(c: Case, f: Finding, value: bigint): void {
  if (value === 0n || value > 0xffff_ffffn) return;
  const tag = fourLetters(withoutProtection(value));
  if (tag === undefined) return;
  f.show(text('e-tag', { tag, owner: tagOwner(c, tag) }), `.formats ${hex(value)}`, { how: 'table' });
}

/**
 * The description of a buffer that was to be unlocked, or only to be used. One that somebody wrote over is the damage itself; true for that.
 * One that is in order and not locked must not be unlocked.
 */
export function showMdl(c: Case, f: Finding, use: { readonly at: bigint; readonly unlock: boolean }): boolean {
  const { at, unlock } = use;
  const mdl = readMdl(c.target.memory, at);
  if (!mdl) return false;
  const unlocked = mdl.sound && unlock && !mdl.locked;
  if (!mdl.sound || unlocked)
    f.show(text(unlocked ? 'e-mdl-unlocked' : 'e-mdl-spoiled', { at: hex(at) }), `dps ${hex(at)} L6`, { weighs: 'decides', how: 'derived' });
  return !mdl.sound;
}

interface Pointer {
  readonly what: string;
  readonly address: bigint | undefined;
}

/** The pool block that holds an address of kernel memory, and the block in front of it where the page's headers tell. */
export function showPoolOwner(c: Case, f: Finding, pointer: Pointer): void {
  const { address } = pointer;
  if (!c.kernel || address === undefined || c.classify(address).kind !== 'kernel') return;
  const block = findPoolBlock(c.target.memory, address, (tag) => c.knowledge.poolTag(tag) !== undefined);
  if (!block) return;
  const { tag } = block;
  const state = block.allocated ? 'in use' : 'free';
  const args = { what: pointer.what, address: hex(address), at: hex(block.at), size: hex(block.sizeBytes), tag, owner: tagOwner(c, tag), state };
  f.show(text('e-pool-block', args), `db ${hex(block.at)} L20`, { how: block.chained ? 'derived' : 'inferred', weighs: 'context' });
}

/** The block in front: what overruns its own end writes into the next header. */
export function showBlockBefore(c: Case, f: Finding, block: PoolBlock): void {
  const { before } = block;
  if (!before) return;
  f.show(text('e-pool-before', { at: hex(before.at), tag: before.tag, owner: tagOwner(c, before.tag) }), `db ${hex(before.at)} L20`, {
    how: 'derived',
    from: ['e-pool-block'],
  });
}

export function showBrokenList(c: Case, f: Finding): BrokenList | undefined {
  const broken = findBrokenList(c);
  if (!broken) return undefined;
  const entry = hex(broken.entry);
  if (broken.kind === 'removed-twice') f.show(text('e-list-twice', { entry }), `dps ${entry} L2`, { how: 'derived', weighs: 'decides' });
  else {
    const args = { entry, neighbour: hex(broken.neighbour), found: hex(broken.found) };
    f.show(text('e-list-link', args), `dps ${hex(broken.link)} L1`, { how: 'derived', weighs: 'decides' });
  }
  if (broken.bit !== undefined) {
    f.show(text('e-list-bit', { entry, found: hex(broken.found), bit: String(broken.bit) }), `.formats ${hex(broken.found)}`, {
      how: 'derived',
      weighs: 'decides',
      from: ['e-list-link'],
    });
  }
  return broken;
}

/** What the kernel itself noted; a part of Windows in that place is the one that was called, not the cause. */
export function showKernelSuspect(c: Case, f: Finding): void {
  const suspect = c.kernel ? findKernelSuspect(c) : undefined;
  if (!suspect) return;
  f.show(text('e-kernel-suspect', { who: c.who(suspect.image) }), suspect.command, { weighs: 'for' });
}

/** Whose log the framework kept: the module, where it is loaded. */
export function showWdfLog(c: Case, f: Finding, weighs: 'decides' | 'context'): Module | undefined {
  const name = wdfLogDriver(c.target);
  const module = name === undefined ? undefined : (c.target.modules.byName(`${name}.sys`) ?? c.target.modules.byName(name));
  if (name === undefined || !module) return undefined;
  f.show(text('e-wdf-log', { who: c.who(imageOf(module)), name }), `lmvm ${module.name}`, { weighs });
  return module;
}

/** A note of Windows names one driver, the stack another. */
export function opposeOther(c: Case, f: Finding, seen: { readonly what: string; readonly image: string; readonly other: string }): void {
  f.oppose('a-two-drivers', { what: seen.what, who: c.who(seen.image), other: c.who(seen.other) });
  f.rival({ module: seen.other }, text('r-driver', { who: c.who(seen.other) }));
}
