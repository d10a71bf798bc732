import { describe, expect, it } from 'vitest';
import { addedPath, expandedPath, foldersOfPath, parseSymbolPath, symfixPath } from './sympath.ts';

const MS = 'https://msdl.microsoft.com/download/symbols';

describe('symbol path', () => {
  it.each([
    ['srv*', [{ kind: 'default-servers' }]],
    ['SRV*https://msdl.microsoft.com/download/symbols', [{ kind: 'server', url: MS, upgraded: false }]],
    [
      'srv*C:\\Symbols*https://msdl.microsoft.com/download/symbols',
      [
        { kind: 'folder', path: 'C:\\Symbols', role: 'cache' },
        { kind: 'server', url: MS, upgraded: false },
      ],
    ],
    ['srv**https://msdl.microsoft.com/download/symbols/', [{ kind: 'server', url: MS, upgraded: false }]],
    [
      'symsrv*symsrv.dll*c:\\a*\\\\share\\b*http://msdl.microsoft.com/download/symbols',
      [
        { kind: 'folder', path: 'c:\\a', role: 'cache' },
        { kind: 'folder', path: '\\\\share\\b', role: 'cache' },
        { kind: 'server', url: MS, upgraded: true },
      ],
    ],
    [
      'cache*c:\\myCache;SRV*https://msdl.microsoft.com/download/symbols',
      [
        { kind: 'folder', path: 'c:\\myCache', role: 'cache' },
        { kind: 'server', url: MS, upgraded: false },
      ],
    ],
    [
      'C:\\mine ; D:\\yours;',
      [
        { kind: 'folder', path: 'C:\\mine', role: 'search' },
        { kind: 'folder', path: 'D:\\yours', role: 'search' },
      ],
    ],
    ['srv*http://localhost:8080/s', [{ kind: 'server', url: 'http://localhost:8080/s', upgraded: false }]],
    ['', []],
  ])('%s', (text, elements) => {
    const path = parseSymbolPath(text);
    expect(path.elements).toEqual(elements);
    expect(path.problems).toEqual([]);
  });

  it.each([
    ['https://user:pw@host/x', 0, 'bad-address'],
    ['srv*;https://a b/', 5, 'bad-address'],
    ['https://h/x?y=1', 0, 'bad-address'],
    ['ftp://host/symbols', 0, 'unknown-scheme'],
    ['file:///c:/symbols', 0, 'unknown-scheme'],
    ['foo*bar', 0, 'unknown-store'],
  ])('says what is wrong with %s', (text, at, why) => {
    expect(parseSymbolPath(text).problems).toMatchObject([{ at, why }]);
  });

  it('takes a path of servers and folders verbatim', () => {
    const typed = 'SRV*c:\\websymbols*http://msdl.microsoft.com/download/symbols;c:\\drivers1;c:\\drivers1\\misc;d:\\drivers2';
    const path = parseSymbolPath(typed);
    expect(path.elements.map((element) => (element.kind === 'folder' ? `${element.role} ${element.path}` : element.kind))).toEqual([
      'cache c:\\websymbols',
      'server',
      'search c:\\drivers1',
      'search c:\\drivers1\\misc',
      'search d:\\drivers2',
    ]);
    expect(path.elements[1]).toEqual({ kind: 'server', url: MS, upgraded: true });
    expect([path.text, path.problems]).toEqual([typed, []]);
    expect(foldersOfPath(path)).toEqual(['c:\\websymbols', 'c:\\drivers1', 'c:\\drivers1\\misc', 'd:\\drivers2']);
    expect(foldersOfPath(parseSymbolPath('C:\\A\\;c:/a;c:\\b'))).toEqual(['C:\\A\\', 'c:\\b']);
  });

  // The expanded form of the two is that of "Microsoft public symbol server" and ".symfix (Set Symbol Store Path)" in the debugger's documentation.
  it('expands as WinDbg does', () => {
    expect(expandedPath(parseSymbolPath(symfixPath('')))).toBe(`SRV*${MS}`);
    expect(expandedPath(parseSymbolPath(symfixPath('c:\\myCache')))).toBe(`cache*c:\\myCache;SRV*${MS}`);
    expect([addedPath('', 'c:\\a'), addedPath('srv*', 'c:\\a')]).toEqual(['c:\\a', 'srv*;c:\\a']);
  });
});
