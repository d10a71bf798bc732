/** `!locks`: the kernel's resources (ERESOURCE), who holds them and who waits. */
import { type Va, va } from '../base/address.ts';
import { type Found, found, missing, type MissingReason, valueOf } from '../base/found.ts';
import { hex, hexDigits } from '../base/hex.ts';
import type { Job } from '../base/job.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { walkList } from '../modules/loadedlist.ts';
import { kernelMemory } from '../target/kernelmemory.ts';
import type { Session } from '../target/target.ts';
import { readResource, type Resource } from '../types/kernel/resource.ts';
import type { TypedMemory } from '../types/typedview.ts';
import { addressOf } from './arguments.ts';
import { commandSpan, layoutNotes } from './devices.ts';
import { findName, nameText } from './names.ts';
import { type CommandSpec, line, note, type OutputNode, type Span } from './spec.ts';

/** A system has some thousands; a damaged list is left after this many. */
const MAX_RESOURCES = 262_144;
const SLICE = 64;

const isHeld = (resource: Resource): boolean => (valueOf(resource.activeCount) ?? 0) > 0;

export function resourceNodes(session: Session, resource: Resource): OutputNode[] {
  const named = findName(session, resource.view.at);
  const at: Span = { span: 'address', at: resource.view.at, text: hex(resource.view.at) };
  const place = named ? [`${nameText(named)} (`, at, ')'] : [at];
  const state = !isHeld(resource) ? 'Available' : valueOf(resource.exclusive) ? 'Exclusively owned' : `Shared ${resource.owners.length} owning threads`;
  const count = (label: string, value: number | undefined): OutputNode[] => (value === undefined || value === 0 ? [] : [line(`    ${label} = ${value}`)]);
  const owners = resource.owners.flatMap(({ thread, count: times }) => [commandSpan('!thread', found(thread)), `-${hexDigits(times, 2)}<*> `]);
  return [
    line('Resource @ ', ...place, `    ${state}`),
    ...count('Contention Count', valueOf(resource.contentionCount)),
    ...count('NumberOfSharedWaiters', valueOf(resource.sharedWaiters)),
    ...count('NumberOfExclusiveWaiters', valueOf(resource.exclusiveWaiters)),
    ...(owners.length > 0 ? [line('     Threads: ', ...owners)] : []),
    ...(resource.ended ? [note(`     further owners: ${describeMissing(resource.ended)}`)] : []),
  ];
}

interface Scan {
  readonly total: number;
  /** Why the list ended before it came back to its head. */
  readonly ended?: MissingReason;
}

/** Every resource of the list whose head KDBG names, in order; `each` gets the ones that could be read and why others could not. */
export function* scanResources(session: Session, kernel: TypedMemory, each: (resource: Found<Resource>, at: Va) => void): Job<Found<Scan>> {
  const head = session.target.kernelPointers['ExpSystemResourcesList'];
  if (head === undefined) return missing({ why: 'not-computed', detail: 'KDBG does not tell where the list of resources begins (ExpSystemResourcesList)' });
  let total = 0;
  const list = walkList(session.memory, va(head), 0, MAX_RESOURCES);
  for (let next = list.next(); ; next = list.next()) {
    if (next.done) return found({ total, ...(next.value ? { ended: next.value } : {}) });
    total += 1;
    each(readResource(kernel, next.value), next.value);
    if (total % SLICE === 0) yield { progress: 'Scanning for held locks', done: total, of: null };
  }
}

function* allResources(session: Session, kernel: TypedMemory): Job<Found<readonly OutputNode[]>> {
  const nodes: OutputNode[] = [line('**** DUMP OF ALL RESOURCE OBJECTS ****')];
  let held = 0;
  const scan = yield* scanResources(session, kernel, (resource, at) => {
    if (!resource.ok) nodes.push(note(`${hex(at)}: ${describeMissing(resource.missing)}`));
    else if (isHeld(resource.value)) {
      held += 1;
      nodes.push(line(''), ...resourceNodes(session, resource.value));
    }
  });
  if (!scan.ok) return scan;
  const { total, ended } = scan.value;
  if (ended) nodes.push(note(`the list ends here: ${describeMissing(ended)}`));
  return found([...nodes, line(`${total} total locks, ${held} locks currently held`)]);
}

const locksCommand: CommandSpec = {
  name: '!locks',
  aliases: [],
  group: 'threads',
  summary: 'resources of the kernel that are held: by which threads, and how many wait; with an address that one',
  args: [{ name: 'resource', kind: 'expression', optional: true, summary: 'address of an ERESOURCE' }],
  needs: ['kernel', 'memory'],
  examples: [{ line: '!locks ffffe0812f7000a0', fixture: 'power' }],
  *run({ session }, tail): Job<Reply<readonly OutputNode[]>> {
    const kernel = kernelMemory(session);
    if (!kernel.ok) return refuse('BAD_ARGUMENT', describeMissing(kernel.missing), { at: 0 });
    const options = tail.replace(/(^|\s)-[vpd]\b/g, '').trim();
    if (options === '') {
      const all = yield* allResources(session, kernel.value);
      return all.ok ? reply([...layoutNotes(kernel.value), ...all.value]) : refuse('BAD_ARGUMENT', describeMissing(all.missing), { at: 0 });
    }
    const at = addressOf(session, options);
    if (!at.ok) return at;
    const resource = readResource(kernel.value, at.value);
    if (!resource.ok) return refuse('BAD_ARGUMENT', describeMissing(resource.missing), { at: 0 });
    return reply([...layoutNotes(kernel.value), ...resourceNodes(session, resource.value)]);
  },
};

export const LOCK_COMMANDS: readonly CommandSpec[] = [locksCommand];
