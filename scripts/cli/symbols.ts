/** Symbols of the command line: folders and, where named, one server. Loaded before the verdict is made. */
import { NodeSymbols } from '../../workers/worlds/node/symbolworld.ts';
import type { Options } from './options.ts';

export type CliSymbols = Pick<NodeSymbols, 'provider' | 'prepare'>;

/** One for the whole run, so that a file is read once for all dumps. */
export function cliSymbols(options: Options): CliSymbols {
  const symbols = new NodeSymbols({ folders: options.symbolFolders, server: options.server });
  const wanted = options.symbolFolders.length > 0 || options.server !== undefined;
  return { provider: symbols.provider, prepare: (session) => (wanted ? symbols.prepare(session) : Promise.resolve()) };
}
