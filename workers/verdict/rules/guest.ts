/** In a virtual machine the host stands between Windows and the hardware that seems to have failed. */
import type { Case } from '../case.ts';
import type { Finding } from '../finding.ts';
import { virtualMachine } from '../guests.ts';
import { text } from '../words.ts';

/** Of a judgement on hardware: in a guest it is a possibility, and the host the rival. */
export function weakenInGuest(c: Case, f: Finding): void {
  const vm = virtualMachine(c);
  if (vm === undefined) return;
  f.oppose('a-guest', { vm }).rival({}, text('r-hypervisor', {})).weaken();
}
