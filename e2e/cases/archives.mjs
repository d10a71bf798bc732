import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { SAMPLE, equal, expect, file, openFiles, verdict } from '../page.mjs';

const sample = () => new Uint8Array(readFileSync(SAMPLE));
const text = new TextEncoder().encode('read me');

async function start(page, url) {
  await page.goto(`${url}#/`);
  await page.getByRole('button', { name: 'Try the sample dump' }).waitFor();
}

export const cases = [
  {
    name: 'archives: one dump in a gz or a zip opens at once, several make a table',
    run: async ({ page, url }) => {
      for (const packed of [file('sample.dmp.gz', gzipSync(sample())), file('dumps.zip', zipSync({ 'notes.txt': text, 'Minidump/a.dmp': sample() }))]) {
        await start(page, url);
        await openFiles(page, [packed]);
        await verdict(page).waitFor();
        expect((await verdict(page).innerText()).includes('examplenic.sys'), `${packed.name}: the verdict of the dump inside`);
      }
      await start(page, url);
      await openFiles(page, [file('two.zip', zipSync({ 'a.dmp': sample(), 'b.dmp': sample(), 'broken.dmp.gz': gzipSync(sample()).subarray(0, 900) }))]);
      await page.getByRole('row').nth(2).waitFor();
      const rows = await page.getByRole('row').allInnerTexts();
      equal([rows.some((row) => row.includes('a.dmp')), rows.some((row) => row.includes('b.dmp'))], [true, true], 'both dumps have a row');
    },
  },
  {
    name: 'cancel: unpacking a large dump stops at once, and the page is ready for the next',
    run: async ({ page, url }) => {
      const large = new Uint8Array(400 * 1024 * 1024);
      large.set(sample());
      await start(page, url);
      await openFiles(page, [file('large.dmp.gz', gzipSync(large, { level: 1 }))]);
      const cancel = page.getByRole('button', { name: /^Cancel/ });
      await cancel.waitFor();
      const asked = Date.now();
      await page.keyboard.press('Escape');
      await cancel.waitFor({ state: 'detached' });
      expect(Date.now() - asked < 2500, 'it stopped within two seconds and a half');
      await openFiles(page, [file('sample.dmp', sample())]);
      await verdict(page).waitFor();
    },
  },
  {
    name: 'archives: what cannot be opened gets a sentence',
    run: async ({ page, url }) => {
      const seven = Buffer.concat([Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]), Buffer.alloc(64)]);
      for (const [packed, code] of [
        [file('dump.7z', seven), 'ARCHIVE_UNSUPPORTED'],
        [file('notes.zip', zipSync({ 'notes.txt': text })), 'ARCHIVE_NO_DUMP'],
        [file('cut.dmp.gz', gzipSync(sample()).subarray(0, 2000)), 'ARCHIVE_BROKEN'],
      ]) {
        await start(page, url);
        await openFiles(page, [packed]);
        const alert = page.locator('section[data-code]');
        await alert.waitFor();
        equal(await alert.getAttribute('data-code'), code, packed.name);
      }
    },
  },
];
