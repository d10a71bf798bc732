/** One asker: an analysis worker with its dump, the page, the command line. */
import type { Arrival } from './arrival.ts';
import type { Download } from './status.ts';
import type { ModuleRequest, PdbWant } from './want.ts';

export interface Session {
  /** The modules of its dump, asked for or not. */
  known?: readonly ModuleRequest[];
  status(download: Download): void;
  /** `pdbOfImage`: of an image, the PDB that it names. */
  arrive(arrival: Arrival, pdbOfImage: PdbWant | null): void;
}
