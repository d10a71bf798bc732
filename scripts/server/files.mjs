/** Static files of the built site, with the headers of headers.mjs. Request in, Response out, as in proxy.mjs. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { cacheControl, siteHeaders } from './headers.mjs';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.dmp': 'application/octet-stream',
};

async function findFile(root, pathname) {
  let decoded;
  try {
    decoded = decodeURIComponent(pathname);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
  if (decoded.includes('\0') || decoded.includes('\\')) return undefined;
  const file = resolve(join(root, decoded.endsWith('/') ? `${decoded}index.html` : decoded));
  if (!file.startsWith(resolve(root) + sep)) return undefined;
  const facts = await stat(file).catch(() => undefined);
  return facts?.isFile() ? { file, facts } : undefined;
}

/** @param {string} root @param {{headers?: boolean, connect?: readonly string[]}} [options] `headers: false` serves as a bare host does, for tests. */
export function createFileHandler(root, { headers: send = true, connect = [] } = {}) {
  const common = send ? siteHeaders({ connect }) : {};
  /** @param {Request} request @returns {Promise<Response>} */
  return async function handleFileRequest(request) {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return new Response('only GET and HEAD\n', { status: 405, headers: { ...common, Allow: 'GET, HEAD' } });
    const { pathname } = new URL(request.url);
    const hit = await findFile(root, pathname);
    if (!hit) return new Response('not found\n', { status: 404, headers: { ...common, 'Content-Type': 'text/plain; charset=utf-8' } });
    const tag = `"${hit.facts.size.toString(16)}-${Math.trunc(hit.facts.mtimeMs).toString(16)}"`;
    const headers = {
      ...common,
      'Content-Type': TYPES[extname(hit.file).toLowerCase()] ?? 'application/octet-stream',
      'Cache-Control': cacheControl(pathname),
      ETag: tag,
    };
    if (request.headers.get('if-none-match') === tag) return new Response(null, { status: 304, headers });
    headers['Content-Length'] = String(hit.facts.size);
    const body = request.method === 'HEAD' ? null : Readable.toWeb(createReadStream(hit.file));
    return new Response(body, { status: 200, headers });
  };
}
