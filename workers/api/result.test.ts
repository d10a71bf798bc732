/**
 * Every file of the corpus through the engine, as the command line runs it: its record is valid by docs/result.schema.json
 * and says what independent readers found (the oracles beside the files). KNOWN_DIFFERENCES may only become shorter.
 */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import { ArraySource } from '../bytes/source.ts';
import { corpusBytes, corpusJson, corpusList, hasCorpus } from '../testing/node/corpus.ts';
import { engineFor } from '../testing/node/enginefor.ts';
import { toFailedResult } from './result.ts';

type Json = Record<string, unknown>;

/** "file: field" in which we knowingly differ, with the reason. */
const KNOWN_DIFFERENCES: Readonly<Record<string, string>> = {};

/** Files that hold no dump that can be read, with the code that says so. */
const REFUSED: Readonly<Record<string, string>> = {
  'radare2-npe_r_mdmp.c-364_1.dmp': 'TRUNCATED',
  'radare2-npe_w_bin_mdmp.c-111_1.dmp': 'TRUNCATED',
  'radare2-trunc_memory64.dmp': 'TRUNCATED',
  'rustminidump-invalid-range.dmp': 'TRUNCATED',
};

const dumpsOf = (folder: string): string[] => (hasCorpus ? corpusList(folder).filter((name) => name.endsWith('.dmp')) : []);
const kernelNames = dumpsOf('kernel');
const userNames = dumpsOf('user');
const oracleOf = (folder: string, name: string): Json => corpusJson<Json>(`${folder}/oracle/${name.replace(/\.dmp$/, '.json')}`);

const schema = JSON.parse(readFileSync(new URL('../../docs/result.schema.json', import.meta.url), 'utf8')) as Json;
const validate = new Ajv({ allErrors: true, strict: false }).compile(schema);

const records = new Map<string, Json>();
async function recordOf(folder: string, name: string): Promise<Json> {
  const known = records.get(name);
  if (known) return known;
  const source = new ArraySource(corpusBytes(`${folder}/${name}`), name);
  const engine = engineFor(source);
  const opened = await engine.open(new Uint8Array(0), name);
  const result = opened.ok ? await engine.result() : opened;
  const record = (result.ok ? result.value : toFailedResult(name, source.size, result.problem, { version: '0', millis: 0 })) as Json;
  // What is printed is JSON: bigint or undefined in it would fail or vanish here.
  const printed = JSON.parse(JSON.stringify(record)) as Json;
  records.set(name, printed);
  return printed;
}

const num = (hexText: unknown): bigint => BigInt(String(hexText));
const low = (value: unknown): unknown => (typeof value === 'string' ? `0x${num(value).toString(16)}` : value);
const baseName = (path: unknown): string => String(path).split(/[\\/]/).at(-1) ?? '';
const utc = (text: unknown): string => new Date(String(text)).toISOString();
const isGap = (value: unknown): boolean => typeof value === 'object' && value !== null && 'missing' in value;

/** Fields that differ and are not known to. */
function differences(name: string, ours: Json, theirs: Json): string[] {
  return Object.keys(theirs)
    .filter((key) => JSON.stringify(ours[key]) !== JSON.stringify(theirs[key]) && KNOWN_DIFFERENCES[`${name}: ${key}`] === undefined)
    .map((key) => `${name}: ${key}: ${JSON.stringify(ours[key])?.slice(0, 300)} / ${JSON.stringify(theirs[key])?.slice(0, 300)}`);
}

/** Registers of the other reader by WinDbg's names; what it adds for itself (pc, sp, sizes) left out. */
function registersOf(context: Json, names: readonly string[]): Json {
  const by: Json = { ...context, efl: context['eflags'], eip: context['eip'] };
  return Object.fromEntries(names.map((name) => [name, by[name]]));
}

describe('the schema', () => {
  it('refuses a record that lacks a field, has one more, or holds an upper-case number', () => {
    const failed = toFailedResult('a.dmp', 0, { code: 'EMPTY', detail: 'it is empty' }, { version: '0', millis: 0 }) as Json;
    expect(validate(failed)).toBe(true);
    const { verdict: _, ...lacking } = failed;
    expect(validate(lacking)).toBe(false);
    expect(validate({ ...failed, bugcheck: { code: '0xAB', name: 'X', params: ['0x0', '0x0', '0x0', '0x0'] } })).toBe(false);
    expect(validate({ ...failed, bugcheck: { code: '0xab', name: 'X', params: ['0x0', '0x0', '0x0'] } })).toBe(false);
    expect(validate({ ...failed, kind: 'something' })).toBe(false);
  });
});

describe.skipIf(!hasCorpus)('records of the corpus', () => {
  it('are of every file there is', () => {
    expect(kernelNames.length).toBeGreaterThanOrEqual(45);
    expect(userNames.length).toBe(41);
    for (const name of Object.keys(REFUSED)) expect(userNames).toContain(name);
  });

  it.each([...kernelNames.map((name) => ['kernel', name]), ...userNames.map((name) => ['user', name])] as [string, string][])(
    '%s/%s is valid by the schema and tells its file',
    async (folder, name) => {
      const record = await recordOf(folder, name);
      validate(record);
      expect(validate.errors ?? []).toEqual([]);
      const oracle = oracleOf(folder, name);
      expect([record['file'], record['sizeBytes']]).toEqual([name, oracle['size']]);
      if (!isGap(record['sha256'])) expect(record['sha256']).toBe(oracle['sha256']);
    },
  );

  it.each(Object.entries(REFUSED))('%s says %s', async (name, code) => {
    const record = await recordOf('user', name);
    expect(record).toMatchObject({ kind: 'unknown', problems: [{ code }], verdict: { missing: 'not-computed' } });
  });

  it('of files that are empty or all zero say so', async () => {
    const noted = kernelNames.filter((name) => oracleOf('kernel', name)['note']);
    for (const name of noted) {
      const code = oracleOf('kernel', name)['size'] === 0 ? 'EMPTY' : 'ALL_ZERO';
      expect(await recordOf('kernel', name)).toMatchObject({ kind: 'unknown', problems: [{ code }] });
    }
    expect(noted.length).toBe(kernelNames.length - kernelNames.filter((name) => oracleOf('kernel', name)['header']).length);
  });
});

describe.skipIf(!hasCorpus)('records of kernel dumps', () => {
  it.each(kernelNames.filter((name) => oracleOf('kernel', name)['header']))('%s agrees with the oracle', async (name) => {
    const record = await recordOf('kernel', name);
    const oracle = oracleOf('kernel', name);
    const header = oracle['header'] as Json;
    const context = oracle['context'] as Json;
    const drivers = (oracle['drivers'] ?? []) as Json[];
    const unloaded = (oracle['unloadedDrivers'] ?? []) as Json[];
    const names32 = ['eax', 'ebx', 'ecx', 'edx', 'esi', 'edi', 'ebp', 'esp', 'eip', 'efl'];
    const names64 = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', 'rip', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'efl'];
    const registers = oracle['machine'] === 'amd64' ? names64 : oracle['machine'] === 'arm64' ? ['pc', 'sp', 'x0', 'x19', 'fp', 'lr'] : names32;
    const known = registers.filter((register) => registersOf(context, [register])[register] !== undefined);
    const ours = record['headerContext'] as Json;
    expect(known.length).toBeGreaterThanOrEqual(2);
    expect(
      differences(
        name,
        {
          kind: record['kind'],
          dumpType: record['dumpType'],
          arch: record['arch'],
          build: (record['os'] as Json)['build'],
          bugcheck: (({ code, params }) => ({ code, params }))(record['bugcheck'] as Json),
          headerContext: Object.fromEntries(known.map((register) => [register, ours[register]])),
          modules: (record['modules'] as Json[]).map((module) => [module['path'], module['base'], module['size']]),
          unloaded: (record['unloadedModules'] as Json[]).map((module) => [module['name'], module['base'], module['end']]),
        },
        {
          kind: { triage: 'kernel-triage', full: 'kernel-full' }[String(oracle['dumpTypeName'])],
          dumpType: Number(header['dumpType']),
          arch: { amd64: 'x64', arm64: 'arm64', x86: 'x86', i386: 'x86' }[String(oracle['machine'])],
          ...(oracle['osBuild'] === undefined ? {} : { build: oracle['osBuild'] }),
          bugcheck: { code: low(header['bugCheckCode']), params: ['p1', 'p2', 'p3', 'p4'].map((parameter) => low(header[parameter])) },
          headerContext: Object.fromEntries(known.map((register) => [register, low(registersOf(context, [register])[register])])),
          ...(oracle['drivers'] ? { modules: drivers.map((driver) => [driver['name'], low(driver['base']), low(driver['size'])]) } : {}),
          ...(oracle['unloadedDrivers'] ? { unloaded: unloaded.map((driver) => [driver['name'], low(driver['start']), low(driver['end'])]) } : {}),
        },
      ),
    ).toEqual([]);
    expect(record['crashTime']).toBe(utc(header['systemTimeUtc']));
    const process = oracle['process'] as Json | undefined;
    if (process?.['imageFileName']) expect((record['process'] as Json)['name']).toBe(process['imageFileName']);
    if (process?.['uniqueProcessId']) expect((record['process'] as Json)['id']).toBe(Number(process['uniqueProcessId']));
    const prcb = oracle['prcb'] as Json | undefined;
    if (typeof prcb?.['number'] === 'number') expect(record['processor']).toBe(prcb['number']);
    const blobs = (oracle['blobs'] ?? []) as Json[];
    expect((record['blobs'] as Json[]).map((blob) => [blob['guid'], blob['size']])).toEqual(blobs.map((blob) => [blob['guid'], blob['dataSize']]));
    const computed = oracle['computed'] as Json | undefined;
    const exceptionRecord = computed?.['p3ExceptionRecord'] as Json | undefined;
    if (exceptionRecord && computed?.['p4Context'])
      expect(record['exception']).toMatchObject({
        code: low(exceptionRecord['code']),
        address: low(exceptionRecord['address']),
        parameters: (exceptionRecord['parameters'] as string[]).map(low),
      });
  });
});

describe.skipIf(!hasCorpus)('records of user dumps', () => {
  it.each(userNames.filter((name) => !(name in REFUSED)))('%s agrees with the oracle', async (name) => {
    const record = await recordOf('user', name);
    const oracle = oracleOf('user', name);
    const system = oracle['system'] as Json;
    const exception = oracle['exception'] as Json | undefined;
    const context = exception?.['context'] as Json | undefined;
    const threads = oracle['threads'] as Json[];
    const modules = oracle['modules'] as Json[];
    const ours = record['exception'] as Json | null;
    const told = (record['context'] ?? {}) as Json;
    expect(record['kind']).toBe('user');
    expect(record['bugcheck']).toBeNull();
    expect(record['arch']).toBe({ amd64: 'x64', x86: 'x86', arm64: 'arm64', arm: 'arm' }[String(system['arch_name'])]);
    expect((record['modules'] as Json[]).map((module) => [baseName(module['path']), module['base'], num(module['size'])])).toEqual(
      modules.map((module) => [baseName(module['name']), low(module['base']), BigInt(Number(module['size']))]),
    );
    expect((record['threads'] as Json[]).map((thread) => thread['id'])).toEqual(threads.map((thread) => thread['id']));
    const streams = (oracle['streams'] as Json[]).map((stream) => [stream['type'], stream['size']]);
    const listed = (record['streams'] as Json[]).map((stream) => [stream['type'], stream['size']]);
    for (const stream of streams.filter(([type]) => type !== 0)) expect(listed).toContainEqual(stream);
    expect(ours === null).toBe(exception === undefined);
    if (exception && ours) {
      const wide = system['arch_name'] !== 'x86';
      expect(ours['code']).toBe(low(exception['code']));
      expect(ours['threadId']).toBe(exception['thread_id']);
      expect(ours['access'] ?? null).toBe(system['platform'] === 'WindowsNT' ? (exception['access'] ?? null) : null);
      if (exception['access'] && system['platform'] === 'WindowsNT')
        expect(num(ours['accessAddress'])).toBe(wide ? num(exception['access_address']) : num(exception['access_address']) & 0xffff_ffffn);
      for (const register of Object.keys(context ?? {}).filter((key) => key in told))
        expect([register, told[register]]).toEqual([register, low(context?.[register])]);
      expect(Object.keys(told).filter((register) => context && register in context).length).toBeGreaterThan(8);
    }
    const process = (oracle['misc'] as Json | undefined)?.['process_id'];
    if (typeof process === 'number') expect((record['process'] as Json)['id']).toBe(process);
  });
});

beforeAll(() => {
  for (const reason of Object.values(KNOWN_DIFFERENCES)) expect(reason).not.toBe('');
});
