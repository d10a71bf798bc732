import { expect, it } from 'vitest';
import { driveSync } from '../base/job.ts';
import { fakeSession } from '../testing/node/fakesession.ts';
import { judge } from '../verdict/judge.ts';
import { rangeAt } from '../verdict/case.ts';
import { MEMORY_COMMANDS } from './memory.ts';
import type { CommandContext } from './spec.ts';

const session = fakeSession({ code: 0xd1, params: [8n, 2n, 0n, 0n] });

it('a long listing yields at least every 256 rows', () => {
  for (const [name, count] of [
    ['dps', '1000'],
    ['dq', '2000'],
  ] as const) {
    const spec = MEMORY_COMMANDS.find((one) => one.name === name);
    const job = spec?.run({ session } as CommandContext, `fffff800\`10000000 L${count}`, name);
    if (!job) throw new Error(name);
    let steps = 0;
    while (!job.next().done) steps += 1;
    // 0x1000 rows each.
    expect(steps, name).toBeGreaterThanOrEqual(15);
  }
});

it('a verdict yields between gathering, rule, overlay and advice', () => {
  const job = judge(session);
  let steps = 0;
  while (!job.next().done) steps += 1;
  expect(steps).toBeGreaterThanOrEqual(7);
  expect(driveSync(judge(session)).rule).toBe('raised-irql');
});

it('bisection finds the range that holds an address, and none in a gap', () => {
  const ranges = [10n, 30n, 50n].map((start) => ({ start, size: 10n })) as unknown as Parameters<typeof rangeAt>[0];
  const starts = [9n, 10n, 19n, 20n, 35n, 59n, 60n].map((at) => rangeAt(ranges, at)?.start);
  expect(starts).toEqual([undefined, 10n, 10n, undefined, 30n, 50n, undefined]);
});
