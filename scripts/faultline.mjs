/** The command line: `npm run -s faultline -- FILE…`. Installs what is missing, then runs the sources. */
import { ensureInstalled } from './ensure.mjs';

ensureInstalled();
const { register } = await import('tsx/esm/api');
register();
const { main } = await import('./cli/main.ts');
process.exitCode = await main(process.argv.slice(2));
