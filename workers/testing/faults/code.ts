/**
 * Functions of an image from a table: "Name > Callee module!Import *Indirect", a line a function. Prologue, displacement and
 * place follow from the names, so that every image differs and none is drawn by hand.
 */
import { type Assembler, X64_REGISTERS, type X64Register, registerNumber } from '../build/assembler.ts';
import type { FunctionSpec } from '../build/pe.ts';
import type { Prologue } from '../build/unwindinfo.ts';
import { hashOf } from './draw.ts';

/** How a function reaches into memory at its marks `read` and `write`: [base + displacement]. */
export interface Access {
  readonly base: X64Register;
  readonly displacement: number;
}

const PUSHED: readonly X64Register[] = ['rbx', 'rsi', 'rdi', 'rbp', 'r14', 'r15'];
const BASES: readonly X64Register[] = ['rcx', 'rdx', 'rbx', 'rsi', 'rdi', 'r8', 'r9', 'rax'];

export function accessOf(image: string, name: string): Access {
  const hash = hashOf(`${image}!${name}`);
  return { base: BASES[hash % BASES.length] ?? 'rcx', displacement: ((hash >>> 8) % 30) * 8 };
}

/** The register that an instruction names when its REX prefix is lost, or when the prefix's lowest bit turns over. */
export const withoutPrefix = (base: X64Register): X64Register => X64_REGISTERS[registerNumber(base) & 7] ?? 'rax';
export const otherHalf = (base: X64Register): X64Register => X64_REGISTERS[registerNumber(base) ^ 8] ?? 'rax';

/** The ABI wants rsp on 16 at every call: an odd count of 8-byte steps lies between entry and call. */
function prologueOf(image: string, name: string): Prologue {
  const hash = hashOf(`${image}:${name}`);
  const push = PUSHED.slice(0, 1 + (hash % 6));
  const alloc = 0x30 + ((hash >>> 6) % 12) * 0x10 + (push.length % 2 === 0 ? 8 : 0);
  return { push, alloc };
}

/** call rel32, call [import] or call rax, each followed by a no-operation so that returns are apart. */
function callOne(code: Assembler, target: string): void {
  if (target.startsWith('*')) code.load('rax', { base: 'rbx', displacement: 0x18 }).callRegister('rax', target.slice(1)).nop(3);
  else if (target.includes('!')) code.callImport(target).nop(4);
  else code.zero('rcx').call(target).nop(5);
}

/** The body of a table's function: one load and one store through a pointer, a division, a fail-fast, then its calls. */
export function bodyOf(image: string, name: string, callees: readonly string[]): (code: Assembler) => void {
  const { base, displacement } = accessOf(image, name);
  return (code) => {
    code.load(base, { base: 'rsp', displacement: 0x28 });
    code.mark('read').load('rax', { base, displacement });
    code.mark('write').store({ base, displacement }, 'rdx');
    // div r8d; mov ecx,3; int 29h; int 3
    code.mark('divide').raw(0x41, 0xf7, 0xf0);
    code.immediate32('rcx', 3).mark('failfast').raw(0xcd, 0x29).mark('break').raw(0xcc);
    for (const callee of callees) callOne(code, callee);
  };
}

export function functionsOf(image: string, table: string): FunctionSpec[] {
  return table
    .trim()
    .split('\n')
    .map((line): FunctionSpec => {
      const [name = '', callees = ''] = line.split('>').map((part) => part.trim());
      return {
        name,
        gap: (hashOf(name + image) % 40) * 0x10,
        prologue: prologueOf(image, name),
        body: bodyOf(image, name, callees.split(/\s+/).filter(Boolean)),
        exported: /^(Ke|Io|Ex|Mm|Ob|Rtl|Ndis|Flt|Nt|Raise|_Cxx|abort)[A-Za-z]*/.test(name),
      };
    });
}
