/** What a guide may take from the open dump. */
import type { Dump } from '../../engine/dump.svelte.ts';
import type { KnownDump } from '../../engine/guides.ts';

export function knownDump(dump: Dump): KnownDump | null {
  const facts = dump.facts.value;
  if (!facts) return null;
  const modules = dump.modules.value?.loaded ?? [];
  const program = facts.kind === 'user';
  return {
    fileName: dump.file.name,
    kindWords: facts.kindWords,
    program,
    executable: program ? (modules.find(({ imageName }) => /\.exe$/i.test(imageName))?.imageName ?? null) : null,
    headline: dump.verdict.value?.headline.owner ?? null,
    suspects: dump.verdict.value?.suspects ?? [],
    drivers: modules.map(({ imageName, owner, timestamp, timestampIsDate }) => ({ file: imageName, vendor: owner, hashed: timestamp.ok && !timestampIsDate })),
  };
}
