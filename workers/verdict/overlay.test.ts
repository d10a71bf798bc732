/** What is told beside the verdict. */
import { expect, test } from 'vitest';
import { driveSync } from '../base/job.ts';
import { type Fake, fakeSession } from '../testing/node/fakesession.ts';
import { judge } from './judge.ts';
import { say } from './words.ts';

const line = (id: string, fake: Fake): string | undefined => {
  const found = driveSync(judge(fakeSession(fake))).evidence.find((one) => one.says.id === id);
  return found && say(found.says).owner;
};

test.each([
  [0.04, 'It happened less than a second after the start.'],
  [1.5, 'It happened a second after the start.'],
  [45.9, 'It happened 45 seconds after the start.'],
])('a stop %f seconds after the start', (uptime, words) => expect(line('e-boot-soon', { code: 0xa, uptime })).toBe(words));

test('the age of the driver that is blamed, in years', () => {
  const blamed = { code: 0xd1, params: [0x10n, 2n, 0n, 'bad.sys+1000'], modules: ['ntoskrnl.exe', 'bad.sys'], frames: [['bad.sys+1000', 'context']] } as const;
  // The made crash is of 2023-11-14; 2014-07-05 is nine years and four months before.
  expect(line('e-old-driver', { ...blamed, linked: { 'bad.sys': 0x53b75741 } })).toBe('bad.sys was 9 years old at the crash.');
  expect(line('e-old-driver', { ...blamed, linked: { 'bad.sys': 1_690_000_000 } })).toBeUndefined();
});
