import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIST } from '../site.mjs';
import { SAMPLE, equal, expect, verdict } from '../page.mjs';

export const cases = [
  {
    name: 'installed: the manifest takes dump files, and a double-clicked one opens',
    run: async ({ page, url }) => {
      const manifest = JSON.parse(readFileSync(join(DIST, 'manifest.webmanifest'), 'utf8'));
      const endings = manifest.file_handlers.flatMap((handler) => Object.values(handler.accept).flat()).sort();
      equal(endings, ['.dmp', '.hdmp', '.mdmp'], 'the files that the installed page opens');
      expect(
        manifest.icons.some((icon) => icon.sizes.includes('512')),
        'an icon large enough to install',
      );
      // The system's launch queue, as the installed page meets it (https://wicg.github.io/web-app-launch/#launchqueue-interface).
      await page.addInitScript(() => {
        Object.defineProperty(window, 'launchQueue', { configurable: true, value: { setConsumer: (consumer) => (window.consumeLaunch = consumer) } });
      });
      await page.goto(url);
      await page.getByRole('button', { name: 'Try the sample dump' }).waitFor();
      await page.evaluate((bytes) => {
        const file = new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))], '030524-8171-01.dmp');
        window.consumeLaunch({ files: [{ kind: 'file', name: file.name, getFile: async () => file }] });
      }, readFileSync(SAMPLE).toString('base64'));
      await verdict(page).waitFor();
      expect((await page.locator('header .facts').innerText()).includes('030524-8171-01.dmp'), 'the double-clicked file is open');
    },
  },
];
