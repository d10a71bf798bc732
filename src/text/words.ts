/** Words for the closed lists of the engine. */
import type { MissingReason } from '../../workers/base/found.ts';
import type { Trust } from '../../workers/unwind/frame.ts';
import type { Cause, How, Part, Sureness, Weight } from '../../workers/verdict/verdict.ts';

export const SURENESS: Readonly<Record<Sureness, { readonly word: string; readonly means: string }>> = {
  certain: { word: 'Certain', means: 'The dump itself proves it.' },
  likely: { word: 'Likely', means: 'The evidence points this way; another cause is possible but less so.' },
  possible: { word: 'Possible', means: 'One reading among several; the evidence does not decide.' },
  'not-known': { word: 'Not known', means: 'What this dump holds does not tell the cause.' },
};

export const CAUSE: Readonly<Record<Cause, string>> = {
  'driver-bug': 'Fault in a driver',
  hardware: 'Hardware',
  'memory-corruption': 'Corrupted memory',
  'application-bug': 'Fault in a program',
  hang: 'Something hung',
  'resource-exhaustion': 'Something ran out',
  storage: 'Disk or file system',
  firmware: 'Firmware',
  manual: 'Made on purpose',
  'live-dump': 'No crash: a live dump',
  'not-known': 'Cause not known',
};

export const PART: Readonly<Record<Part, string>> = {
  ram: 'memory (RAM)',
  cpu: 'processor',
  gpu: 'graphics card',
  disk: 'disk',
  power: 'power supply',
  firmware: 'firmware',
  device: 'a device',
  hardware: 'hardware, which part is not decided',
};

const bare = (sentence: string): string =>
  sentence
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
/** True where two sentences differ in punctuation or case only: then one of them is enough. */
export const saysTheSame = (one: string, other: string): boolean => bare(one) === bare(other);

/** Numbers, names of files and functions, abbreviations. */
const isExact = (word: string): boolean => /\d|\w[_.!+`]\w/.test(word) || word.replace(/[^A-Z]/g, '').length >= 3;
const wordsOf = (sentence: string): readonly string[] =>
  sentence
    .split(/[\s(),;:"“”]+/)
    .map((word) => word.replace(/\.$/, ''))
    .filter(Boolean);
const LABEL_WORDS = 3;

/** True where a sentence adds nothing to another: the same words, or a label of a few words before the same names and numbers. */
export function addsNothing(exact: string, plain: string): boolean {
  if (saysTheSame(exact, plain)) return true;
  const said = new Set(wordsOf(plain));
  const words = wordsOf(exact);
  const names = words.filter(isExact);
  return names.length > 0 && words.length - names.length <= LABEL_WORDS && names.every((name) => said.has(name));
}

export const WEIGHT: Readonly<Record<Weight | 'unknown', { readonly sign: string; readonly word: string }>> = {
  decides: { sign: '◆', word: 'Decides' },
  for: { sign: '+', word: 'For' },
  against: { sign: '−', word: 'Against' },
  context: { sign: '·', word: 'Context' },
  unknown: { sign: '?', word: 'Would settle' },
};

export const HOW: Readonly<Record<How, { readonly word: string; readonly means: string }>> = {
  read: { word: 'read', means: 'Stands in the dump as shown' },
  derived: { word: 'derived', means: 'Calculated from values in the dump' },
  inferred: { word: 'inferred', means: 'Concluded from several facts' },
  table: { word: 'table', means: 'From a table of known values' },
};

export const TRUST: Readonly<Record<Trust, { readonly word: string; readonly means: string }>> = {
  context: { word: 'registers', means: 'The registers themselves' },
  given: { word: 'recorded', means: 'The dump says so: a trap frame or context record' },
  'unwind-info': { word: 'unwound', means: 'By the unwind data of the module: exact' },
  'frame-pointer': { word: 'frame pointer', means: 'By the saved frame pointer: usually exact' },
  'scan-call-checked': { word: 'call found', means: 'A word on the stack, and a call instruction stands before its target' },
  scan: { word: 'stack word', means: 'A word on the stack that points into a module, nothing more: may be a leftover' },
};
export const TRUST_ORDER: readonly Trust[] = ['context', 'given', 'unwind-info', 'frame-pointer', 'scan-call-checked', 'scan'];

export const MISSING: Readonly<Record<MissingReason['why'], string>> = {
  'not-computed': 'not computed',
  'not-in-dump': 'not in dump',
  'not-present': 'not mapped',
  'paged-out': 'paged out',
  'outside-file': 'beyond file end',
  'stream-absent': 'not recorded',
  'no-symbols': 'no symbols',
  'unknown-layout': 'layout not known',
  'not-valid': 'not valid',
  'not-written-by': 'not written',
  'all-failed': 'not found',
};
