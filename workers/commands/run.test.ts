import { describe, expect, it } from 'vitest';
import { matchesPattern } from './modules.ts';
import { findCommand, splitLines } from './run.ts';
import type { CommandSpec } from './spec.ts';

const spec = (name: string, ...aliases: string[]): CommandSpec => ({
  name,
  aliases,
  group: 'help',
  summary: '',
  args: [],
  needs: [],
  examples: [],
  *run() {
    return { ok: true, value: [] };
  },
});
const SPECS = ['k', 'kb', 'kP', 'lm', 'lmvm', 'db', 'd', '?', '.formats', '~', '!analyze', 'r', 'u', 'ub'].map((name) => spec(name));
const named = (line: string) => {
  const match = findCommand(line, SPECS);
  return match && [match.spec.name, match.tail];
};

describe('command lines', () => {
  it.each([
    ['k', ['k', '']],
    ['k 5', ['k', '5']],
    ['kb', ['kb', '']],
    ['kP', ['kP', '']],
    ['lm kv m nt*', ['lm', 'kv m nt*']],
    ['lmvm nt', ['lmvm', 'nt']],
    ['db@rsp L8', ['db', '@rsp L8']],
    ['?nt+5', ['?', 'nt+5']],
    ['~*k', ['~', '*k']],
    ['.FORMATS 10', ['.formats', '10']],
    ['!analyze -v', ['!analyze', '-v']],
    ['ub nt', ['ub', 'nt']],
  ])('%s', (line, wanted) => expect(named(line)).toEqual(wanted));

  it.each(['kz', 'K', 'lmx', 'nosuch', ''])('%j is no command', (line) => expect(named(line)).toBeUndefined());

  it('are cut at semicolons outside quotes', () => {
    expect(splitLines('k; lm ;? "a;b";')).toEqual(['k', 'lm', '? "a;b"']);
  });
});

describe('module patterns', () => {
  it.each([
    ['ntfs', 'nt*', true],
    ['nt', 'nt?', false],
    ['NVLDDMKM', '*ddm*', true],
    ['abc', 'a*c*', true],
    ['abc', 'b', false],
    ['', '*', true],
  ])('%s %s %s', (name, pattern, wanted) => expect(matchesPattern(name, pattern)).toBe(wanted));

  it('do not blow up', () => {
    expect(matchesPattern('a'.repeat(5000), `${'*a'.repeat(200)}b`)).toBe(false);
  });
});
