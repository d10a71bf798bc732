/** docs/verdicts.md stays true: each row of its tables is the verdict of today. Where it is not, the failure shows the row to write. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { driveSync } from '../base/job.ts';
import { corpusList, hasCorpus } from '../testing/node/corpus.ts';
import { corpusSession } from '../testing/node/corpussession.ts';
import { judge } from './judge.ts';
import { say } from './words.ts';

const page = readFileSync(new URL('../../docs/verdicts.md', import.meta.url), 'utf8');
/** "| kernel/name | …": the cells of a row by its dump. */
const rows = new Map(
  page
    .split('\n')
    .filter((line) => /^\| (kernel|user)\//.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map((cells) => [cells[1] ?? '', cells.slice(2, 7)] as const),
);

function rowOf(path: string): readonly string[] | undefined {
  let session;
  try {
    session = corpusSession(`${path}.dmp`);
  } catch {
    return undefined;
  }
  const { headline, sureness, cause, culprit } = driveSync(judge(session));
  const who = [culprit?.module, culprit?.part].filter((part) => part !== undefined).join(', ');
  return [say(headline).owner.replaceAll('|', '/'), sureness, cause, who === '' ? '–' : who];
}

test('the tally is that of the rows', () => {
  for (const word of ['certain', 'likely', 'possible', 'not-known']) {
    const of = (start: string): number => [...rows.values()].filter((cells) => cells[1] === word && (cells[4] ?? '').startsWith(start)).length;
    expect(page).toContain(`| ${word} | ${of('agrees')} | ${of('more careful')} | ${of('differs')} |`);
  }
});

describe.skipIf(!hasCorpus)('docs/verdicts.md', () => {
  const names = ['kernel', 'user'].flatMap((folder) =>
    (hasCorpus ? corpusList(folder) : []).filter((name) => name.endsWith('.dmp')).map((name) => `${folder}/${name.replace(/\.dmp$/, '')}`),
  );
  test.each(names)('%s', (path) => {
    const now = rowOf(path);
    if (!now) {
      expect(rows.has(path)).toBe(false);
      return;
    }
    const cells = rows.get(path);
    expect(cells?.slice(0, 4)).toEqual(now);
    expect(cells?.[4]).toMatch(/^(agrees|more careful|differs|no reading)\b/);
  });
});
