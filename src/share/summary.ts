/**
 * What a share link holds: one flat record. Each field has a class: `public` and `module` stand in the default,
 * `machine` and `person` only where the sender ticks them (design: page, security and privacy).
 */
import type { FirstFacts, ModuleRow, StackView, UnloadedRow, VerdictView, Words } from '../../workers/api/analysis.ts';
import { hex } from '../engine/values.ts';
import { formatDate } from '../text/format.ts';
import { Redactor } from './redact.ts';

export type ShareClass = 'public' | 'module' | 'machine' | 'person';

export interface SharedEvidence {
  readonly weighs: string;
  readonly how: string;
  readonly says: string;
  readonly exact: string;
  readonly command: string;
}
export interface SharedFrame {
  readonly trust: string;
  readonly at: string;
}
export interface SharedDriver {
  readonly name: string;
  readonly version: string;
  readonly built: string;
}
export interface Summary {
  readonly v: 1;
  readonly kind: string;
  readonly arch: string;
  readonly os: string;
  readonly code: string;
  readonly codeName: string;
  readonly parameters: readonly string[];
  readonly sureness: string;
  readonly cause: string;
  readonly headline: string;
  readonly headlineExact: string;
  readonly culprit: string;
  readonly place: string;
  readonly bucket: string;
  readonly rule: string;
  readonly explanation: readonly string[];
  readonly steps: readonly string[];
  readonly evidence: readonly SharedEvidence[];
  readonly settle: readonly string[];
  readonly frames: readonly SharedFrame[];
  readonly drivers: readonly SharedDriver[];
  readonly time?: string;
  readonly uptime?: number;
  readonly process?: string;
  readonly file?: string;
}

/** `names`: names of modules that are not publicly known; it decides over parts of other fields, so it is no field itself. */
export type Addition = 'time' | 'names' | 'process' | 'file';

export const FIELD_CLASS: Readonly<Record<keyof Summary, ShareClass>> = {
  v: 'public',
  kind: 'public',
  arch: 'public',
  os: 'public',
  code: 'public',
  codeName: 'public',
  parameters: 'public',
  sureness: 'public',
  cause: 'public',
  headline: 'module',
  headlineExact: 'module',
  culprit: 'module',
  place: 'module',
  bucket: 'module',
  rule: 'public',
  explanation: 'module',
  steps: 'module',
  evidence: 'module',
  settle: 'module',
  frames: 'module',
  drivers: 'module',
  time: 'machine',
  uptime: 'machine',
  process: 'person',
  file: 'person',
};

export interface ShareParts {
  readonly facts: FirstFacts;
  readonly verdict: VerdictView;
  readonly loaded: readonly ModuleRow[];
  readonly unloaded: readonly UnloadedRow[];
  readonly stack: StackView | null;
  readonly processName: string | null;
}

const MAX_FRAMES = 24;
const MAX_DRIVERS = 60;

function codeOf(facts: FirstFacts): { code: string; codeName: string } {
  const stop = facts.bugCheck ?? facts.exception;
  return stop ? { code: hex(stop.code), codeName: stop.name } : { code: '', codeName: '' };
}

function framesOf(parts: ShareParts, say: (text: string) => string): SharedFrame[] {
  return (parts.stack?.frames ?? []).slice(0, MAX_FRAMES).map((frame) => {
    // A function's name in a private module is as private as the module's.
    const named = frame.symbol.ok && frame.module !== null && say(frame.module) === frame.module;
    const place = frame.moduleOffset === null ? hex(frame.ip) : `${frame.module}+${hex(frame.moduleOffset)}`;
    return {
      trust: frame.trust,
      at: say(named && frame.symbol.ok ? `${frame.module}!${frame.symbol.value.name}+${hex(frame.symbol.value.displacement)}` : place),
    };
  });
}

/** Drivers of other makers, which is what a helper asks for; Microsoft's follow from the build. */
function driversOf(parts: ShareParts, names: boolean): SharedDriver[] {
  return parts.loaded
    .filter((module) => (module.owner === null ? names : module.owner !== 'Microsoft'))
    .slice(0, MAX_DRIVERS)
    .map((module) => ({
      name: module.imageName.split(/[\\/]/).at(-1) ?? module.imageName,
      version: module.version.ok ? module.version.value : '',
      built: module.timestamp.ok && module.timestampIsDate ? formatDate(module.timestamp.value * 1000) : '',
    }));
}

function culpritOf(verdict: VerdictView): string {
  return [verdict.culprit?.module, verdict.culprit?.part].filter(Boolean).join(', ');
}
function placeOf({ place }: VerdictView): string {
  return place ? `${place.module}+${hex(place.offset)}` : '';
}

export function buildSummary(parts: ShareParts, additions: ReadonlySet<Addition>): Summary {
  const { facts, verdict } = parts;
  const redactor = new Redactor(parts, additions);
  const say = (text: string): string => redactor.clean(text);
  const helper = (words: Words): string => say(words.helper);
  const evidence = verdict.evidence
    .filter((row) => !row.private)
    .map((row): SharedEvidence => ({
      weighs: row.weighs,
      how: row.how,
      says: helper(row.words),
      exact: say(row.words.developer),
      command: say(row.command),
    }));
  const against = verdict.against.map((words): SharedEvidence => ({ weighs: 'against', how: '', says: helper(words), exact: '', command: '' }));
  return {
    v: 1,
    kind: facts.kindWords,
    arch: facts.arch,
    os: facts.os.ok ? say(facts.os.value) : '',
    ...codeOf(facts),
    parameters: verdict.parameters.map((parameter) => `${hex(parameter.value)} ${say(parameter.meaning)}`.trim()),
    sureness: verdict.sureness,
    cause: verdict.cause,
    headline: say(verdict.headline.owner),
    headlineExact: say(verdict.headline.developer),
    culprit: say(culpritOf(verdict)),
    place: say(placeOf(verdict)),
    bucket: say(verdict.bucket),
    rule: verdict.rule,
    explanation: verdict.explanation.map((words) => say(words.owner)),
    steps: verdict.steps.map((step) => say(step.copy ? `${step.words.owner} ${step.copy}` : step.words.owner)),
    evidence: [...evidence, ...against],
    settle: verdict.wouldSettle.map(helper),
    frames: framesOf(parts, say),
    drivers: driversOf(parts, additions.has('names')),
    ...(additions.has('time') && facts.crashTimeMs.ok ? { time: new Date(facts.crashTimeMs.value).toISOString() } : {}),
    ...(additions.has('time') && facts.uptimeSeconds.ok ? { uptime: Math.round(facts.uptimeSeconds.value) } : {}),
    ...(additions.has('process') && parts.processName ? { process: parts.processName } : {}),
    ...(additions.has('file') ? { file: facts.fileName } : {}),
  };
}

/** Which additions this dump has anything for; `names` with the names themselves, for the sender to see. */
export function offeredAdditions(parts: ShareParts): readonly { readonly key: Addition; readonly what: readonly string[] }[] {
  const names = Redactor.privateNames(parts);
  return [
    ...(parts.facts.crashTimeMs.ok || parts.facts.uptimeSeconds.ok ? [{ key: 'time' as const, what: [] }] : []),
    ...(names.length > 0 ? [{ key: 'names' as const, what: names }] : []),
    ...(parts.processName ? [{ key: 'process' as const, what: [parts.processName] }] : []),
    { key: 'file' as const, what: [parts.facts.fileName] },
  ];
}
