/** Days and spans as the casebook writes them. */
export const DAY_MS = 86_400_000;

/** "2026-11-26", UTC. */
export const formatDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** "9 hours", "3 days": for gaps between crashes. */
export function formatSpan(ms: number): string {
  const hours = Math.max(1, Math.round(ms / 3_600_000));
  if (hours < 48) return `${String(hours)} ${hours === 1 ? 'hour' : 'hours'}`;
  return `${String(Math.round(hours / 24))} days`;
}
