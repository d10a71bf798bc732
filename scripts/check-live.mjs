/**
 * `npm run check:live`: asks the real symbol servers, through the proxy's own code, for a small piece of a known file and prints
 * what each answers. For a person with internet; never run by the tests. Exit 0 when every server that must answer does, else 1.
 *   npm run check:live -- microsoft nvidia      only these
 */
import { SERVERS } from './server/servers.mjs';
import { createSymbolProxy } from './server/proxy.mjs';

/** No store has it: a server that is alive answers 404, and that is enough where no file of it is known. */
const NOWHERE = 'faultline-check.pdb/00000000000000000000000000000000f/faultline-check.pdb';
const SIGNATURES = ['Microsoft C/C++ MSF 7.00', 'MSCF', 'MZ'];
const proxy = createSymbolProxy({ limits: { headerMs: 60_000 } });

async function readSome(response) {
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  await reader?.cancel();
  return value ?? new Uint8Array(0);
}

/** The proxy's own words, or what the server answered. */
async function whyNot(response) {
  const upstream = response.headers.get('x-upstream-status');
  const code = response.headers.get('x-symbol-proxy');
  if (upstream !== null) return `${code}: the server answered ${upstream}`;
  const { detail } = await response.json();
  return `${code}: ${detail}`;
}

/** @returns {Promise<{good: boolean, says: string}>} */
async function check(server) {
  const started = Date.now();
  const path = server.known ?? NOWHERE;
  const response = await proxy(new Request(`http://localhost/symbols/${server.id}/${path}`, { headers: { range: 'bytes=0-1023' } }));
  const code = response.headers.get('x-symbol-proxy');
  const took = `${((Date.now() - started) / 1000).toFixed(1)} s`;
  if (!server.known) {
    if (code === 'NOT_ON_SERVER') return { good: true, says: `answers (404 for a file that nobody has, ${took})` };
    return { good: false, says: `${await whyNot(response)} (${took})` };
  }
  if (response.status !== 200 && response.status !== 206) return { good: false, says: `${await whyNot(response)} (${took})` };
  const bytes = await readSome(response);
  const text = new TextDecoder('latin1').decode(bytes.subarray(0, 64));
  const range =
    response.status === 206
      ? `Range honoured, ${response.headers.get('content-range')}`
      : `Range ignored, length ${response.headers.get('content-length') ?? 'not said'}`;
  const good = SIGNATURES.some((signature) => text.startsWith(signature));
  return {
    good,
    says: good ? `${path.split('/')[0]} is there (${range}; ${took})` : `sent something that is no symbol file: ${JSON.stringify(text.slice(0, 40))}`,
  };
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((id) => !SERVERS.some((server) => server.id === id));
if (unknown.length > 0) {
  console.error(`no such server: ${unknown.join(', ')}; known: ${SERVERS.map((server) => server.id).join(', ')}`);
  process.exit(1);
}
let bad = 0;
for (const server of SERVERS.filter(({ id }) => wanted.length === 0 || wanted.includes(id))) {
  const { good, says } = await check(server);
  if (!good) bad += 1;
  console.log(`${good ? 'ok  ' : 'FAIL'} ${server.name.padEnd(10)} ${new URL(server.url).host}: ${says}`);
}
process.exit(bad === 0 ? 0 : 1);
