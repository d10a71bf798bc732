import { expect, test } from 'vitest';
import { crash } from '../../workers/testing/node/madefacts.ts';
import { DriverPool } from './driverpool.ts';

test('a thousand dumps of one PC hold each driver once, and an updated one beside it', () => {
  const pool = new DriverPool();
  const copy = (): ReturnType<typeof crash> => structuredClone(crash());
  const shared = Array.from({ length: 1000 }, () => pool.share(copy()));
  expect(pool.size).toBe(40);
  expect(new Set(shared.flatMap(({ drivers }) => drivers)).size).toBe(40);
  expect(shared[999]).toEqual({ ...crash(), id: shared[999]?.id, file: shared[999]?.file, verdict: shared[999]?.verdict });
  const updated = copy();
  pool.share({ ...updated, drivers: updated.drivers.map((one) => (one.name === 'a0.sys' ? { ...one, timestamp: 1 } : one)) });
  expect(pool.size).toBe(41);
});
