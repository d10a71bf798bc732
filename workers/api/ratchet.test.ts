/** Bytes read of each fixture: no more than the ceilings of bench/ratchet.json, which may only fall. */
import { describe, expect, it } from 'vitest';
import { RATCHET_FIXTURES, countBytes, readRatchet } from '../../bench/ratchet.ts';

describe('bytes read until the first facts and the verdict', () => {
  const { bytesRead } = readRatchet();
  it.each(RATCHET_FIXTURES)('%s', async (name, open) => {
    const ceiling = bytesRead[name];
    expect(ceiling).toBeDefined();
    const seen = await countBytes(open());
    expect(seen.facts).toBeGreaterThan(0);
    expect(seen.facts).toBeLessThanOrEqual(ceiling?.facts ?? 0);
    expect(seen.verdict).toBeLessThanOrEqual(ceiling?.verdict ?? 0);
  });
  it('have a ceiling for no fixture that is gone, and none over the budgets', () => {
    expect(Object.keys(bytesRead).sort()).toEqual(RATCHET_FIXTURES.map(([name]) => name).sort());
    for (const { facts, verdict } of Object.values(bytesRead)) {
      expect(facts).toBeLessThanOrEqual(2 * 2 ** 20);
      expect(verdict).toBeLessThanOrEqual(32 * 2 ** 20);
    }
  });
});
