/** Which modules of a dump ask for symbols, and which first: those of the faulting stack, then nt, then the rest (design §7). */
import type { Knowledge } from '../knowledge/knowledge.ts';
import type { Demand } from '../symbols/attached.ts';
import type { Session } from '../target/target.ts';
import type { Frame } from '../unwind/frame.ts';

export const DEMAND = { stack: 0, kernel: 1, rest: 2 } as const;

/** Makers that have a symbol server of their own, by how the tables of names spell them. */
const MAKERS: readonly { readonly spelled: RegExp; readonly maker: string }[] = [
  { spelled: /^microsoft\b/i, maker: 'microsoft' },
  { spelled: /^nvidia\b/i, maker: 'nvidia' },
  { spelled: /^(amd|advanced micro devices)\b/i, maker: 'amd' },
  { spelled: /^intel\b/i, maker: 'intel' },
  { spelled: /^citrix\b/i, maker: 'citrix' },
  { spelled: /^mozilla\b/i, maker: 'mozilla' },
  { spelled: /^google\b/i, maker: 'google' },
];

/** Who made an image, where a table says so; null where none does, since then it may be anybody's. */
export function makerOf(imageName: string, knowledge: Pick<Knowledge, 'driver' | 'userModule'>): string | null {
  const vendor = knowledge.driver(imageName)?.vendor ?? knowledge.userModule(imageName)?.vendor ?? '';
  if (vendor === '') return null;
  return MAKERS.find(({ spelled }) => spelled.test(vendor))?.maker ?? vendor.toLowerCase();
}

/** Symbol servers hold Windows modules; other systems' dumps ask for nothing. */
export function demandsOf(session: Pick<Session, 'target' | 'knowledge'>, stack: readonly Frame[]): Demand[] {
  const { target, knowledge } = session;
  if (target.os.family !== 'Windows') return [];
  // Its code is looked at: the instruction that failed, and whether it was changed in memory.
  const failing = stack[0]?.place?.module;
  const onStack = new Set(stack.flatMap((frame) => (frame.place ? [frame.place.module] : [])));
  return target.modules.modules.map((module) => ({
    module,
    demand: onStack.has(module) ? DEMAND.stack : module.name === 'nt' || module.name === 'ntdll' ? DEMAND.kernel : DEMAND.rest,
    maker: makerOf(module.imageName, knowledge),
    image: true,
    whole: module === failing,
  }));
}
