/** Node's http in front of handlers that speak Request and Response. Keeps no log. */
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createFileHandler } from './files.mjs';
import { createSymbolProxy } from './proxy.mjs';

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

function requestOf(message, origin, signal) {
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  // Neither handler reads a request's body, so none is passed on.
  return new Request(new URL(message.url ?? '/', origin), { method: message.method ?? 'GET', headers, signal });
}

async function send(response, out) {
  out.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) {
    out.end();
    return;
  }
  // A broken upstream destroys the connection: the browser then sees a failed download, not a short file.
  await pipeline(Readable.fromWeb(response.body), out).catch(() => out.destroy());
}

/** True for a Host header that names this machine: a page of another name that resolves here gets nothing. */
function isLocalHost(host) {
  return LOOPBACK.includes((host ?? '').replace(/:\d+$/, '').toLowerCase());
}

/** @param {(request: Request) => Promise<Response>} handler @param {{loopbackOnly?: boolean}} [options] */
export function createNodeServer(handler, { loopbackOnly = true } = {}) {
  return createServer(async (message, out) => {
    const stop = new AbortController();
    out.on('close', () => stop.abort());
    try {
      if (loopbackOnly && !isLocalHost(message.headers.host)) {
        out.writeHead(421).end('this server answers to localhost only\n');
        return;
      }
      if (!URL.canParse(message.url ?? '', `http://${message.headers.host ?? 'localhost'}`) || /^(CONNECT|TRACE|TRACK)$/.test(message.method ?? '')) {
        out.writeHead(400).end();
        return;
      }
      await send(await handler(requestOf(message, `http://${message.headers.host ?? 'localhost'}`, stop.signal)), out);
    } catch (error) {
      console.error(`server: ${error instanceof Error ? error.message : String(error)}`);
      if (!out.headersSent) out.writeHead(500);
      out.end();
    }
  });
}

/**
 * Page and proxy on one origin.
 * @param {{root: string, headers?: boolean, connect?: readonly string[], proxy?: import('./proxy.mjs').ProxyOptions | false}} options
 */
export function createSite({ root, headers, connect, proxy = {} }) {
  const files = createFileHandler(root, { ...(headers === undefined ? {} : { headers }), ...(connect ? { connect } : {}) });
  const symbols = proxy === false ? undefined : createSymbolProxy(proxy);
  const base = `${(proxy && proxy.base) || '/symbols'}/`;
  /** @param {Request} request @returns {Promise<Response>} */
  return (request) => (symbols && new URL(request.url).pathname.startsWith(base) ? symbols(request) : files(request));
}

/** Listens on `port`, or the next free one of the following `tries`. @returns {Promise<number>} */
export async function listen(server, port, { host = '127.0.0.1', tries = 20 } = {}) {
  for (let at = port; ; at++) {
    const taken = await new Promise((done, fail) => {
      server.once('error', (error) => (error.code === 'EADDRINUSE' ? done(true) : fail(error)));
      server.listen(at, host, () => done(false));
    });
    server.removeAllListeners('error');
    if (!taken) return server.address().port;
    if (port === 0 || at >= port + tries) throw new Error(`ports ${port} to ${at} are all taken`);
  }
}
