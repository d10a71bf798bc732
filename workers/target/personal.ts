/**
 * What a dump gives away: texts in the file's bytes that name a person, a computer or places on the network. For the person who is
 * about to hand the file on; nothing of it leaves the worker but to the page of the same computer.
 */
import type { Job } from '../base/job.ts';
import type { ByteSource } from '../bytes/source.ts';

export type PersonalKind = 'account' | 'folder' | 'mail' | 'share' | 'site';
export interface PersonalText {
  readonly kind: PersonalKind;
  readonly text: string;
  /** How often it was met. */
  readonly count: number;
  /** Offset in the file of the first. */
  readonly at: number;
}
export interface Personal {
  readonly texts: readonly PersonalText[];
  readonly readBytes: number;
  readonly sizeBytes: number;
  /** True where more kinds of texts were met than are kept. */
  readonly more: boolean;
}

/** A scan of more would take minutes; the page says how far it went. */
const MAX_BYTES = 512 * 1024 * 1024;
const SLICE = 256 * 1024;
/** A text that begins in one slice and ends in the next is found whole in the next, which begins so much earlier. */
const OVERLAP = 1024;
const MAX_TEXTS = 500;

/** Each finds one kind; the first group is what is kept. Lengths are bounded, so that no text makes it slow. */
const PATTERNS: readonly (readonly [PersonalKind, RegExp])[] = [
  ['account', /\b((?:USERNAME|COMPUTERNAME|USERDOMAIN|USERDNSDOMAIN|LOGONSERVER)=[^\u0000-\u001f=]{1,64})/g],
  ['folder', /([A-Za-z]:\\Users\\(?!Public\b|Default\b|All Users\b)[^\u0000-\u001f\\/:*?"<>|]{1,64})(?=\\)/g],
  ['mail', /\b([A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,12})\b/g],
  ['share', /(?<![\\\w:])(\\\\[A-Za-z][A-Za-z0-9._-]{0,62}\\[A-Za-z0-9$_][A-Za-z0-9$._ -]{1,79})/g],
  ['site', /\bhttps?:\/\/([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5})/g],
];

interface Met {
  readonly kind: PersonalKind;
  readonly text: string;
  readonly at: number;
  count: number;
}
interface Seen {
  readonly found: Map<string, Met>;
  more: boolean;
}

interface Slice {
  readonly text: string;
  /** File offset of the first character, and bytes a character. */
  readonly base: number;
  readonly width: 1 | 2;
  /** Characters before this belong to the slice before. */
  readonly fresh: number;
}

function collect(seen: Seen, { text, base, width, fresh }: Slice): void {
  for (const [kind, pattern] of PATTERNS)
    for (const match of text.matchAll(pattern)) {
      const group = match[1] ?? '';
      const found = group.trim();
      // What ends in the overlap was met with the slice before.
      if (match.index + match[0].length <= fresh) continue;
      const key = `${kind}\n${found.toLowerCase()}`;
      const known = seen.found.get(key);
      if (known) known.count += 1;
      else if (seen.found.size < MAX_TEXTS) seen.found.set(key, { kind, text: found, at: base + (match.index + match[0].indexOf(group)) * width, count: 1 });
      else seen.more = true;
    }
}

/** Reads the file once, as bytes and as UTF-16 on even offsets. */
export function* findPersonal(source: ByteSource): Job<Personal> {
  const end = Math.min(source.size, MAX_BYTES);
  const seen: Seen = { found: new Map(), more: false };
  const latin = new TextDecoder('latin1');
  const wide = new TextDecoder('utf-16le');
  for (let start = 0; start < end; start += SLICE) {
    yield { progress: `Looking for names in ${source.name}`, done: start, of: end };
    const from = Math.max(0, start - OVERLAP);
    const bytes = source.readBlock(from, Math.min(start + SLICE, end) - from);
    const fresh = start - from;
    collect(seen, { text: latin.decode(bytes), base: from, width: 1, fresh });
    collect(seen, { text: wide.decode(bytes.subarray(0, bytes.length & ~1)), base: from, width: 2, fresh: fresh >> 1 });
  }
  const texts = [...seen.found.values()].sort((a, b) => b.count - a.count || a.at - b.at);
  return { texts, readBytes: end, sizeBytes: source.size, more: seen.more };
}
