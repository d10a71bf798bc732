/** Checks of data from outside, for the page. */
export { type Check, count, list, oneOf, record, text } from '../../workers/base/check.ts';
export { CAUSES } from '../../workers/verdict/verdict.ts';
