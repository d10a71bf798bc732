/** Every line of evidence names a command; here each of them is run on the dump that it was drawn from, and must answer. */
import { describe, expect, test } from 'vitest';
import { driveSync } from '../base/job.ts';
import { formatNodes } from '../commands/spec.ts';
import { corpusList, hasCorpus } from '../testing/node/corpus.ts';
import { consoleOf } from '../testing/node/handmade.ts';
import { fixtures } from '../testing/build/fixtures.ts';
import { corpusSession, sessionOfBytes } from '../testing/node/corpussession.ts';
import type { Session } from '../target/target.ts';
import type { Evidence } from '../verdict/verdict.ts';
import { judge } from '../verdict/judge.ts';

/** What the answer must hold for the evidence to be seen in it; by text id. */
const SHOWS: Readonly<Record<string, (one: Evidence) => readonly string[]>> = {
  'e-code': (one) => [(one.says.args['p1'] ?? '').slice(2)],
  'e-prcb': (one) => [Number(one.says.args['cpu']).toString(16).padStart(8, '0')],
  'e-exit-status': (one) => [/0x([0-9a-f]+)/.exec(one.says.args['status'] ?? '')?.[1] ?? '?'],
  'e-points-at': (one) => [(one.says.args['value'] ?? '').slice(2)],
  'e-dpc-samples': (one) => [(one.says.args['module'] ?? '').replace(/\.sys$/i, '')],
  'e-owner-tag': (one) => [(one.says.args['place'] ?? '').replace(/\.sys.*$/i, '')],
  'e-irp-holder': (one) => [(one.says.args['who'] ?? '').replace(/\.sys.*$/i, '')],
  'e-stuck-thread': (one) => [(one.says.args['high'] ?? '').slice(2)],
  'e-instruction': (one) => [(one.says.args['bytes'] ?? '').replaceAll(' ', '')],
  'e-maker': (one) => [one.says.args['maker'] ?? '?', 'believed'],
  'e-no-operand': (one) => [(one.says.args['instruction'] ?? '').split(' ')[0] ?? '?'],
};

function answers(session: Session): void {
  const { answer } = consoleOf(session);
  for (const one of driveSync(judge(session)).evidence) {
    const reply = answer(one.command);
    // Its refusal is the evidence: there is no exception record.
    if (one.says.id === 'e-no-exception') {
      expect(reply.ok ? '' : reply.problem.detail).toMatch(/no exception record/);
      continue;
    }
    expect(reply.ok ? '' : reply.problem.detail, one.command).toBe('');
    const shown = reply.ok ? formatNodes(reply.value).replaceAll('`', '').toLowerCase() : '';
    expect(shown.trim(), one.command).not.toBe('');
    for (const part of SHOWS[one.says.id]?.(one) ?? []) expect(shown, `${one.says.id}: ${one.command}`).toContain(part.toLowerCase());
  }
}

describe('evidence of built files', () => {
  test.each(fixtures().filter((one) => one.name.endsWith('.dmp')))('$name: its commands answer and show it', ({ name, bytes }) => {
    answers(sessionOfBytes(bytes(), name));
  });
});

describe.skipIf(!hasCorpus)('evidence of real files', () => {
  const names = ['kernel', 'user'].flatMap((folder) =>
    (hasCorpus ? corpusList(folder) : []).filter((name) => name.endsWith('.dmp')).map((name) => `${folder}/${name}`),
  );
  test.each(names)('of %s: its commands answer and show it', (path) => {
    let session: Session;
    try {
      session = corpusSession(path);
    } catch {
      return;
    }
    answers(session);
  });
});
