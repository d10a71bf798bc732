/** Whom `!analyze` names: SYMBOL_NAME, MODULE_NAME, IMAGE_NAME and what stands around them. */
import { type Va, va } from '../base/address.ts';
import { hexDigits } from '../base/hex.ts';
import { imageOf } from '../verdict/actors.ts';
import type { Module } from '../modules/module.ts';
import type { Session } from '../target/target.ts';
import type { Cause } from '../verdict/verdict.ts';
import type { Frame } from '../unwind/frame.ts';
import { type Analysis, codeOf, type Group, isUser } from './analysis.ts';
import { BLANK, labelSpan, one, two } from './analyzelabel.ts';
import { type Named, findName, frameName, plainAddress } from './names.ts';
import { type OutputNode, type Span, line, text } from './spec.ts';

interface Subject {
  readonly module: Module;
  readonly at: Va | undefined;
  /** Where it stands on the stack: its name is the frame's. */
  readonly frame?: Frame;
}

function subjectName(session: Session, { at, frame }: Subject): Named | undefined {
  if (frame) return frameName(session, frame);
  return at === undefined ? undefined : findName(session, at);
}

/** Whom the bucket names: a module of its own, or the frame that was followed up. */
function subjectOf({ session, verdict, followUp }: Analysis): Subject | undefined {
  const image = /_IMAGE_(\S+)$/.exec(verdict.bucket)?.[1];
  const place = verdict.place && session.target.modules.byName(verdict.place.module);
  const named = image === undefined ? undefined : session.target.modules.byName(image);
  // A place at offset 0 is the module as a whole: no argument points into it.
  const pointed = place === named && verdict.place?.offset !== 0n;
  if (image !== undefined) return named && { module: named, at: pointed && verdict.place ? va(named.base + verdict.place.offset) : undefined };
  if (followUp) return { module: followUp.module, at: followUp.frame.ip, frame: followUp.frame };
  return place && { module: place, at: verdict.place ? va(place.base + verdict.place.offset) : undefined };
}

/** Windows' kernel has one name on the disk and, by its processor and build, another in its symbols: WinDbg prints the latter. */
function fileOf(module: Module): string {
  const { pdb } = module.identity;
  const kernel = module.name === 'nt' && pdb.ok ? /([^\\/]+)\.pdb$/i.exec(pdb.value.file)?.[1] : undefined;
  return kernel === undefined ? imageOf(module) : `${kernel}.exe`;
}

/** Codes that name the module themselves; of 0x50 where argument 3 lies in it. Its labels then stand early. */
const NAMES_MODULE: ReadonlySet<number> = new Set([0x116, 0x117, 0x119, 0x141, 0x9f, 0x5a]);
function namedEarly(analysis: Analysis): Module | undefined {
  const { session } = analysis;
  const { bugCheck, modules } = session.target;
  const subject = pseudoModule(analysis) ? undefined : subjectOf(analysis);
  if (!bugCheck || !subject) return undefined;
  const inPlace = codeOf(session) === 0x50 && modules.find(va(bugCheck.params[2]))?.module === subject.module && subject.module.name !== 'nt';
  return inPlace || NAMES_MODULE.has(codeOf(session)) ? subject.module : undefined;
}

export const namedImage: Group = (analysis) => {
  const module = namedEarly(analysis);
  if (!module) return [];
  return [...imageLabels(module, 'early'), ...one('FAULTING_MODULE', plainAddress(analysis.session, module.base), ` ${module.name}`)];
};

/** What this routine of the pool meets was done by whoever wrote there before: WinDbg names no module for it. */
const POOL_CORRUPTION = 'Pool_Corruption';
const isPoolCorruption = ({ verdict }: Analysis): boolean => verdict.bucket.endsWith('_nt!ExDeferredFreePool');

function imageLabels(module: Module, where: 'early' | 'late'): readonly OutputNode[] {
  const name = one('MODULE_NAME', { span: 'module', name: module.name, text: module.name });
  const image = two('IMAGE_NAME', fileOf(module));
  return where === 'early' ? [...image, ...name] : [...name, ...image];
}

interface Pseudo {
  readonly module: string;
  readonly image: string;
  readonly symbol?: string;
}
const PSEUDO: readonly (readonly [bucket: RegExp, (found: RegExpExecArray) => Pseudo])[] = [
  [/ANALYSIS_INCONCLUSIVE$/, ([symbol]) => ({ module: 'Unknown_Module', image: 'Unknown_Image', symbol })],
  [/^MEMORY_CORRUPTION_ONE_BIT$/, () => ({ module: 'hardware', image: 'memory_corruption' })],
  [/^MEMORY_CORRUPTION_/, () => ({ module: 'memory_corruption', image: 'memory_corruption' })],
  [/_IMAGE_(GenuineIntel|AuthenticAMD)\.sys$/, ([, maker = '']) => ({ module: maker, image: `${maker}.sys` })],
  [/^(LKD_)?0x124_(?!.*_IMAGE_)/, () => ({ module: 'hardware', image: 'hardware' })],
  [/_(heap_corruption)!\S+$/, ([found, module = '']) => ({ module, image: module, symbol: found.slice(1) })],
  [/_([^_]\S*?)!unknown_error_in_process$/, () => ({ module: '', image: '', symbol: 'unknown_error_in_process' })],
];

/** Modules that are none: WinDbg's names for what no driver and no code of a program did. */
function pseudoModule({ verdict, session }: Analysis): Pseudo | undefined {
  for (const [pattern, of] of PSEUDO) {
    const found = pattern.exec(verdict.bucket);
    if (found) return placed(of(found), session);
  }
  return undefined;
}

/** Code of no module: the program itself stands for it. */
function placed(pseudo: Pseudo, { target }: Session): Pseudo {
  const [program] = target.modules.modules;
  if (pseudo.module !== '' || !program) return pseudo;
  return { module: program.name, image: imageOf(program), symbol: `${imageOf(program)}!${pseudo.symbol ?? ''}` };
}

export const symbolLabels: Group = (analysis) => {
  const { session, verdict } = analysis;
  const pseudo = pseudoModule(analysis);
  if (pseudo) {
    const symbol = pseudo.symbol === undefined ? [] : two('SYMBOL_NAME', pseudo.symbol);
    return [...symbol, ...one('MODULE_NAME', pseudo.module), ...two('IMAGE_NAME', pseudo.image), ...stackCommand(analysis)];
  }
  const subject = subjectOf(analysis);
  if (!subject) return stackCommand(analysis);
  const { module } = subject;
  const named = subjectName(session, subject);
  const offset = named?.displacement.toString(16);
  const version = module.version.ok ? two('IMAGE_VERSION', module.version.value) : [];
  return [
    ...(named ? two('SYMBOL_NAME', { span: 'module', name: module.name, text: `${named.base}+${offset ?? ''}` }) : []),
    ...lateImage(analysis, module),
    ...(isUser(session) ? [] : version),
    ...stackCommand(analysis),
    ...(offset === undefined || isUser(session) || verdict.bucket.includes('_IMAGE_') ? [] : two('BUCKET_ID_FUNC_OFFSET', offset)),
  ];
};

function lateImage(analysis: Analysis, module: Module): readonly OutputNode[] {
  if (isPoolCorruption(analysis)) return [...one('MODULE_NAME', POOL_CORRUPTION), ...two('IMAGE_NAME', POOL_CORRUPTION)];
  return namedEarly(analysis) ? [] : imageLabels(module, 'late');
}

/** An application's version stands at the end, behind the system's. */
export const appVersion: Group = (analysis) => {
  const module = isUser(analysis.session) && !pseudoModule(analysis) ? subjectOf(analysis)?.module : undefined;
  return module?.version.ok ? two('IMAGE_VERSION', module.version.value) : [];
};

/** The line of the source, by the symbols; the text of the file is not at hand. */
export const sourceLabels: Group = (analysis) => {
  const frame = pseudoModule(analysis) ? undefined : subjectOf(analysis)?.frame;
  const source = frame?.symbol.ok ? frame.symbol.value.source : undefined;
  if (!source?.ok) return [];
  const { file, line: row } = source.value;
  return [
    ...two('FAULTING_SOURCE_LINE', file),
    ...two('FAULTING_SOURCE_FILE', file),
    ...two('FAULTING_SOURCE_LINE_NUMBER', String(row)),
    line(labelSpan('FAULTING_SOURCE_CODE', '  ')),
    line(`No source found for '${file}'`),
    BLANK,
  ];
};

/** The command that shows this stack here too; WinDbg's `.process` needs what the console does not have. */
function stackCommand({ session, followed }: Analysis): readonly OutputNode[] {
  const { context, crashThread } = session.target;
  const digits = (at: Va): string => `0x${hexDigits(at, session.memory.pointerSize * 2)}`;
  const own = context.ok && context.value.source === 'context-record' ? context.value.at : undefined;
  const at = followed ? followed.at : own;
  if (followed?.thread !== undefined) return stackCommandOf(`.thread ${digits(followed.thread)} ; kb`);
  if (at !== undefined) return stackCommandOf(`.cxr ${digits(at)} ; kb`);
  return stackCommandOf(isUser(session) && crashThread.ok ? `~${crashThread.value}s ; .ecxr ; kb` : '.ecxr ; kb');
}
const stackCommandOf = (typed: string): readonly OutputNode[] => two('STACK_COMMAND', { span: 'command', line: typed, text: typed });

/** What is to blame where the verdict names no module; memory damaged by nobody known is WinDbg's "memory_corruption". */
const UNNAMED: Partial<Readonly<Record<Cause, string>>> = { hardware: 'hardware', 'memory-corruption': 'memory_corruption' };

/** What `!analyze` without -v says of whom. A place in code of another than the verdict names accuses nobody: it stands on a line of its own. */
export function blamedLines(analysis: Analysis): readonly OutputNode[] {
  const { verdict } = analysis;
  const label = 'Probably caused by : ';
  const pseudo = pseudoModule(analysis);
  if (pseudo) return [line(label, pseudo.image)];
  const subject = subjectOf(analysis);
  const place = subject ? placeSpans(analysis, subject) : [];
  const blamed = verdict.culprit?.module;
  if (subject && blamed?.toLowerCase() === imageOf(subject.module).toLowerCase()) return [line(label, ...place)];
  return [line(label, blamed ?? UNNAMED[verdict.cause] ?? 'not known'), ...(subject ? [line('Place              : ', ...place)] : [])];
}

function placeSpans(analysis: Analysis, subject: Subject): readonly Span[] {
  const named = subjectName(analysis.session, subject);
  const image: Span = { span: 'module', name: subject.module.name, text: isPoolCorruption(analysis) ? POOL_CORRUPTION : fileOf(subject.module) };
  return named ? [image, text(' ( '), { span: 'module', name: named.module, text: `${named.base}+${named.displacement.toString(16)}` }, text(' )')] : [image];
}
