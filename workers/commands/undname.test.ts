import { describe, expect, it } from 'vitest';
import { sampleSession } from '../testing/node/sessions.ts';
import { consoleOf } from '../testing/node/handmade.ts';

describe('undname', () => {
  const session = consoleOf(sampleSession());
  it('writes the declaration and the short name', () => {
    // Read by hand from the published codes: Q public, E a 64-bit `this`, A plain, A __cdecl, X void.
    expect(session.run('undname ?Run@CWorker@@QEAAXXZ')).toEqual(['public: void __cdecl CWorker::Run(void)', 'CWorker::Run']);
  });
  it('writes a Rust name with what tells it from others, and without', () => {
    // The name and its number: doc.rust-lang.org/rustc/symbol-mangling/v0.html, "Crate root".
    expect(session.run('undname _RNvCs15kBYyAo9fc_7mycrate7example')).toEqual(['mycrate[ca63f166dbe9294]::example', 'mycrate::example']);
  });
  it.each(['_RNvC7mycrate', '_ZN15google_breakpad11scoped_ptr_E', 'KeBugCheckEx', '?', '?Run@CWorker@@', ''])('refuses %s', (name) => {
    expect(session.answer(`undname ${name}`)).toMatchObject({ ok: false, problem: { code: 'BAD_ARGUMENT' } });
  });
});
