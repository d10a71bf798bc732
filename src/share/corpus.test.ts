/** No default share of any dump of the corpus holds what is somebody's own. */
import { describe, expect, it } from 'vitest';
import { createEngine, notHashed } from '../../workers/api/engine.ts';
import { driveSync } from '../../workers/base/job.ts';
import { refuse, reply } from '../../workers/base/problem.ts';
import { ArraySource } from '../../workers/bytes/source.ts';
import { createDecoder } from '../../workers/code/createdecoder.ts';
import { loadKnowledge } from '../../workers/knowledge/load.ts';
import { NO_SYMBOLS } from '../../workers/symbols/provider.ts';
import { openTarget } from '../../workers/target/open.ts';
import { corpusBytes, corpusList, hasCorpus } from '../../workers/testing/node/corpus.ts';
import { decoderModule } from '../../workers/worlds/node/wasm.ts';
import { fitSummary, MAX_FRAGMENT } from './codec.ts';
import { OF_WINDOWS } from './redact.ts';
import { buildSummary, type ShareParts } from './summary.ts';

const FILE = 'janes-private-dump.dmp';
const dumps = ['kernel', 'user'].flatMap((folder) =>
  corpusList(folder)
    .filter((name) => name.endsWith('.dmp'))
    .map((name) => `${folder}/${name}`),
);

async function partsOf(bytes: Uint8Array): Promise<ShareParts | null> {
  const engine = createEngine({
    openSource: (file, name) => (file instanceof Uint8Array ? reply(new ArraySource(file, name)) : refuse('READ_DENIED', 'bytes were expected')),
    decoder: () => Promise.resolve(createDecoder(decoderModule())),
    knowledge: loadKnowledge,
    symbols: NO_SYMBOLS,
    symbolControl: {
      path: () => '',
      folderState: () => 'not-picked',
      setPath: () => reply(''),
      noisy: () => false,
      setNoisy: () => undefined,
      log: () => [],
      request: () => undefined,
    },
    prepare: () => Promise.resolve(),
    breathe: () => Promise.resolve(),
    now: () => 0,
    sha256: () => Promise.resolve(notHashed),
    version: 'test',
  });
  const facts = await engine.open(bytes, FILE);
  const verdict = await engine.verdict();
  const modules = await engine.modules();
  const stack = await engine.stack(null);
  const result = await engine.result();
  if (!facts.ok || !verdict.ok || !modules.ok || !stack.ok || !result.ok) return null;
  const process = result.value['process'] as { name?: unknown } | undefined;
  return {
    facts: facts.value,
    verdict: verdict.value,
    ...modules.value,
    stack: stack.value,
    processName: typeof process?.name === 'string' ? process.name : null,
  };
}

/** Words that are the owner's: facts of the class person, accounts in paths, the process, modules that nobody knows. */
function secretsOf(bytes: Uint8Array, parts: ShareParts): string[] {
  const opened = driveSync(openTarget(new ArraySource(bytes, FILE)));
  const target = opened.ok ? opened.value : null;
  const told = (target?.facts ?? []).flatMap((fact) => (fact.privacy === 'person' && fact.value.ok ? [fact.value.value] : []));
  const accounts = [...told, ...parts.loaded.map((module) => module.path)].flatMap((text) =>
    [...text.matchAll(/(?:Users|home|Documents and Settings)[\\/]([^\\/\s"]+)/gi)].map((hit) => hit[1] ?? ''),
  );
  const processName = parts.processName && !OF_WINDOWS.has(parts.processName.toLowerCase()) ? [parts.processName] : [];
  const unknown = parts.loaded.filter((module) => module.owner === null).map((module) => module.imageName.split(/[\\/]/).at(-1) ?? '');
  return [
    ...told.filter((text) => text.length >= 6),
    ...accounts.filter((text) => text.length >= 4),
    ...processName,
    ...unknown.filter((text) => text.length >= 5),
    'janes-private-dump',
  ];
}

const textsOf = (value: unknown): string[] =>
  typeof value === 'string' ? [value] : typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];

describe.skipIf(!hasCorpus)('default shares of the corpus', () => {
  it.each(dumps)('%s', async (path) => {
    const bytes = corpusBytes(path);
    const parts = await partsOf(bytes);
    if (!parts) return;
    const summary = buildSummary(parts, new Set());
    // The control: the check can fail, since what is ticked is there.
    expect(textsOf(buildSummary(parts, new Set(['file'])))).toContain(FILE);
    // Words of closed lists are ours, whatever a program is called.
    const { v: _v, cause: _cause, rule: _rule, kind: _kind, sureness: _sureness, ...said } = summary;
    const text = textsOf(said).join('\n');
    for (const secret of secretsOf(bytes, parts))
      expect(text, secret).not.toMatch(new RegExp(`(?<![a-z0-9])${secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![a-z0-9])`, 'i'));
    expect(text).not.toMatch(/\b[a-z]:\\|\\users\\|\/home\/|s-1-5-21-/i);
    expect((await fitSummary(summary)).fragment.length).toBeLessThanOrEqual(MAX_FRAGMENT);
  });
});
