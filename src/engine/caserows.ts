/** A row of the casebook: a file of this page, or facts without their file. */
import type { Problem } from '../../workers/base/problem.ts';
import type { DumpFacts } from '../../workers/verdict/casebook/facts.ts';
import type { Mark } from '../../workers/verdict/casebook/marks.ts';

export interface CaseRow {
  /** Its own, for as long as the page is open. */
  readonly key: number;
  readonly name: string;
  /** Its place among the files of this page; null where only its facts are here. */
  readonly file: number | null;
  readonly state: 'waiting' | 'reading' | 'read' | 'failed';
  readonly facts: DumpFacts | null;
  readonly problem: Problem | null;
}

/** One row a dump: the latest facts, with the file where one of the rows has it. */
export function unite(rows: readonly CaseRow[]): CaseRow[] {
  const byId = new Map<string, CaseRow>();
  const rest: CaseRow[] = [];
  for (const row of rows) {
    if (!row.facts) rest.push(row);
    else byId.set(row.facts.id, { ...row, file: row.file ?? byId.get(row.facts.id)?.file ?? null });
  }
  return [...byId.values(), ...rest];
}

/** One mark an id, as it first was. */
export function uniteMarks(marks: readonly Mark[]): readonly Mark[] {
  const first = new Map<string, Mark>();
  for (const mark of marks) if (!first.has(mark.id)) first.set(mark.id, mark);
  return [...first.values()];
}
