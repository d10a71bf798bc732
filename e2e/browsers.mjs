/** Browsers as they are installed. Playwright-core stays at 1.64: later ones fail on Firefox ESR 153 (emulation.setMediaFeaturesOverride). */
import { existsSync } from 'node:fs';
import { chromium, firefox } from 'playwright-core';

const first = (paths) => paths.find((path) => path && existsSync(path));
const asRoot = process.getuid?.() === 0;

export const BROWSERS = [
  {
    name: 'chromium',
    path:
      first([process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/opt/google/chrome/chrome']) ?? own(chromium),
    launch: (path) => chromium.launch({ executablePath: path, headless: true, args: asRoot ? ['--no-sandbox'] : [] }),
  },
  {
    name: 'firefox',
    path: first([process.env.FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox']),
    launch: (path) => firefox.launch({ channel: 'moz-firefox', executablePath: path, headless: true, timeout: 60_000 }),
  },
];

/** A browser that Playwright itself has downloaded. */
function own(type) {
  const path = type.executablePath();
  return path && existsSync(path) ? path : undefined;
}
