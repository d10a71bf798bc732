import { Draw, hashOf } from '../draw.ts';
import type { FaultKind, MadeFault } from '../truth.ts';

/** A mechanism by name; the name and a number make the seed. */
export function kind(name: string, says: string, make: (draw: Draw) => MadeFault): FaultKind {
  return { name, says, make: (number) => make(new Draw(hashOf(`${name}#${number}`))) };
}
