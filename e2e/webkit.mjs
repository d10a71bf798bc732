/**
 * A smoke run in WebKit: WebKitGTK's MiniBrowser over plain W3C WebDriver, under a display of its own (packages webkit2gtk-driver, xvfb).
 * It is not Safari, but the same engine: what fails here would fail there. `node e2e/webkit.mjs` alone, or as part of run.mjs.
 */
import { spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SAMPLE, VIEWS, equal, expect } from './page.mjs';
import { startSite } from './site.mjs';

const inPath = (name) =>
  (process.env.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
const BROWSERS = [
  '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
  '/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
  '/usr/libexec/webkit2gtk-4.1/MiniBrowser',
];
const STEP_MS = 20_000;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** What is lacking for a run, or undefined. */
export function lacking() {
  if (!BROWSERS.some((path) => existsSync(path))) return 'MiniBrowser of webkit2gtk-4.1';
  return ['WebKitWebDriver', 'Xvfb'].find((name) => !inPath(name));
}

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

/** Starts display, driver and browser in a folder of their own. */
async function start() {
  const profile = mkdtempSync(join(tmpdir(), 'webkit-'));
  const children = [];
  const run = (command, args, env = {}) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], detached: true, env: { ...process.env, ...env } });
    children.push(child);
    return child;
  };
  const close = () => {
    for (const child of children) {
      try {
        process.kill(-child.pid);
      } catch (error) {
        if (error.code !== 'ESRCH') throw error;
      }
    }
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    // Xvfb takes a free display itself and writes its number to the given file handle.
    const server = run('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp']);
    const display = await new Promise((done, fail) => {
      server.stdio[3].once('data', (data) => done(`:${String(data).trim()}`));
      server.once('exit', () => fail(new Error('the display did not start')));
      setTimeout(() => fail(new Error('the display did not start in time')), STEP_MS).unref();
    });
    const port = await freePort();
    const folders = { HOME: profile, XDG_DATA_HOME: join(profile, 'data'), XDG_CACHE_HOME: join(profile, 'cache'), XDG_CONFIG_HOME: join(profile, 'config') };
    run('WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], { DISPLAY: display, ...folders });
    return { base: `http://127.0.0.1:${port}`, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** The few commands of WebDriver that the cases need. */
class Driver {
  constructor(base) {
    this.base = base;
    this.session = '';
  }
  async ask(method, path, body) {
    const reply = await fetch(this.base + path, {
      ...{ method, headers: { 'content-type': 'application/json' }, signal: AbortSignal.timeout(STEP_MS) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const { value } = await reply.json();
    if (value?.error) throw new Error(`${value.error}: ${value.message}`);
    return value;
  }
  async open() {
    for (let tries = 0; ; tries++) {
      try {
        await this.ask('GET', '/status');
        break;
      } catch (error) {
        if (tries > 100) throw error;
        await pause(100);
      }
    }
    const options = { binary: BROWSERS.find((path) => existsSync(path)), args: ['--automation'] };
    const made = await this.ask('POST', '/session', { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } } });
    this.session = `/session/${made.sessionId}`;
    this.version = made.capabilities.browserVersion;
    await this.ask('POST', `${this.session}/timeouts`, { script: 30_000, pageLoad: 30_000 });
  }
  /** Runs a function in the page; what it throws comes back as an error. */
  async page(work, ...args) {
    const script = `const a=[...arguments],done=a.pop();Promise.resolve().then(()=>(${work})(...a)).then((value)=>done({value}),(error)=>done({thrown:String(error)}))`;
    const reply = await this.ask('POST', `${this.session}/execute/async`, { script, args });
    if (reply.thrown) throw new Error(reply.thrown);
    return reply.value;
  }
  async go(url) {
    await this.ask('POST', `${this.session}/url`, { url });
    await this.listen();
  }
  async reload() {
    await this.ask('POST', `${this.session}/refresh`, {});
    await this.listen();
  }
  /** From here on the page's errors are kept. */
  listen() {
    return this.lookedAt(() => {
      if (globalThis.__errors) return;
      globalThis.__errors = [];
      addEventListener('error', (event) => globalThis.__errors.push(event.message));
      addEventListener('unhandledrejection', (event) => globalThis.__errors.push(`rejected: ${event.reason}`));
      addEventListener('securitypolicyviolation', (event) => globalThis.__errors.push(`policy: ${event.violatedDirective} ${event.blockedURI}`));
    });
  }
  /** A look at the page that may be repeated: under load the driver now and then loses an answer while a page is being replaced. */
  async lookedAt(work, ...args) {
    try {
      return await this.page(work, ...args);
    } catch (error) {
      if (error.name !== 'TimeoutError') throw error;
      console.log('     webkit: an answer was lost, asked again');
      return this.page(work, ...args);
    }
  }
  async until(work, what, ...args) {
    const end = Date.now() + STEP_MS;
    for (;;) {
      const value = await this.lookedAt(work, ...args);
      if (value) return value;
      if (Date.now() > end) {
        const seen = await this.page(() => document.body.innerText.slice(0, 400));
        throw new Error(`waited in vain for ${what}; the page shows: ${seen}`);
      }
      await pause(100);
    }
  }
  async element(selector) {
    return Object.values(await this.ask('POST', `${this.session}/element`, { using: 'css selector', value: selector }))[0];
  }
  async choose(path) {
    await this.until(() => document.querySelector('#file') !== null, 'the page');
    await this.ask('POST', `${this.session}/element/${await this.element('#file')}/value`, { text: path });
  }
  /** A real click where the driver can reach it. */
  async click(text) {
    await this.until((words) => [...document.querySelectorAll('button')].some((button) => button.textContent.includes(words)), `the button "${text}"`, text);
    await this.page((words) => [...document.querySelectorAll('button')].find((button) => button.textContent.includes(words)).click(), text);
  }
  headline() {
    return this.until(() => document.querySelector('.owner h1')?.textContent, 'the verdict');
  }
  errors() {
    return this.page(() => globalThis.__errors);
  }
}

const TRY = 'Try the sample dump';
const CASES = [
  {
    name: 'sample leads to the verdict',
    run: async (driver, site) => {
      await driver.go(site.url);
      await driver.click(TRY);
      expect((await driver.headline()).includes('examplenic.sys'), 'the headline names the driver that the sample was built to blame');
    },
  },
  {
    name: 'every view opens',
    run: async (driver, site) => {
      await driver.go(site.url);
      await driver.click(TRY);
      await driver.headline();
      for (const view of VIEWS) {
        await driver.page((hash) => void (location.hash = hash), `#/${view}`);
        await pause(300);
        await driver.until(() => document.querySelector('main')?.innerText.trim().length > 20, `something in the view ${view}`);
      }
    },
  },
  {
    name: 'a chosen file leads to the verdict, a wrong one to a sentence',
    run: async (driver, site, folder) => {
      await driver.go(site.url);
      const mine = join(folder, 'mine.dmp');
      copyFileSync(SAMPLE, mine);
      await driver.choose(mine);
      expect((await driver.headline()).includes('examplenic.sys'), 'the headline of the chosen file');
      await driver.go(`${site.url}?again`);
      const wrong = join(folder, 'wrong.dmp');
      writeFileSync(wrong, 'no dump at all\n'.repeat(400));
      await driver.choose(wrong);
      equal(await driver.until(() => document.querySelector('section[data-code]')?.dataset.code, 'the sentence'), 'NOT_A_DUMP', 'the code');
    },
  },
  {
    name: 'a file of 5 GB is opened',
    run: async (driver, site, folder) => {
      const large = join(folder, 'large.dmp');
      copyFileSync(SAMPLE, large);
      const handle = openSync(large, 'r+');
      ftruncateSync(handle, 5 * 2 ** 30);
      closeSync(handle);
      await driver.go(site.url);
      await driver.choose(large);
      expect((await driver.headline()).includes('examplenic.sys'), 'the headline of the large file');
    },
  },
  {
    name: 'share makes a link',
    run: async (driver, site) => {
      await driver.go(site.url);
      await driver.click(TRY);
      await driver.headline();
      await driver.click('Share');
      const fragment = await driver.until(() => document.querySelector('[data-fragment]')?.dataset.fragment, 'the link');
      expect(/^s1\.[\w-]{100,}$/.test(fragment), 'the link holds a summary');
      await driver.go(`${site.url}?received#${fragment}`);
      await driver.until(() => /Received summary[^]*private1\.sys/.test(document.body.innerText), 'the summary received');
    },
  },
  {
    name: 'with the server gone, a first dump leads to the verdict',
    run: async (driver, site) => {
      await driver.go(site.url);
      await driver.until(async () => (await navigator.serviceWorker?.getRegistration())?.active?.state === 'activated', 'the service worker');
      await driver.reload();
      await driver.until(() => navigator.serviceWorker.controller !== null, 'the service worker in charge');
      await site.close();
      await driver.reload();
      await driver.click(TRY);
      expect((await driver.headline()).includes('examplenic.sys'), 'the headline, offline');
    },
  },
];

/** Runs the cases; answers how many passed, failed, and whether it was left out. */
export async function runWebKit(wanted = []) {
  const missing = lacking();
  if (missing) {
    console.log(`SKIP webkit: ${missing} is not installed here`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const started = await start();
  try {
    for (const test of CASES) {
      if (wanted.length > 0 && !wanted.some((word) => test.name.includes(word))) continue;
      await runOne(started.base, test, counts);
    }
  } finally {
    started.close();
  }
  return counts;
}

async function runOne(base, test, counts) {
  const site = await startSite();
  const folder = mkdtempSync(join(tmpdir(), 'webkit-files-'));
  const driver = new Driver(base);
  const began = performance.now();
  try {
    await driver.open();
    if (counts.passed + counts.failed === 0) console.log(`== webkit ${driver.version}`);
    await test.run(driver, site, folder);
    equal(await driver.errors(), [], 'errors of the page');
    counts.passed += 1;
    console.log(`ok   webkit: ${test.name} (${Math.round(performance.now() - began)} ms)`);
  } catch (error) {
    counts.failed += 1;
    console.log(`FAIL webkit: ${test.name}\n     ${String(error.message).split('\n').slice(0, 8).join('\n     ')}`);
  } finally {
    if (driver.session) await driver.ask('DELETE', driver.session).catch((error) => console.log(`     closing: ${error.message}`));
    await site.close().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { passed, failed } = await runWebKit(process.argv.slice(2));
  console.log(`webkit: ${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
