/** One label of `!analyze -v` as a line: most have two blanks after the colon; BUGCHECK_Pn, MODULE_NAME, ERROR_CODE and the like have one. */
import { glossOf } from './analyzegloss.ts';
import { type OutputNode, type Span, line } from './spec.ts';

export const BLANK = line('');

/** The label with its explanation, as a span. */
export function labelSpan(label: string, blanks: string): Span {
  const gloss = glossOf(label);
  return { span: 'text', text: `${label}:${blanks}`, ...(gloss === undefined ? {} : { gloss }) };
}

export const two = (label: string, ...value: (Span | string)[]): readonly OutputNode[] => [line(labelSpan(label, '  '), ...value), BLANK];
export const one = (label: string, ...value: (Span | string)[]): readonly OutputNode[] => [line(labelSpan(label, ' '), ...value), BLANK];
