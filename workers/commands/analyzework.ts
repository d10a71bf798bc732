/** What `!analyze` prints and how its labels are explained, in one part that is loaded at the first use of either. */
export { analyzeAnswer } from './analyze.ts';
export { glossOf } from './analyzegloss.ts';
