import { expect, it } from 'vitest';
import { loadKnowledge } from '../knowledge/load.ts';
import { fakeSession } from '../testing/node/fakesession.ts';
import { firstFacts } from './views.ts';

it('says of a rare type of kernel dump that its content is not known', async () => {
  const { target } = fakeSession({ code: 0xd1, params: [0n, 0n, 0n, 0n] });
  const { coverage } = firstFacts({ ...target, kind: 'kernel-other' }, await loadKnowledge());
  expect(coverage.map(({ part, held }) => [part, held])).toEqual(
    ['context', 'stack', 'modules', 'kernel-memory', 'user-memory'].map((part) => [part, 'unknown']),
  );
  for (const { words } of coverage) expect(words).toMatch(/^not known/);
});
