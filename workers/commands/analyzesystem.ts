/** Labels of `!analyze -v` that say what ran: the system's build, and how the program was started. */
import { vaAdd } from '../base/address.ts';
import type { Session } from '../target/target.ts';
import { isVerifiedApp } from '../verdict/userbucket.ts';
import { type Group, isUser } from './analysis.ts';
import { BLANK, labelSpan, one, two } from './analyzelabel.ts';
import { type OutputNode, line } from './spec.ts';

export interface BuildLab {
  /** "10.0.19041.1". */
  readonly version: string;
  /** "vb_release". */
  readonly branch: string;
}

const MOST_TEXT = 128;
/** "19041.1.amd64fre.vb_release.191206-1406": NtBuildLab of Windows 10 and 11. */
const LAB = /^(\d{5})\.(\d+)\.[a-z0-9]+\.(\w+)\.\d{6}-\d{4}/;

/** nt!NtBuildLab, where KDBG leads to it and the dump holds it. */
export function buildLab({ target: { kernelPointers, memory } }: Session): BuildLab | undefined {
  const at = kernelPointers['NtBuildLab'];
  if (at === undefined) return undefined;
  const { bytes, got } = memory.read(at, MOST_TEXT);
  const [, build, revision, branch] = LAB.exec(String.fromCharCode(...bytes.subarray(0, got))) ?? [];
  return build === undefined || revision === undefined || branch === undefined ? undefined : { version: `10.0.${build}.${revision}`, branch };
}

export const system: Group = ({ session }) => {
  const { os, arch } = session.target;
  const lab = buildLab(session);
  // WinDbg says "Windows 10" of Windows 11 too; what it is stands in vertarget.
  const old = os.build.ok && os.build.value < 10240;
  const name = os.family === 'Windows' ? (old && os.name.ok ? os.name.value : 'Windows 10') : os.family;
  return [...(lab ? [...two('OS_VERSION', lab.version), ...two('BUILDLAB_STR', lab.branch)] : []), ...two('OSPLATFORM_TYPE', arch), ...two('OSNAME', name)];
};

/** PEB.NtGlobalFlag (vergiliusproject.com, x64 and x86 of all builds). */
const GLOBAL_FLAG = { 8: 0xbc, 4: 0x68 } as const;

function globalFlag({ target: { process, memory } }: Session): readonly OutputNode[] {
  const flag = process.peb?.ok ? memory.u32(vaAdd(process.peb.value, GLOBAL_FLAG[memory.pointerSize])) : undefined;
  return flag?.ok ? two('NTGLOBALFLAG', flag.value.toString(16)) : [];
}

/** Whoever wrote the dump of an application may have left words in it. */
function comment({ target }: Session): readonly OutputNode[] {
  const rows = target.facts.flatMap(({ group, value }) => (group === 'comment' && value.ok ? value.value.trimEnd().split(/\r?\n/) : []));
  return rows.length === 0 ? [] : [line(labelSpan('COMMENT', '  ')), ...rows.map((row) => line(row)), BLANK];
}

export const started: Group = ({ session, case: c }) =>
  isUser(session) ? [...comment(session), ...globalFlag(session), ...(isVerifiedApp(c) ? one('APPLICATION_VERIFIER_LOADED', '1') : [])] : [];
