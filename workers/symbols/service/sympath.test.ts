import { describe, expect, it } from 'vitest';
import { parseSymbolPath, serversOfPath } from './sympath.ts';

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

  it('names each server once, in order', () => {
    const path = parseSymbolPath(`srv*;srv*c:\\x*${MS.toUpperCase().replace('HTTPS', 'https')};https://b.example/s`);
    expect(serversOfPath(path, [MS])).toEqual([MS, 'https://b.example/s']);
  });
});
