/**
 * WinDbg's FAILURE_BUCKET_ID, by the rules read off its published outputs: a problem part, then module!function without offset.
 * The signature is ours: code, module and place, stable over builds of Windows where a driver is concerned.
 */
import { hex } from '../base/hex.ts';
import type { Case } from './case.ts';
import type { Finding } from './finding.ts';
import { hasSubCode, kernelBucket } from './kernelbucket.ts';
import { userBucket } from './userbucket.ts';

export const bucketOf = (c: Case, f: Finding): string => (c.kernel ? kernelBucket(c, f) : userBucket(c));

/** How the address was bad, as a word that stays the same from crash to crash. */
function addressClass(c: Case): string {
  return c.fault.address === undefined ? '' : `/${c.classify(c.fault.address).kind}`;
}

/** "7e/c0000005/rtkvhd64.sys+5d28/user": equal for equal faults of the same driver build. */
export function signatureOf(c: Case, f: Finding): string {
  const head = c.kernel ? c.code.toString(16) : `user/${(c.target.exception?.code ?? 0).toString(16)}`;
  const status = c.kernel && c.fault.status !== undefined ? `/${c.fault.status.toString(16)}` : '';
  const sub = hasSubCode(c.code) ? `/${c.params[0].toString(16)}` : '';
  const { place } = f;
  const where = place ? `${place.module.toLowerCase()}${place.symbol === undefined ? `+${hex(place.offset).slice(2)}` : `!${place.symbol}`}` : 'no-place';
  return `${head}${status}${sub}/${where}${addressClass(c)}`;
}
