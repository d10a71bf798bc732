/** A file that is ready for use, with its names where it holds some. */
import type { Effects, FileBody } from './effects.ts';
import type { NoiseLog } from './noise.ts';
import { reasonText } from './reason.ts';
import type { Want } from './want.ts';

export interface Arrival {
  readonly want: Want;
  readonly body: FileBody;
  readonly pack: ArrayBuffer | null;
  readonly origin: string;
  /** An image of which only headers and unwind data are here. */
  readonly partial: boolean;
}

/** The identity was checked before. */
export async function arrivalOf(want: Want, { body, origin }: Pick<Arrival, 'body' | 'origin'>, { formats }: Effects, noise: NoiseLog): Promise<Arrival> {
  const pack = want.kind === 'pdb' ? await formats.buildPack(body.source) : undefined;
  if (pack && !pack.ok) noise.said(`${want.names[0] ?? ''}: no names: ${reasonText(pack.missing)}`);
  const partial = want.kind === 'image' && formats.isPartial(body.source);
  return { want, body, origin, partial, pack: pack?.ok ? pack.value : null };
}
