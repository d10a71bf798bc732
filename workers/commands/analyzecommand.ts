/** `!analyze`: its name and help. What it does is loaded when it is first asked for. */
import type { Job } from '../base/job.ts';
import type { CommandSpec } from './spec.ts';

type Work = typeof import('./analyzework.ts');
let work: Work | undefined;

/** For callers that cannot wait, ahead of their first line. */
export async function loadAnalyzeCommand(): Promise<Work> {
  return (work ??= await import('./analyzework.ts'));
}

export function* analyzeWork(): Job<Work> {
  if (!work) yield { need: 'code', loading: loadAnalyzeCommand() };
  if (!work) throw new Error('the work of !analyze was not waited for');
  return work;
}

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
    const { analyzeAnswer } = yield* analyzeWork();
    return yield* analyzeAnswer(session, tail);
  },
};

export const ANALYSIS_COMMANDS: readonly CommandSpec[] = [analyzeCommand];
