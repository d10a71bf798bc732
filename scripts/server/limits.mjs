/** What the proxy allows at most. An operator's options override single values. */
export const LIMITS = {
  /** Of one body; the largest public PDBs of browsers stay below it. */
  maxBytes: 1024 * 1024 * 1024,
  /** From asking upstream to its headers, a redirect included. Microsoft's server was seen to take 2 to 3 s. */
  headerMs: 30_000,
  /** Without a byte. */
  idleMs: 30_000,
  /** One answer in all. */
  totalMs: 30 * 60_000,
  /** Requests to upstream at the same time, over all visitors. */
  parallel: 48,
  redirects: 5,
};
