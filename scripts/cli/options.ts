/** The command line's options (docs/cli.md). */
export interface Options {
  readonly files: readonly string[];
  readonly json: boolean;
  readonly commands: readonly string[];
  readonly symbolFolders: readonly string[];
  readonly server: string | undefined;
  readonly hash: boolean;
  readonly casebook: boolean;
}

export const USAGE = `usage: npm run -s faultline -- FILE… [--json] [-c "command; command"] [--symbols DIR]… [--server URL] [--hash] [--casebook]

  FILE            dumps, folders with dumps, .zip, .gz or .cab files
  --json          one line of JSON a dump (docs/result.schema.json)
  -c COMMANDS     console commands to run on each dump, separated by semicolons
  --symbols DIR   a folder with images, PDBs and .sym files, flat or as a symbol store; may be given several times
  --server URL    a symbol server or proxy; without it nothing of the network is used
  --casebook      what the dumps say together: by PC and program, the pattern of their crashes
  --hash          take the SHA-256 of files over 64 MiB too

exit code: 0 all were read, 1 at least one is not a dump or unreadable, 2 wrong usage`;

const WITH_VALUE = new Set(['-c', '--symbols', '--server']);
const FLAGS = new Set(['--json', '--hash', '--casebook']);

/** The options, or a sentence that says what is wrong. */
export function parseArguments(args: readonly string[]): Options | string {
  const files: string[] = [];
  const values: Record<string, string[]> = { '-c': [], '--symbols': [], '--server': [] };
  const flags = new Set<string>();
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (FLAGS.has(arg)) flags.add(arg);
    else if (WITH_VALUE.has(arg)) {
      const value = args[++index];
      if (value === undefined) return `${arg} wants a value`;
      values[arg]?.push(value);
    } else if (arg === '--') {
      files.push(...args.slice(index + 1));
      break;
    } else if (arg.startsWith('-') && arg !== '-') return `${arg} is not an option`;
    else files.push(arg);
  }
  if (files.length === 0) return 'at least one file is wanted';
  return {
    files,
    json: flags.has('--json'),
    commands: values['-c'] ?? [],
    symbolFolders: values['--symbols'] ?? [],
    server: values['--server']?.at(-1),
    hash: flags.has('--hash'),
    casebook: flags.has('--casebook'),
  };
}
