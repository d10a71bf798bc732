import { equal, expect, openSample, verdict } from '../page.mjs';

async function openShare(page) {
  await page.getByRole('button', { name: 'Share' }).click();
  await page.locator('[data-fragment]').waitFor();
}
const fragment = (page) => page.locator('[data-fragment]').getAttribute('data-fragment');
const shown = async (page) => (await page.locator('[data-summary]').innerText()).replace(/\s+/g, ' ');

export const cases = [
  {
    name: 'share and reopen: the receiver sees what the preview showed',
    run: async ({ page, url, context }) => {
      await openSample(page, url);
      await openShare(page);
      expect((await page.locator('dialog').innerText()).includes('would open nowhere else'), 'served from this computer, no link is offered');
      const preview = await shown(page);
      expect(!preview.includes('sample.dmp') && !preview.includes('Crashed'), 'file name and time are left out');
      await page.locator('[data-addition=file]').check();
      await page.locator('[data-summary]').getByText('sample.dmp').waitFor();
      const text = await fragment(page);
      expect(text.startsWith('s1.') && text.length <= 8192, `fragment of ${text.length} characters`);
      const told = await shown(page);
      const other = await context.newPage();
      await other.goto(`${url}#${text}`);
      await other.getByText('Received summary').waitFor();
      equal(await shown(other), told, 'what the receiver sees');
      await other.close();
    },
  },
  {
    name: 'hostile fragments are refused and nothing of them runs',
    run: async ({ page, url }) => {
      const links = ['s1.AAAA', 's1.<img src=x onerror=alert(1)>', `s1.${'A'.repeat(9000)}`, 's9.AAAA'];
      for (const link of links) {
        await page.goto('about:blank');
        await page.goto(`${url}#${link}`);
        await page.getByText('This link cannot be opened').waitFor();
      }
      const packed = await page.evaluate(async () => {
        const stream = new Blob(['{"v":1,"headline":"<script>globalThis.ran=1</script>"}']).stream().pipeThrough(new CompressionStream('deflate-raw'));
        const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
        return btoa(String.fromCharCode(...bytes))
          .replaceAll('+', '-')
          .replaceAll('/', '_')
          .replace(/=+$/, '');
      });
      await page.goto('about:blank');
      await page.goto(`${url}#s1.${packed}`);
      await page.getByText('does not hold a summary').waitFor();
      equal(await page.evaluate(() => globalThis.ran), undefined, 'nothing ran');
    },
  },
  {
    name: 'the report is one file that fetches nothing',
    only: ['chromium'],
    why: 'no download event over BiDi',
    run: async ({ page, url }) => {
      await openSample(page, url);
      await openShare(page);
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Save report (HTML)' }).click();
      const stream = await (await download).createReadStream();
      const chunks = [];
      for await (const chunk of stream) chunks.push(chunk);
      const html = Buffer.concat(chunks).toString('utf8');
      expect(html.includes('examplenic') || html.includes('private1'), 'it names the driver or hides it');
      expect(!/<script|src=|href=|url\(/.test(html), 'no script, no address');
    },
  },
  {
    name: 'offline: installed, then the server gone, then a first dump ever, and a share of it',
    run: async ({ page, url, site }) => {
      await page.goto(url);
      await page.locator('[data-offline-ready]').waitFor({ timeout: 60_000 });
      await site.close();
      await page.reload();
      await page.getByRole('button', { name: 'Try the sample dump' }).click();
      await verdict(page).waitFor();
      await page.evaluate(() => (location.hash = '#/console?run=u @rip'));
      await page.locator('.exchange .line').nth(2).waitFor();
      await openShare(page);
      expect((await fragment(page)).startsWith('s1.'), 'a summary is made');
    },
  },
];
