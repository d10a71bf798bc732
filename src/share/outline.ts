/** A summary as headed lists of lines: the one form that the page and all texts to paste are drawn from. */
import { formatDuration } from '../text/format.ts';
import { s } from '../text/share.ts';
import { CAUSE, SURENESS, TRUST, WEIGHT } from '../text/words.ts';
import type { Summary } from './summary.ts';

export interface Section {
  readonly key: string;
  readonly title: string;
  readonly lines: readonly string[];
  readonly form: 'facts' | 'list' | 'numbered' | 'code';
  /** Of facts: the labels, one a line. */
  readonly labels?: readonly string[];
}
export interface Outline {
  readonly headline: string;
  readonly sureness: string;
  readonly sections: readonly Section[];
}

const wordOf = (table: object, key: string): string => (table as Readonly<Record<string, { word: string } | undefined>>)[key]?.word ?? key;

function facts(summary: Summary): Section {
  const rows: readonly (readonly [string, string])[] = [
    [s.labels.sureness, wordOf(SURENESS, summary.sureness)],
    [s.labels.cause, (CAUSE as Readonly<Record<string, string>>)[summary.cause] ?? summary.cause],
    [s.labels.culprit, summary.culprit],
    [s.labels.place, summary.place],
    [s.labels.code, `${summary.code} ${summary.codeName}`.trim()],
    [s.labels.parameters, summary.parameters.join('; ')],
    [s.labels.system, [summary.os, summary.arch].filter(Boolean).join(', ')],
    [s.labels.kind, summary.kind],
    [s.labels.time, summary.time ?? ''],
    [s.labels.uptime, summary.uptime === undefined ? '' : formatDuration(summary.uptime)],
    [s.labels.process, summary.process ?? ''],
    [s.labels.file, summary.file ?? ''],
    [s.labels.bucket, summary.bucket],
    [s.labels.rule, summary.rule],
  ];
  const held = rows.filter(([, value]) => value !== '');
  return { key: 'facts', title: s.labels.verdict, form: 'facts', labels: held.map(([label]) => label), lines: held.map(([, value]) => value) };
}

export function outlineOf(summary: Summary): Outline {
  const evidence = summary.evidence.map((row) => {
    const weight = (WEIGHT as Readonly<Record<string, { sign: string; word: string }>>)[row.weighs];
    const exact = row.exact && row.exact !== row.says ? ` (${row.exact})` : '';
    return `${weight?.word ?? row.weighs}: ${row.says}${exact}`;
  });
  const sections: readonly Section[] = [
    facts(summary),
    { key: 'explanation', title: s.labels.explanation, form: 'list', lines: summary.explanation },
    { key: 'steps', title: s.labels.steps, form: 'numbered', lines: summary.steps },
    { key: 'evidence', title: s.labels.evidence, form: 'list', lines: evidence },
    { key: 'settle', title: s.labels.settle, form: 'list', lines: summary.settle },
    {
      key: 'frames',
      title: s.labels.frames,
      form: 'code',
      lines: summary.frames.map((frame, index) => `${String(index).padStart(2, '0')} ${wordOf(TRUST, frame.trust).padEnd(13)} ${frame.at}`),
    },
    {
      key: 'drivers',
      title: s.labels.drivers,
      form: 'code',
      lines: summary.drivers.map((driver) => [driver.name.padEnd(24), driver.built.padEnd(10), driver.version].join('  ').trimEnd()),
    },
  ];
  return { headline: summary.headline, sureness: summary.sureness, sections: sections.filter((section) => section.lines.length > 0) };
}
