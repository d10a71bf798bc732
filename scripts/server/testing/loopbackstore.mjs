/**
 * A symbol server on loopback for tests: serves folders in store layout (`x` and `x.gz` alike, names without regard to case, as
 * Microsoft's server does) and misbehaves where told to. Also used by the browser tests.
 */
import { createServer } from 'node:http';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

function findIn(folder, parts) {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return undefined;
  const [head, ...tail] = parts;
  const match = readdirSync(folder).find((name) => name.toLowerCase() === head || name.toLowerCase() === `${head}.gz`);
  if (match === undefined) return undefined;
  return tail.length === 0 ? join(folder, match) : findIn(join(folder, match), tail);
}

function readStored(folders, pathname) {
  const parts = decodeURIComponent(pathname).slice(1).toLowerCase().split('/');
  for (const folder of folders) {
    const file = findIn(folder, parts);
    if (file === undefined || statSync(file).isDirectory()) continue;
    const bytes = readFileSync(file);
    return file.toLowerCase().endsWith('.gz') && !parts.at(-1)?.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  }
  return undefined;
}

function sendBytes(message, out, bytes, total = bytes.length) {
  const range = /^bytes=(\d+)-(\d*)$/.exec(message.headers.range ?? '');
  const from = range ? Number(range[1]) : 0;
  const to = range?.[2] ? Math.min(bytes.length - 1, Number(range[2])) : bytes.length - 1;
  const part = bytes.subarray(from, to + 1);
  const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': part.length, 'Accept-Ranges': 'bytes', 'Set-Cookie': 'track=1' };
  out.writeHead(range ? 206 : 200, range ? { ...headers, 'Content-Range': `bytes ${from}-${to}/${total}` } : headers);
  out.end(message.method === 'HEAD' ? undefined : part);
}

const HTML = '<!DOCTYPE html><html><head><title>Sign in</title></head><body><script>parent.x=1</script>Please accept the terms of this network.</body></html>';

let grown = 0;

/** What a path may be made to do instead of answering properly. */
const MISBEHAVE = {
  html: (_message, out) => out.writeHead(200, { 'Content-Type': 'text/html' }).end(HTML),
  empty: (_message, out) => out.writeHead(200, { 'Content-Length': 0 }).end(),
  error: (_message, out) => out.writeHead(500).end('oops'),
  busy: (_message, out) => out.writeHead(429, { 'Retry-After': '1' }).end(),
  hang: () => undefined,
  /** Promises everything, sends half, hangs up. */
  truncated: (_message, out, bytes) => {
    out.writeHead(200, { 'Content-Length': bytes.length });
    out.write(bytes.subarray(0, bytes.length >> 1), () => out.destroy());
  },
  /** Says a length beyond every cap. */
  oversize: (_message, out) => {
    out.writeHead(200, { 'Content-Length': 5 * 1024 ** 3 });
    out.write('Microsoft C/C++ MSF 7.00\r\n');
  },
  /** Says no length and never stops. */
  endless: (_message, out) => {
    out.writeHead(200);
    const block = Buffer.alloc(256 * 1024, 0x4d);
    const more = () => {
      while (!out.destroyed && out.write(block));
    };
    out.on('drain', more);
    more();
  },
  /** Sends everything, whatever part was asked for. */
  norange: (message, out, bytes) => sendBytes({ method: message.method, headers: {} }, out, bytes),
  /** Tells another size with every part. */
  growing: (message, out, bytes) => sendBytes(message, out, bytes, bytes.length + grown++),
  stall: (_message, out, bytes) => {
    out.writeHead(200, { 'Content-Length': bytes.length });
    out.write(bytes.subarray(0, 64));
  },
};

/**
 * @param {{folders: string[], faults?: Record<string, string>, delayMs?: number}} options `delayMs`: before every answer; `faults`: lower-case pathname → a name of MISBEHAVE,
 *   `redirect:URL`, `flaky:N` (N times 503, then well), `serve:PATH` (another path's bytes), `slow:MS`, or `raw:BASE64`.
 */
export function createLoopbackStore({ folders, faults = {}, delayMs = 0 }) {
  /** @type {{method: string, url: string, headers: import('node:http').IncomingHttpHeaders}[]} */
  const seen = [];
  const counts = new Map();
  let sent = 0;
  const server = createServer((message, out) => {
    const pathname = (message.url ?? '/').split('?')[0];
    seen.push({ method: message.method ?? '', url: message.url ?? '', headers: message.headers });
    const [fault = '', ...rest] = (faults[decodeURIComponent(pathname).toLowerCase()] ?? '').split(':');
    const value = rest.join(':');
    const stored = () => readStored(folders, fault === 'serve' ? value : pathname);
    const good = () => {
      const bytes = fault === 'raw' ? Buffer.from(value, 'base64') : stored();
      if (bytes === undefined) out.writeHead(404, { 'Content-Type': 'text/html' }).end('<html>404</html>');
      else {
        sent += bytes.length;
        sendBytes(message, out, bytes);
      }
    };
    if (fault === 'redirect') out.writeHead(302, { Location: value }).end();
    else if (fault === 'slow') setTimeout(good, Number(value));
    else if (fault === 'flaky') {
      const count = (counts.get(pathname) ?? 0) + 1;
      counts.set(pathname, count);
      if (count <= Number(value)) out.writeHead(503).end();
      else good();
    } else if (fault in MISBEHAVE) MISBEHAVE[fault](message, out, stored() ?? Buffer.alloc(4096, 0x4d));
    else setTimeout(good, delayMs);
  });
  return {
    seen,
    faults,
    /** Bytes of files, as far as they were stored. */
    sentBytes: () => sent,
    /** @returns {Promise<string>} its address, without a slash at the end */
    start: () => new Promise((done) => server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${server.address().port}`))),
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(done);
      }),
  };
}
