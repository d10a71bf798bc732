/** A job that needs a part of the program goes on when that part is there. */
import { expect, it } from 'vitest';
import { type Job, drive } from './job.ts';

it('waits for a part that is loaded at its first use', async () => {
  let loaded = false;
  function* work(): Job<boolean> {
    yield {
      need: 'code',
      loading: Promise.resolve().then(() => {
        loaded = true;
      }),
    };
    return loaded;
  }
  expect(await drive(work())).toEqual({ done: true, value: true });
});
it('fails with the part that cannot be loaded', async () => {
  function* work(): Job<void> {
    yield { need: 'code', loading: Promise.reject(new Error('gone')) };
  }
  await expect(drive(work())).rejects.toThrow('gone');
});
