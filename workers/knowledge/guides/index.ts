import { DUMP_SETTINGS } from './dumpsettings.ts';
import { FORCE_CRASH } from './forcecrash.ts';
import type { Guide, GuideGroup } from './guide.ts';
import { LESSONS } from './lessons.ts';
import { NO_DUMP } from './nodump.ts';
import { POOL_LEAK } from './poolleak.ts';
import { ERROR_REPORTING, LOCAL_DUMPS } from './programs.ts';
import { VERIFIER } from './verifier.ts';

export const GUIDES: readonly Guide[] = [NO_DUMP, DUMP_SETTINGS, FORCE_CRASH, VERIFIER, POOL_LEAK, LOCAL_DUMPS, ERROR_REPORTING, ...LESSONS];
export const GUIDE_GROUPS: readonly (readonly [GuideGroup, string])[] = [
  ['next-dump', 'A dump for the next time'],
  ['drivers', 'Finding a driver'],
  ['programs', 'Programs'],
  ['lessons', 'Lessons'],
];
