/** `!wow64exts.k`: both stacks of a thread of a 32-bit process in a 64-bit dump. */
import { describeMissing } from '../base/missingwords.ts';
import type { Job } from '../base/job.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { currentThread } from '../target/currentthread.ts';
import { isNarrow, isWow64, wow64Context } from '../target/wow64.ts';
import { frameCount, narrowed, scopeStack, stackNodes, styleOf } from './stack.ts';
import { type CommandSpec, line, note, type OutputNode } from './spec.ts';

const bothStacks: CommandSpec = {
  name: '!wow64exts.k',
  aliases: [],
  group: 'stack',
  summary: 'a 32-bit process in a 64-bit dump: the stack of the 64-bit code and that of the 32-bit code',
  args: [{ name: 'count', kind: 'expression', optional: true, summary: 'most frames of each to show' }],
  needs: ['user', 'stack'],
  examples: [{ line: '!wow64exts.k', fixture: 'user' }],
  *run({ session }, tail): Job<Reply<readonly OutputNode[]>> {
    const limit = frameCount(session, tail);
    if (!limit.ok) return limit;
    const own = yield* scopeStack(session, limit.value);
    const style = styleOf('k');
    if (!isWow64(session.target)) return reply([...stackNodes(session, own, style), note('the process has no 32-bit code: wow64cpu.dll is not loaded')]);
    const { scope } = session;
    if (scope && isNarrow(session.target, scope.registers)) return reply([line('Guest (32-bit) stack:'), ...stackNodes(narrowed(session), own, style)]);
    const thread = currentThread(session);
    const context = thread ? wow64Context(session.memory, thread) : undefined;
    if (!context) return refuse('NEEDS', 'the thread of these registers is not known');
    const guest = context.ok
      ? stackNodes(narrowed(session), yield* session.walk(context.value, limit.value), style)
      : [note(`no registers of 32-bit code: ${describeMissing(context.missing)}`)];
    return reply([line('Host (64-bit) stack:'), ...stackNodes(session, own, style), line(''), line('Guest (32-bit) stack:'), ...guest]);
  },
};

export const WOW64_COMMANDS: readonly CommandSpec[] = [bothStacks];
