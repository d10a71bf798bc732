/** Every console command. Help, completion, palette, docs/commands.md and the tests are made from this table. */
import { ANALYSIS_COMMANDS } from './analyzecommand.ts';
import { ABOUT_COMMANDS } from './about.ts';
import { CODE_COMMANDS } from './code.ts';
import { DEVICE_COMMANDS } from './devices.ts';
import { EXAMINE_COMMANDS } from './examine.ts';
import { FRAME_COMMANDS } from './frames.ts';
import { LATE_COMMANDS } from './late.ts';
import { LOCK_COMMANDS } from './locks.ts';
import { MEMORY_COMMANDS } from './memory.ts';
import { MODULE_COMMANDS } from './modules.ts';
import { NUMBER_COMMANDS } from './numbers.ts';
import { PROCESS_COMMANDS } from './processes.ts';
import { REGISTER_COMMANDS } from './registers.ts';
import { SECONDARY_COMMANDS } from './secondary.ts';
import type { CommandSpec } from './spec.ts';
import { STACK_COMMANDS } from './stack.ts';
import { SYMBOL_COMMANDS } from './symbols.ts';
import { THREAD_COMMANDS } from './threads.ts';
import { WOW64_COMMANDS } from './wow64.ts';
import { TYPE_COMMANDS } from './types.ts';
import { UNDNAME_COMMANDS } from './undname.ts';
import { VARIABLE_COMMANDS } from './variables.ts';

export const SPECS: readonly CommandSpec[] = [
  ...ANALYSIS_COMMANDS,
  ...STACK_COMMANDS,
  ...THREAD_COMMANDS,
  ...FRAME_COMMANDS,
  ...WOW64_COMMANDS,
  ...REGISTER_COMMANDS,
  ...MODULE_COMMANDS,
  ...EXAMINE_COMMANDS,
  ...TYPE_COMMANDS,
  ...VARIABLE_COMMANDS,
  ...DEVICE_COMMANDS,
  ...PROCESS_COMMANDS,
  ...LOCK_COMMANDS,
  ...LATE_COMMANDS,
  ...SECONDARY_COMMANDS,
  ...MEMORY_COMMANDS,
  ...CODE_COMMANDS,
  ...NUMBER_COMMANDS,
  ...SYMBOL_COMMANDS,
  ...UNDNAME_COMMANDS,
  ...ABOUT_COMMANDS,
];
