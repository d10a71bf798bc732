/** Which thread a session looks at. */
import type { Session, ThreadInfo } from './target.ts';

export const crashOf = ({ target }: Session): ThreadInfo | undefined => (target.crashThread.ok ? target.threads[target.crashThread.value] : undefined);

/** The thread whose registers are the scope; the crash's where the scope is a record of it. */
export function currentThread(session: Session): ThreadInfo | undefined {
  const { scope, target } = session;
  return target.threads.find((thread) => scope !== undefined && thread.context.ok && thread.context.value === scope) ?? crashOf(session);
}
