/** Bug checks with their parameters and sub-codes. */
import { Defect } from '../base/problem.ts';
import type { BugCheckEntry, BugCheckFamily, BugCheckParameter, BugCheckSubCode } from './knowledge.ts';
import { byCode, rowsOf, type TableFile, type TableRow } from './table.ts';

/**
 * Small dumps write some codes with bit 28 set: 0x1000007E is 0x7E (windows-driver-docs, "Bug check 0x1000007E").
 * Only the top digit 1 says so; 0xDEADDEAD and vendor codes such as 0xA0000001 are what they are.
 */
export function baseBugCheck(code: number): number {
  return code >>> 28 === 1 ? code & 0x0fff_ffff : code >>> 0;
}

type Index = 1 | 2 | 3 | 4;
const INDICES: readonly Index[] = [1, 2, 3, 4];
const asIndex = (text: string): Index | undefined => INDICES.find((index) => String(index) === text);

/** "2=11,3=0": the row holds only where those parameters have those values. */
function conditionOf(text: string): BugCheckSubCode['when'] {
  if (text === '') return undefined;
  const when: Partial<Record<Index, bigint>> = {};
  for (const part of text.split(',')) {
    const [index, value] = part.split('=');
    const at = asIndex(index ?? '');
    if (at !== undefined && value !== undefined) when[at] = BigInt(`0x${value}`);
  }
  return when;
}

function subCodeOf(row: TableRow): BugCheckSubCode | undefined {
  const param = asIndex(row['param'] ?? '');
  if (param === undefined) return undefined;
  const sets: Partial<Record<Index, string>> = {};
  for (const index of INDICES) {
    const meaning = row[`s${String(index)}`];
    if (meaning !== undefined && meaning !== '') sets[index] = meaning;
  }
  const when = conditionOf(row['when'] ?? '');
  return { param, value: BigInt(`0x${row['value'] ?? '0'}`), meaning: row['meaning'] ?? '', sets, ...(when === undefined ? {} : { when }) };
}

/** Where the page has only a table of cases, the argument that chooses says so, and the others depend on it. */
function parametersOf(row: TableRow, subs: readonly BugCheckSubCode[]): BugCheckParameter[] {
  const chooser = subs.find(({ when }) => when === undefined)?.param;
  return INDICES.flatMap((index) => {
    const byCase = chooser === undefined ? '' : index === chooser ? 'which case it is' : `depends on argument ${String(chooser)}`;
    const meaning = row[`p${String(index)}`] || byCase;
    return meaning === '' ? [] : [{ index, meaning }];
  });
}

const FAMILIES: Readonly<Record<BugCheckFamily, true>> = {
  ...{ access: true, boot: true, cluster: true, console: true, exception: true, filesystem: true, firmware: true, graphics: true, hardware: true },
  ...{ internal: true, io: true, manual: true, memory: true, network: true, pool: true, power: true, process: true, registry: true, resources: true },
  ...{ security: true, storage: true, sync: true, usb: true, verifier: true, virtual: true, watchdog: true },
};
const isFamily = (text: string): text is BugCheckFamily => Object.hasOwn(FAMILIES, text);
function familyOf(row: TableRow): BugCheckFamily {
  const family = row['family'] ?? '';
  if (!isFamily(family)) throw new Defect(`bug check ${row['code'] ?? ''}: no family ${family}`);
  return family;
}

export interface BugChecks {
  find(code: number): BugCheckEntry | undefined;
  findByName(name: string): BugCheckEntry | undefined;
  readonly all: readonly BugCheckEntry[];
}

export function bugCheckTable(entries: TableFile, subCodes: TableFile): BugChecks {
  const subs = new Map<number, BugCheckSubCode[]>();
  for (const row of rowsOf(subCodes)) {
    const sub = subCodeOf(row);
    const code = Number.parseInt(row['code'] ?? '', 16);
    if (sub !== undefined) subs.set(code, [...(subs.get(code) ?? []), sub]);
  }
  const table = byCode(entries, (row, code): BugCheckEntry => {
    const name = row['name'] ?? '';
    return {
      code,
      name,
      oldNames: (row['old'] ?? '').split(',').filter((old) => old !== ''),
      liveDump: row['kind'] === 'live',
      sometimesLive: row['kind'] === 'crash+live',
      documented: row['kind'] !== 'undocumented',
      family: familyOf(row),
      gist: row['gist'] ?? '',
      parameters: parametersOf(row, subs.get(code) ?? []),
      subCodes: subs.get(code) ?? [],
    };
  });
  const names = new Map<string, BugCheckEntry>();
  for (const entry of table.values()) for (const name of [entry.name, ...entry.oldNames]) names.set(name.toUpperCase(), entry);
  return {
    find(code) {
      const base = table.get(baseBugCheck(code));
      if (baseBugCheck(code) === code >>> 0 || base === undefined) return base ?? table.get(code >>> 0);
      return { ...base, code: code >>> 0, name: table.get(code >>> 0)?.name ?? `${base.name}_M` };
    },
    findByName: (name) => names.get(name.toUpperCase()),
    all: [...table.values()],
  };
}
