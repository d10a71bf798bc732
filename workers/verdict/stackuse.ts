/** How much of the stack each module's frames take: what filled it is not always what stood last. */
import { imageOf } from './actors.ts';
import type { Case } from './case.ts';

export interface StackShare {
  readonly image: string;
  readonly bytes: number;
  readonly thirdParty: boolean;
}

/** Larger gaps are a switch to another stack, not a frame. */
const MAX_FRAME = 0x6000n;

/** Most first. A frame takes the bytes up to the next one's stack pointer. */
export function stackShares(c: Case): readonly StackShare[] {
  const shares = new Map<string, StackShare>();
  const { frames } = c.stack;
  for (const actor of c.actors) {
    const next = frames[actor.index + 1];
    const taken = next ? next.sp - actor.frame.sp : 0n;
    if (!actor.trusted || taken <= 0n || taken > MAX_FRAME) continue;
    const image = imageOf(actor.module);
    shares.set(image, { image, bytes: (shares.get(image)?.bytes ?? 0) + Number(taken), thirdParty: actor.thirdParty });
  }
  return [...shares.values()].sort((a, b) => b.bytes - a.bytes);
}
