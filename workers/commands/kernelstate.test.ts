/** Commands about the kernel's state on every kernel dump of the corpus, and on built small dumps: an answer or a refusal with its reason. */
import { describe, expect, it } from 'vitest';
import type { Session } from '../target/target.ts';
import { deadlockC4, leakC4 } from '../testing/build/kernelstate.ts';
import { triageOf } from '../testing/build/scene.ts';
import { corpusList, hasCorpus } from '../testing/node/corpus.ts';
import { corpusSession } from '../testing/node/corpussession.ts';
import { consoleOf } from '../testing/node/handmade.ts';
import { sessionOf } from '../testing/node/sessions.ts';
import { formatNodes } from './spec.ts';

const LINES = [
  ...['!running -it', '!irql', '!dpcs', '!dpcwatchdog', '!poolused 2', '!vm', '!verifier 3', '!deadlock 3', '!pte @$ip', '!vtop 0 @$ip'],
  ...['!pool @$bug_param1', '!pool @$bug_param2', '!pool @$bug_param4'],
];

function check(session: Session): void {
  const { answer } = consoleOf(session);
  for (const line of LINES) {
    const reply = answer(line);
    const text = reply.ok ? formatNodes(reply.value) : reply.problem.detail;
    expect(text.trim(), line).not.toBe('');
    expect(text, line).not.toMatch(/undefined|NaN|\[object/);
    if (!reply.ok) expect(reply.problem.code, `${line}: ${text}`).toMatch(/^(BAD_ARGUMENT|NEEDS)$/);
  }
}

describe('built small dumps', () => {
  it.each([leakC4(), deadlockC4()])('$title', (scene) => check(sessionOf(triageOf(scene).bytes, scene.title)));
});

describe.skipIf(!hasCorpus)('real dumps', () => {
  const names = (hasCorpus ? corpusList('kernel') : []).filter((name) => name.endsWith('.dmp'));
  it.each(names)('%s', (name) => {
    let session: Session;
    try {
      session = corpusSession(`kernel/${name}`);
    } catch {
      return; // not a dump that opens; other tests say so
    }
    check(session);
  });
});
