/** `undname`: a decorated name in words, as Microsoft's tool of this name and llvm-undname write it; Rust's as rustfilt does. */
import { refuse, reply } from '../base/problem.ts';
import { displayName, fullName } from '../symbols/demangle/display.ts';
import { type CommandSpec, line } from './spec.ts';

export const UNDNAME_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'undname',
    aliases: [],
    group: 'symbols',
    summary: 'a decorated C++ name as the declaration it stands for, a Rust name with its hash or crate numbers, and short as stacks show them',
    args: [{ name: 'name', kind: 'text', optional: false, summary: 'the decorated name, which begins with ?, _R or _ZN' }],
    needs: [],
    examples: [{ line: 'undname ?Run@CWorker@@QEAAXXZ', fixture: 'sample' }],
    *run({ session }, tail) {
      const name = tail.trim();
      const full = fullName(name);
      if (full === undefined)
        return refuse('BAD_ARGUMENT', 'this is no decorated name of a Microsoft compiler or of rustc, or one that is not understood', { at: 0 });
      return reply([line(full), line(displayName(name, session.target.arch))]);
    },
  },
];
