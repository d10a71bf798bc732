/** The kernel's objects by field name: its types over the session's memory. */
import { type Found, mapFound, missing } from '../base/found.ts';
import { TypedMemory } from '../types/typedview.ts';
import type { Session } from './target.ts';

/** Missing in an application dump, and where neither a PDB nor kept layouts tell the kernel's types. */
export function kernelMemory(session: Session): Found<TypedMemory> {
  const kernel = session.target.kind === 'user' ? undefined : session.target.modules.byName('nt');
  if (!kernel) return missing({ why: 'not-computed', detail: 'the dump has no kernel module' });
  return mapFound(session.types.of(kernel), (types) => new TypedMemory(types, session.memory));
}
