/** WinDbg's own texts of `!analyze -v`, as they were published; read from beside the corpus, empty where they are not there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { corpusRoot } from './corpus.ts';

/** Older versions have other labels: what tells them apart are lines that current ones dropped. */
const OLDER = /^\s*(DEFAULT_BUCKET_ID|BUGCHECK_STR|FOLLOWUP_NAME|FAULTING_IP|EXCEPTION_CODE|DV_VIOLATED_CONDITION):/m;
const layouts = join(corpusRoot, '..', 'layouts');
export interface PublishedText {
  readonly name: string;
  readonly rows: readonly string[];
  readonly labels: readonly string[];
}
export const LABEL = /^\s*([A-Z][A-Z0-9_]{3,}b?|Followup):/;
const filesOf = (folder: string): readonly (readonly [name: string, words: string])[] =>
  (existsSync(join(layouts, folder)) ? readdirSync(join(layouts, folder)) : []).map((file) => [
    `${folder}/${file}`,
    readFileSync(join(layouts, folder, file), 'utf8'),
  ]);
const textsOf = (folder: string): readonly PublishedText[] =>
  filesOf(folder).flatMap(([name, words]) => {
    const rows = words.split(/\r?\n/);
    const labels = rows.flatMap((row) => LABEL.exec(row)?.[1] ?? []).filter((found) => found !== 'NOTE' && found !== 'WARNING');
    return OLDER.test(words) || labels.length === 0 ? [] : [{ name, rows, labels }];
  });
export const kernelTexts = textsOf('analyze_kernel');
export const userTexts = textsOf('analyze_user');

interface ShowText {
  /** The line that was typed at the prompt. */
  readonly typed: string;
  readonly rows: readonly string[];
}
/** Answers of `!analyze -show`. */
export const showTexts = (): readonly (readonly [name: string, text: ShowText])[] =>
  filesOf('analyze_show').map(([name, words]) => [name, { typed: /kd> (!analyze.*)/.exec(words)?.[1] ?? '', rows: words.split(/\r?\n/) }]);
