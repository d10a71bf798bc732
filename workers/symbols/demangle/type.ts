/** A C++ type as text around the place of its declarator: "int (__cdecl *" … ")(void)". */
import type { NameStyle } from './style.ts';

export const CONST = 1;
export const VOLATILE = 2;
export const RESTRICT = 4;
export const UNALIGNED = 8;

const QUALIFIER_WORDS: readonly (readonly [number, string])[] = [
  [CONST, 'const'],
  [VOLATILE, 'volatile'],
  [RESTRICT, '__restrict'],
];

export interface PlainType {
  readonly kind: 'plain' | 'pointer' | 'array';
  /** Qualifiers stand at the sign of a pointer without a space. */
  readonly tight?: boolean;
  readonly before: string;
  readonly qualifiers: number;
  readonly after: string;
}

export interface FunctionType {
  readonly kind: 'function';
  /** Constructors and destructors have none. */
  readonly result: Type | undefined;
  readonly calling: string;
  /** In brackets. */
  readonly parameters: string;
  readonly qualifiers: number;
  /** noexcept, & and &&. */
  readonly tail: string;
}

export type Type = PlainType | FunctionType;

export const plain = (text: string): PlainType => ({ kind: 'plain', before: text, qualifiers: 0, after: '' });

export function withQualifiers<T extends Type>(type: T, qualifiers: number): T {
  return qualifiers === 0 ? type : { ...type, qualifiers: type.qualifiers | qualifiers };
}

function qualifierText(qualifiers: number, spaced: boolean): string {
  if (qualifiers === 0) return '';
  let text = '';
  for (const [bit, word] of QUALIFIER_WORDS) if (qualifiers & bit) text += (spaced || text ? ' ' : '') + word;
  return text;
}

/** Between a word or a template and what follows; llvm-undname leaves none behind an underscore. */
export function spaced(text: string, { spacedWords }: NameStyle): string {
  const code = text.charCodeAt(text.length - 1);
  const word =
    (spacedWords && code === 0x5f) || (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x3e;
  return word ? `${text} ` : text;
}

/** What stands before the declarator; of functions without their calling convention where it stands inside brackets. */
export function textBefore(type: Type, calling = true): string {
  if (type.kind === 'function') return `${type.result ? `${textBefore(type.result)} ` : ''}${calling ? type.calling : ''}`;
  return type.before + qualifierText(type.qualifiers, !type.tight);
}

export function textAfter(type: Type): string {
  if (type.kind !== 'function') return type.after;
  const unaligned = type.qualifiers & UNALIGNED ? ' __unaligned' : '';
  return type.parameters + qualifierText(type.qualifiers, true) + unaligned + type.tail + (type.result ? textAfter(type.result) : '');
}

export const typeText = (type: Type): string => textBefore(type) + textAfter(type);

/** `owner`: the class of a pointer to a member. */
export function pointerTo(pointee: Type, sign: string, parts: { readonly qualifiers: number; readonly owner: string; readonly style: NameStyle }): PlainType {
  const { qualifiers, owner, style } = parts;
  const bracket = pointee.kind === 'array' || pointee.kind === 'function';
  const calling = pointee.kind === 'function' ? pointee.calling + (owner || style.spacedCalling ? ' ' : '') : '';
  const unaligned = qualifiers & UNALIGNED && style.keywords ? '__unaligned ' : '';
  const before = `${spaced(textBefore(pointee, false), style)}${unaligned}${bracket ? `(${calling}` : ''}${owner ? `${owner}::` : ''}${sign}`;
  const shown = style.keywords ? qualifiers : qualifiers & ~RESTRICT;
  return { kind: 'pointer', tight: !style.spacedWords, before, qualifiers: shown, after: `${bracket ? ')' : ''}${textAfter(pointee)}` };
}
