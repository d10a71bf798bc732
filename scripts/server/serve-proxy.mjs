/**
 * The proxy alone, for a page hosted elsewhere:
 *   ORIGINS=https://crash.example PORT=8081 node scripts/server/serve-proxy.mjs
 * Listens on all addresses of a container; put TLS in front of it.
 */
import { createNodeServer, listen } from './node.mjs';
import { createSymbolProxy } from './proxy.mjs';

const origins = (process.env.ORIGINS ?? '').split(/[\s,]+/).filter((origin) => origin !== '');
const host = process.env.HOST ?? '127.0.0.1';
const server = createNodeServer(createSymbolProxy({ origins }), { loopbackOnly: host === '127.0.0.1' });
const port = await listen(server, Number(process.env.PORT ?? 8081), { host, tries: 0 });
console.log(`symbol proxy on http://${host}:${port}/symbols/ for ${origins.length > 0 ? origins.join(', ') : 'its own origin only'}`);
