/**
 * What stands in the default share of every dump of the corpus, in each form it can leave in, against what is somebody's own
 * in the same file: accounts, computer names, environment and serial numbers found in its bytes by a search of its own, and
 * process, paths and folders out of the oracles.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { ArraySource } from '../../workers/bytes/source.ts';
import { corpusBytes, corpusJson, corpusList, hasCorpus } from '../../workers/testing/node/corpus.ts';
import { engineFor } from '../../workers/testing/node/enginefor.ts';
import { type Secret, findSecrets, leaksOf, memoryRuns } from '../../workers/testing/node/secrets.ts';
import { MAX_FRAGMENT, canonicalJson, decodeSummary, fitSummary } from './codec.ts';
import { toHtml } from './report.ts';
import { type Addition, type ShareParts, buildSummary, offeredAdditions } from './summary.ts';
import { toBBCode, toJson, toMarkdown, toText } from './texts.ts';

const FILE = 'Janes-Laptop-Crash-0815.dmp';
const ALL: ReadonlySet<Addition> = new Set(['time', 'names', 'process', 'file']);
const dumps = hasCorpus
  ? ['kernel', 'user'].flatMap((folder) =>
      corpusList(folder)
        .filter((name) => name.endsWith('.dmp'))
        .map((name) => [folder, name] as const),
    )
  : [];

type Json = Record<string, unknown>;

async function partsOf(bytes: Uint8Array): Promise<ShareParts | null> {
  const engine = engineFor(new ArraySource(bytes, FILE));
  const facts = await engine.open(new Uint8Array(0), FILE);
  const [verdict, modules, stack, result] = [await engine.verdict(), await engine.modules(), await engine.stack(null), await engine.result()];
  if (!facts.ok || !verdict.ok || !modules.ok || !stack.ok || !result.ok) return null;
  const process = result.value['process'] as { name?: unknown } | undefined;
  const processName = typeof process?.name === 'string' ? process.name : null;
  return { facts: facts.value, verdict: verdict.value, ...modules.value, stack: stack.value, processName };
}

/** Every text that leaves without a tick. */
async function textsOf(parts: ShareParts, additions: ReadonlySet<Addition>): Promise<Readonly<Record<string, string>>> {
  const { summary, fragment } = await fitSummary(buildSummary(parts, additions));
  const received = await decodeSummary(fragment);
  return {
    link: received.ok ? canonicalJson(received.summary) : '',
    full: canonicalJson(buildSummary(parts, additions)),
    markdown: toMarkdown(summary).replaceAll('\\', ''),
    bbcode: toBBCode(summary),
    text: toText(summary),
    json: toJson(summary),
    html: toHtml(summary).replace(/<head>.*<\/head>/s, ''),
  };
}

/** Processes of Windows itself, whose names tell nothing of anybody. */
const WINDOWS_PROCESSES =
  /^(system|idle|registry|secure system|memory compression|smss|csrss|wininit|winlogon|services|lsass|svchost|dwm|explorer|dllhost|taskhostw?|runtimebroker|spoolsv)(\.exe)?$/i;
/** Folders that every computer of the kind has. */
const COMMON_FOLDERS =
  /^(windows|system32|syswow64|winsxs|drivers|driverstore|filerepository|program files.*|programdata|common files|microsoft.*|users|home|library|frameworks?|system|usr|bin|s?bin|lib(64|32)?|x86_64.*|versions|contents|macos|resources|privateframeworks|users|documents and settings|temp|tmp|var|opt|appdata|local|roaming|desktop|downloads|documents|build|out|release|debug|src|x64|x86|win64|win32|systemroot|device|.*\.framework|binaries|data|plugins|code|linux|steam|game|games|[a-z]:?|[a-z0-9_.-]*_[0-9a-f]{16}.*|[a-z]{1,3}|\d[\d.]*)$/i;

function fromOracle(folder: string, name: string): { readonly process: string[]; readonly folders: string[] } {
  const oracle = corpusJson<Json>(`${folder}/oracle/${name.replace(/\.dmp$/, '.json')}`);
  const modules = (oracle['modules'] ?? oracle['drivers'] ?? []) as { name?: string }[];
  const paths = modules.map((module) => String(module.name ?? ''));
  const image = folder === 'kernel' ? (oracle['process'] as Json | undefined)?.['imageFileName'] : paths[0]?.split(/[\\/]/).at(-1);
  const process = typeof image === 'string' && image.length > 2 && !WINDOWS_PROCESSES.test(image) ? [image] : [];
  const folders = paths.flatMap((path) => path.split(/[\\/]/).slice(0, -1)).filter((part) => part.length >= 4 && !COMMON_FOLDERS.test(part));
  return { process, folders: [...new Set(folders)] };
}

const seen = { account: 0, computer: 0, environment: 0, serial: 0, process: 0, folders: 0 };

describe.skipIf(!hasCorpus)('what leaves without a tick', () => {
  it.each(dumps)('%s/%s', async (folder, name) => {
    const bytes = corpusBytes(`${folder}/${name}`);
    const parts = await partsOf(bytes);
    if (!parts) return;
    const secrets = findSecrets(bytes);
    for (const kind of ['account', 'computer', 'environment', 'serial'] as const) if (secrets.some((secret) => secret.kind === kind)) seen[kind] += 1;
    const { process, folders } = fromOracle(folder, name);
    if (process.length > 0) seen.process += 1;
    if (folders.length > 0) seen.folders += 1;
    // A folder called like the maker of a module that everybody knows tells nothing of the person.
    const makers = new Set(parts.loaded.flatMap((module) => (module.owner ?? '').toLowerCase().split(/\W+/)));
    const own = folders.filter((part) => !makers.has(part.toLowerCase()));
    const forbidden = [...secrets.map((secret: Secret) => secret.text), ...process, ...own, FILE, FILE.replace('.dmp', '')];
    for (const [form, text] of Object.entries(await textsOf(parts, new Set()))) {
      expect({ form, leaks: leaksOf(text, forbidden) }).toEqual({ form, leaks: [] });
      expect({ form, runs: memoryRuns(text, bytes) }).toEqual({ form, runs: [] });
      expect({
        form,
        paths: text.match(/(?<![A-Za-z])[A-Za-z]:\\{1,2}[\w ]|\\{1,2}(?:Device|Users|\?\?|SystemRoot)\\|\/(?:home|Users)\/|S-1-5-21-/gi),
      }).toEqual({ form, paths: null });
    }
    const { fragment } = await fitSummary(buildSummary(parts, new Set()));
    expect(fragment.length).toBeLessThanOrEqual(MAX_FRAGMENT);
    expect(await decodeSummary(fragment)).toMatchObject({ ok: true });

    // The control: the same search finds what was ticked.
    const offered = offeredAdditions(parts);
    for (const [form, text] of Object.entries(await textsOf(parts, ALL))) {
      expect({ form, found: leaksOf(text, [FILE]) }).toEqual({ form, found: [FILE] });
      if (parts.processName) expect({ form, found: leaksOf(text, [parts.processName]).length }).toEqual({ form, found: 1 });
      if (offered.some((one) => one.key === 'time') && parts.facts.crashTimeMs.ok)
        expect(text).toContain(new Date(parts.facts.crashTimeMs.value).toISOString());
    }
    expect((await fitSummary(buildSummary(parts, ALL))).fragment.length).toBeLessThanOrEqual(MAX_FRAGMENT);
  });

  afterAll(() => console.log(`dumps in which something private was searched for: ${JSON.stringify(seen)}`));
  it('was searched for where there is something to find', () => {
    expect(seen.account).toBeGreaterThanOrEqual(15);
    expect(seen.computer).toBeGreaterThanOrEqual(4);
    expect(seen.environment).toBeGreaterThanOrEqual(4);
    expect(seen.serial).toBeGreaterThanOrEqual(20);
    expect(seen.process).toBeGreaterThanOrEqual(20);
    expect(seen.folders).toBeGreaterThanOrEqual(15);
  });
});

describe('paths in sentences', () => {
  it.each([
    [String.raw`read C:\Users\Jane Doe\My Games\big game.exe and stopped`, /jane|doe|games|big/i],
    [String.raw`F:\jane's locker\steamapps\common\Some Game 1.2\game.exe at fault`, /jane|locker|some game/i],
    [String.raw`\\fileserver\home\jane\x.sys, then D:\work (old)\y.sys`, /fileserver|jane|old|y\.sys/i],
    ['in /home/Jane/my project/main.c, line 3', /jane|project|main/i],
    [String.raw`\Device\HarddiskVolume3\Users\Jane Doe\a.sys`, /jane|doe/i],
  ])('%s', (said, secret) => {
    const words = { owner: said, helper: said, developer: said };
    const parts = {
      ...{ loaded: [], unloaded: [], stack: null, processName: null },
      facts: {
        kindWords: '',
        arch: '',
        os: { ok: true, value: said },
        bugCheck: null,
        exception: null,
        fileName: 'x.dmp',
        crashTimeMs: { ok: false },
        uptimeSeconds: { ok: false },
      },
      verdict: {
        ...{ parameters: [], sureness: '', cause: '', headline: words, culprit: null, place: null, bucket: said, rule: '', explanation: [words] },
        ...{ steps: [{ words, copy: said }], evidence: [], against: [words], wouldSettle: [] },
      },
    } as unknown as ShareParts;
    const text = canonicalJson(buildSummary(parts, new Set()));
    expect(text).not.toMatch(secret);
    expect(text).toContain('[path]');
  });
});

describe('the search', () => {
  it('finds a name, a computer, a serial number and memory where they stand', () => {
    const env = Buffer.from('\0COMPUTERNAME=JANES-PC\0USERNAME=jane\0PATH=C:\\tools;C:\\x\0', 'utf16le');
    const smbios = Buffer.concat([
      Buffer.from([1, 0x1b, 1, 0, 1, 2, 3, 4]),
      Buffer.alloc(0x1b - 8, 7),
      Buffer.from('Maker\0Model\0v1\0SN-1234567\0\0', 'latin1'),
    ]);
    const bytes = new Uint8Array(Buffer.concat([Buffer.alloc(33), env, Buffer.from('..C:\\Users\\jdoe\\x.pdb'), smbios]));
    const texts = findSecrets(bytes).map((secret) => `${secret.kind} ${secret.text}`);
    for (const wanted of ['computer JANES-PC', 'account jane', 'account jdoe', 'serial SN-1234567']) expect(texts).toContain(wanted);
    expect(leaksOf('said by jdoe.', ['jdoe'])).toEqual(['jdoe']);
    expect(leaksOf('said by jdoe2.', ['jdoe'])).toEqual([]);
    const run = Buffer.from(bytes.subarray(40, 60)).toString('hex');
    expect(memoryRuns(`bytes ${run} here`, bytes)).toHaveLength(1);
    expect(memoryRuns(`bytes ${run.replace(/../g, '$& ')} here`, bytes)).toHaveLength(1);
    expect(memoryRuns('fffff80412345678', bytes)).toEqual([]);
  });
});
