/**
 * Driver Verifier's graph of locks (public type tables of the kernel): a VI_DEADLOCK_NODE says that a thread took the lock of its
 * Root while it held that of its Parent; all nodes of a lock hang on the ResourceList of its VI_DEADLOCK_RESOURCE.
 */
import type { Va } from '../../base/address.ts';
import { type Found, found, type MissingReason, notValid, thenFound } from '../../base/found.ts';
import { hex } from '../../base/hex.ts';
import type { TypedMemory, TypedView } from '../typedview.ts';

export interface LockStep {
  readonly node: TypedView;
  readonly resource: TypedView;
  readonly lock: Va;
  /** "SpinLock", as the enum names it. */
  readonly type: Found<string>;
  /** Return addresses of where it was taken, innermost first. */
  readonly stack: readonly Va[];
}

/** One thread's locks in the order in which it took them. */
export interface LockPath {
  readonly thread: Found<Va>;
  readonly steps: readonly LockStep[];
}

const MAX_DEPTH = 64;
const MAX_NODES = 1024;
/** One is enough to close the circle; a few more may show who else goes that way. */
const MAX_PATHS = 8;
const STACK_WORDS = 8;

export function stackOf(view: TypedView, field: string): Va[] {
  const words: Va[] = [];
  for (let index = 0; index < STACK_WORDS; index++) {
    const word = view.pointer(`${field}[${index}]`);
    if (!word.ok || word.value === 0n) break;
    words.push(word.value);
  }
  return words;
}

function readStep(kernel: TypedMemory, at: Va): Found<LockStep> {
  return thenFound(kernel.view('_VI_DEADLOCK_NODE', at), (node) =>
    thenFound(node.follow('Root', '_VI_DEADLOCK_RESOURCE'), (resource) => {
      const lock = resource.pointer('ResourceAddress');
      if (!lock.ok) return lock;
      const type = thenFound(resource.enumName('Type'), (name) => found(name.replace(/^VfDeadlock/, '')));
      return found({ node, resource, lock: lock.value, type, stack: stackOf(node, 'StackTrace') });
    }),
  );
}

/** The locks that led to a node, outermost first. */
export function pathTo(kernel: TypedMemory, at: Va): Found<LockPath> {
  const steps: LockStep[] = [];
  let next: Va = at;
  while (next !== 0n) {
    const step = readStep(kernel, next);
    if (!step.ok) return step;
    if (steps.length >= MAX_DEPTH || steps.some(({ node }) => node.at === next)) return notValid('VI_DEADLOCK_NODE.Parent', hex(next), 'a chain with an end');
    steps.unshift(step.value);
    const parent = step.value.node.pointer('Parent');
    if (!parent.ok) return parent;
    next = parent.value;
  }
  const thread = thenFound(steps.at(-1)?.node.follow('ThreadEntry', '_VI_DEADLOCK_THREAD') ?? notValid('node', 'null', 'a node'), (entry) =>
    entry.pointer('Thread'),
  );
  return found({ thread, steps });
}

/** Paths of others that end in the lock of `held` and went through `wanted`: the opposite order. */
export function oppositePaths(kernel: TypedMemory, held: LockStep, wanted: Va): { readonly paths: readonly LockPath[]; readonly ended?: MissingReason } {
  const paths: LockPath[] = [];
  const nodes = held.resource.members('ResourceList', { type: '_VI_DEADLOCK_NODE', link: 'ResourceList', limit: MAX_NODES });
  for (let next = nodes.next(); ; next = nodes.next()) {
    if (paths.length >= MAX_PATHS) return { paths };
    if (next.done) return { paths, ...(next.value ? { ended: next.value } : {}) };
    const path = pathTo(kernel, next.value.at);
    if (!path.ok) return { paths, ended: path.missing };
    const from = path.value.steps.findIndex(({ lock }) => lock === wanted);
    if (from >= 0) paths.push({ ...path.value, steps: path.value.steps.slice(from) });
  }
}
