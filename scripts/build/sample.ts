/**
 * Writes public/sample.dmp: a triage dump of our own making, so that the page has something to show to a visitor without one.
 * Every byte comes from workers/testing/build; the driver, its vendor and the machine are invented. `npx tsx scripts/build/sample.ts`
 */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { driverFault } from '../../workers/testing/build/scenes.ts';
import { triageOf } from '../../workers/testing/build/scene.ts';

const file = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'public', 'sample.dmp');
const { bytes } = triageOf(driverFault());
writeFileSync(file, bytes);
console.log(`${file}: ${bytes.length} bytes`);
