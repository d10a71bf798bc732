/** What the commands on secondary data do, in one part that is loaded at the first use of one of them. */
export { boxAnswer, scmAnswer } from './blackboxes.ts';
export { enumtagAnswer } from './enumtag.ts';
export { sysinfoAnswer } from './sysinfo.ts';
export { crashdumpAnswer } from './wdfcrashdump.ts';
