import { describe, expect, it } from 'vitest';
import { corpusJson, hasCorpus } from '../../testing/node/corpus.ts';
import { displayName } from './display.ts';

describe('names for people', () => {
  /** Worked out by hand from the published description of the codes. */
  it.each([
    ['?Run@CWorker@@QEAAXXZ', 'CWorker::Run'],
    ['?push_back@?$vector@HV?$allocator@H@std@@@std@@QEAAX$$QEAH@Z', 'std::vector<int,std::allocator<int> >::push_back'],
    ['??0CWorker@@QEAA@XZ', 'CWorker::CWorker'],
    ['??1?$Box@PEAH@@QEAA@XZ', 'Box<int *>::~Box<int *>'],
    ['??2@YAPEAX_K@Z', 'operator new'],
    ['??BFoo@@QEBAHXZ', 'Foo::operator int'],
    ['??_7Foo@@6B@', "Foo::`vftable'"],
    ['??_GFoo@@UEAAPEAXI@Z', "Foo::`scalar deleting destructor'"],
    ['?work@?A0x12345678@@YAXXZ', "`anonymous namespace'::work"],
    ['??__EptyHandles@@YAXXZ', "`dynamic initializer for 'ptyHandles''"],
    ['??__Einitlocks@std@@YAXXZ', "std::`dynamic initializer for 'initlocks''"],
    ['??$call@P6AXH@Z@@YAXP6AXH@Z@Z', 'call<void (__cdecl*)(int)>'],
    ['?HardwareProfilesKeyPrefix@?1??_CmOpenDeviceRegKeyWorker@@9@9', "`_CmOpenDeviceRegKeyWorker'::`2'::HardwareProfilesKeyPrefix"],
    ['KeBugCheckEx', 'KeBugCheckEx'],
    ['_start', '_start'],
  ])('%s is %s', (name, shown) => expect(displayName(name, 'x64')).toBe(shown));

  it.each([
    ['_NtClose@4', 'NtClose'],
    ['_main', 'main'],
    ['@__security_check_cookie@4', '__security_check_cookie'],
    ['sum@@16', 'sum'],
    ['__imp__NtClose@4', '_imp__NtClose'],
    ['KeBugCheckEx', 'KeBugCheckEx'],
  ])('on x86 %s is %s', (name, shown) => expect(displayName(name, 'x86')).toBe(shown));

  it('leaves what it does not understand as it is', () => {
    for (const name of [
      '?',
      '??',
      '?@',
      '???????',
      '?x',
      '?x@',
      '??@a6a285da2eea70dba6b578022be61d81@',
      '?$',
      '??$',
      '??$f@',
      `?${'?$a@'.repeat(500)}`,
      '??_',
      '?9@@9',
    ]) {
      expect(displayName(name, 'x64')).toBe(name);
    }
  });

  it('does not grow without bound on references that double', () => {
    let name = 'V?$a@HH@@';
    for (let level = 0; level < 60; level++) name = `V?$b${level % 10}@${name}0000@@`;
    const start = Date.now();
    expect(displayName(`?f@@YAX${name}@Z`, 'x64').length).toBeLessThan(20_000);
    expect(displayName(`??$f@${name}@@YAXXZ`, 'x64').length).toBeLessThan(20_000);
    expect(Date.now() - start).toBeLessThan(1000);
  });
});

const KEYWORDS = /\b(class|struct|union|enum) |`(private|protected|public): |(__unaligned|__restrict)/g;
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/\bdtor\b/g, 'destructor'],
  [/\bctor\b/g, 'constructor'],
  [/^const |\[thunk\]: |`adjustor\{\d+\}'|(?<=')\{0, \{flat\}\}|(?<=')\{for .*\}$/g, ''],
  [/`RTTI Base Class Descriptor at [^']*'/g, "`RTTI Base Class Descriptor'"],
  [/guard'\{\d+\}/g, "guard'"],
];

/** Brings LLVM's spelling and ours to common ground: no spaces, no keywords, nothing in parentheses. */
function bare(name: string): string {
  let text = name.replace(KEYWORDS, '');
  for (const [wrong, right] of SPELLINGS) text = text.replace(wrong, right);
  let depth = 0;
  let out = '';
  for (const letter of text) {
    if (letter === '(') depth += 1;
    if (depth === 0) out += letter;
    if (letter === ')') depth -= 1;
  }
  return out.replace(/\b(const|volatile)\b|\s/g, '');
}

describe.skipIf(!hasCorpus)("names of the corpus against LLVM's", () => {
  it('differ in a known few only', () => {
    const { rows } = corpusJson<{ rows: { name: string; nameonly: string }[] }>('symbols/demangle/undname_dev.json');
    // String literals and hashed names show content or nothing; local scopes show the whole signature there and the name here.
    const names = rows.filter(
      (row) =>
        /^\?(?!\?_C@|\?@|A0x)/.test(row.name) &&
        !/`[^']*[ (]/.test(row.nameonly.replaceAll(/`(RTTI|scalar|vector|eh|vbase|local|copy|default|dynamic|placement|anonymous)[^']*'/g, '')),
    );
    const wrong = names.filter((row) => bare(displayName(row.name, 'x64')) !== bare(row.nameonly));
    expect(names.length).toBeGreaterThan(2500);
    // Function types and conversion operators as template arguments lose their result there; stubs put the scope inside the quotes; one expectation is empty.
    expect(wrong.map((row) => row.name).filter((name) => !/\$\$A6|^\?\?\$\?B|^\?\?__[EF]|^\?zoo@D@@UEAAXXZ$/.test(name))).toEqual([]);
    expect(wrong.length).toBeLessThanOrEqual(12);
  });
});
