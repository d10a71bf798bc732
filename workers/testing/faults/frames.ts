/**
 * Processes of x86 and ARM64: a chain of frames by frame pointer through the modules given, and the fault at its end.
 * x86 code: push ebp; mov ebp,esp; sub esp,10h; call; leave; ret (SDM volume 2). ARM64 code: userscenes.ts.
 */
import { put } from '../build/binary.ts';
import { arm64Context, x86Context } from '../build/context.ts';
import { type MinidumpModule, type MinidumpSpec, buildMinidump } from '../build/minidump.ts';
import { flatten } from '../build/sparse.ts';
import { arm64Functions } from '../build/userscenes.ts';
import { type Draw } from './draw.ts';
import type { MadeFault, Truth } from './truth.ts';

const FUNCTIONS = 6;
const TEXT = 0x1000;

export interface FrameChain {
  /** Module of each frame, outermost first; one of them twice is two functions of it. */
  readonly modules: readonly string[];
  /** What the innermost function's base register holds: eax, or x0. It reads at +8. */
  readonly pointer: bigint;
  readonly truth: Truth;
  /** Another exception than the access violation. */
  readonly raised?: { readonly code: number; readonly parameters: readonly bigint[] };
}

interface Placed {
  readonly name: string;
  readonly text: bigint;
  readonly row: MinidumpModule;
}

const WINDOWS = new Set(['ntdll.dll', 'kernel32.dll', 'KERNELBASE.dll', 'ucrtbase.dll', 'USER32.dll']);

function place(draw: Draw, names: readonly string[], at: (name: string, index: number) => bigint): readonly Placed[] {
  return [...new Set(names)].map((name, index) => {
    const base = at(name, index);
    const folder = WINDOWS.has(name) ? String.raw`C:\Windows\System32` : String.raw`C:\Program Files\Example`;
    const pdb = { file: name.replace(/\.\w+$/, '.pdb'), guid: draw.guid(), age: 1 };
    return { name, text: base + BigInt(TEXT), row: { base, size: 0x20000, name: `${folder}\\${name}`, timestamp: 0x60000000 + draw.below(0x5000000), pdb } };
  });
}

/** As the loader lists them: the program first. */
const listed = (placed: readonly Placed[]): readonly MinidumpModule[] =>
  placed.map(({ row }) => row).sort((a, b) => Number(b.name.endsWith('.exe')) - Number(a.name.endsWith('.exe')));

/** Module and function number of each frame. */
function frameAt(chain: FrameChain, placed: readonly Placed[], index: number): { readonly text: bigint; readonly number: number } {
  const name = chain.modules[index] ?? '';
  const text = placed.find((one) => one.name === name)?.text ?? 0n;
  return { text, number: chain.modules.slice(0, index).filter((one) => one === name).length };
}

const X86_SIZE = 0x40;
function x86Code(): Uint8Array {
  const code = new Uint8Array(0x1000).fill(0xcc);
  for (let index = 0; index < FUNCTIONS; index++) {
    const at = index * X86_SIZE;
    code.set([0x55, 0x8b, 0xec, 0x83, 0xec, 0x10, 0xe8], at);
    put(code, at + 7, 4, X86_SIZE - 11);
    // mov ecx,[eax+8] behind the call, where the innermost function stands
    code.set([0x8b, 0x48, 0x08, 0xc9, 0xc3], at + 11);
  }
  return code;
}

function finish(
  spec: Pick<MinidumpSpec, 'arch' | 'threads' | 'modules' | 'memory'> & { readonly exception: NonNullable<MinidumpSpec['exception']> },
  truth: Truth,
): MadeFault {
  const bytes = flatten(buildMinidump({ ...spec, time: 1_709_664_131, processId: 0x820, build: 22631 }));
  return { bytes, truth, atHand: 'nothing', images: new Map(), ofWindows: WINDOWS };
}

const raisedBy = (chain: FrameChain, limit: bigint): { readonly code: number; readonly parameters: readonly bigint[] } =>
  chain.raised ?? { code: 0xc0000005, parameters: [0n, BigInt.asUintN(64, chain.pointer + 8n) & limit] };

export function x86Fault(draw: Draw, chain: FrameChain): MadeFault {
  const placed = place(draw, chain.modules, (name, index) =>
    name.endsWith('.exe') ? 0x40_0000n : 0x7000_0000n + BigInt(index * 0x100 + draw.below(0x80)) * 0x10000n,
  );
  const bytes = new Uint8Array(0x600);
  const high = 0x0019_0000 + draw.below(0x100) * 0x1000;
  let [esp, ebp] = [high, 0];
  const push = (value: number): void => {
    esp -= 4;
    put(bytes, bytes.length - (high - esp), 4, value);
  };
  push(0);
  let eip = 0;
  chain.modules.forEach((_, index) => {
    const { text, number } = frameAt(chain, placed, index);
    push(ebp);
    ebp = esp;
    esp -= 0x10;
    eip = Number(text) + number * X86_SIZE + 11;
    if (index < chain.modules.length - 1) push(eip);
  });
  const context = x86Context({ eip, esp, ebp, eax: Number(chain.pointer & 0xffff_ffffn), ecx: 3, esi: draw.u32(), edi: draw.u32() });
  const { code, parameters } = raisedBy(chain, 0xffff_ffffn);
  const memory = placed.map(({ text }) => ({ address: text, bytes: x86Code() }));
  const stack = { address: BigInt(esp), bytes: bytes.slice(bytes.length - (high - esp)) };
  return finish(
    {
      ...{ arch: 'x86', threads: [{ id: 0x824, teb: 0x7ffdd000n, stack, context }], modules: listed(placed), memory },
      exception: { threadId: 0x824, code, address: BigInt(eip), parameters, context },
    },
    chain.truth,
  );
}

interface ArmFrame {
  /** Where the image's functions begin, and which of them. */
  readonly text: bigint;
  readonly number: number;
}

/** The stack that a chain of such functions leaves, outermost first; it ends in a fault of the last image's last function. */
export function arm64Stack(chain: readonly ArmFrame[], high: bigint): Arm64Stack {
  const { functionSize, afterCall } = arm64Functions(FUNCTIONS);
  const bytes = new Uint8Array(0x600);
  let [sp, fp, lr] = [high - 0x20n, 0n, 0n];
  for (const { text, number } of chain) {
    sp -= 0x20n;
    put(bytes, bytes.length - Number(high - sp), 8, fp);
    put(bytes, bytes.length - Number(high - sp) + 8, 8, lr);
    fp = sp;
    lr = text + BigInt(number * functionSize + afterCall);
  }
  // ldr x1, [x0, #8] stands in the last function of each image.
  const pc = (chain.at(-1)?.text ?? 0n) + BigInt((FUNCTIONS - 1) * functionSize + 8);
  return { sp, fp, lr, pc, bytes: bytes.slice(bytes.length - Number(high - sp)) };
}
interface Arm64Stack {
  readonly sp: bigint;
  readonly fp: bigint;
  readonly lr: bigint;
  readonly pc: bigint;
  readonly bytes: Uint8Array;
}
export const arm64Code = (): Uint8Array => arm64Functions(FUNCTIONS).code;

export function arm64Fault(draw: Draw, chain: FrameChain): MadeFault {
  const placed = place(draw, chain.modules, (_, index) => 0x7ff7_0000_0000n + BigInt(index * 0x400 + draw.below(0x200)) * 0x10000n);
  const high = 0x9a_0000_0000n + BigInt(draw.below(0x1000)) * 0x1000n;
  const frames = chain.modules.map((_, index) => frameAt(chain, placed, index));
  const { sp, fp, lr, pc, bytes } = arm64Stack(frames, high);
  const context = arm64Context({ x: [chain.pointer, 1n, draw.heap()], fp, lr, sp, pc, cpsr: 0x60000000 });
  const { code, parameters } = raisedBy(chain, 0xffff_ffff_ffff_ffffn);
  const memory = placed.map(({ text: address }) => ({ address, bytes: arm64Code() }));
  return finish(
    {
      ...{ arch: 'arm64', threads: [{ id: 0x3d4, teb: 0x9a_0000_0000n, stack: { address: sp, bytes }, context }], modules: listed(placed), memory },
      exception: { threadId: 0x3d4, code, address: pc, parameters, context },
    },
    chain.truth,
  );
}
