/**
 * The symbol proxy: one handler on web-standard Request and Response, so that Node, a container and an edge function use the same.
 *
 *   GET  {base}/servers                      which servers may be asked, as JSON
 *   GET  {base}/{server id}/{store path}     the file, streamed (HEAD likewise)
 *
 * It is no open proxy: servers by id from servers.mjs, paths that look like a symbol store's, redirects followed here and only to
 * hosts of that server's list. Nothing of the visitor is passed on but the path and Range; nothing is logged; nothing is kept.
 * Every answer carries X-Symbol-Proxy with `ok` or a code, so that a page can tell this proxy from a host that has none.
 */
import { LIMITS } from './limits.mjs';
import { SERVERS } from './servers.mjs';
import { readStorePath } from './storepath.mjs';

const USER_AGENT = 'faultline-symbol-proxy';
const ASK_HEADERS = ['range', 'if-range', 'if-none-match'];
const ANSWER_HEADERS = ['content-length', 'content-range', 'accept-ranges', 'etag', 'last-modified'];
const EXPOSED = 'Content-Length, Content-Range, Accept-Ranges, ETag, X-Symbol-Proxy, X-Upstream-Status';
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
const RANGE = /^bytes=\d{0,16}-\d{0,16}$/;

/**
 * @typedef {object} ProxyServer
 * @property {string} id
 * @property {string} name
 * @property {string} url
 * @property {string[]} [redirectTo]
 * @property {string} [vendor]
 * @property {string} [known]
 * @property {string[]} [shapes]
 * @property {string} [layout]
 */
/**
 * @typedef {object} ProxyOptions
 * @property {string} [base] path in front of the server's id, by default "/symbols"
 * @property {readonly ProxyServer[]} [servers]
 * @property {readonly string[]} [origins] page origins that may use a proxy on another origin (CORS)
 * @property {Partial<typeof LIMITS>} [limits]
 * @property {typeof fetch} [fetch]
 * @property {boolean} [allowLoopbackHttp] tests only: upstream may be http on loopback
 */

class Refusal extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

function isServerUrl(url, options) {
  const loopback = url.protocol === 'http:' && options.allowLoopbackHttp === true && LOOPBACK.has(url.hostname);
  return (url.protocol === 'https:' || loopback) && url.username === '' && url.password === '';
}

function hostAllowed(url, server) {
  const own = new URL(server.url);
  if (url.host === own.host) return true;
  return (server.redirectTo ?? []).some((pattern) =>
    pattern.startsWith('*.') ? url.hostname.endsWith(pattern.slice(1)) && url.hostname.length > pattern.length - 1 && url.port === '' : url.host === pattern,
  );
}

function crossHeaders(request, options) {
  const origin = request.headers.get('origin');
  const listed = origin !== null && (options.origins ?? []).includes(origin);
  const headers = { Vary: 'Origin', 'Cross-Origin-Resource-Policy': listed ? 'cross-origin' : 'same-origin' };
  if (listed) {
    headers['Access-Control-Allow-Origin'] = origin;
    headers['Access-Control-Expose-Headers'] = EXPOSED;
  }
  const foreign = origin !== null && origin !== new URL(request.url).origin;
  const crossSite = request.headers.get('sec-fetch-site') === 'cross-site';
  return { headers, refused: !listed && (foreign || crossSite) };
}

/** An upstream body never becomes a document of this origin, whatever it holds. */
const INERT = {
  'Content-Type': 'application/octet-stream',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Referrer-Policy': 'no-referrer',
};

function answer(status, code, body, more) {
  const headers = { ...INERT, 'X-Symbol-Proxy': code, 'Cache-Control': 'no-store', ...more };
  if (body !== null) headers['Content-Type'] = 'application/json; charset=utf-8';
  return new Response(body === null ? null : JSON.stringify(body), { status, headers });
}

function listServers(options) {
  return (options.servers ?? SERVERS).map(({ id, name, url, vendor, shapes, layout }) => ({
    id,
    name,
    host: new URL(url).host,
    url,
    vendor: vendor ?? 'any',
    shapes,
    layout,
  }));
}

function upstreamHeaders(request) {
  const headers = new Headers({ 'User-Agent': USER_AGENT, Accept: '*/*', 'Accept-Encoding': 'identity' });
  for (const name of ASK_HEADERS) {
    const value = request.headers.get(name);
    if (value !== null && (name !== 'range' || RANGE.test(value))) headers.set(name, value);
  }
  return headers;
}

/** Asks upstream and follows its redirects. Each address is checked before it is asked. */
async function askUpstream(request, server, first, context) {
  let url = first;
  for (let hop = 0; hop <= context.limits.redirects; hop++) {
    if (!isServerUrl(url, context.options) || !hostAllowed(url, server)) {
      throw new Refusal(502, 'REDIRECT_REFUSED', `${server.name} sent us on to ${url.protocol}//${url.host}, which is not on its list`);
    }
    const response = await context.fetch(url, {
      method: request.method,
      headers: upstreamHeaders(request),
      redirect: 'manual',
      signal: context.signal,
    });
    const to = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || to === null) return response;
    await response.body?.cancel();
    if (!URL.canParse(to, url)) throw new Refusal(502, 'REDIRECT_REFUSED', `${server.name} sent us on to something that is no address`);
    url = new URL(to, url);
  }
  throw new Refusal(502, 'REDIRECT_REFUSED', `${server.name} redirected more than ${context.limits.redirects} times`);
}

/** Passes the body on while it stays within size and time; beyond them the stream breaks, so that no cut file looks whole. */
function guarded(body, context) {
  const { limits, abort, finish } = context;
  let bytes = 0;
  const end = () => {
    clearTimeout(idle);
    clearTimeout(total);
    finish();
  };
  // Also for a reader that stopped reading: its place is free again.
  const giveUp = () => {
    end();
    abort();
  };
  let idle = setTimeout(giveUp, limits.idleMs);
  const total = setTimeout(giveUp, limits.totalMs);
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        clearTimeout(idle);
        if (done) {
          end();
          controller.close();
          return;
        }
        bytes += value.byteLength;
        if (bytes > limits.maxBytes) throw new Refusal(502, 'TOO_LARGE', `more than ${limits.maxBytes} bytes`);
        idle = setTimeout(giveUp, limits.idleMs);
        controller.enqueue(value);
      } catch (error) {
        giveUp();
        controller.error(error);
      }
    },
    async cancel(reason) {
      giveUp();
      await reader.cancel(reason).catch(() => undefined);
    },
  });
}

function passOn(request, upstream, context, cross) {
  const { limits, finish } = context;
  const length = Number(upstream.headers.get('content-length') ?? 0);
  if (length > limits.maxBytes) {
    context.abort();
    throw new Refusal(502, 'TOO_LARGE', `the file has ${length} bytes; this proxy passes on at most ${limits.maxBytes}`);
  }
  const good = [200, 206, 304].includes(upstream.status);
  const headers = new Headers({
    ...INERT,
    ...cross,
    'X-Symbol-Proxy': good ? 'ok' : upstream.status === 404 ? 'NOT_ON_SERVER' : 'UPSTREAM',
    'X-Upstream-Status': String(upstream.status),
    // A store's key names the content, so an answer never changes; a miss may become a hit when the maker publishes late.
    'Cache-Control': good ? 'public, max-age=31536000, immutable' : upstream.status === 404 ? 'public, max-age=3600' : 'no-store',
  });
  if (good) for (const name of ANSWER_HEADERS) if (upstream.headers.has(name)) headers.set(name, upstream.headers.get(name) ?? '');
  // fetch has undone the encoding, so the length no longer fits.
  if (upstream.headers.has('content-encoding')) headers.delete('content-length');
  const bodyless = request.method === 'HEAD' || upstream.status === 304 || upstream.body === null || !good;
  if (bodyless) {
    context.abort();
    finish();
    if (!good) headers.delete('content-length');
    return new Response(null, { status: good || [404, 416, 429].includes(upstream.status) ? upstream.status : 502, headers });
  }
  return new Response(guarded(upstream.body, context), { status: upstream.status, headers });
}

/** @param {ProxyOptions} [options] */
export function createSymbolProxy(options = {}) {
  const limits = { ...LIMITS, ...options.limits };
  const base = options.base ?? '/symbols';
  const servers = new Map((options.servers ?? SERVERS).map((server) => [server.id, server]));
  for (const server of servers.values()) {
    if (!isServerUrl(new URL(server.url), options)) throw new Error(`servers.mjs: ${server.id} is not https`);
  }
  let running = 0;

  async function fetchFile(request, server, path, cross) {
    if (running >= limits.parallel) throw new Refusal(503, 'BUSY', 'too many requests at the same time; ask again in a moment');
    running += 1;
    const stop = new AbortController();
    let open = true;
    const finish = () => {
      if (open) running -= 1;
      open = false;
    };
    const abort = () => stop.abort();
    request.signal?.addEventListener('abort', abort, { once: true });
    const late = setTimeout(abort, limits.headerMs);
    const context = { options, limits, signal: stop.signal, abort, finish, fetch: options.fetch ?? fetch };
    try {
      const upstream = await askUpstream(request, server, new URL(`${server.url}/${path}`), context);
      return passOn(request, upstream, context, cross);
    } catch (error) {
      finish();
      if (error instanceof Refusal) throw error;
      const slow = stop.signal.aborted;
      throw new Refusal(
        slow ? 504 : 502,
        slow ? 'TIMEOUT' : 'UNREACHABLE',
        `${server.name} (${new URL(server.url).host}) ${slow ? 'did not answer in time' : 'could not be reached'}`,
      );
    } finally {
      clearTimeout(late);
    }
  }

  async function route(request, cross) {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new Refusal(405, 'METHOD', 'only GET and HEAD');
    const { pathname, search } = new URL(request.url);
    const rest = pathname.slice(base.length + 1);
    if (rest === 'servers') return answer(200, 'ok', request.method === 'HEAD' ? null : listServers(options), cross);
    const slash = rest.indexOf('/');
    const server = servers.get(slash < 0 ? rest : rest.slice(0, slash));
    if (!server) throw new Refusal(404, 'UNKNOWN_SERVER', `no server of that id here; known: ${[...servers.keys()].join(', ')}`);
    const path = search === '' ? readStorePath(rest.slice(slash + 1)) : undefined;
    if (path === undefined) throw new Refusal(400, 'BAD_PATH', 'not a path of a symbol store');
    return fetchFile(request, server, path, cross);
  }

  /** @param {Request} request @returns {Promise<Response>} */
  return async function handleSymbolRequest(request) {
    const { headers: cross, refused } = crossHeaders(request, options);
    if (refused) return answer(403, 'ORIGIN', { code: 'ORIGIN', detail: 'this proxy serves its own page only' }, cross);
    if (request.method === 'OPTIONS' && cross['Access-Control-Allow-Origin']) {
      const allow = { 'Access-Control-Allow-Methods': 'GET, HEAD', 'Access-Control-Allow-Headers': 'Range, If-Range', 'Access-Control-Max-Age': '86400' };
      return answer(204, 'ok', null, { ...cross, ...allow });
    }
    try {
      return await route(request, cross);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const more = { ...cross, ...(error.status === 405 ? { Allow: 'GET, HEAD' } : {}), ...(error.status === 503 ? { 'Retry-After': '2' } : {}) };
      return answer(error.status, error.code, request.method === 'HEAD' ? null : { code: error.code, detail: error.message }, more);
    }
  };
}
