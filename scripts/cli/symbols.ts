/** Symbols of the command line: folders and, where named, one server. Loaded before the verdict is made. */
import { driveSync } from '../../workers/base/job.ts';
import { refuse } from '../../workers/base/problem.ts';
import type { SymbolControl } from '../../workers/commands/spec.ts';
import type { SymbolProvider } from '../../workers/symbols/provider.ts';
import type { Session } from '../../workers/target/target.ts';
import { NodeSymbols, demandsOf } from '../../workers/worlds/node/symbolworld.ts';
import type { Options } from './options.ts';

export interface CliSymbols {
  readonly provider: SymbolProvider;
  readonly control: SymbolControl;
  prepare(session: Session): Promise<void>;
}

/** Of the modules on the stack and nt, and no further: a server is not asked for every driver of a machine. */
const ASKED_OF_SERVER = 2;

export function cliSymbols(options: Options): CliSymbols {
  const symbols = new NodeSymbols({ folders: options.symbolFolders, server: options.server, unpackCab: () => refuse('BAD_CAB', 'cabinets are not unpacked') });
  const wanted = options.symbolFolders.length > 0 || options.server !== undefined;
  return { provider: symbols.provider, control: symbols.provider, prepare: (session) => (wanted ? load(symbols, session) : Promise.resolve()) };
}

async function load(symbols: NodeSymbols, session: Session): Promise<void> {
  const makerOf = (imageName: string): string | null => {
    const driver = session.knowledge.driver(imageName);
    return driver && !driver.microsoft ? driver.vendor : null;
  };
  const onStack = (): readonly string[] => driveSync(session.crashStack()).frames.flatMap((frame) => (frame.place ? [frame.place.module.name] : []));
  // What has arrived lengthens the stack, which names further modules: twice is enough in practice, and each time only what is new is loaded.
  for (let round = 0; round < 2; round++) await symbols.load(demandsOf(session.target.modules, onStack(), makerOf), ASKED_OF_SERVER);
}
