/** One asker: an analysis worker with its dump, the page, the command line. */
import type { Arrival } from './service.ts';
import type { Download } from './status.ts';
import type { PdbWant } from './want.ts';

export interface Session {
  status(download: Download): void;
  /** `pdbOfImage`: of an image, the PDB that it names. */
  arrive(arrival: Arrival, pdbOfImage: PdbWant | null): void;
}
