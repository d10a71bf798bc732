/** Codes and guides in the palette. */
import { router } from '../../app/router.svelte.ts';
import { library } from '../../engine/library.svelte.ts';
import { hexDigits } from '../../engine/values.ts';
import type { Choice } from '../palette/ranking.ts';

/** As many as a palette can show many times over; a query narrows them. */
const MAX_CODES = 300;

/** Codes whose number or name fits what is typed; nothing while nothing is typed, since there are thousands. */
export function codeChoices(query: string): readonly Choice[] {
  const typed = query.trim().toLowerCase();
  if (typed.length < 2) return [];
  const digits = typed.replace(/^0x0*(?=.)/, '');
  const name = typed.replaceAll(' ', '_');
  const rows = library.codes.value ?? [];
  return rows
    .filter((row) => hexDigits(row.code, 1).startsWith(digits) || row.name.toLowerCase().includes(name))
    .slice(0, MAX_CODES)
    .map((row): Choice => {
      // The very number that was typed ranks as an exact name.
      const exact = hexDigits(row.code, 1) === digits;
      return { kind: 'code', name: exact ? typed : row.name, summary: exact ? `${row.name}: ${row.says}` : row.says, act: () => router.go(row.path) };
    });
}

export const guideChoices = (): readonly Choice[] =>
  library.guides.map((guide): Choice => ({ kind: 'guide', name: guide.title, summary: guide.lead, act: () => router.go(`learn/${guide.id}`) }));
