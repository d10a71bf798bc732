/**
 * `npm start`: from a fresh clone to a served page. Installs what is missing, builds where the build is absent or older than its
 * sources, serves page and symbol proxy on 127.0.0.1:8080 or the next free port, prints the address last.
 *   PORT=9000 npm start      another port        npm start -- --no-build      serve dist as it is
 *   HOST=0.0.0.0 npm start   for other machines too: put TLS in front, browsers install and store only on https or localhost
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildSite } from './build/site.mjs';
import { ensureInstalled, root } from './ensure.mjs';
import { createNodeServer, createSite, listen } from './server/node.mjs';

const SOURCES = [
  'index.html',
  'vite.config.ts',
  'svelte.config.js',
  'tsconfig.json',
  'package.json',
  'package-lock.json',
  'src',
  'public',
  'workers',
  'scripts/server/headers.mjs',
];

/** The newest change below `path`, folders included, since a removed file changes only its folder. */
function newest(path) {
  if (!existsSync(path)) return 0;
  const facts = statSync(path);
  if (!facts.isDirectory()) return facts.mtimeMs;
  return Math.max(facts.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function whyBuild() {
  const built = join(root, 'dist', 'index.html');
  if (!existsSync(built)) return 'there is no build yet';
  const since = statSync(built).mtimeMs;
  const changed = SOURCES.find((name) => newest(join(root, name)) > since);
  return changed === undefined ? undefined : `${changed} is newer than the build`;
}

function build(why) {
  console.log(`Building: ${why} …`);
  if (buildSite()) return;
  console.error('The build did not succeed: see above.');
  process.exit(1);
}

if (process.argv.includes('--no-build')) {
  if (!existsSync(join(root, 'dist', 'index.html'))) {
    console.error('There is no build in dist; run npm start without --no-build.');
    process.exit(1);
  }
} else {
  ensureInstalled();
  const why = whyBuild();
  if (why !== undefined) build(why);
}
const host = process.env.HOST ?? '127.0.0.1';
const elsewhere = process.env.FAULTLINE_PROXY_ORIGIN;
const site = createSite({ root: join(root, 'dist'), ...(elsewhere ? { connect: [elsewhere], proxy: false } : {}) });
const server = createNodeServer(site, { loopbackOnly: host === '127.0.0.1' });
const port = await listen(server, Number(process.env.PORT ?? 8080), { host });
console.log('Your dumps stay on this computer. Symbol servers are asked only after you agree. Stop with Ctrl+C.');
console.log(`Faultline: http://${host}:${port}/`);
