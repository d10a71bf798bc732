/** The source server's stream: variables and a list of files (learn.microsoft.com/windows-hardware/drivers/debugger/language-specification-1). */
import { type Found, found, missing } from '../../base/found.ts';

const MAX_ROUNDS = 16;
const MAX_TEXT = 8192;
/** Longer values are no part of an address. */
const MAX_VALUE = 2048;

const HEADING = /^SRCSRV: (ini|variables|source files|end)\b/i;
const VARIABLE = /%(?!fn(?:var|bksl|file)%)([^%()]+)%/gi;
/** A function whose argument holds no other. */
const FUNCTION = /%(fnvar|fnbksl|fnfile)%\(([^()]*)\)/gi;

interface SourceServerText {
  /** Names in lower case. */
  readonly variables: ReadonlyMap<string, string>;
  readonly files: readonly string[];
}

function parse(text: string): SourceServerText {
  const variables = new Map<string, string>();
  const files: string[] = [];
  let part = '';
  for (const line of text.split(/\r?\n/)) {
    const heading = HEADING.exec(line);
    if (heading) part = heading[1]?.toLowerCase() ?? '';
    else if (part === 'source files' && line) files.push(line);
    else if (part === 'ini' || part === 'variables') {
      const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(line) ?? [];
      if (name && value.length <= MAX_VALUE) variables.set(name.trim().toLowerCase(), value);
    }
  }
  return { variables, files };
}

/** Variables that are not known, as the folder of downloads, stay as they are. */
function expand(text: string, variables: ReadonlyMap<string, string>): string {
  const functions: Readonly<Record<string, (argument: string) => string>> = {
    fnvar: (argument) => `%${argument}%`,
    fnbksl: (argument) => argument.replaceAll('/', '\\'),
    fnfile: (argument) => argument.split(/[\\/]/).at(-1) ?? '',
  };
  let current = text;
  for (let round = 0; round < MAX_ROUNDS && current.length <= MAX_TEXT; round++) {
    const next = current
      .replace(VARIABLE, (whole, name: string) => variables.get(name.toLowerCase()) ?? whole)
      .replace(FUNCTION, (_, name: string, argument: string) => functions[name.toLowerCase()]?.(argument) ?? argument);
    if (next === current) break;
    current = next;
  }
  return current;
}

/** Where the source server says that `file` comes from; it may be a path or a command's argument and no address. */
export function targetBySourceServer(text: string, file: string): Found<string> {
  const { variables, files } = parse(text);
  const wanted = `${file.toLowerCase()}*`;
  const entry = files.find((line) => `${line.toLowerCase()}*`.startsWith(wanted));
  const target = variables.get('srcsrvtrg');
  if (entry === undefined || target === undefined) return missing({ why: 'stream-absent', stream: `source server's entry for ${file}` });
  const own = entry.split('*').map((value, index) => [`var${index + 1}`, value] as const);
  return found(expand(target, new Map([...variables, ...own])));
}
