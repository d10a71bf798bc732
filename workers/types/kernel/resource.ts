/** ERESOURCE by field name: who holds it, who waits. */
import type { Va } from '../../base/address.ts';
import { type Found, mapFound, type MissingReason, thenFound } from '../../base/found.ts';
import type { TypedMemory, TypedView } from '../typedview.ts';

export interface ResourceOwner {
  /** ETHREAD; its two lowest bits are marks of the kernel and are taken off. */
  readonly thread: Va;
  /** How many times it holds the resource. */
  readonly count: number;
}
export interface Resource {
  readonly view: TypedView;
  readonly exclusive: Found<boolean>;
  readonly activeCount: Found<number>;
  readonly contentionCount: Found<number>;
  readonly sharedWaiters: Found<number>;
  readonly exclusiveWaiters: Found<number>;
  readonly owners: readonly ResourceOwner[];
  /** Why not all owners are listed. */
  readonly ended?: MissingReason;
}

/** ERESOURCE.Flag: ResourceOwnedExclusive (wdm.h). */
const OWNED_EXCLUSIVE = 0x80;
/** Owners of a resource held shared; a damaged table size is left here. */
const MAX_OWNERS = 4096;

export function readResource(kernel: TypedMemory, at: Va): Found<Resource> {
  return thenFound(kernel.view('_ERESOURCE', at), (view) =>
    mapFound(view.number('Flag'), (flag) => ({
      view,
      exclusive: { ok: true, value: (flag & OWNED_EXCLUSIVE) !== 0 },
      activeCount: view.number('ActiveCount'),
      contentionCount: view.number('ContentionCount'),
      sharedWaiters: view.number('NumberOfSharedWaiters'),
      exclusiveWaiters: view.number('NumberOfExclusiveWaiters'),
      ...readOwners(view),
    })),
  );
}

/** The owner in the resource itself, then those of its table, whose first entry holds its length. */
function readOwners(resource: TypedView): Pick<Resource, 'owners' | 'ended'> {
  const owners: ResourceOwner[] = [];
  const take = (entry: Found<TypedView>): MissingReason | undefined => {
    const owner = thenFound(entry, ownerOf);
    if (!owner.ok) return owner.missing;
    if (owner.value.thread !== 0n) owners.push(owner.value);
    return undefined;
  };
  let ended = take(resource.view('OwnerEntry'));
  const table = resource.pointer('OwnerTable');
  if (!table.ok) return { owners, ended: ended ?? table.missing };
  if (table.value !== 0n) {
    const size = thenFound(resource.follow('OwnerTable'), (first) => first.number('TableSize'));
    if (!size.ok) return { owners, ended: ended ?? size.missing };
    for (let index = 1; index < Math.min(size.value, MAX_OWNERS) && !ended; index++) ended = take(resource.element('OwnerTable', index));
  }
  return ended ? { owners, ended } : { owners };
}

function ownerOf(entry: TypedView): Found<ResourceOwner> {
  return thenFound(entry.uint('OwnerThread'), (thread) => mapFound(entry.number('OwnerCount'), (count) => ({ thread: (thread & ~3n) as Va, count })));
}
