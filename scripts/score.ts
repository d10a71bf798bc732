/**
 * `npm run score`: judges the built faults, writes docs/calibration.md and raises the floors in bench/score.json.
 * `--rows N` rows a kind. These print and write nothing: `--kind TEXT` only kinds whose name holds it, row by row;
 * `--first N` rows from another number on, which no rule has been looked at with.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { KINDS } from '../workers/testing/faults/kinds.ts';
import { type Outcome, outcomeOf } from '../workers/testing/node/score/outcome.ts';
import { report } from '../workers/testing/node/score/report.ts';
import { raiseFloors, sampleRows } from '../workers/testing/node/score/floors.ts';

const { values } = parseArgs({ options: { rows: { type: 'string', default: '6' }, kind: { type: 'string' }, first: { type: 'string' } } });
const count = Number(values.rows);
const first = Number(values.first ?? '0');
const only = values.kind;
const kinds = KINDS.filter(({ name }) => only === undefined || name.includes(only));

function line({ kind, number, result, falselyAccused, said, truth }: Outcome): string {
  const who = `${said.culprit ?? 'nobody'} (truth: ${truth.undecidable ? 'not to be known' : (truth.culprits[0] ?? 'nobody')})`;
  return `${kind} ${number}: ${result}${falselyAccused ? ', INNOCENT ACCUSED' : ''} – ${said.sureness} ${said.cause} ${who} by ${said.rule}`;
}

const rows = kinds.flatMap((kind) => Array.from({ length: count }, (_, index) => outcomeOf(kind, first + index)));
if (only !== undefined) for (const one of rows) console.log(line(one));
else {
  const text = report(KINDS, rows);
  if (first === 0) writeFileSync(new URL('../docs/calibration.md', import.meta.url), text);
  console.log(text.slice(text.indexOf('| of '), text.indexOf('## By kind')));
  if (first === 0) for (const worse of raiseFloors(sampleRows())) console.log(`worse than the floor: ${worse}`);
}
