/** Variables of procedures against what llvm-pdbutil prints of their records. */
import { describe, expect, it } from 'vitest';
import { ArraySource } from '../../bytes/source.ts';
import { corpusBytes, hasCorpus } from '../../testing/node/corpus.ts';
import { type LocalPlace, type LocalVariable, openLocals } from './locals.ts';
import { openPdb } from './pdb.ts';
import { readPlaces, rvaOfPlace } from './sections.ts';

const PDBS = ['own/x64-O2/demo', 'own/x86-O2/demo', 'own/arm64-O2/demo', 'rizin/Project1', 'seh_tests/x64/xcpt4', 'symbolic/windows/crash'];

/** CodeView numbers of the registers that these files name (llvm, CodeViewRegisters.def). */
const NUMBERS: Readonly<Record<string, number>> = {
  ...{
    AL: 1,
    CL: 2,
    DL: 3,
    BL: 4,
    AX: 9,
    CX: 10,
    DX: 11,
    BX: 12,
    SP: 13,
    BP: 14,
    SI: 15,
    DI: 16,
    EAX: 17,
    ECX: 18,
    EDX: 19,
    EBX: 20,
    ESP: 21,
    EBP: 22,
    ESI: 23,
  },
  ...{ EDI: 24, RAX: 328, RBX: 329, RCX: 330, RDX: 331, RSI: 332, RDI: 333, RBP: 334, RSP: 335, SIL: 324, DIL: 325, BPL: 326, VFRAME: 30006, FLAGS: 33 },
  ...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`R${index + 8}`, 336 + index])),
  ...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`R${index + 8}B`, 344 + index])),
  ...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`R${index + 8}W`, 352 + index])),
  ...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`R${index + 8}D`, 360 + index])),
  ...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`XMM${index}`, 154 + index])),
  ...Object.fromEntries(Array.from({ length: 29 }, (_, index) => [`ARM64_W${index}`, 10 + index])),
  ...Object.fromEntries(Array.from({ length: 29 }, (_, index) => [`ARM64_X${index}`, 50 + index])),
  ARM64_FP: 79,
  ARM64_LR: 80,
  ARM64_SP: 81,
};

interface Wanted {
  readonly name: string;
  readonly place: string;
}
interface Procedure {
  readonly place: readonly [section: number, offset: number];
  readonly size: number;
  readonly records: readonly string[];
}

function procedures(path: string): Procedure[] {
  const text = new TextDecoder().decode(corpusBytes(`symbols/expect/pdb/${path}.pdb.symbols.txt`));
  const records = text.split(/\n(?= +\d+ \| )/);
  const list: { place: readonly [number, number]; size: number; records: string[] }[] = [];
  let depth = 0;
  for (const record of records) {
    const [, section, offset, size] = /S_[GL]PROC32(?:_ID)? .*?addr = (\d+):(\d+), code size = (\d+)/s.exec(record) ?? [];
    if (section !== undefined) {
      list.push({ place: [Number(section), Number(offset)], size: Number(size), records: [] });
      depth = 1;
    } else if (/\| S_(BLOCK32|INLINESITE|THUNK32)/.test(record)) depth += 1;
    else if (/\| S_(END|INLINESITE_END)/.test(record)) depth -= 1;
    if (depth >= 1 && section === undefined) list.at(-1)?.records.push(record);
  }
  // Nested blocks need the records' own bounds, and the listing breaks off after eight gaps: such procedures are left to the others.
  const isPlain = (record: string): boolean => !/\| S_(BLOCK32|INLINESITE)/.test(record) && (record.match(/\(\d+,\d+\)/g) ?? []).length < 8;
  return list.filter(({ records: own }) => own.every(isPlain));
}

const register = (name: string | undefined): string => String(NUMBERS[name ?? ''] ?? name);
const within = (record: string, section: number, at: number): boolean => {
  const [, inSection, start = '0', length = '0'] = /range(?: start)? = \[?(\d+):(\d+),(?: length = |\+)(\d+)/.exec(record) ?? [];
  if (Number(inSection) !== section || at < Number(start) || at >= Number(start) + Number(length)) return false;
  return [...record.matchAll(/\((\d+),(\d+)\)/g)].every(
    ([, gap, size]) => at < Number(start) + Number(gap) || at >= Number(start) + Number(gap) + Number(size),
  );
};

/** Where the listing puts each variable at one instruction. */
function wantedAt({ records, place: [section] }: Procedure, at: number): Wanted[] {
  const wanted: { name: string; place: string }[] = [];
  for (const record of records) {
    const name = /`(.*?)`/.exec(record)?.[1] ?? '';
    const offset = /offset = (-?\d+)/.exec(record)?.[1];
    const named = /register = (\w+)/.exec(record)?.[1];
    if (/\| S_LOCAL /.test(record)) wanted.push({ name, place: 'gone' });
    else if (/\| S_REGREL32 /.test(record)) wanted.push({ name, place: `memory ${register(named)} ${offset}` });
    else if (/\| S_BPREL32 /.test(record)) wanted.push({ name, place: `frame ${offset}` });
    else if (/\| S_REGISTER /.test(record)) wanted.push({ name, place: `register ${register(named)}` });
    const last = wanted.at(-1);
    if (last?.place !== 'gone') continue;
    if (/FRAMEPOINTER_REL_FULL_SCOPE/.test(record)) last.place = `frame ${offset}`;
    else if (!within(record, section, at)) continue;
    else if (/DEFRANGE_REGISTER_REL/.test(record)) last.place = /offset in parent = 0/.test(record) ? `memory ${register(named)} ${offset}` : 'parts';
    else if (/DEFRANGE_FRAMEPOINTER_REL/.test(record)) last.place = `frame ${offset}`;
    else if (/DEFRANGE_SUBFIELD/.test(record)) last.place = 'parts';
    else if (/DEFRANGE_REGISTER/.test(record)) last.place = `register ${register(named)}`;
  }
  return wanted;
}

function placeText(place: LocalPlace): string {
  if (place.kind === 'register') return `register ${place.register}`;
  if (place.kind === 'memory') return `memory ${place.register} ${place.offset}`;
  return place.kind === 'frame' ? `frame ${place.offset}` : place.kind;
}
const shown = ({ name, place }: LocalVariable): Wanted => ({ name, place: placeText(place) });
/** Registers of processors that the numbers above do not name stay names. */
const known = ({ place }: Wanted): boolean => !/ ([A-Z]\w+|unknown)( |$)/.test(place);

describe.skipIf(!hasCorpus)('variables', () => {
  it.each(PDBS)('%s: live where llvm-pdbutil says', (path) => {
    const pdb = openPdb(new ArraySource(corpusBytes(`symbols/pdb/${path}.pdb`)));
    const finder = pdb.ok ? openLocals(pdb.value) : pdb;
    const places = pdb.ok ? readPlaces(pdb.value) : pdb;
    if (!finder.ok || !places.ok) expect.fail('no private symbols');
    let compared = 0;
    const all = procedures(path);
    for (const procedure of all) {
      const [section, offset] = procedure.place;
      // The linker folds procedures of equal code into one: any of them may be told.
      const folded = all.filter(({ place }) => place.join() === procedure.place.join());
      const start = rvaOfPlace(places.value.sections, section, offset);
      if (start === undefined || procedure.size === 0) continue;
      for (const behind of [0, procedure.size >> 1, procedure.size - 1]) {
        const scope = finder.value.find(start + behind);
        const wanted = folded.map((one) => wantedAt(one, offset + behind)).filter((one) => one.every(known));
        if (!scope.ok || wanted.length === 0) continue;
        expect(wanted).toContainEqual(scope.value.variables.map(shown));
        compared += scope.value.variables.length;
      }
    }
    expect(compared).toBeGreaterThan(10);
  });
});
