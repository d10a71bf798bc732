import { expect, test } from 'vitest';
import { crash, DAY, FIRST_DAY } from '../../testing/node/madefacts.ts';
import { builtMs, changeWords, compareDrivers, driverHistory, freshDrivers } from './drivers.ts';

const with_ = (drivers: Parameters<typeof crash>[0]) => crash(drivers);

test('added, removed, changed; copies for the dump and what only one side tells are left out', () => {
  const from = with_({
    drivers: [
      { name: 'kept.sys', timestamp: 1 },
      { name: 'gone.sys', timestamp: 1 },
      { name: 'Changed.sys', timestamp: 1 },
      { name: 'msnew.sys', timestamp: 1, maker: 'Microsoft' },
      { name: 'untold.sys' },
      { name: 'dump_x.sys' },
    ],
  });
  const to = with_({
    drivers: [
      { name: 'kept.sys', timestamp: 1 },
      { name: 'changed.sys', timestamp: 2 },
      { name: 'came.sys' },
      { name: 'msnew.sys', timestamp: 2, maker: 'Microsoft' },
      { name: 'untold.sys', timestamp: 7 },
    ],
  });
  const { changes, unchanged } = compareDrivers(from, to);
  expect(changes.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['changed changed.sys', 'added came.sys', 'removed gone.sys', 'changed msnew.sys']);
  expect(unchanged).toBe(2);
});

test('a driver built in the month before the first crash was installed since; hashes and Microsoft’s are passed over', () => {
  const seconds = (daysBefore: number) => (FIRST_DAY - daysBefore * DAY) / 1000;
  const first = with_({
    drivers: [
      { name: 'old.sys', timestamp: seconds(31) },
      { name: 'new.sys', timestamp: seconds(2) },
      { name: 'ms.sys', timestamp: seconds(2), maker: 'Microsoft' },
      { name: 'hash.sys', timestamp: 0xf000_0000 },
      { name: 'untold.sys' },
    ],
  });
  expect(freshDrivers(first).map(({ driver, days }) => [driver.name, days])).toEqual([['new.sys', 2]]);
  expect(builtMs({ name: 'x', timestamp: 0xf000_0000 }, first)).toBeUndefined();
});

test('the history tells between which dumps other makers’ drivers changed, and is silent where none did', () => {
  const drivers = (stamp: number, ms: number) => [
    { name: 'gpu.sys', timestamp: stamp },
    { name: 'ms.sys', timestamp: ms, maker: 'Microsoft' },
  ];
  // 2024-08-14 and 2024-10-15 as `date -u -d @…` says.
  const dumps = [crash({ drivers: drivers(1_723_593_600, 1) }), crash({ drivers: drivers(1_723_593_600, 2) }), crash({ drivers: drivers(1_728_950_400, 2) })];
  const history = driverHistory(dumps);
  expect(history.map(({ from, to }) => [from.id, to.id])).toEqual([[dumps[1]?.id, dumps[2]?.id]]);
  expect(history.flatMap((diff) => diff.changes.map((change) => changeWords(change, diff)))).toEqual(['gpu.sys 2024-08-14 to 2024-10-15']);
});
