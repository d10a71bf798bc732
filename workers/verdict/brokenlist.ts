/**
 * A doubly linked list whose links disagree: LIST_ENTRY is Flink +0, Blink +8 (ntdef.h), and Flink.Blink and Blink.Flink must both be
 * the entry. The check that failed had the entry and its neighbours in registers.
 */
import { type Va, va } from '../base/address.ts';
import type { AddressSpace } from '../memory/space.ts';
import { onlyBit } from './address.ts';
import type { Case } from './case.ts';

export interface BrokenList {
  readonly register: string;
  readonly entry: Va;
  /** 'removed-twice': the neighbours point at each other, past the entry. 'overwritten': one neighbour's link is something else. */
  readonly kind: 'removed-twice' | 'overwritten';
  /** The neighbour whose link is wrong, where that link lies, and what it holds. */
  readonly neighbour: Va;
  readonly link: Va;
  readonly found: bigint;
  /** The wrong link differs from the entry by this bit alone. */
  readonly bit?: number;
}

const BLINK = 8n;

interface Links {
  readonly flink: Va;
  readonly blink: Va;
}
function linksOf(memory: AddressSpace, at: bigint): Links | undefined {
  const flink = memory.pointer(va(at));
  const blink = memory.pointer(va(at + BLINK));
  return flink.ok && blink.ok ? { flink: flink.value, blink: blink.value } : undefined;
}

export function findBrokenList(c: Case): BrokenList | undefined {
  const { registers, unknown } = c.fault;
  const { memory } = c.target;
  if (!registers || memory.pointerSize !== 8) return undefined;
  for (const [register, value] of Object.entries(registers)) {
    if (unknown.includes(register) || !isEntryAddress(value)) continue;
    const broken = brokenAt(memory, value);
    if (broken) return { register, entry: va(value), ...broken };
  }
  return undefined;
}

const isEntryAddress = (value: bigint): boolean => value >> 47n === 0x1ffffn && value % 8n === 0n;

function brokenAt(memory: AddressSpace, entry: bigint): Omit<BrokenList, 'register' | 'entry'> | undefined {
  const own = linksOf(memory, entry);
  if (!own || !isEntryAddress(own.flink) || !isEntryAddress(own.blink)) return undefined;
  const back = memory.pointer(va(own.flink + BLINK));
  const forth = memory.pointer(own.blink);
  if (!back.ok || !forth.ok) return undefined;
  const goodBack = back.value === entry;
  const goodForth = forth.value === entry;
  if (goodBack === goodForth) {
    const past = !goodBack && own.flink !== own.blink && back.value === own.blink && forth.value === own.flink;
    return past ? { kind: 'removed-twice', neighbour: own.flink, link: va(own.flink + BLINK), found: back.value } : undefined;
  }
  // One side is whole, so this is a list entry, and the other side is what was damaged.
  const wrong = goodBack ? forth.value : back.value;
  const bit = onlyBit(wrong ^ entry);
  const damaged = goodBack ? own.blink : own.flink;
  return { kind: 'overwritten', neighbour: damaged, link: goodBack ? damaged : va(damaged + BLINK), found: wrong, ...(bit === undefined ? {} : { bit }) };
}
