import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FirstFacts, ModuleRow, VerdictView, Words } from '../../workers/api/analysis.ts';
import { va } from '../../workers/base/address.ts';
import { MAX_FRAGMENT, PREFIX, canonicalJson, decodeSummary, encodeSummary, fitSummary } from './codec.ts';
import { linkBase } from './link.ts';
import { Cleaner, forms } from './redact.ts';
import { toHtml } from './report.ts';
import { FIELD_CLASS, buildSummary, offeredAdditions, type Addition, type ShareParts } from './summary.ts';
import { toBBCode, toJson, toMarkdown, toText } from './texts.ts';
import { validateSummary } from './validate.ts';

const ok = <T>(value: T): { ok: true; value: T } => ({ ok: true, value });
const words = (text: string): Words => ({ owner: text, helper: text, developer: text });
const module = (name: string, owner: string | null, index: number): ModuleRow => ({
  name,
  imageName: `${name}.sys`,
  path: `C:\\Users\\someone\\drivers\\${name}.sys`,
  base: va(0xfffff80000000000n + BigInt(index) * 0x100000n),
  size: 0x1000,
  timestamp: ok(1_600_000_000),
  timestampIsDate: true,
  checksum: ok(1),
  version: ok('1.2.3.4'),
  pdb: ok(`${name}.pdb`),
  listedVulnerable: false,
  owner,
  symbols: '',
});

/** A dump of which every sentence mentions everything that is private about it. */
function partsOf(secret: { driver: string; process: string; file: string; user: string }): ShareParts {
  const gossip = `${secret.driver}.sys in ${secret.process} of C:\\Users\\${secret.user}\\x.exe, see ${secret.file}`;
  const facts: FirstFacts = {
    fileName: secret.file,
    sizeBytes: 1,
    kind: 'kernel-triage',
    kindWords: 'Small memory dump',
    live: ok(false),
    writer: ok('Windows'),
    arch: 'x64',
    os: ok('Windows 10, build 19045'),
    crashTimeMs: ok(1_700_000_000_000),
    uptimeSeconds: ok(60),
    bugCheck: { code: 0xd1, params: [1n, 2n, 3n, 4n], name: 'DRIVER_IRQL_NOT_LESS_OR_EQUAL', gist: gossip },
    exception: null,
    pointerSize: 8,
    coverage: [],
    oddities: [gossip],
  };
  const verdict: VerdictView = {
    headline: words(`Driver ${gossip}`),
    explanation: [words(gossip)],
    sureness: 'likely',
    cause: 'driver-bug',
    place: { module: `${secret.driver}.sys`, offset: 16n, symbol: `${secret.driver}!Secret` },
    culprit: { module: `${secret.driver}.sys`, part: null },
    detector: 'nt',
    victim: secret.process,
    evidence: [{ id: 'e', words: words(gossip), command: `u ${secret.driver}+10`, how: 'read', weighs: 'decides' }],
    against: [words(gossip)],
    rivals: [{ module: secret.driver, part: null, why: words(gossip) }],
    wouldSettle: [words(gossip)],
    steps: [{ words: words(gossip), copy: `verifier /driver ${secret.driver}.sys` }],
    looks: [{ line: `ln ${secret.driver}`, words: words(gossip), here: true }],
    suspects: [`${secret.driver}.sys`],
    rule: 'r',
    bucket: `AV_${secret.driver}!SecretFunction`,
    signature: gossip,
    parameters: [{ label: 'a', value: 1n, meaning: gossip, command: gossip }],
  };
  return {
    facts,
    verdict,
    loaded: [module('nt', 'Microsoft', 0), module('nvlddmkm', 'NVIDIA', 1), module(secret.driver, null, 2)],
    unloaded: [],
    stack: {
      thread: null,
      ended: '',
      frames: [
        {
          index: 0,
          ip: va(1n),
          sp: va(2n),
          trust: 'context',
          module: secret.driver,
          moduleOffset: 16n,
          symbol: ok({ name: 'SecretFunction', displacement: 4 }),
          source: { file: `C:\\Users\\${secret.user}\\a.c`, line: 1 },
          boundary: null,
          inlined: false,
        },
      ],
    },
    processName: secret.process,
  };
}

const none: ReadonlySet<Addition> = new Set();
it('a bucket that names the processes of a critical stop names none of them in a share', () => {
  const parts = partsOf({ driver: 'acmedrv', process: 'payroll.exe', file: 'MEMORY-jane.dmp', user: 'jane.doe' });
  const bucket = '0xEF_LedgerSvc.exe_BUGCHECK_CRITICAL_PROCESS_TERMINATED_BY_hidden.exe_c0000005_nt!PspCatchCriticalBreak';
  const { bucket: said } = buildSummary({ ...parts, verdict: { ...parts.verdict, bucket } }, none);
  expect(said).not.toMatch(/ledger|hidden/i);
  expect(said).toMatch(/^0xEF_the-process.*CRITICAL_PROCESS.*nt!PspCatchCriticalBreak$/);
});

const sample = buildSummary(partsOf({ driver: 'acmedrv', process: 'payroll.exe', file: 'MEMORY-jane.dmp', user: 'jane.doe' }), none);

describe('the default share', () => {
  it('holds no value of the class person, whatever their names are', () => {
    const name = fc.stringMatching(/^[A-Z][a-z]{4,9}[0-9]{2,4}[a-z]{2,4}$/);
    fc.assert(
      fc.property(name, name, name, name, (driver, process, file, user) => {
        const text = canonicalJson(buildSummary(partsOf({ driver, process: `${process}.exe`, file: `${file}.dmp`, user }), none)).toLowerCase();
        for (const secret of [driver, process, file, user]) expect(text).not.toContain(secret.toLowerCase());
        expect(text).not.toContain('secretfunction');
        expect(text).not.toMatch(/[a-z]:\\\\/);
      }),
      { numRuns: 300, seed: 7 },
    );
  });
  it('has only fields of the classes public and module, and every field has a class', () => {
    for (const key of Object.keys(sample)) expect(['public', 'module']).toContain(FIELD_CLASS[key as keyof typeof FIELD_CLASS]);
  });
  it('keeps names that are publicly known', () => {
    expect(sample.drivers).toEqual([{ name: 'nvlddmkm.sys', version: '1.2.3.4', built: '2020-09-13' }]);
  });
  it('puts each addition in only when ticked', () => {
    const parts = partsOf({ driver: 'acmedrv', process: 'payroll.exe', file: 'jane.dmp', user: 'jane' });
    expect(offeredAdditions(parts).map((addition) => addition.key)).toEqual(['time', 'names', 'process', 'file']);
    const all = buildSummary(parts, new Set<Addition>(['time', 'names', 'process', 'file']));
    expect(all).toMatchObject({ process: 'payroll.exe', file: 'jane.dmp', uptime: 60, culprit: 'acmedrv.sys', time: '2023-11-14T22:13:20.000Z' });
    expect(canonicalJson(all)).not.toContain('Users');
  });
  it('takes a name that the kernel cut out of sentences, whatever is left of its ending', () => {
    const cleaner = new Cleaner(forms('MyOwnProgram1.', 'the-process'));
    expect(cleaner.clean('The process MyOwnProgram1… ended; PROCESS_NAME: MyOwnProgram1.')).not.toMatch(/MyOwn/);
  });
  it('takes accounts, mail and network addresses out of sentences but leaves versions', () => {
    const parts = partsOf({ driver: 'acmedrv', process: 'a.exe', file: 'b.dmp', user: 'c' });
    const told = { ...parts.verdict, explanation: [words('S-1-5-21-1-2-3-1001 jane@example.org 192.168.1.17 00:1a:2b:3c:4d:5e version 10.0.19041.804')] };
    expect(buildSummary({ ...parts, verdict: told }, none).explanation).toEqual([
      '[account] [mail address] [network address] [network address] version 10.0.19041.804',
    ]);
  });
});

describe('the fragment', () => {
  it('comes back as it went', async () => {
    const text = await encodeSummary(sample);
    expect(text.length).toBeLessThanOrEqual(MAX_FRAGMENT);
    expect(await decodeSummary(text)).toEqual({ ok: true, summary: sample });
  });
  it('is the same for the same summary, whatever the order of its keys', async () => {
    const turned = Object.fromEntries(Object.entries(sample).reverse()) as unknown as typeof sample;
    expect(await encodeSummary(turned)).toBe(await encodeSummary(sample));
  });
  it('is shortened to fit', async () => {
    let state = 1;
    const noise = (): string => Array.from({ length: 60 }, () => ((state = (state * 48271) % 2147483647) % 36).toString(36)).join('');
    const large = { ...sample, drivers: Array.from({ length: 190 }, () => ({ name: noise(), version: noise(), built: '' })) };
    const fitted = await fitSummary(large);
    expect(fitted.fragment.length).toBeLessThanOrEqual(MAX_FRAGMENT);
    expect(fitted.cut).toBe(true);
    expect(await decodeSummary(fitted.fragment)).toEqual({ ok: true, summary: fitted.summary });
  });
  it('refuses what it does not know, and grows to no more than its cap', async () => {
    const pack = async (text: string): Promise<string> => {
      const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
      return PREFIX + Buffer.from(await new Response(stream).arrayBuffer()).toString('base64url');
    };
    expect(await decodeSummary('s2.AAAA')).toEqual({ ok: false, why: 'version' });
    expect(await decodeSummary('s1.')).toEqual({ ok: false, why: 'damaged' });
    expect(await decodeSummary('s1.%3Cscript%3E')).toEqual({ ok: false, why: 'damaged' });
    expect(await decodeSummary(`s1.${'A'.repeat(9000)}`)).toEqual({ ok: false, why: 'too-large' });
    expect(await decodeSummary(await pack('x'.repeat(5_000_000)))).toEqual({ ok: false, why: 'too-large' });
    expect(await decodeSummary(await pack('{"v":1}'))).toEqual({ ok: false, why: 'not-valid' });
    expect(await decodeSummary(await pack('[1,2'))).toEqual({ ok: false, why: 'not-valid' });
    expect(await decodeSummary((await encodeSummary(sample)).slice(0, 80))).toEqual({ ok: false, why: 'damaged' });
  });
  it('answers to any text with a word, never with a fault', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), async (text, bytes) => {
        expect((await decodeSummary(`s1.${text}`)).ok).toBe(false);
        expect((await decodeSummary(`s1.${Buffer.from(bytes).toString('base64url')}`)).ok).toBe(false);
      }),
      { numRuns: 200, seed: 11 },
    );
  });
});

describe('a summary that comes in', () => {
  it('may hold nothing but its fields, in their bounds', () => {
    const hostile: readonly unknown[] = [
      { ...sample, extra: 1 },
      { ...sample, v: 2 },
      { ...sample, sureness: '100 %' },
      { ...sample, headline: 'a\u202eb' },
      { ...sample, headline: 'x'.repeat(5000) },
      { ...sample, steps: Array.from({ length: 201 }, () => 'x') },
      { ...sample, frames: [{ trust: 'context', at: 'x', __proto__x: 1 }] },
      { ...sample, time: 'yesterday' },
      { ...sample, uptime: -1 },
      JSON.parse('{"__proto__":{"v":1}}'),
      null,
      [],
      'text',
    ];
    for (const value of hostile) expect(validateSummary(value)).toBeNull();
    expect(validateSummary({ ...sample })).toEqual(sample);
  });
});

describe('texts to paste', () => {
  const hostile = { ...sample, headline: '[url=javascript:x]a[/url] <b>*x*</b> `y`', frames: [{ trust: 'scan', at: '``` [/code] <script>' }] };
  it('leave no mark of their form to a name', () => {
    expect(toMarkdown(hostile)).toContain('## \\[url=javascript:x\\]a\\[/url\\] \\<b\\>\\*x\\*\\</b\\> \\`y\\`');
    expect(toMarkdown(hostile)).toContain('````\n00 stack word    ``` [/code] <script>\n````');
    expect(toBBCode(hostile)).not.toMatch(/\[url|\[\/code\] <script>/);
    expect(toHtml(hostile)).not.toMatch(/<script>|<b>\*/);
    expect(toText(sample)).toContain('What to do');
    expect(JSON.parse(toJson(sample))).toEqual(sample);
  });
});

describe('the base of a link', () => {
  it('is the configured address, the page itself, or none on this computer', () => {
    expect(linkBase('https://crash.example/', new URL('http://localhost:8080/'))).toBe('https://crash.example/');
    expect(linkBase('', new URL('https://crash.example/app/index.html#/x'))).toBe('https://crash.example/app/index.html');
    for (const local of ['http://127.0.0.1:8080/', 'http://localhost/', 'http://[::1]:1/', 'file:///x/index.html'])
      expect(linkBase('', new URL(local))).toBeNull();
  });
});
