/** `!wdfcrashdump`: drivers of the framework in a small dump. Layout: windows-driver-docs, -wdfkd-wdfcrashdump. */
import { va } from '../base/address.ts';
import { describeMissing } from '../base/missingwords.ts';
import { type Reply, refuse, reply } from '../base/problem.ts';
import { readWdfDrivers, readWdfLogs } from '../formats/secondary/wdfdrivers.ts';
import { secondaryBytes } from '../target/secondary.ts';
import type { Session } from '../target/target.ts';
import { plainAddress } from './names.ts';
import { line, note, type OutputNode } from './spec.ts';

const RULE = '-'.repeat(46);

export function crashdumpAnswer(session: Session): Reply<readonly OutputNode[]> {
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
}
