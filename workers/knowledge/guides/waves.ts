/**
 * Which drivers Driver Verifier is to watch, and in which order: the one place that decides it, for the verdict's step, the guide and
 * the casebook. Watching all at once makes Windows slow and proves little (windows-driver-docs, devtest/driver-verifier: select the
 * drivers to test, in groups if there are many).
 */
import { isCrashCopy } from '../../modules/names.ts';
import { type LoadedDriver, safeFile } from './guide.ts';

export interface Wave {
  readonly name: string;
  readonly why: string;
  readonly files: readonly string[];
}

/** A hundred names of 63 characters at most fit the 8191 of a command line (Windows' command prompt, "Command-line string limitation"). */
const MOST = 100;

const bare = (file: string): string => file.toLowerCase().replace(/\.sys$/, '');
/** "Microsoft", and "Microsoft Corporation" as lists of others spell it. */
const isMicrosoft = (vendor: string | null): boolean => vendor !== null && /^microsoft\b/i.test(vendor);

/** Drivers of others that can be watched: the copies that write the dump are loaded at a stop alone, and a name that could change a command is left out. */
const canBeWatched = ({ file, vendor }: LoadedDriver): boolean =>
  !isMicrosoft(vendor) && /\.sys$/i.test(file) && !isCrashCopy(file) && safeFile(file) !== undefined;

/** Suspects; then drivers that no table knows; then all others that are not Microsoft's; last those of no maker that look like Windows' own. Each wave holds only what the ones before do not. */
export function waves(drivers: readonly LoadedDriver[], suspects: readonly string[]): readonly Wave[] {
  const suspected = new Set(suspects.map(bare));
  const foreign = drivers.filter(canBeWatched);
  const rest = foreign.filter(({ file }) => !suspected.has(bare(file)));
  const files = (some: readonly LoadedDriver[]): string[] => [...new Set(some.map(({ file }) => file))].slice(0, MOST);
  return [
    {
      name: 'First wave: suspects',
      why: 'the driver that the verdict names, its rivals, and those that stand on the stack of the crash by more than a guess',
      files: files(foreign.filter(({ file }) => suspected.has(bare(file)))),
    },
    {
      name: 'Second wave: drivers that nobody vouches for',
      why: 'no table of this page knows their maker. A dump holds no signatures, so this stands in for “unsigned”; sigverif on the computer itself lists what is unsigned',
      files: files(rest.filter(({ vendor, hashed }) => vendor === null && !hashed)),
    },
    {
      name: 'Third wave: all others that are not Microsoft’s',
      why: 'the larger group, if the first two found nothing',
      files: files(rest.filter(({ vendor }) => vendor !== null)),
    },
    {
      name: 'Last wave: drivers that most likely came with Windows',
      why: 'no table knows their maker, but their link stamp is no date: a hash stands there in reproducible builds, which Windows’ own drivers are',
      files: files(rest.filter(({ vendor, hashed }) => vendor === null && hashed)),
    },
  ].filter((wave) => wave.files.length > 0);
}

/** Standard settings for these drivers (windows-driver-docs, devtest/verifier-command-line: names with blanks between them, no wildcards). */
export const standardLine = (files: readonly string[]): string => `verifier /standard /driver ${files.join(' ')}`;
