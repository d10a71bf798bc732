/** Makes docs/commands.md from the command specs. `--check` fails when the committed file differs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { usageOf } from '../workers/commands/help.ts';
import type { CommandSpec } from '../workers/commands/spec.ts';
import { SPECS } from '../workers/commands/specs.ts';

const file = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'commands.md');
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

const made = makeCommands();
if (process.argv.includes('--check')) {
  const same = readFileSync(file, 'utf8') === made;
  console.log(same ? 'docs/commands.md is what the specs say' : 'docs/commands.md differs from the specs: run npm run docs');
  process.exit(same ? 0 : 1);
}
writeFileSync(file, made);
