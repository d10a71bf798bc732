/** The arguments of a stop, or the exception's parameters, with this dump's values put into words. */
import { va } from '../base/address.ts';
import { hex } from '../base/hex.ts';
import { baseBugCheck } from '../knowledge/bugchecks.ts';
import type { BugCheckEntry } from '../knowledge/knowledge.ts';
import type { Session } from '../target/target.ts';
import { imageOf } from './actors.ts';
import { classifyAddress, irqlName, onlyBit } from './address.ts';
import { statusWords } from './case.ts';
import { accessOf, accessOfParameter } from './fault.ts';

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
function tableMeaning(entry: BugCheckEntry | undefined, index: Index, params: readonly bigint[]): { readonly words: string; readonly chosen: boolean } {
  const rows = entry?.subCodes.filter((sub) => params[sub.param - 1] === sub.value && applies(sub.when, params)) ?? [];
  const own = rows.find((sub) => sub.param === index);
  const general = entry?.parameters.find((parameter) => parameter.index === index)?.meaning;
  if (own) return { words: general === undefined || /^(see|depends)/.test(general) ? own.meaning : `${general}: ${own.meaning}`, chosen: true };
  const set = rows.find((sub) => sub.sets[index] !== undefined)?.sets[index];
  return { words: set ?? general ?? 'not documented', chosen: false };
}

/** What the value itself says, by what the words announce. */
function valueWords(session: Session, announced: string, index: Index): string | undefined {
  const { bugCheck } = session.target;
  const value = bugCheck?.params[index - 1] ?? 0n;
  const code = bugCheck ? baseBugCheck(bugCheck.code) : 0;
  if (/\bIRQL\b/.test(announced) && value < 256n) return irqlName(value);
  if (/access kind|read or write|operation kind|access type/i.test(announced)) return accessOf(code, value, session.target);
  if (/NTSTATUS|status|exception code|error code/i.test(announced) && looksLikeStatus(value)) return statusWords(session.knowledge, value);
  if (code === 0x1a && (index === 3 || index === 4) && bugCheck?.params[0] === 0x41792n) return bitWords(value);
  return addressWords(session, announced, value);
}

const looksLikeStatus = (value: bigint): boolean => value !== 0n && (value >> 32n === 0n || value >> 32n === 0xffff_ffffn);

function bitWords(value: bigint): string | undefined {
  const bit = onlyBit(value);
  return bit === undefined ? undefined : `exactly one bit set: bit ${String(bit)}`;
}

const ADDRESS_WORDS = /address|instruction|object|IRP|thread|record|frame|context|pointer|block|PDO|MDL|heap|routine|module|driver|URB|trap|PRCB|lock|list/i;

function addressWords(session: Session, announced: string, value: bigint): string | undefined {
  const { target } = session;
  const kind = classifyAddress(va(value), { modules: target.modules, pointerSize: target.memory.pointerSize });
  if (kind.kind === 'module' || kind.kind === 'unloaded') return kind.words;
  if (!ADDRESS_WORDS.test(announced)) return undefined;
  if (kind.kind === 'null') return 'none';
  return kind.words;
}

function commandFor(code: number, index: Index, value: bigint): string {
  const at = hex(value);
  const special: Readonly<Record<string, string>> = {
    '126/3': `.exr ${at}`,
    '126/4': `.cxr ${at}`,
    '59/3': `.cxr ${at}`,
    '313/2': `.trap ${at}`,
    '313/3': `.exr ${at}`,
    '142/3': `.trap ${at}`,
    '36/2': `.exr ${at}`,
    '36/3': `.cxr ${at}`,
  };
  return value === 0n ? '.bugcheck' : (special[`${String(code)}/${String(index)}`] ?? (value > 0xffffn ? `ln ${at}` : '.bugcheck'));
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
    const status = /^\d$/.test(String(index)) && [0x1e, 0x3b, 0x7e, 0x8e].includes(code) && index === 1 ? statusWords(session.knowledge, value) : undefined;
    const words = status ?? seen;
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

function exceptionWords(session: Session, code: number, one: { readonly index: number; readonly value: bigint }): string {
  const { index, value } = one;
  const memory = code === 0xc0000005 || code === 0xc0000006;
  if (memory && index === 0) return `access kind: ${accessOfParameter(value) ?? hex(value)}`;
  if (memory && index === 1) {
    const { target } = session;
    const masked = target.memory.pointerSize === 4 ? value & 0xffff_ffffn : value;
    return `address touched: ${classifyAddress(masked, { modules: target.modules, pointerSize: target.memory.pointerSize }).words}`;
  }
  if (code === 0xc0000006 && index === 2) return `status of the read: ${statusWords(session.knowledge, value)}`;
  if ((code === 0xc0000409 || code === 0xc0000602) && index === 0)
    return `fast fail: ${session.knowledge.fastFail(Number(value & 0xffff_ffffn))?.name ?? hex(value)}`;
  if (code === 0xe06d7363)
    return ['magic number of the C++ runtime', 'the thrown object', 'its ThrowInfo', 'image base of the ThrowInfo'][index] ?? 'runtime data';
  const place = session.target.modules.find(va(value));
  return place ? `inside ${imageOf(place.module)}` : 'a value of the raiser';
}

export function readParameters(session: Session): readonly ParameterReading[] {
  return session.target.bugCheck ? bugCheckParameters(session) : exceptionParameters(session);
}
