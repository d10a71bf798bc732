/** A reason as one line, for the detail of a problem. The page words reasons itself; this is for a status's small print. */
import type { MissingReason } from '../../base/found.ts';

export function reasonText(reason: MissingReason): string {
  if (reason.why === 'not-valid') return `${reason.what}: ${reason.got}, wanted ${reason.wanted}`;
  if (reason.why === 'outside-file') return `ends at ${reason.fileSize} of ${reason.at + reason.length} bytes`;
  if (reason.why === 'all-failed') return reason.attempts.slice(0, 4).map(reasonText).join('; ');
  return JSON.stringify(reason, (_key, value: unknown) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value));
}
