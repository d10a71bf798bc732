/** The commands on secondary data: their names and help. What they do is loaded when one is first asked for. */
import type { Job } from '../base/job.ts';
import type { Reply } from '../base/problem.ts';
import type { Session } from '../target/target.ts';
import type { Box } from './blackboxes.ts';
import { SECONDARY_CODE } from './lateparts.ts';
import type { CommandSpec, OutputNode } from './spec.ts';

type Work = typeof import('./secondarywork.ts');

type Answer = Reply<readonly OutputNode[]>;
const later = (answer: (work: Work, session: Session, tail: string) => Answer | Job<Answer>): CommandSpec['run'] =>
  function* ({ session }, tail) {
    const work = yield* SECONDARY_CODE.use();
    if (!work.ok) return work;
    const answered = answer(work.value, session, tail);
    return 'ok' in answered ? answered : yield* answered;
  };

const PERSONAL = { name: '-p', kind: 'flags', optional: true, summary: 'shows what can name a person too' } as const;

interface BoxSpec {
  readonly box: Box;
  readonly summary: string;
  /** True where `-p` shows more. */
  readonly personal?: true;
}
const BOXES: readonly BoxSpec[] = [
  { box: 'bsd', summary: 'boot status: last boots and shutdowns, sleep, the power button' },
  { box: 'ntfs', summary: 'what NTFS waited for too long: slow requests and oplock breaks', personal: true },
  { box: 'pnp', summary: 'the last plug-and-play event and its device', personal: true },
  { box: 'winlogon', summary: 'what winlogon was doing' },
  { box: 'pci', summary: 'PCI functions with command and status, and which report errors or do not answer' },
];

export const SECONDARY_COMMANDS: readonly CommandSpec[] = [
  ...BOXES.map(({ box, summary, personal }): CommandSpec => ({
    name: `!blackbox${box}`,
    aliases: [],
    group: 'analysis',
    summary,
    args: personal ? [PERSONAL] : [],
    needs: ['kernel'],
    examples: [{ line: `!blackbox${box}`, fixture: 'sample' }],
    run: later(({ boxAnswer }, session, tail) => boxAnswer(box, session, tail)),
  })),
  {
    name: '!blackboxscm',
    aliases: [],
    group: 'analysis',
    summary: 'the service that the service control manager waited for',
    args: [],
    needs: ['kernel'],
    examples: [{ line: '!blackboxscm', fixture: 'sample' }],
    run: later(({ scmAnswer }) => scmAnswer()),
  },
  {
    name: '!sysinfo',
    aliases: [],
    group: 'analysis',
    summary: 'processor, firmware and memory of the computer: machineid, smbios, cpuinfo, cpuspeed, cpumicrocode, registers, gbl',
    args: [
      { name: 'part', kind: 'text', optional: false, summary: 'which of them; gbl is the ACPI tables' },
      { name: 'flags', kind: 'flags', optional: true, summary: 'for smbios: -system, -processor, -memory' },
    ],
    needs: ['kernel'],
    examples: [
      { line: '!sysinfo machineid', fixture: 'sample' },
      { line: '!sysinfo smbios -memory', fixture: 'sample' },
      { line: '!sysinfo cpuinfo', fixture: 'sample' },
    ],
    run: later(({ sysinfoAnswer }, session, tail) => sysinfoAnswer(session, tail)),
  },
  {
    name: '!wdfcrashdump',
    aliases: ['!wdfkd.wdfcrashdump'],
    group: 'modules',
    summary: 'drivers of the framework (KMDF) that were loaded, and whose log it kept',
    args: [{ name: 'loader', kind: 'text', optional: true, summary: 'the list of drivers, which is all that is read' }],
    needs: ['kernel'],
    examples: [{ line: '!wdfcrashdump loader', fixture: 'sample' }],
    run: later(({ crashdumpAnswer }, session) => crashdumpAnswer(session)),
  },
  {
    name: '.enumtag',
    aliases: [],
    group: 'memory',
    summary: 'blocks of secondary data that parts of Windows and drivers added to the dump; with a tag all of its bytes',
    args: [
      { name: '-p', kind: 'flags', optional: true, summary: 'shows bytes that can name a person too' },
      { name: 'tag', kind: 'text', optional: true, summary: 'a GUID of the list' },
    ],
    needs: ['kernel'],
    examples: [
      { line: '.enumtag', fixture: 'sample' },
      { line: '.enumtag {f57308df-cc45-4e01-ad76-29a4ebb010ec}', fixture: 'sample' },
    ],
    run: later(({ enumtagAnswer }, session, tail) => enumtagAnswer(session, tail)),
  },
];
