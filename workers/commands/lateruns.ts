/** Code of the commands that is fetched when a line is first run: by name, for late.ts. */
import { deadlock } from './deadlock.ts';
import { dpcs, watchdog } from './dpcs.ts';
import { pte, vtop } from './paging.ts';
import { pool } from './pool.ts';
import { poolUsed } from './poolused.ts';
import { running, irql } from './processors.ts';
import { verifier } from './verifier.ts';
import { vm } from './vm.ts';
import type { CommandRun } from './spec.ts';

export const LATE_RUNS: Readonly<Record<string, CommandRun>> = {
  '!running': running,
  '!irql': irql,
  '!dpcs': dpcs,
  '!dpcwatchdog': watchdog,
  '!deadlock': deadlock,
  '!verifier': verifier,
  '!pte': pte,
  '!vtop': vtop,
  '!vm': vm,
  '!pool': pool,
  '!poolused': poolUsed,
};
