/** The head of what is printed of a dump. */
import { expect, test } from 'vitest';
import type { FirstFacts } from '../../workers/api/analysis.ts';
import { factLines } from './text.ts';

const FACTS: FirstFacts = {
  ...{ fileName: 'a.dmp', sizeBytes: 7, kind: 'kernel-triage', kindWords: 'small memory dump', arch: 'x64', pointerSize: 8, coverage: [], oddities: [] },
  live: { ok: true, value: false },
  writer: { ok: true, value: 'Windows' },
  os: { ok: true, value: 'Windows 11' },
  crashTimeMs: { ok: true, value: 0 },
  uptimeSeconds: { ok: true, value: 538_058 },
  bugCheck: { code: 0, params: [0n, 0n, 0n, 0n], name: 'bug check 0x0', gist: '' },
  exception: null,
};

test('the time since the start stands in days and hours, seconds only below a minute', () => {
  // 538058 = 6 * 86400 + 5 * 3600 + 1658.
  expect(factLines(FACTS)[2]).toMatch(/; up for 6 days 5 h$/);
  expect(factLines({ ...FACTS, uptimeSeconds: { ok: true, value: 12.34 } })[2]).toMatch(/; up for 12\.3 s$/);
});

test('a code without a name stands once', () => {
  expect(factLines(FACTS)[3]).toMatch(/^ {2}Code: {4}bug check 0x0 {2}0/);
  expect(factLines({ ...FACTS, bugCheck: { code: 0xd1, params: [1n, 2n, 3n, 4n], name: 'DRIVER_X', gist: '' } })[3]).toMatch(/DRIVER_X \(0xd1\)/);
});
