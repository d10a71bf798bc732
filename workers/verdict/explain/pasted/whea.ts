/**
 * WHEA-Logger: an error that the hardware itself reported. The fields stand as "Reported by component: Processor Core",
 * "Error Source: Machine Check Exception", "Error Type: Cache Hierarchy Error", "Processor APIC ID: 4" (events 17 to 20, 46, 47).
 */
import type { Knowledge } from '../../../knowledge/knowledge.ts';
import type { Reader } from './text.ts';

const SOURCE = /WHEA-Logger|\bWHEA\b.{0,40}\b(?:event|ereignis)\b/i;
const FATAL =
  /fatal hardware error|schwerwiegender Hardwarefehler|erreur matérielle (?:irrécupérable|fatale)|error de hardware (?:grave|irrecuperable)|errore hardware irreversibile|erro de hardware fatal/i;
const CORRECTED =
  /corrected hardware error|behobener Hardwarefehler|korrigierter Hardwarefehler|erreur matérielle corrigée|error de hardware corregido|errore hardware corretto|erro de hardware corrigido/i;
const FATAL_IDS = /\b(?:WHEA-Logger|event|ereignis|id)\b[^\n\d]{0,16}(?:1|18|20|46)(?!\d)/i;
const CORRECTED_IDS = /\b(?:WHEA-Logger|event|ereignis|id)\b[^\n\d]{0,16}(?:17|19|47)(?!\d)/i;

/** What an error type says, and what is behind it, most frequent first. */
const TYPES: readonly (readonly [RegExp, string])[] = [
  [
    /Cache.{0,3}(?:Hierarchy|Hierarchie)|hiérarchie (?:du|de) cache|jerarquía de (?:la )?caché/i,
    'A cache of the processor was wrong: clocks or voltage outside the specification, curve optimizer, heat, an old BIOS, or a failing core. It is not the memory (RAM).',
  ],
  [/TLB/i, 'The address cache of the processor (TLB) was wrong: clocks or voltage of the processor, or a failing core.'],
  [
    /Bus.{0,3}(?:Interconnect|Verbindung)/i,
    'A transfer between processor, memory controller and devices failed: memory clocks (XMP, EXPO), the fabric of the processor, its voltage, a device in a slot, or the power supply.',
  ],
  [/Internal (?:parity|timer|unclassified)|Microcode ROM/i, 'The processor found a fault inside itself: clocks, voltage, an old BIOS, or a failing processor.'],
  [
    /Memory (?:Controller|Hierarchy)|Speichercontroller/i,
    'The memory controller reports an error: memory, its clocks (XMP, EXPO), or the controller in the processor.',
  ],
  [
    /PCI ?Express|PCIe|\bAER\b/i,
    'A PCI Express link reports errors: the card and its slot or riser, its power saving (ASPM), or the driver of the device. The vendor and device number say which one.',
  ],
];
const COMPONENT =
  /(?:Reported by component|Component|Gemeldet (?:von|durch) (?:der )?Komponente|Komponente|Signalé par le composant|Composant|Notificado por el componente|Componente)\s{0,2}:\s{0,4}([^\r\n]{1,60}?)(?=\s+Error (?:Source|Type)\b|[.\r\n]|$)/i;
const APIC = /APIC.{0,3}ID\s{0,2}:?\s{0,4}(\d{1,5})/i;
const PCI = /(?:Vendor ID:Device ID|VendorID|Vendor)\s{0,2}:\s{0,4}0x([0-9a-f]{1,4}):0x([0-9a-f]{1,4})/i;
const PLACE = /Bus:Device:Function\s{0,2}:\s{0,4}(0x[0-9a-f]{1,2}:0x[0-9a-f]{1,2}:0x[0-9a-f]{1,2})/i;

const HARM: Readonly<Record<'fatal' | 'corrected' | 'unknown', string>> = {
  fatal:
    'The hardware reported an error that could not be corrected. The computer restarts with it, mostly without a dump; Windows writes this entry at the next start.',
  corrected: 'The hardware reported an error and corrected it: nothing was lost and Windows went on. A few do no harm; many of them announce worse.',
  unknown: 'The hardware itself reported an error. The entry says whether it was corrected.',
};

function harmOf(text: string): keyof typeof HARM {
  if (FATAL.test(text)) return 'fatal';
  if (CORRECTED.test(text)) return 'corrected';
  return FATAL_IDS.test(text) ? 'fatal' : CORRECTED_IDS.test(text) ? 'corrected' : 'unknown';
}

function coreNotes(text: string): string[] {
  const apic = APIC.exec(text)?.[1];
  if (apic === undefined) return [];
  const [low, high] = [Number(apic) & ~1, Number(apic) | 1].map(String);
  return [
    `APIC ID ${apic} is the number of one logical processor. The same number every time points to one core (with two threads a core, numbers ${low ?? ''} and ${high ?? ''} are one); changing numbers to voltage, power or the board.`,
  ];
}

function deviceNotes(text: string, knowledge: Knowledge): string[] {
  const [, vendor, device] = PCI.exec(text) ?? [];
  if (vendor === undefined || device === undefined) return [];
  const maker = knowledge.pciVendor(Number.parseInt(vendor, 16));
  const place = PLACE.exec(text)?.[1];
  return [`The device: vendor 0x${vendor}${maker === undefined ? '' : ` (${maker})`}, device 0x${device}${place === undefined ? '' : `, at ${place}`}.`];
}

const FIRST_STEPS = 'First undo overclocking, undervolting and XMP/EXPO, update the BIOS, and watch temperatures. What helped shows by the entry staying away.';

export const readHardwareEvent: Reader = (text, knowledge) => {
  if (![SOURCE, FATAL, CORRECTED].some((pattern) => pattern.test(text))) return undefined;
  const type = TYPES.find(([pattern]) => pattern.test(text))?.[1];
  const component = COMPONENT.exec(text)?.[1]?.trim();
  const told = [component === undefined ? undefined : `Reported by: ${component}.`, type].filter((note) => note !== undefined);
  return { kind: 'event', modules: [], notes: [HARM[harmOf(text)], ...told, ...coreNotes(text), ...deviceNotes(text, knowledge), FIRST_STEPS] };
};
