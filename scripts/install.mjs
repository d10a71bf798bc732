/**
 * Makes a fresh clone ready: installs what the lock file names where it is missing, and says so. Imports Node's own modules only.
 * Exported for every script that a person may run first.
 */
import { spawnSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const OLDEST_NODE = [20, 19];

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Packages of package.json that are not there in the version of the lock file. */
export function missingPackages(at = root) {
  const lock = readJson(join(at, 'package-lock.json'));
  const wanted = lock?.packages?.[''] ?? {};
  const names = Object.keys({ ...wanted.dependencies, ...wanted.devDependencies });
  return names.filter((name) => readJson(join(at, 'node_modules', name, 'package.json'))?.version !== lock.packages[`node_modules/${name}`]?.version);
}

function isLink(path) {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Ends the process with a sentence where it cannot help. */
export function ensureInstalled() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    console.error(`Node ${OLDEST_NODE.join('.')} or newer is needed; this is ${process.versions.node}. https://nodejs.org`);
    process.exit(1);
  }
  const absent = missingPackages();
  if (absent.length === 0) return;
  if (isLink(join(root, 'node_modules'))) {
    console.error(`node_modules is a link and lacks ${absent.join(', ')}; install them where it points to.`);
    process.exit(1);
  }
  console.error(`Installing ${absent.length} missing package${absent.length === 1 ? '' : 's'} (npm ci), once …`);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  // The output goes to stderr, so that a command's own answer on stdout stays clean.
  const done = spawnSync(npm, ['ci', '--no-audit', '--no-fund'], { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (done.status !== 0) {
    console.error('npm ci did not succeed: see above. Without a network, copy node_modules from another checkout.');
    process.exit(1);
  }
}
