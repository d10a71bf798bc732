import type { MissingReason } from './found.ts';
import { formatVa, hex } from './hex.ts';

type Words = { readonly [K in MissingReason['why']]: (reason: Extract<MissingReason, { why: K }>) => string };

const SPACE_WORDS = { virtual: 'the memory at', physical: 'the physical page at', file: 'file offset' } as const;

const WORDS: Words = {
  'not-computed': (reason) => reason.detail ?? 'not computed',
  'not-in-dump': (reason) => {
    const where = reason.space === 'virtual' ? formatVa(reason.at) : hex(reason.at);
    const via = reason.whileTranslating === undefined ? '' : ` (met while translating ${formatVa(reason.whileTranslating)})`;
    return `${SPACE_WORDS[reason.space]} ${where} is not in this dump${via}`;
  },
  'not-present': (reason) => `${formatVa(reason.va)} was not present: its ${reason.level} entry is empty`,
  'paged-out': (reason) => `${formatVa(reason.va)} was paged out when the dump was written`,
  'outside-file': (reason) => `it would lie at ${hex(reason.at)}, ${reason.length} bytes, and the file has ${reason.fileSize}`,
  'stream-absent': (reason) => `the dump has no ${reason.stream}`,
  'no-symbols': (reason) => `no symbols for ${reason.module}: ${reason.detail}`,
  'unknown-layout': (reason) => `the layout of ${reason.type} is not known for ${reason.build}`,
  'not-valid': (reason) => `${reason.what} is ${reason.got}, which is not ${reason.wanted}`,
  'not-written-by': (reason) => `${reason.writer} does not write ${reason.what}`,
  'all-failed': (reason) => reason.attempts.map(describeMissing).join('; '),
};

/** The reason in a sentence without a full stop, as the page, the console and copied text show it. */
export function describeMissing(reason: MissingReason): string {
  const words = WORDS[reason.why] as (reason: MissingReason) => string;
  return words(reason);
}
