/** The arguments of a stop, or the exception's parameters, with this dump's values put into words. */
import { va } from '../base/address.ts';
import { hex } from '../base/hex.ts';
import { baseBugCheck } from '../knowledge/bugchecks.ts';
import type { BugCheckEntry } from '../knowledge/knowledge.ts';
import type { Session, Target } from '../target/target.ts';
import { imageOf } from './actors.ts';
import { type AddressWorld, classifyAddress, irqlName, onlyBit } from './address.ts';
import { statusWords } from './case.ts';
import { accessOf, accessOfParameter, optional } from './fault.ts';
import { findPrcb, prcbNumber } from './prcb.ts';
import { processTold } from './processname.ts';

export interface ParameterReading {
  readonly label: string;
  readonly value: bigint;
  readonly meaning: string;
  readonly command: string;
}

type Index = 1 | 2 | 3 | 4;
const INDICES: readonly Index[] = [1, 2, 3, 4];

/** Every column in `when` must hold. */
function applies(when: Readonly<Partial<Record<Index, bigint>>> | undefined, params: readonly bigint[]): boolean {
  return when === undefined || Object.entries(when).every(([index, wanted]) => params[Number(index) - 1] === wanted);
}

/** The table's words: the row this argument chooses, else what another argument's row makes of it, else the general meaning. */
export function tableMeaning(entry: BugCheckEntry | undefined, index: Index, params: readonly bigint[]): { readonly words: string; readonly chosen: boolean } {
  const rows = entry?.subCodes.filter((sub) => params[sub.param - 1] === sub.value && applies(sub.when, params)) ?? [];
  const own = rows.find((sub) => sub.param === index);
  const general = entry?.parameters.find((parameter) => parameter.index === index)?.meaning;
  if (own) return { words: general === undefined || /^(see|depends|which case)/.test(general) ? own.meaning : `${general}: ${own.meaning}`, chosen: true };
  const set = rows.find((sub) => sub.sets[index] !== undefined)?.sets[index];
  const words = set ?? general ?? 'not documented';
  return { words: words === '0' ? 'reserved' : words, chosen: false };
}

/** What the value itself says, by what the words announce. */
function valueWords(session: Session, announced: string, index: Index): string | undefined {
  const value = session.target.bugCheck?.params[index - 1] ?? 0n;
  for (const [pattern, read] of VALUE_READERS) {
    const words = pattern.test(announced) ? read(session, value) : undefined;
    if (words !== undefined) return words;
  }
  return pageTableBit(session, index, value) ?? ownObject(session, announced, value) ?? addressWords(session, announced, value);
}

/** The thread and process that ran, and the block of a processor: an address alone would say only "kernel memory". */
function ownObject({ target }: Session, announced: string, value: bigint): string | undefined {
  const thread = target.crashThread.ok ? target.threads[target.crashThread.value] : undefined;
  if (thread?.object === value) return 'the thread that was running';
  if (target.process.object === value) return `the process that was running${nameOf(target)}`;
  const number = /PRCB/i.test(announced) ? prcbNumber(target, va(value)) : undefined;
  return number !== undefined && findPrcb(target, number) === value ? `the KPRCB of processor ${String(number)}` : undefined;
}

function nameOf(target: Target): string {
  const name = processTold(target);
  return name.ok ? `, ${name.value}` : '';
}

const currentCode = (session: Session): number => baseBugCheck(session.target.bugCheck?.code ?? 0);

/** By what the words announce. */
const VALUE_READERS: readonly (readonly [RegExp, (session: Session, value: bigint) => string | undefined])[] = [
  [/period|ticks|timeout|milliseconds|\(ms\)|seconds/i, (_session, value) => (value > 9n && value < 0x1_0000_0000n ? value.toString() : undefined)],
  [/\bIRQL\b/, (_session, value) => (value < 256n ? irqlName(value) : undefined)],
  [/access kind|read or write|operation kind|access type/i, (session, value) => accessOf(currentCode(session), value, session.target)],
  [/NTSTATUS|status|exception code|error code/i, (session, value) => (looksLikeStatus(value) ? statusWords(session.knowledge, value) : undefined)],
];

/** 0x1A/41792: arguments 3 and 4 are the halves of a page table entry that should be empty. */
function pageTableBit(session: Session, index: Index, value: bigint): string | undefined {
  return currentCode(session) === 0x1a && index > 2 && session.target.bugCheck?.params[0] === 0x41792n ? bitWords(value) : undefined;
}

const looksLikeStatus = (value: bigint): boolean => value !== 0n && (value >> 32n === 0n || value >> 32n === 0xffff_ffffn);

function bitWords(value: bigint): string | undefined {
  const bit = onlyBit(value);
  return bit === undefined ? undefined : `exactly one bit set: bit ${String(bit)}`;
}

function worldOf(session: Session): AddressWorld {
  const { target } = session;
  const thread = target.crashThread.ok ? target.threads[target.crashThread.value] : undefined;
  return {
    ...{ modules: target.modules, pointerSize: target.memory.pointerSize, user: target.kind === 'user' },
    ...optional('stack', thread?.stackRange.ok ? thread.stackRange.value : undefined),
  };
}

const ADDRESS_WORDS = /address|instruction|object|IRP|thread|record|frame|context|pointer|block|PDO|MDL|heap|routine|module|driver|URB|trap|PRCB|lock|list/i;

function addressWords(session: Session, announced: string, value: bigint): string | undefined {
  const kind = classifyAddress(va(value), worldOf(session));
  if (kind.kind === 'module' || kind.kind === 'unloaded') return kind.words;
  if (!ADDRESS_WORDS.test(announced)) return undefined;
  // Words such as "lock type or PTE address" leave it open: a small number is the first.
  if (value < 0x1_0000n && (!/address|pointer/i.test(announced) || /\bor\b/.test(announced))) return undefined;
  if (kind.kind === 'null') return 'none';
  return kind.words;
}

function commandFor(code: number, index: Index, value: bigint): string {
  const at = hex(value);
  const special: Readonly<Record<string, string>> = {
    '126/3': `.exr ${at}`,
    '126/4': `.cxr ${at}`,
    '59/3': `.cxr ${at}`,
    '309/2': `.cxr ${at}`,
    '313/2': `.trap ${at}`,
    '313/3': `.exr ${at}`,
    '142/3': `.trap ${at}`,
    '36/2': `.exr ${at}`,
    '36/3': `.cxr ${at}`,
  };
  if (looksLikeStatus(value) && (value & 0x8000_0000n) !== 0n) return `!error ${hex(value & 0xffff_ffffn)}`;
  return value === 0n ? '.bugcheck' : (special[`${String(code)}/${String(index)}`] ?? (value > 0xffffn ? `ln ${at}` : '.bugcheck'));
}

const WITH_STATUS: ReadonlySet<number> = new Set([0x1e, 0x3b, 0x7e, 0x8e, 0x135]);

/** Codes that carry an exception: its code in P1, and for 0x1E the exception's own two parameters in P3 and P4. */
function exceptionArgument(session: Session, code: number, one: { readonly index: Index; readonly value: bigint }): string | undefined {
  if (!WITH_STATUS.has(code)) return undefined;
  if (one.index === 1) return statusWords(session.knowledge, one.value);
  const status = Number((session.target.bugCheck?.params[0] ?? 0n) & 0xffff_ffffn);
  return code === 0x1e && one.index > 2 ? EXCEPTIONS[status]?.[one.index - 3]?.(session, one.value) : undefined;
}

function bugCheckParameters(session: Session): ParameterReading[] {
  const { bugCheck } = session.target;
  if (!bugCheck) return [];
  const entry = session.knowledge.bugCheck(bugCheck.code);
  const code = baseBugCheck(bugCheck.code);
  return INDICES.map((index) => {
    const value = bugCheck.params[index - 1] ?? 0n;
    const announced = tableMeaning(entry, index, bugCheck.params);
    const seen = announced.chosen && value < 0x1_0000n ? undefined : valueWords(session, announced.words, index);
    const words = exceptionArgument(session, code, { index, value }) ?? seen;
    return {
      label: `P${String(index)}`,
      value,
      meaning: words === undefined ? announced.words : `${announced.words}: ${words}`,
      command: commandFor(code, index, value),
    };
  });
}

/** Parameters of a Windows exception; of another system's only the numbers. */
function exceptionParameters(session: Session): ParameterReading[] {
  const { exception } = session.target;
  if (!exception) return [];
  const windows = session.target.os.family === 'Windows';
  return exception.parameters.map((value, index) => ({
    label: `Parameter[${String(index)}]`,
    value,
    meaning: windows ? exceptionWords(session, exception.code, { index, value }) : 'a number of the system',
    command: '.exr -1',
  }));
}

type Reader = (session: Session, value: bigint) => string;
const accessReader: Reader = (_session, value) => `access kind: ${accessOfParameter(value) ?? hex(value)}`;
const addressReader: Reader = (session, value) => {
  const masked = session.target.memory.pointerSize === 4 ? value & 0xffff_ffffn : value;
  return `address touched: ${classifyAddress(masked, worldOf(session)).words}`;
};
const failFastReader: Reader = (session, value) => `fast fail: ${session.knowledge.fastFail(Number(value & 0xffff_ffffn))?.name ?? hex(value)}`;
const fixed =
  (words: string): Reader =>
  () =>
    words;

/** What the parameters of known exceptions mean, in order (winnt.h; the C++ runtime's throw record). */
const EXCEPTIONS: Readonly<Record<number, readonly Reader[]>> = {
  0xc0000005: [accessReader, addressReader],
  0xc0000006: [accessReader, addressReader, (session, value) => `status of the read: ${statusWords(session.knowledge, value)}`],
  0xc0000409: [failFastReader],
  0xc0000602: [failFastReader],
  0xe06d7363: ['magic number of the C++ runtime', 'the thrown object', 'its ThrowInfo', 'image base of the ThrowInfo'].map(fixed),
};

function exceptionWords(session: Session, code: number, one: { readonly index: number; readonly value: bigint }): string {
  const reader = EXCEPTIONS[code]?.[one.index];
  if (reader) return reader(session, one.value);
  const place = session.target.modules.find(va(one.value));
  return place ? `inside ${imageOf(place.module)}` : 'a value of the raiser';
}

export function readParameters(session: Session): readonly ParameterReading[] {
  return session.target.bugCheck ? bugCheckParameters(session) : exceptionParameters(session);
}
