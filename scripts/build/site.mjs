/** `npm run build`: the static folder `dist` from a fresh clone; `npm start` builds by it too. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureInstalled, root } from '../ensure.mjs';

/** False where the build did not succeed; what went wrong has been printed. */
export function buildSite() {
  ensureInstalled();
  const done = spawnSync(process.execPath, [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build'], { cwd: root, stdio: 'inherit' });
  return done.status === 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (!buildSite()) process.exit(1);
  console.log('The site stands in dist; docs/DEPLOY.md says how to serve it.');
}
