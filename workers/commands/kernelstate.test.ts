/** Commands about the kernel's state on every kernel dump of the corpus, and on built small dumps: an answer or a refusal with its reason. */
import { describe, expect, it } from 'vitest';
import type { Session } from '../target/target.ts';
import { deadlockC4, leakC4 } from '../testing/build/kernelstate.ts';
import { concat } from '../testing/build/binary.ts';
import { type Scene, triageOf } from '../testing/build/scene.ts';
import { mutations } from '../testing/fuzz/mutations.ts';
import { corpusList, hasCorpus } from '../testing/node/corpus.ts';
import { corpusSession } from '../testing/node/corpussession.ts';
import { fakeSession } from '../testing/node/fakesession.ts';
import { consoleOf } from '../testing/node/handmade.ts';
import { sessionOf } from '../testing/node/sessions.ts';
import type { Reply } from '../base/problem.ts';
import { formatNodes, type OutputNode } from './spec.ts';

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

/** A scene's own memory alone, damaged or not, as a session. */
function bare({ memory, params, kdbg }: Scene, bytes: Uint8Array): Session {
  let from = 0;
  const parts = memory.map(
    ({ address, bytes: block }) => [`0x${address.toString(16)}`, Buffer.from(bytes.subarray(from, (from += block.length))).toString('hex')] as const,
  );
  const kernelPointers = Object.fromEntries(Object.entries(kdbg ?? {}).map(([name, at]) => [name, at ?? 0n]));
  return fakeSession({ code: 0xc4, params, modules: ['ntoskrnl.exe'], memory: Object.fromEntries(parts), kernelPointers });
}

const SEED = 20241126;

describe('damaged records', () => {
  it.each([leakC4(), deadlockC4()])('$title', (scene) => {
    const whole = concat(...scene.memory.map(({ bytes }) => bytes));
    const { answer } = consoleOf(bare(scene, whole));
    // Undamaged they are found; else the damage below would prove nothing.
    expect(['!verifier 3', '!deadlock'].map((line) => formatNodes(valueOrNone(answer(line)))).join('\n')).toMatch(/mdrv|Thread 1: B A\./);
    for (const { label, bytes } of mutations(whole, SEED, 60)) {
      try {
        check(bare(scene, bytes));
      } catch (error) {
        throw new Error(`seed ${SEED}, ${label}`, { cause: error });
      }
    }
  });
});

const valueOrNone = (reply: Reply<readonly OutputNode[]>): readonly OutputNode[] => (reply.ok ? reply.value : []);

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
