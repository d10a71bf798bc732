/** Addresses of pages about codes. */
import type { FirstFacts } from '../../../workers/api/analysis.ts';
import { hexDigits } from '../../engine/values.ts';

/** The page of a stop, with this dump's arguments in it. */
export const stopPath = ({ code, params }: NonNullable<FirstFacts['bugCheck']>): string =>
  ['code', ...[code, ...params].map((value) => hexDigits(value, 1))].join('/');
