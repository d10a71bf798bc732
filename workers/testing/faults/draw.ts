/** Seeded choices, and addresses as Windows hands them out. */
import { Defect } from '../../base/problem.ts';
import { Random } from '../build/random.ts';

/** FNV-1a (public domain, G. Fowler, L. C. Noll, P. Vo): a stable number for a name. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

export class Draw extends Random {
  chance(probability: number): boolean {
    return this.u32() < probability * 0x1_0000_0000;
  }

  /** An integer in [low, high]. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  pick<T>(list: readonly T[]): T {
    const chosen = list[this.below(list.length)];
    if (chosen === undefined) throw new Defect('nothing to pick from');
    return chosen;
  }

  /** `count` different ones, in random order; fewer where the list is shorter. */
  some<T>(list: readonly T[], count: number): T[] {
    const rest = [...list];
    return Array.from({ length: Math.min(count, list.length) }, () => rest.splice(this.below(rest.length), 1)).flat();
  }

  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }

  /** A block of kernel pool: 16 bytes off a multiple of 16 blocks, as a header before it leaves it. */
  pool(): bigint {
    return 0xffff_8000_0000_0000n + (BigInt(this.between(0x10, 0x6f)) << 40n) + BigInt(this.u32()) * 0x10n + 0x10n;
  }

  /** A page of the processor's page size that a stack ends at. */
  stackTop(): bigint {
    return 0xffff_f000_0000_0000n + (BigInt(this.between(0x10, 0xff)) << 32n) + BigInt(this.between(0x100, 0xffff)) * 0x7000n;
  }

  /** User-mode heap. */
  heap(): bigint {
    return 0x0000_0200_0000_0000n + BigInt(this.u32()) * 0x10n;
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.below(16).toString(16)).join('');
  }

  guid(): string {
    return [8, 4, 4, 4, 12].map((digits) => this.hex(digits)).join('-');
  }
}
