/** Brings the tables and answers the interface. Dynamic imports keep them out of the worker's first chunk. */
import { bugCheckTable } from './bugchecks.ts';
import { driverTable } from './drivers.ts';
import type { CodeName, CpuFault, Knowledge, StatusKind, VerifierOption } from './knowledge.ts';
import { readMachineCheck } from './mca.ts';
import { byCode, creditOf, rowsOf, type TableFile, type TableRow } from './table.ts';

const TABLES = {
  bugchecks: () => import('./data/bugchecks.json'),
  subcodes: () => import('./data/subcodes.json'),
  ntstatus: () => import('./data/ntstatus.json'),
  exceptions: () => import('./data/exceptions.json'),
  facilities: () => import('./data/facilities.json'),
  fastfail: () => import('./data/fastfail.json'),
  win32: () => import('./data/win32.json'),
  hresult: () => import('./data/hresult.json'),
  drivers: () => import('./data/drivers.json'),
  msdrivers: () => import('./data/msdrivers.json'),
  vulnerable: () => import('./data/vulnerable.json'),
  updateplaces: () => import('./data/updateplaces.json'),
  usermodules: () => import('./data/usermodules.json'),
  pooltags: () => import('./data/pooltags.json'),
  blobguids: () => import('./data/blobguids.json'),
  builds: () => import('./data/builds.json'),
  verifier: () => import('./data/verifier.json'),
  verifierflags: () => import('./data/verifierflags.json'),
  wheaguids: () => import('./data/wheaguids.json'),
  wheasources: () => import('./data/wheasources.json'),
  mcasimple: () => import('./data/mcasimple.json'),
  smcabanks: () => import('./data/smcabanks.json'),
  pcivendors: () => import('./data/pcivendors.json'),
  cpumodels: () => import('./data/cpumodels.json'),
  cpufaults: () => import('./data/cpufaults.json'),
} as const;
type TableName = keyof typeof TABLES;
type Files = Readonly<Record<TableName, TableFile>>;

const NAMES = Object.keys(TABLES) as TableName[];
let loaded: Promise<Knowledge> | undefined;

/** Loads every table once. A failed load is not remembered: the next call tries anew. */
export function loadKnowledge(): Promise<Knowledge> {
  loaded ??= loadFiles()
    .then(knowledgeOf)
    .catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
  return loaded;
}

async function loadFiles(): Promise<Files> {
  const files = await Promise.all(NAMES.map(async (name) => [name, (await TABLES[name]()).default as TableFile] as const));
  return Object.fromEntries(files) as Files;
}

function codeNames(file: TableFile): ReadonlyMap<number, CodeName> {
  return byCode(file, (row, code) => ({
    code,
    name: row['name'] ?? '',
    ...(row['also'] ? { also: row['also'].split(',') } : {}),
    ...(row['gloss'] ? { gloss: row['gloss'] } : {}),
  }));
}

function statusNames(tables: Readonly<Record<StatusKind, ReadonlyMap<number, CodeName>>>): Knowledge['statusByName'] {
  let names: Map<string, { readonly kind: StatusKind; readonly entry: CodeName }> | undefined;
  return (name) => {
    if (names === undefined) {
      names = new Map();
      for (const kind of Object.keys(tables) as StatusKind[])
        for (const entry of tables[kind].values())
          for (const one of [entry.name, ...(entry.also ?? [])]) if (!names.has(one.toUpperCase())) names.set(one.toUpperCase(), { kind, entry });
    }
    return names.get(name.toUpperCase());
  };
}

/** NTSTATUS has 12 facility bits, an HRESULT 11 (ntstatus.h, winerror.h: bits 16 and up). */
function facilities(file: TableFile): Knowledge['facility'] {
  const names = new Map(rowsOf(file).map((row) => [`${row['kind'] ?? ''}/${row['code'] ?? ''}`, row['name'] ?? '']));
  return (kind, code) => names.get(`${kind}/${((code >>> 16) & (kind === 'ntstatus' ? 0xfff : 0x7ff)).toString(16)}`);
}

function verifierOptions(file: TableFile): readonly VerifierOption[] {
  return rowsOf(file).map((row) => ({
    ruleClass: Number(row['ruleClass']),
    ...(row['flag'] ? { flag: Number.parseInt(row['flag'], 16) } : {}),
    name: row['name'] ?? '',
    standard: row['standard'] === '1',
    what: row['what'] ?? '',
    since: row['since'] ?? '',
    status: row['status'] ?? '',
  }));
}

function byKey<T>(file: TableFile, key: string, make: (row: TableRow) => T): (at: string) => T | undefined {
  const map = new Map(rowsOf(file).map((row) => [(row[key] ?? '').toLowerCase(), make(row)]));
  return (at) => map.get(at.toLowerCase());
}

/** Exact tags first, then rows with wildcards (`Nb??`, `Ttf*`). Blanks stand as middle dots in the table. */
function poolTags(file: TableFile): Knowledge['poolTag'] {
  const exact = new Map<string, TableRow>();
  const wild: { pattern: RegExp; row: TableRow }[] = [];
  for (const row of rowsOf(file)) {
    const tag = (row['tag'] ?? '').replaceAll('·', ' ');
    if (!/[?*]/.test(tag)) exact.set(tag, row);
    else
      wild.push({
        pattern: new RegExp(
          `^${tag
            .replace(/[.+^${}()|[\]\\]/g, '\\$&')
            .replaceAll('?', '.')
            .replaceAll('*', '.*')
            .trimEnd()}`,
        ),
        row,
      });
  }
  return (tag) => {
    const key = tag.padEnd(4, ' ');
    const row = exact.get(key) ?? wild.find(({ pattern }) => pattern.test(key))?.row;
    if (row === undefined) return undefined;
    return { tag, description: row['description'] ?? '', ...(row['component'] ? { component: row['component'] } : {}) };
  };
}

/** Feature updates that share a kernel keep its build: the name is that of the build as given. */
function windowsNames(file: TableFile): Knowledge['windowsName'] {
  const rows = new Map(rowsOf(file).map((row) => [Number(row['build']), row]));
  return (build, productType) => {
    const row = rows.get(build);
    if (row === undefined) return undefined;
    const server = productType === 'server' || productType === 'domain-controller';
    const [client, other] = (row['product'] ?? '').split(' / ');
    const release = (row['release'] ?? '').replace(/ \(.*\)$/, '');
    if (server && other !== undefined) return other.startsWith('Server') ? `Windows ${other}` : other;
    return release === '' || (client ?? '').endsWith(release) ? client : `${client ?? ''} ${release}`;
  };
}

function cpuModels(file: TableFile): Knowledge['cpuModel'] {
  const rows = rowsOf(file).map((row) => ({
    vendor: row['vendor'],
    family: Number.parseInt(row['family'] ?? '', 16),
    low: Number.parseInt(row['low'] ?? '', 16),
    high: Number.parseInt(row['high'] ?? '', 16),
    name: row['name'] ?? '',
  }));
  return (vendor, family, model) => rows.find((row) => row.vendor === vendor && row.family === family && model >= row.low && model <= row.high)?.name;
}

const numberIn = <K extends string>(key: K, cell: string | undefined, radix: number): Partial<Record<K, number>> =>
  cell === undefined || cell === '' ? {} : ({ [key]: Number.parseInt(cell, radix) } as Record<K, number>);

function cpuFaults(file: TableFile): readonly CpuFault[] {
  return rowsOf(file).map((row) => ({
    vendor: row['vendor'] === 'AMD' ? 'AMD' : 'Intel',
    family: Number.parseInt(row['family'] ?? '', 16),
    model: Number.parseInt(row['low'] ?? '', 16),
    ...numberIn('stepping', row['stepping'], 16),
    ...numberIn('fixedBy', row['fixedBy'], 16),
    ...numberIn('afterDays', row['afterDays'], 10),
    fault: row['fault'] ?? '',
    published: row['published'] ?? '',
  }));
}

function smcaUnits(file: TableFile): Knowledge['smcaUnit'] {
  const units = new Map(rowsOf(file).map((row) => [`${row['hardwareId'] ?? ''}/${row['type'] ?? ''}`, row['unit'] ?? '']));
  return (ipid) => units.get(`${((ipid >> 32n) & 0xfffn).toString(16)}/${((ipid >> 48n) & 0xffffn).toString(16)}`);
}

function knowledgeOf(files: Files): Knowledge {
  const bugChecks = bugCheckTable(files.bugchecks, files.subcodes);
  const codes = {
    ntstatus: codeNames(files.ntstatus),
    exception: codeNames(files.exceptions),
    fastfail: codeNames(files.fastfail),
    win32: codeNames(files.win32),
    hresult: codeNames(files.hresult),
  };
  const named = (kind: StatusKind) => (code: number) => codes[kind].get(code >>> 0);
  const simple = byCode(files.mcasimple, (row) => row['name'] ?? '');
  const sources = codeNames(files.wheasources);
  const areas = byCode(files.verifier, (row) => row['area'] ?? '');
  const vendors = byKey(files.pcivendors, 'id', (row) => row['name'] ?? '');
  return {
    bugCheck: bugChecks.find,
    bugCheckByName: bugChecks.findByName,
    bugChecks: bugChecks.all,
    statusCodes: (kind) => [...codes[kind].values()],
    statusByName: statusNames(codes),
    facility: facilities(files.facilities),
    ntstatus: named('ntstatus'),
    win32: named('win32'),
    hresult: named('hresult'),
    exception: (code) => named('exception')(code) ?? named('ntstatus')(code),
    fastFail: named('fastfail'),
    driver: driverTable({ thirdParty: files.drivers, microsoft: files.msdrivers, vulnerable: files.vulnerable, updatePlaces: files.updateplaces }),
    userModule: byKey(files.usermodules, 'file', (row) => ({ vendor: row['vendor'] ?? '', product: row['product'] ?? '', kind: row['kind'] ?? '' })),
    poolTag: poolTags(files.pooltags),
    blobGuid: byKey(files.blobguids, 'guid', (row) => ({
      name: [row['owner'], row['holds']].filter((part) => part !== undefined && part !== '' && part !== 'unknown').join(': '),
      private: row['private'] === '1',
    })),
    windowsName: windowsNames(files.builds),
    verifierArea: (code) => areas.get(code),
    verifierOptions: verifierOptions(files.verifierflags),
    machineCheck: (status) => readMachineCheck(status, simple),
    smcaUnit: smcaUnits(files.smcabanks),
    wheaSource: (type) => sources.get(type)?.name,
    wheaGuid: byKey(files.wheaguids, 'guid', (row) => row['name'] ?? ''),
    pciVendor: (id) => vendors(id.toString(16).padStart(4, '0')),
    cpuModel: cpuModels(files.cpumodels),
    cpuFaults: cpuFaults(files.cpufaults),
    credits: NAMES.map((name) => creditOf(files[name])),
  };
}
