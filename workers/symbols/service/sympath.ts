/**
 * A symbol path as WinDbg takes it: elements between semicolons, `srv*`, `symsrv*symsrv.dll*`, `cache*`, folders, addresses.
 * "Symbol path for Windows debuggers", Microsoft's debugger documentation.
 */
export type PathElement =
  | { readonly kind: 'server'; readonly url: string; /** http was asked for; https is used. */ readonly upgraded: boolean }
  /** `srv*` alone: the default servers. */
  | { readonly kind: 'default-servers' }
  /** A folder on the person's disk or a share: a page cannot open it by itself. */
  | { readonly kind: 'folder'; readonly path: string; readonly role: 'search' | 'cache' };

/** What is looked for along a path: `.sympath`, `.exepath`, `.srcpath`. */
export type PathKind = 'symbols' | 'images' | 'sources';
export const PATH_KINDS: readonly PathKind[] = ['symbols', 'images', 'sources'];

/** What `srv*` alone stands for: Microsoft's public store. */
export const MICROSOFT_SERVER = 'https://msdl.microsoft.com/download/symbols';

export interface PathProblem {
  readonly at: number;
  readonly text: string;
  readonly why: 'empty' | 'unknown-store' | 'bad-address' | 'unknown-scheme';
}

export interface SymbolPath {
  readonly text: string;
  readonly elements: readonly PathElement[];
  readonly problems: readonly PathProblem[];
}

const MAX_PATH = 4096;
const ADDRESS = /^https?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?(\/[^\s?#"<>\\^`{|}]*)?$/i;
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/]?/i;

export function parseSymbolPath(text: string): SymbolPath {
  const elements: PathElement[] = [];
  const problems: PathProblem[] = [];
  let at = 0;
  for (const raw of text.slice(0, MAX_PATH).split(';')) {
    const part = raw.trim();
    if (part !== '') readElement(part, at + raw.indexOf(part), elements, problems);
    at += raw.length + 1;
  }
  return { text, elements, problems };
}

function readElement(part: string, at: number, elements: PathElement[], problems: PathProblem[]): void {
  const [head = '', ...rest] = part.split('*');
  const word = head.toLowerCase();
  if (rest.length === 0) readStore(part, at, 'search', { elements, problems });
  else if (word === 'srv') readChain(rest, at, { elements, problems });
  else if (word === 'symsrv') readChain(rest.slice(1), at, { elements, problems });
  else if (word === 'cache') for (const folder of rest) readStore(folder, at, 'cache', { elements, problems });
  else problems.push({ at, text: part, why: 'unknown-store' });
}

interface Lists {
  readonly elements: PathElement[];
  readonly problems: PathProblem[];
}

/** `srv*store*store*…*server`: every store before the last is a cache for those behind it; an empty one is the default cache. */
function readChain(stores: readonly string[], at: number, lists: Lists): void {
  const named = stores.filter((store) => store.trim() !== '');
  if (named.length === 0) {
    lists.elements.push({ kind: 'default-servers' });
    return;
  }
  for (const [index, store] of named.entries()) readStore(store.trim(), at, index < named.length - 1 ? 'cache' : 'search', lists);
}

function readStore(store: string, at: number, role: 'search' | 'cache', { elements, problems }: Lists): void {
  const text = store.trim();
  if (text === '') return;
  if (/^https?:/i.test(text)) {
    const url = text.replace(/\/+$/, '');
    if (!ADDRESS.test(url)) {
      problems.push({ at, text, why: 'bad-address' });
      return;
    }
    const upgraded = /^http:/i.test(url) && !LOOPBACK.test(url);
    elements.push({ kind: 'server', url: upgraded ? url.replace(/^http:/i, 'https:') : url, upgraded });
  } else if (/^[a-z][a-z0-9+.-]+:\/\//i.test(text)) {
    problems.push({ at, text, why: 'unknown-scheme' });
  } else {
    elements.push({ kind: 'folder', path: text, role });
  }
}

/** `.symfix`: Microsoft's store, behind a local cache where one is named. */
export function symfixPath(cache: string): string {
  return cache === '' ? 'srv*' : `cache*${cache};srv*`;
}

/** `.sympath+`: what is added comes last. */
export function addedPath(before: string, more: string): string {
  return [before, more].filter((part) => part.trim() !== '').join(';');
}

/** What the elements stand for, as WinDbg's expanded path names it. */
export function expandedPath(path: SymbolPath): string {
  const textOf = (element: PathElement): string => {
    if (element.kind === 'default-servers') return `SRV*${MICROSOFT_SERVER}`;
    if (element.kind === 'server') return `SRV*${element.url}`;
    return element.role === 'cache' ? `cache*${element.path}` : element.path;
  };
  return path.elements.map(textOf).join(';');
}

/** The folders of a path in order, each once. */
export function foldersOfPath(path: SymbolPath): string[] {
  const folders = path.elements.flatMap((element) => (element.kind === 'folder' ? [element.path] : []));
  return folders.filter((folder, index) => folders.findIndex((other) => sameFolder(other, folder)) === index);
}

/** Folders without regard to case, direction of the separators and closing ones. */
export function sameFolder(a: string, b: string): boolean {
  return plainFolder(a) === plainFolder(b);
}

/** "c:/symbols" of "C:\\Symbols\\". */
export function plainFolder(path: string): string {
  return path.replaceAll('\\', '/').replace(/\/+$/, '').toLowerCase();
}

/** Scheme and host without regard to case and closing slashes. */
export function sameUrl(a: string, b: string): boolean {
  const plain = (url: string) => url.replace(/\/+$/, '').toLowerCase();
  return plain(a) === plain(b);
}
