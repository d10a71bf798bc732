/**
 * An image from a server that answers Range requests (RFC 9110, section 14): its headers first, then what they say is needed, put
 * together as a partial image. A server that sends the whole file is taken at its word, and where parts are no gain the rest is asked for.
 */
import type { PeIdentity } from '../../modules/module.ts';
import { missingParts } from '../imageparts.ts';
import { type FilePart, type FileRange, sourceOfParts, writePartialImage } from '../partialimage.ts';
import type { FetchResult, FileBody } from './effects.ts';
import { type GetRetry, getWithRetry } from './retry.ts';
import { sniff } from './sniff.ts';

/** Headers, and in small drivers much of the rest. */
const FIRST_BYTES = 64 * 1024;
/** Each request takes its time (2 to 3 s at Microsoft's server): a smaller image comes sooner as a whole. */
const SMALL_IMAGE = 512 * 1024;
const MAX_ROUNDS = 4;
const MAX_FILE = 1024 * 1024 * 1024;

type Answer = Extract<FetchResult, { ended: 'answer' }>;
interface Part {
  readonly answer: Answer;
  readonly body: FileBody;
  /** Of the file. */
  readonly total: number;
}

export function worthParts({ sizeOfImage }: PeIdentity): boolean {
  return sizeOfImage > SMALL_IMAGE;
}

export async function getInParts(url: string, request: GetRetry): Promise<FetchResult> {
  const first = await getWithRetry(url, { ...request, range: { offset: 0, length: FIRST_BYTES } });
  const part = partOf(first, { offset: 0, length: FIRST_BYTES });
  if (!part) return first.ended === 'answer' && first.status === 206 ? getWithRetry(url, request) : first;
  const bytes = part.body.source.readBlock(0, part.body.source.size);
  if (part.total <= bytes.length) return { ...part.answer, status: 200 };
  // A cabinet under the plain name is of use only as a whole.
  if (sniff(bytes) !== 'pe' || part.total > MAX_FILE) return getWithRetry(url, request);
  return collectParts(url, request, part, bytes);
}

async function collectParts(url: string, request: GetRetry, first: Part, bytes: Uint8Array): Promise<FetchResult> {
  const { total, answer } = first;
  const { name } = first.body.source;
  const { effects, noise } = request.context;
  const parts: FilePart[] = [{ offset: 0, bytes }];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const missing = missingParts(sourceOfParts(name, total, parts));
    if (!missing || bytesOf(parts) + lengthOf(missing) > total / 2) return getWithRetry(url, request);
    if (missing.length === 0) break;
    const results = await Promise.all(missing.map((range) => getWithRetry(url, { ...request, range, accept: () => true })));
    const broken = results.find((result) => result.ended !== 'answer');
    if (broken) return broken;
    for (const [index, range] of missing.entries()) {
      const got = partOf(results[index], range);
      // Another answer than before: the file has changed, or another server has taken over.
      if (got?.total !== total) return getWithRetry(url, request);
      parts.push({ offset: range.offset, bytes: got.body.source.readBlock(0, range.length) });
    }
  }
  noise.said(`${bytesOf(parts)} of ${total} bytes were fetched: headers and unwind data`);
  return { ...answer, status: 200, body: effects.bodyOf(writePartialImage(total, parts), name) };
}

const bytesOf = (parts: readonly FilePart[]): number => parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
const lengthOf = (ranges: readonly FileRange[]): number => ranges.reduce((sum, { length }) => sum + length, 0);

/** What came, where it is exactly what was asked for; shorter only at the file's end. */
function partOf(result: FetchResult | undefined, { offset, length }: FileRange): Part | undefined {
  if (result?.ended !== 'answer' || result.status !== 206 || !result.body || !result.range) return undefined;
  const { offset: at, total } = result.range;
  const expected = Math.min(length, total - offset);
  return at === offset && result.body.source.size === expected ? { answer: result, body: result.body, total } : undefined;
}
