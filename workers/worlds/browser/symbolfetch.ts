/** The network of the symbol service over fetch, in a browser worker and in Node alike. */
import type { FetchResult, FileBody, GetOptions, Network } from '../../symbols/service/effects.ts';

const HEAD_BYTES = 64;
const IDLE_MS = 60_000;

export interface FetchWorld {
  /** Gathers a body as it arrives; large ones must not stay in memory where the platform can help it. */
  collect(): { add(chunk: Uint8Array<ArrayBuffer>): void; finish(name: string): FileBody };
  online(): boolean;
  readonly fetch?: typeof fetch;
}

/** Ends a request when it is cancelled or when no byte came for a minute. */
class Watch {
  readonly controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timedOut = false;

  constructor(options: GetOptions) {
    options.stop.onStop(() => this.controller.abort());
    this.beat();
  }
  get timedOut(): boolean {
    return this.#timedOut;
  }
  beat(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timedOut = true;
      this.controller.abort();
    }, IDLE_MS);
  }
  end(): void {
    clearTimeout(this.#timer);
  }
}

export function fetchNetwork(world: FetchWorld): Network {
  return {
    online: () => world.online(),
    get: async (url, options) => {
      if (options.stop.stopped) return { ended: 'stopped', detail: 'cancelled' };
      const watch = new Watch(options);
      let answered = false;
      try {
        // Nothing that tells more of the person than the address itself; the store keeps what it needs, the HTTP cache nothing.
        const response = await (world.fetch ?? fetch)(url, {
          cache: 'no-store',
          credentials: 'omit',
          referrerPolicy: 'no-referrer',
          signal: watch.controller.signal,
          ...(options.range ? { headers: { Range: `bytes=${options.range.offset}-${options.range.offset + options.range.length - 1}` } } : {}),
        });
        answered = true;
        return await readAnswer(response, options, world, watch);
      } catch (thrown) {
        if (options.stop.stopped) return { ended: 'stopped', detail: 'cancelled' };
        if (watch.timedOut) return { ended: 'timeout', detail: `no byte for ${IDLE_MS / 1000} s` };
        // fetch tells every failure of the network as a TypeError; anything else is not the network's doing.
        if (!(thrown instanceof TypeError) && !(thrown instanceof DOMException)) throw thrown;
        return answered ? { ended: 'cut', detail: 'the answer broke off' } : { ended: 'unreachable', detail: 'the server could not be reached' };
      } finally {
        watch.end();
      }
    },
  };
}

async function readAnswer(response: Response, options: GetOptions, world: FetchWorld, watch: Watch): Promise<FetchResult> {
  const proxyCode = response.headers.get('x-symbol-proxy');
  const { status } = response;
  const part = status === 206 ? readContentRange(response.headers.get('content-range')) : undefined;
  const none = (first: Uint8Array): FetchResult => ({ ended: 'answer', status, proxyCode, body: null, first, ...(part ? { range: part } : {}) });
  if (!response.ok || !response.body) {
    watch.controller.abort();
    return none(new Uint8Array(0));
  }
  // With a content encoding the length is that of the encoded bytes.
  const said = response.headers.has('content-encoding') ? null : response.headers.get('content-length');
  const of = said === null || !/^\d+$/.test(said) ? null : Number(said);
  if (of !== null && of > options.maxBytes) {
    watch.controller.abort();
    return { ended: 'too-large', detail: `${of} bytes; at most ${options.maxBytes} are taken` };
  }
  return readBody({ reader: response.body.getReader(), of, none, url: response.url }, options, world, watch);
}

/** "bytes 0-499/1234" (RFC 9110, section 14.4); undefined where the size of the whole is not told. */
function readContentRange(text: string | null): { readonly offset: number; readonly total: number } | undefined {
  const match = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15})$/.exec(text ?? '');
  return match ? { offset: Number(match[1]), total: Number(match[2]) } : undefined;
}

interface Body {
  readonly reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly of: number | null;
  readonly url: string;
  none(first: Uint8Array): FetchResult;
}

async function readBody(body: Body, options: GetOptions, world: FetchWorld, watch: Watch): Promise<FetchResult> {
  const gathered = world.collect();
  let first: Uint8Array = new Uint8Array(0);
  let done = 0;
  let judged = false;
  for (;;) {
    const next = await body.reader.read();
    watch.beat();
    if (!next.done) {
      done += next.value.length;
      gathered.add(next.value);
      if (first.length < HEAD_BYTES) first = joined(first, next.value.subarray(0, HEAD_BYTES - first.length));
    }
    if (!judged && (next.done || first.length >= HEAD_BYTES)) {
      judged = true;
      if (!options.accept(first)) {
        watch.controller.abort();
        return body.none(first);
      }
    }
    if (next.done) break;
    if (done > options.maxBytes) {
      watch.controller.abort();
      return { ended: 'too-large', detail: `more than ${options.maxBytes} bytes` };
    }
    options.onProgress(done, body.of);
  }
  if (body.of !== null && done !== body.of) return { ended: 'cut', detail: `${done} of ${body.of} bytes came` };
  const answer = body.none(first);
  return answer.ended === 'answer' ? { ...answer, body: gathered.finish(nameOf(body.url)) } : answer;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

function nameOf(url: string): string {
  const last = url.slice(url.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(last);
  } catch (error) {
    if (error instanceof URIError) return last;
    throw error;
  }
}
