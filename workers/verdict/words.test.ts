import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isTextId, say, templatesOf, text, textIds } from './words.ts';

const here = import.meta.dirname;
const sources = ['', 'rules', 'casebook', 'explain'].flatMap((folder) =>
  readdirSync(join(here, folder))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(here, folder, name), 'utf8')),
);
const USE = /(?:text|\.head|\.say|\.oppose|\.settle)\(\s*(?:[^'"`(),]+\?\s*)?'([hxearsdl]-[a-z0-9-]+)'(?:\s*:\s*'([hxearsdl]-[a-z0-9-]+)')?/g;
const used = new Set(sources.flatMap((source) => [...source.matchAll(USE)].flatMap((match) => [match[1], match[2]].filter((id) => id !== undefined))));
const everyId = new Set(sources.flatMap((source) => [...source.matchAll(/['"`]([hxearsdl]-[a-z][a-z0-9-]+)['"`]/g)].map((match) => match[1] ?? '')));

describe('texts', () => {
  test('every id that a rule names exists', () => {
    expect(used.size).toBeGreaterThan(100);
    for (const id of used) expect(isTextId(id), id).toBe(true);
  });
  test('every text is used', () => {
    // Made from the sureness.
    const variants = ['h-driver-certain', 'h-driver-possible'];
    for (const id of textIds()) expect(everyId.has(id) || variants.includes(id), id).toBe(true);
  });
  test('three vocabularies, plain, no per cent, no exclamation; each says something', () => {
    for (const id of textIds()) {
      const slots = new Set(
        [
          ...templatesOf(id)
            .join(' ')
            .matchAll(/\{([a-zA-Z0-9]+)\}/g),
        ].map((match) => match[1] ?? ''),
      );
      const said = say({ id, args: Object.fromEntries([...slots].map((slot) => [slot, 'x'])) });
      for (const words of Object.values(said)) {
        expect(words, id).not.toMatch(/[%!{}]|oops|sorry|unfortunately/i);
        expect(words.trim().length, id).toBeGreaterThan(0);
      }
    }
  });
  test('slots are filled; a file name keeps its case, a sentence gets a capital', () => {
    expect(say(text('e-process', { process: 'a.exe' })).helper).toBe('Process a.exe.');
    expect(say(text('h-driver-certain', { who: 'bad.sys', name: '0xD1', place: 'bad.sys+0x1' })).owner).toBe('bad.sys stopped Windows.');
  });
  test('an id from elsewhere is shown, not lost', () => expect(say({ id: 'elsewhere', args: {} }).owner).toBe('elsewhere'));
});
