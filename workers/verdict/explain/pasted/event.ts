/**
 * Entries of the event log that hold no stop code. Windows translates their words, but not the names of the sources, and the
 * numbers stay; the sources and numbers are those that Windows and its drivers register, the sentences are ours.
 */
import type { Pasted } from '../pasted.ts';
import { imagesOfShort, type Reader } from './text.ts';
import { readHardwareEvent } from './whea.ts';

interface LogEvent {
  /** Names of the source; without one the number alone says which it is. */
  readonly source?: RegExp;
  readonly ids: readonly number[];
  /** The entry's own words, in the languages we know. */
  readonly words?: RegExp;
  readonly says: string;
  readonly kind?: Pasted['kind'];
}

const NO_SHUTDOWN =
  'Event 41 says only that Windows was not shut down before it started again. Its tab “Details” holds BugcheckCode: paste that too. 0 means that no stop was recorded: the power went, someone pressed reset, or the computer hung.';
const RETRY =
  'A request to a drive was not answered in time and was sent again. Single ones do no harm; many mean the drive, its cable or slot, its power, or its firmware.';
const DRIVE = 'Windows reports trouble with a drive. Save what matters, then look at the drive’s own health figures, its cable and its power.';
const DISPLAY =
  'The graphics card or its driver did not answer, and Windows restarted the driver. Many of them mean clocks, heat or power of the card, its slot, or the driver.';
const PROGRAM = 'A program crashed or hung, not Windows. Paste the whole entry: it holds the module and the code.';
const SERVICE = 'A service of Windows or of a program ended or did not start. It is seldom the cause of a stop.';

/** The more telling first. */
const EVENTS: readonly LogEvent[] = [
  {
    ids: [41],
    source: /Kernel-Power|Event ?(?:ID)?:? ?41\b|Ereignis-?(?:ID)?:? ?41\b/i,
    words:
      /rebooted without cleanly shutting down|ohne dass es zuvor ordnungsgemäß heruntergefahren|redémarré sans s.arrêter correctement|(?:reinició|reiniciado) sin apagarse|riavviato senza (?:prima )?un arresto|reinicializado sem um? desligamento|перезагрузилась, завершив работу с ошибками/i,
    says: NO_SHUTDOWN,
    kind: 'event-41',
  },
  {
    ids: [161],
    source: /volmgr/i,
    words: /Dump file creation failed/i,
    says: 'Windows stopped and could not write the dump. Mostly there is too little space or no page file on the system drive, or the drive had stopped answering.',
  },
  {
    ids: [46, 49],
    source: /volmgr/i,
    words: /Crash dump initiali[sz]ation failed/i,
    says: 'Windows cannot write dumps as it is set up now: mostly the page file is missing, too small, or on another drive.',
  },
  {
    ids: [6008],
    source: /EventLog|Event ?(?:ID)?:? ?6008/i,
    words: /previous system shutdown at .{0,60} was unexpected|System wurde zuvor am .{0,60} unerwartet heruntergefahren/i,
    says: 'The last session ended without a shutdown. It says no more than event 41 beside it: look there for BugcheckCode.',
  },
  { ids: [4101], source: /\bDisplay\b|Event ?(?:ID)?:? ?4101/i, words: /Display driver \S{1,40} stopped responding/i, says: DISPLAY },
  { ids: [13, 14, 153], source: /nvlddmkm/i, says: `NVIDIA’s driver reports an error of the graphics card. ${DISPLAY}` },
  { ids: [129], source: /\b(?:storahci|stornvme|iaStor\w{0,6}|vhdmp|storport)\b/i, words: /Reset to device, \\Device/i, says: RETRY },
  { ids: [153], source: /\bdisk\b/i, says: RETRY },
  { ids: [7], source: /\bdisk\b/i, words: /has a bad block/i, says: `The drive has a bad block. ${DRIVE}` },
  { ids: [11, 51, 52, 154, 157], source: /\bdisk\b|\bstornvme\b|\bstorahci\b|\biaStor\w{0,6}\b/i, says: DRIVE },
  {
    ids: [55, 98, 130, 137, 140],
    source: /\bNtfs\b|Microsoft-Windows-Ntfs/i,
    says: 'The file system on a drive is damaged, or a write to it failed. Check the volume (chkdsk), and the drive behind it.',
  },
  {
    ids: [37],
    source: /Kernel-Processor-Power/i,
    says: 'The firmware holds the processor below its speed: heat, a weak power supply, or a setting. No fault of Windows.',
  },
  {
    ids: [12],
    source: /\bHAL\b|Microsoft-Windows-HAL/i,
    says: 'The firmware changed memory while the computer slept. Update the BIOS; until then avoid sleep.',
  },
  { ids: [13, 15], source: /\bACPI\b/i, says: 'The embedded controller of the board answered late or wrongly: update the BIOS.' },
  { ids: [2004], source: /Resource-Exhaustion/i, says: 'Memory was running out. The entry names the three programs that used most of it.' },
  {
    ids: [1101, 1102, 1201, 1202],
    source: /MemoryDiagnostics-Results/i,
    says: 'The result of Windows’ memory test. “No errors” is no proof: let MemTest86 run for four passes. A single error is one: the memory or its settings are at fault.',
  },
  {
    ids: [219],
    source: /Kernel-PnP/i,
    says: 'A driver did not load for a device. By itself it does no harm; it is often there on healthy computers (WUDFRd).',
  },
  {
    ids: [10016, 10010, 10005],
    source: /DistributedCOM|DCOM/i,
    says: 'This entry is there on almost every computer and does no harm. It has nothing to do with a stop.',
  },
  { ids: [29], source: /Kernel-Boot/i, says: 'Fast startup failed and Windows started in full. Switching fast startup off does away with it.' },
  { ids: [1074], source: /User32/i, says: 'Somebody or a program asked for this restart: the entry names it. It was no crash.' },
  { ids: [7000, 7001, 7009, 7011, 7022, 7023, 7024, 7026, 7031, 7034], source: /Service Control Manager/i, says: SERVICE },
  { ids: [1000, 1002, 1026], source: /Application Error|Application Hang|\.NET Runtime|Windows Error Reporting/i, says: PROGRAM },
  {
    ids: [1001],
    source: /\bBugCheck\b|WER-SystemErrorReporting/i,
    says: 'Windows stopped. The text of the entry holds the code and its four arguments in brackets: paste all of it.',
  },
  {
    ids: [],
    words:
      /Windows was not properly shut down|Windows wurde nicht (?:ordnungsgemäß|richtig) heruntergefahren|Windows (?:n.a pas été arrêté|s.est arrêté) (?:correctement|de façon inattendue)|Windows no se cerró correctamente/i,
    says: 'The reliability monitor noted that Windows went down without a shutdown. It does not say why: look for event 41 at that time, and for a dump.',
  },
  {
    ids: [],
    words: /\bLiveKernelEvent\b|LiveKernelReports/i,
    says: 'A report about a device or driver while Windows went on running. Its code says which kind: open the entry and paste “Code” and the parameters.',
  },
];

/** A number as an entry of the log gives it: behind its source, behind a word for event or id, or as XML. */
function hasNumber(text: string, { ids, source }: LogEvent): boolean {
  return ids.some((id) => {
    const number = String(id);
    const labelled = new RegExp(
      `(?:event|ereignis|événement|evento|событи[яе]|\\bid\\b)[^\\n\\d]{0,16}${number}(?!\\d)|<EventID[^>]{0,60}>${number}<`,
      'i',
    ).test(text);
    const behind = source !== undefined && new RegExp(`(?:${source.source})[^\\n\\d]{0,24}${number}(?!\\d)`, 'i').test(text);
    return labelled || behind;
  });
}
const isMatch = (text: string, event: LogEvent): boolean => (event.source?.test(text) === true && hasNumber(text, event)) || event.words?.test(text) === true;

/** Numbers of events that people paste bare. What is a stop code too is told with the event beside it. */
const BARE: ReadonlySet<number> = new Set([41, 1001, 4101, 6008, 10016]);
export function eventOfNumber(word: string, isStop: boolean): Pasted | undefined {
  const id = /^\d{2,5}$/.test(word) ? Number(word) : 0;
  const found = BARE.has(id) ? EVENTS.find(({ ids }) => ids.includes(id)) : undefined;
  if (!found) return undefined;
  if (!isStop) return { kind: found.kind ?? 'event', modules: [], notes: [found.says] };
  return { kind: 'code', stop: { code: Number.parseInt(word, 16), params: [] }, modules: [], notes: [`As the number of an event: ${found.says}`] };
}

/** Entries are short; a longer text is a list, where sources and numbers of different entries would be put together. */
const MAX_ENTRY = 6000;

export const readEvents: Reader = (text, knowledge) => {
  const entry = text.slice(0, MAX_ENTRY);
  const hardware = readHardwareEvent(entry, knowledge);
  if (hardware) return hardware;
  const found = EVENTS.find((event) => isMatch(entry, event));
  return found && { kind: found.kind ?? 'event', modules: imagesOfShort(entry), notes: [found.says] };
};
