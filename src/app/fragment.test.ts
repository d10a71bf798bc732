import { describe, expect, it } from 'vitest';
import { fragmentOf, parseFragment } from './fragment.ts';

describe('fragments', () => {
  it('name a view and its place', () => {
    expect(parseFragment('#/memory?at=fff0&unit=4')).toEqual({ view: 'memory', parts: [], params: { at: 'fff0', unit: '4' }, shared: null });
    expect(parseFragment('')).toEqual({ view: '', parts: [], params: {}, shared: null });
    expect(parseFragment(fragmentOf('console', { run: '!analyze -v; k & x=1' }))).toEqual({
      view: 'console',
      parts: [],
      params: { run: '!analyze -v; k & x=1' },
      shared: null,
    });
  });
  it('name a code and what chooses a case of it', () => {
    expect(parseFragment('#/code/7e/c0000005')).toEqual({ view: 'code', parts: ['7e', 'c0000005'], params: {}, shared: null });
    expect(parseFragment('#/learn/no-dump').parts).toEqual(['no-dump']);
    expect(parseFragment('#/code/a%2Fb/%E0%A4%A').parts).toEqual(['a/b', '%E0%A4%A']);
  });
  it('of another form lead to the start page', () => {
    expect(parseFragment('#/<script>')).toEqual({ view: '', parts: [], params: {}, shared: null });
    expect(parseFragment('#content')).toEqual({ view: 'content', parts: [], params: {}, shared: null });
  });
  it('of a summary are kept whole', () => {
    expect(parseFragment('#s1.abc')).toEqual({ view: 'shared', parts: [], params: {}, shared: 's1.abc' });
    expect(parseFragment('#s9.abc')).toEqual({ view: 'shared', parts: [], params: {}, shared: 's9.abc' });
  });
});
