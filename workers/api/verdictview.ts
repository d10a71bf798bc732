import { findCommand } from '../commands/run.ts';
import { SPECS } from '../commands/specs.ts';
import type { Session } from '../target/target.ts';
import { readParameters } from '../verdict/parameters.ts';
import type { Text, Verdict } from '../verdict/verdict.ts';
import { say } from '../verdict/words.ts';
import { guideOf } from '../verdict/words/guides.ts';
import type { VerdictView, Words } from './analysis.ts';

const wordsOf = (text: Text): Words => {
  const { owner, helper, developer } = say(text);
  return { owner, helper, developer };
};

/** The verdict with its words, as the page draws it. */
export function verdictView(verdict: Verdict, session: Session): VerdictView {
  const { place, culprit } = verdict;
  return {
    headline: wordsOf(verdict.headline),
    explanation: verdict.explanation.map(wordsOf),
    sureness: verdict.sureness,
    cause: verdict.cause,
    place: place ?? null,
    culprit: culprit ? { module: culprit.module ?? null, part: culprit.part ?? null } : null,
    detector: verdict.detector ?? null,
    victim: verdict.victim ?? null,
    evidence: verdict.evidence.map(({ id, says, command, how, weighs, private: own }) => ({
      id,
      words: wordsOf(says),
      command,
      how,
      weighs,
      ...(own ? { private: own } : {}),
    })),
    against: verdict.against.map(wordsOf),
    rivals: verdict.rivals.map(({ module, part, why }) => ({ module: module ?? null, part: part ?? null, why: wordsOf(why) })),
    wouldSettle: verdict.wouldSettle.map(wordsOf),
    steps: verdict.steps.map(({ says, copy }) => ({ words: wordsOf(says), copy: copy ?? null, guide: guideOf(says) ?? null })),
    looks: verdict.looks.map(({ line, says }) => ({ line, words: wordsOf(says), here: findCommand(line, SPECS) !== undefined })),
    suspects: verdict.suspects,
    rule: verdict.rule,
    bucket: verdict.bucket,
    signature: verdict.signature,
    parameters: readParameters(session),
  };
}
