/** docs/calibration.md: what the verdict is worth, by kind of fault. */
import type { FaultKind } from '../../faults/truth.ts';
import type { NaiveRule } from './naive.ts';
import type { Outcome } from './outcome.ts';
import { type Figures, PROMISED, WORDS, figures, tally } from './tally.ts';

const percent = (part: number, whole: number): string => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`);
const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly string[]): string => [row(...head), row(...head.map(() => '---')), ...rows].join('\n');

function summary(all: Figures): string {
  const { rows, results } = all;
  const ours = row('the verdict', results.right, results['cause only'], results.silent, results.wrong, all.accused, all.suspected, all.brier.toFixed(3));
  const naive = all.naive.map((one) => row(`first module that is ${one.rule}`, one.right, '–', one.silent, one.wrong, one.accused, '–', one.brier.toFixed(3)));
  return table([`of ${rows} rows`, 'right', 'cause only', 'silent', 'wrong', 'innocent accused', 'innocent suspected', 'Brier'], [ours, ...naive]);
}

function bystanders({ bystanders: by }: Figures): string {
  return `In ${by.rows} rows somebody innocent stands where blame falls easily: on the stack, at the fault, all over the leftovers.
The verdict accuses the bystander in ${by.accused} of them and suspects it in ${by.suspected}; the naive rules accuse it in ${by.naive['not the kernel']} and ${by.naive['not Microsoft']}.`;
}

/** Apart: rows whose bytes tell the answer, and rows where the right answer is that they do not. */
function tellable(rows: readonly Outcome[]): string {
  const part = (name: string, of: readonly Outcome[]): string => {
    const { rows: number, results, accused, suspected } = tally(of);
    const naive = count(of, 'not Microsoft');
    return row(name, number, results.right, results['cause only'], results.silent, results.wrong, accused, suspected, naive);
  };
  const told = rows.filter((one) => !one.truth.undecidable);
  const untold = rows.filter((one) => one.truth.undecidable);
  return table(
    ['rows whose bytes', 'rows', 'right', 'cause only', 'silent', 'wrong', 'accused', 'suspected', 'naive right'],
    [part('tell', told), part('do not tell', untold)],
  );
}
const count = (rows: readonly Outcome[], rule: NaiveRule): number =>
  rows.filter((one) => one.naive.some((answer) => answer.rule === rule && answer.result === 'right')).length;

function calibration(all: Figures): string {
  const rows = WORDS.map((word) =>
    row(word, `${PROMISED[word] * 100} %`, all.words[word].said, all.words[word].true, percent(all.words[word].true, all.words[word].said)),
  );
  return table(['word', 'promises', 'said', 'true', 'share'], rows);
}

/** Two roles that are no blame: who noticed, and whose code broke. */
function roles(rows: readonly Outcome[]): string {
  const line = (name: string, role: 'detector' | 'victim'): string => {
    const of = (told: Outcome['detector']): number => rows.filter((one) => one[role] === told).length;
    return row(name, rows.length - of(undefined), of('right'), of('wrong'), of('silent'));
  };
  return table(
    ['role', 'rows that have one', 'right', 'another named', 'none named'],
    [line('who called KeBugCheckEx', 'detector'), line("whose code broke, where it is not the culprit's", 'victim')],
  );
}

function byKind(kinds: readonly FaultKind[], rows: readonly Outcome[]): string {
  const lines = kinds.map((kind) => {
    const of = rows.filter((one) => one.kind === kind.name);
    const { rows: number, results, accused, suspected } = tally(of);
    const naive = count(of, 'not Microsoft');
    return row(`\`${kind.name}\``, kind.says, number, results.right, results['cause only'], results.silent, results.wrong, accused, suspected, naive);
  });
  return table(['kind', 'mechanism', 'rows', 'right', 'cause only', 'silent', 'wrong', 'accused', 'suspected', 'naive right'], lines);
}

/** Wrong answers, alike ones together. */
function mistakes(rows: readonly Outcome[]): string {
  const groups = new Map<string, number[]>();
  for (const one of rows) {
    if (one.result !== 'wrong') continue;
    const { sureness, cause, culprit, rule } = one.said;
    const who =
      culprit === undefined
        ? 'nobody'
        : culprit.includes('.')
          ? one.falselyAccused
            ? 'an innocent module'
            : 'the module where it shows'
          : `the part "${culprit}"`;
    const truth = one.truth.undecidable
      ? 'the bytes do not tell'
      : `${one.truth.causes[0] ?? ''}${one.truth.culprits[0]?.includes('.') === false ? ` (${one.truth.culprits[0]})` : ''}`;
    const key = row(`\`${one.kind}\``, truth, `${sureness}: ${cause}, ${who}`, `\`${rule}\``);
    groups.set(key, [...(groups.get(key) ?? []), one.number]);
  }
  if (groups.size === 0) return 'Nowhere in this set.';
  return table(
    ['kind', 'truth', 'said', 'rule', 'rows'],
    [...groups].map(([key, numbers]) => `${key} ${numbers.join(' ')} |`),
  );
}

function unheard(kinds: readonly FaultKind[], rows: readonly Outcome[]): string {
  const silent = kinds.flatMap(({ name }) => {
    const of = rows.filter((one) => one.kind === name);
    const number = of.filter((one) => one.result === 'silent').length;
    return number === 0 ? [] : [`\`${name}\` ${number} of ${of.length}`];
  });
  return silent.length === 0 ? 'None.' : `${silent.join(' · ')}.`;
}

export function report(kinds: readonly FaultKind[], rows: readonly Outcome[]): string {
  const all = figures(rows);
  return `# What a verdict is worth
Made by \`npm run score\`; do not edit by hand. The set: ${rows.length} dumps of ${kinds.length} kinds of fault, each built from a mechanism by a builder that knows
nothing of the rules (\`workers/testing/faults\`), with its truth. Machines, drivers, addresses, leftovers on the stack, missing memory, kind of dump
and what the reader has at hand (nothing, Windows' images, their public names) vary by seed. Built faults are cleaner than life: read the figures as a comparison, not as a promise.

- *right*: cause and culprit, or an answer that the bytes cannot tell apart from it; where the bytes do not tell, accusing nobody, or at most calling a true suspect possible.
- *cause only*: the class of cause is right, nobody is named. *silent*: "not known" where it could be known. *wrong*: all else.
- *innocent accused*: a module or part that did not do it is called likely or certain; *suspected*: it is called possible.
- Brier score: mean of (promise − outcome)² over the answers; 0 is perfect, a word that promises ${PROMISED.possible * 100} % always gets 0.25. "Not known" is no forecast and is left out.
  The naive rules speak in one voice; theirs is the best that any constant promise could get.

${summary(all)}

${tellable(rows)}

${bystanders(all)}

## What each word is worth
${calibration(all)}

## Who noticed and whose code broke
${roles(rows)}

## By kind
*naive right*: first module on the stack that is not Microsoft's, by a perfect list of Microsoft's modules; no answer counts as right where there is none.

${byKind(kinds, rows)}

## Where we are wrong
${mistakes(rows)}

## Where we say nothing and could
${unheard(kinds, rows)}
`;
}
