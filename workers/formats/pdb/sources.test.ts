import { describe, expect, it } from 'vitest';
import { ArraySource } from '../../bytes/source.ts';
import { corpusBytes, hasCorpus } from '../../testing/node/corpus.ts';
import { openPdb } from './pdb.ts';
import { urlBySourceLink } from './sourcelink.ts';
import { sourceUrl } from './sources.ts';
import { targetBySourceServer } from './srcsrv.ts';

const SOURCE_LINK = JSON.stringify({
  documents: {
    [String.raw`C:\src\*`]: 'https://example.org/all/*',
    [String.raw`C:\src\own\*`]: 'https://example.org/own/1a2b/*',
    [String.raw`C:\src\own\fixed.h`]: 'https://example.org/fixed',
    [String.raw`D:\number`]: 7,
  },
});

describe('SourceLink', () => {
  // By the design: the exact path, else the longest prefix; the rest goes where the star stands.
  it.each([
    [String.raw`C:\src\other\a.c`, 'https://example.org/all/other/a.c'],
    [String.raw`c:\SRC\Own\sub dir\b#.c`, 'https://example.org/own/1a2b/sub%20dir/b%23.c'],
    [String.raw`C:\src\own\fixed.h`, 'https://example.org/fixed'],
  ])('%s is %s', (file, url) => expect(urlBySourceLink(SOURCE_LINK, file)).toEqual({ ok: true, value: url }));

  it('gives a reason for other files and for what is none', () => {
    expect(urlBySourceLink(SOURCE_LINK, String.raw`E:\x.c`)).toMatchObject({ ok: false, missing: { why: 'stream-absent' } });
    expect(urlBySourceLink(SOURCE_LINK, String.raw`D:\number`).ok).toBe(false);
    for (const json of ['', '{', '[]', 'null', '{"documents":3}'])
      expect(urlBySourceLink(json, 'x')).toMatchObject({ ok: false, missing: { why: 'not-valid' } });
  });
});

const ini = (target: string, ...more: readonly string[]): string =>
  [
    'SRCSRV: ini ------------------------------------------------',
    'VERSION=2',
    'SRCSRV: variables ------------------------------------------',
    'HOST=https://example.org',
    ...more,
    `SRCSRVTRG=${target}`,
    'SRCSRV: source files ---------------------------------------',
    String.raw`c:\proj\src\file.cpp*depot/src/file.cpp*42`,
    'SRCSRV: end ------------------------------------------------',
  ].join('\r\n');
const FILE = String.raw`C:\Proj\src\file.cpp`;

describe('the source server', () => {
  // By the language specification: variables without regard to case, fields by number, three functions.
  it.each([
    ['%host%/raw/%var3%/%var2%', 'https://example.org/raw/42/depot/src/file.cpp'],
    ['%HOST%/%fnfile%(%var1%)', 'https://example.org/file.cpp'],
    ['%fnvar%(host)/%var3%', 'https://example.org/42'],
    ['%targ%\\%fnbksl%(%var2%)', '%targ%\\depot\\src\\file.cpp'],
  ])('%s gives %s', (target, wanted) => expect(targetBySourceServer(ini(target), FILE)).toEqual({ ok: true, value: wanted }));

  it('ends where variables go round', () => {
    const target = targetBySourceServer(ini('%a%', 'A=x%b%%b%', 'B=y%a%%a%'), FILE);
    expect(target.ok && target.value.length).toBeLessThan(40_000);
  });
  it('knows its files only', () => {
    expect(targetBySourceServer(ini('%host%'), String.raw`c:\proj\src\file.c`).ok).toBe(false);
    expect(targetBySourceServer('', FILE).ok).toBe(false);
  });
});

describe.skipIf(!hasCorpus)('sources of the corpus', () => {
  const urlIn = (path: string, file: string) => {
    const pdb = openPdb(new ArraySource(corpusBytes(`symbols/pdb/${path}`)));
    if (!pdb.ok) throw new Error(path);
    return sourceUrl(pdb.value, file);
  };
  it('are addresses where the server is one of the web', () => {
    // The PDB's own text: HGSERVER, "raw-file", the revision, the path.
    expect(urlIn('samply/win64-ci/WriteArgument.pdb', '/builds/worker/checkouts/gecko/uriloader/exthandler/tests/WriteArgument.cpp')).toEqual({
      ok: true,
      value: 'https://hg.mozilla.org/mozilla-central/raw-file/1706d4d54ec68fae1280305b70a02cb24c16ff68/uriloader/exthandler/tests/WriteArgument.cpp',
    });
  });
  it('are none where a command would have to fetch them, or nothing is said', () => {
    const file = String.raw`c:\projects\breakpad-tools\deps\breakpad\src\common\scoped_ptr.h`;
    expect(urlIn('symbolic/windows/crash_with_srcsrv.pdb', file)).toMatchObject({ ok: false, missing: { why: 'not-valid' } });
    expect(urlIn('symbolic/windows/crash.pdb', file)).toMatchObject({ ok: false, missing: { why: 'stream-absent' } });
    // Its SourceLink stream is empty.
    expect(urlIn('seh_tests/x64/xcpt4.pdb', file)).toMatchObject({ ok: false, missing: { why: 'not-valid' } });
  });
});
