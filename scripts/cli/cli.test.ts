/** The command line as a person starts it: `node scripts/faultline.mjs …` in a process of its own (docs/cli.md). */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Ajv } from 'ajv';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { driverFault } from '../../workers/testing/build/scenes.ts';
import { fileTime } from '../../workers/testing/build/dumpheader.ts';
import { triageOf } from '../../workers/testing/build/scene.ts';
import { storedCabinet } from './testing/storedcabinet.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder = '';
const at = (name: string): string => join(folder, name);

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
function faultline(...args: readonly string[]): Run {
  const result = spawnSync(process.execPath, [join(root, 'scripts', 'faultline.mjs'), ...args], { cwd: root, encoding: 'utf8' });
  return { code: result.status, out: result.stdout, err: result.stderr };
}
type Json = Record<string, unknown>;
const lines = (run: Run): Json[] =>
  run.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);
const codes = (record: Json | undefined): unknown => (record?.['problems'] as Json[])[0]?.['code'];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-test-'));
  const dump = triageOf(driverFault()).bytes;
  writeFileSync(at('good.dmp'), dump);
  writeFileSync(at('text.dmp'), 'not a dump at all, but a line of text that is long enough to be looked at\n'.repeat(200));
  writeFileSync(at('empty.dmp'), '');
  writeFileSync(at('cut.dmp'), dump.subarray(0, 3000));
  writeFileSync(at('one.zip'), zipSync({ 'MEMORY.DMP': dump, 'readme.txt': new TextEncoder().encode('x') }));
  writeFileSync(at('two.zip'), zipSync({ 'a/first.dmp': dump, 'b/second.dmp': dump }));
  writeFileSync(at('no.zip'), zipSync({ 'readme.txt': new TextEncoder().encode('x') }));
  writeFileSync(at('packed.dmp.gz'), gzipSync(dump));
  writeFileSync(at('packed.cab'), storedCabinet('Mini.dmp', dump));
  writeFileSync(at('some.7z'), Buffer.concat([Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4]), Buffer.alloc(64)]));
  writeFileSync(at('some.rar'), Buffer.concat([Buffer.from([0x52, 0x61, 0x72, 0x21, 0x1a, 0x07, 0x01, 0x00]), Buffer.alloc(64)]));
  mkdirSync(join(folder, 'many', 'deep'), { recursive: true });
  writeFileSync(at('many/b.dmp'), dump);
  writeFileSync(at('many/deep/c.bin'), dump);
  mkdirSync(at('week'));
  for (const day of [1, 3, 6])
    writeFileSync(at(`week/day${String(day)}.dmp`), triageOf({ ...driverFault(), systemTime: fileTime(`2024-03-0${String(day)}T10:00:00.000Z`) }).bytes);
  writeFileSync(at('many/notes.txt'), 'nothing to see');
  writeFileSync(at('many/pictures.zip'), zipSync({ 'p.txt': new TextEncoder().encode('x') }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the exit code', () => {
  it('is 0 where all were read, and text says the verdict and what a command printed', () => {
    const run = faultline(at('good.dmp'), '-c', 'lm; .bugcheck');
    expect(run).toMatchObject({ code: 0, err: '' });
    expect(run.out).toContain('examplenic');
    expect(run.out).toContain('> .bugcheck');
    expect(run.out).toMatch(/D1/i);
  });
  it('is 1 where one is no dump, and the others are read all the same', () => {
    const run = faultline(at('text.dmp'), at('good.dmp'), at('empty.dmp'), at('cut.dmp'), at('nowhere.dmp'), '--json');
    expect(run.code).toBe(1);
    const records = lines(run);
    expect(records.map((record) => record['kind']).slice(0, 3)).toEqual(['unknown', 'kernel-triage', 'unknown']);
    expect(codes(records[0])).toBe('NOT_A_DUMP');
    expect(codes(records[2])).toBe('EMPTY');
    expect(codes(records[3])).toBe('TRUNCATED');
    expect(codes(records[4])).toBe('READ_DENIED');
  });
  it('is 1 and says why in text mode too', () => {
    const run = faultline(at('empty.dmp'));
    expect(run.code).toBe(1);
    expect(run.out).toContain('EMPTY: ');
  });
  it.each([[[]], [['--nonsense', 'x.dmp']], [['x.dmp', '--symbols']]])('is 2 with the usage for %j', (args) => {
    const run = faultline(...args);
    expect(run).toMatchObject({ code: 2, out: '' });
    expect(run.err).toContain('usage: ');
  });
});

describe('--json', () => {
  it('prints one line a dump, which holds no gap where the dump has the value', () => {
    const [record, ...more] = lines(faultline(at('good.dmp'), '--json', '--hash'));
    expect(more).toEqual([]);
    expect(record).toMatchObject({
      file: at('good.dmp'),
      kind: 'kernel-triage',
      arch: 'x64',
      bugcheck: { code: '0xd1' },
      verdict: { culprit: { module: 'examplenic.sys' } },
    });
    expect(record?.['sha256']).toMatch(/^[0-9a-f]{64}$/);
  });
  it('goes through a folder, in the order of names, past what is no dump', () => {
    const run = faultline(at('many'), '--json');
    expect(run.code).toBe(0);
    expect(lines(run).map((record) => record['file'])).toEqual([at('many/b.dmp'), at('many/deep/c.bin')]);
  });
});

describe('archives', () => {
  it('.zip, .gz and .cab are opened', () => {
    const run = faultline(at('one.zip'), at('two.zip'), at('packed.dmp.gz'), at('packed.cab'), '--json');
    expect(run.code).toBe(0);
    const records = lines(run);
    expect(records.map((record) => record['file'])).toEqual([
      at('one.zip'),
      `${at('two.zip')}!a/first.dmp`,
      `${at('two.zip')}!b/second.dmp`,
      at('packed.dmp.gz'),
      at('packed.cab'),
    ]);
    for (const record of records) expect(record).toMatchObject({ kind: 'kernel-triage', bugcheck: { code: '0xd1' } });
  });
  it('.7z and .rar are named, with what to do, and a .zip without a dump is no dump', () => {
    const run = faultline(at('some.7z'), at('some.rar'), at('no.zip'), '--json');
    expect(run.code).toBe(1);
    const said = lines(run).map((record) => (record['problems'] as Json[])[0]);
    expect(said[0]?.['message']).toMatch(/7-Zip|\.7z|7z/);
    expect(said[1]?.['message']).toMatch(/RAR|\.rar/i);
    expect(said[0]?.['message']).toMatch(/unpack|extract/i);
    expect(said[2]?.['code']).toBe('ARCHIVE_NO_DUMP');
  });
});

describe('--casebook', () => {
  it('says what three crashes of one PC have in common, each line with the dump and the command that show it', () => {
    const run = faultline(at('week'), at('text.dmp'), '--casebook');
    expect(run.code).toBe(1);
    expect(run.out).toContain('text.dmp\n  NOT_A_DUMP');
    expect(run.out).toContain('PC 1: 3 dumps');
    expect(run.out).toContain('LIKELY: examplenic.sys is behind 3 of 3 crashes.');
    expect(run.out).toMatch(/\+ 3 times .*0xD1.*\[day1\.dmp: .+, and 2 more\]/);
    expect(run.out.match(/DRIVER_IRQL/g)).toHaveLength(4);
  });
  it('adds a line a group behind the lines of the dumps, of the form that the schema says', () => {
    const run = faultline(at('week'), at('many/b.dmp'), '--casebook', '--json');
    const records = lines(run);
    expect(records.map(({ kind }) => kind)).toEqual(['kernel-triage', 'kernel-triage', 'kernel-triage', 'kernel-triage', 'casebook']);
    const schema = JSON.parse(readFileSync(join(root, 'docs', 'casebook.schema.json'), 'utf8')) as object;
    const validate = new Ajv({ strict: false }).compile(schema);
    expect([validate(records[4]), validate.errors]).toEqual([true, null]);
    expect(records[4]).toMatchObject({
      group: 'pc',
      files: [at('week/day1.dmp'), at('week/day3.dmp'), at('many/b.dmp'), at('week/day6.dmp')],
      verdict: { rule: 'one-module', of: 4 },
    });
  });
});
