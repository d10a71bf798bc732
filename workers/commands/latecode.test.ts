/** Code that cannot be fetched: the answer says why, and the next use tries again. */
import { describe, expect, it } from 'vitest';
import { drive } from '../base/job.ts';
import { LateCode } from './latecode.ts';

describe('code that is fetched late', () => {
  it('and cannot be: no connection, with the words of the failure; the next use has it', async () => {
    let tries = 0;
    const code = new LateCode('!example', () => (tries++ === 0 ? Promise.reject(new TypeError('Failed to fetch module')) : Promise.resolve('here')));
    expect(await drive(code.use())).toEqual({
      done: true,
      value: { ok: false, problem: { code: 'OFFLINE', detail: 'the code of !example could not be loaded: Failed to fetch module' } },
    });
    expect(await drive(code.use())).toEqual({ done: true, value: { ok: true, value: 'here' } });
  });
  it('and fails as it starts: a defect', async () => {
    const code = new LateCode('!example', () => Promise.reject(new ReferenceError('x is not defined')));
    expect(await drive(code.use())).toMatchObject({
      value: { ok: false, problem: { code: 'DEFECT', detail: expect.stringMatching(/x is not defined$/) as string } },
    });
  });
});
