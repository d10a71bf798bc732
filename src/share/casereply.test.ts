/** A reply keeps back by default what is of a machine or a person. */
import { describe, expect, test } from 'vitest';
import { driveSync } from '../../workers/base/job.ts';
import { blamed, crash, FIRST_DAY } from '../../workers/testing/node/madefacts.ts';
import { buildCasebook, type CaseGroup } from '../../workers/verdict/casebook/book.ts';
import type { Mark } from '../../workers/verdict/casebook/marks.ts';
import { offeredReplies, replyOutline, type ReplyAddition } from './casereply.ts';
import { writeOutline } from './texts.ts';

// a8.sys and a9.sys of the made PC are in no table; secretapp.exe is a person's.
const dumps = [
  blamed('a9.sys', '0x1234', { id: '1', day: 0, file: 'Peter-PC.dmp', process: 'secretapp.exe' }),
  blamed('a9.sys', '0x1234', { id: '2', day: 4, file: 'second.dmp' }),
  crash({
    id: '3',
    day: 6,
    code: '0xef',
    verdict: { headline: 'secretapp.exe and C:\\Users\\Peter\\x.sys', helper: 'secretapp.exe and C:\\Users\\Peter\\x.sys' },
  }),
];
const marks: readonly Mark[] = [{ id: 'm', dump: '1', atMs: FIRST_DAY + 1000, about: 'ram', text: 'swapped Peter’s stick' }];
const [group] = driveSync(buildCasebook(dumps, marks, FIRST_DAY)) as [CaseGroup];
const text = (...ticked: readonly ReplyAddition[]): string => writeOutline('text', replyOutline(group, new Set(ticked)), 'end');

describe('a reply', () => {
  test('holds by default no time, no unknown name, no file, no process, no path, no note', () => {
    const plain = text();
    expect(plain).not.toMatch(/a9\.sys|Peter|second|secretapp|2026-01|swapped/i);
    expect(plain).toContain('private2.sys is behind 2 of 3 crashes.');
    expect(plain).toMatch(/2 × 0xD1 .*d1\/private2\.sys\+1234 \(Likely\): dump 1, dump 2/);
    expect(plain).toMatch(/Against: Not part of it: the-process\.exe and \[path\]/);
  });
  test.each<[ReplyAddition, RegExp]>([
    ['time', /2026-01-10 12:00:00 UTC/],
    ['names', /a9\.sys is behind 2 of 3/],
    ['file', /Peter-PC\.dmp: 0xD1/],
    ['notes', /2026-01-10: swapped Peter’s stick/],
  ])('holds the %s where that is ticked', (what, seen) => {
    expect(text()).not.toMatch(seen);
    expect(text(what)).toMatch(seen);
  });
  test('offers what there is', () => {
    expect(offeredReplies(group)).toEqual(['time', 'names', 'file', 'notes']);
    expect(offeredReplies({ ...group, marks: [], dumps: [crash({ drivers: [], crashTimeMs: { missing: 'not-computed', detail: 'made' } })] })).toEqual([
      'file',
    ]);
  });
  test('in three forms, with the marks of the form escaped', () => {
    const [hostile] = driveSync(
      buildCasebook(
        dumps.map((one) => ({ ...one, codeName: '[b]`*<x>' })),
        marks,
        FIRST_DAY,
      ),
    ) as [CaseGroup];
    const as = (form: 'markdown' | 'bbcode') => writeOutline(form, replyOutline(hostile, new Set()), 'end');
    expect(as('markdown')).toContain('\\[b\\]\\`\\*\\<x\\>');
    expect(as('bbcode')).not.toContain('[b]`');
    expect(as('bbcode')).toContain('[*]');
  });
});
