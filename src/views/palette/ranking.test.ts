import { describe, expect, it } from 'vitest';
import { gradeOf, rank, type Choice } from './ranking.ts';

const choice = (name: string, more: Partial<Choice> = {}): Choice => ({ kind: 'command', name, summary: '', act: () => undefined, ...more });
const names = (query: string, choices: readonly Choice[], recent: readonly string[] = []): string[] => rank(query, choices, recent).map((one) => one.name);

describe('the palette', () => {
  it('puts exact before prefix before word before part before fuzzy', () => {
    expect(['k', 'kb', '!k', 'lmk', 'xyz'].map((name) => gradeOf('k', name))).toEqual([5, 4, 3, 2, 0]);
    expect(names('lm', [choice('film'), choice('l-m'), choice('lmvm'), choice('lm'), choice('!lm')])).toEqual(['lm', 'lmvm', '!lm', 'film', 'l-m']);
  });
  it('lets what was used last break ties only', () => {
    const all = [choice('kb'), choice('kv'), choice('k')];
    expect(names('k', all, ['kv'])).toEqual(['k', 'kv', 'kb']);
  });
  it('shows what cannot work here after what can', () => {
    expect(names('!p', [choice('!peb', { unmet: 'needs memory' }), choice('!pool')])).toEqual(['!pool', '!peb']);
  });
  it('finds by what a command does, last', () => {
    expect(names('stack', [choice('k', { summary: 'stack of the crash' }), choice('Stack')])).toEqual(['Stack', 'k']);
  });
});
