import { describe, expect, it } from 'vitest';
import { fragmentOf, parseFragment } from './fragment.ts';

describe('fragments', () => {
  it('name a view and its place', () => {
    expect(parseFragment('#/memory?at=fff0&unit=4')).toEqual({ view: 'memory', params: { at: 'fff0', unit: '4' }, shared: null });
    expect(parseFragment('')).toEqual({ view: '', params: {}, shared: null });
    expect(parseFragment(fragmentOf('console', { run: '!analyze -v; k & x=1' }))).toEqual({
      view: 'console',
      params: { run: '!analyze -v; k & x=1' },
      shared: null,
    });
  });
  it('of another form lead to the start page', () => {
    expect(parseFragment('#/<script>')).toEqual({ view: '', params: {}, shared: null });
    expect(parseFragment('#content')).toEqual({ view: 'content', params: {}, shared: null });
  });
  it('of a summary are kept whole', () => {
    expect(parseFragment('#s1.abc')).toEqual({ view: 'shared', params: {}, shared: 's1.abc' });
    expect(parseFragment('#s9.abc')).toEqual({ view: 'shared', params: {}, shared: 's9.abc' });
  });
});
