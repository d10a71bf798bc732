/**
 * Tokens of MASM expressions.
 * Syntax: learn.microsoft.com/windows-hardware/drivers/debuggercmds/masm-numbers-and-operators (numbers are hexadecimal by default).
 */
export type Token =
  | { readonly kind: 'number'; readonly value: bigint; readonly at: number; readonly text: string }
  | { readonly kind: 'name'; readonly text: string; readonly at: number }
  | { readonly kind: 'register'; readonly text: string; readonly at: number }
  | { readonly kind: 'op'; readonly text: string; readonly at: number };

export interface SyntaxFault {
  readonly at: number;
  readonly detail: string;
}

const OPERATORS = ['>>>', '<<', '>>', '==', '!=', '<=', '>=', '+', '-', '*', '/', '%', '&', '|', '^', '=', '<', '>', '(', ')', '[', ']', '~', '!', ','];
const NUMBER = /^(?:0x[0-9a-f`]+|0n[0-9]+|0t[0-7]+|0y[01]+|[0-9][0-9a-f`]*h?|[a-f][0-9a-f`]*h?)(?![\w$!?])/i;
const NAME = /^[a-z_$?][\w$?@]*(?:![\w$?@:~<>,.]*[\w$?@:~>])?/i;
const REGISTER = /^@!?"?[$\w.]+"?/;
const RADIX: Readonly<Record<string, string>> = { '0x': '0x', '0n': '', '0t': '0o', '0y': '0b' };
/** Longer lines are refused before any work is done. */
export const MAX_EXPRESSION = 4096;

function numberValue(text: string): bigint {
  const digits = text.replaceAll('`', '').toLowerCase();
  const prefix = RADIX[digits.slice(0, 2)];
  if (prefix !== undefined && digits.length > 2) return BigInt.asUintN(64, BigInt(prefix + digits.slice(2)));
  return BigInt.asUintN(64, BigInt(`0x${digits.replace(/h$/, '')}`));
}

/** Cuts an expression into tokens; a name that could be a hexadecimal number ("fade") stays a name if it resolves as one later. */
export function tokenize(text: string): readonly Token[] | SyntaxFault {
  if (text.length > MAX_EXPRESSION) return { at: MAX_EXPRESSION, detail: 'the expression is too long' };
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at] ?? '')) {
      at += 1;
      continue;
    }
    const token = nextToken(text.slice(at), at, tokens.at(-1));
    if ('detail' in token) return token;
    tokens.push(token.token);
    at += token.length;
  }
  return tokens;
}

function nextToken(rest: string, at: number, before: Token | undefined): { token: Token; length: number } | SyntaxFault {
  const register = REGISTER.exec(rest)?.[0];
  if (register) return { token: { kind: 'register', text: register.replace(/[@"!]/g, '').toLowerCase(), at }, length: register.length };
  const number = NUMBER.exec(rest)?.[0];
  if (number && !isDanglingPrefix(number)) return { token: { kind: 'number', value: numberValue(number), at, text: number }, length: number.length };
  const name = NAME.exec(rest)?.[0];
  if (name) return { token: { kind: 'name', text: name, at }, length: name.length };
  if (rest.startsWith('.') && !/^\.\w/.test(rest)) return { token: { kind: 'register', text: '$ip', at }, length: 1 };
  const operator = OPERATORS.find((candidate) => rest.startsWith(candidate));
  if (operator) return { token: { kind: 'op', text: operator, at }, length: operator.length };
  return { at, detail: `'${rest[0] ?? ''}' is not part of an expression${before ? ` after '${before.text}'` : ''}` };
}

const isDanglingPrefix = (text: string): boolean => /^0[xnty]$/i.test(text);
