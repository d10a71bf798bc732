import { describe, expect, it } from 'vitest';
import { Random } from '../../testing/build/random.ts';
import { displayName, fullName } from './display.ts';
import { decodePunycode } from './punycode.ts';

/** The examples of doc.rust-lang.org/rustc/symbol-mangling/v0.html with the demangling recommended there. */
const V0 = [
  ['_RNvMsr_NtCs3ssYzQotkvD_3std4pathNtB5_7PathBuf3newCs15kBYyAo9fc_7mycrate', '<std::path::PathBuf>::new'],
  ['_RNvCs15kBYyAo9fc_7mycrate7example', 'mycrate::example'],
  ['_RNvMs_Cs4Cv8Wi1oAIB_7mycrateNtB4_7Example3foo', '<mycrate::Example>::foo'],
  ['_RNvXCs15kBYyAo9fc_7mycrateNtB2_7ExampleNtB2_5Trait3foo', '<mycrate::Example as mycrate::Trait>::foo'],
  ['_RNvYNtCs15kBYyAo9fc_7mycrate7ExampleNtB4_5Trait7exampleB4_', '<mycrate::Example as mycrate::Trait>::example'],
  ['_RNCNvCsgStHSCytQ6I_7mycrate4main0B3_', 'mycrate::main::{closure#0}'],
  ['_RNCNvCsgStHSCytQ6I_7mycrate4mains_0B3_', 'mycrate::main::{closure#1}'],
  ['_RINvCsgStHSCytQ6I_7mycrate7examplelKj1_EB2_', 'mycrate::example::<i32, 1>'],
  ['_RNvNtNtCsgOH4LzxkuMq_7mycrateu8gdel_5qa6escher4bach', 'mycrate::gödel::escher::bach'],
  ['_RINvCs7qp2U7fqm6G_7mycrate7exampleFG0_RL1_hRL0_tEuEB2_', "mycrate::example::<for<'a, 'b> fn(&'a u8, &'b u16)>"],
  ['_RINvCs7qp2U7fqm6G_7mycrate7exampleKy12345678_EB2_', 'mycrate::example::<305419896>'],
  ['_RNvNvMCsd9PVOYlP1UU_7mycrateINtB4_7ExamplepKpE3foo14EXAMPLE_STATIC', '<mycrate::Example<_, _>>::foo::EXAMPLE_STATIC'],
  ['_RINvCs7qp2U7fqm6G_7mycrate7exampleAtj8_EB2_', 'mycrate::example::<[u16; 8]>'],
  ['_RINvCs7qp2U7fqm6G_7mycrate7exampleNtB2_7ExampleBw_EB2_', 'mycrate::example::<mycrate::Example, mycrate::Example>'],
  ['_RINvMsY_NtCseXNvpPnDBDp_3std4pathNtB6_4Path3neweECs7qp2U7fqm6G_7mycrate', '<std::path::Path>::new::<str>'],
  ['_RNvNvNvCs7qp2U7fqm6G_7mycrate7EXAMPLE7___getit5___KEY$tlv$init', 'mycrate::EXAMPLE::__getit::__KEY'],
  // RFC 2603.
  ['_RINvNtC3std3mem8align_ofNtNtC3std3mem12DiscriminantE', 'std::mem::align_of::<std::mem::Discriminant>'],
  ['_RINvNtC3std3mem8align_ofQTReuEE', 'std::mem::align_of::<&mut (&str, ())>'],
  ['_RINvNtC3std3mem8align_ofjEC3foo', 'std::mem::align_of::<usize>'],
  // By hand from the grammar.
  ['__RINvC1a1fDG_INtC1a1TRL0_hEp4ItemaNtC1a4SendEL_E', "a::f::<dyn for<'a> a::T<&'a u8, Item = i8> + a::Send>"],
  ['_RINvC1a1fDNtC1a1Tp1IbEL_E', 'a::f::<dyn a::T<I = bool>>'],
  [
    '_RINvC1a1fFUKCbEuFK10sysv64_abiPhOtEzTaETbcESmE',
    'a::f::<unsafe extern "C" fn(bool), extern "sysv64-abi" fn(*const u8, *mut u16) -> !, (i8,), (bool, char), [u32]>',
  ],
  ['_RINvC1a1fL_Kln2a_Kb1_Kc41_Kcf_Kc27_E', "a::f::<'_, -42, true, 'A', '\\u{f}', '\\''>"],
  ['_RNSNvC1a1fs_6vtable', 'a::f::{shim:vtable#1}'],
] as const;

/** The tests of github.com/rust-lang/rustc-demangle (src/legacy.rs): the name, and what it shows without the hash. */
const LEGACY = [
  ['_ZN3foo17h05af221e174051e9E', 'foo'],
  ['__ZN5alloc9allocator6Layout9for_value17h02a996811f781011E', 'alloc::allocator::Layout::for_value'],
  ['__ZN38_$LT$core..option..Option$LT$T$GT$$GT$6unwrap18_MSG_FILE_LINE_COL17haf7cb8d5824ee659E', '<core::option::Option<T>>::unwrap::_MSG_FILE_LINE_COL'],
  [
    '__ZN4core5slice89_$LT$impl$u20$core..iter..traits..IntoIterator$u20$for$u20$$RF$$u27$a$u20$$u5b$T$u5d$$GT$9into_iter17h450e234d27262170E',
    "core::slice::<impl core::iter::traits::IntoIterator for &'a [T]>::into_iter",
  ],
  ['_ZN9backtrace3foo17hbb467fcdaea5d79bE.llvm.A5310EB9', 'backtrace::foo'],
  [
    '_ZN88_$LT$core..result..Result$LT$$u21$$C$$u20$E$GT$$u20$as$u20$std..process..Termination$GT$6report17hfc41d0da4a40b3e8E',
    '<core::result::Result<!, E> as std::process::Termination>::report',
  ],
] as const;

describe("Rust's names", () => {
  it.each([...V0, ...LEGACY])('%s is %s', (name, shown) => {
    for (const arch of ['x64', 'x86']) expect(displayName(name, arch)).toBe(shown);
  });

  it('are whole with the hash or the numbers of crates', () => {
    // The number 0xca63f166dbe9294 stands in the document, under "Crate root".
    expect(fullName('_RNvCs15kBYyAo9fc_7mycrate7example')).toBe('mycrate[ca63f166dbe9294]::example');
    expect(fullName('_ZN3foo17h05af221e174051e9E')).toBe('foo::h05af221e174051e9');
  });

  it.each([
    // C++ of GCC and clang, in the same shape.
    '_ZN15google_breakpad10scoped_ptrINS_21CrashGenerationClientEED1Ev',
    '_ZN3foo3barE',
    '_ZN12_GLOBAL__N_18callbackEPKcS1_Pvb',
    // C names.
    '_RtlInitUnicodeString',
    '_R',
    '_RN',
    // Cut short, a reference to itself or forward, a lifetime that nothing binds, numbers too large.
    '_RNvC7mycrate',
    '_RNvB_1a',
    '_RNvB5_1a',
    '_RINvC1a1fRL0_hE',
    '_RNvC99999999999999999999a1a',
    '_RNvCszzzzzzzzzzzzzzz_1a1b',
    '_RINvC1a1fFGzzzzzzzzz_EuE',
    '_RINvC1a1fKcd800_E',
    '_ZN99999foo17h05af221e174051e9E',
  ])('%s is none, or not understood', (name) => {
    expect(displayName(name, 'x64')).toBe(name);
    expect(fullName(name)).toBeUndefined();
  });

  it('read letters outside ASCII', () => {
    // The table of the document, under "Punycode identifiers".
    expect(['f_5gaa', '__ylb7e', 'n84amf', 'fq9h', '2xaedc'].map(decodePunycode)).toEqual(['føø', 'α_ω', '铁锈', '🤦', 'ρυστ']);
    for (const text of ['99999999', 'A', 'a'.repeat(513), '_', 'z']) expect(() => decodePunycode(text)).not.toThrow();
  });

  it('do not grow without bound on references that double, shown or not', () => {
    expect(displayName(doubling('T', 'E', 2), 'x64')).toBe('a::f::<a::b, (a::b, a::b), ((a::b, a::b), (a::b, a::b))>');
    expect(displayName(doubling('M', '', 2), 'x64')).toBe('a::f::<a::b, <a::b>, <<a::b>>>');
    for (const name of [doubling('T', 'E', 60), doubling('M', '', 60)]) {
      const start = Date.now();
      expect(displayName(name, 'x64')).toBe(name);
      expect(Date.now() - start).toBeLessThan(1000);
    }
    expect(displayName(`_RINvC1a1f${'R'.repeat(30_000)}hE`, 'x64')).toMatch(/^_R/);
  });

  it('are answered where they are damaged', () => {
    const seed = 20_261_126;
    const random = new Random(seed);
    const names = [...V0, ...LEGACY].map(([name]) => name);
    const letters = '_0129abelhjpsuvBCDEFGIKLMNRTXY$.';
    for (let round = 0; round < 4000; round++) {
      const chars = [...(names[round % names.length] ?? '')];
      for (let change = 0; change <= random.below(3); change++) {
        chars.splice(3 + random.below(chars.length), random.below(2), ...(random.below(3) === 0 ? [] : [letters[random.below(letters.length)] ?? '']));
      }
      const name = chars.join('');
      expect(displayName(name, 'x64').length, `seed ${seed}, round ${round}: ${name}`).toBeLessThanOrEqual(65_536);
    }
  });
});

/** Types that each name the one before twice: as a tuple's parts, or as an impl's place, which is not shown, and its type. */
function doubling(open: string, close: string, levels: number): string {
  let text = 'INvC1a1f';
  let last = text.length;
  text += 'NtC1a1b';
  for (let level = 0; level < levels; level++) {
    const twice = `B${base62(last)}`.repeat(2);
    last = text.length;
    text += `${open}${twice}${close}`;
  }
  return `_R${text}E`;
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

function base62(value: number): string {
  if (value === 0) return '_';
  let text = '_';
  for (let rest = value - 1; ; rest = Math.floor(rest / 62)) {
    text = `${DIGITS[rest % 62]}${text}`;
    if (rest < 62) return text;
  }
}
