/** Comlink's end in a worker: callbacks are given back when they are no longer called, and what should not have been thrown becomes a problem. */
import * as Comlink from 'comlink';
import { refuse } from '../../base/problem.ts';

type Releasable = { [Comlink.releaseProxy]?: () => void };

export function release(callback: unknown): void {
  if (typeof callback === 'function') (callback as Releasable)[Comlink.releaseProxy]?.();
}

/** Their callbacks are called after they have answered, until the same method is called again. */
const LASTING = new Set(['open', 'watch', 'onNames']);

/** Methods of `api`, and those of its prototype, as Comlink finds them. */
export function exposeApi(api: object): void {
  const lasting = new Map<string | symbol, readonly unknown[]>();
  const guarded = new Proxy(api, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        if (LASTING.has(String(name))) {
          lasting.get(name)?.forEach(release);
          lasting.set(name, args);
        }
        try {
          return await (member as (...args: unknown[]) => unknown).apply(target, args);
        } catch (thrown) {
          return refuse('DEFECT', thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'an unknown fault');
        } finally {
          if (!LASTING.has(String(name))) args.forEach(release);
        }
      };
    },
  });
  Comlink.expose(guarded);
}
