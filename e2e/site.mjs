/** The built site on a free port, with a symbol server's stand-in that counts what it is asked. */
import { fileURLToPath } from 'node:url';
import { createFileHandler } from '../scripts/server/files.mjs';
import { createNodeServer, listen } from '../scripts/server/node.mjs';

export const DIST = fileURLToPath(new URL('../dist', import.meta.url));

const LIST = [{ id: 'microsoft', name: 'Microsoft', host: 'symbols.example', url: 'https://symbols.example/store', vendor: 'microsoft', layout: 'flat' }];

/** @param {{root?: string, headers?: boolean, port?: number, files?: Record<string, Buffer>}} [options] `files`: what the symbol server has. */
export async function startSite({ root = DIST, headers = true, port = 0, files: held = {} } = {}) {
  const files = createFileHandler(root, { headers });
  const asked = [];
  const sockets = new Set();
  const server = createNodeServer(async (request) => {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith('/symbols/')) return files(request);
    asked.push(pathname);
    if (pathname === '/symbols/servers') return Response.json(LIST, { headers: { 'X-Symbol-Proxy': 'ok' } });
    const bytes = held[pathname];
    if (bytes) return new Response(bytes, { headers: { 'X-Symbol-Proxy': 'ok', 'Content-Length': String(bytes.length) } });
    return new Response('', { status: 404, headers: { 'X-Symbol-Proxy': 'NOT_ON_SERVER' } });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const at = await listen(server, port);
  const close = async () => {
    const closed = new Promise((done) => server.close(done));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { url: `http://127.0.0.1:${at}/`, origin: `http://127.0.0.1:${at}`, port: at, asked, close };
}
