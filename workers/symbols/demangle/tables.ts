/**
 * Codes of Microsoft's C++ name decoration. Microsoft documents the purpose, not the codes (learn.microsoft.com/cpp/build/reference/decorated-names);
 * the codes are described in "Visual C++ name mangling" (en.wikiversity.org) and by the LLVM project's own demangler and its tests.
 */
import { CONST, VOLATILE } from './type.ts';

/** After `?`: operators and names the compiler makes, as Microsoft spells them. */
const OPERATOR_NAMES: Readonly<Record<string, string>> = {
  '2': 'operator new',
  '3': 'operator delete',
  '4': 'operator=',
  '5': 'operator>>',
  '6': 'operator<<',
  '7': 'operator!',
  '8': 'operator==',
  '9': 'operator!=',
  A: 'operator[]',
  C: 'operator->',
  D: 'operator*',
  E: 'operator++',
  F: 'operator--',
  G: 'operator-',
  H: 'operator+',
  I: 'operator&',
  J: 'operator->*',
  K: 'operator/',
  L: 'operator%',
  M: 'operator<',
  N: 'operator<=',
  O: 'operator>',
  P: 'operator>=',
  Q: 'operator,',
  R: 'operator()',
  S: 'operator~',
  T: 'operator^',
  U: 'operator|',
  V: 'operator&&',
  W: 'operator||',
  X: 'operator*=',
  Y: 'operator+=',
  Z: 'operator-=',
  _0: 'operator/=',
  _1: 'operator%=',
  _2: 'operator>>=',
  _3: 'operator<<=',
  _4: 'operator&=',
  _5: 'operator|=',
  _6: 'operator^=',
  _D: "`vbase destructor'",
  _E: "`vector deleting destructor'",
  _F: "`default constructor closure'",
  _G: "`scalar deleting destructor'",
  _H: "`vector constructor iterator'",
  _I: "`vector destructor iterator'",
  _J: "`vector vbase constructor iterator'",
  _K: "`virtual displacement map'",
  _L: "`eh vector constructor iterator'",
  _M: "`eh vector destructor iterator'",
  _N: "`eh vector vbase constructor iterator'",
  _O: "`copy constructor closure'",
  _T: "`local vftable constructor closure'",
  _U: 'operator new[]',
  _V: 'operator delete[]',
  _X: "`placement delete closure'",
  _Y: "`placement delete[] closure'",
  __A: "`managed vector constructor iterator'",
  __B: "`managed vector destructor iterator'",
  __C: "`eh vector copy constructor iterator'",
  __D: "`eh vector vbase copy constructor iterator'",
  __G: "`vector copy constructor iterator'",
  __H: "`vector vbase copy constructor iterator'",
  __I: "`managed vector vbase copy constructor iterator'",
  __L: 'operator co_await',
  __M: 'operator<=>',
};

/** Codes whose names llvm-undname shortens otherwise than by the rule below. */
const LONG_NAMES = new Set(['__H', '__I']);

const shortened = (code: string, name: string): string =>
  LONG_NAMES.has(code)
    ? name
    : name
        .replace('destructor', 'dtor')
        .replace('constructor', 'ctor')
        .replace(/^`eh (.*copy)/, '`EH $1');

export const OPERATORS: ReadonlyMap<string, string> = new Map(Object.entries(OPERATOR_NAMES));
export const SHORTENED_OPERATORS: ReadonlyMap<string, string> = new Map(Object.entries(OPERATOR_NAMES).map(([code, name]) => [code, shortened(code, name)]));

/** Tables of a class, after `?`: a class's name, what they are for, or nothing follows. */
export const TABLES: ReadonlyMap<string, string> = new Map(
  Object.entries({ _7: "`vftable'", _8: "`vbtable'", _S: "`local vftable'", _R4: "`RTTI Complete Object Locator'" }),
);

/** Variables that the compiler makes for a class, without a type. */
export const UNTYPED: ReadonlyMap<string, string> = new Map(Object.entries({ _R2: "`RTTI Base Class Array'", _R3: "`RTTI Class Hierarchy Descriptor'" }));

/** Guards of static variables inside functions. */
export const GUARDS: ReadonlyMap<string, string> = new Map(Object.entries({ _B: "`local static guard'", __J: "`local static thread guard'" }));

/** Stubs that run before and after main, named after what they make or destroy. */
export const STUBS: ReadonlyMap<string, string> = new Map(Object.entries({ __E: 'dynamic initializer for', __F: 'dynamic atexit destructor for' }));

export const PRIMITIVES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    X: 'void',
    D: 'char',
    C: 'signed char',
    E: 'unsigned char',
    F: 'short',
    G: 'unsigned short',
    H: 'int',
    I: 'unsigned int',
    J: 'long',
    K: 'unsigned long',
    M: 'float',
    N: 'double',
    O: 'long double',
    _D: '__int8',
    _E: 'unsigned __int8',
    _F: '__int16',
    _G: 'unsigned __int16',
    _H: '__int32',
    _I: 'unsigned __int32',
    _J: '__int64',
    _K: 'unsigned __int64',
    _L: '__int128',
    _M: 'unsigned __int128',
    _N: 'bool',
    _P: 'auto',
    _Q: 'char8_t',
    _S: 'char16_t',
    _T: 'decltype(auto)',
    _U: 'char32_t',
    _W: 'wchar_t',
  }),
);

export const CALLING: ReadonlyMap<string, string> = new Map(
  Object.entries({
    A: '__cdecl',
    B: '__cdecl',
    C: '__pascal',
    D: '__pascal',
    E: '__thiscall',
    F: '__thiscall',
    G: '__stdcall',
    H: '__stdcall',
    I: '__fastcall',
    J: '__fastcall',
    M: '__clrcall',
    N: '__clrcall',
    O: '__eabi',
    P: '__eabi',
    Q: '__vectorcall',
    S: '__attribute__((__swiftcall__)) ',
    W: '__attribute__((__swiftasynccall__)) ',
    w: '__regcall',
  }),
);

/** Behind `W` stands a digit for the size that an enum once had. */
export const TAGS: ReadonlyMap<string, string> = new Map([
  ['T', 'union'],
  ['U', 'struct'],
  ['V', 'class'],
  ...[...'01234567'].map((size) => [`W${size}`, 'enum'] as const),
]);

/** const and volatile of what a pointer leads to; Q to T the same for a member's. */
export const QUALIFIERS: ReadonlyMap<string, { readonly bits: number; readonly member: boolean }> = new Map(
  [...'ABCDQRST'].map((letter, index) => [letter, { bits: index & (CONST | VOLATILE), member: index >= 4 }]),
);

interface Pointer {
  readonly sign: string;
  /** The pointer's own. */
  readonly qualifiers: number;
}

/** Pointers and references by their letter. */
export const POINTERS: ReadonlyMap<string, Pointer> = new Map(
  Object.entries({
    A: { sign: '&', qualifiers: 0 },
    B: { sign: '&', qualifiers: VOLATILE },
    P: { sign: '*', qualifiers: 0 },
    Q: { sign: '*', qualifiers: CONST },
    R: { sign: '*', qualifiers: VOLATILE },
    S: { sign: '*', qualifiers: CONST | VOLATILE },
    $$Q: { sign: '&&', qualifiers: 0 },
    $$R: { sign: '&&', qualifiers: VOLATILE },
  }),
);

/** How a thunk changes `this` before it goes on. */
export type Adjustment = 'none' | 'adjustor' | 'vtordisp' | 'vtordispex';

export interface FunctionClass {
  readonly access: string;
  readonly member: boolean;
  readonly isStatic: boolean;
  readonly isVirtual: boolean;
  readonly adjustment: Adjustment;
}

const ACCESS = ['private: ', 'protected: ', 'public: '] as const;

const memberClass = (access: string, kind: number): FunctionClass => ({
  access,
  member: kind !== 1,
  isStatic: kind === 1,
  isVirtual: kind >= 2,
  adjustment: kind === 3 ? 'adjustor' : 'none',
});

/** Eight letters an access: plain, static, virtual, virtual with an adjusted `this`, each near and far. Then functions of no class. */
export const FUNCTION_CLASSES: ReadonlyMap<string, FunctionClass> = new Map([
  ...[...'ABCDEFGHIJKLMNOPQRSTUVWX'].map((letter, index) => [letter, memberClass(ACCESS[index >> 3] ?? '', (index & 7) >> 1)] as const),
  ...[...'YZ'].map((letter) => [letter, { access: '', member: false, isStatic: false, isVirtual: false, adjustment: 'none' }] as const),
  ...[...'012345'].flatMap((digit, index) => {
    const virtual = { ...memberClass(ACCESS[index >> 1] ?? '', 2) };
    return [
      [`$${digit}`, { ...virtual, adjustment: 'vtordisp' }],
      [`$R${digit}`, { ...virtual, adjustment: 'vtordispex' }],
    ] as const;
  }),
]);

/** Variables: static members by their access, those of no class, those inside functions. */
export const STORAGE: ReadonlyMap<string, string> = new Map(
  Object.entries({ 0: 'private: static ', 1: 'protected: static ', 2: 'public: static ', 3: '', 4: '' }),
);

/** Pointers to members of classes with several or virtual bases as template arguments: how many offsets follow the symbol, if there is one. */
export const MEMBER_POINTERS: ReadonlyMap<string, { readonly symbol: boolean; readonly offsets: number }> = new Map(
  Object.entries({
    1: { symbol: true, offsets: 0 },
    H: { symbol: true, offsets: 1 },
    I: { symbol: true, offsets: 2 },
    J: { symbol: true, offsets: 3 },
    F: { symbol: false, offsets: 2 },
    G: { symbol: false, offsets: 3 },
  }),
);
