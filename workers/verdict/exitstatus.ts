/**
 * How a process ended: EPROCESS.ExitStatus. KDBG does not tell its offset; these are those of the public layouts (vergiliusproject.com,
 * each range where the builds at both ends agree).
 */
import { type Va, va, vaAdd } from '../base/address.ts';
import type { Target } from '../target/target.ts';

const OFFSETS: readonly (readonly [fromBuild: number, toBuild: number, offset: number])[] = [
  [9600, 9600, 0x5d4],
  [15063, 17763, 0x624],
  [18362, 18363, 0x654],
  [19041, 19045, 0x7d4],
  [22000, 22631, 0x7d4],
];
const STILL_ACTIVE = 0x103;

/** What a critical stop is about: 0xEF P2 is 0 for the process of P1, 1 for a thread; 0xF4 P1 is 3 for the process of P2, 6 for a thread. */
export function criticalObject(code: number, [first, second]: readonly [bigint, bigint, bigint, bigint]): { readonly at: Va; readonly process: boolean } {
  return code === 0xef ? { at: va(first), process: second === 0n } : { at: va(second), process: first === 3n };
}

export interface ExitStatus {
  readonly at: Va;
  readonly status: number;
}

/** Undefined where the object is not in the dump, the layout is not known, or nothing is written there yet. */
export function readExitStatus(target: Target, process: Va): ExitStatus | undefined {
  const { build } = target.os;
  if (target.arch !== 'x64' || !build.ok) return undefined;
  const row = OFFSETS.find(([from, to]) => build.value >= from && build.value <= to);
  if (!row) return undefined;
  const at = vaAdd(process, row[2]);
  const found = target.memory.u32(at);
  return found.ok && found.value !== 0 && found.value !== STILL_ACTIVE ? { at, status: found.value } : undefined;
}
