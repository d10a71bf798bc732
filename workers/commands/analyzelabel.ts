/** One label of `!analyze -v` as a line: most have two blanks after the colon; BUGCHECK_Pn, MODULE_NAME, ERROR_CODE and the like have one. */
import { glossOf } from './analyzegloss.ts';
import { type OutputNode, type Span, line } from './spec.ts';

export const BLANK = line('');

/** Words with the explanation of the label or key that they are about, as a span. */
export function glossed(text: string, name: string): Span {
  const gloss = glossOf(name);
  return { span: 'text', text, ...(gloss === undefined ? {} : { gloss }) };
}
export const labelSpan = (label: string, blanks: string): Span => glossed(`${label}:${blanks}`, label);

export const two = (label: string, ...value: (Span | string)[]): readonly OutputNode[] => [line(labelSpan(label, '  '), ...value), BLANK];
export const one = (label: string, ...value: (Span | string)[]): readonly OutputNode[] => [line(labelSpan(label, ' '), ...value), BLANK];
