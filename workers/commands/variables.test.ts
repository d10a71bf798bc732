/** `dv` over a real dump with its PDB; places are computed by hand from the records that llvm-pdbutil lists and the dump's registers. */
import { describe, expect, it } from 'vitest';
import type { Found } from '../base/found.ts';
import { driveSync } from '../base/job.ts';
import { ArraySource } from '../bytes/source.ts';
import { openPdb } from '../formats/pdb/pdb.ts';
import type { Module } from '../modules/module.ts';
import { imageFromFile } from '../symbols/image.ts';
import { NO_SYMBOLS, type SymbolProvider } from '../symbols/provider.ts';
import { createSession } from '../target/session.ts';
import type { Context, Session } from '../target/target.ts';
import { corpusBytes, hasCorpus } from '../testing/node/corpus.ts';
import { sessionOfBytes } from '../testing/node/corpussession.ts';
import { sampleSession } from '../testing/node/sessions.ts';
import { runCommand } from './run.ts';
import { formatNodes, type SymbolControl } from './spec.ts';
import { SPECS } from './specs.ts';

function shown(session: Session, command: string): string[] {
  const answer = driveSync(runCommand({ session, specs: SPECS, symbolControl: {} as SymbolControl }, command));
  return answer.ok ? formatNodes(answer.value).split('\n') : [`${answer.problem.code}: ${answer.problem.detail}`];
}

describe('dv without private symbols', () => {
  it('says what it takes, in WinDbg words, and why it is not there', () => {
    expect(shown(sampleSession(), 'dv')).toEqual(['Private symbols are required for locals.', 'no symbols for examplenic: no PDB was loaded']);
    expect(shown(sampleSession(), 'dv /q')).toEqual(['BAD_ARGUMENT: dv has the options /t, /v and /i, not /q']);
  });
});

describe.skipIf(!hasCorpus)('dv of a crash in main', () => {
  const open = (): Session => {
    const pdb = openPdb(new ArraySource(corpusBytes('symbols/pdb/symbolic/windows/crash.pdb')));
    const symbols: SymbolProvider = { ...NO_SYMBOLS, pdb: (module) => (module.name === 'crash' ? pdb : NO_SYMBOLS.pdb(module)) };
    const session = sessionOfBytes(corpusBytes('user/symbolicator-windows.dmp'), 'crash.dmp');
    return createSession({ target: session.target, symbols, decoder: session.decoder, knowledge: session.knowledge });
  };
  // main: S_LOCAL argc at EBP+212, argv at EBP+216, eh at EBP+0 in [0001:6416,+350); EBP is 010ff670.
  it('shows names and values', () => {
    expect(shown(open(), 'dv argc')).toEqual(['argc = 0n1']);
    expect(shown(open(), 'dv /t /v /i argc')).toEqual(['prv param  010ff744 int argc = 0n1']);
    expect(shown(open(), 'dv /v argv')[0]).toMatch(/^010ff748 argv = 0x013bfd78 {2}-> \?\?\?\?/);
    expect(shown(open(), 'dv /t eh')).toEqual(['class google_breakpad::ExceptionHandler eh = google_breakpad::ExceptionHandler']);
    expect(shown(open(), 'dv nothing*')).toEqual(['this procedure has no variables of that name']);
  });

  it('aligns names to the right', () => {
    expect(shown(open(), 'dv').map((line) => line.indexOf(' = '))).toEqual([4, 4, 4]);
  });

  it('says why a value cannot be had: no register, no memory', () => {
    const session = open();
    const scope = session.scope as Context;
    session.scope = { ...scope, unknown: ['ebp'], registers: Object.fromEntries(Object.entries(scope.registers).filter(([name]) => name !== 'ebp')) };
    expect(shown(session, 'dv argc')[0]).toMatch(/^argc = <.*ebp.*>$/);
  });
});

describe.skipIf(!hasCorpus)('dv of a caller', () => {
  // level_three: m in RDI from [0001:1559,+250), depth in ESI; crash_write, a leaf that has run no instruction, left both as they were:
  // RDI 0xb814c0, ESI 6. crash_write: p in RCX (0), v in EDX (6).
  it('shows the variables of the frame that .frame chose, by the registers recovered there', () => {
    const pdb = openPdb(new ArraySource(corpusBytes('user/symbols/wine/wcrash.pdb')));
    const image = imageFromFile(new ArraySource(corpusBytes('user/symbols/wine/wcrash.exe')));
    const own =
      <T>(of: Found<T>, otherwise: (module: Module) => Found<T>) =>
      (module: Module) =>
        module.name === 'wcrash' ? of : otherwise(module);
    const symbols: SymbolProvider = { ...NO_SYMBOLS, pdb: own(pdb, NO_SYMBOLS.pdb), image: own(image, NO_SYMBOLS.image) };
    const { target, decoder, knowledge } = sessionOfBytes(corpusBytes('user/wine-write-normal.dmp'), 'wine.dmp');
    const session = createSession({ target, symbols, decoder, knowledge });
    expect(shown(session, 'dv /v')).toEqual([expect.stringMatching(/^@rcx +p = \(null\)/), expect.stringMatching(/^@edx +v = 0n6$/)]);
    shown(session, '.frame 1');
    expect(shown(session, 'dv /v').slice(0, 2)).toEqual([
      expect.stringMatching(/^@rdi +m = 0x00000000`00b814c0/),
      expect.stringMatching(/^@esi +depth = 0n6$/),
    ]);
  });
});
