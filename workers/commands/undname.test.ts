import { describe, expect, it } from 'vitest';
import { sampleSession } from '../testing/node/sessions.ts';
import { consoleOf } from '../testing/node/handmade.ts';

describe('undname', () => {
  const session = consoleOf(sampleSession());
  it('writes the declaration and the short name', () => {
    // Read by hand from the published codes: Q public, E a 64-bit `this`, A plain, A __cdecl, X void.
    expect(session.run('undname ?Run@CWorker@@QEAAXXZ')).toEqual(['public: void __cdecl CWorker::Run(void)', 'CWorker::Run']);
  });
  it.each(['KeBugCheckEx', '?', '?Run@CWorker@@', ''])('refuses %s', (name) => {
    expect(session.answer(`undname ${name}`)).toMatchObject({ ok: false, problem: { code: 'BAD_ARGUMENT' } });
  });
});
