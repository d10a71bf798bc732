/** Labels of `!analyze -v` about code: that cannot be fetched, and that is not the image's. */
import { hex, hexDigits } from '../base/hex.ts';
import type { Va } from '../base/address.ts';
import type { Session } from '../target/target.ts';
import { type CodeRange, codeRanges, corruptionKind } from '../verdict/codediff.ts';
import type { Analysis, Group } from './analysis.ts';
import { BLANK, labelSpan, two } from './analyzelabel.ts';
import { decodeAt, instructionLine } from './code.ts';
import { address, findName, plainAddress } from './names.ts';
import { type OutputNode, line } from './spec.ts';

/** "TestDriver!AccessPageableMemory+0", without 0x; "+0" where it is in no module. */
function offsetName(session: Session, at: Va): string {
  const named = findName(session, at);
  return named ? `${named.base}+${named.displacement.toString(16)}` : '+0';
}

/** A label whose value is a place and its instruction, each in a line. */
function placeBlock(session: Session, label: string, at: Va): readonly OutputNode[] {
  const code = decodeAt(session, at);
  const shown = code.ok
    ? instructionLine(session, code.value)
    : line(address(session, at), ' ', { span: 'missing', reason: code.missing, text: '??              ???' });
  return [line(labelSpan(label, ' ')), line(offsetName(session, at)), shown, BLANK];
}

/** Where the instruction pointer itself is what could not be read. */
function unfetched({ case: c }: Analysis): Va | undefined {
  const { ip, address: touched, access } = c.fault;
  return ip !== undefined && (access === 'execute' || touched === ip) ? ip : undefined;
}

export const pagedCode: Group = (analysis) => {
  const at = analysis.verdict.bucket.includes('_PAGED_IP_') ? unfetched(analysis) : undefined;
  return at === undefined ? [] : placeBlock(analysis.session, 'IP_IN_PAGED_CODE', at);
};

export const failedInstruction: Group = (analysis) => {
  const at = unfetched(analysis);
  return at === undefined ? [] : placeBlock(analysis.session, 'FAILED_INSTRUCTION_ADDRESS', at);
};

export const corruptor: Group = ({ verdict }) => {
  const kind = /^MEMORY_CORRUPTION_(\w+)$/.exec(verdict.bucket)?.[1];
  return kind === undefined ? [] : two('MEMORY_CORRUPTOR', kind);
};

/** Bytes that a line of !chkimg shows of each side, and the changes that are listed. */
const MOST_BYTES = 8;
const MOST_RANGES = 50;

const bytesOf = (bytes: Uint8Array): string => Array.from(bytes.subarray(0, MOST_BYTES), (byte) => hexDigits(byte, 2)).join(' ');

/** `    fffff1e056a1fd3c-fffff1e056a1fd3d  2 bytes - win32kfull!Fn+17c (+0x6d)` and under it `	[ 48 ff:4c 8b ]`. */
function rangeLines(session: Session, { start, found, wanted }: CodeRange, before: CodeRange | undefined): readonly OutputNode[] {
  const last = found.length > 1 ? ['-', plainAddress(session, start + BigInt(found.length - 1)), `  ${found.length} bytes`] : [];
  const gap = before ? ` (+${hexOf(start - before.start)})` : '';
  return [line('    ', plainAddress(session, start), ...last, ` - ${offsetName(session, start)}${gap}`), line(`\t[ ${bytesOf(wanted)}:${bytesOf(found)} ]`)];
}
const hexOf = (distance: bigint): string => `0x${distance.toString(16).padStart(2, '0')}`;

/** As `!chkimg -lo 50 -d` prints it, of the first module that was changed. */
export const changedCode: Group = ({ session, case: c }) => {
  const ranges = corruptionKind(c) === undefined ? [] : codeRanges(c);
  const [first] = ranges;
  if (!first) return [];
  const own = ranges.filter(({ module }) => module === first.module);
  const last = own.at(-1) ?? first;
  const errors = own.reduce((sum, range) => sum + range.found.length, 0);
  const end = hex(last.start + BigInt(last.found.length - 1)).slice(2);
  return [
    line(labelSpan('CHKIMG_EXTENSION', ' '), `!chkimg -lo ${MOST_RANGES} -d !${first.module.name}`),
    ...own.slice(0, MOST_RANGES).flatMap((range, index) => rangeLines(session, range, own[index - 1])),
    line(`${errors} errors : !${first.module.name} (${hex(first.start).slice(2)}-${end})`),
    BLANK,
  ];
};
