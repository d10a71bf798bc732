/** `.sympath`, `.symfix`, `.exepath`, `.srcpath`, `!sym`, `.reload`: where symbols, images and sources come from. */
import { refuse, reply } from '../base/problem.ts';
import { addedPath, expandedPath, foldersOfPath, parseSymbolPath, type PathKind, type SymbolPath, symfixPath } from '../symbols/service/sympath.ts';
import { lmiCommand } from './lmi.ts';
import { type CommandSpec, type OutputNode, line, note, type SymbolControl } from './spec.ts';

/** How WinDbg names each path in front of it. */
const PATH_WORDS: Readonly<Record<PathKind, string>> = {
  symbols: 'Symbol search path',
  images: 'Executable image search path',
  sources: 'Source search path',
};

function pathNotes(path: SymbolPath, control: SymbolControl): readonly OutputNode[] {
  const upgraded = path.elements.flatMap((element) => (element.kind === 'server' && element.upgraded ? [element.url] : []));
  const folders = foldersOfPath(path);
  const closed = folders.filter((folder) => control.folderState(folder) === 'not-picked');
  const asking = folders.filter((folder) => control.folderState(folder) === 'ask-again');
  return [
    ...upgraded.map((url) => note(`Asked over https, not http: ${url}`)),
    ...(closed.length === 0 ? [] : [note(`A page opens no folder by itself: pick ${closed.join(', ')} in Symbols, or drop the files.`)]),
    ...(asking.length === 0 ? [] : [note(`The browser asks for leave again: allow ${asking.join(', ')} in Symbols.`)]),
  ];
}

function showPath(of: PathKind, control: SymbolControl): readonly OutputNode[] {
  const typed = control.path(of);
  if (typed === '') return [line(`${PATH_WORDS[of]} is: <empty>`), ...(of === 'symbols' ? [note('Only files that were dropped give names.')] : [])];
  const path = parseSymbolPath(typed);
  return [line(`${PATH_WORDS[of]} is: ${typed}`), line(`Expanded ${PATH_WORDS[of]} is: ${expandedPath(path)}`), ...pathNotes(path, control)];
}

interface PathCommand {
  readonly name: string;
  readonly of: PathKind;
  readonly summary: string;
  readonly argument: string;
}

/** `.sympath`, and the others of its form: shows, sets, and with a plus adds. */
function pathCommand({ name, of, summary, argument }: PathCommand): CommandSpec {
  return {
    name,
    aliases: [`${name}+`],
    group: 'symbols',
    summary,
    args: [{ name: 'path', kind: 'text', optional: true, summary: argument }],
    needs: [],
    examples: [{ line: name, fixture: 'sample' }],
    *run({ symbolControl }, tail, typed) {
      const wanted = tail.trim();
      if (wanted !== '') {
        const set = symbolControl.setPath(of, typed === `${name}+` ? addedPath(symbolControl.path(of), wanted) : wanted);
        if (!set.ok) return set;
      }
      return reply(showPath(of, symbolControl));
    },
  };
}

const PATH_COMMANDS: readonly CommandSpec[] = [
  pathCommand({
    name: '.sympath',
    of: 'symbols',
    summary: 'shows or sets where symbols come from; .sympath+ adds to it',
    argument: 'srv*, srv*https://server/path, cache*folder, folders',
  }),
  pathCommand({ name: '.exepath', of: 'images', summary: 'shows or sets the folders of image files; .exepath+ adds to them', argument: 'folders' }),
  pathCommand({ name: '.srcpath', of: 'sources', summary: 'shows or sets the folders of source files; .srcpath+ adds to them', argument: 'folders' }),
];

const symfixCommand: CommandSpec = {
  name: '.symfix',
  aliases: ['.symfix+'],
  group: 'symbols',
  summary: 'sets the symbol path to Microsoft\u2019s store; .symfix+ adds it',
  args: [{ name: 'cache', kind: 'text', optional: true, summary: 'a folder that is a local cache' }],
  needs: [],
  examples: [{ line: '.symfix', fixture: 'sample' }],
  *run({ symbolControl }, tail, typed) {
    const fixed = symfixPath(tail.trim());
    const set = symbolControl.setPath('symbols', typed === '.symfix+' ? addedPath(symbolControl.path('symbols'), fixed) : fixed);
    return set.ok ? reply(showPath('symbols', symbolControl)) : set;
  },
};

const symCommand: CommandSpec = {
  name: '!sym',
  aliases: [],
  group: 'symbols',
  summary: 'noisy: tells every probe for symbols and its answer; quiet: no more',
  args: [{ name: 'mode', kind: 'text', optional: true, summary: 'noisy or quiet' }],
  needs: [],
  examples: [
    { line: '!sym', fixture: 'sample' },
    { line: '!sym noisy', fixture: 'sample' },
  ],
  *run({ symbolControl }, tail) {
    const mode = tail.trim().toLowerCase();
    if (mode !== '' && mode !== 'noisy' && mode !== 'quiet') return refuse('BAD_ARGUMENT', 'write !sym noisy or !sym quiet', { at: 5 });
    if (mode !== '') symbolControl.setNoisy(mode === 'noisy');
    const state = `${symbolControl.noisy() ? 'noisy' : 'quiet'} mode - symbol prompts on`;
    const head = line(mode === '' ? `!sym <noisy/quiet - prompts/prompts off> - ${state}` : state);
    return reply(symbolControl.noisy() ? [head, ...symbolControl.log().map((row) => line(row))] : [head]);
  },
};

const reloadCommand: CommandSpec = {
  name: '.reload',
  aliases: [],
  group: 'symbols',
  summary: 'asks for symbols again; /f at once, with a module name for that one only',
  args: [{ name: 'module', kind: 'pattern', optional: true, summary: '/f nt' }],
  needs: ['modules'],
  examples: [{ line: '.reload', fixture: 'sample' }],
  *run({ session, symbolControl }, tail) {
    const words = tail
      .trim()
      .split(/\s+/)
      .filter((word) => word !== '');
    const force = words.some((word) => /^\/[a-z]*f/i.test(word));
    const names = words.filter((word) => !word.startsWith('/')).map((word) => word.split('=')[0] ?? word);
    const known = names.map((name) => session.target.modules.byName(name));
    const unknown = names.filter((_name, index) => !known[index]);
    if (unknown.length > 0) return refuse('BAD_ARGUMENT', `no module is called ${unknown.join(', ')}`, { at: 8 });
    symbolControl.request(
      known.flatMap((module) => (module ? [module.name] : [])),
      force,
    );
    const what = names.length === 0 ? 'all modules' : names.join(', ');
    return reply([
      ...(names.length === 0 ? [line('Reloading current modules')] : []),
      note(`Asked for symbols of ${what}. Names appear as they arrive; !sym noisy shows each answer.`),
    ]);
  },
};

export const SYMBOL_COMMANDS: readonly CommandSpec[] = [...PATH_COMMANDS, symfixCommand, symCommand, reloadCommand, lmiCommand];
