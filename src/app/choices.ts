/** What the palette offers for an open dump. */
import type { Dump } from '../engine/dump.svelte.ts';
import { formatVa, hex, hexDigits } from '../engine/values.ts';
import { t } from '../text/ui.ts';
import { v } from '../text/views.ts';
import type { Choice } from '../views/palette/ranking.ts';
import { codeChoices, guideChoices } from '../views/learn/choices.ts';
import { density } from './density.svelte.ts';
import { router } from './router.svelte.ts';

export interface Shell {
  readonly views: readonly string[];
  share(): void;
  help(): void;
  theme(): void;
  density(): void;
}

const nameOfView = (view: string): string => (t.tabs as Readonly<Record<string, string>>)[view] ?? view;

function typedChoices(query: string, dump: Dump, names: ReadonlySet<string>): Choice[] {
  const typed = query.trim();
  const digits = typed.replace(/^0x/i, '').replaceAll('`', '');
  const made: Choice[] = [];
  if (/^[0-9a-f]{4,16}$/i.test(digits)) {
    const at = BigInt(`0x${digits}`);
    made.push({
      kind: 'address',
      name: typed,
      summary: v.palette.goTo(formatVa(at, dump.pointerSize)),
      act: () => router.go('memory', { at: hexDigits(at, 1) }),
    });
  }
  const [word = ''] = typed.split(' ');
  if (names.has(word)) made.push({ kind: 'run', name: typed, summary: v.palette.run(typed), act: () => router.go('console', { run: typed }) });
  return made;
}

export function choicesFor(query: string, dump: Dump, shell: Shell): readonly Choice[] {
  const commands = dump.commands.value ?? [];
  const names = new Set(commands.flatMap((command) => [command.name, ...command.aliases]));
  const run = (line: string) => (): void => router.go('console', { run: line });
  return [
    ...typedChoices(query, dump, names),
    ...shell.views.map((view, index): Choice => ({ kind: 'view', name: nameOfView(view), summary: '', keys: String(index + 1), act: () => router.go(view) })),
    { kind: 'action', name: t.header.share, summary: '', act: shell.share },
    { kind: 'action', name: t.header.help, summary: '', keys: '?', act: shell.help },
    { kind: 'action', name: t.header.open, summary: t.home, act: () => (location.hash = '#/') },
    { kind: 'action', name: t.casebook, summary: '', act: () => (location.hash = '#/casebook') },
    { kind: 'action', name: 'Theme', summary: '', act: shell.theme },
    { kind: 'action', name: 'Density', summary: t.header.density[density.now], act: shell.density },
    ...commands.map((command): Choice => ({ kind: 'command', name: command.name, summary: command.summary, unmet: command.unmet, act: run(command.name) })),
    ...(dump.modules.value?.loaded ?? []).map((module): Choice => ({
      kind: 'module',
      name: module.imageName,
      summary: module.path,
      act: run(`lmvm ${module.name}`),
    })),
    ...(dump.threads.value ?? []).map((thread): Choice => ({
      kind: 'thread',
      name: `${v.stack.thread} ${thread.index}`,
      summary: hex(thread.id),
      act: () => router.go('stack', { thread: String(thread.index) }),
    })),
    ...guideChoices(),
    ...codeChoices(query),
  ];
}
