/**
 * Makes the offline knowledge: `npx tsx scripts/knowledge.ts FACTS_FOLDER` reads the collected fact files and writes
 * workers/knowledge/data/*.json – tables in columns, a column one string with a line a row, each with source, date and licence.
 * The output is committed; a build does not need the input.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CPU_FAULTS, UPDATE_PLACES, WINDOWS_PROGRAMS } from './knowledge-more.ts';
import { editedCases } from './knowledge-cases.ts';
import { mended } from './knowledge-phrases.ts';
import { MAKER_EDITS, makerShown, MORE_MICROSOFT, MORE_THIRD_PARTY, productShown, ROLE_OF_FILE, ROLE_OF_GROUP, ROLE_OF_KIND } from './knowledge-roles.ts';
import { SUB_CODES, type SubCode } from './knowledge-subcodes.ts';

const DATE = '2026-11-22';
const OUT = join(import.meta.dirname, '..', 'workers', 'knowledge', 'data');
const MAX_GZIP = 150_000;

type Row = Record<string, unknown>;
interface Credit {
  readonly source: string;
  readonly licence: string;
}
const CREDIT = {
  docs: { source: 'MicrosoftDocs/windows-driver-docs at 825aa15f476f (2025-11-12), bug check reference; phrases shortened and reworded', licence: 'CC BY 4.0' },
  headers: { source: 'microsoft/win32metadata at d0f363037c69 (2026-08-18); names and numbers', licence: 'MIT' },
  tags: { source: 'zodiacon/PoolMonXv2 at 58bd4cc6d0ba (2022-03-06); tags, components, shortened descriptions', licence: 'MIT' },
  drivers: {
    source: 'windows-driver-docs allocated altitudes; magicsword-io/LOLDrivers at 5554706c8350 (2026-08-12); own knowledge',
    licence: 'CC BY 4.0; Apache-2.0',
  },
  user: { source: 'file names from the Mozilla and Chromium DLL block lists; own knowledge', licence: 'names only (MPL-2.0, BSD-3-Clause)' },
  blobs: { source: 'symbol names read off public symbols; contents seen in dumps', licence: 'names only' },
  own: { source: 'own knowledge of the makers’ sites, unchecked', licence: 'own' },
  faults: {
    source:
      'Intel specification updates 330061, 332689, 334663 and 334820; Intel community statement of September 2024; AMD statement of August 2017; AMD revision guide 56323',
    licence: 'facts',
  },
  builds: { source: 'endoflife-date/endoflife.date at a70eca337600 (2026-08-22)', licence: 'MIT' },
  hardware: {
    source: 'UEFI specification appendix N; Intel SDM volume 3B; AMD APM volume 2; pci.ids 2023.04.11; pytorch/cpuinfo',
    licence: 'facts; BSD-3-Clause (pci.ids)',
  },
} as const;

function facts(folder: string, name: string): Row {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as Row;
}
const rowsOf = (value: unknown): Row[] => (Array.isArray(value) ? (value as Row[]) : []);
const tuplesOf = (value: unknown): unknown[][] => (Array.isArray(value) ? (value as unknown[][]) : []);
/** One line; a blank for what is not there. */
const cell = (value: unknown): string => (value === undefined || value === null ? '' : String(value).replace(/\s+/g, ' ').trim());
const hexCell = (value: unknown): string => BigInt(String(value)).toString(16);

function write(name: string, credit: Credit, columns: Record<string, readonly string[]>): void {
  const lengths = new Set(Object.values(columns).map((column) => column.length));
  if (lengths.size !== 1) throw new Error(`${name}: columns of unequal length`);
  const joined = Object.fromEntries(Object.entries(columns).map(([key, column]) => [key, column.join('\n')]));
  const body = `${JSON.stringify({ table: name, source: credit.source, date: DATE, licence: credit.licence, count: [...lengths][0], columns: joined }, null, 1)}\n`;
  const packed = gzipSync(body).length;
  if (packed > MAX_GZIP) throw new Error(`${name}: ${String(packed)} bytes gzip`);
  writeFileSync(join(OUT, `${name}.json`), body);
  console.log(`${name}: ${String([...lengths][0])} rows, ${String(body.length)} bytes, ${String(packed)} gzip`);
}

/** Columns from rows: a function a column. */
function table<T>(rows: readonly T[], columns: Record<string, (row: T) => unknown>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(columns).map(([key, pick]) => [key, rows.map((row) => cell(pick(row)))]));
}

/**
 * "d1" → its family and what it says, in words of our own; a line of the file is code, family, gist.
 * Where only a name is public the gist is that name spelled out.
 */
const gists = new Map(
  readFileSync(join(import.meta.dirname, 'knowledge-gists.txt'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [code = '', family = '', ...words] = line.split(' ');
      return [code, { family, gist: words.join(' ') }] as const;
    }),
);
const gistOf = (row: Row): { readonly family: string; readonly gist: string } => {
  const found = gists.get(hexCell(row['code']));
  if (!found) throw new Error(`no gist for ${String(row['code'])}`);
  return found;
};

const hexWhen = (when: unknown): string =>
  Object.entries((when as Row | undefined) ?? {})
    .map(([key, value]) => `${key.slice(1)}=${hexCell(value)}`)
    .join(',');
/** The collected cases of a code, each replaced by ours for the same value, then those that only we have. */
function subCodesOf(row: Row): Row[] {
  const code = Number(row['code']);
  const ours = SUB_CODES.filter((sub) => sub.code === code);
  const same = (sub: Row): SubCode | undefined => ours.find((own) => own.param === Number(sub['param']) && own.value === Number(sub['value']));
  const collected = rowsOf(row['sub']);
  const used = new Set(collected.map(same));
  return [...collected.map((sub) => same(sub) ?? sub), ...ours.filter((own) => !used.has(own))].map((sub): Row => ({ ...sub, code: row['code'] }));
}

function bugChecks(folder: string): void {
  const rows = rowsOf(facts(folder, 'bugchecks.json'));
  const words = (phrase: unknown): string => mended(cell(phrase));
  const { parameters, cases } = editedCases(
    rows.map((row) => ({ code: hexCell(row['code']), phrases: [0, 1, 2, 3].map((index) => words((row['p'] as string[])[index])) })),
    rows.flatMap((row) =>
      subCodesOf(row).map((sub) => ({
        code: hexCell(row['code']),
        param: cell(sub['param']),
        value: hexCell(sub['value']),
        when: hexWhen(sub['when']),
        meaning: words(sub['meaning']),
        sets: [1, 2, 3, 4].map((index) => words((sub['sets'] as Row | undefined)?.[`p${String(index)}`])),
      })),
    ),
  );
  const parameter = (index: number) => (row: Row) => parameters.get(hexCell(row['code']))?.[index];
  write('bugchecks', CREDIT.docs, {
    ...table(rows, {
      code: (row) => hexCell(row['code']),
      name: (row) => row['name'],
      old: (row) => (row['oldNames'] as string[] | undefined)?.join(','),
      kind: (row) => row['kind'],
      family: (row) => gistOf(row).family,
      gist: (row) => gistOf(row).gist,
      p1: parameter(0),
      p2: parameter(1),
      p3: parameter(2),
      p4: parameter(3),
    }),
  });
  write('subcodes', CREDIT.docs, {
    ...table(cases, {
      code: (row) => row.code,
      param: (row) => row.param,
      value: (row) => row.value,
      meaning: (row) => row.meaning,
      s1: (row) => row.sets[0],
      s2: (row) => row.sets[1],
      s3: (row) => row.sets[2],
      s4: (row) => row.sets[3],
      when: (row) => row.when,
    }),
  });
}

function statusCodes(folder: string): void {
  const nt = facts(folder, 'ntstatus.json');
  const win = facts(folder, 'winerror.json');
  const also = (row: Row): string => ((row['a'] as string[] | undefined) ?? []).join(',');
  write(
    'ntstatus',
    CREDIT.headers,
    table(rowsOf(nt['statuses']), { code: (row) => hexCell(row['c']), name: (row) => row['n'], also, gloss: (row) => row['g'] }),
  );
  const facilities = [
    ...Object.entries(nt['facility'] as Row).map(([code, names]) => ['ntstatus', code, names]),
    ...Object.entries(win['hresultFacility'] as Row).map(([code, names]) => ['hresult', code, names]),
  ];
  write(
    'facilities',
    CREDIT.headers,
    table(facilities, { kind: (row) => row[0], code: (row) => hexCell(row[1]), name: (row) => (row[2] as string[]).join(', ') }),
  );
  write(
    'exceptions',
    CREDIT.headers,
    table(rowsOf(nt['exceptions']), {
      code: (row) => hexCell(row['code']),
      name: (row) => row['name'],
      gloss: (row) => cell(row['gloss']).replace(/; see fastFail.*$/, '; the first parameter says which'),
    }),
  );
  write('fastfail', CREDIT.headers, table(tuplesOf(nt['fastFail']), { code: (row) => hexCell(row[0]), name: (row) => row[1] }));
  write('win32', CREDIT.headers, table(tuplesOf(win['win32']), { code: (row) => hexCell(row[0]), name: (row) => row[1] }));
  write('hresult', CREDIT.headers, table(tuplesOf(win['hresult']), { code: (row) => hexCell(row[0]), name: (row) => row[1] }));
}

const without = (rows: readonly Row[], known: unknown): Row[] => {
  const names = new Set(rowsOf(known).map((row) => String(row['file']).toLowerCase()));
  return rows.filter((row) => !names.has(String(row['file'])));
};
const moreMicrosoft = (data: Row): Row[] =>
  without(
    MORE_MICROSOFT.map(([file, role, group]) => ({ file, role, group, basis: 'knowledge' })),
    data['microsoft'],
  );
const moreThirdParty = (data: Row): Row[] =>
  without(
    MORE_THIRD_PARTY.map(([file, vendor, product, kind, as]) => ({ file, vendor, product, kind, as, basis: 'knowledge' })),
    data['thirdParty'],
  );

function drivers(folder: string): void {
  const data = facts(folder, 'drivers.json');
  const believed = (row: Row): string => (String(row['basis']) === 'knowledge' ? '1' : '');
  write(
    'drivers',
    CREDIT.drivers,
    table([...rowsOf(data['thirdParty']), ...moreThirdParty(data)], {
      file: (row) => row['file'],
      vendor: (row) => MAKER_EDITS[String(row['file'])]?.[0] ?? row['vendor'],
      product: (row) => MAKER_EDITS[String(row['file'])]?.[1] ?? cell(row['product']).replace(' (old name)', ''),
      kind: (row) => row['kind'],
      role: (row) => row['as'] ?? ROLE_OF_FILE[String(row['file'])] ?? ROLE_OF_KIND[String(row['kind'])] ?? 'device',
      believed,
    }),
  );
  write(
    'msdrivers',
    CREDIT.drivers,
    table([...rowsOf(data['microsoft']), ...moreMicrosoft(data)], {
      file: (row) => row['file'],
      product: (row) => row['role'],
      kind: (row) => row['group'],
      role: (row) =>
        ROLE_OF_FILE[String(row['file'])] ?? (String(row['role']).includes('minifilter') ? 'filter' : ROLE_OF_GROUP[String(row['group'])]) ?? 'other',
      believed,
    }),
  );
  write(
    'vulnerable',
    CREDIT.drivers,
    table(rowsOf(data['vulnerable']), {
      file: (row) => row['file'],
      category: (row) => row['category'],
      vendor: (row) => makerShown(cell(row['vendor'])),
      product: (row) => productShown(cell(row['product'])),
      listed: (row) => row['listed'],
    }),
  );
  write('updateplaces', CREDIT.own, table(UPDATE_PLACES, { vendor: (row) => row[0], address: (row) => row[1] }));
  const user = facts(folder, 'usermodules.json');
  write(
    'usermodules',
    CREDIT.user,
    table([...rowsOf(user['modules']), ...WINDOWS_PROGRAMS.map(([file, product]): Row => ({ file, vendor: 'Microsoft', product, kind: 'system' }))], {
      file: (row) => row['file'],
      vendor: (row) => row['vendor'],
      product: (row) => row['product'],
      kind: (row) => row['kind'],
    }),
  );
}

/** Blobs that hold serial numbers, paths, event text or log text of the person's machine. */
const PRIVATE_BLOB =
  /smbios|hardware description|acpi table|etw|event|path|recorder|black box|driver crash data|triage data|secondary data|boot status|nic data|pci configuration|loaded drivers|list of user/i;

function smallTables(folder: string): void {
  write(
    'pooltags',
    CREDIT.tags,
    table(tuplesOf(facts(folder, 'pooltags.json')['tags']), {
      tag: (row) => String(row[0]).padEnd(4, ' ').replace(/ /g, '·'),
      component: (row) => row[1],
      description: (row) => row[2],
    }),
  );
  write(
    'blobguids',
    CREDIT.blobs,
    table(rowsOf(facts(folder, 'blobguids.json')['tags']), {
      guid: (row) => String(row['guid']).toLowerCase(),
      owner: (row) => row['owner'],
      holds: (row) => row['holds'],
      // What nobody has looked into counts as private.
      private: (row) => (PRIVATE_BLOB.test(`${cell(row['holds'])} ${cell(row['decode'])}`) || cell(row['owner']).startsWith('unknown') ? '1' : ''),
    }),
  );
  write(
    'builds',
    CREDIT.builds,
    table(rowsOf(facts(folder, 'winver.json')['builds']), {
      build: (row) => row['build'],
      product: (row) => row['product'],
      release: (row) => row['release'],
      kind: (row) => row['kind'],
    }),
  );
  const areas = tuplesOf(facts(folder, 'verifier.json')['c4']);
  write('verifier', CREDIT.docs, table(areas, { code: (row) => hexCell(row[0]), area: (row) => row[1] }));
  const verifier = facts(folder, 'verifier.json');
  const rules = rowsOf(verifier['ruleClassesOnly']).map((row): Row => ({ ...row, status: row['note'] === 'standard' ? 'current' : row['note'] }));
  write(
    'verifierflags',
    CREDIT.docs,
    table([...rowsOf(verifier['flags']), ...rules], {
      ruleClass: (row) => row['ruleClass'],
      flag: (row) => (row['flag'] === undefined ? '' : hexCell(row['flag'])),
      name: (row) => row['name'],
      standard: (row) => (row['standard'] === true || row['note'] === 'standard' ? '1' : ''),
      what: (row) => row['what'],
      since: (row) => row['since'],
      status: (row) => row['status'],
    }),
  );
}

function guidTable(...maps: unknown[]): string[][] {
  return maps.flatMap((map) => Object.entries(map as Record<string, string>).map(([name, guid]) => [guid.toLowerCase(), name]));
}

/** Vendors that the collected list, cut at 0x1FFF, lacks (pci.ids 2023.04.11). */
const MORE_VENDORS: readonly (readonly [string, string])[] = [
  ['2646', 'Kingston Technology'],
  ['5853', 'XenSource'],
  ['8086', 'Intel Corporation'],
  ['80ee', 'InnoTek / VirtualBox'],
  ['c0a9', 'Micron / Crucial Technology'],
];

function hardware(folder: string): void {
  const whea = facts(folder, 'whea.json');
  const cpu = facts(folder, 'pcicpu.json');
  const record = whea['record'] as Row;
  write('wheaguids', CREDIT.hardware, table(guidTable(whea['sections'], whea['notify'], whea['otherGuids']), { guid: (row) => row[0], name: (row) => row[1] }));
  write('wheasources', CREDIT.hardware, table(Object.entries(record['errorSourceTypes'] as Row), { code: (row) => hexCell(row[0]), name: (row) => row[1] }));
  const mca = whea['mca'] as Row;
  write('mcasimple', CREDIT.hardware, table(tuplesOf(mca['simple_codes']), { code: (row) => hexCell(row[0]), name: (row) => row[1] }));
  write(
    'smcabanks',
    CREDIT.hardware,
    table(tuplesOf(mca['amd_smca_banks']), {
      name: (row) => row[0],
      unit: (row) => row[1],
      hardwareId: (row) => hexCell(row[2]),
      type: (row) => hexCell(row[3]),
    }),
  );
  write(
    'pcivendors',
    CREDIT.hardware,
    table([...tuplesOf(cpu['pciVendors']), ...MORE_VENDORS], { id: (row) => String(row[0]).toLowerCase(), name: (row) => row[1] }),
  );
  const intel = Object.entries(cpu['intel'] as Row).map(([key, name]) => {
    const [family, model] = key.split('/');
    return ['Intel', Number(family).toString(16), hexCell(model), hexCell(model), name];
  });
  const amd = Object.entries(cpu['amd'] as Row).flatMap(([family, list]) =>
    tuplesOf(list).map(([range, name]) => {
      const [low, high] = String(range).split('-');
      return ['AMD', hexCell(family), hexCell(low), hexCell(high ?? low), name];
    }),
  );
  write(
    'cpumodels',
    CREDIT.hardware,
    table([...intel, ...amd], { vendor: (row) => row[0], family: (row) => row[1], low: (row) => row[2], high: (row) => row[3], name: (row) => row[4] }),
  );
}

function processorFaults(): void {
  write(
    'cpufaults',
    CREDIT.faults,
    table(CPU_FAULTS, {
      vendor: (row) => row.vendor,
      family: (row) => row.family,
      low: (row) => row.model,
      stepping: (row) => row.stepping ?? '',
      fixedBy: (row) => row.fixedBy ?? '',
      afterDays: (row) => row.afterDays ?? '',
      fault: (row) => row.fault,
      published: (row) => row.published,
    }),
  );
}

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: npx tsx scripts/knowledge.ts FACTS_FOLDER');
  process.exit(2);
}
mkdirSync(OUT, { recursive: true });
bugChecks(folder);
statusCodes(folder);
drivers(folder);
smallTables(folder);
hardware(folder);
processorFaults();
