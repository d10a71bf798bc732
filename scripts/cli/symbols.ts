/** Symbols of the command line: folders and, where named, one server. Loaded before the verdict is made. */
import type { SymbolControl } from '../../workers/commands/spec.ts';
import type { SymbolProvider } from '../../workers/symbols/provider.ts';
import type { Session } from '../../workers/target/target.ts';
import { NodeSymbols } from '../../workers/worlds/node/symbolworld.ts';
import type { Options } from './options.ts';

export interface CliSymbols {
  readonly provider: SymbolProvider;
  readonly control: SymbolControl;
  prepare(session: Session): Promise<void>;
}

export function cliSymbols(options: Options): CliSymbols {
  const symbols = new NodeSymbols({ folders: options.symbolFolders, server: options.server });
  const wanted = options.symbolFolders.length > 0 || options.server !== undefined;
  return { provider: symbols.provider, control: symbols.provider, prepare: (session) => (wanted ? symbols.prepare(session) : Promise.resolve()) };
}
