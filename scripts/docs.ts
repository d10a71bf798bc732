/** Makes docs/commands.md from the command specs and docs/credits.md from the tables of the knowledge. `--check` fails when a committed file differs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { usageOf } from '../workers/commands/help.ts';
import type { CommandSpec } from '../workers/commands/spec.ts';
import { SPECS } from '../workers/commands/specs.ts';
import { GUIDES } from '../workers/knowledge/guides/index.ts';
import { loadKnowledge } from '../workers/knowledge/load.ts';

const docs = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs');
const cellOf = (text: string): string => text.replaceAll('|', '\\|');

function row(spec: CommandSpec): string {
  const names = [usageOf(spec), ...spec.aliases].map((name) => `\`${cellOf(name)}\``).join(' ');
  const examples = spec.examples.map((example) => `\`${cellOf(example.line)}\``).join(' ');
  return `| ${names} | ${cellOf(spec.summary)} | ${spec.needs.join(', ') || '–'} | ${examples} |`;
}

function makeCommands(): string {
  const groups = [...new Set(SPECS.map((spec) => spec.group))];
  const parts = groups.map((group) =>
    [
      `## ${group}`,
      '',
      '| command | what it does | needs | examples |',
      '|---|---|---|---|',
      ...SPECS.filter((spec) => spec.group === group).map(row),
      '',
    ].join('\n'),
  );
  return `# Console commands\nMade from the command specs by \`npm run docs\`; do not edit by hand.\nA command whose needs a dump does not meet answers with the reason.\n\n${parts.join('\n')}`;
}

async function makeCredits(): Promise<string> {
  const { credits } = await loadKnowledge();
  const tables = [...credits].sort((a, b) => a.table.localeCompare(b.table, 'en'));
  return [
    '# Sources of the offline knowledge',
    'Made from the tables by `npm run docs`; do not edit by hand. Names and numbers are facts; the sentences, causes and steps are this program’s own.',
    'Text of MicrosoftDocs/windows-driver-docs is used under CC BY 4.0: phrases for arguments and cases of bug checks are shortened from it.',
    '',
    '| table | rows | source | collected | licence |',
    '|---|---|---|---|---|',
    ...tables.map(({ table, count, source, date, licence }) => `| ${table} | ${String(count)} | ${cellOf(source)} | ${date} | ${cellOf(licence)} |`),
    '',
    '## Guides',
    '| guide | facts from |',
    '|---|---|',
    ...GUIDES.map(({ title, sources }) => `| ${cellOf(title)} | ${cellOf(sources.join('; '))} |`),
    '',
  ].join('\n');
}

const made: readonly (readonly [string, string])[] = [
  ['commands.md', makeCommands()],
  ['credits.md', await makeCredits()],
];
if (process.argv.includes('--check')) {
  const differing = made.filter(([name, text]) => readFileSync(join(docs, name), 'utf8') !== text).map(([name]) => name);
  console.log(differing.length === 0 ? 'docs are what the tables say' : `${differing.join(', ')} differ from the tables: run npm run docs`);
  process.exit(differing.length === 0 ? 0 : 1);
}
for (const [name, text] of made) writeFileSync(join(docs, name), text);
