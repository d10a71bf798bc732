/** `x` in the layout of published WinDbg texts. */
import { describe, expect, it } from 'vitest';
import { found, missing } from '../base/found.ts';
import { driveSync } from '../base/job.ts';
import { ArraySource } from '../bytes/source.ts';
import { openPdb } from '../formats/pdb/pdb.ts';
import { openLines } from '../symbols/lines.ts';
import { packFromPdb } from '../symbols/pack/frompdb.ts';
import { PackTable } from '../symbols/pack/table.ts';
import { NO_SYMBOLS, type SymbolProvider } from '../symbols/provider.ts';
import { createSession } from '../target/session.ts';
import { corpusBytes, hasCorpus } from '../testing/node/corpus.ts';
import { sessionOfBytes } from '../testing/node/corpussession.ts';
import { handmade } from '../testing/node/handmade.ts';
import { runCommand } from './run.ts';
import { formatNodes, type SymbolControl } from './spec.ts';
import { SPECS } from './specs.ts';

describe('x', () => {
  const made = handmade({
    modules: [{ name: 'nt', base: 'fffff803`52800000', end: 'fffff803`53800000' }],
    names: {
      'fffff803`52bd46ac': 'nt!MmCreateTeb',
      'fffff803`52c5733c': 'nt!MmCreatePeb',
      'fffff803`528ecfb8': 'nt!MmCreateMdl',
      'fffff803`52000000': 'nt!Other',
    },
  });

  it('lists names and addresses as WinDbg does', () => {
    // A published `x nt!MmCreate*`, its first three lines, here by address and by name.
    expect(made.run('x /a nt!MmCreate*')).toEqual([
      'fffff803`528ecfb8 nt!MmCreateMdl (MmCreateMdl)',
      'fffff803`52bd46ac nt!MmCreateTeb (MmCreateTeb)',
      'fffff803`52c5733c nt!MmCreatePeb (MmCreatePeb)',
    ]);
    expect(made.run('x /n nt!mmcreate?eb').map((line) => line.slice(18))).toEqual(['nt!MmCreatePeb (MmCreatePeb)', 'nt!MmCreateTeb (MmCreateTeb)']);
  });

  it('says what it lacks', () => {
    expect(made.run('x nt!Nothing*')).toEqual(['no symbol matches Nothing*']);
    expect(made.answer('x')).toMatchObject({ ok: false, problem: { code: 'BAD_ARGUMENT' } });
    expect(made.answer('x nowhere!*')).toMatchObject({ ok: false, problem: { detail: 'there is no module nowhere' } });
    expect(handmade({ modules: [{ name: 'nt', base: 'fffff803`52800000', end: 'fffff803`53800000' }] }).run('x nt!Ke*')).toEqual([
      'no symbol matches Ke*; no symbols are here for nt',
    ]);
  });
});

const NO_LINES = missing({ why: 'not-computed' });

describe.skipIf(!hasCorpus)('with a PDB', () => {
  const source = (): ArraySource => new ArraySource(corpusBytes('symbols/pdb/symbolic/windows/crash.pdb'));
  const pdb = hasCorpus ? openPdb(source()) : undefined;
  const pack = hasCorpus ? driveSync(packFromPdb(source())) : undefined;
  const lines = pdb?.ok ? openLines(pdb.value) : NO_LINES;
  const shown = (command: string): string[] => {
    const session = sessionOfBytes(corpusBytes('user/symbolicator-windows.dmp'), 'crash.dmp');
    const symbols: SymbolProvider = {
      ...NO_SYMBOLS,
      pdb: (module) => (module.name === 'crash' && pdb ? pdb : NO_SYMBOLS.pdb(module)),
      table: (module) => (module.name === 'crash' && pack?.ok ? found(new PackTable(pack.value, () => lines)) : NO_SYMBOLS.table(module)),
    };
    const made = createSession({ target: session.target, symbols, decoder: session.decoder, knowledge: session.knowledge });
    const answer = driveSync(runCommand({ session: made, specs: SPECS, symbolControl: {} as SymbolControl }, command));
    return answer.ok ? formatNodes(answer.value).split('\n') : [answer.problem.detail];
  };

  it('ln tells the line before the symbol', () => {
    // llvm-pdbutil: line 34 of crash's main.cpp starts at 0001:1959 (RVA 0x2959), the next line at 0001:1a33.
    const [source, symbol] = shown('ln 002a2960');
    expect(source).toMatch(/\(34\)$/);
    expect(symbol).toMatch(/^\(002a2910\) {3}crash!main\+0x50 {3}\| {2}\(002a[0-9a-f]{4}\) {3}crash!/);
  });

  it('tells functions from data, and data with their types', () => {
    // llvm-pdbutil: main at 0001:6416 (RVA 0x1000 + 0x1910), __security_cookie at 0003:0 of type unsigned; crash.exe at 002a0000.
    expect(shown('x crash!main')).toEqual(['002a2910 crash!main (main)']);
    expect(shown('x /t crash!__security_cookie')[0]).toMatch(/^002a6000 unsigned crash!__security_cookie = \?\?\?\?/);
    expect(shown('x /f crash!__security_c*').map((line) => line.slice(9))).toEqual(['crash!__security_check_cookie (__security_check_cookie)']);
    expect(shown('x /d crash!main')).toEqual(['no symbol matches main']);
  });
});
