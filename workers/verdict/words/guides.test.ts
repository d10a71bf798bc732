import { expect, test } from 'vitest';
import { GUIDES } from '../../knowledge/guides/index.ts';
import { textIds } from '../words.ts';
import { guideOf } from './guides.ts';

test('advice leads to guides that exist', () => {
  const named = textIds().flatMap((id) => guideOf({ id, args: {} }) ?? []);
  expect(named.length).toBeGreaterThan(5);
  for (const guide of named) expect(GUIDES.map(({ id }) => id)).toContain(guide);
});
