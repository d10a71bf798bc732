/** An asker of the symbol service that remembers what it was told, and modules whose files the corpus holds. */
import type { Arrival } from '../../symbols/service/arrival.ts';
import type { SymbolService } from '../../symbols/service/service.ts';
import type { Session } from '../../symbols/service/session.ts';
import { type Download, isEnded } from '../../symbols/service/status.ts';
import type { ModuleRequest, PdbWant } from '../../symbols/service/want.ts';

// Identities as the corpus' stores name them.
export const amdppmPdb = { file: 'amdppm.pdb', guid: '1c19fddb-27bb-3399-d9b4-5973efeafcf3', age: 1 };
export const amdppm: ModuleRequest = {
  module: 'amdppm',
  imageName: 'amdppm.sys',
  pe: { timestamp: 0xc9c03000, sizeOfImage: 0x3b000 },
  pdb: null,
  demand: 0,
  maker: 'microsoft',
  image: true,
  whole: false,
};
export const nt: ModuleRequest = {
  module: 'nt',
  imageName: 'ntoskrnl.exe',
  pe: null,
  pdb: { file: 'ntkrnlmp.pdb', guid: '5278aff8-6c34-1677-d7d7-835c85b7b844', age: 1 },
  demand: 1,
  maker: 'microsoft',
  image: false,
  whole: false,
};
export class Asker implements Session {
  readonly arrivals: Arrival[] = [];
  readonly states = new Map<string, string[]>();
  pdbOfImage: PdbWant | null = null;
  status({ id, status }: Download): void {
    const seen = this.states.get(id) ?? [];
    if (seen.at(-1) !== status.state) this.states.set(id, [...seen, status.state]);
  }
  arrive(arrival: Arrival, pdbOfImage: PdbWant | null): void {
    this.arrivals.push(arrival);
    this.pdbOfImage ??= pdbOfImage;
  }
}

/** Waits until every download has ended or waits for the person; by file, how each stands. */
export async function settle(service: SymbolService): Promise<Record<string, string>> {
  const text = ({ status }: Download): string => (status.state === 'failed' ? `failed ${status.code}` : status.state);
  for (let round = 0; round < 4000; round++) {
    if (service.downloads().every(({ status }) => isEnded(status) || status.state === 'needs-consent')) break;
    await new Promise((done) => setTimeout(done, 10));
  }
  return Object.fromEntries(service.downloads().map((download) => [download.file, text(download)]));
}
