/** `!wdfcrashdump`: drivers of the framework in a small dump. Layout: windows-driver-docs, -wdfkd-wdfcrashdump. */
import { va } from '../base/address.ts';
import { describeMissing } from '../base/missingwords.ts';
import { refuse, reply } from '../base/problem.ts';
import { readWdfDrivers, readWdfLogs } from '../formats/secondary/wdfdrivers.ts';
import { secondaryBytes } from '../target/secondary.ts';
import { plainAddress } from './names.ts';
import { type CommandSpec, line, note } from './spec.ts';

const RULE = '-'.repeat(46);

const crashdumpCommand: CommandSpec = {
  name: '!wdfcrashdump',
  aliases: ['!wdfkd.wdfcrashdump'],
  group: 'modules',
  summary: 'drivers of the framework (KMDF) that were loaded, and whose log it kept',
  args: [{ name: 'loader', kind: 'text', optional: true, summary: 'the list of drivers, which is all that is read' }],
  needs: ['kernel'],
  examples: [{ line: '!wdfcrashdump loader', fixture: 'sample' }],
  *run({ session }) {
    const { target } = session;
    const bytes = secondaryBytes(target, 'wdfDrivers');
    if (!bytes.ok) return refuse('BAD_ARGUMENT', describeMissing(bytes.missing));
    const drivers = readWdfDrivers(bytes.value, target.memory.pointerSize);
    const log = secondaryBytes(target, 'wdfLog');
    const logs = log.ok ? readWdfLogs(log.value) : [];
    return reply([
      line('Retrieving crashdump loader information...'),
      line(RULE),
      line('  ImageName      Version    FxGlobals'),
      line(''),
      ...drivers.map(({ name, version, globals }) =>
        line(`  ${name.padEnd(14)} ${version.padEnd(10)} `, ...(globals === 0n ? [] : ['0x', plainAddress(session, va(globals))])),
      ),
      line(RULE),
      ...logs.map(({ driver }) => note(`the framework kept the log of ${driver}`)),
    ]);
  },
};

export const WDF_COMMANDS: readonly CommandSpec[] = [crashdumpCommand];
