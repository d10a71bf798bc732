/** Applications of x86 and ARM64. */
import { statusWord } from '../ends.ts';
import { arm64Fault, x86Fault } from '../frames.ts';
import { BIT_CHANGED, DISK, type FaultKind, type Truth } from '../truth.ts';
import { kind } from './kind.ts';

const PROGRAMS = ['examplegame.exe', 'zorpaint.exe', 'kepcad.exe'];
const LIBRARIES = ['zorrender.dll', 'kepcodec.dll', 'dalhook.dll'];
const START = ['ntdll.dll', 'kernel32.dll'];
const by = (culprit: string, ...bystanders: readonly string[]): Truth => ({ causes: ['application', 'memory'], culprits: [culprit], bystanders });

export const OTHER_KINDS: readonly FaultKind[] = [
  kind('x86-null', 'a 32-bit program follows a null pointer', (draw) => {
    const program = draw.pick(PROGRAMS);
    return x86Fault(draw, { modules: [...START, program, program, program], pointer: draw.pick([0n, 0x10n]), truth: by(program) });
  }),
  kind('x86-library', "a 32-bit program's library follows a bad pointer", (draw) => {
    const [program, library] = [draw.pick(PROGRAMS), draw.pick(LIBRARIES)];
    return x86Fault(draw, {
      modules: [...START, program, library, library],
      pointer: draw.pick([0n, 0xfeee_feeen, 0x3a2b_0000n]),
      truth: by(library, program),
    });
  }),
  kind('x86-bad-argument', 'a 32-bit program hands the runtime a null pointer', (draw) => {
    const program = draw.pick(PROGRAMS);
    return x86Fault(draw, { modules: [...START, program, program, 'ucrtbase.dll'], pointer: 0n, truth: by(program) });
  }),
  kind('x86-in-page', "a page of a 32-bit program's code cannot be read from the disk", (draw) => {
    const program = draw.pick(PROGRAMS);
    const parameters = [0n, 0x40_3000n, statusWord(draw.pick([0xc000009c, 0xc000000e, 0xc0000185])) & 0xffff_ffffn];
    const truth: Truth = { causes: ['storage', 'hardware'], culprits: DISK, namelessToo: true, bystanders: [program] };
    return x86Fault(draw, { modules: [...START, program, program], pointer: 0x40_3000n, truth, raised: { code: 0xc0000006, parameters } });
  }),
  kind('x86-heap', 'the 32-bit heap finds a block whose neighbour overran it', (draw) => {
    const program = draw.pick(PROGRAMS);
    const truth: Truth = { causes: ['memory', 'application'], culprits: [program], undecidable: true };
    return x86Fault(draw, {
      modules: [...START, program, 'ucrtbase.dll', 'ntdll.dll'],
      pointer: draw.heap() & 0x7fff_ffffn,
      truth,
      raised: { code: 0xc0000374, parameters: [0x7704_2860n] },
    });
  }),
  kind('arm64-null', 'an ARM64 program follows a null pointer', (draw) => {
    const program = draw.pick(PROGRAMS);
    return arm64Fault(draw, { modules: [...START, program, program], pointer: draw.pick([0n, 0x18n]), truth: by(program) });
  }),
  kind('arm64-library', "an ARM64 program's library follows a bad pointer", (draw) => {
    const [program, library] = [draw.pick(PROGRAMS), draw.pick(LIBRARIES)];
    return arm64Fault(draw, { modules: [...START, program, library], pointer: draw.pick([0n, 0x7f3a_0000n]), truth: by(library, program) });
  }),
  kind('arm64-flipped', 'a bit of a pointer of an ARM64 program turned over', (draw) => {
    const program = draw.pick(PROGRAMS);
    const truth: Truth = { causes: ['hardware', 'memory', 'application'], culprits: [...BIT_CHANGED, program], undecidable: true };
    return arm64Fault(draw, { modules: [...START, program], pointer: draw.heap() ^ (1n << BigInt(draw.between(49, 54))), truth });
  }),
];
