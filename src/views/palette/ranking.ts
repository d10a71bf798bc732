/** Ranking of the palette: exact before prefix before word before part before fuzzy; what was used last only breaks ties. */
export interface Choice {
  readonly kind: 'run' | 'view' | 'command' | 'module' | 'action' | 'address' | 'thread' | 'code' | 'guide';
  readonly name: string;
  readonly summary: string;
  readonly keys?: string;
  /** Why it cannot work here; shown greyed. */
  readonly unmet?: string | null;
  readonly act: () => void;
}

const EXACT = 5;
const PREFIX = 4;
const WORD = 3;
const PART = 2;
const FUZZY = 1;

function isSubsequence(wanted: string, text: string): boolean {
  let at = 0;
  for (const char of text) if (char === wanted[at]) at += 1;
  return at === wanted.length;
}

export function gradeOf(wanted: string, name: string): number {
  const query = wanted.toLowerCase();
  const text = name.toLowerCase();
  if (text === query) return EXACT;
  if (text.startsWith(query)) return PREFIX;
  // "analyze" finds "!analyze", "sys" finds "tcpip.sys".
  const at = text.indexOf(query);
  if (at > 0 && !/[a-z0-9]/.test(text.charAt(at - 1))) return WORD;
  if (at >= 0) return PART;
  return query.length >= 2 && isSubsequence(query, text) ? FUZZY : 0;
}

export function rank(query: string, choices: readonly Choice[], recent: readonly string[]): readonly Choice[] {
  const wanted = query.trim();
  if (wanted === '') return choices;
  const recency = (choice: Choice): number => {
    const at = recent.indexOf(choice.name);
    return at < 0 ? recent.length : at;
  };
  return choices
    .map((choice, index) => ({ choice, index, grade: gradeOf(wanted, choice.name) || (gradeOf(wanted, choice.summary) >= WORD ? FUZZY / 2 : 0) }))
    .filter((entry) => entry.grade > 0)
    .sort(
      (a, b) =>
        b.grade - a.grade ||
        Number(Boolean(a.choice.unmet)) - Number(Boolean(b.choice.unmet)) ||
        recency(a.choice) - recency(b.choice) ||
        a.choice.name.length - b.choice.name.length ||
        a.index - b.index,
    )
    .map((entry) => entry.choice);
}
