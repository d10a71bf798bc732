/** The outline as texts to paste. Names in it come from a file that may be hostile: marks of the form are escaped. */
import { s } from '../text/share.ts';
import { canonicalJson } from './codec.ts';
import { type Outline, outlineOf, type Section } from './outline.ts';
import type { Summary } from './summary.ts';

interface Form {
  readonly title: (text: string) => string;
  readonly heading: (text: string) => string;
  readonly fact: (label: string, value: string) => string;
  readonly item: (text: string, index: number) => string;
  readonly numbered: (text: string, index: number) => string;
  readonly code: (lines: readonly string[]) => string;
  readonly open?: (section: Section) => string;
  readonly close?: (section: Section) => string;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
const markdown = (text: string): string => oneLine(text).replace(/([\\`*_{}[\]<>#|~@])/g, '\\$1');
/** A zero-width space after the bracket keeps a name from becoming a tag. */
const bbcode = (text: string): string => oneLine(text).replaceAll('[', '[\u200b');
/** A fence longer than any run of backticks within. */
function fenced(lines: readonly string[]): string {
  const body = lines.map((text) => text.replace(/[\r\n]/g, ' ')).join('\n');
  const longest = Math.max(2, ...[...body.matchAll(/`+/g)].map((hit) => hit[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${body}\n${fence}`;
}

const MARKDOWN: Form = {
  title: (text) => `## ${markdown(text)}`,
  heading: (text) => `### ${markdown(text)}`,
  fact: (label, value) => `- **${markdown(label)}:** ${markdown(value)}`,
  item: (text) => `- ${markdown(text)}`,
  numbered: (text, index) => `${index + 1}. ${markdown(text)}`,
  code: fenced,
};
const BBCODE: Form = {
  title: (text) => `[b]${bbcode(text)}[/b]`,
  heading: (text) => `[b]${bbcode(text)}[/b]`,
  fact: (label, value) => `[*][b]${bbcode(label)}:[/b] ${bbcode(value)}`,
  item: (text) => `[*]${bbcode(text)}`,
  numbered: (text) => `[*]${bbcode(text)}`,
  code: (lines) => `[code]\n${lines.map((text) => text.replaceAll('[', '[\u200b')).join('\n')}\n[/code]`,
  open: (section) => (section.form === 'code' ? '' : section.form === 'numbered' ? '[list=1]\n' : '[list]\n'),
  close: (section) => (section.form === 'code' ? '' : '\n[/list]'),
};
const PLAIN: Form = {
  title: (text) => `${oneLine(text)}\n${'='.repeat(Math.min(72, oneLine(text).length))}`,
  heading: (text) => `${oneLine(text)}\n${'-'.repeat(oneLine(text).length)}`,
  fact: (label, value) => `${`${label}:`.padEnd(14)} ${oneLine(value)}`,
  item: (text) => `- ${oneLine(text)}`,
  numbered: (text, index) => `${index + 1}. ${oneLine(text)}`,
  code: (lines) => lines.join('\n'),
};

function write(form: Form, outline: Outline, made: string): string {
  const sections = outline.sections.map((section) => {
    const body =
      section.form === 'code'
        ? form.code(section.lines)
        : section.lines
            .map((text, index) =>
              section.form === 'facts'
                ? form.fact(section.labels?.[index] ?? '', text)
                : section.form === 'numbered'
                  ? form.numbered(text, index)
                  : form.item(text, index),
            )
            .join('\n');
    const heading = section.key === 'facts' ? '' : `${form.heading(section.title)}\n`;
    return `${heading}${form.open?.(section) ?? ''}${body}${form.close?.(section) ?? ''}`;
  });
  return `${[form.title(outline.headline), ...sections, made].join('\n\n')}\n`;
}

const FORMS = { markdown: MARKDOWN, bbcode: BBCODE, text: PLAIN } as const;
export type TextForm = keyof typeof FORMS;

/** `made` is the last line: what the text was made with. */
export const writeOutline = (form: TextForm, outline: Outline, made: string): string => write(FORMS[form], outline, made);

const summaryAs = (form: TextForm, summary: Summary): string => writeOutline(form, outlineOf(summary), s.labels.made);
export const toMarkdown = (summary: Summary): string => summaryAs('markdown', summary);
export const toBBCode = (summary: Summary): string => summaryAs('bbcode', summary);
export const toText = (summary: Summary): string => summaryAs('text', summary);
export const toJson = (summary: Summary): string => `${JSON.stringify(JSON.parse(canonicalJson(summary)), null, 2)}\n`;
