/** `.sympath`, `!sym` and `.reload` against the control that the symbol worker's other side implements. */
import { beforeEach, describe, expect, it } from 'vitest';
import { AttachedSymbols } from '../symbols/attached.ts';
import type { FromSymbols, ToSymbols, WirePort } from '../symbols/wire.ts';
import { type Console, consoleOf } from '../testing/node/handmade.ts';
import { sampleSession } from '../testing/node/sessions.ts';

let told: ToSymbols[] = [];
let port: WirePort;
let on: Console;
const hear = (message: FromSymbols): void => port.onmessage?.({ data: message });

beforeEach(() => {
  told = [];
  port = { postMessage: (message) => void told.push(message as ToSymbols), onmessage: null, close: () => undefined };
  const attached = new AttachedSymbols({ port, openFile: () => ({ name: '', size: 0, readBlock: () => new Uint8Array(0) }), onChange: () => undefined });
  const session = sampleSession();
  attached.know(session.target.modules.modules.map((module) => ({ module, demand: 1, maker: null, image: false, whole: false })));
  on = consoleOf(session, {
    path: (of) => attached.path(of),
    setPath: (of, path) => attached.setPath(of, path),
    folderState: (path) => attached.folderState(path),
    noisy: () => attached.noisy(),
    setNoisy: (value) => attached.setNoisy(value),
    log: () => attached.log(),
    request: (modules, force) => attached.request(modules, force),
  });
  hear({ tell: 'hello', paths: { typed: { symbols: 'srv*', images: '', sources: '' }, folders: [] }, noise: ['SYMSRV:  BYINDEX: 0x1'] });
  told = told.filter(({ tell }) => tell !== 'know');
});

const asked = (): readonly string[] =>
  told.flatMap((message) => (message.tell === 'request' ? message.modules.map(({ module }) => `${module}${message.force ? ' at once' : ''}`) : []));

describe('the symbol worker hears the console', () => {
  it('.sympath shows its path and sets another', () => {
    expect(on.run('.sympath')).toEqual(['Symbol search path is: srv*', 'Expanded Symbol search path is: SRV*https://msdl.microsoft.com/download/symbols']);
    expect(on.run('.sympath+ srv*https://symbols.example.org')[0]).toBe('Symbol search path is: srv*;srv*https://symbols.example.org');
    expect(told).toEqual([{ tell: 'set-path', of: 'symbols', text: 'srv*;srv*https://symbols.example.org' }]);
  });
  it.each(['.sympath ftp://example.org', '.sympath nosuch*store', '.sympath srv*https://bad host/'])('%s is refused, and nothing is sent', (line) => {
    const answer = on.answer(line);
    expect(answer.ok ? '' : answer.problem.code).toBe('BAD_ARGUMENT');
    expect(told).toEqual([]);
    expect(on.run('.sympath')[0]).toBe('Symbol search path is: srv*');
  });
  it('takes a pasted path verbatim, says what it upgrades and which folders are to be picked', () => {
    const typed = 'SRV*c:\\websymbols*http://msdl.microsoft.com/download/symbols;c:\\drivers1;c:\\drivers1\\misc;d:\\drivers2';
    expect(on.run(`.sympath ${typed}`)).toEqual([
      `Symbol search path is: ${typed}`,
      'Expanded Symbol search path is: cache*c:\\websymbols;SRV*https://msdl.microsoft.com/download/symbols;c:\\drivers1;c:\\drivers1\\misc;d:\\drivers2',
      'Asked over https, not http: https://msdl.microsoft.com/download/symbols',
      'A page opens no folder by itself: pick c:\\websymbols, c:\\drivers1, c:\\drivers1\\misc, d:\\drivers2 in Symbols, or drop the files.',
    ]);
    hear({
      tell: 'paths',
      paths: {
        typed: { symbols: 'c:\\drivers1;c:\\drivers2', images: '', sources: '' },
        folders: [
          { path: 'C:\\Drivers1\\', state: 'ready' },
          { path: 'c:\\drivers2', state: 'ask-again' },
        ],
      },
    });
    expect(on.run('.sympath').slice(2)).toEqual(['The browser asks for leave again: allow c:\\drivers2 in Symbols.']);
  });
  it('.symfix sets Microsoft’s store, with a cache where one is named, and adds to a path', () => {
    expect(on.run('.symfix c:\\myCache').slice(0, 2)).toEqual([
      'Symbol search path is: cache*c:\\myCache;srv*',
      'Expanded Symbol search path is: cache*c:\\myCache;SRV*https://msdl.microsoft.com/download/symbols',
    ]);
    on.run('.sympath c:\\mine');
    expect(on.run('.symfix+')[0]).toBe('Symbol search path is: c:\\mine;srv*');
    expect(on.run('.symfix')[0]).toBe('Symbol search path is: srv*');
  });
  it('.exepath and .srcpath are paths of their own', () => {
    expect(on.run('.exepath')).toEqual(['Executable image search path is: <empty>']);
    expect(on.run('.exepath c:\\bin')[0]).toBe('Executable image search path is: c:\\bin');
    expect(on.run('.exepath+ d:\\bin')[0]).toBe('Executable image search path is: c:\\bin;d:\\bin');
    expect(on.run('.srcpath c:\\src')[0]).toBe('Source search path is: c:\\src');
    expect(on.run('.sympath')[0]).toBe('Symbol search path is: srv*');
    expect(told.map((message) => (message.tell === 'set-path' ? `${message.of} ${message.text}` : message.tell))).toEqual([
      'images c:\\bin',
      'images c:\\bin;d:\\bin',
      'sources c:\\src',
    ]);
  });
  it('!sym noisy shows what was probed, as it comes', () => {
    expect(on.run('!sym noisy')).toEqual(['noisy mode - symbol prompts on', 'SYMSRV:  BYINDEX: 0x1']);
    hear({ tell: 'noise', lines: ['         ntkrnlmp.pdb', 'SYMSRV:  UNC: not found'] });
    expect(on.run('!sym')).toEqual([
      '!sym <noisy/quiet - prompts/prompts off> - noisy mode - symbol prompts on',
      'SYMSRV:  BYINDEX: 0x1',
      '         ntkrnlmp.pdb',
      'SYMSRV:  UNC: not found',
    ]);
    expect(on.run('!sym quiet')).toHaveLength(1);
  });
  it('.reload asks for one module, at once where forced, or for all', () => {
    on.run('.reload examplenic');
    expect(asked()).toEqual(['examplenic']);
    on.run('.reload /f nt');
    expect(asked().slice(1)).toEqual(['nt at once']);
    told = [];
    on.run('.reload');
    expect(asked()).toHaveLength(on.session.target.modules.modules.length);
  });
});
