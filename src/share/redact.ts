/**
 * Takes names out of sentences. Module names that are not publicly known, the process, the file, paths and what looks like
 * an account or an address of a network are replaced by words of the same shape, the same one each time.
 */
import type { Addition, ShareParts } from './summary.ts';

/** Processes that every Windows has: their names tell nothing of anybody, and "System" is also a word. */
export const OF_WINDOWS = new Set([
  'system',
  'idle',
  'registry',
  'secure system',
  'memory compression',
  'smss.exe',
  'csrss.exe',
  'wininit.exe',
  'winlogon.exe',
  'services.exe',
  'lsass.exe',
  'svchost.exe',
  'dwm.exe',
  'explorer.exe',
]);

/**
 * Drive, UNC and NT paths; accounts in paths fall with them. A folder's name may hold blanks: it ends at its separator,
 * a file's name at its ending or else at the first blank.
 */
const ROOT = String.raw`(?:\b[A-Za-z]:\\|\\\\[\w.?-]+\\|\\(?:\?\?|Device|SystemRoot|Users|Windows|Program Files)\\)`;
const NAME = String.raw`[^"<>|:*?%\\/\r\n]{1,80}`;
const LAST = String.raw`(?:[^"<>|:*?%\\/\r\n,;()]{1,60}\.(?:exe|dll|sys|dmp|pdb|cpp|cc|c|h|txt|log)\b|[^\s"'<>|,;()]*)`;
const PATHS = new RegExp(String.raw`${ROOT}(?:${NAME}\\)*${LAST}|/(?:home|Users)/(?:${NAME}/)*${LAST}`, 'gi');
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [PATHS, '[path]'],
  [/\bS-1-5-21(?:-\d+){3,}\b/g, '[account]'],
  [/\b[\w.+-]+@[\w-]+\.[\w.-]+\b/g, '[mail address]'],
  [/\b(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}\b(?!\.\d)/g, '[network address]'],
  [/\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b/gi, '[network address]'],
];
/** A file version has the form of an IPv4 address; after such a word it is one. */
const VERSION_BEFORE = /(?:version|windows|build|v)\s*$/i;

/** A function's name in a private module is as private as the module's. */
const PRIVATE_SYMBOL = /(?<![A-Za-z0-9])(private\d*|the-process)!(?!unknown_function)[\w:~?@$<>,*& ]*[\w>]/g;

const baseName = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;
const stem = (name: string): string => name.replace(/\.[A-Za-z0-9]{0,4}$/, '');
const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export interface Replacement {
  readonly name: string;
  readonly by: string;
}

/** Replaces paths, accounts, addresses and the names it was given. */
export class Cleaner {
  readonly #by = new Map<string, string>();
  readonly #pattern: RegExp | null;

  constructor(list: readonly Replacement[]) {
    for (const { name, by } of list) if (!this.#by.has(name.toLowerCase())) this.#by.set(name.toLowerCase(), by);
    // The longest name first, so that "foo.sys" does not become "foo" and ".sys".
    const names = [...this.#by.keys()].sort((a, b) => b.length - a.length);
    // An underscore is a border too: a bucket is AV_name!function.
    this.#pattern = names.length === 0 ? null : new RegExp(`(?<![A-Za-z0-9])(?:${names.map(partOf).join('|')})(?![A-Za-z0-9])`, 'gi');
  }

  clean(text: string): string {
    let clean = text;
    for (const [pattern, word] of PATTERNS)
      clean = clean.replace(pattern, (hit: string, ...rest: unknown[]) => {
        const at = rest.at(-2) as number;
        return word === '[network address]' && hit.includes('.') && VERSION_BEFORE.test(clean.slice(0, at)) ? hit : word;
      });
    if (!this.#pattern) return clean;
    return clean.replace(this.#pattern, (hit) => this.#by.get(hit.toLowerCase()) ?? '[name]').replace(PRIVATE_SYMBOL, '$1!private');
  }
}

export class Redactor extends Cleaner {
  constructor(parts: ShareParts, additions: ReadonlySet<Addition>) {
    super([
      ...(additions.has('names') ? [] : Redactor.#modules(parts)),
      ...(additions.has('process') || !parts.processName || OF_WINDOWS.has(parts.processName.toLowerCase()) ? [] : forms(parts.processName, 'the-process')),
      ...(additions.has('process') ? [] : processesOf(parts.verdict.bucket).flatMap((name) => forms(name, 'the-process'))),
      ...(additions.has('file') ? [] : forms(parts.facts.fileName, 'the-dump')),
    ]);
  }

  static privateNames(parts: ShareParts): readonly string[] {
    return privateModules(parts).map(baseName);
  }

  static #modules(parts: ShareParts): Replacement[] {
    const list = privateModules(parts).flatMap((name, index) => forms(name, `private${index + 1}`));
    const pdbs = parts.loaded.filter((module) => module.owner === null && module.pdb.ok).map((module) => (module.pdb.ok ? module.pdb.value : ''));
    const shown = parts.loaded.filter((module) => module.owner === null).map((module) => module.name);
    return [...list, ...[...pdbs, ...shown].flatMap((name) => forms(name, 'private'))];
  }
}

/** Processes that a bucket of 0xEF names: the one that ended, and the one that ended it. */
const processesOf = (bucket: string): readonly string[] =>
  [/^(?:LKD_)?0xEF_(.+?)_BUGCHECK_CRITICAL_PROCESS/i, /_TERMINATED_BY_(.+?)(?:_[0-9a-f]{8})?_[^_!]*!/i]
    .flatMap((pattern) => pattern.exec(bucket)?.[1] ?? [])
    .filter((name) => name !== 'unknown' && !OF_WINDOWS.has(name.toLowerCase()));

/** A name of one or two letters would also be a word: then only where it stands as a module does. */
function partOf(name: string): string {
  return name.length >= 3 ? escape(name) : `${escape(name)}(?=[!+])`;
}

function privateModules(parts: ShareParts): readonly string[] {
  const known = new Set(parts.loaded.filter((module) => module.owner !== null).map((module) => stem(module.imageName).toLowerCase()));
  const loaded = parts.loaded.filter((module) => module.owner === null).map((module) => module.imageName);
  const unloaded = parts.unloaded.map((module) => module.name).filter((name) => !known.has(stem(name).toLowerCase()));
  const named = [parts.verdict.culprit?.module, parts.verdict.place?.module].filter((name): name is string => typeof name === 'string');
  const other = named.filter((name) => !known.has(stem(baseName(name)).toLowerCase()) && stem(name).toLowerCase() !== 'nt');
  return [...new Set([...loaded, ...unloaded, ...other])];
}

/** A name with and without its path and its ending. */
export function forms(path: string, by: string): Replacement[] {
  const name = baseName(path);
  const ending = name.slice(stem(name).length);
  const list = [
    { name: path, by: `${by}${ending}` },
    { name, by: `${by}${ending}` },
    { name: stem(name), by },
  ];
  return list.filter((entry) => entry.name.length > 0);
}
