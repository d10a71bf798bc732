import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blamed, crash, FIRST_DAY } from '../../testing/node/madefacts.ts';
import { checkCasebook, MAX_DUMPS, MAX_FILE_CHARS, writeCasebook } from './file.ts';
import type { Mark } from './marks.ts';

const mark: Mark = { id: 'm', dump: 'a', atMs: FIRST_DAY, about: 'driver', text: 'updated it', module: 'bad.sys' };
const book = {
  dumps: [
    blamed('bad.sys', '0x10', { page: 7, verdict: { from: 'its maker', feature: 'POPCNT' }, live: { missing: 'not-computed', detail: 'made' } }),
    crash({ kind: 'user' }),
  ],
  marks: [mark],
  placings: [{ dump: 'a', pc: 'desk' }],
};
/** The written book with one thing in it changed. */
const changed = (change: (book: { version: unknown; dumps: Record<string, unknown>[]; marks: Record<string, unknown>[]; placings?: unknown }) => void) => {
  const value = JSON.parse(writeCasebook(book)) as Parameters<typeof change>[0];
  change(value);
  return checkCasebook(JSON.stringify(value));
};
const REFUSED = { ok: false, why: 'not-a-casebook' };

describe('a casebook file', () => {
  test('comes back as it went', () => expect(checkCasebook(writeCasebook(book))).toEqual({ ok: true, value: book }));
  test.each<[string, Parameters<typeof changed>[0]]>([
    ['an unknown field', ({ dumps }) => Object.assign(dumps[0] ?? {}, { extra: 1 })],
    ['a field of another type', ({ dumps }) => Object.assign(dumps[0] ?? {}, { sizeBytes: '12' })],
    ['a negative size', ({ dumps }) => Object.assign(dumps[0] ?? {}, { sizeBytes: -1 })],
    ['a code that is no number', ({ dumps }) => Object.assign(dumps[0] ?? {}, { code: '0xzz' })],
    ['a kind that there is not', ({ dumps }) => Object.assign(dumps[0] ?? {}, { kind: 'other' })],
    ['a field that is absent', ({ dumps }) => delete dumps[0]?.['drivers']],
    ['text that turns its direction', ({ dumps }) => Object.assign(dumps[0] ?? {}, { file: 'a\u202egpj.dmp' })],
    ['a time that no clock shows', ({ marks }) => Object.assign(marks[0] ?? {}, { atMs: 1e300 })],
    ['a PC of too long a name', (one) => Object.assign(one, { placings: [{ dump: 'a', pc: 'x'.repeat(61) }] })],
    ['more dumps than allowed', ({ dumps }) => dumps.push(...Array.from({ length: MAX_DUMPS }, () => dumps[0] ?? {}))],
  ])('is refused with %s', (_, change) => expect(changed(change)).toEqual(REFUSED));
  test('of before says nothing of PCs', () => expect(changed((one) => delete one.placings)).toEqual({ ok: true, value: { ...book, placings: [] } }));
  test('of a newer version says so', () => expect(changed((one) => (one.version = 2))).toEqual({ ok: false, why: 'newer' }));
  test.each(['', 'null', '[]', '{"faultline":"casebook"}', '{"__proto__":{"x":1}}', 'MDMP'])('%j is none', (content) =>
    expect(checkCasebook(content)).toEqual(REFUSED),
  );
  test('larger than allowed is not parsed', () => expect(checkCasebook(' '.repeat(MAX_FILE_CHARS + 1))).toEqual({ ok: false, why: 'too-large' }));
  test('whatever JSON comes, the answer is one of ours', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.nat(3000), (json, at) => {
        const whole = writeCasebook(book);
        for (const content of [json, `${whole.slice(0, at)}${json}${whole.slice(at)}`]) {
          const checked = checkCasebook(content);
          expect(checked.ok || ['too-large', 'not-a-casebook', 'newer'].includes(checked.why)).toBe(true);
        }
      }),
      { numRuns: 100, seed: 20261126 },
    );
  });
});
