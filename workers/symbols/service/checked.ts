/** What a file must pass before it is kept or used: unpacked where it is a cabinet, then the identity inside it is the one that was asked for. */
import type { Problem } from '../../base/problem.ts';
import type { Effects, Failure, FileBody } from './effects.ts';
import { sniff } from './sniff.ts';
import type { Want } from './want.ts';

const CODES: ReadonlySet<string> = new Set<Failure['code']>(['MISMATCH', 'BAD_PDB', 'BAD_PE', 'BAD_CAB', 'TOO_LARGE']);

/** A parser's problem as a failure of the want. */
function failureOf(problem: Problem): Failure {
  return { code: CODES.has(problem.code) ? (problem.code as Failure['code']) : 'BAD_PDB', detail: problem.detail };
}

export function badFile(want: Want, detail: string): Failure {
  return { code: want.kind === 'pdb' ? 'BAD_PDB' : 'BAD_PE', detail };
}

export async function unpackBody(
  want: Want,
  body: FileBody,
  { formats }: Effects,
): Promise<{ readonly ok: true; readonly body: FileBody } | { readonly ok: false; readonly failure: Failure }> {
  const kind = sniff(body.source.readBlock(0, 64));
  if (kind === 'empty') return { ok: false, failure: badFile(want, 'a file of zero bytes') };
  if (kind !== 'cab') return { ok: true, body };
  const unpacked = await formats.unpackCab(body.source);
  return unpacked.ok ? { ok: true, body: unpacked.value } : { ok: false, failure: failureOf(unpacked.problem) };
}

export function checkIdentity(want: Want, body: FileBody, { formats }: Effects): Failure | undefined {
  const result = want.kind === 'pdb' ? checkNames(want, body, formats) : formats.checkImage(body.source, want.identity);
  return result.ok ? undefined : failureOf(result.problem);
}

/** Names come as a PDB or as a Breakpad symbol file. */
function checkNames({ identity }: Extract<Want, { kind: 'pdb' }>, { source }: FileBody, formats: Effects['formats']) {
  return sniff(source.readBlock(0, 64)) === 'sym' ? formats.checkSym(source, identity) : formats.checkPdb(source, identity);
}
