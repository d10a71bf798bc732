/** `!lmi` against what llvm-readobj says of the image, laid out as the debugger's documentation shows it. */
import { describe, expect, it } from 'vitest';
import { consoleOf } from '../testing/node/handmade.ts';
import { sampleSession } from '../testing/node/sessions.ts';
import { corpusBytes, hasCorpus } from '../testing/node/corpus.ts';
import { corpusSession } from '../testing/node/corpussession.ts';
import { createSession } from '../target/session.ts';
import { ArraySource } from '../bytes/source.ts';
import { imageFromFile } from '../symbols/image.ts';
import { missing } from '../base/found.ts';

describe('!lmi', () => {
  it('lays its labels out to one column, and says what is not known', () => {
    const lines = consoleOf(sampleSession()).run('!lmi nt');
    expect(lines[0]).toBe('Loaded Module Info: [nt] ');
    expect(lines.slice(1, 4).map((line) => line.slice(0, 17))).toEqual(['         Module: ', '   Base Address: ', '     Image Name: ']);
    expect(lines).toContain('    Symbol Type: DEFERRED - symbol load deferred');
    expect(lines).toContain('    Load Report: no symbols loaded');
  });
  it('says that a module is not there, and finds one by an address inside it', () => {
    const on = consoleOf(sampleSession());
    expect(on.run('!lmi nosuch')).toEqual(['Loaded Module Info: [nosuch] ', 'nosuch not found']);
    const nt = on.session.target.modules.byName('nt');
    expect(on.run(`!lmi 0x${((nt?.base ?? 0n) + 0x20n).toString(16)}`)[1]).toBe('         Module: nt');
    const answer = on.answer('!lmi');
    expect(answer.ok ? '' : answer.problem.code).toBe('BAD_ARGUMENT');
  });
  it.skipIf(!hasCorpus)('shows the debug records of an image at hand, and why there are no symbols', () => {
    const dump = corpusSession('kernel/rizin-x64-7e-amdppm.dmp');
    const image = imageFromFile(new ArraySource(corpusBytes('symbols/microsoft/store/amdppm.sys/c9c030003b000/amdppm.sys'), 'amdppm.sys'));
    const none = missing({ why: 'no-symbols', module: 'amdppm', detail: 'none' });
    const session = createSession({
      ...dump,
      symbols: {
        revision: 0,
        status: () => ({ state: 'failed', code: 'MISMATCH', detail: 'the file is A, wanted B' }),
        table: () => none,
        pdb: () => none,
        image: (module) => (module.name === 'amdppm' ? image : none),
      },
    });
    // Numbers by llvm-readobj --file-headers --coff-debug-directory; columns as in "NDIS extensions", !lmi ndis.
    expect(consoleOf(session).run('!lmi amdppm')).toEqual([
      'Loaded Module Info: [amdppm] ',
      '         Module: amdppm',
      '   Base Address: fffff8048b580000',
      '     Image Name: amdppm.sys',
      '   Machine Type: 34404 (X64)',
      '     Time Stamp: c9c03000 (This is a reproducible build file hash, not a true timestamp)',
      '           Size: 3b000',
      '       CheckSum: 3d883',
      'Characteristics: 22  ',
      'Debug Data Dirs: Type  Size     VA  Pointer',
      '             CODEVIEW    23, 110bc,   104bc RSDS - GUID: {1C19FDDB-27BB-3399-D9B4-5973EFEAFCF3}',
      '               Age: 1, Pdb: amdppm.pdb',
      '                 POGO   2a0, 110e0,   104e0 [Data not mapped]',
      '                REPRO    24, 11380,   10780 Reproducible build[Data not mapped]',
      '     Image Type: FILE     - Image read successfully from a file at hand.',
      '    Symbol Type: NONE     - PDB not found',
      '    Load Report: no symbols loaded',
      'MISMATCH: the file is A, wanted B',
      '!sym noisy shows every probe; .reload /f amdppm asks again.',
    ]);
  });
});
