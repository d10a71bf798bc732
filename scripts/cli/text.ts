/** What the command line prints of a dump in text mode: the same as the verdict page says. */
import type { FirstFacts, Shown, VerdictView } from '../../workers/api/analysis.ts';
import { formatVa, hex } from '../../workers/base/hex.ts';
import { formatDuration } from '../../src/text/format.ts';

const known = <T>(value: Shown<T>, words: (value: T) => string): string => (value.ok ? words(value.value) : `not known (${value.words})`);
/** "NAME (0x…)"; what has no name is called by its code already. */
const withCode = ({ name, code }: { readonly name: string; readonly code: number }): string => (name.includes(hex(code)) ? name : `${name} (${hex(code)})`);
const upFor = (seconds: number): string => (seconds >= 60 ? formatDuration(seconds) : seconds < 0.05 ? 'less than 0.1 s' : `${seconds.toFixed(1)} s`);
export const SURENESS: Readonly<Record<VerdictView['sureness'], string>> = {
  certain: 'CERTAIN',
  likely: 'LIKELY',
  possible: 'POSSIBLE',
  'not-known': 'NOT KNOWN',
};
export const MARK: Readonly<Record<VerdictView['evidence'][number]['weighs'], string>> = { decides: '!', for: '+', against: '-', context: ' ' };

export function section(title: string, rows: readonly string[]): readonly string[] {
  return rows.length === 0 ? [] : ['', title, ...rows.map((row) => `  ${row}`)];
}

export function factLines(facts: FirstFacts): readonly string[] {
  const when = known(facts.crashTimeMs, (ms) => new Date(ms).toISOString());
  const up = known(facts.uptimeSeconds, upFor);
  const lines = [
    `${facts.fileName}  (${facts.kindWords}, ${facts.arch}, ${facts.sizeBytes} bytes)`,
    `  System:  ${known(facts.os, (name) => name)}`,
    `  When:    ${when}; up for ${up}`,
  ];
  if (facts.bugCheck) lines.push(`  Code:    ${withCode(facts.bugCheck)}  ${facts.bugCheck.params.map((value) => formatVa(value)).join(' ')}`);
  if (facts.exception) lines.push(`  Code:    ${withCode(facts.exception)} at ${formatVa(facts.exception.address, facts.pointerSize)}`);
  for (const oddity of facts.oddities) lines.push(`  Note:    ${oddity}`);
  return lines;
}

export function verdictText(facts: FirstFacts, verdict: VerdictView): string {
  const parameters = verdict.parameters.map((row) => `${row.label}: ${formatVa(row.value, facts.pointerSize)}  ${row.meaning}`);
  const evidence = verdict.evidence.map((row) => `${MARK[row.weighs]} ${row.words.helper}  [${row.command}]`);
  return [
    ...factLines(facts),
    '',
    `${SURENESS[verdict.sureness]}: ${verdict.headline.owner}`,
    ...verdict.explanation.map((words) => `  ${words.owner}`),
    ...section(
      'What to do',
      verdict.steps.map(
        (step, index) =>
          `${index + 1}. ${step.words.owner}${step.copy ? `\n     ${step.copy}` : ''}${step.guide ? `\n     (guide of the page: learn/${step.guide})` : ''}`,
      ),
    ),
    ...section(
      'To look at by hand',
      verdict.looks.map((look) => `${look.line}  ${look.words.developer}${look.here ? '' : ' (in WinDbg)'}`),
    ),
    ...section('Arguments', parameters),
    ...section('Evidence', evidence),
    ...section('Against it', verdict.against.length > 0 ? verdict.against.map((words) => words.helper) : ['nothing found']),
    ...section(
      'Could also be',
      verdict.rivals.map((rival) => [rival.module ?? rival.part, rival.why.helper].filter((part) => part !== undefined && part !== null).join(': ')),
    ),
    ...section('Would settle it', verdict.wouldSettle.length > 0 ? verdict.wouldSettle.map((words) => words.helper) : ['nothing found']),
    '',
    `Bucket: ${verdict.bucket}`,
    `Signature: ${verdict.signature}`,
  ].join('\n');
}
