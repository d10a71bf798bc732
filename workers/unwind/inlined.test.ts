import { describe, expect, it } from 'vitest';
import { found, valueOf } from '../base/found.ts';
import { driveSync } from '../base/job.ts';
import { ArraySource } from '../bytes/source.ts';
import { openPdb } from '../formats/pdb/pdb.ts';
import { imageFromFile } from '../symbols/image.ts';
import { openLines } from '../symbols/lines.ts';
import { packFromPdb } from '../symbols/pack/frompdb.ts';
import { PackTable } from '../symbols/pack/table.ts';
import { NO_SYMBOLS, type SymbolProvider } from '../symbols/provider.ts';
import { openTarget } from '../target/open.ts';
import { createSession } from '../target/session.ts';
import { corpusSession } from '../testing/node/corpussession.ts';
import { corpusBytes, hasCorpus } from '../testing/node/corpus.ts';
import { listRows, sourceOf } from './inlined.ts';

/** A PDB and an image for one module. */
function filesOf(module: string, path: string, imagePath: string): SymbolProvider {
  const source = new ArraySource(corpusBytes(path), path);
  const pdb = openPdb(source);
  const pack = driveSync(packFromPdb(source));
  if (!pdb.ok || !pack.ok) throw new Error(path);
  const table = new PackTable(pack.value, () => openLines(pdb.value));
  const image = imageFromFile(new ArraySource(corpusBytes(imagePath), imagePath));
  return {
    ...NO_SYMBOLS,
    table: (asked) => (asked.name === module ? found(table) : NO_SYMBOLS.table(asked)),
    image: (asked) => (asked.name === module ? image : NO_SYMBOLS.image(asked)),
  };
}

describe.skipIf(!hasCorpus)('inlined functions of a real crash', () => {
  it('stand before the frame that holds them (symbolicator-windows)', () => {
    const { decoder, knowledge } = corpusSession('user/symbolicator-windows.dmp');
    const target = driveSync(openTarget(new ArraySource(corpusBytes('user/symbolicator-windows.dmp'))));
    if (!target.ok) throw new Error(target.problem.code);
    const symbols = filesOf('crash', 'user/symbols/sentry-windows/crash.pdb', 'user/symbols/sentry-windows/crash.exe');
    const stack = driveSync(createSession({ target: target.value, symbols, decoder, knowledge }).crashStack());
    const rows = listRows(stack.frames).map(({ frame, inlined }) => {
      const named = inlined ? valueOf(inlined.name) : valueOf(frame.symbol)?.name;
      const source = valueOf(sourceOf({ frame, ...(inlined ? { inlined } : {}) }));
      return `${inlined ? 'inlined ' : ''}${named ?? ''} ${source?.file.split('\\').at(-1) ?? ''}:${source?.line ?? ''}`;
    });
    // Sentry's snapshot of this dump has main.cpp:35 and exe_common.inl:283; it expands no inlined functions. Theirs are in the PDB's listing.
    expect(rows.slice(0, 3)).toEqual([
      "inlined `anonymous namespace'::crash main.cpp:24",
      "inlined `anonymous namespace'::start main.cpp:28",
      'main main.cpp:35',
    ]);
    const startup = rows.indexOf('__scrt_common_main_seh exe_common.inl:283');
    expect(rows[startup - 1]).toBe('inlined invoke_main exe_common.inl:78');
  });
});
