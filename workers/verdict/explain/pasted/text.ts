/** What the readers of pasted texts share: numbers, file names, labels. */
import type { Pasted, PastedStop } from '../pasted.ts';
import type { Knowledge } from '../../../knowledge/knowledge.ts';

export type Reader = (text: string, knowledge: Knowledge) => Pasted | undefined;

/** A number as WinDbg, the event log and the stop screen write it. */
export const HEX = '(?:0x)?[0-9a-f]{1,8}(?:`?[0-9a-f]{8})?';
export const plain = (hex: string): bigint => BigInt(`0x${hex.replace(/`/g, '').replace(/^0x/i, '')}`);
export const low32 = (value: bigint): number => Number(value & 0xffff_ffffn);

const WHOLE_HEX = new RegExp(`^${HEX}$`, 'i');
/** The arguments up to the first that is cut short ("0x…", "..."). */
export function stopOf(code: bigint, params: readonly string[]): PastedStop {
  const cut = params.findIndex((one) => !WHOLE_HEX.test(one));
  return { code: low32(code), params: params.slice(0, cut < 0 ? 4 : Math.min(cut, 4)).map(plain) };
}

const IMAGE = /[\w()+.-]{1,60}\.(?:sys|dll|exe)\b/gi;
const MAX_IMAGES = 8;
export function imagesIn(text: string): string[] {
  const names = new Map<string, string>();
  for (const [found] of text.matchAll(IMAGE)) {
    const name = found.replace(/^[(+.-]+/, '');
    if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
    if (names.size === MAX_IMAGES) break;
  }
  return [...names.values()];
}
/** Whole logs name half the system: only of a short text do all the files belong to what it tells. */
export const imagesOfShort = (text: string): string[] => (text.length > 3000 ? [] : imagesIn(text));

/** The value behind a label at the start of a line: `MODULE_NAME: nvlddmkm`. */
export function labelled(text: string, label: string): string | undefined {
  return new RegExp(`^[ \\t]*${label}[ \\t]*:[ \\t]*(\\S[^\\r\\n]{0,300})`, 'im').exec(text)?.[1]?.trim();
}

/** Names that WinDbg blames where it blames no file, and what it means by them (published analyses). */
const NO_FILES: Readonly<Record<string, string>> = {
  memory_corruption: '“memory_corruption” is no file: WinDbg found code in memory that differs from the file it came from. Faulty memory (RAM) is likely.',
  hardware: '“hardware” is no file: WinDbg takes the hardware for the cause, mostly since an error record or an impossible address says so.',
  hardware_ram: '“hardware_ram” is no file: WinDbg takes the memory (RAM) for the cause.',
  hardware_disk: '“hardware_disk” is no file: WinDbg takes the drive for the cause.',
  genuineintel: '“GenuineIntel.sys” is no file: an error record of the Intel processor stands behind it.',
  authenticamd: '“AuthenticAMD.sys” is no file: an error record of the AMD processor stands behind it.',
  unknown_image: '“Unknown_Image” is no file: WinDbg could not tell which module it was.',
  unknown_module: '“Unknown_Module” is no file: WinDbg could not tell which module it was.',
  pool_corruption: '“Pool_Corruption” is no file: kernel memory was damaged, and WinDbg does not know by whom.',
};
export function sortNamed(names: readonly string[]): { readonly modules: readonly string[]; readonly notes: readonly string[] } {
  const notes = names.map((name) => NO_FILES[name.toLowerCase().replace(/\.(?:sys|exe|dll)$/, '')]);
  return { modules: names.filter((_name, index) => notes[index] === undefined), notes: [...new Set(notes.filter((note) => note !== undefined))] };
}
