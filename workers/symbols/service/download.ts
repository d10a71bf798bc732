/** One file from one server: names and shapes in order, retries, and what each answer is worth. */
import { badFile, checkIdentity, unpackBody } from './checked.ts';
import type { Effects, Failure, FetchResult, FileBody } from './effects.ts';
import { getInParts, worthParts } from './ranges.ts';
import { type GetContext, type GetRetry, getWithRetry } from './retry.ts';
import { type Server, shapesOf } from './servers.ts';
import { sniff, type Sniffed } from './sniff.ts';
import { placesOf, readPointer, type Shape, type StorePlace, urlOf } from './storepath.ts';
import { moreTelling } from './status.ts';
import type { Want } from './want.ts';

const MAX_BYTES = 1024 * 1024 * 1024;
const MAX_TEXT = 64 * 1024;

export type Fetched =
  | { readonly ok: true; readonly body: FileBody; readonly origin: string }
  | { readonly ok: false; readonly failure: Failure }
  | { readonly ok: false; readonly stopped: true };

export interface DownloadContext extends GetContext {
  /** An image is fetched in parts where the server can: what unwinding needs, without its code. */
  readonly inParts: boolean;
  /** True for a store of two tiers; asked of each server once. */
  twoTier(server: Server): Promise<boolean>;
}

const EXPECTED: Readonly<Record<Want['kind'], Readonly<Record<Shape, readonly Sniffed[]>>>> = {
  pdb: { plain: ['msf', 'cab'], compressed: ['cab', 'msf'], pointer: ['other'], sym: ['sym'] },
  image: { plain: ['pe', 'cab'], compressed: ['cab', 'pe'], pointer: ['other'], sym: [] },
};

const fail = (code: Failure['code'], detail: string): Fetched => ({ ok: false, failure: { code, detail } });
const STOPPED: Fetched = { ok: false, stopped: true };

export async function fetchWant(want: Want, server: Server, context: DownloadContext): Promise<Fetched> {
  const { noise } = context;
  noise.byIndex(server.url, want.names[0] ?? '', want.key);
  const twoTier = server.layout === 'flat' ? false : await context.twoTier(server);
  let worst: Failure | undefined;
  for (const place of placesOf(want, shapesOf(server), twoTier)) {
    if (context.stop.stopped) return STOPPED;
    const got = await fetchPlace(want, server, place, context);
    if (got.ok || 'stopped' in got) return got;
    worst = moreTelling(worst, got.failure);
    noise.result(got.failure.code);
    // Nothing else can be had of this server now; asking on would only repeat it.
    if (['OFFLINE', 'PROXY', 'HTML_ANSWER', 'TOO_LARGE'].includes(got.failure.code)) break;
  }
  return { ok: false, failure: worst ?? { code: 'NOT_ON_SERVER', detail: `${server.host} was asked for nothing` } };
}

async function fetchPlace(want: Want, server: Server, place: StorePlace, context: DownloadContext): Promise<Fetched> {
  const got = await fetchParts(want, server, place, context);
  if (place.shape !== 'pointer' || !got.ok) return got;
  const pointer = readPointer(new TextDecoder('utf-8').decode(got.body.source.readBlock(0, MAX_TEXT)), server.url);
  if (pointer.to === 'elsewhere') {
    context.noise.said(`file.ptr: ${pointer.said}`);
    return fail('NOT_ON_SERVER', `${server.host} only points to it: ${pointer.said.slice(0, 300)}`);
  }
  const last = pointer.parts.at(-1) ?? '';
  return fetchParts(want, server, { shape: last.endsWith('_') ? 'compressed' : 'plain', parts: pointer.parts }, context);
}

async function fetchParts(want: Want, server: Server, place: StorePlace, context: DownloadContext): Promise<Fetched> {
  context.noise.get(server, place.parts);
  const expected = EXPECTED[want.kind][place.shape];
  const url = urlOf(server.root, place.parts);
  const request: GetRetry = {
    context,
    accept: (first) => expected.includes(sniff(first)),
    maxBytes: place.shape === 'pointer' ? MAX_TEXT : MAX_BYTES,
  };
  const inParts = context.inParts && place.shape === 'plain' && want.kind === 'image' && worthParts(want.identity);
  const result = inParts ? await getInParts(url, request) : await getWithRetry(url, request);
  if (result.ended === 'stopped') return STOPPED;
  if (result.ended !== 'answer') return judgeBroken(result, server, context);
  context.noise.answer(result.status, result.proxyCode ?? 'no proxy in between');
  const refused = judgeAnswer(result, server);
  if (refused) return refused;
  return result.body ? await openBody(want, result.body, place, { server, effects: context.effects }) : judgeFirst(result.first, want, server);
}

function judgeBroken(result: Exclude<FetchResult, { ended: 'answer' }>, server: Server, context: DownloadContext): Fetched {
  if (result.ended === 'too-large') return fail('TOO_LARGE', result.detail);
  const offline = context.effects.network?.online() === false;
  if (offline || !server.direct) return fail('OFFLINE', result.detail);
  return fail(
    'PROXY',
    `${server.host} could not be asked from here (${result.detail}); add it to the site's servers, or fetch the files with symchk and drop them`,
  );
}

function judgeAnswer(result: Extract<FetchResult, { ended: 'answer' }>, server: Server): Fetched | undefined {
  const { status, proxyCode } = result;
  if (!server.direct && proxyCode === null) {
    return fail('PROXY', `this site has no symbol proxy: its answer was ${status}${sniff(result.first) === 'html' ? ', a page' : ''}`);
  }
  if (status === 200 || status === 206) return undefined;
  if (status === 404 || status === 410) return fail('NOT_ON_SERVER', `${server.host} answered ${status}`);
  if (proxyCode === 'TOO_LARGE') return fail('TOO_LARGE', `more than the proxy passes on`);
  if (proxyCode === 'UNREACHABLE' || proxyCode === 'TIMEOUT') return fail('OFFLINE', `${server.host} did not answer (${proxyCode})`);
  return fail('PROXY', `answer ${status}${proxyCode === null || proxyCode === 'ok' ? '' : ` ${proxyCode}`} for ${server.host}`);
}

function judgeFirst(first: Uint8Array, want: Want, server: Server): Fetched {
  const kind = sniff(first);
  if (kind === 'empty') return fail('EMPTY_ANSWER', `${server.host} sent a file of zero bytes`);
  if (kind === 'html') return fail('HTML_ANSWER', `${server.host} sent a page instead of a file: a sign-in or filter of the network may stand in between`);
  return { ok: false, failure: badFile(want, `${server.host} sent something else: ${kind}`) };
}

async function openBody(
  want: Want,
  body: FileBody,
  place: StorePlace,
  { server, effects }: { readonly server: Server; readonly effects: Effects },
): Promise<Fetched> {
  const origin = `${server.host}/${place.parts.join('/')}`;
  if (place.shape === 'pointer') return { ok: true, body, origin };
  if (body.source.size === 0) return judgeFirst(new Uint8Array(0), want, server);
  const unpacked = await unpackBody(want, body, effects);
  if (!unpacked.ok) return unpacked;
  const fault = checkIdentity(want, unpacked.body, effects);
  return fault ? { ok: false, failure: fault } : { ok: true, body: unpacked.body, origin };
}
