const YEAR_1995 = 788_918_400;
const DAY_SECONDS = 86_400;

/** Reproducible builds put a hash where the link time stood; only a date between 1995 and a day after the crash is called a date. */
export function isLinkDate(timestamp: number, crashMs: number | undefined): boolean {
  const newest = crashMs === undefined ? 0xffff_ffff : crashMs / 1000 + DAY_SECONDS;
  return timestamp >= YEAR_1995 && timestamp <= newest;
}
