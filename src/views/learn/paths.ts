/** Addresses of pages about codes. */
import type { FirstFacts } from '../../../workers/api/analysis.ts';
import { router } from '../../app/router.svelte.ts';
import { library } from '../../engine/library.svelte.ts';
import { hexDigits } from '../../engine/values.ts';

/** The page of a stop, with this dump's arguments in it. */
export const stopPath = ({ code, params }: NonNullable<FirstFacts['bugCheck']>): string =>
  ['code', ...[code, ...params].map((value) => hexDigits(value, 1))].join('/');

/** A bucket has an address of its own: `#/bucket/0x9F_3_RtsPer_IMAGE_pci.sys`. */
export const bucketPath = (bucket: string): string => `bucket/${encodeURIComponent(bucket)}`;

/** The text to explain: of the address, else what was typed last. */
export function pastedText(): string {
  const { view, parts, params } = router.route;
  if (view === 'bucket') return parts.join('/');
  return params['text'] ?? library.typed;
}
