/** `!analyze`: its name and help. What it does is loaded when it is first asked for. */
import { ANALYZE_CODE } from './lateparts.ts';
import type { CommandSpec } from './spec.ts';

const analyzeCommand: CommandSpec = {
  name: '!analyze',
  aliases: [],
  group: 'analysis',
  summary: 'what broke; -v with every fact behind it, -hang who waits for whom, -show CODE explains a bug check',
  args: [{ name: 'options', kind: 'flags', optional: true, summary: '-v, -hang, or -show CODE [P1 P2 P3 P4]' }],
  needs: [],
  examples: [
    { line: '!analyze -v', fixture: 'sample' },
    { line: '!analyze', fixture: 'sample' },
    { line: '!analyze -show d1', fixture: 'sample' },
    { line: '!analyze -hang', fixture: 'user' },
    { line: '!analyze -v', fixture: 'user' },
  ],
  *run({ session }, tail) {
    const code = yield* ANALYZE_CODE.use();
    return code.ok ? yield* code.value.analyzeAnswer(session, tail) : code;
  },
};

export const ANALYSIS_COMMANDS: readonly CommandSpec[] = [analyzeCommand];
